#include "manifests.h"

#include <stdio.h>
#include <string.h>

enum {
	POD_NAME = 2 * GEN_NAME,
	UID_TEXT = 37,
	HASH_LENGTH = 10,
	SUFFIX_LENGTH = 5,
	ZONES = 3,
	FIRST_NODE_PORT = 30000,
	LAST_NODE_PORT = 32767,
};

/* What Kubernetes makes names of: no vowels, no digits that look like letters. */
static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";

static void put_characters(char *text, uint64_t number, uint32_t length)
{
	uint32_t letters = sizeof(alphabet) - 1;

	for (uint32_t i = 0; i < length; i++) {
		text[i] = alphabet[number % letters];
		number /= letters;
	}
	text[length] = '\0';
}

/* The hash of a workload's pod template, as it were. */
static void make_hash(const struct gen_plan *plan, uint32_t app, char text[HASH_LENGTH + 1])
{
	struct dice dice = dice_for(plan->options->seed, GEN_USE_NAMES, app);

	put_characters(text, dice_next(&dice), HASH_LENGTH);
}

/* Steps of this size meet every suffix before one comes again: it has no divisor in common with
 * their number, 27^5. */
static void make_suffix(const struct gen_plan *plan, uint32_t app, uint32_t nth,
			char text[SUFFIX_LENGTH + 1])
{
	struct dice dice = dice_for(plan->options->seed, GEN_USE_NAMES, app);

	dice_next(&dice);
	put_characters(text, dice_below(&dice, 14348907) + (uint64_t)nth * 5000011, SUFFIX_LENGTH);
}

static void make_uid(const struct gen_plan *plan, const char *kind, uint32_t app,
		     char text[UID_TEXT])
{
	struct dice dice = dice_for(plan->options->seed ^ (uint8_t)kind[0], GEN_USE_NAMES, app);
	uint64_t high = dice_next(&dice);
	uint64_t low = dice_next(&dice);

	snprintf(text, UID_TEXT, "%08x-%04x-4%03x-a%03x-%012llx", (uint32_t)(high >> 32),
		 (uint32_t)(high >> 16 & 0xffff), (uint32_t)(high & 0xfff), (uint32_t)(low >> 52),
		 (unsigned long long)(low & 0xffffffffffff));
}

static void make_pod_name(const struct gen_plan *plan, uint32_t index, char text[POD_NAME])
{
	const struct gen_app *app = &plan->apps[plan->pods[index].app];
	uint32_t nth = index - app->first_pod;
	char suffix[SUFFIX_LENGTH + 1];
	char hash[HASH_LENGTH + 1];

	make_hash(plan, plan->pods[index].app, hash);
	make_suffix(plan, plan->pods[index].app, nth, suffix);
	if (app->kind == GEN_STATEFUL_SET || app->kind == GEN_BARE)
		snprintf(text, POD_NAME, "%s-%u", app->name, nth);
	else if (app->kind == GEN_DEPLOYMENT)
		snprintf(text, POD_NAME, "%s-%s-%s", app->name, hash, suffix);
	else
		snprintf(text, POD_NAME, "%s-%s", app->name, suffix);
}

/* Addresses. */

static bool has_family(const struct gen_plan *plan, bool six)
{
	return plan->options->family == GEN_DUAL_STACK ||
	       (plan->options->family == GEN_IPV6) == six;
}

static struct weir_address address_of(const struct gen_plan *plan, const struct gen_pod *pod,
				      bool six)
{
	return plan->apps[pod->app].is_on_host_network ? gen_node_address(six, pod->node)
						       : gen_pod_address(six, pod->node, pod->host);
}

static void begin(struct gen_out *out, const char *version, const char *kind)
{
	gen_put(out, "---\napiVersion: %s\nkind: %s\n", version, kind);
}

/* Namespaces and nodes. */

static void put_namespace(struct gen_out *out, const struct gen_namespace *space)
{
	begin(out, "v1", "Namespace");
	gen_put(out,
		"metadata:\n  name: %s\n"
		"  labels: {kubernetes.io/metadata.name: %s, team: %s, env: %s}\n",
		space->name, space->name, space->team, space->environment);
}

