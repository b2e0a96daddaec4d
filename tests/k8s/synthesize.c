/*
 * Pods that workloads stand for, and addresses for pods that show none: who gets them, that they
 * stay where they are when others come and go, and that they take nobody's.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"
#include "show.h"

#define WORKLOAD(kind, name, spec)                                                                 \
	"{apiVersion: apps/v1, kind: " kind ", metadata: {name: " name ", namespace: a}, spec: {"  \
	"selector: {matchLabels: {app: " name "}}, " spec                                          \
	" template: {metadata: {labels: {app: " name                                               \
	"}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}}}\n---\n"
#define OWNED(kind, name, owner_kind, owner_name)                                                  \
	"{apiVersion: apps/v1, kind: " kind ", metadata: {name: " name ", namespace: a, "          \
	"ownerReferences: [{kind: " owner_kind ", name: " owner_name                               \
	", controller: true}]}, spec: {template: {metadata: {labels: {app: x}}}}}\n---\n"
#define POD(meta, rest)                                                                            \
	"{apiVersion: v1, kind: Pod, metadata: {namespace: a, " meta "}, " rest "}\n---\n"

/* How many synthetic pods each owner has, as "Kind/name count; ". */
static void count_synthetic(const struct weir_cluster *cluster, char *out, size_t size)
{
	const struct k8s_pod *pods = cluster->pods.items;
	const struct k8s_workload *workloads = cluster->workloads.items;

	out[0] = '\0';
	for (size_t i = 0; i < cluster->workloads.count; i++) {
		size_t length = strlen(out);
		unsigned count = 0;

		for (size_t j = 0; j < cluster->pods.count; j++)
			count += pods[j].synthetic &&
				 strcmp(pods[j].meta.owner.kind, workloads[i].kind) == 0 &&
				 strcmp(pods[j].meta.owner.name, workloads[i].meta.name) == 0;
		if (count)
			snprintf(out + length, size - length, "%s/%s %u; ", workloads[i].kind,
				 workloads[i].meta.name, count);
	}
}

static const struct {
	const char *name;
	const char *yaml;
	const char *counts;
} makers[] = {
	{ "one replica where nothing is said", WORKLOAD("Deployment", "web", ""),
	  "Deployment/web 1; " },
	{ "no replica", WORKLOAD("Deployment", "web", "replicas: 0,"), "" },
	{ "two stand for many", WORKLOAD("ReplicaSet", "web", "replicas: 50,"),
	  "ReplicaSet/web 2; " },
	{ "a DaemonSet has one", WORKLOAD("DaemonSet", "web", ""), "DaemonSet/web 1; " },
	{ "Jobs and CronJobs have one",
	  "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {}}}\n---\n"
	  "{apiVersion: batch/v1, kind: CronJob, metadata: {name: k}, spec: {jobTemplate: {spec: "
	  "{template: {}}}}}\n",
	  "CronJob/k 1; Job/j 1; " },
	{ "no template, no pods",
	  "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 2}}\n",
	  "" },
	{ "a pod of its own is enough",
	  WORKLOAD("StatefulSet", "db", "replicas: 3,")
		  POD("name: db-0, ownerReferences: [{kind: StatefulSet, name: db, controller: "
		      "true}]",
		      ""),
	  "" },
	{ "an owner that is no controller is none",
	  WORKLOAD("StatefulSet", "db", "")
		  POD("name: x, ownerReferences: [{kind: StatefulSet, name: db}]", ""),
	  "StatefulSet/db 1; " },
	{ "a pod of a ReplicaSet is one of its Deployment",
	  WORKLOAD("Deployment", "web", "") OWNED("ReplicaSet", "web-5d", "Deployment", "web")
		  POD("name: x, ownerReferences: [{kind: ReplicaSet, name: web-5d, controller: "
		      "true}]",
		      ""),
	  "" },
	{ "a ReplicaSet leaves it to its Deployment",
	  WORKLOAD("Deployment", "web", "") OWNED("ReplicaSet", "web-5d", "Deployment", "web")
		  OWNED("ReplicaSet", "web-77", "Deployment", "web"),
	  "Deployment/web 1; " },
	{ "a ReplicaSet whose Deployment is not there stands for itself",
	  OWNED("ReplicaSet", "web-5d", "Deployment", "web"), "ReplicaSet/web-5d 1; " },
	{ "a Job leaves it to its CronJob",
	  "{apiVersion: batch/v1, kind: CronJob, metadata: {name: k}, spec: {jobTemplate: {spec: "
	  "{template: {}}}}}\n---\n"
	  "{apiVersion: batch/v1, kind: Job, metadata: {name: k-1, ownerReferences: [{kind: "
	  "CronJob, "
	  "name: k, controller: true}]}, spec: {template: {}}}\n",
	  "CronJob/k 1; " },
	{ "a missing ReplicaSet is seen through",
	  WORKLOAD("Deployment", "web", "")
		  POD("name: web-5d-x, labels: {app: web, pod-template-hash: 5d}, "
		      "ownerReferences: [{kind: ReplicaSet, name: web-5d, controller: true}]",
		      ""),
	  "" },
	{ "but not to a Deployment that does not select the pod",
	  WORKLOAD("Deployment", "web", "")
		  POD("name: web-5d-x, labels: {app: other, pod-template-hash: 5d}, "
		      "ownerReferences: [{kind: ReplicaSet, name: web-5d, controller: true}]",
		      ""),
	  "Deployment/web 1; " },
	{ "owners that go in circles",
	  OWNED("ReplicaSet", "a1", "ReplicaSet", "b1")
		  OWNED("ReplicaSet", "b1", "ReplicaSet", "a1"),
	  "" },
	{ "an owner that is itself", OWNED("ReplicaSet", "a1", "ReplicaSet", "a1"),
	  "ReplicaSet/a1 1; " },
};

