/* C1-C37 and C42: what real plugins got wrong. C34 and C36 live in flows, C37 in the live table:
 * what a single key can show of them is here. */
#include "semantics_rows.h"

#define WORLD_ALLOWED(rest)       "allow; not-a-pod; NetworkPolicy shop/p ingress" rest
#define OUT_ALLOWED(rest)         "allow; NetworkPolicy shop/p egress" rest "; not-a-pod"
#define OUT_DENIED                "deny; no-rule; not-a-pod"
#define CIDR(cidr)                "{ipBlock: {cidr: '" cidr "'}}"
#define CIDR_EXCEPT(cidr, except) "{ipBlock: {cidr: '" cidr "', except: ['" except "']}}"
#define EXPRESSION(key, op)       "matchExpressions: [{key: " key ", operator: " op "}]"

/* Two pods that declare web: a at 8000, b at 8080. */
#define TWO_NUMBERS                                                                                \
	POD_PORTS("shop", "a", "10.0.5.1", "app: a", "n1", "{name: web, containerPort: 8000}")     \
	POD_PORTS("shop", "b", "10.0.5.2", "app: b", "n1", "{name: web, containerPort: 8080}")

const struct row case_rows[] = {
	{ "C1: ports: [{}] is every TCP port", WORLD DB_INGRESS("[{ports: [{}]}]"),
	  .asks = { { "udp 10.0.1.1 10.0.1.2 80", DENY_INGRESS },
		    { "tcp 10.0.1.1 10.0.1.2 80", ALLOW_INGRESS("[0] ports[0]") } } },
	{ "C2: every TCP port and TCP 80 in one rule is every TCP port",
	  WORLD DB_INGRESS("[{ports: [{port: 80}, {protocol: TCP}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 81", ALLOW_INGRESS("[0] ports[1]") },
		    { "tcp 10.0.1.1 10.0.1.2 80", ALLOW_INGRESS("[0] ports[0]") } } },
	{ "C3: protocol UDP without a port", WORLD DB_INGRESS("[{ports: [{protocol: UDP}]}]"),
	  .asks = { { "udp 10.0.1.1 10.0.1.2 9", ALLOW_INGRESS("[0] ports[0]") },
		    { "tcp 10.0.1.1 10.0.1.2 9", DENY_INGRESS } } },
	{ "C4: an SCTP rule does not match TCP",
	  WORLD DB_INGRESS("[{ports: [{protocol: SCTP, port: 81}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 81", DENY_INGRESS },
		    { "sctp 10.0.1.1 10.0.1.2 81", ALLOW_INGRESS("[0] ports[0]") } } },
	{ "C5: a hole of one policy denies nothing that another allows",
	  WORLD POLICY("shop", "a",
		       OF_APP("web") ", policyTypes: [Egress], egress: [{to: [" CIDR_EXCEPT(
			       "10.0.0.0/8", "10.0.1.0/24") "]}]")
		  POLICY("shop", "b",
			 OF_APP("web") ", policyTypes: [Egress], egress: [{to: [" CIDR(
				 "10.0.0.0/8") "]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.5 1",
		      "allow; NetworkPolicy shop/b egress[0] to[0]; not-a-pod" },
		    { "tcp 10.0.1.1 10.1.1.5 1",
		      "allow; NetworkPolicy shop/a egress[0] to[0]; not-a-pod" } } },
	{ "C6: a hole that another peer of the rule re-admits",
	  WORLD WEB_EGRESS("[{to: [" CIDR_EXCEPT("10.0.0.0/8",
						 "10.1.0.0/16") ", " CIDR("10.1.0.0/16") "]}]"),
	  .asks = { { "tcp 10.0.1.1 10.1.1.1 1", OUT_ALLOWED("[0] to[1]") },
		    { "tcp 10.0.1.1 10.2.1.1 1", OUT_ALLOWED("[0] to[0]") } } },
	{ "C7: a podSelector peer whose address lies in another peer's hole",
	  WORLD WEB_EGRESS(
		  "[{to: [" CIDR_EXCEPT("10.0.0.0/8", "10.0.1.0/24") ", {" OF_APP("db") "}]}]"),
	  .asks = { { WEB_TO_DB, ALLOW_EGRESS("[0] to[1]") },
		    { "tcp 10.0.1.1 10.0.1.3 1", DENY_EGRESS } } },
	{ "C8: an egress ipBlock covers a pod's address",
	  WORLD WEB_EGRESS("[{to: [" CIDR("10.0.1.2/32") "]}]"),
	  .asks = { { WEB_TO_DB, ALLOW_EGRESS("[0] to[0]") } } },
	{ "C9: an egress ipBlock is another node's address",
	  WORLD WEB_EGRESS("[{to: [" CIDR("192.168.0.2/32") "]}]"),
	  .asks = { { "tcp 10.0.1.1 192.168.0.2 1",
		      "allow; NetworkPolicy shop/p egress[0] to[0]; host-network" },
		    { "tcp 10.0.1.1 10.0.1.3 1", DENY_EGRESS } } },
	{ "C10: host bits of a cidr are masked",
	  WORLD DB_INGRESS("[{from: [" CIDR("10.10.1.12/24") "]}]"),
	  .asks = { { "tcp 10.10.1.99 10.0.1.2 1", WORLD_ALLOWED("[0] from[0]") },
		    { "tcp 10.10.2.99 10.0.1.2 1", "deny; not-a-pod; no-rule" } } },
	{ "C11: 0.0.0.0/0 and an IPv6 destination",
	  WORLD POD_FULL("shop", "dual", "app: dual", CONTAINER(""), "Running",
			 IP("10.0.5.5") ", " IP("fd00:5::5"))
		  POLICY("shop", "p",
			 OF_APP("dual") ", policyTypes: [Egress], egress: [{to: [" CIDR(
				 "0.0.0.0/0") "]}]"),
	  .asks = { { "tcp fd00:5::5 2001:db8::1 1", OUT_DENIED },
		    { "tcp 10.0.5.5 203.0.113.7 1", OUT_ALLOWED("[0] to[0]") } } },
	{ "C12: a dual-stack pod made again has its new addresses only",
	  WORLD POD_FULL(
		  "shop", "dual-old", "app: web", CONTAINER(""), "Succeeded",
		  IP("10.0.5.5") ", " IP("fd00:5::5")) POD_FULL("shop", "dual-new", "app: web",
								CONTAINER(""), "Running",
								IP("10.0.5.6") ", " IP("fd00:5::6"))
		  POD_FULL("shop", "six", "app: six", CONTAINER(""), "Running",
			   IP("10.0.5.7") ", " IP("fd00:5::7"))
			  POLICY("shop", "p",
				 OF_APP("six") ", ingress: [{from: [{" OF_APP("web") "}]}]"),
	  .asks = { { "tcp fd00:5::6 fd00:5::7 1", ALLOW_INGRESS("[0] from[0]") },
		    { "tcp 10.0.5.6 10.0.5.7 1", ALLOW_INGRESS("[0] from[0]") },
		    { "tcp fd00:5::5 fd00:5::7 1", "deny; not-a-pod; no-rule" } } },
	{ "C13: an egress named port is each destination's own number",
	  WORLD TWO_NUMBERS WEB_EGRESS("[{ports: [{port: web}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.5.1 8000", ALLOW_EGRESS("[0] ports[0]") },
		    { "tcp 10.0.1.1 10.0.5.1 8080", DENY_EGRESS },
		    { "tcp 10.0.1.1 10.0.5.2 8080", ALLOW_EGRESS("[0] ports[0]") },
		    { "tcp 10.0.1.1 10.0.5.2 8000", DENY_EGRESS } } },
	{ "C14: an egress named port that is 81, to 80",
	  WORLD POD_PORTS("shop", "s", "10.0.5.3", "app: s", "n1",
			  "{name: serve-81, containerPort: 81}")
		  WEB_EGRESS("[{ports: [{port: serve-81}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.5.3 80", DENY_EGRESS },
		    { "tcp 10.0.1.1 10.0.5.3 81", ALLOW_EGRESS("[0] ports[0]") } } },
	{ "C15: an ingress named port is the destination's, not the source's",
	  WORLD POD_PORTS("shop", "from", "10.0.5.3", "app: from", "n1",
			  "{name: web, containerPort: 666}")
		  POD_PORTS("shop", "to", "10.0.5.4", "app: to", "n1",
			    "{name: web, containerPort: 80}")
			  POLICY("shop", "p", OF_APP("to") ", ingress: [{ports: [{port: web}]}]"),
	  .asks = { { "tcp 10.0.5.3 10.0.5.4 80", ALLOW_INGRESS("[0] ports[0]") },
		    { "tcp 10.0.5.3 10.0.5.4 666", DENY_INGRESS } } },
	{ "C16: a TCP rule names a port that the pod has for UDP only",
	  POD_PORTS("shop", "db", "10.0.1.2", "app: db", "n1",
		    "{name: dns, containerPort: 53, protocol: UDP}")
		  DB_INGRESS("[{ports: [{port: dns}]}]"),
	  .asks = { { "tcp 203.0.113.7 10.0.1.2 53", "deny; not-a-pod; no-rule" },
		    { "udp 203.0.113.7 10.0.1.2 53", "deny; not-a-pod; no-rule" } } },
	{ "C17: a named port of a restartable init container, not of others",
	  POD_FULL("shop", "db", "app: db",
		   "initContainers: [{name: side, image: x, restartPolicy: Always, ports: [{name: "
		   "metrics, containerPort: 9090}]}, {name: once, image: x, ports: [{name: setup, "
		   "containerPort: 9091}]}], " CONTAINER(""),
		   "Running", IP("10.0.1.2"))
		  DB_INGRESS("[{ports: [{port: metrics}, {port: setup}]}]"),
	  .asks = { { "tcp 203.0.113.7 10.0.1.2 9090", WORLD_ALLOWED("[0] ports[0]") },
		    { "tcp 203.0.113.7 10.0.1.2 9091", "deny; not-a-pod; no-rule" } } },
	{ "C18: a named-port rule and destination port 0",
	  WORLD DB_INGRESS("[{ports: [{port: nobody}, {port: sql}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 0", DENY_INGRESS } } },
	{ "C19: from selects no pod: nothing is allowed",
	  WORLD DB_INGRESS("[{from: [{" OF_APP("nobody") "}]}]"),
	  .asks = { { WEB_TO_DB, DENY_INGRESS }, { WORLD_TO_DB, "deny; not-a-pod; no-rule" } } },
	{ "C20: types [Ingress], ingress: []",
	  WORLD POLICY("shop", "p", OF_APP("db") ", policyTypes: [Ingress], ingress: []"),
	  .asks = { { WEB_TO_DB, DENY_INGRESS } } },
	{ "C21: egress: [] without types, outbound",
	  WORLD POLICY("shop", "p", OF_APP("web") ", egress: []"),
	  .asks = { { "tcp 10.0.1.1 203.0.113.7 443", "allow; not-isolated; not-a-pod" } } },
	{ "C22: the source's egress allows, the destination's ingress does not",
	  WORLD POLICY("shop", "in", OF_APP("db")) WEB_EGRESS("[{to: [{" OF_APP("db") "}]}]"),
	  .asks = { { WEB_TO_DB, "deny; NetworkPolicy shop/p egress[0] to[0]; no-rule" } } },
	{ "C23: namespaceSelector NotIn, namespace without the key",
	  WORLD DB_INGRESS("[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: "
			   "NotIn, values: [blue]}]}}]}]"),
	  .asks = { { PLAIN_TO_DB, ALLOW_INGRESS("[0] from[0]") },
		    { WEB_TO_DB, ALLOW_INGRESS("[0] from[0]") },
		    { CLIENT_TO_DB, DENY_INGRESS } } },
	{ "C24: DoesNotExist, pod without labels",
	  WORLD DB_INGRESS("[{from: [{podSelector: {" EXPRESSION("app", "DoesNotExist") "}}]}]"),
	  .asks = { { BARE_TO_DB, ALLOW_INGRESS("[0] from[0]") }, { WEB_TO_DB, DENY_INGRESS } } },
	{ "C25: a finished pod shares its address with a running one",
	  WORLD POD_FULL("shop", "a-job", "app: job", CONTAINER(""), "Succeeded", IP("10.0.1.1"))
		  DB_INGRESS("[{from: [{" OF_APP("web") "}]}]"),
	  .asks = { { WEB_TO_DB, ALLOW_INGRESS("[0] from[0]") } } },
	{ "C26: a pod to its own address under deny-all", WORLD DENY_ALL("shop"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.1 80", "allow; self; self" } } },
	{ "C27: a pod through a Service to itself, after translation", WORLD DENY_ALL("shop"),
	  .asks = { { "tcp 10.0.1.2 10.0.1.2 5432", "allow; self; self" } } },
	{ "C28: egress to the pods behind a Service address, after translation",
	  WORLD POD_PORTS("shop", "dns", "10.0.5.3", "app: dns", "n2",
			  "{name: dns, containerPort: 53, protocol: UDP}")
		  WEB_EGRESS("[{to: [{" OF_APP("dns") "}], ports: [{protocol: UDP, port: 53}]}]"),
	  .asks = { { "udp 10.0.1.1 10.0.5.3 53", ALLOW_EGRESS("[0] to[0] ports[0]") } } },
	{ "C29: Service port 5432, pod port 85: a rule of the Service's port",
	  WORLD DB_INGRESS("[{ports: [{port: 5432}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 85", DENY_INGRESS } } },
	{ "C29: Service port 5432, pod port 85: a rule of the pod's port",
	  WORLD DB_INGRESS("[{ports: [{port: 85}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.1.2 85", ALLOW_INGRESS("[0] ports[0]") } } },
	{ "C30: a rule of port 80 and a named target port that is 8080 on one pod",
	  WORLD TWO_NUMBERS POLICY("shop", "p", EVERY_POD ", ingress: [{ports: [{port: 8000}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.5.1 8000", ALLOW_INGRESS("[0] ports[0]") },
		    { "tcp 10.0.1.1 10.0.5.2 8080", DENY_INGRESS } } },
	{ "C31: a node to its pod under deny-all", WORLD DENY_ALL("shop"),
	  .asks = { { "tcp 192.168.0.1 10.0.1.1 80", "allow; host-network; own-node" } } },
	{ "C32: a pod to its own node: allowed", WORLD DENY_ALL("shop"),
	  .asks = { { "tcp 10.0.1.1 192.168.0.1 80", "allow; own-node; host-network" } } },
	{ "C32: a pod to its own node: the switch", WORLD DENY_ALL("shop"),
	  .semantics = { .own_node = WEIR_OWN_NODE_POLICY },
	  .asks = { { "tcp 10.0.1.1 192.168.0.1 80", "deny; no-rule; host-network" } } },
	{ "C33: peers and ports of two rules do not mix",
	  WORLD WEB_EGRESS("[{to: [" CIDR("10.4.0.4/32") "], ports: [{port: 80}]}, {to: [" CIDR(
		  "10.4.0.5/32") "], ports: [{port: 443}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.4.0.4 443", OUT_DENIED },
		    { "tcp 10.0.1.1 10.4.0.4 80", OUT_ALLOWED("[0] to[0] ports[0]") },
		    { "tcp 10.0.1.1 10.4.0.5 443", OUT_ALLOWED("[1] to[0] ports[0]") } } },
	{ "C34: an ICMP error is denied as a connection of its own: it must be told as related",
	  WORLD DB_INGRESS("[{ports: [{port: 5432}]}]"),
	  .asks = { { WEB_TO_DB, ALLOW_INGRESS("[0] ports[0]") },
		    { "icmp:3 10.0.1.1 10.0.1.2 0", DENY_INGRESS } } },
	{ "C35: neighbour discovery under deny-all",
	  WORLD POD_FULL("shop", "six", "app: six", CONTAINER(""), "Running", IP("fd00:5::7"))
		  DENY_ALL("shop"),
	  .asks = { { "icmpv6:135 fd00:5::9 fd00:5::7 0", "allow; not-a-pod; neighbour-discovery" },
		    { "icmpv6:136 fd00:5::7 fd00:5::9 0", "allow; neighbour-discovery; not-a-pod" },
		    { "icmpv6:128 fd00:5::9 fd00:5::7 0", "deny; not-a-pod; no-rule" },
		    { "icmp:135 203.0.113.7 10.0.1.2 0", "deny; not-a-pod; no-rule" } } },
	{ "C36: the flow whose fragments are denied with it",
	  WORLD DB_INGRESS("[{ports: [{protocol: UDP, port: 53}]}]"),
	  .asks = { { "udp 10.0.1.1 10.0.1.2 54", DENY_INGRESS } } },
	{ "C37: the flow before a change", WORLD DB_INGRESS("[{ports: [{port: 5432}]}]"),
	  .asks = { { WEB_TO_DB, ALLOW_INGRESS("[0] ports[0]") } } },
	{ "C37: the flow as new after the change", WORLD DB_INGRESS("[]"),
	  .asks = { { WEB_TO_DB, DENY_INGRESS } } },
	{ "C42: one named port, two policies, two targets: each its own number",
	  WORLD TWO_NUMBERS POLICY("shop", "pa", OF_APP("a") ", ingress: [{ports: [{port: web}]}]")
		  POLICY("shop", "pb", OF_APP("b") ", ingress: [{ports: [{port: web}]}]"),
	  .asks = { { "tcp 10.0.1.1 10.0.5.1 8000",
		      "allow; not-isolated; NetworkPolicy shop/pa ingress[0] ports[0]" },
		    { "tcp 10.0.1.1 10.0.5.1 8080", DENY_INGRESS },
		    { "tcp 10.0.1.1 10.0.5.2 8080",
		      "allow; not-isolated; NetworkPolicy shop/pb ingress[0] ports[0]" },
		    { "tcp 10.0.1.1 10.0.5.2 8000", DENY_INGRESS } } },
};

const size_t case_row_count = sizeof(case_rows) / sizeof(case_rows[0]);