static void put_node(struct gen_out *out, const struct gen_plan *plan, uint32_t node)
{
	const char *comma = "";

	begin(out, "v1", "Node");
	gen_put(out,
		"metadata:\n  name: node-%u\n"
		"  labels: {kubernetes.io/hostname: node-%u, topology.kubernetes.io/zone: zone-%c, "
		"node-role.kubernetes.io/%s: \"\"}\n"
		"spec:\n  podCIDRs: [",
		node, node, 'a' + (char)(node % ZONES), node ? "worker" : "control-plane");
	for (int six = 0; six < 2; six++) {
		struct weir_prefix range = gen_pod_range(six, node);

		if (!has_family(plan, six))
			continue;
		gen_put(out, "%s", comma);
		gen_put_prefix(out, &range);
		comma = ", ";
	}
	gen_put(out, "]\nstatus:\n  addresses:\n  - {type: Hostname, address: node-%u}\n", node);
	for (int six = 0; six < 2; six++) {
		struct weir_address address = gen_node_address(six, node);

		if (!has_family(plan, six))
			continue;
		gen_put(out, "  - {type: InternalIP, address: ");
		gen_put_address(out, &address);
		gen_put(out, "}\n");
	}
}

/* What workloads and pods share. */

static void put_labels(struct gen_out *out, const struct gen_app *app)
{
	gen_put(out, "app: %s, tier: %s", app->name, app->role->tier);
	if (app->version)
		gen_put(out, ", version: %s", app->version);
}

static void put_port(struct gen_out *out, const struct gen_role_port *port)
{
	gen_put(out, "{name: %s, containerPort: %u, protocol: %s}", port->name, port->number,
		gen_protocol_name(port->protocol));
}

/* The fields of a pod's spec that are its workload's. */
static void put_pod_spec(struct gen_out *out, const struct gen_app *app, const char *indent)
{
	gen_put(out,
		"%scontainers:\n%s- name: %s\n%s  image: registry.example/%s:1.0\n%s  ports: [",
		indent, indent, app->role->name, indent, app->role->name, indent);
	for (uint32_t i = 0; i < app->port_count; i++) {
		gen_put(out, "%s", i ? ", " : "");
		put_port(out, &app->ports[i]);
	}
	gen_put(out, "]\n");
	if (app->has_sidecar) {
		gen_put(out,
			"%sinitContainers:\n%s- name: proxy\n%s  image: "
			"registry.example/proxy:1.0\n"
			"%s  restartPolicy: Always\n%s  ports: [",
			indent, indent, indent, indent, indent);
		put_port(out, &app->ports[app->port_count]);
		gen_put(out, "]\n");
	}
	if (app->is_on_host_network)
		gen_put(out, "%shostNetwork: true\n", indent);
	if (app->kind == GEN_JOB)
		gen_put(out, "%srestartPolicy: Never\n", indent);
}

/* Workloads. */

struct kind {
	const char *version;
	const char *name;
	bool has_replicas;
};

static const struct kind kinds[] = {
	[GEN_DEPLOYMENT] = { "apps/v1", "Deployment", true },
	[GEN_STATEFUL_SET] = { "apps/v1", "StatefulSet", true },
	[GEN_DAEMON_SET] = { "apps/v1", "DaemonSet", false },
	[GEN_REPLICA_SET] = { "apps/v1", "ReplicaSet", true },
	[GEN_JOB] = { "batch/v1", "Job", false },
};

static void put_template(struct gen_out *out, const struct gen_app *app, const char *hash)
{
	gen_put(out, "  template:\n    metadata:\n      labels: {");
	put_labels(out, app);
	if (hash)
		gen_put(out, ", pod-template-hash: \"%s\"", hash);
	gen_put(out, "}\n    spec:\n");
	put_pod_spec(out, app, "      ");
}

