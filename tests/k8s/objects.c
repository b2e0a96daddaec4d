/*
 * Text to objects: what is kept of every kind, and what the whole adds. Each row is a text and the
 * cluster that it becomes, as show.h writes it.
 */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"
#include "show.h"

struct row {
	const char *name;
	const char *yaml;
	const char *cluster;
};

static void check_with(const struct weir_cluster_options *options, const struct row *row)
{
	struct weir_cluster *cluster = cluster_with(options, row->yaml);
	char *shown = show_cluster(cluster);

	if (strcmp(shown, row->cluster) != 0)
		print_error("%s:\n%s", row->name, row->yaml);
	assert_string_equal(shown, row->cluster);
	free(shown);
	weir_cluster_destroy(cluster);
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_with(NULL, &rows[i]);
}

#define POD(meta, rest) "{apiVersion: v1, kind: Pod, metadata: {" meta "}, " rest "}\n---\n"
#define POLICY(name, spec)                                                                         \
	"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: " name           \
	", namespace: a}, spec: " spec "}\n---\n"
#define IMPLIED(name) "namespace " name " {kubernetes.io/metadata.name=" name "} implied\n"

static const struct row pods[] = {
	{ "a pod of a dump, with its noise",
	  "apiVersion: v1\n"
	  "kind: Pod\n"
	  "metadata:\n"
	  "  annotations: {note: x}\n"
	  "  creationTimestamp: \"2026-01-01T00:00:00Z\"\n"
	  "  labels: {tier: front, app: web}\n"
	  "  name: web-5d-x\n"
	  "  namespace: shop\n"
	  "  ownerReferences:\n"
	  "  - {apiVersion: v1, kind: ConfigMap, name: other, uid: u}\n"
	  "  - {apiVersion: apps/v1, kind: ReplicaSet, name: web-5d, controller: true}\n"
	  "spec:\n"
	  "  nodeName: n1\n"
	  "  unheardOf: {a: [1, 2]}\n"
	  "  containers:\n"
	  "  - {name: a, env: [{name: P, value: x}], ports: [{name: http, containerPort: 80}]}\n"
	  "  - {name: b, ports: [{containerPort: 53, protocol: UDP}]}\n"
	  "status:\n"
	  "  phase: Running\n"
	  "  hostIP: 192.168.0.1\n"
	  "  podIP: 10.0.0.1\n"
	  "  podIPs: [{ip: 10.0.0.1}, {ip: \"fd00::1\"}]\n",
	  IMPLIED("shop") "node n1 192.168.0.1 implied\n"
			  "pod shop/web-5d-x {app=web,tier=front} 10.0.0.1 fd00::1 on n1 running "
			  "ports http=80/TCP, 53/UDP owner ReplicaSet/web-5d\n" },
	{ "S20 podIP where podIPs are missing",
	  POD("name: a", "status: {phase: Running, podIP: 10.0.0.1}"),
	  IMPLIED("default") "pod default/a {} 10.0.0.1 running\n" },
	{ "S17 phases",
	  POD("name: a", "status: {phase: Pending, podIP: 10.0.0.1}")
		  POD("name: b", "status: {phase: Unknown, podIP: 10.0.0.2}")
			  POD("name: c", "status: {phase: Succeeded, podIP: 10.0.0.3}")
				  POD("name: d", "status: {phase: Failed}")
					  POD("name: e", "status: {podIP: 10.0.0.5}"),
	  IMPLIED("default") "pod default/a {} 10.0.0.1 pending\n"
			     "pod default/b {} 10.0.0.2 pending\n"
			     "pod default/c {} 10.0.0.3 finished\n"
			     "pod default/d {} finished\n"
			     "pod default/e {} 10.0.0.5 running\n" },
	{ "C17 ports of restartable init containers, and of no other",
	  POD("name: a", "spec: {containers: [{ports: [{containerPort: 1}]}], initContainers: ["
			 "{restartPolicy: Always, ports: [{name: side, containerPort: 2}]}, "
			 "{ports: [{containerPort: 3}]}]}, status: {podIP: 10.0.0.1}"),
	  IMPLIED("default") "pod default/a {} 10.0.0.1 running ports 1/TCP, side=2/TCP\n" },
	{ "S13 a hostNetwork pod without an address has its node's",
	  POD("name: a", "spec: {hostNetwork: true, nodeName: n1}, status: {hostIP: 192.168.0.1}")
		  POD("name: b", "spec: {hostNetwork: true, nodeName: n1}")
			  POD("name: c", "spec: {hostNetwork: true}"),
	  IMPLIED("default") "node n1 192.168.0.1 implied\n"
			     "pod default/a {} 192.168.0.1 on n1 host-network running\n"
			     "pod default/b {} 192.168.0.1 on n1 host-network running\n"
			     "pod default/c {} host-network running\n" },
	{ "objects come out sorted",
	  POD("name: b, namespace: yy", "status: {podIP: 10.0.0.4}")
		  POD("name: a, namespace: yy", "status: {podIP: 10.0.0.3}")
			  POD("name: c, namespace: xx", "status: {podIP: 10.0.0.2}")
				  POD("name: a-b, namespace: yy", "status: {podIP: 10.0.0.1}"),
	  IMPLIED("xx") IMPLIED("yy") "pod xx/c {} 10.0.0.2 running\n"
				      "pod yy/a {} 10.0.0.3 running\n"
				      "pod yy/a-b {} 10.0.0.1 running\n"
				      "pod yy/b {} 10.0.0.4 running\n" },
	{ "a List, a typed list, JSON",
	  "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \"v1\", "
	  "\"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"status\": {\"podIP\": "
	  "\"10.0.0.1\"}}]}\n---\n"
	  "apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: b}, status: {podIP: "
	  "10.0.0.2}}\n",
	  IMPLIED("default") "pod default/a {} 10.0.0.1 running\n"
			     "pod default/b {} 10.0.0.2 running\n" },
};