static void workloads_without_pods_get_them(void **state)
{
	char counts[256];

	(void)state;
	for (size_t i = 0; i < COUNT(makers); i++) {
		struct weir_cluster *cluster = cluster_of(makers[i].yaml);

		count_synthetic(cluster, counts, sizeof(counts));
		if (strcmp(counts, makers[i].counts) != 0)
			print_error("%s\n", makers[i].name);
		assert_string_equal(counts, makers[i].counts);
		weir_cluster_destroy(cluster);
	}
}

/* Names and addresses are promises: scripts and expectations hold them. */
static void synthetic_pods_look_like_pods(void **state)
{
	struct weir_cluster *cluster =
		cluster_of(WORKLOAD("Deployment", "web", "replicas: 2,") WORKLOAD(
			"StatefulSet", "db",
			"replicas: 2,") "{apiVersion: batch/v1, kind: Job, metadata: {name: j, "
					"namespace: a}, spec: {template: {spec: {nodeName: n1, "
					"hostNetwork: true}}}}");
	char *shown = show_cluster(cluster);
	char *pods = strstr(shown, "pod ");
	char *end = strstr(shown, "workload ");

	(void)state;
	assert_non_null(pods);
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(
		pods,
		"pod a/db-0 {app=db,statefulset.kubernetes.io/pod-name=db-0} 244.105.134.127 "
		"running synthetic ports 80/TCP owner StatefulSet/db\n"
		"pod a/db-1 {app=db,statefulset.kubernetes.io/pod-name=db-1} 247.182.143.173 "
		"running synthetic ports 80/TCP owner StatefulSet/db\n"
		"pod a/j-dffv8 {batch.kubernetes.io/job-name=j,job-name=j} on n1 host-network "
		"running synthetic owner Job/j\n"
		"pod a/web-cjf6s {app=web} 247.28.108.183 running synthetic ports 80/TCP owner "
		"Deployment/web\n"
		"pod a/web-skx6x {app=web} 245.76.99.6 running synthetic ports 80/TCP owner "
		"Deployment/web\n");
	free(shown);
	weir_cluster_destroy(cluster);
}

static void show_address(const struct weir_cluster *cluster, const char *name, char *text)
{
	const struct k8s_pod *pod = k8s_find_pod(cluster, "a", name);

	assert_non_null(pod);
	assert_true(pod->address_count > 0);
	weir_address_format(&pod->addresses[0], text);
}

static void one_more_object_moves_no_other(void **state)
{
	struct weir_cluster *before =
		cluster_of(WORKLOAD("StatefulSet", "db", "replicas: 2,") POD("name: alone", ""));
	struct weir_cluster *after = cluster_of(
		POD("name: aaa", "") POD("name: zzz", "") WORKLOAD("StatefulSet", "da", "")
			WORKLOAD("StatefulSet", "db", "replicas: 2,") POD("name: alone", ""));
	static const char *const names[] = { "db-0", "db-1", "alone" };
	char was[WEIR_ADDRESS_TEXT], is[WEIR_ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		show_address(before, names[i], was);
		show_address(after, names[i], is);
		assert_string_equal(was, is);
	}
	weir_cluster_destroy(before);
	weir_cluster_destroy(after);
}

static struct weir_prefix prefix(const char *text)
{
	struct weir_prefix out;

	assert_int_equal(weir_prefix_parse(text, strlen(text), &out, NULL), 0);
	return out;
}

static struct weir_cluster_options narrow(const char *cidr)
{
	return (struct weir_cluster_options){ .pod_cidr_ipv4 = prefix(cidr) };
}

/* In a range that is just large enough everybody gets an address of their own. */
static void addresses_are_nobody_elses(void **state)
{
	const struct weir_cluster_options options = narrow("10.0.0.0/29");
	struct weir_cluster *cluster = cluster_with(
		&options,
		POD("name: a1", "") POD("name: b1", "") POD("name: c1", "")
			POD("name: shown",
			    "status: {podIP: 10.0.0.3}") "{apiVersion: v1, kind: Service, "
							 "metadata: {name: s}, spec: "
							 "{clusterIP: 10.0.0.5}}\n---\n"
							 "{apiVersion: v1, kind: Node, metadata: "
							 "{name: n1}, status: "
							 "{addresses: [{type: InternalIP, address: "
							 "10.0.0.6}]}}\n");
	const struct k8s_pod *pods = cluster->pods.items;
	unsigned seen = 1u << 0 | 1u << 5 | 1u << 6 | 1u << 7;

	(void)state;
	for (size_t i = 0; i < cluster->pods.count; i++) {
		unsigned last = pods[i].addresses[0].bytes[15];

		assert_int_equal(pods[i].address_count, 1);
		assert_true(weir_prefix_contains(&options.pod_cidr_ipv4, &pods[i].addresses[0]));
		assert_false(seen >> last & 1u);
		seen |= 1u << last;
	}
	assert_int_equal(seen, 0xff);
	weir_cluster_destroy(cluster);
}

