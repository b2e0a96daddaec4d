/* The tiers around NetworkPolicy, from manifests: one row for each sentence of "Cluster tiers" in
 * docs/semantics.md, and what can be said with protocols, ports, blocks, nodes and priorities. */
#include "semantics_rows.h"

#define CLUSTER_POLICY(name, tier, priority, rules)                                                \
	"---\n{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, "        \
	"metadata: {name: " name "}, spec: {tier: " tier ", priority: " priority                   \
	", subject: {namespaces: {}}, " rules "}}\n"
#define ADMIN_POLICY(name, priority, rules)                                                        \
	"---\n{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, "          \
	"metadata: {name: " name "}, spec: {priority: " priority                                   \
	", subject: {namespaces: {}}, " rules "}}\n"
#define LAST_POLICY(rules)                                                                         \
	"---\n{apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy, "  \
	"metadata: {name: default}, spec: {subject: {namespaces: {}}, " rules "}}\n"
#define ADMIN(rules)    CLUSTER_POLICY("a", "Admin", "1", rules)
#define BASELINE(rules) CLUSTER_POLICY("b", "Baseline", "1", rules)

#define FROM_ALL(action) "{action: " action ", from: [{namespaces: {}}]}"
#define FROM_ALL_TO(action, at)                                                                    \
	"{action: " action ", from: [{namespaces: {}}], protocols: [" at "]}"
#define FROM_RED(action)        "{action: " action ", from: [{namespaces: {matchLabels: {team: red}}}]}"
#define TO_ALL(action)          "{action: " action ", to: [{namespaces: {}}]}"
#define TO_ALL_AT(action, at)   "{action: " action ", to: [{namespaces: {}}], protocols: [" at "]}"
#define TO_NETWORKS(action, of) "{action: " action ", to: [{networks: [" of "]}]}"
#define TO_NAME(action)         "{action: " action ", to: [{domainNames: [example.com]}]}"
#define NUMBER(protocol, at)    "{" protocol ": {destinationPort: {number: " at "}}}"
#define RANGE(protocol, a, b)                                                                      \
	"{" protocol ": {destinationPort: {range: {start: " a ", end: " b "}}}}"

#define LABELLED_NODE(name, address, role)                                                         \
	"---\n{apiVersion: v1, kind: Node, metadata: {name: " name ", labels: {role: " role        \
	"}}, status: {addresses: [{type: InternalIP, address: '" address "'}]}}\n"

#define CNP(rest)     "ClusterNetworkPolicy " rest
#define INGRESS(rest) "; not-isolated; ClusterNetworkPolicy " rest
#define OUT(rest)     "; ClusterNetworkPolicy " rest "; not-a-pod"