static const struct row places[] = {
	{ "S19 a namespace's label is its name, whatever the file says",
	  "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {z: w}}}\n---\n"
	  "{apiVersion: v1, kind: Namespace, metadata: {name: b, labels: "
	  "{kubernetes.io/metadata.name: x, a: b}}}\n",
	  "namespace a {kubernetes.io/metadata.name=a,z=w}\n"
	  "namespace b {a=b,kubernetes.io/metadata.name=b}\n" },
	{ "S19 a missing namespace is default, a namespace that is only named is implied",
	  POLICY("p", "{}") "{apiVersion: v1, kind: Service, metadata: {name: s}}\n---\n"
			    "{apiVersion: v1, kind: Namespace, metadata: {name: b}}\n",
	  IMPLIED("a") "namespace b {kubernetes.io/metadata.name=b}\n" IMPLIED(
		  "default") "service default/s\n"
			     "policy a/p select all isolates ingress\n" },
	{ "T17 a node's addresses",
	  "apiVersion: v1\n"
	  "kind: Node\n"
	  "metadata:\n"
	  "  name: n1\n"
	  "  annotations:\n"
	  "    projectcalico.org/IPv4Address: 172.16.0.1/24\n"
	  "    projectcalico.org/IPv4IPIPTunnelAddr: 10.0.0.64\n"
	  "    projectcalico.org/IPv4VXLANTunnelAddr: 10.0.0.65\n"
	  "    projectcalico.org/IPv6VXLANTunnelAddr: fd00::65\n"
	  "    projectcalico.org/IPv4WireguardInterfaceAddr: 10.0.0.66\n"
	  "    network.cilium.io/ipv4-cilium-host: 10.0.0.67\n"
	  "    network.cilium.io/ipv4-health-ip: 10.0.0.68\n"
	  "    io.cilium.network.ipv4-cilium-host: 10.0.0.67\n"
	  "spec:\n"
	  "  podCIDR: 10.0.0.0/24\n"
	  "  podCIDRs: [10.0.0.0/24, \"fd00::/64\"]\n"
	  "status:\n"
	  "  addresses:\n"
	  "  - {type: InternalIP, address: 192.168.0.1}\n"
	  "  - {type: Hostname, address: n1}\n"
	  "  - {type: ExternalIP, address: 1.2.3.4}\n",
	  "node n1 192.168.0.1 1.2.3.4 10.0.0.1 fd00::1 172.16.0.1 10.0.0.64 10.0.0.65 fd00::65 "
	  "10.0.0.66 10.0.0.67 10.0.0.68 pods 10.0.0.0/24 fd00::/64\n" },
	{ "T17 podCIDR where podCIDRs are missing",
	  "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.1.0.0/24}}\n",
	  "node n1 10.1.0.1 pods 10.1.0.0/24\n" },
	{ "nodes that pods name, and addresses of finished pods are old ones",
	  POD("name: a", "spec: {nodeName: n1}, status: {podIP: 10.0.0.1, hostIPs: [{ip: "
			 "192.168.0.1}, {ip: \"fd00::1\"}]}")
		  POD("name: b", "spec: {nodeName: n1}, status: {podIP: 10.0.0.2, hostIP: "
				 "192.168.0.1}")
			  POD("name: c", "spec: {nodeName: m1}, status: {phase: Failed, hostIP: "
					 "192.168.0.9}"),
	  IMPLIED("default") "node m1 implied\n"
			     "node n1 192.168.0.1 fd00::1 implied\n"
			     "pod default/a {} 10.0.0.1 on n1 running\n"
			     "pod default/b {} 10.0.0.2 on n1 running\n"
			     "pod default/c {} on m1 finished\n" },
};

