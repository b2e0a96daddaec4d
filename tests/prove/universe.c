#include "universe.h"

#define POD(name, namespace, labels, node, address, ports, phase)                                  \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name                                   \
	", namespace: " namespace ", labels: {" labels "}}\nspec: {nodeName: " node                \
				  ", containers: [{name: c, ports: [" ports                        \
				  "]}]}\nstatus: {phase: " phase ", podIPs: [" address "]}\n"

#define NODE(name, addresses, ranges)                                                              \
	"---\napiVersion: v1\nkind: Node\nmetadata: {name: " name ", labels: {disk: " name         \
	"}}\nspec: {podCIDRs: [" ranges "]}\nstatus: {addresses: [" addresses "]}\n"

#define OBJECTS                                                                                    \
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {team: red}}\n"              \
	"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: {team: blue}}\n" NODE(  \
		"n1",                                                                              \
		"{type: InternalIP, address: 10.0.0.14}, {type: InternalIP, address: 'fd00::e'}",  \
		"10.0.0.0/30, 'fd00::/126'") NODE("n2",                                            \
						  "{type: InternalIP, address: 10.0.0.15}, "       \
						  "{type: ExternalIP, address: 10.0.0.13}",        \
						  "10.0.0.4/30")                                   \
		NODE("n3", "{type: InternalIP, address: 10.0.0.13}", "")                           \
			POD("web", "a", "app: web", "n1", "{ip: 10.0.0.1}, {ip: 'fd00::1'}",       \
			    "{name: http, containerPort: 80}, {name: admin, containerPort: 90}",   \
			    "Running") POD("api", "a", "app: api", "n2", "{ip: 10.0.0.4}",         \
					   "{name: http, containerPort: 81}, {name: dns, "         \
					   "containerPort: 53, protocol: UDP}",                    \
					   "Running") POD("db", "a", "app: db, tier: back", "n1",  \
							  "{ip: 10.0.0.2}, {ip: 'fd00::2'}", "",   \
							  "Running")                               \
				POD("one", "b", "app: web", "n1", "{ip: 10.0.0.5}",                \
				    "{name: http, containerPort: 80}",                             \
				    "Running") POD("two", "b", "app: api", "n2", "{ip: 10.0.0.5}", \
						   "{name: http, containerPort: 90}", "Running")   \
					POD("late", "b", "app: db", "n2",                          \
					    "{ip: 10.0.0.2}, {ip: 10.0.0.6}", "",                  \
					    "Pending") POD("gone", "a", "app: web", "n1",          \
							   "{ip: 10.0.0.8}", "", "Succeeded")      \
						POD("far", "b", "app: far", "n3",                  \
						    "{ip: 10.0.0.9}, {ip: 'fd00::9'}",             \
						    "{name: admin, containerPort: 91}", "Running")

/* What the directory has besides. */
#define DIRECTORY                                                                                  \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec: "  \
	"{replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: "  \
	"web}}, spec: {containers: [{name: c}]}}}\n"                                               \
	"---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: b}\nspec: "  \
	"{replicas: 2, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: "   \
	"db}}, spec: {containers: [{name: c}]}}}\n"                                                \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: a}\nspec: {type: "   \
	"NodePort, clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80, "    \
	"targetPort: http, nodePort: 30080}, {name: dns, port: 53, protocol: UDP, nodePort: "      \
	"30053}]}\n"                                                                               \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: b}\nspec: {"         \
	"clusterIP: 10.96.0.2, selector: {app: api}, ports: [{port: 81}]}\n"

#define POLICY(name, namespace, spec)                                                              \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " name       \
	", namespace: " namespace "}\nspec: {" spec "}\n"

#define POLICIES                                                                                   \
	POLICY("web", "a",                                                                         \
	       "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress], "          \
	       "ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: "      \
	       "http}]}, {from: [{ipBlock: {cidr: 10.0.0.8/29, except: [10.0.0.10/31, "            \
	       "10.0.0.15/32]}}], ports: [{port: 80, endPort: 90}, {port: 53, protocol: UDP}]}, "  \
	       "{from: [{ipBlock: {cidr: 'fd00::8/125', except: ['fd00::c/126']}}]}], "            \
	       "egress: [{to: [{podSelector: {}}], ports: [{port: http}]}, "                       \
	       "{to: [{ipBlock: {cidr: 10.0.0.0/28, except: [10.0.0.4/30]}}], ports: [{port: "     \
	       "443}, {protocol: SCTP}]}]")                                                        \
	POLICY("db", "a",                                                                          \
	       "podSelector: {matchExpressions: [{key: tier, operator: Exists}]}, ingress: "       \
	       "[{from: [{namespaceSelector: {matchLabels: {team: blue}}, podSelector: "           \
	       "{matchLabels: {app: api}}}, {podSelector: {matchLabels: {app: web}}}]}]")          \
	POLICY("all", "b",                                                                         \
	       "podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: "                \
	       "[{namespaceSelector: {}}], ports: [{port: admin}, {port: 80}]}], egress: [{to: "   \
	       "[{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: "    \
	       "[blue]}]}}, {ipBlock: {cidr: 10.0.0.12/30}}]}, {ports: [{port: 53, protocol: "     \
	       "UDP}]}]")                                                                          \
	POLICY("one", "b",                                                                         \
	       "podSelector: {matchLabels: {app: api}}, ingress: [{from: [{ipBlock: {cidr: "       \
	       "0.0.0.0/0, except: [10.0.0.0/29]}}, {podSelector: {matchLabels: {app: far}}}]}]")

