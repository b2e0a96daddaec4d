/*
 * Lints about port names, namespaces, isolation and Services, each in a cluster of its own: what is
 * found, where, in which words; and what is near and right.
 */
#include "test.h"

#include <stdio.h>

#include "cluster_of.h"

/* Every item is one line, so that the line of a finding is the item's place plus 3. */
#define NAMESPACE(name) "- {apiVersion: v1, kind: Namespace, metadata: {name: " name "}}\n"
#define POD(namespace_name, name, labels, spec)                                                    \
	"- {apiVersion: v1, kind: Pod, metadata: {namespace: " namespace_name ", name: " name      \
	", labels: {" labels "}}, " spec "}\n"
#define PORTS(ports) "spec: {containers: [{name: c, ports: [" ports "]}]}"
#define POLICY(namespace_name, name, spec)                                                         \
	"- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "                     \
	"{namespace: " namespace_name ", name: " name "}, spec: {" spec "}}\n"
#define SERVICE(namespace_name, name, spec)                                                        \
	"- {apiVersion: v1, kind: Service, metadata: {namespace: " namespace_name ", name: " name  \
	"}, spec: {" spec "}}\n"

/* clang-format off */

static const char pods_with_ports[] =
	POD("a", "web", "app: web", PORTS("{name: http, containerPort: 80}, {name: metrics, containerPort: 9090}"))
	POD("a", "dns", "app: dns", PORTS("{name: dns, containerPort: 53, protocol: UDP}"))
	POD("a", "bare", "app: bare", PORTS("{containerPort: 99}"))
	POD("a", "done", "app: web", PORTS("{name: old, containerPort: 1}") ", status: {phase: Succeeded}")
	POD("a", "host", "app: web", "spec: {hostNetwork: true, nodeName: n1, containers: [{name: c, ports: [{name: ssh, containerPort: 22}]}]}")
	POD("b", "db", "app: db", PORTS("{name: sql, containerPort: 5432}") ", status: {podIPs: [{ip: 10.0.0.9}]}")
	POD("b", "init", "app: init", "spec: {initContainers: [{name: i, restartPolicy: Always, ports: [{name: side, containerPort: 7}]}]}");

#define INGRESS_PORT(port) "podSelector: {matchLabels: {app: web}}, ingress: [{ports: [" port "]}]"
#define EGRESS(to, port) "policyTypes: [Egress], egress: [{" to "ports: [" port "]}]"

