/*
 * What slim writes reads as the same objects. Objects given twice must say the same to be accepted,
 * so a cluster that reads the original and its slim form compares them.
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"
#include "objects.h"

static const char tiers[] =
	"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
	"metadata: {name: cnp, labels: {x: \"1\"}}\n"
	"spec:\n  tier: Baseline\n  priority: 7\n"
	"  subject: {pods: {podSelector: {matchLabels: {a: b}}}}\n"
	"  egress:\n  - name: \"first: \\\"rule\\\"\"\n    action: Accept\n    to:\n"
	"    - networks: [10.0.0.0/8, \"fd00::/8\"]\n    - nodes: {matchLabels: {pool: x}}\n"
	"    - domainNames: [\"*.example.com\", a.b.]\n"
	"    protocols:\n    - tcp: {destinationPort: {number: 80}}\n"
	"    - udp: {destinationPort: {number: 53}}\n"
	"    - sctp: {destinationPort: {range: {start: 1, end: 9}}}\n"
	"  - {action: Pass, to: [{namespaces: {}}], protocols: [{destinationNamedPort: http}]}\n"
	"---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
	"metadata: {name: anp}\nspec:\n  priority: 0\n"
	"  subject: {namespaces: {matchLabels: {team: x}}}\n"
	"  ingress:\n  - action: Allow\n"
	"    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {c: d}}}}]\n"
	"    ports: [{portNumber: {port: 53, protocol: UDP}}, {portRange: {start: 8000, end: "
	"8080}},\n"
	"      {namedPort: http}]\n"
	"---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\n"
	"metadata: {name: default}\n"
	"spec: {subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: "
	"[10.0.0.0/8]}]}]}\n";

static const char objects[] =
	"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {team: \"yes\", "
	"\"a.b/c\": '1'}\n"
	"---\napiVersion: v1\nkind: Node\nmetadata:\n  name: n1\n"
	"  annotations: {projectcalico.org/IPv4IPIPTunnelAddr: 10.244.1.77, note: TOP-SECRET}\n"
	"spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24, \"fd00:1::/64\"]}\n"
	"status:\n  addresses: [{type: InternalIP, address: 172.18.0.2}, {type: Hostname, address: "
	"n1}]\n"
	"---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web-1\n  namespace: shop\n"
	"  labels: {app: web, pod-template-hash: 5d4f8c7b9d}\n"
	"  annotations: {token: TOP-SECRET}\n"
	"  ownerReferences:\n  - {apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c7b9d, "
	"controller: true, uid: x}\n"
	"spec:\n  nodeName: n1\n  containers:\n  - name: a\n    env: [{name: PASSWORD, value: "
	"TOP-SECRET}]\n"
	"    ports: [{containerPort: 8080, name: http}, {containerPort: 53, name: dns, protocol: "
	"UDP}]\n"
	"  - name: b\n    ports: [{containerPort: 9090, name: http}, {containerPort: 9999, "
	"protocol: SCTP}]\n"
	"  initContainers:\n  - {name: i, restartPolicy: Always, ports: [{containerPort: 7070}]}\n"
	"status: {phase: Running, hostIP: 172.18.0.2, hostIPs: [{ip: 172.18.0.2}],\n"
	"  podIPs: [{ip: 10.244.1.5}, {ip: \"fd00:1::5\"}]}\n"
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: done, namespace: shop}\n"
	"status: {phase: Failed, podIP: 10.244.1.5}\n"
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: waiting, namespace: shop}\n"
	"status: {phase: Pending, podIP: 10.244.1.9}\n"
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: shop}\n"
	"spec: {hostNetwork: true, nodeName: n1}\nstatus: {phase: Running, podIP: 172.18.0.2, "
	"hostIP: 172.18.0.2}\n"
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
	"spec:\n  replicas: 3\n  selector: {matchLabels: {app: web}, matchExpressions: [{key: x, "
	"operator: NotIn, values: [\"1\", \"2\"]}]}\n"
	"  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - "
	"{name: a, ports: [{containerPort: 8080, name: http}]}\n"
	"---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: night, namespace: shop}\n"
	"spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: night}}, spec: "
	"{hostNetwork: true, nodeName: n1}}}}}\n"
	"---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: once, namespace: shop}\nspec: "
	"{template: {}}\n"
	"---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: none, namespace: "
	"shop}\nspec: {replicas: 0}\n"
	"---\napiVersion: v1\nkind: ReplicationController\nmetadata: {name: old, namespace: shop}\n"
	"spec: {selector: {app: old}, template: {metadata: {labels: {app: old}}}}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
	"spec:\n  type: LoadBalancer\n  clusterIP: 10.96.0.7\n  clusterIPs: [10.96.0.7]\n  "
	"externalIPs: [192.0.2.7]\n"
	"  selector: {app: web}\n  publishNotReadyAddresses: true\n"
	"  ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}, {name: q, port: 53, "
	"protocol: UDP}]\n"
	"status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\n"
	"spec: {clusterIP: None, ports: [{port: 3306, targetPort: 3307}]}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: away, namespace: shop}\n"
	"spec: {type: ExternalName, externalName: example.org}\n"
	"---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-x, "
	"namespace: shop, labels: {kubernetes.io/service-name: web}}\n"
	"addressType: IPv4\nendpoints:\n- {addresses: [10.244.1.5], conditions: {ready: true}, "
	"targetRef: {kind: Pod, name: web-1}}\n"
	"- {addresses: [10.244.1.9], conditions: {ready: false}}\n- {addresses: [192.0.2.9]}\n"
	"ports: [{name: http, port: 8080}, {name: q, port: 53, protocol: UDP}]\n";

static const char policies[] =
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, "
	"namespace: shop}\n"
	"spec:\n  podSelector: {matchLabels: {app: web}, matchExpressions: [{key: a, operator: "
	"Exists}, {key: b, operator: DoesNotExist}]}\n"
	"  policyTypes: [Ingress, Egress]\n  ingress:\n  - {}\n"
	"  - from:\n    - podSelector: {}\n    - namespaceSelector: {matchLabels: {team: "
	"\"yes\"}}\n      podSelector: {matchLabels: {app: x}}\n"
	"    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}\n    - ipBlock: "
	"{cidr: \"fd00::/8\"}\n"
	"    ports: [{port: 80}, {port: http}, {protocol: UDP}, {protocol: SCTP, port: 1000, "
	"endPort: 2000}, {}]\n"
	"  egress:\n  - to: [{namespaceSelector: {}}]\n"
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, "
	"namespace: shop}\nspec: {}\n";

static char whole[sizeof(objects) + sizeof(policies) + sizeof(tiers) + 8];

static int join(void **state)
{
	(void)state;
	snprintf(whole, sizeof(whole), "%s%s---\n%s", objects, policies, tiers);
	return 0;
}

struct sink {
	FILE *out;
	unsigned calls;
};

static int write_text(void *context, const char *bytes, size_t length)
{
	struct sink *sink = context;

	return fwrite(bytes, 1, length, sink->out) == length ? 0 : -EIO;
}

static char *slim(const struct weir_cluster *cluster)
{
	char *text = NULL;
	size_t length = 0;
	struct sink sink = { .out = open_memstream(&text, &length) };

	assert_int_equal(weir_cluster_slim(cluster, write_text, &sink), 0);
	fclose(sink.out);
	return text;
}

static char *slim_text(const char *yaml)
{
	struct weir_cluster *cluster = cluster_of(yaml);
	char *text = slim(cluster);

	weir_cluster_destroy(cluster);
	return text;
}

static void what_is_read_again_is_equal(void **state)
{
	char *text = slim_text(whole);
	char *both = NULL;
	struct weir_cluster *once = cluster_of(whole);
	struct weir_cluster *twice;
	struct weir_cluster_counts a, b;

	(void)state;
	assert_true(asprintf(&both, "%s%s", whole, text) > 0);
	twice = cluster_of(both); /* fails where two objects of one name differ */
	weir_cluster_count(once, &a);
	weir_cluster_count(twice, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	weir_cluster_destroy(once);
	once = cluster_of(text);
	weir_cluster_count(once, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	weir_cluster_destroy(once);
	weir_cluster_destroy(twice);
	free(both);
	free(text);
}

static void slimming_twice_changes_nothing(void **state)
{
	char *once = slim_text(whole);
	char *twice = slim_text(once);

	(void)state;
	assert_string_equal(once, twice);
	free(once);
	free(twice);
}

/* Addresses that the program gave stay, and pods that stand for workloads get the same again. */
static void given_addresses_stay(void **state)
{
	static const char yaml[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n"
				   "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: "
				   "{ipFamilies: [IPv6]}\n---\n"
				   "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: "
				   "d}\nspec: {replicas: 2, template: {}}\n";
	struct weir_cluster *first = cluster_of(yaml);
	char *text = slim(first);
	struct weir_cluster *second = cluster_of(text);
	const struct k8s_pod *a = first->pods.items;
	const struct k8s_pod *b = second->pods.items;

	(void)state;
	assert_int_equal(first->pods.count, 3);
	assert_int_equal(second->pods.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(a[i].meta.name, b[i].meta.name);
		assert_int_equal(a[i].synthetic, b[i].synthetic);
		assert_int_equal(a[i].address_count, 2);
		assert_int_equal(b[i].address_count, 2);
		assert_memory_equal(a[i].addresses, b[i].addresses, 2 * sizeof(*a[i].addresses));
	}
	weir_cluster_destroy(first);
	weir_cluster_destroy(second);
	free(text);
}

static void nothing_private_is_written(void **state)
{
	static const char *const words[] = { "TOP-SECRET", "annotations", "env",     "PASSWORD",
					     "uid",        "synthetic",   "Hostname" };
	char *text = slim_text(whole);

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		assert_null(strstr(text, words[i]));
	free(text);
}

static void it_looks_like_a_manifest(void **state)
{
	char *text = slim_text("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
			       "metadata: {name: p}\nspec:\n  podSelector: {}\n  ingress:\n"
			       "  - from: [{podSelector: {matchLabels: {app: \"on\"}}}]\n"
			       "    ports: [{port: 80}]\n  - null\n");

	(void)state;
	assert_string_equal(
		text, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n"
		      "  name: \"p\"\n  namespace: \"default\"\nspec:\n  podSelector: {}\n"
		      "  policyTypes:\n    - \"Ingress\"\n  ingress:\n    - from:\n"
		      "        - podSelector:\n            matchExpressions:\n"
		      "              - key: \"app\"\n                operator: In\n"
		      "                values:\n                  - \"on\"\n      ports:\n"
		      "        - protocol: TCP\n          port: 80\n    - null\n");
	free(text);
}

static int refuse(void *context, const char *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	++*(unsigned *)context;
	return -ENOSPC;
}

static void a_failed_write_ends_the_writing(void **state)
{
	struct weir_cluster *cluster = cluster_of(whole);
	unsigned calls = 0;

	(void)state;
	assert_int_equal(weir_cluster_slim(cluster, refuse, &calls), -ENOSPC);
	assert_int_equal(calls, 1);
	weir_cluster_destroy(cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_again_is_equal),
		cmocka_unit_test(slimming_twice_changes_nothing),
		cmocka_unit_test(given_addresses_stay),
		cmocka_unit_test(nothing_private_is_written),
		cmocka_unit_test(it_looks_like_a_manifest),
		cmocka_unit_test(a_failed_write_ends_the_writing),
	};

	return cmocka_run_group_tests(tests, join, NULL);
}