static void put_workload_as(struct gen_out *out, const struct gen_plan *plan, uint32_t index,
			    const struct kind *kind)
{
	const struct gen_app *app = &plan->apps[index];
	char uid[UID_TEXT];

	make_uid(plan, kind->name, index, uid);
	begin(out, kind->version, kind->name);
	gen_put(out,
		"metadata:\n  name: %s\n  namespace: %s\n  uid: %s\n  labels: {app: %s}\nspec:\n",
		app->name, plan->spaces[app->space].name, uid, app->name);
	if (kind->has_replicas)
		gen_put(out, "  replicas: %u\n", app->pod_count);
	if (app->kind == GEN_STATEFUL_SET)
		gen_put(out, "  serviceName: %s\n", app->name);
	if (app->kind == GEN_JOB)
		gen_put(out, "  completions: %u\n  parallelism: %u\n", app->pod_count,
			app->pod_count);
	else
		gen_put(out, "  selector: {matchLabels: {app: %s}}\n", app->name);
	put_template(out, app, NULL);
}

/* The ReplicaSet between a Deployment and its pods. */
static void put_replica_set(struct gen_out *out, const struct gen_plan *plan, uint32_t index)
{
	const struct gen_app *app = &plan->apps[index];
	char owner[UID_TEXT];
	char uid[UID_TEXT];
	char hash[HASH_LENGTH + 1];

	make_uid(plan, "Deployment", index, owner);
	make_uid(plan, "ReplicaSet", index, uid);
	make_hash(plan, index, hash);
	begin(out, "apps/v1", "ReplicaSet");
	gen_put(out,
		"metadata:\n  name: %s-%s\n  namespace: %s\n  uid: %s\n"
		"  labels: {app: %s, pod-template-hash: \"%s\"}\n"
		"  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: %s, uid: %s, "
		"controller: true}]\n"
		"spec:\n  replicas: %u\n"
		"  selector: {matchLabels: {app: %s, pod-template-hash: \"%s\"}}\n",
		app->name, hash, plan->spaces[app->space].name, uid, app->name, hash, app->name,
		owner, app->pod_count, app->name, hash);
	put_template(out, app, hash);
}

static void put_workload(struct gen_out *out, const struct gen_plan *plan, uint32_t index)
{
	enum gen_kind kind = plan->apps[index].kind;

	if (kind == GEN_BARE)
		return;
	put_workload_as(out, plan, index, &kinds[kind]);
	if (kind == GEN_DEPLOYMENT)
		put_replica_set(out, plan, index);
}

/* Pods. */

static void put_pod_labels(struct gen_out *out, const struct gen_plan *plan, uint32_t index,
			   const char *name)
{
	const struct gen_app *app = &plan->apps[plan->pods[index].app];
	char hash[HASH_LENGTH + 1];

	make_hash(plan, plan->pods[index].app, hash);
	gen_put(out, "  labels: {");
	put_labels(out, app);
	if (app->kind == GEN_DEPLOYMENT)
		gen_put(out, ", pod-template-hash: \"%s\"", hash);
	if (app->kind == GEN_STATEFUL_SET)
		gen_put(out, ", statefulset.kubernetes.io/pod-name: %s", name);
	if (app->kind == GEN_DAEMON_SET)
		gen_put(out, ", controller-revision-hash: \"%s\"", hash);
	if (app->kind == GEN_JOB)
		gen_put(out, ", batch.kubernetes.io/job-name: %s", app->name);
	gen_put(out, "}\n");
}

static void put_owner(struct gen_out *out, const struct gen_plan *plan, uint32_t index)
{
	const struct gen_app *app = &plan->apps[index];
	const struct kind *kind = &kinds[app->kind == GEN_DEPLOYMENT ? GEN_REPLICA_SET : app->kind];
	char hash[HASH_LENGTH + 1];
	char uid[UID_TEXT];

	if (app->kind == GEN_BARE)
		return;
	make_hash(plan, index, hash);
	make_uid(plan, kind->name, index, uid);
	gen_put(out,
		"  ownerReferences: [{apiVersion: %s, kind: %s, name: %s%s%s, uid: %s, "
		"controller: true}]\n",
		kind->version, kind->name, app->name, app->kind == GEN_DEPLOYMENT ? "-" : "",
		app->kind == GEN_DEPLOYMENT ? hash : "", uid);
}