static const struct lint_row port_names[] = {
	{ "a port of the selected pods", POLICY("a", "p", INGRESS_PORT("{port: http}, {port: metrics}, {port: 1}, {protocol: UDP}")), "" },
	{ "C16 the protocol is another one", POLICY("a", "p", INGRESS_PORT("{port: http, protocol: UDP}")),
	  "warning 11:160: NetworkPolicy a/p: spec.ingress[0].ports[0].port: no pod that the policy selects has a UDP port named http; a/web has it for TCP\n" },
	{ "nobody has it", POLICY("a", "p", INGRESS_PORT("{port: http}, {port: htpp}")),
	  "warning 11:174: NetworkPolicy a/p: spec.ingress[0].ports[1].port: no pod that the policy selects has a TCP port named htpp; their ports are named http, metrics\n" },
	{ "C15 C14 the peers' name is not the subject's", POLICY("a", "p", "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: sql}]}]"),
	  "warning 11:193: NetworkPolicy a/p: spec.ingress[0].ports[0].port: no pod that the policy selects has a TCP port named sql; another pod, b/db, has it for TCP\n" },
	{ "none has a name", POLICY("a", "p", "podSelector: {matchLabels: {app: bare}}, ingress: [{ports: [{port: http2}]}]"),
	  "warning 11:161: NetworkPolicy a/p: spec.ingress[0].ports[0].port: no pod that the policy selects has a TCP port named http2; none of their ports has a name\n" },
	{ "the pod is finished", POLICY("a", "p", INGRESS_PORT("{port: old}")),
	  "warning 11:160: NetworkPolicy a/p: spec.ingress[0].ports[0].port: no pod that the policy selects has a TCP port named old; their ports are named http, metrics\n" },
	{ "S13 the pod is of the host's network", POLICY("a", "p", INGRESS_PORT("{port: ssh}")),
	  "warning 11:160: NetworkPolicy a/p: spec.ingress[0].ports[0].port: no pod that the policy selects has a TCP port named ssh; another pod, a/host, has it for TCP\n" },
	{ "C17 a restartable init container", POLICY("b", "p", "podSelector: {matchLabels: {app: init}}, ingress: [{ports: [{port: side}]}]"), "" },
	{ "C13 a peer of egress has it", POLICY("a", "p", EGRESS("to: [{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}], ", "{port: sql}")), "" },
	{ "no peer of egress has it", POLICY("a", "p", EGRESS("to: [{podSelector: {}}], ", "{port: sql}")),
	  "warning 11:167: NetworkPolicy a/p: spec.egress[0].ports[0].port: no pod among the peers has a TCP port named sql; another pod, b/db, has it for TCP\n" },
	{ "the name of the subject is not a peer's", POLICY("a", "p", EGRESS("to: [{podSelector: {matchLabels: {app: dns}}}], ", "{port: http}")),
	  "warning 11:190: NetworkPolicy a/p: spec.egress[0].ports[0].port: no pod among the peers has a TCP port named http; another pod, a/web, has it for TCP\n" },
	{ "egress to everybody", POLICY("b", "p", EGRESS("", "{port: dns, protocol: UDP}, {port: dns}")),
	  "warning 11:170: NetworkPolicy b/p: spec.egress[0].ports[1].port: no pod has a TCP port named dns; a/dns has it for UDP\n" },
	{ "a block that holds a pod", POLICY("a", "p", EGRESS("to: [{ipBlock: {cidr: 10.0.0.0/8}}], ", "{port: sql}")), "" },
	{ "a block whose hole holds it", POLICY("a", "p", EGRESS("to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.9/32]}}], ", "{port: sql}")),
	  "warning 11:202: NetworkPolicy a/p: spec.egress[0].ports[0].port: a name is looked up on pods, and no pod is in the blocks\n" },
	{ "nobody is there to have it", POLICY("a", "p", EGRESS("to: [{podSelector: {matchLabels: {app: x}}}], ", "{port: sql}")), "" },
	{ "a direction that is not in effect", POLICY("a", "p", "policyTypes: [Ingress], egress: [{ports: [{port: x}]}]"), "" },
};

static const struct lint_row target_names[] = {
	{ "a target port that one of the pods has", SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80, targetPort: metrics}]"), "" },
	{ "Services select pods of the host's network", SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80, targetPort: ssh}]"), "" },
	{ "a target port that none has", SERVICE("a", "s", "selector: {app: web}, ports: [{name: a, port: 1}, {name: b, port: 80, targetPort: web}]"),
	  "warning 11:3: Service a/s: spec.ports[1].targetPort: no pod that the Service selects has a TCP port named web; their ports are named http, metrics, ssh\n" },
	{ "a target port that one has with another protocol", SERVICE("a", "s", "selector: {app: dns}, ports: [{port: 53, targetPort: dns}]"),
	  "warning 11:3: Service a/s: spec.ports[0].targetPort: no pod that the Service selects has a TCP port named dns; a/dns has it for UDP\n" },
	{ "nobody is behind it", SERVICE("a", "s", "selector: {app: x}, ports: [{port: 53, targetPort: dns}]"), "" },
};

static const struct lint_row namespaces[] = {
	{ "no Namespace is given", POD("a", "p", "", "") , "" },
	{ "all are given", NAMESPACE("a") POD("a", "p", "", ""), "" },
	{ "one is not", NAMESPACE("a") NAMESPACE("shop") POD("a", "p", "", "") POLICY("shopp", "p", ""),
	  "warning 7:3: Namespace shopp: objects are in it, and no Namespace object has its name, while other Namespaces are given; did you mean shop?\n" },
	{ "one is not, and none is near", NAMESPACE("a") SERVICE("elsewhere", "s", ""),
	  "warning 5:3: Namespace elsewhere: objects are in it, and no Namespace object has its name, while other Namespaces are given\n" },
	{ "some make themselves", NAMESPACE("a") POD("default", "p", "", "") POD("kube-system", "p", "", ""), "" },
	{ "all names of a selector are there", NAMESPACE("a") NAMESPACE("b") POD("a", "p", "", "")
	  POLICY("a", "p", "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [a, b]}]}}]}]"), "" },
	{ "one of the names of a selector is not", NAMESPACE("a") NAMESPACE("prod") POD("a", "p", "", "")
	  POLICY("a", "p", "ingress: [{from: [{podSelector: {}}, {namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [a, prd]}]}}]}]"),
	  "warning 7:158: NetworkPolicy a/p: spec.ingress[0].from[1].namespaceSelector: no namespace is named prd; did you mean prod?\n" },
	{ "none of the names is, which another lint tells", NAMESPACE("a") POD("a", "p", "", "")
	  POLICY("a", "p", "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: c}}}]}]"), "" },
	{ "values of another label", NAMESPACE("a") POD("a", "p", "", "")
	  POLICY("a", "p", "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: name, operator: In, values: [a, prd]}]}}]}]"), "" },
};