static const struct row services[] = {
	{ "a service with all its addresses and ports",
	  "apiVersion: v1\n"
	  "kind: Service\n"
	  "metadata: {name: web, namespace: a}\n"
	  "spec:\n"
	  "  type: LoadBalancer\n"
	  "  clusterIP: 10.96.0.1\n"
	  "  clusterIPs: [10.96.0.1, \"fd01::1\"]\n"
	  "  externalIPs: [9.9.9.9]\n"
	  "  selector: {app: web, tier: front}\n"
	  "  ports:\n"
	  "  - {name: http, port: 80, targetPort: web, nodePort: 30080}\n"
	  "  - {name: dns, port: 53, protocol: UDP}\n"
	  "  - {name: alt, port: 81, targetPort: 8081}\n"
	  "status: {loadBalancer: {ingress: [{ip: 1.2.3.4}, {hostname: lb.example.com}]}}\n",
	  IMPLIED("a") "service a/web select app=web,tier=front 10.96.0.1 fd01::1 9.9.9.9 1.2.3.4 "
		       "ports http=80/TCP->web node 30080, dns=53/UDP->53, alt=81/TCP->8081\n" },
	{ "headless, external by name, for pods that are not ready, and without selector",
	  "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: a}, spec: {clusterIP: "
	  "None, clusterIPs: [None], selector: {a: b}, publishNotReadyAddresses: true}}\n---\n"
	  "{apiVersion: v1, kind: Service, metadata: {name: b, namespace: a}, spec: {type: "
	  "ExternalName, externalName: example.com}}\n---\n"
	  "{apiVersion: v1, kind: Service, metadata: {name: c, namespace: a}, spec: {clusterIP: "
	  "\"\", selector: {}}}\n",
	  IMPLIED("a") "service a/a select a=b headless not-ready-too\n"
		       "service a/b external-name\n"
		       "service a/c\n" },
	{ "slices: a missing condition is ready, and a missing port number is none",
	  "apiVersion: discovery.k8s.io/v1\n"
	  "kind: EndpointSlice\n"
	  "metadata: {name: web-1, namespace: a, labels: {kubernetes.io/service-name: web}}\n"
	  "addressType: IPv4\n"
	  "endpoints:\n"
	  "- {addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: p}}\n"
	  "- {addresses: [10.0.0.2], conditions: {ready: false, serving: true}}\n"
	  "- {addresses: [10.0.0.3], conditions: {}}\n"
	  "- {addresses: [10.0.0.4], conditions: {ready: null}, targetRef: {kind: Node, name: "
	  "n1}}\n"
	  "ports: [{name: http, port: 8080}, {name: \"\", port: 53, protocol: UDP}, {name: x}]\n",
	  IMPLIED("a") "slice a/web-1 of web 10.0.0.1(ready, pod p) 10.0.0.2(not ready) "
		       "10.0.0.3(ready) 10.0.0.4(ready) ports http=8080/TCP, 53/UDP, x=0/TCP\n" },
	{ "a slice of names, of no service",
	  "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, namespace: "
	  "a}, "
	  "addressType: FQDN, endpoints: [{addresses: [example.com]}]}\n",
	  IMPLIED("a") "slice a/s of nothing\n" },
};