static void put_status(struct gen_out *out, const struct gen_plan *plan, uint32_t index)
{
	static const char *const phases[] = { [GEN_RUNNING_POD] = "Running",
					      [GEN_PENDING_POD] = "Pending",
					      [GEN_FINISHED_POD] = "Succeeded" };
	const struct gen_pod *pod = &plan->pods[index];
	struct weir_address first = gen_node_address(!has_family(plan, false), pod->node);
	const char *before = "[";

	gen_put(out, "status:\n  phase: %s\n",
		pod->phase == GEN_FINISHED_POD && index % 4 == 0 ? "Failed" : phases[pod->phase]);
	if (pod->phase == GEN_PENDING_POD)
		return;
	gen_put(out, "  hostIP: ");
	gen_put_address(out, &first);
	first = address_of(plan, pod, !has_family(plan, false));
	gen_put(out, "\n  podIP: ");
	gen_put_address(out, &first);
	gen_put(out, "\n  podIPs: ");
	for (int six = 0; six < 2; six++) {
		struct weir_address address = address_of(plan, pod, six);

		if (!has_family(plan, six))
			continue;
		gen_put(out, "%s{ip: ", before);
		gen_put_address(out, &address);
		gen_put(out, "}");
		before = ", ";
	}
	gen_put(out, "]\n");
}

static void put_pod(struct gen_out *out, const struct gen_plan *plan, uint32_t index)
{
	const struct gen_pod *pod = &plan->pods[index];
	const struct gen_app *app = &plan->apps[pod->app];
	char name[POD_NAME];

	make_pod_name(plan, index, name);
	begin(out, "v1", "Pod");
	gen_put(out, "metadata:\n  name: %s\n  namespace: %s\n", name,
		plan->spaces[app->space].name);
	put_pod_labels(out, plan, index, name);
	put_owner(out, plan, pod->app);
	gen_put(out, "spec:\n");
	if (pod->phase != GEN_PENDING_POD)
		gen_put(out, "  nodeName: node-%u\n", pod->node);
	put_pod_spec(out, app, "  ");
	put_status(out, plan, index);
}

/* Services and their slices. */

struct service {
	const struct gen_plan *plan;
	uint32_t app;
	uint32_t number;    /* among those with an address */
	uint16_t node_port; /* of the first port; 0: none */
	bool is_headless;
};

static void put_service_addresses(struct gen_out *out, const struct service *service)
{
	const struct gen_plan *plan = service->plan;
	const char *comma = "";
	struct weir_address first = gen_service_address(!has_family(plan, false), service->number);

	if (service->is_headless) {
		gen_put(out, "  clusterIP: None\n");
		return;
	}
	gen_put(out, "  clusterIP: ");
	gen_put_address(out, &first);
	gen_put(out, "\n  clusterIPs: [");
	for (int six = 0; six < 2; six++) {
		struct weir_address address = gen_service_address(six, service->number);

		if (!has_family(plan, six))
			continue;
		gen_put(out, "%s", comma);
		gen_put_address(out, &address);
		comma = ", ";
	}
	gen_put(out, "]\n");
	if (plan->options->family == GEN_DUAL_STACK)
		gen_put(out, "  ipFamilyPolicy: RequireDualStack\n");
}

/* Every second service says the number where others say the name. */
static void put_service_port(struct gen_out *out, const struct service *service, uint32_t index)
{
	const struct gen_role_port *port = &service->plan->apps[service->app].ports[index];

	gen_put(out, "  - {name: %s, protocol: %s, port: %u, targetPort: ", port->name,
		gen_protocol_name(port->protocol),
		strcmp(port->name, "http") == 0 ? 80 : port->number);
	if (service->app % 2)
		gen_put(out, "%s", port->name);
	else
		gen_put(out, "%u", port->number);
	if (service->node_port && index == 0)
		gen_put(out, ", nodePort: %u", service->node_port);
	gen_put(out, "}\n");
}