#define TIER(name, tier, priority, rules)                                                          \
	"---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"         \
	"metadata: {name: " name "}\nspec: {tier: " tier ", priority: " priority ", " rules "}\n"

#define TIERS                                                                                      \
	TIER("guard", "Admin", "10",                                                               \
	     "subject: {namespaces: {}}, ingress: [{name: x, action: Accept, from: "               \
	     "[{namespaces: {matchLabels: {team: blue}}}], protocols: [{tcp: "                     \
	     "{destinationPort: {number: 91}}}]}, {action: Pass, from: [{pods: "                   \
	     "{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}}]}, {action: Deny, " \
	     "from: [{pods: {namespaceSelector: {matchLabels: {team: red}}, podSelector: "         \
	     "{matchLabels: {app: db}}}}]}], egress: [{action: Deny, to: [{networks: "             \
	     "[10.0.0.12/31]}], protocols: [{udp: {destinationPort: {range: {start: 50, end: "     \
	     "60}}}}]}, {action: Accept, to: [{nodes: {matchLabels: {disk: n2}}}]}]")              \
	TIER("default", "Baseline", "0",                                                           \
	     "subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}], "      \
	     "protocols: [{tcp: {destinationPort: {range: {start: 80, end: 81}}}}]}], egress: "    \
	     "[{action: Deny, to: [{networks: [10.0.0.8/30, 'fd00::/125']}]}]")

#define NAMES                                                                                      \
	TIER("names", "Admin", "5",                                                                \
	     "subject: {namespaces: {matchLabels: {team: blue}}}, egress: [{action: Accept, to: "  \
	     "[{domainNames: [example.com]}], protocols: [{tcp: {destinationPort: {number: "       \
	     "443}}}]}]")

const char *universe_text(unsigned which, unsigned part)
{
	static const char *const texts[] = { OBJECTS DIRECTORY, POLICIES, TIERS, NAMES };

	return part <= which + 1 && part < sizeof(texts) / sizeof(texts[0]) ? texts[part] : NULL;
}

struct weir_address universe_address(unsigned i)
{
	struct weir_address address = { { 0 } };
	bool is_inner = i < UNIVERSE_INNER;
	bool is_ipv4 = is_inner ? i < 1u << UNIVERSE_BITS : i == UNIVERSE_INNER;

	if (is_ipv4) {
		address.bytes[10] = address.bytes[11] = 0xff;
		address.bytes[12] = is_inner ? 10 : 192;
	} else {
		address.bytes[0] = is_inner ? 0xfd : 0x20;
	}
	address.bytes[15] = i % (1u << UNIVERSE_BITS);
	return address;
}

#define PORT(protocol_, number)                                                                    \
	{                                                                                          \
		.protocol = (protocol_), .destination_port = (number)                              \
	}
#define TCP(number) PORT(WEIR_PROTOCOL_TCP, number)
#define UDP(number) PORT(WEIR_PROTOCOL_UDP, number)
#define TYPE(number)                                                                               \
	{                                                                                          \
		.protocol = WEIR_PROTOCOL_ICMPV6, .icmp_type = (number)                            \
	}

const struct weir_key universe_ports[] = {
	TCP(0),
	TCP(79),
	TCP(80),
	TCP(81),
	TCP(82),
	TCP(89),
	TCP(90),
	TCP(91),
	TCP(92),
	TCP(442),
	TCP(443),
	TCP(444),
	TCP(52),
	TCP(53),
	TCP(54),
	UDP(49),
	UDP(50),
	UDP(52),
	UDP(53),
	UDP(54),
	UDP(60),
	UDP(61),
	UDP(79),
	UDP(80),
	UDP(81),
	UDP(82),
	UDP(90),
	UDP(91),
	TYPE(128),
	TYPE(132),
	TYPE(133),
	TYPE(137),
	TYPE(138),
	PORT(WEIR_PROTOCOL_SCTP, 9),
	PORT(WEIR_PROTOCOL_ICMP, 0),
	PORT(47, 0),
	TCP(65535),
};
const unsigned universe_port_count = sizeof(universe_ports) / sizeof(universe_ports[0]);