static const struct row policies[] = {
	{ "S3 without types: ingress",
	  POLICY("a", "{podSelector: {}, egress: []}")
		  POLICY("b", "{egress: [{}], policyTypes: []}") POLICY("c", "{policyTypes: null}"),
	  IMPLIED("a") "policy a/a select all isolates ingress\n"
		       "policy a/b select all isolates ingress egress\n"
		       "  egress\n"
		       "policy a/c select all isolates ingress\n" },
	{ "S3 types as they are written",
	  POLICY("a", "{policyTypes: [Egress]}")
		  POLICY("b", "{policyTypes: [Ingress], egress: [{}]}")
			  POLICY("c", "{policyTypes: [Egress, Ingress]}")
				  POLICY("d", "{policyTypes: [Ingress, Ingress]}"),
	  IMPLIED("a") "policy a/a select all isolates egress\n"
		       "policy a/b select all isolates ingress\n"
		       "  egress\n"
		       "policy a/c select all isolates ingress egress\n"
		       "policy a/d select all isolates ingress\n" },
	{ "S4 rules that are null, a selector that is null, no spec at all",
	  POLICY("a", "{ingress: [null], podSelector: null}")
		  POLICY("b", "{ingress: null, egress: null}") POLICY("c", "null"),
	  IMPLIED("a") "policy a/a select all isolates ingress\n"
		       "  ingress null\n"
		       "policy a/b select all isolates ingress\n"
		       "policy a/c select all isolates ingress\n" },
	{ "S5 peers and ports missing or empty",
	  POLICY("a", "{ingress: [{}, {from: []}, {ports: []}, {from: null, ports: null}]}"),
	  IMPLIED("a") "policy a/a select all isolates ingress\n"
		       "  ingress\n  ingress\n  ingress\n  ingress\n" },
	{ "S6 peers",
	  POLICY("a",
		 "{ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}, {podSelector: "
		 "{matchLabels: {a: b}}, namespaceSelector: {matchLabels: {c: d}}}, {ipBlock: "
		 "{cidr: 10.0.0.0/8}}]}]}"),
	  IMPLIED("a") "policy a/a select all isolates ingress\n"
		       "  ingress peers pods all | namespaces all | namespaces c=d pods a=b | "
		       "block "
		       "10.0.0.0/8\n" },
	{ "S7 selectors",
	  POLICY("a",
		 "{podSelector: {matchLabels: {app: web, e: \"\"}, matchExpressions: [{key: a, "
		 "operator: In, values: [x, \"1\"]}, {key: b, operator: NotIn, values: [w]}, "
		 "{key: example.com/c, operator: Exists}, {key: d, operator: DoesNotExist, "
		 "values: []}]}}"),
	  IMPLIED("a") "policy a/a select app=web,e=,a=x/1,b!=w,example.com/c,!d isolates "
		       "ingress\n" },
	{ "S8 C10 blocks, whose host bits are masked",
	  POLICY("a", "{egress: [{to: [{ipBlock: {cidr: 10.10.1.12/24, except: [10.10.1.129/25]}}, "
		      "{ipBlock: {cidr: \"::/0\", except: [\"fd00::/8\"]}}, {ipBlock: {cidr: "
		      "0.0.0.0/0, except: []}}]}]}"),
	  IMPLIED("a") "policy a/a select all isolates ingress egress\n"
		       "  egress peers block 10.10.1.0/24 but 10.10.1.128/25 (host bits) | block "
		       "::/0 but fd00::/8 | block 0.0.0.0/0\n" },
	{ "S9 C1 C3 ports",
	  POLICY("a", "{ingress: [{ports: [{}, null, {port: 80}, {protocol: UDP}, {protocol: SCTP, "
		      "port: 1, endPort: 65535}, {port: http}, {port: 53, endPort: 53}]}]}"),
	  IMPLIED("a") "policy a/a select all isolates ingress\n"
		       "  ingress ports any/TCP, any/TCP, 80/TCP, any/UDP, 1-65535/SCTP, http/TCP, "
		       "53/TCP\n" },
};