static const struct {
	const char *name;
	const char *cidr;
	const char *yaml;
	const char *report;
} full[] = {
	{ "one too many", "10.0.0.0/30",
	  POD("name: a1", "") POD("name: b1", "") POD("name: c1", ""),
	  "error 0:0: pods without an address: 3, free addresses in 10.0.0.0/30: 2; give a larger "
	  "range with --pod-cidr\n" },
	{ "an address that is taken", "10.0.0.0/32",
	  POD("name: a1", "") POD("name: b1", "status: {podIP: 10.0.0.0}"),
	  "error 0:0: pods without an address: 1, free addresses in 10.0.0.0/32: 0; give a larger "
	  "range with --pod-cidr\n" },
	{ "the ends, which nobody is given", "10.0.0.0/30",
	  POD("name: a1", "") POD("name: b1", "") POD("name: c1", "status: {podIP: 10.0.0.0}")
		  POD("name: d1", "status: {podIP: 10.0.0.3}"),
	  "" },
	{ "a range of one", "10.0.0.0/32", POD("name: a1", ""), "" },
	{ "a range of two", "10.0.0.0/31", POD("name: a1", "") POD("name: b1", ""), "" },
};

static void a_range_that_is_too_small_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(full); i++) {
		const struct weir_cluster_options options = narrow(full[i].cidr);
		char *reports = reports_about(&options, WEIR_FOUND_NAMED, full[i].yaml, NULL);

		assert_string_equal(reports, full[i].report);
		free(reports);
	}
}

/* IPv6 comes only when some object shows it. */
static const struct {
	const char *name;
	const char *yaml;
	unsigned addresses;
} families[] = {
	{ "nothing shows IPv6", POD("name: x1", ""), 1 },
	{ "a pod does", POD("name: x1", "") POD("name: y1", "status: {podIP: \"fd00::1\"}"), 2 },
	{ "a Service's families do",
	  POD("name: x1", "") "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: "
			      "{ipFamilies: [IPv4, IPv6]}}\n",
	  2 },
	{ "a block of a policy does",
	  POD("name: x1", "") "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "
			      "{name: p}, spec: {ingress: [{from: [{ipBlock: {cidr: "
			      "\"::/0\"}}]}]}}\n",
	  2 },
	{ "a node's range does",
	  POD("name: x1", "") "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDRs: "
			      "[\"fd00::/64\"]}}\n",
	  2 },
	{ "a finished pod owns no address", POD("name: x1", "status: {phase: Failed}"), 0 },
	{ "a hostNetwork pod has its node's or none", POD("name: x1", "spec: {hostNetwork: true}"),
	  0 },
};

static void ipv6_is_given_when_it_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		struct weir_cluster *cluster = cluster_of(families[i].yaml);
		const struct k8s_pod *pod = k8s_find_pod(cluster, "a", "x1");

		if (pod->address_count != families[i].addresses)
			fail_msg("%s: %u", families[i].name, pod->address_count);
		if (pod->address_count == 2) {
			const struct weir_prefix ipv6 = prefix("fd77:6569:72::/64");

			assert_true(weir_address_is_ipv4(&pod->addresses[0]));
			assert_true(weir_prefix_contains(&ipv6, &pod->addresses[1]));
		}
		weir_cluster_destroy(cluster);
	}
}

/* A name that a pod has already is not given again. */
static void a_name_that_is_taken_is_left_alone(void **state)
{
	struct weir_cluster *cluster =
		cluster_of(WORKLOAD("StatefulSet", "db", "") POD("name: db-0", ""));
	const struct k8s_pod *pods = cluster->pods.items;

	(void)state;
	assert_int_equal(cluster->pods.count, 2);
	assert_string_equal(pods[0].meta.name, "db-0");
	assert_false(pods[0].synthetic);
	assert_true(pods[1].synthetic);
	assert_int_equal(strlen(pods[1].meta.name), strlen("db-xxxxx"));
	weir_cluster_destroy(cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workloads_without_pods_get_them),
		cmocka_unit_test(synthetic_pods_look_like_pods),
		cmocka_unit_test(one_more_object_moves_no_other),
		cmocka_unit_test(addresses_are_nobody_elses),
		cmocka_unit_test(a_range_that_is_too_small_is_an_error),
		cmocka_unit_test(ipv6_is_given_when_it_is_shown),
		cmocka_unit_test(a_name_that_is_taken_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