static const struct lint_row isolation[] = {
	{ "no policy at all", POD("a", "p", "", ""), "" },
	{ "every pod in both directions", POD("a", "p", "", "") POLICY("a", "p", "policyTypes: [Ingress, Egress]"), "" },
	{ "one direction", NAMESPACE("a") POD("a", "p", "", "") POD("a", "q", "", "") POLICY("a", "p", ""),
	  "note 4:3: Namespace a: isolated by no policy: 2 of 2 pods for egress (p and others)\n" },
	{ "some pods", POD("a", "p", "app: x", "") POD("a", "q", "", "") POLICY("a", "p", "podSelector: {matchLabels: {app: x}}, policyTypes: [Ingress, Egress]"),
	  "note 4:3: Namespace a: isolated by no policy: 1 of 2 pods for ingress (q), 1 of 2 pods for egress (q)\n" },
	{ "policies add up", POD("a", "p", "app: x", "") POD("a", "q", "", "") POLICY("a", "p", "podSelector: {matchLabels: {app: x}}, policyTypes: [Ingress, Egress]")
	  POLICY("a", "r", "podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}, policyTypes: [Ingress]") POLICY("a", "s", "policyTypes: [Egress]"), "" },
	{ "a namespace without a policy", POD("a", "p", "", "") POD("b", "q", "", "") POLICY("a", "p", "policyTypes: [Ingress, Egress]"),
	  "note 5:3: Namespace b: isolated by no policy: 1 of 1 pods for ingress (q), 1 of 1 pods for egress (q)\n" },
	{ "S13 finished pods and those of the host's network do not count", POD("a", "p", "app: x", "") POD("a", "done", "", "status: {phase: Failed}")
	  POD("a", "host", "", "spec: {hostNetwork: true, nodeName: n1}") POLICY("a", "p", "podSelector: {matchLabels: {app: x}}, policyTypes: [Ingress, Egress]"), "" },
};

static const struct lint_row lonely_services[] = {
	{ "somebody is behind it", POD("a", "p", "app: web", "") SERVICE("a", "s", "selector: {app: web}"), "" },
	{ "nobody is", POD("a", "p", "app: web", "") POD("b", "p", "app: wep", "") SERVICE("a", "s", "selector: {app: wep}"),
	  "warning 6:87: Service a/s: spec.selector: selects no pod: no pod of namespace a has app=wep; pods there have app=web; pods that fulfil it are in b (only the Service's own namespace is meant)\n" },
	{ "no selector", POD("a", "p", "", "") SERVICE("a", "s", "ports: [{port: 1}]"), "" },
	{ "a name for something else", POD("a", "p", "", "") SERVICE("a", "s", "type: ExternalName, externalName: x.test, selector: {app: x}"), "" },
	{ "a workload without replicas is", POD("a", "p", "", "") SERVICE("a", "s", "selector: {app: web}")
	  "- {apiVersion: apps/v1, kind: Deployment, metadata: {namespace: a, name: d}, spec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}}\n", "" },
	{ "a slice says who is", POD("a", "p", "", "") SERVICE("a", "s", "selector: {app: web}")
	  "- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: a, name: e, labels: {kubernetes.io/service-name: s}}, addressType: IPv4, endpoints: [{addresses: [10.9.9.9]}]}\n", "" },
	{ "a slice says nobody is", POD("a", "p", "app: z", "") SERVICE("a", "s", "selector: {app: x}")
	  "- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: a, name: e, labels: {kubernetes.io/service-name: s}}, addressType: IPv4, endpoints: []}\n",
	  "warning 5:87: Service a/s: spec.selector: selects no pod: no pod of namespace a has app=x; pods there have app=z\n" },
};