static void put_service(struct gen_out *out, const struct service *service)
{
	const struct gen_plan *plan = service->plan;
	const struct gen_app *app = &plan->apps[service->app];

	begin(out, "v1", "Service");
	gen_put(out, "metadata:\n  name: %s\n  namespace: %s\nspec:\n  type: %s\n", app->name,
		plan->spaces[app->space].name, service->node_port ? "NodePort" : "ClusterIP");
	put_service_addresses(out, service);
	gen_put(out, "  selector: {app: %s}\n  ports:\n", app->name);
	for (uint32_t i = 0; i < app->port_count; i++)
		put_service_port(out, service, i);
}

static void put_endpoint(struct gen_out *out, const struct gen_plan *plan, uint32_t index, bool six)
{
	const struct gen_pod *pod = &plan->pods[index];
	struct weir_address address = address_of(plan, pod, six);
	char name[POD_NAME];

	if (pod->phase != GEN_RUNNING_POD)
		return;
	make_pod_name(plan, index, name);
	gen_put(out, "- addresses: [");
	gen_put_address(out, &address);
	gen_put(out,
		"]\n  conditions: {ready: true}\n  nodeName: node-%u\n"
		"  targetRef: {kind: Pod, namespace: %s, name: %s}\n",
		pod->node, plan->spaces[plan->apps[pod->app].space].name, name);
}

static bool has_running_pod(const struct gen_plan *plan, const struct gen_app *app)
{
	for (uint32_t i = 0; i < app->pod_count; i++)
		if (plan->pods[app->first_pod + i].phase == GEN_RUNNING_POD)
			return true;
	return false;
}

static void put_slice(struct gen_out *out, const struct service *service, bool six)
{
	const struct gen_plan *plan = service->plan;
	const struct gen_app *app = &plan->apps[service->app];
	bool is_empty = !has_running_pod(plan, app);

	begin(out, "discovery.k8s.io/v1", "EndpointSlice");
	gen_put(out,
		"metadata:\n  name: %s-%s\n  namespace: %s\n"
		"  labels: {kubernetes.io/service-name: %s}\n"
		"addressType: %s\nendpoints:%s\n",
		app->name, six ? "ipv6" : "ipv4", plan->spaces[app->space].name, app->name,
		six ? "IPv6" : "IPv4", is_empty ? " []" : "");
	for (uint32_t i = 0; i < app->pod_count; i++)
		put_endpoint(out, plan, app->first_pod + i, six);
	gen_put(out, "ports:\n");
	for (uint32_t i = 0; i < app->port_count; i++)
		gen_put(out, "- {name: %s, port: %u, protocol: %s}\n", app->ports[i].name,
			app->ports[i].number, gen_protocol_name(app->ports[i].protocol));
}

static void put_services(struct gen_out *out, const struct gen_plan *plan)
{
	uint16_t node_port = FIRST_NODE_PORT;
	uint32_t number = 0;

	for (uint32_t i = 0; i < plan->app_count; i++) {
		struct dice dice = dice_for(plan->options->seed, GEN_USE_SERVICES, i);
		struct service service = { .plan = plan, .app = i, .number = number };

		if (!plan->apps[i].has_service)
			continue;
		service.is_headless = gen_falls(&dice, plan->options, GEN_HEADLESS);
		if (!service.is_headless && node_port <= LAST_NODE_PORT &&
		    gen_falls(&dice, plan->options, GEN_NODE_PORTS))
			service.node_port = node_port++;
		number += !service.is_headless;
		put_service(out, &service);
		for (int six = 0; six < 2; six++)
			if (has_family(plan, six))
				put_slice(out, &service, six);
	}
}

void gen_put_manifests(struct gen_out *out, const struct gen_plan *plan)
{
	for (uint32_t i = 0; i < plan->options->namespaces; i++)
		put_namespace(out, &plan->spaces[i]);
	for (uint32_t i = 0; i < plan->options->nodes; i++)
		put_node(out, plan, i);
	for (uint32_t i = 0; i < plan->app_count; i++)
		put_workload(out, plan, i);
	for (uint32_t i = 0; i < plan->options->pods; i++)
		put_pod(out, plan, i);
	put_services(out, plan);
}
