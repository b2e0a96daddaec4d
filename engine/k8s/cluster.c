/*
 * The life of a cluster: created, fed texts, finished, asked, destroyed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "reading.h"

enum {
	OBJECT_TEXT = 640, /* kind, namespace and name, each as long as they may be */
};

/* What any reader fills; the first member of each is its meta. */
union any_object {
	struct k8s_meta meta;
	struct k8s_namespace namespace;
	struct k8s_pod pod;
	struct k8s_node node;
	struct k8s_service service;
	struct k8s_slice slice;
	struct k8s_workload workload;
	struct k8s_network_policy network_policy;
	struct k8s_cluster_policy cluster_policy;
};

void k8s_report(struct k8s_reading *reading, const struct weir_diagnostic *diagnostic)
{
	if (diagnostic->severity == WEIR_SEVERITY_ERROR)
		reading->failed = true;
	if (reading->options.sink.report)
		reading->options.sink.report(reading->options.sink.context, diagnostic);
}

static struct weir_prefix prefix_or(const struct weir_prefix *given, const char *fallback)
{
	struct weir_prefix prefix = *given;

	if (!prefix.length)
		weir_prefix_parse(fallback, strlen(fallback), &prefix, NULL);
	return prefix;
}

/* What options point to belongs to the caller. */
static int copy_options(struct weir_cluster *cluster, const struct weir_cluster_options *options)
{
	struct weir_cluster_options *copy = &cluster->reading->options;
	struct weir_prefix *cidrs =
		weir_arena_array(&cluster->arena, options->cluster_cidr_count, struct weir_prefix);
	struct weir_node_address *nodes = weir_arena_array(
		&cluster->arena, options->node_address_count, struct weir_node_address);

	if (!cidrs || !nodes)
		return -ENOMEM;
	*copy = *options;
	copy->pod_cidr_ipv4 = prefix_or(&options->pod_cidr_ipv4, "240.0.0.0/4");
	copy->pod_cidr_ipv6 = prefix_or(&options->pod_cidr_ipv6, "fd77:6569:72::/64");
	for (size_t i = 0; i < options->cluster_cidr_count; i++)
		cidrs[i] = options->cluster_cidrs[i];
	for (size_t i = 0; i < options->node_address_count; i++) {
		const struct weir_node_address *given = &options->node_addresses[i];

		nodes[i].address = given->address;
		nodes[i].node =
			weir_intern_text(cluster->strings, given->node, strlen(given->node));
		if (!nodes[i].node)
			return -ENOMEM;
	}
	copy->cluster_cidrs = cidrs;
	copy->node_addresses = nodes;
	return 0;
}

static void destroy_reading(struct weir_cluster *cluster)
{
	struct k8s_reading *reading = cluster->reading;

	if (!reading)
		return;
	weir_arena_finish(&reading->scratch);
	weir_array_finish(&reading->addresses);
	weir_array_finish(&reading->ports);
	weir_release(cluster->allocator, reading);
	cluster->reading = NULL;
}

static int start(struct weir_cluster *cluster, const struct weir_cluster_options *options,
		 struct weir_intern *strings)
{
	const struct weir_allocator *allocator = cluster->allocator;
	struct k8s_reading *reading = weir_allocate_zeroed(allocator, 1, sizeof(*reading));

	weir_arena_init(&cluster->arena, allocator);
	weir_intern_init(&cluster->own_strings, allocator);
	cluster->namespaces = weir_array_of(allocator, struct k8s_namespace);
	cluster->pods = weir_array_of(allocator, struct k8s_pod);
	cluster->nodes = weir_array_of(allocator, struct k8s_node);
	cluster->services = weir_array_of(allocator, struct k8s_service);
	cluster->slices = weir_array_of(allocator, struct k8s_slice);
	cluster->workloads = weir_array_of(allocator, struct k8s_workload);
	cluster->network_policies = weir_array_of(allocator, struct k8s_network_policy);
	cluster->cluster_policies = weir_array_of(allocator, struct k8s_cluster_policy);
	cluster->strings = strings ? strings : &cluster->own_strings;
	cluster->reading = reading;
	if (!reading)
		return -ENOMEM;
	weir_arena_init(&reading->scratch, allocator);
	reading->addresses = weir_array_of(allocator, struct weir_address);
	reading->ports = weir_array_of(allocator, struct k8s_container_port);
	return copy_options(cluster, options);
}

/* Strings of NULL: its own. */
static int create(const struct weir_cluster_options *options, struct weir_intern *strings,
		  struct weir_cluster **out)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(options->allocator);
	struct weir_cluster *cluster = weir_allocate_zeroed(allocator, 1, sizeof(*cluster));
	int status;

	if (!cluster)
		return -ENOMEM;
	cluster->allocator = allocator;
	status = start(cluster, options, strings);
	if (status) {
		weir_cluster_destroy(cluster);
		return status;
	}
	*out = cluster;
	return 0;
}