#define TWO_PODS POD("a", "p", "app: web, tier: x", "") POD("a", "q", "app: web", "")

static const struct lint_row overlaps[] = {
	{ "the same port of the same pods", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {app: web}, ports: [{name: x, port: 1}, {name: w, port: 80}]"),
	  "warning 7:87: Service a/t: spec.ports[1]: Service a/s has TCP port 80 for the same pods, too\n" },
	{ "by other words", TWO_PODS SERVICE("a", "s", "selector: {app: web, tier: x}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {tier: x}, ports: [{port: 80}]"),
	  "warning 7:87: Service a/t: spec.ports[0]: Service a/s has TCP port 80 for the same pods, too\n" },
	{ "one finding a service", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{name: x, port: 1}, {name: w, port: 2}]") SERVICE("a", "t", "selector: {app: web}, ports: [{name: x, port: 1}, {name: w, port: 2}]"),
	  "warning 7:87: Service a/t: spec.ports[0]: Service a/s has TCP port 1 for the same pods, too\n" },
	{ "other pods", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {tier: x}, ports: [{port: 80}]"), "" },
	{ "another port", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {app: web}, ports: [{port: 81, targetPort: 80}]"), "" },
	{ "another target", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {app: web}, ports: [{port: 80, targetPort: 81}]"), "" },
	{ "another protocol", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {app: web}, ports: [{port: 80, protocol: UDP}]"), "" },
	{ "the headless twin", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "clusterIP: None, selector: {app: web}, ports: [{port: 80}]"), "" },
	{ "one for the outside", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "type: NodePort, selector: {app: web}, ports: [{port: 80}]"), "" },
	{ "one for pods that are not ready", TWO_PODS SERVICE("a", "s", "selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "publishNotReadyAddresses: true, selector: {app: web}, ports: [{port: 80}]"), "" },
	{ "one for each family", TWO_PODS SERVICE("a", "s", "clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 80}]") SERVICE("a", "t", "clusterIP: 'fd00::1', selector: {app: web}, ports: [{port: 80}]"), "" },
	{ "nobody is behind either", TWO_PODS SERVICE("a", "s", "selector: {app: x}, ports: [{port: 80}]") SERVICE("a", "t", "selector: {app: x}, ports: [{port: 80}]"), "" },
};

static const struct lint_row clashes[] = {
	{ "addresses of their own", SERVICE("a", "s", "clusterIP: 10.96.0.1, ports: [{port: 80}]") SERVICE("a", "t", "clusterIP: 10.96.0.2, ports: [{port: 80}]"), "" },
	{ "one address", SERVICE("a", "s", "clusterIP: 10.96.0.1, ports: [{port: 80}]") SERVICE("b", "t", "clusterIP: 10.96.0.1, ports: [{port: 80}]"),
	  "warning 5:3: Service b/t: spec.ports[0]: address 10.96.0.1 TCP port 80 is that of Service a/s, too\n" },
	{ "one address from outside", SERVICE("a", "s", "externalIPs: [203.0.113.1], ports: [{port: 53, protocol: UDP}]") SERVICE("b", "t", "externalIPs: [203.0.113.1], ports: [{name: x, port: 54}, {name: w, port: 53, protocol: UDP}]"),
	  "warning 5:3: Service b/t: spec.ports[1]: address 203.0.113.1 UDP port 53 is that of Service a/s, too\n" },
	{ "one address, other ports", SERVICE("a", "s", "externalIPs: [203.0.113.1], ports: [{port: 53}]") SERVICE("b", "t", "externalIPs: [203.0.113.1], ports: [{port: 53, protocol: UDP}]"), "" },
	{ "an address twice in one service", SERVICE("a", "s", "clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: 80}]"), "" },
	{ "one node port", SERVICE("a", "s", "type: NodePort, ports: [{port: 80, nodePort: 30080}]") SERVICE("b", "t", "type: NodePort, ports: [{port: 81, nodePort: 30080}]"),
	  "warning 5:3: Service b/t: spec.ports[0].nodePort: every node's TCP port 30080 is that of Service a/s, too\n" },
	{ "a node port of each protocol", SERVICE("a", "s", "type: NodePort, ports: [{port: 80, nodePort: 30080}]") SERVICE("b", "t", "type: NodePort, ports: [{port: 81, protocol: UDP, nodePort: 30080}]"), "" },
	{ "no address given", SERVICE("a", "s", "ports: [{port: 80}]") SERVICE("b", "t", "ports: [{port: 80}]"), "" },
};

#define HOST_PODS POD("a", "web", "app: web", "") POD("a", "host", "app: proxy", "spec: {hostNetwork: true, nodeName: n1}") \
	POD("b", "agent", "app: proxy", "spec: {hostNetwork: true, nodeName: n1}")

static const struct lint_row host_network[] = {
	{ "S13 a policy for such a pod", HOST_PODS POLICY("a", "p", "podSelector: {matchLabels: {app: proxy}}"),
	  "warning 7:114: NetworkPolicy a/p: spec.podSelector: selects only pods of the host's network (a/host)\n" },
	{ "S13 a peer", HOST_PODS POLICY("a", "p", "ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: proxy}}}]}]"),
	  "warning 7:156: NetworkPolicy a/p: spec.ingress[0].from[0].podSelector: selects only pods of the host's network (a/host and others)\n" },
	{ "S13 a peer by namespace", HOST_PODS POLICY("a", "p", "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]"),
	  "warning 7:139: NetworkPolicy a/p: spec.ingress[0].from[0].namespaceSelector: selects only pods of the host's network (b/agent)\n" },
	{ "some are not", HOST_PODS POLICY("a", "p", "ingress: [{from: [{podSelector: {}}]}]"), "" },
	{ "Services select them", HOST_PODS SERVICE("a", "s", "selector: {app: proxy}"), "" },
};

/* clang-format on */

static void a_port_name_that_nobody_has(void **state)
{
	(void)state;
	check_lints("unknown-port-name", pods_with_ports, port_names, COUNT(port_names));
}

static void a_target_port_that_nobody_has(void **state)
{
	(void)state;
	check_lints("unknown-port-name", pods_with_ports, target_names, COUNT(target_names));
}

static void a_namespace_that_is_not_there(void **state)
{
	(void)state;
	check_lints("unknown-namespace", "", namespaces, COUNT(namespaces));
}

static void pods_that_no_policy_isolates(void **state)
{
	(void)state;
	check_lints("not-isolated", "", isolation, COUNT(isolation));
}

static void a_selector_of_the_hosts_network(void **state)
{
	(void)state;
	check_lints("selects-host-network", "", host_network, COUNT(host_network));
}

static void a_service_with_nobody_behind_it(void **state)
{
	(void)state;
	check_lints("service-selects-nothing", "", lonely_services, COUNT(lonely_services));
}

static void two_services_for_one_thing(void **state)
{
	(void)state;
	check_lints("services-overlap", "", overlaps, COUNT(overlaps));
}

static void two_services_at_one_place(void **state)
{
	(void)state;
	check_lints("services-clash", "", clashes, COUNT(clashes));
}

/* Everything that the lints above find, at once. */
static void running_out_of_memory_is_told(void **state)
{
	char text[8192];

	(void)state;
	snprintf(text, sizeof(text), "apiVersion: v1\nkind: List\nitems:\n%s%s%s%s%s%s",
		 NAMESPACE("c"), pods_with_ports, port_names[2].items, port_names[11].items,
		 overlaps[0].items,
		 SERVICE("b", "s",
			 "clusterIP: 10.96.0.1, selector: {app: db}, "
			 "ports: [{port: 80, targetPort: x}]")
			 SERVICE("b", "t",
				 "clusterIP: 10.96.0.1, selector: {app: x}, ports: [{port: 80}]"));
	lint_without_memory(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_name_that_nobody_has),
		cmocka_unit_test(a_target_port_that_nobody_has),
		cmocka_unit_test(a_namespace_that_is_not_there),
		cmocka_unit_test(pods_that_no_policy_isolates),
		cmocka_unit_test(a_selector_of_the_hosts_network),
		cmocka_unit_test(a_service_with_nobody_behind_it),
		cmocka_unit_test(two_services_for_one_thing),
		cmocka_unit_test(two_services_at_one_place),
		cmocka_unit_test(running_out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
