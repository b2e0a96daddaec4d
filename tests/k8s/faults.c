/*
 * Reading when memory runs out, at every single allocation, and reading texts that were damaged:
 * an error or a cluster, never anything between.
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"
#include "show.h"

static const char sample[] =
	"apiVersion: v1\nkind: List\nitems:\n"
	"- {apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {x: w}}}\n"
	"- {apiVersion: v1, kind: Node, metadata: {name: n1, annotations: "
	"{projectcalico.org/IPv4IPIPTunnelAddr: 10.0.0.64}}, spec: {podCIDRs: [10.0.0.0/24]}, "
	"status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}\n"
	"- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: b, labels: {app: web}, "
	"ownerReferences: [{kind: ReplicaSet, name: web-5d, controller: true}]}, spec: {nodeName: "
	"n2, containers: [{ports: [{name: http, containerPort: 80}]}]}, status: {phase: Running, "
	"podIPs: [{ip: 10.0.0.2}, {ip: \"fd00::2\"}], hostIP: 192.168.0.2}}\n"
	"- {apiVersion: v1, kind: Pod, metadata: {name: q, namespace: b}, spec: {hostNetwork: "
	"true, "
	"nodeName: n1}}\n"
	"- {apiVersion: v1, kind: Pod, metadata: {name: alone, namespace: a}}\n"
	"- {apiVersion: v1, kind: Service, metadata: {name: s, namespace: b}, spec: {clusterIP: "
	"10.96.0.1, selector: {app: web}, ports: [{port: 80, targetPort: http}]}}\n"
	"- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s-1, namespace: "
	"b, labels: {kubernetes.io/service-name: s}}, endpoints: [{addresses: [10.0.0.2], "
	"conditions: {ready: true}, targetRef: {kind: Pod, name: p}}], ports: [{port: 80}]}\n"
	"- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: b}, spec: "
	"{replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: "
	"web}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}}}\n"
	"- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: a}, spec: "
	"{selector: {matchExpressions: [{key: a, operator: In, values: [b, c]}]}, template: {}}}\n"
	"- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: "
	"b, "
	"annotations: {a: b}}, spec: {podSelector: {matchLabels: {app: web}, matchExpressions: "
	"[{key: a, operator: NotIn, values: [b]}]}, policyTypes: [Ingress, Egress], ingress: "
	"[{from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: "
	"[{port: http}, {port: 1, endPort: 9}]}], egress: [null, {to: [{namespaceSelector: "
	"{}}]}]}}\n"
	"- {apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: "
	"{name: t}, spec: {tier: Admin, priority: 1, subject: {pods: {podSelector: {}}}, egress: "
	"[{action: Accept, name: x, to: [{networks: [10.0.0.0/8]}, {domainNames: [a.io]}, {nodes: "
	"{}}], protocols: [{tcp: {destinationPort: {range: {start: 1, end: 2}}}}]}]}}\n"
	"- {apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy, "
	"metadata: {name: default}, spec: {subject: {namespaces: {}}, ingress: [{action: Deny, "
	"from: [{namespaces: {matchLabels: {a: b}}}], ports: [{namedPort: http}]}]}}\n";

struct budget {
	size_t left;
	size_t used;
};

static void *allocate(void *context, size_t size)
{
	struct budget *budget = context;

	budget->used++;
	if (!budget->left)
		return NULL;
	budget->left--;
	return malloc(size);
}

static void release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

/* 0, or what the first of create, read and finish that failed returned. */
static int run(struct budget *budget, char **shown)
{
	const struct weir_allocator allocator = { allocate, release, budget };
	const struct weir_cluster_options options = { .allocator = &allocator };
	struct weir_cluster *cluster = NULL;
	int status = weir_cluster_create(&options, &cluster);

	if (status)
		return status;
	status = weir_cluster_read(cluster, "sample", WEIR_FOUND_NAMED, sample, strlen(sample));
	if (!status)
		status = weir_cluster_finish(cluster);
	if (!status)
		*shown = show_cluster(cluster);
	weir_cluster_destroy(cluster);
	return status;
}

static void memory_may_run_out_anywhere(void **state)
{
	struct budget plenty = { SIZE_MAX, 0 };
	char *whole = NULL;

	(void)state;
	assert_int_equal(run(&plenty, &whole), 0);
	assert_true(plenty.used > 20);
	for (size_t i = 0; i < plenty.used; i++) {
		struct budget budget = { i, 0 };
		char *shown = NULL;

		assert_int_equal(run(&budget, &shown), -ENOMEM);
		assert_null(shown);
	}
	free(whole);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Swaps, drops and repeats pieces of text where its structure is. */
static void damage(char *text, uint64_t *seed)
{
	static const char pieces[] = "{}[],:-\"'0&*a \n/.";
	size_t length = strlen(text);

	for (uint64_t i = 1 + next(seed) % 3; i; i--) {
		size_t at = next(seed) % length;
		size_t from = next(seed) % length;
		size_t count = next(seed) % 12;

		if (next(seed) % 2)
			text[at] = pieces[next(seed) % (sizeof(pieces) - 1)];
		else if (at + count < length && from + count < length)
			memmove(text + at, text + from, count);
	}
}

static void damaged_texts_are_errors_or_clusters(void **state)
{
	const uint64_t first_seed = 0x9e3779b97f4a7c15u;
	uint64_t seed = first_seed;
	unsigned good = 0, bad = 0;
	char text[sizeof(sample)];

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char *reports;
		bool failed;

		memcpy(text, sample, sizeof(sample));
		damage(text, &seed);
		reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
		/* Who fails says why. */
		if (failed != (strstr(reports, "error ") != NULL))
			fail_msg("seed %llx, round %u:\n%s", (unsigned long long)first_seed, i,
				 text);
		good += !failed;
		bad += failed;
		free(reports);
	}
	assert_true(good > 50);
	assert_true(bad > 50);
}

/* The end of the value that begins at text: what closes around it, or the next comma. */
static const char *value_end(const char *text)
{
	int depth = 0;

	for (; *text && *text != '\n'; text++) {
		if (*text == '{' || *text == '[')
			depth++;
		else if ((*text == '}' || *text == ']') && depth-- == 0)
			break;
		else if (*text == ',' && depth == 0)
			break;
	}
	return text;
}

static void every_value_may_be_of_another_type(void **state)
{
	static const char *const others[] = {
		"null", "[]", "{}",  "[null]", "{a: null}",           "[[], 1]", "{a: {}}", "\"\"",
		"x",    "-1", "4.5", "true",   "99999999999999999999"
	};
	unsigned good = 0, bad = 0;
	char text[3 * sizeof(sample)]; /* as far as the compiler can tell */

	(void)state;
	for (const char *at = strstr(sample, "{apiVersion"); at; at = strstr(at + 1, ": ")) {
		const char *value = *at == ':' ? at + 2 : at;
		const char *end = value_end(value);

		for (size_t i = 0; i < COUNT(others); i++) {
			char *reports;
			bool failed;

			snprintf(text, sizeof(text), "%.*s%s%s", (int)(value - sample), sample,
				 others[i], end);
			reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
			if (failed != (strstr(reports, "error ") != NULL))
				fail_msg("%s\n%s", text, reports);
			good += !failed;
			bad += failed;
			free(reports);
		}
	}
	assert_true(good > 100);
	assert_true(bad > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_may_run_out_anywhere),
		cmocka_unit_test(every_value_may_be_of_another_type),
		cmocka_unit_test(damaged_texts_are_errors_or_clusters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