int weir_cluster_create(const struct weir_cluster_options *options, struct weir_cluster **out)
{
	static const struct weir_cluster_options defaults;

	return create(options ? options : &defaults, NULL, out);
}

int k8s_cluster_beside(const struct weir_cluster *lender, struct weir_cluster **out)
{
	return create(&lender->reading->options, lender->strings, out);
}

void weir_cluster_destroy(struct weir_cluster *cluster)
{
	if (!cluster)
		return;
	destroy_reading(cluster);
	weir_array_finish(&cluster->namespaces);
	weir_array_finish(&cluster->pods);
	weir_array_finish(&cluster->nodes);
	weir_array_finish(&cluster->services);
	weir_array_finish(&cluster->slices);
	weir_array_finish(&cluster->workloads);
	weir_array_finish(&cluster->network_policies);
	weir_array_finish(&cluster->cluster_policies);
	weir_intern_finish(&cluster->own_strings);
	weir_arena_finish(&cluster->arena);
	weir_release(cluster->allocator, cluster);
}

/* A string field of the object, before its kind is known; "" when it has none. */
static const char *raw_text(const struct yaml_node *object, const char *name)
{
	const struct yaml_node *node = object->kind == YAML_MAPPING ? yaml_get(object, name) : NULL;

	return node && node->kind == YAML_STRING ? node->text : "";
}

/* Of a kind that is not read only the object itself says whether it has a namespace. */
static enum k8s_scope scope_of(const struct yaml_node *object)
{
	const struct yaml_node *meta = yaml_get(object, "metadata");

	return meta && raw_text(meta, "namespace")[0] ? K8S_NAMESPACED : K8S_CLUSTER_SCOPED;
}

/* "Pod shop/web", as far as the object says it. */
static void format_object(const struct yaml_node *object, const char *kind, enum k8s_scope scope,
			  char text[OBJECT_TEXT])
{
	const struct yaml_node *meta = yaml_get(object, "metadata");
	const char *name = meta ? raw_text(meta, "name") : "";
	const char *namespace_name = meta ? raw_text(meta, "namespace") : "";

	if (!name[0])
		name = "(no name)";
	if (!namespace_name[0])
		namespace_name = "default";
	if (scope == K8S_NAMESPACED)
		snprintf(text, OBJECT_TEXT, "%.100s %.253s/%.253s", kind, namespace_name, name);
	else
		snprintf(text, OBJECT_TEXT, "%.100s %.253s", kind, name);
}

static int read_kept(struct weir_cluster *cluster, const struct yaml_node *node,
		     const struct k8s_kind *kind, const char *version)
{
	struct weir_array *array = (struct weir_array *)((char *)cluster + kind->array);
	struct k8s_field root = { .node = node };
	char object[OBJECT_TEXT];
	union any_object any;
	struct k8s_reader reader = { .cluster = cluster,
				     .scratch = &cluster->reading->scratch,
				     .kind = kind->name,
				     .version = version,
				     .object = object,
				     .strict = kind->versions };
	void *kept;

	memset(&any, 0, sizeof(any));
	format_object(node, kind->name, (enum k8s_scope)kind->scope, object);
	k8s_read_meta(&reader, &root, (enum k8s_scope)kind->scope, &any.meta);
	kind->read(&reader, &root, &any);
	weir_arena_reset(&cluster->reading->scratch);
	if (reader.failed || reader.status)
		return reader.status;
	kept = weir_array_push(array);
	if (!kept)
		return -ENOMEM;
	memcpy(kept, &any, array->item_size);
	return 0;
}

static void report_at(struct k8s_reading *reading, const struct yaml_node *node,
		      enum weir_severity severity, const char *object, const char *text)
{
	k8s_report(reading, &(struct weir_diagnostic){ .severity = severity,
						       .file = reading->file,
						       .line = node->line,
						       .column = node->column,
						       .object = object,
						       .text = text });
}

static void report_policy(struct weir_cluster *cluster, const struct yaml_node *node,
			  const char *kind, const char *api_version)
{
	bool ignored = cluster->reading->options.ignore_unsupported_policies;
	char object[OBJECT_TEXT];
	char text[512];

	format_object(node, kind, scope_of(node), object);
	if (ignored)
		snprintf(text, sizeof(text),
			 "policies of %.200s are not supported; this one is ignored, as asked",
			 api_version);
	else
		snprintf(text, sizeof(text),
			 "policies of %.200s are not supported; verdicts would be wrong without "
			 "them, unless --ignore-unsupported-policies says otherwise",
			 api_version);
	report_at(cluster->reading, node, ignored ? WEIR_SEVERITY_WARNING : WEIR_SEVERITY_ERROR,
		  object, text);
	cluster->counts.skipped_policies += ignored;
}

static void report_no_kind(struct k8s_reading *reading, const struct yaml_node *node)
{
	if (reading->found == WEIR_FOUND_IN_FOLDER)
		report_at(reading, node, WEIR_SEVERITY_WARNING, NULL,
			  "no Kubernetes object, since it has no kind; skipped");
	else
		report_at(reading, node, WEIR_SEVERITY_ERROR, NULL,
			  "no Kubernetes object, since it has no kind; write kind and apiVersion");
}