static void pods_are_read(void **state)
{
	(void)state;
	check_rows(pods, COUNT(pods));
}

static void namespaces_and_nodes_are_read(void **state)
{
	(void)state;
	check_rows(places, COUNT(places));
}

static void services_are_read(void **state)
{
	(void)state;
	check_rows(services, COUNT(services));
}

static void policies_are_read(void **state)
{
	(void)state;
	check_rows(policies, COUNT(policies));
}

/* Only their pods depend on hashes, so these have none. */
static const struct row workloads[] = {
	{ "every kind, its template, its selector and its replicas",
	  "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: a}, spec: "
	  "{replicas: "
	  "0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b, c: d}}, spec: "
	  "{hostNetwork: true, containers: [{ports: [{name: x, containerPort: 1}]}]}}}}\n---\n"
	  "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: a}, spec: "
	  "{selector: {matchExpressions: [{key: a, operator: Exists}]}}}\n---\n"
	  "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: e, namespace: a}}\n---\n"
	  "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: r, namespace: a, "
	  "ownerReferences: [{kind: Deployment, name: d, controller: true}]}, spec: {replicas: 3}}"
	  "\n---\n"
	  "{apiVersion: v1, kind: ReplicationController, metadata: {name: c, namespace: a}, spec: "
	  "{replicas: 0, template: {metadata: {labels: {x: w}}}}}\n---\n"
	  "{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: a}}\n---\n"
	  "{apiVersion: batch/v1, kind: CronJob, metadata: {name: k, namespace: a}, spec: "
	  "{jobTemplate: {spec: {}}}}\n",
	  IMPLIED("a") "workload a/CronJob/k replicas 1\n"
		       "workload a/DaemonSet/e replicas 1\n"
		       "workload a/Deployment/d select a=b replicas 0 template {a=b,c=d} "
		       "host-network ports x=1/TCP\n"
		       "workload a/Job/j replicas 1\n"
		       "workload a/ReplicaSet/r replicas 3 owner Deployment/d\n"
		       "workload a/ReplicationController/c select x=w replicas 0 template {x=w}\n"
		       "workload a/StatefulSet/s select a replicas 1\n" },
};

static void workloads_are_read(void **state)
{
	(void)state;
	check_rows(workloads, COUNT(workloads));
}

static struct weir_prefix prefix(const char *text)
{
	struct weir_prefix out;

	assert_int_equal(weir_prefix_parse(text, strlen(text), &out, NULL), 0);
	return out;
}

static void options_add_nodes_addresses_and_ranges(void **state)
{
	const struct weir_prefix cidrs[] = { prefix("10.2.0.0/16"), prefix("10.1.0.0/24"),
					     prefix("10.2.0.0/16") };
	struct weir_node_address addresses[2] = { { .node = "n1" }, { .node = "m1" } };
	const struct weir_cluster_options options = { .cluster_cidrs = cidrs,
						      .cluster_cidr_count = COUNT(cidrs),
						      .node_addresses = addresses,
						      .node_address_count = COUNT(addresses) };
	const struct row row = { "options",
				 "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: "
				 "{podCIDR: 10.1.0.0/24}}\n",
				 "node m1 172.16.0.2 implied\n"
				 "node n1 10.1.0.1 172.16.0.1 pods 10.1.0.0/24\n" };
	struct weir_cluster *cluster;

	(void)state;
	assert_int_equal(weir_address_parse("172.16.0.1", 10, &addresses[0].address), 0);
	assert_int_equal(weir_address_parse("172.16.0.2", 10, &addresses[1].address), 0);
	check_with(&options, &row);
	cluster = cluster_with(&options, row.yaml);
	assert_int_equal(cluster->pod_range_count, 2);
	assert_memory_equal(&cluster->pod_ranges[0], &cidrs[1], sizeof(cidrs[1]));
	assert_memory_equal(&cluster->pod_ranges[1], &cidrs[0], sizeof(cidrs[0]));
	weir_cluster_destroy(cluster);
}

