/* From manifests to answers: what Services and owners come to when text is where they start. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "../k8s/cluster_of.h"
#include "weir/query.h"

static const char shop[] =
	"{kind: Deployment, apiVersion: apps/v1, metadata: {namespace: shop, name: web},\n"
	"  spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: "
	"web}}}}}\n"
	"---\n"
	"{kind: Pod, apiVersion: v1, metadata: {namespace: shop, name: web-5d8f-a,\n"
	"    labels: {app: web, pod-template-hash: 5d8f},\n"
	"    ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d8f, uid: x,\n"
	"      controller: true}]},\n"
	"  spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]},\n"
	"  status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}}\n"
	"---\n"
	"{kind: Pod, apiVersion: v1, metadata: {namespace: shop, name: web-5d8f-b,\n"
	"    labels: {app: web, pod-template-hash: 5d8f},\n"
	"    ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d8f, uid: x,\n"
	"      controller: true}]},\n"
	"  spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]},\n"
	"  status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}}\n"
	"---\n"
	"{kind: Pod, apiVersion: v1, metadata: {namespace: shop, name: db, labels: {app: db}},\n"
	"  spec: {containers: [{name: c}]},\n"
	"  status: {phase: Running, podIPs: [{ip: 10.0.0.9}]}}\n"
	"---\n"
	"{kind: Service, apiVersion: v1, metadata: {namespace: shop, name: web},\n"
	"  spec: {clusterIP: 10.96.0.1, selector: {app: web},\n"
	"    ports: [{port: 80, targetPort: http}]}}\n"
	"---\n"
	"{kind: Service, apiVersion: v1, metadata: {namespace: shop, name: db},\n"
	"  spec: {clusterIP: 10.96.0.2, selector: {app: db},\n"
	"    ports: [{port: 5432, targetPort: 85}]}}\n"
	"---\n"
	"{kind: Service, apiVersion: v1, metadata: {namespace: shop, name: sliced},\n"
	"  spec: {clusterIP: 10.96.0.3, selector: {app: web}, ports: [{port: 80}]}}\n"
	"---\n"
	"{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1,\n"
	"  metadata: {namespace: shop, name: sliced-x,\n"
	"    labels: {kubernetes.io/service-name: sliced}},\n"
	"  addressType: IPv4, ports: [{name: '', port: 85, protocol: TCP}],\n"
	"  endpoints: [{addresses: [10.0.0.9], conditions: {ready: true}},\n"
	"    {addresses: [10.0.0.1], conditions: {ready: false}}]}\n"
	"---\n"
	"{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1,\n"
	"  metadata: {namespace: shop, name: web},\n"
	"  spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress],\n"
	"    ingress: [{ports: [{port: 80}]}]}}\n"
	"---\n"
	"{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1,\n"
	"  metadata: {namespace: shop, name: db},\n"
	"  spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress],\n"
	"    ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 85}]}]}}\n"
	"---\n"
	"{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1,\n"
	"  metadata: {namespace: shop, name: web-out},\n"
	"  spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],\n"
	"    egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}}\n";

static const struct {
	const char *name;
	const char *from;
	const char *to;
	uint16_t port;
	const char *answer;
} cases[] = {
	{ "C28: egress to pods, through their Service's address", "shop/web-5d8f-a", "10.96.0.2",
	  5432, "allow: 10.0.0.9:85 allow" },
	{ "C29: the Service's port is not the pod's", "shop/web-5d8f-a", "shop/db", 5432,
	  "deny: 10.0.0.9:5432 deny" },
	{ "C29: the pod's port", "shop/web-5d8f-a", "shop/db", 85, "allow: 10.0.0.9:85 allow" },
	{ "C30: a named target port is another number on one pod", "8.8.8.8", "shop/Service/web",
	  80, "mixed: 10.0.0.1:80 allow, 10.0.0.2:8080 deny" },
	{ "C27: a pod through its Service to itself", "shop/web-5d8f-b", "shop/Service/web", 80,
	  "mixed: 10.0.0.1:80 deny, 10.0.0.2:8080 allow" },
	{ "S15: slices say what is ready", "shop/web-5d8f-b", "shop/svc/sliced", 80,
	  "allow: 10.0.0.9:85 allow" },
	{ "a Deployment's pods without their ReplicaSet", "shop/deploy/web", "shop/db", 85,
	  "allow: 10.0.0.9:85 allow, 10.0.0.9:85 allow" },
	{ "a ReplicaSet that is named only", "shop/rs/web-5d8f", "shop/db", 86,
	  "deny: 10.0.0.9:86 deny, 10.0.0.9:86 deny" },
	{ "C26: a pod to its own address under policies", "shop/web-5d8f-a", "10.0.0.1", 1,
	  "allow: 10.0.0.1:1 allow" },
};

static void describe(const struct weir_answer *answer, char *text, size_t size)
{
	static const char *const kinds[] = { "deny", "allow", "ambiguous", "mixed" };
	size_t length = (size_t)snprintf(text, size, "%s", kinds[answer->kind]);

	for (size_t i = 0; i < answer->pair_count; i++) {
		const struct weir_answer_pair *pair = &answer->pairs[i];
		char address[WEIR_ADDRESS_TEXT];

		weir_address_format(&pair->key.destination, address);
		length += (size_t)snprintf(text + length, size - length, "%s %s:%u %s",
					   i ? "," : ":", address, pair->key.destination_port,
					   kinds[pair->explanation.verdict.action]);
	}
}

static void manifests_answer(void **state)
{
	struct weir_cluster *cluster = cluster_of(shop);
	struct weir_resolved *resolved;
	struct weir_querier *querier;
	struct weir_policy *policy;
	struct weir_error error;
	char text[512];

	(void)state;
	assert_int_equal(weir_cluster_resolve(cluster, NULL, &resolved), 0);
	if (weir_compile(resolved, NULL, &policy, &error))
		fail_msg("%s", error.text);
	weir_resolved_destroy(resolved);
	weir_cluster_destroy(cluster);
	assert_int_equal(weir_querier_create(policy, NULL, &querier), 0);
	weir_policy_unref(policy);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct weir_query query = { .from = cases[i].from,
						  .to = cases[i].to,
						  .port = cases[i].port,
						  .has_port = true,
						  .protocol = WEIR_PROTOCOL_TCP };
		struct weir_answer answer;

		if (weir_querier_ask(querier, &query, &answer, &error))
			fail_msg("%s: %s", cases[i].name, error.text);
		describe(&answer, text, sizeof(text));
		if (strcmp(text, cases[i].answer) != 0)
			fail_msg("%s: %s", cases[i].name, text);
	}
	weir_querier_destroy(querier);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(manifests_answer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