const struct row tier_rows[] = {
	{ "C38: tiers are per direction",
	  WORLD POLICY("shop", "p", OF_APP("db") ", policyTypes: [Egress], egress: [{}]")
		  BASELINE("ingress: [" FROM_ALL("Deny") "]"),
	  .asks = { { WEB_TO_DB, "deny" INGRESS("b ingress[0] from[0]: Deny") },
		    { "tcp 10.0.1.2 203.0.113.7 1",
		      "allow; NetworkPolicy shop/p egress[0]; not-a-pod" } } },
	{ "C39: equal priorities go by name, then by kind",
	  WORLD CLUSTER_POLICY("z", "Admin", "5", "ingress: [" FROM_ALL("Accept") "]")
		  CLUSTER_POLICY("m", "Admin", "5", "ingress: [" FROM_RED("Deny") "]")
			  ADMIN_POLICY("m", "5", "ingress: [" FROM_RED("Allow") "]"),
	  .asks = { { WEB_TO_DB,
		      "allow; not-isolated; AdminNetworkPolicy m ingress[0] from[0]: Allow" },
		    { CLIENT_TO_DB, "allow" INGRESS("z ingress[0] from[0]: Accept") } } },
	{ "C39: BaselineAdminNetworkPolicy is behind every priority",
	  WORLD LAST_POLICY("ingress: [" FROM_ALL("Allow") "]")
		  CLUSTER_POLICY("z", "Baseline", "1000", "ingress: [" FROM_RED("Deny") "]"),
	  .asks = { { WEB_TO_DB, "deny" INGRESS("z ingress[0] from[0]: Deny") },
		    { CLIENT_TO_DB, "allow; not-isolated; BaselineAdminNetworkPolicy default "
				    "ingress[0] from[0]: Allow" } } },
	{ "C40: a peer without a known field is refused",
	  WORLD ADMIN("ingress: [{action: Accept, from: [{}]}]"),
	  .refused = "has no field that says what is meant" },
	{ "C40: a peer of a field that is not known is refused",
	  WORLD ADMIN("egress: [{action: Accept, to: [{serviceAccounts: {}}]}]"),
	  .refused = "unknown field" },
	{ "C41: networks match pods, whatever --ipblock-pods says",
	  WORLD ADMIN("egress: [" TO_NETWORKS("Deny", "0.0.0.0/0") "]"),
	  .semantics = { .ipblock_pods = WEIR_IPBLOCK_PODS_IGNORE },
	  .asks = { { WEB_TO_DB, "deny; " CNP("a egress[0] to[0]: Deny") "; not-isolated" },
		    { "tcp 10.0.1.1 203.0.113.7 1", "deny" OUT("a egress[0] to[0]: Deny") },
		    { "tcp 203.0.113.7 10.0.1.1 1", "allow; not-a-pod; not-isolated" } } },
	{ "S11: a pod and its own address, and itself through a Service",
	  WORLD DENY_ALL("plain") ADMIN("ingress: [" FROM_RED("Deny") "]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.1 80", "allow; self; self" },
		    { "tcp 10.0.1.1 10.0.1.1 80 service",
		      "deny; self; " CNP("a ingress[0] from[0]: Deny") },
		    { "tcp 10.0.3.1 10.0.3.1 80 service", "allow; self; self" } } },
	{ "S11: a NetworkPolicy that isolates ends a hairpin before the Baseline tier",
	  WORLD DENY_ALL("plain") BASELINE("ingress: [" FROM_ALL("Deny") "]"),
	  .asks = { { "tcp 10.0.3.1 10.0.3.1 80 service", "allow; self; self" },
		    { "tcp 10.0.1.1 10.0.1.1 80 service",
		      "deny; self; " CNP("b ingress[0] from[0]: Deny") } } },
	{ "S12: no tier denies a node its own pods",
	  WORLD ADMIN("ingress: [" FROM_ALL("Deny") "], egress: [" TO_NETWORKS("Deny",
									       "0.0.0.0/0") "]"),
	  .asks = { { "tcp 192.168.0.1 10.0.1.1 80", "allow; host-network; own-node" },
		    { "tcp 10.0.1.1 192.168.0.1 80", "allow; own-node; host-network" },
		    { "tcp 10.0.1.1 192.168.0.2 80",
		      "deny; " CNP("a egress[0] to[0]: Deny") "; host-network" } } },
	{ "S13: pods on their node's network are neither subjects nor peers",
	  WORLD ADMIN("ingress: [" FROM_ALL("Deny") "], egress: [" TO_ALL("Deny") "]"),
	  .asks = { { "tcp 192.168.0.2 10.0.1.1 80", "allow; host-network; not-isolated" },
		    { "tcp 10.0.1.1 192.168.0.2 80", "allow; not-isolated; host-network" } } },
	{ "S14: other protocols are matched by rules without ports only",
	  WORLD ADMIN("ingress: [" FROM_ALL_TO("Accept", RANGE("tcp", "1", "65535")) ", " FROM_ALL(
		  "Deny") "]"),
	  .asks = { { "icmp:8 10.0.1.1 10.0.1.2 0", "deny" INGRESS("a ingress[1] from[0]: Deny") },
		    { "icmpv6:135 10.0.1.1 10.0.1.2 0",
		      "allow; neighbour-discovery; neighbour-discovery" } } },
	{ "tiers: Admin, NetworkPolicy, Baseline; Pass leaves the tier",
	  WORLD DB_INGRESS("[{ports: [{port: 5432}]}]") CLUSTER_POLICY(
		  "a", "Admin", "1", "ingress: [" FROM_RED("Pass") ", " FROM_ALL("Deny") "]")
		  BASELINE("ingress: [" FROM_ALL("Deny") "]"),
	  .asks = { { WEB_TO_DB, ALLOW_INGRESS("[0] ports[0]") },
		    { "tcp 10.0.1.1 10.0.1.2 1", DENY_INGRESS },
		    { CLIENT_TO_DB, "deny" INGRESS("a ingress[1] from[0]: Deny") },
		    { DB_TO_WEB, "deny" INGRESS("b ingress[0] from[0]: Deny") } } },
	{ "tiers: no implicit isolation", WORLD ADMIN("ingress: [" FROM_RED("Accept") "]"),
	  .asks = { { CLIENT_TO_DB, ALLOW_OPEN },
		    { WORLD_TO_DB, "allow; not-a-pod; not-isolated" } } },
	{ "tiers: priorities, lower first",
	  WORLD CLUSTER_POLICY("a", "Admin", "1000", "ingress: [" FROM_ALL("Deny") "]")
		  CLUSTER_POLICY("b", "Admin", "0", "ingress: [" FROM_RED("Accept") "]"),
	  .asks = { { WEB_TO_DB, "allow" INGRESS("b ingress[0] from[0]: Accept") },
		    { CLIENT_TO_DB, "deny" INGRESS("a ingress[0] from[0]: Deny") } } },
	{ "tiers: ports of TCP, UDP and SCTP, inwards",
	  WORLD ADMIN("ingress: [" FROM_ALL_TO(
		  "Accept", NUMBER("tcp", "80") ", " NUMBER("udp", "53") ", " RANGE(
				    "sctp", "9000", "9003")) ", " FROM_ALL("Deny") "]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 80",
		      "allow" INGRESS("a ingress[0] from[0] ports[0]: Accept") },
		    { "udp 10.0.1.1 10.0.1.2 53",
		      "allow" INGRESS("a ingress[0] from[0] ports[1]: Accept") },
		    { "sctp 10.0.1.1 10.0.1.2 9003",
		      "allow" INGRESS("a ingress[0] from[0] ports[2]: Accept") },
		    { "sctp 10.0.1.1 10.0.1.2 9004", "deny" INGRESS("a ingress[1] from[0]: Deny") },
		    { "udp 10.0.1.1 10.0.1.2 80",
		      "deny" INGRESS("a ingress[1] from[0]: Deny") } } },
	{ "tiers: ports of TCP, UDP and SCTP, outwards",
	  WORLD ADMIN("egress: [" TO_ALL_AT(
		  "Deny",
		  NUMBER("tcp", "80") ", " NUMBER("udp", "53") ", " NUMBER("sctp", "9")) "]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 80",
		      "deny; " CNP("a egress[0] to[0] ports[0]: Deny") "; not-isolated" },
		    { "sctp 10.0.1.1 10.0.1.2 9",
		      "deny; " CNP("a egress[0] to[0] ports[2]: Deny") "; not-isolated" },
		    { "tcp 10.0.1.1 10.0.1.2 53", ALLOW_OPEN } } },
	{ "tiers: a port's name is the destination's, of whatever protocol it has there",
	  WORLD POD_PORTS("shop", "dns", "10.0.5.1", "app: dns", "n1",
			  "{name: sql, containerPort: 53, protocol: UDP}")
		  ADMIN("egress: [" TO_ALL_AT("Deny", "{destinationNamedPort: sql}") "]"),
	  .asks = { { WEB_TO_DB,
		      "deny; " CNP("a egress[0] to[0] ports[0]: Deny") "; not-isolated" },
		    { "udp 10.0.1.1 10.0.5.1 53",
		      "deny; " CNP("a egress[0] to[0] ports[0]: Deny") "; not-isolated" },
		    { "tcp 10.0.1.1 10.0.5.1 53", ALLOW_OPEN },
		    { "udp 10.0.1.1 10.0.1.2 5432", ALLOW_OPEN } } },
	{ "tiers: nodes by their labels, at all of their addresses",
	  WORLD LABELLED_NODE("n3", "192.168.0.3", "edge") LABELLED_NODE("n4", "192.168.0.4",
									 "core")
		  ADMIN("egress: [{action: Deny, to: [{nodes: {matchLabels: {role: edge}}}]}]"),
	  .asks = { { "tcp 10.0.1.1 192.168.0.3 1",
		      "deny; " CNP("a egress[0] to[0]: Deny") "; host-network" },
		    { "tcp 10.0.1.1 192.168.0.4 1", "allow; not-isolated; host-network" } } },
	{ "tiers: a domain name leaves open what is outside, where it could decide",
	  WORLD ADMIN("egress: [" TO_NAME("Accept") ", " TO_NETWORKS("Deny", "0.0.0.0/0") "]"),
	  .asks = { { "tcp 10.0.1.1 203.0.113.7 443", "ambiguous; domain-name" },
		    { "tcp 10.0.1.1 192.168.0.2 443",
		      "deny; " CNP("a egress[1] to[0]: Deny") "; host-network" },
		    { WEB_TO_DB, "deny; " CNP("a egress[1] to[0]: Deny") "; not-isolated" } } },
	{ "tiers: a domain name that changes nothing",
	  WORLD ADMIN("egress: [" TO_NAME("Accept") "]"),
	  .asks = { { "tcp 10.0.1.1 203.0.113.7 443", "allow; not-isolated; not-a-pod" } } },
};

const size_t tier_row_count = sizeof(tier_rows) / sizeof(tier_rows[0]);