static void equal_labels_and_ports_are_kept_once(void **state)
{
	struct weir_cluster *cluster = cluster_of(
		POD("name: a, labels: {x: w, a: b}", "spec: {containers: [{ports: "
						     "[{containerPort: 1}]}]}")
			POD("name: b, labels: {a: b, x: w}", "spec: {containers: [{ports: "
							     "[{containerPort: 1}]}]}"));
	const struct k8s_pod *a = k8s_find_pod(cluster, "default", "a");
	const struct k8s_pod *b = k8s_find_pod(cluster, "default", "b");

	(void)state;
	assert_ptr_equal(a->meta.labels.items, b->meta.labels.items);
	assert_ptr_equal(a->ports, b->ports);
	assert_null(k8s_find_pod(cluster, "default", "c"));
	assert_null(k8s_find_pod(cluster, "other", "a"));
	assert_null(k8s_find_node(cluster, "a"));
	assert_null(k8s_find_namespace(cluster, "a"));
	weir_cluster_destroy(cluster);
}

static void objects_are_counted(void **state)
{
	struct weir_cluster *cluster = cluster_of(POD("name: a", "") POLICY(
		"p", "{}") "{apiVersion: v1, kind: ConfigMap, metadata: "
			   "{name: c}}\n---\n"
			   "{apiVersion: apps/v1, kind: DaemonSet, "
			   "metadata: {name: d}, spec: {template: {}}}\n");
	struct weir_cluster_counts counts;

	(void)state;
	weir_cluster_count(cluster, &counts);
	assert_int_equal(counts.pods, 2);
	assert_int_equal(counts.synthetic_pods, 1);
	assert_int_equal(counts.namespaces, 2);
	assert_int_equal(counts.network_policies, 1);
	assert_int_equal(counts.workloads, 1);
	assert_int_equal(counts.skipped_objects, 1);
	assert_int_equal(counts.skipped_policies, 0);
	weir_cluster_destroy(cluster);
}

/* Reading goes on behind an error, but no cluster comes of it. */
static void one_error_spoils_the_whole(void **state)
{
	static const char bad[] = "{kind: Pod}", good[] = "---\n";
	struct weir_cluster *cluster;

	(void)state;
	assert_int_equal(weir_cluster_create(NULL, &cluster), 0);
	assert_int_equal(weir_cluster_read(cluster, "a", WEIR_FOUND_NAMED, bad, strlen(bad)),
			 -EINVAL);
	assert_int_equal(weir_cluster_read(cluster, "b", WEIR_FOUND_NAMED, good, strlen(good)), 0);
	assert_int_equal(weir_cluster_finish(cluster), -EINVAL);
	assert_int_equal(weir_cluster_finish(cluster), -EINVAL);
	assert_int_equal(weir_cluster_read(cluster, "c", WEIR_FOUND_NAMED, good, strlen(good)),
			 -EINVAL);
	weir_cluster_destroy(cluster);
	weir_cluster_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_read),
		cmocka_unit_test(namespaces_and_nodes_are_read),
		cmocka_unit_test(services_are_read),
		cmocka_unit_test(policies_are_read),
		cmocka_unit_test(workloads_are_read),
		cmocka_unit_test(options_add_nodes_addresses_and_ranges),
		cmocka_unit_test(equal_labels_and_ports_are_kept_once),
		cmocka_unit_test(objects_are_counted),
		cmocka_unit_test(one_error_spoils_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