static void report_version(struct k8s_reading *reading, const struct yaml_node *node,
			   const char *kind, const char *api_version, const char *right)
{
	char object[OBJECT_TEXT];
	char text[512];

	format_object(node, kind, scope_of(node), object);
	if (api_version[0])
		snprintf(text, sizeof(text), "apiVersion %.200s has no such kind; write %s",
			 k8s_quote(api_version, strlen(api_version)).text, right);
	else
		snprintf(text, sizeof(text), "apiVersion is missing; write %s", right);
	report_at(reading, node, WEIR_SEVERITY_ERROR, object, text);
}

/* Items of a PodList need not say that they are Pods. */
static const char *kind_in_list(const char *list_kind, char text[128])
{
	size_t length = list_kind ? strlen(list_kind) : 0;

	if (length <= 4 || length >= 128 || strcmp(list_kind + length - 4, "List") != 0)
		return "";
	memcpy(text, list_kind, length - 4);
	text[length - 4] = '\0';
	return text;
}

int k8s_read_object(struct weir_cluster *cluster, const struct yaml_node *node,
		    const char *list_kind, const char *list_version)
{
	const char *kind_name = raw_text(node, "kind");
	const char *api_version = raw_text(node, "apiVersion");
	const struct k8s_kind *kind;
	const char *right;
	char text[128];

	if (!kind_name[0])
		kind_name = kind_in_list(list_kind, text);
	if (!api_version[0] && list_version && list_kind && strcmp(list_kind, "List") != 0)
		api_version = list_version;
	kind = k8s_find_kind(api_version, kind_name);
	right = k8s_right_version(api_version, kind_name);
	if (!kind_name[0])
		report_no_kind(cluster->reading, node);
	else if (kind)
		return read_kept(cluster, node, kind, k8s_version_of(api_version));
	else if (api_version[0] && k8s_is_unsupported_policy(api_version, kind_name))
		report_policy(cluster, node, kind_name, api_version);
	else if (right)
		report_version(cluster->reading, node, kind_name, api_version, right);
	else
		cluster->counts.skipped_objects++;
	return 0;
}

static int read_object(void *context, const struct yaml_node *node, const char *list_kind,
		       const char *list_version)
{
	return k8s_read_object(context, node, list_kind, list_version);
}

static void report_text(void *context, uint32_t line, uint32_t column, const char *text)
{
	struct weir_cluster *cluster = context;

	k8s_report(cluster->reading, &(struct weir_diagnostic){ .severity = WEIR_SEVERITY_ERROR,
								.file = cluster->reading->file,
								.line = line,
								.column = column,
								.text = text });
}

int weir_cluster_read(struct weir_cluster *cluster, const char *name, enum weir_found found,
		      const char *text, size_t length)
{
	struct yaml_handler handler = { read_object, report_text, cluster };
	struct k8s_reading *reading = cluster->reading;
	bool failed_before;
	int status;

	if (!reading)
		return -EINVAL;
	reading->file = weir_intern_text(cluster->strings, name, strlen(name));
	if (!reading->file)
		return -ENOMEM;
	reading->found = found;
	failed_before = reading->failed;
	reading->failed = false;
	status = yaml_read(text, length, cluster->allocator, &handler);
	if (!status && reading->failed)
		status = -EINVAL;
	reading->failed = reading->failed || failed_before || status;
	return status;
}

static int finish(struct weir_cluster *cluster)
{
	int (*const steps[])(struct weir_cluster *) = {
		k8s_sort_objects,      k8s_add_implied_namespaces, k8s_add_synthetic_pods,
		k8s_add_implied_nodes, k8s_assign_addresses,       k8s_collect_pod_ranges,
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int status = steps[i](cluster);

		if (status)
			return status;
		if (cluster->reading->failed)
			return -EINVAL;
	}
	return 0;
}

int weir_cluster_finish(struct weir_cluster *cluster)
{
	int status;

	if (!cluster->reading)
		return -EINVAL;
	status = finish(cluster);
	destroy_reading(cluster);
	return status;
}

void weir_cluster_count(const struct weir_cluster *cluster, struct weir_cluster_counts *out)
{
	struct weir_cluster_counts counts = cluster->counts;

	counts.namespaces = (uint32_t)cluster->namespaces.count;
	counts.pods = (uint32_t)cluster->pods.count;
	counts.nodes = (uint32_t)cluster->nodes.count;
	counts.services = (uint32_t)cluster->services.count;
	counts.endpoint_slices = (uint32_t)cluster->slices.count;
	counts.workloads = (uint32_t)cluster->workloads.count;
	counts.network_policies = (uint32_t)cluster->network_policies.count;
	counts.cluster_policies = (uint32_t)cluster->cluster_policies.count;
	*out = counts;
}
