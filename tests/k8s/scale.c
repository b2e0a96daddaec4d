/*
 * Resolves and lints a large cluster and says how long it took; fails only when the result is
 * wrong.
 *
 *	build/tests/k8s/scale [PODS [POLICIES [NAMESPACES [MISTAKES]]]]
 *
 * Every policy selects one application of its namespace, and admits another by its labels, the
 * pods of the namespaces of a team, and a block, at a port by name. In the first MISTAKES of them
 * no pod has the labels of the first two peers, nor the port.
 */
#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "by_hand.h"

enum { APPLICATIONS = 20, TEAMS = 50 };

struct scale {
	uint32_t pods, policies, namespaces, mistakes;
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct k8s_container_port *ports_of_pods(struct by_hand *hand)
{
	struct k8s_container_port *ports =
		weir_arena_array(&hand->cluster.arena, 2, struct k8s_container_port);

	ports[0] = (struct k8s_container_port){ by_hand_text(hand, "http"), 8080, IPPROTO_TCP };
	ports[1] = (struct k8s_container_port){ by_hand_text(hand, "metrics"), 9090, IPPROTO_TCP };
	return ports;
}

static void add_pods(struct by_hand *hand, const struct scale *scale)
{
	const struct k8s_container_port *ports = ports_of_pods(hand);

	for (uint32_t i = 0; i < scale->pods; i++) {
		struct k8s_pod *pod;
		uint32_t home = i % scale->namespaces, application = i / scale->namespaces;
		char name[64], labels[128], address[32], set[32];

		application %= APPLICATIONS;
		snprintf(name, sizeof(name), "ns-%04u/pod-%06u", home, i);
		snprintf(labels, sizeof(labels),
			 "app=app-%u,tier=tier-%u,pod-template-hash=h%u,release=r%u", application,
			 i % 3, application, i % 7);
		snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		snprintf(set, sizeof(set), "app-%u-h%u", application, application);
		pod = by_hand_pod(hand, name, labels, address);
		pod->meta.owner = by_hand_owner(hand, "ReplicaSet", set);
		pod->ports = ports;
		pod->port_count = 2;
	}
}

static void add_workloads(struct by_hand *hand, const struct scale *scale)
{
	for (uint32_t i = 0; i < scale->namespaces * APPLICATIONS; i++) {
		char name[64], selector[64];

		snprintf(name, sizeof(name), "ns-%04u/app-%u", i / APPLICATIONS, i % APPLICATIONS);
		snprintf(selector, sizeof(selector), "app=app-%u", i % APPLICATIONS);
		by_hand_workload(hand, "Deployment", name, selector);
		by_hand_service(hand, name, selector, "");
	}
}

static struct k8s_peer peer_of(struct by_hand *hand, const char *namespaces, const char *pods)
{
	return (struct k8s_peer){ .kind = K8S_PEER_SELECTOR,
				  .has_namespace_selector = namespaces != NULL,
				  .has_pod_selector = pods != NULL,
				  .namespace_selector = by_hand_selector(hand, namespaces),
				  .pod_selector = by_hand_selector(hand, pods) };
}

static void add_policies(struct by_hand *hand, const struct scale *scale)
{
	for (uint32_t i = 0; i < scale->policies; i++) {
		uint32_t home = i % scale->namespaces, application = i / scale->namespaces;
		struct k8s_peer *peers = weir_arena_array(&hand->cluster.arena, 3, struct k8s_peer);
		struct k8s_rule *rule = weir_arena_new(&hand->cluster.arena, struct k8s_rule);
		struct k8s_port *port = weir_arena_new(&hand->cluster.arena, struct k8s_port);
		struct k8s_network_policy *policy;
		char name[64], selector[64], team[64];

		snprintf(name, sizeof(name), "ns-%04u/policy-%06u", home, i);
		snprintf(selector, sizeof(selector), "app=app-%u,tier!=tier-%u",
			 application % APPLICATIONS, i % 3);
		policy = by_hand_policy(hand, name, selector);
		snprintf(selector, sizeof(selector),
			 i < scale->mistakes ? "app=app-%u,tier=tear-0" : "app=app-%u",
			 i % APPLICATIONS);
		peers[0] = peer_of(hand, NULL, selector);
		snprintf(team, sizeof(team), "team=t%u", i % TEAMS);
		peers[1] = peer_of(hand, team, selector);
		peers[2].kind = K8S_PEER_BLOCK;
		peers[2].block.prefix = by_hand_prefix("192.168.0.0/16");
		*port = (struct k8s_port){ .protocol = IPPROTO_TCP,
					   .kind = K8S_PORT_NAME,
					   .name = by_hand_text(
						   hand, i < scale->mistakes ? "htpp" : "http") };
		*rule = (struct k8s_rule){
			.peers = peers, .ports = port, .peer_count = 3, .port_count = 1
		};
		policy->isolates_ingress = true;
		policy->ingress = rule;
		policy->ingress_count = 1;
	}
}

static void add_namespaces(struct by_hand *hand, const struct scale *scale)
{
	for (uint32_t i = 0; i < scale->namespaces; i++) {
		char name[32], labels[32];

		snprintf(name, sizeof(name), "ns-%04u", i);
		snprintf(labels, sizeof(labels), "team=t%u", i % TEAMS);
		by_hand_namespace(hand, name, labels);
	}
}

static uint64_t count_members(const struct weir_resolved *resolved)
{
	uint64_t members = 0;

	for (uint32_t i = 0; i < resolved->set_count; i++)
		members += resolved->sets[i].endpoint_count;
	return members;
}

static uint32_t argument(int count, char **values, int place, uint32_t missing)
{
	return place < count ? (uint32_t)strtoul(values[place], NULL, 10) : missing;
}

static void count_warning(void *context, const struct weir_diagnostic *diagnostic)
{
	uint32_t *warnings = context;

	*warnings += diagnostic->severity == WEIR_SEVERITY_WARNING;
}

static bool lint(struct weir_cluster *cluster, const struct scale *scale)
{
	uint32_t warnings = 0;
	const struct weir_sink sink = { count_warning, &warnings };
	double begin = seconds();
	int status = weir_cluster_lint(cluster, &sink);

	printf("linted: %.3f s, %u warnings\n", seconds() - begin, warnings);
	return !status && warnings >= 3 * scale->mistakes;
}

int main(int count, char **values)
{
	const struct scale scale = { argument(count, values, 1, 100000),
				     argument(count, values, 2, 10000),
				     argument(count, values, 3, 500),
				     argument(count, values, 4, 100) };
	struct weir_resolved *resolved;
	struct by_hand hand;
	double begin;
	bool right;

	by_hand_open(&hand, NULL);
	add_namespaces(&hand, &scale);
	add_pods(&hand, &scale);
	add_workloads(&hand, &scale);
	add_policies(&hand, &scale);
	by_hand_finish(&hand);
	begin = seconds();
	if (weir_cluster_resolve(&hand.cluster, NULL, &resolved))
		return 1;
	printf("%u pods, %u policies, %u namespaces: %.3f s, %u sets of %llu pods in all\n",
	       scale.pods, scale.policies, scale.namespaces, seconds() - begin, resolved->set_count,
	       (unsigned long long)count_members(resolved));
	right = resolved->endpoint_count == scale.pods && resolved->origin_count == scale.policies;
	weir_resolved_destroy(resolved);
	right = lint(&hand.cluster, &scale) && right;
	by_hand_close(&hand);
	return right ? 0 : 1;
}
