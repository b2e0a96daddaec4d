/*
 * Lists of small clusters: row by row as they are meant; and, connection by connection, as explain
 * judges, over these clusters and all of docs/semantics.md.
 *
 * A row reads "shop/web > anywhere: TCP 80,8000-8080; other", with "?" behind it where it is
 * ambiguous, and "?name" where a domain name decides.
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../k8s/cluster_of.h"
#include "../k8s/semantics_rows.h"
#include "failing.h"
#include "listed.h"
#include "weir/directory.h"

enum {
	LEAST_COMPARED = 50000,
	ENDS_MOST = 400,
	PORTS_MOST = 400,
};

struct cluster_case {
	const char *name;
	const char *yaml;
	struct weir_list_options options;
	struct weir_semantics semantics;
	const char *rows;
};

#define OWNED(namespace_name, kind, owner, name, address, labels, ports)                           \
	"---\n{apiVersion: v1, kind: Pod, metadata: {namespace: " namespace_name ", name: " name   \
	", labels: {" labels "}, ownerReferences: [{apiVersion: apps/v1, kind: " kind              \
	", name: " owner ", uid: x, controller: true}]}, spec: {nodeName: n1, " CONTAINER(         \
		ports) "}, status: {phase: Running, podIPs: [" IP(address) "]}}\n"
#define CLUSTER_POLICY(name, tier, priority, more)                                                 \
	"---\n{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, "        \
	"metadata: {name: " name "}, spec: {tier: " tier ", priority: " priority ", " more "}}\n"
#define EVERY_NAMESPACE "subject: {namespaces: {}}"

#define A_AND_B                                                                                    \
	POD("s", "a", "10.0.0.1", "app: a", "n1")                                                  \
	POD("s", "b", "10.0.0.2", "app: b", "n1")
#define SILENT_A POLICY("s", "silent-a", OF_APP("a") ", policyTypes: [Ingress, Egress]")
#define SILENT_B POLICY("s", "silent-b", OF_APP("b") ", policyTypes: [Ingress, Egress]")
#define INGRESS(app, rules)                                                                        \
	POLICY("s", "in", OF_APP(app) ", policyTypes: [Ingress], ingress: [" rules "]")
#define EGRESS(app, rules)                                                                         \
	POLICY("s", "out", OF_APP(app) ", policyTypes: [Egress], egress: [" rules "]")

/* Two pods whose port http is not the same number, and a client. */
#define WEB                                                                                        \
	OWNED("s", "StatefulSet", "web", "web-0", "10.0.0.1", "app: web",                          \
	      "{name: http, containerPort: 80}")                                                   \
	OWNED("s", "StatefulSet", "web", "web-1", "10.0.0.2", "app: web",                          \
	      "{name: http, containerPort: 8080}")                                                 \
	POD("s", "client", "10.0.0.9", "app: client", "n1")

#define BOTH_FAMILIES                                                                              \
	POD_FULL("s", "a", "app: a", "nodeName: n1, " CONTAINER(""), "Running",                    \
		 IP("10.0.0.1") ", " IP("fd00::1"))                                                \
	POD_FULL("s", "b", "app: b", "nodeName: n1, " CONTAINER(""), "Running",                    \
		 IP("10.0.0.2") ", " IP("fd00::2"))

/* Two pods claim 10.0.0.9. */
#define SHARED                                                                                     \
	POD("s", "a", "10.0.0.1", "app: a", "n1")                                                  \
	POD("s", "left", "10.0.0.9", "app: left", "n1")                                            \
	POD("s", "right", "10.0.0.9", "app: right", "n1")

#define A_ON_ONE_B_ON_TWO                                                                          \
	POD("s", "a", "10.0.0.1", "app: a", "n1")                                                  \
	POD("s", "b", "10.0.0.2", "app: b", "n2")
#define NODES NODE("n1", "192.168.0.1", "") NODE("n2", "192.168.0.2", "")

static const struct cluster_case cases[] = {
	{ "S1: an open cluster", A_AND_B,
	  .rows = "s/a > s/b: all\n"
		  "s/a > anywhere: all\n"
		  "s/b > s/a: all\n"
		  "s/b > anywhere: all\n"
		  "anywhere > s/a: all\n"
		  "anywhere > s/b: all\n" },
	{ "S4: nothing is allowed", A_AND_B DENY_ALL("s"), .rows = "" },
	{ "C22: one side allows, the other does not", A_AND_B SILENT_B EGRESS("a", "{}"),
	  .options = { .namespace_name = "s" },
	  .rows = "s/a > anywhere: all\n"
		  "anywhere > s/a: all\n" },
	{ "C42: a named port of ingress, of each pod its own number",
	  WEB INGRESS("web", "{ports: [{port: http}]}"),
	  .rows = "s/client > s/web-0: TCP 80\n"
		  "s/client > s/web-1: TCP 8080\n"
		  "s/client > anywhere: all\n"
		  "s/StatefulSet/web > s/client: all\n"
		  "s/web-0 > s/StatefulSet/web: TCP 8080\n"
		  "s/web-1 > s/StatefulSet/web: TCP 80\n"
		  "s/StatefulSet/web > anywhere: all\n"
		  "anywhere > s/client: all\n"
		  "anywhere > s/web-0: TCP 80\n"
		  "anywhere > s/web-1: TCP 8080\n" },
	{ "C13: a named port of egress, of each pod its own number",
	  WEB EGRESS("client", "{ports: [{port: http}]}"), .options = { .from = "s/client" },
	  .rows = "s/client > s/web-0: TCP 80\n"
		  "s/client > s/web-1: TCP 8080\n" },
	{ "C16: a named port that the pod has with another protocol",
	  WEB INGRESS("web", "{ports: [{port: http, protocol: UDP}]}"),
	  .options = { .from = "s/client", .to = "s/StatefulSet/web" }, .rows = "" },
	{ "S9: ranges of several rules are told as one",
	  A_AND_B INGRESS("b", "{ports: [{port: 8000, endPort: 8080}, {port: 7999}]}, "
			       "{from: [{" EVERY_POD "}], ports: [{port: 8081, endPort: 9000}, "
			       "{port: 9002}, {port: 65535}]}"),
	  .options = { .to = "s/b" },
	  .rows = "s/a > s/b: TCP 7999-9000,9002,65535\n"
		  "anywhere > s/b: TCP 7999-8080\n" },
	{ "C2: a number beside every port",
	  A_AND_B INGRESS("b", "{ports: [{protocol: TCP}, {port: 80}]}"),
	  .options = { .from = "s/a", .to = "s/b" }, .rows = "s/a > s/b: TCP 0-65535\n" },
	{ "S8: a block is cut where its holes begin and end",
	  A_AND_B INGRESS("b", "{from: [{ipBlock: {cidr: 10.20.0.0/16, "
			       "except: [10.20.128.0/17, 10.20.0.0/18]}}]}"),
	  .options = { .to = "s/b" }, .rows = "10.20.64.0/18 > s/b: all\n" },
	{ "C5: a hole that another rule admits, on other ports",
	  A_AND_B INGRESS("b",
			  "{from: [{ipBlock: {cidr: 10.20.0.0/16, except: [10.20.64.0/18]}}]}, "
			  "{from: [{ipBlock: {cidr: 10.20.64.0/19}}], ports: [{port: 80}]}"),
	  .options = { .to = "s/b" },
	  .rows = "10.20.0.0/18 10.20.128.0/17 > s/b: all\n"
		  "10.20.64.0/19 > s/b: TCP 80\n" },
	{ "C5: a hole that another rule admits wholly is no cut",
	  A_AND_B INGRESS("b", "{from: [{ipBlock: {cidr: 10.20.0.0/16, except: [10.20.64.0/18]}}, "
			       "{ipBlock: {cidr: 10.20.64.0/18}}]}"),
	  .options = { .to = "s/b" }, .rows = "10.20.0.0/16 > s/b: all\n" },
	{ "S8: the last address of all is a hole",
	  A_AND_B EGRESS("a", "{to: [{ipBlock: {cidr: 255.255.255.252/30, "
			      "except: [255.255.255.255/32]}}]}"),
	  .options = { .from = "s/a" },
	  .rows = "s/a > 255.255.255.252/31 255.255.255.254/32: all\n" },
	{ "C8: a block with a pod's address in it",
	  A_AND_B EGRESS("a", "{to: [{ipBlock: {cidr: 10.0.0.0/30}}], ports: [{port: 1}]}"),
	  .options = { .from = "s/a" },
	  .rows = "s/a > s/b: TCP 1\n"
		  "s/a > 10.0.0.0/30: TCP 1\n" },
	{ "S8: blocks that match no pods",
	  A_AND_B EGRESS("a", "{to: [{ipBlock: {cidr: 10.0.0.0/30}}], ports: [{port: 1}]}"),
	  .options = { .from = "s/a" }, .semantics = { .ipblock_pods = WEIR_IPBLOCK_PODS_IGNORE },
	  .rows = "s/a > 10.0.0.0/30: TCP 1\n" },
	{ "S8: a block of nothing but pods is no range outside",
	  A_AND_B EGRESS("a", "{to: [{ipBlock: {cidr: 10.0.0.2/32}}]}"),
	  .options = { .from = "s/a" }, .rows = "s/a > s/b: all\n" },
	{ "S8: ranges on both sides of a pod's address are one",
	  A_AND_B EGRESS("a", "{to: [{ipBlock: {cidr: 10.0.0.0/30}}], ports: [{port: 1}]}, "
			      "{to: [{ipBlock: {cidr: 10.0.0.2/32}}], ports: [{port: 2}]}"),
	  .options = { .from = "s/a" },
	  .rows = "s/a > s/b: TCP 1-2\n"
		  "s/a > 10.0.0.0/30: TCP 1\n" },
	{ "S8: IPv4's place among IPv6 addresses is no range",
	  BOTH_FAMILIES EGRESS("a", "{to: [{ipBlock: {cidr: '::/79', "
				    "except: ['::fffe:0:0/96']}}]}"),
	  .options = { .from = "s/a" },
	  .rows = "s/a > ::/81 ::8000:0:0/82 ::c000:0:0/83 ::e000:0:0/84 ::f000:0:0/85 "
		  "::f800:0:0/86 ::fc00:0:0/87 ::fe00:0:0/88 ::ff00:0:0/89 ::ff80:0:0/90 "
		  "::ffc0:0:0/91 ::ffe0:0:0/92 ::fff0:0:0/93 ::fff8:0:0/94 ::fffc:0:0/95 "
		  "::1:0:0:0/80: all\n" },
	{ "S20: both families", BOTH_FAMILIES SILENT_B,
	  .rows = "s/a > anywhere: all\n"
		  "anywhere > s/a: all\n" },
	{ "C11: every IPv4 address, and no IPv6 one",
	  BOTH_FAMILIES EGRESS("a", "{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}"),
	  .options = { .from = "s/a" },
	  .rows = "10.0.0.1 > s/b: all\n"
		  "s/a > 0.0.0.0/0: all\n" },
	{ "S20: ports of each family",
	  BOTH_FAMILIES EGRESS("a", "{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 4}]}, "
				    "{to: [{ipBlock: {cidr: 2001:db8::/32, "
				    "except: ['2001:db8:8000::/33']}}, "
				    "{ipBlock: {cidr: fd00::/64}}], ports: [{port: 6}]}"),
	  .options = { .from = "s/a" },
	  .rows = "10.0.0.1 > s/b: TCP 4\n"
		  "fd00::1 > s/b: TCP 6\n"
		  "s/a > 0.0.0.0/0: TCP 4\n"
		  "s/a > 2001:db8::/33 fd00::/64: TCP 6\n" },
	{ "S20: a pod of one family and one of both",
	  BOTH_FAMILIES POD("s", "c", "10.0.0.3", "app: c", "n1") EGRESS("c", "{}"),
	  .options = { .from = "s/c" },
	  .rows = "s/c > s/a: all\n"
		  "s/c > s/b: all\n"
		  "s/c > anywhere: all\n" },
	{ "S13: pods on their node's network, and finished ones",
	  NODES POD("s", "a", "10.0.0.1", "app: a", "n1")
		  POD_FULL("s", "agent", "", "nodeName: n2, hostNetwork: true, " CONTAINER(""),
			   "Running", IP("192.168.0.2"))
			  POD_FULL("s", "done", "", CONTAINER(""), "Succeeded", IP("10.0.0.2")),
	  .rows = "s/a > anywhere: all\n"
		  "anywhere > s/a: all\n" },
	{ "C25: a finished pod's address is the running one's",
	  A_AND_B POD_FULL("s", "done", "app: done", CONTAINER(""), "Failed", IP("10.0.0.2"))
		  INGRESS("b", "{from: [{" OF_APP("a") "}]}"),
	  .options = { .to = "s/b" }, .rows = "s/a > s/b: all\n" },
	{ "S9: a protocol without port",
	  A_AND_B INGRESS("b", "{ports: [{protocol: UDP}, {protocol: SCTP, port: 81}]}"),
	  .options = { .from = "s/a", .to = "s/b" }, .rows = "s/a > s/b: UDP 0-65535; SCTP 81\n" },
	{ "S14: every port of three protocols is not every protocol",
	  A_AND_B INGRESS("b", "{ports: [{}, {protocol: UDP}, {protocol: SCTP}]}"),
	  .options = { .from = "s/a", .to = "s/b" },
	  .rows = "s/a > s/b: TCP 0-65535; UDP 0-65535; SCTP 0-65535\n" },
	{ "S14: other protocols are never restricted", A_AND_B SILENT_A INGRESS("b", ""),
	  .options = { .from = "s/a" },
	  .semantics = { .other_protocols = WEIR_OTHER_PROTOCOLS_ALLOW },
	  .rows = "s/a > s/b: other\n"
		  "s/a > anywhere: other\n" },
	{ "S14: other protocols are matched by no rule", A_AND_B INGRESS("b", "{}"),
	  .options = { .from = "s/a", .to = "s/b" },
	  .semantics = { .other_protocols = WEIR_OTHER_PROTOCOLS_DENY },
	  .rows = "s/a > s/b: TCP 0-65535; UDP 0-65535; SCTP 0-65535\n" },
	{ "a workload whose pods do not agree",
	  OWNED("s", "DaemonSet", "log", "log-a", "10.0.0.1", "track: old",
		"") OWNED("s", "DaemonSet", "log", "log-b", "10.0.0.2", "track: new",
			  "") OWNED("s", "DaemonSet", "log", "log-c", "10.0.0.3", "track: old", "")
		  OWNED("s", "DaemonSet", "sink", "sink-a", "10.0.0.4", "app: sink", "")
			  OWNED("s", "DaemonSet", "sink", "sink-b", "10.0.0.5", "app: sink", "")
				  INGRESS("sink", "{from: [{podSelector: "
						  "{matchLabels: {track: old}}}]}"),
	  .options = { .to = "s/DaemonSet/sink" },
	  .rows = "s/log-a > s/DaemonSet/sink: all\n"
		  "s/log-c > s/DaemonSet/sink: all\n" },
	{ "a workload among itself",
	  OWNED("s", "DaemonSet", "sink", "sink-a", "10.0.0.4", "app: sink", "")
		  OWNED("s", "DaemonSet", "sink", "sink-b", "10.0.0.5", "app: sink", "")
			  INGRESS("sink", "{from: [{" OF_APP("sink") "}], ports: [{port: 7}]}"),
	  .options = { .to = "s/DaemonSet/sink" },
	  .rows = "s/DaemonSet/sink > s/DaemonSet/sink: TCP 7\n" },
	{ "a pod of a workload by itself", WEB,
	  .options = { .from = "s/web-0", .to = "s/StatefulSet/web" },
	  .rows = "s/web-0 > s/StatefulSet/web: all\n" },
	{ "by pod", WEB INGRESS("web", "{ports: [{port: http}]}"),
	  .options = { .by_pod = true, .to = "s/StatefulSet/web", .namespace_name = "s" },
	  .rows = "s/client > s/web-0: TCP 80\n"
		  "s/client > s/web-1: TCP 8080\n"
		  "s/web-0 > s/web-1: TCP 8080\n"
		  "s/web-1 > s/web-0: TCP 80\n"
		  "anywhere > s/web-0: TCP 80\n"
		  "anywhere > s/web-1: TCP 8080\n" },
	{ "a namespace", A_AND_B POD("t", "c", "10.0.1.1", "", "n1") DENY_ALL("s"),
	  .options = { .namespace_name = "t" },
	  .rows = "t/c > anywhere: all\n"
		  "anywhere > t/c: all\n" },
	{ "a part of what is outside",
	  A_AND_B INGRESS("b",
			  "{from: [{ipBlock: {cidr: 10.20.0.0/16, except: [10.20.64.0/18]}}]}"),
	  .options = { .from = "10.20.0.0/17", .to = "s/b" }, .rows = "10.20.0.0/18 > s/b: all\n" },
	{ "an address outside", A_AND_B INGRESS("b", "{from: [{ipBlock: {cidr: 10.20.0.0/16}}]}"),
	  .options = { .from = "10.20.1.2" },
	  .rows = "10.20.1.2/32 > s/a: all\n"
		  "10.20.1.2/32 > s/b: all\n" },
	{ "S17: pods that share an address and do not agree",
	  SHARED INGRESS("left", "{ports: [{port: 80}]}")
		  POLICY("s", "right",
			 OF_APP("right") ", ingress: [{ports: [{port: 80, "
					 "endPort: 81}]}]"),
	  .options = { .from = "s/a" },
	  .rows = "s/a > s/left: TCP 80\n"
		  "s/a > s/left: TCP 81 ?\n"
		  "s/a > s/right: TCP 80\n"
		  "s/a > s/right: TCP 81 ?\n"
		  "s/a > anywhere: all\n" },
	{ "S17: pods that share an address and agree", SHARED, .options = { .to = "s/right" },
	  .rows = "s/a > s/right: all\n"
		  "anywhere > s/right: all\n" },
	{ "S12: nodes, without a pod and its own", NODES A_ON_ONE_B_ON_TWO,
	  .options = { .with_nodes = true, .from = "s/a" },
	  .rows = "s/a > s/b: all\n"
		  "s/a > node/n2: all\n"
		  "s/a > anywhere: all\n" },
	{ "C31: a node to its own pod is no question",
	  NODES A_ON_ONE_B_ON_TWO INGRESS("a", "{from: [{ipBlock: {cidr: 192.168.0.2/32}}]}"),
	  .options = { .with_nodes = true, .to = "s/a" }, .rows = "node/n2 > s/a: all\n" },
	{ "C32: a pod to its own node where policies decide",
	  NODES A_ON_ONE_B_ON_TWO EGRESS("a", "{ports: [{port: 10250}]}"),
	  .options = { .with_nodes = true, .from = "s/a" },
	  .semantics = { .own_node = WEIR_OWN_NODE_POLICY },
	  .rows = "s/a > s/b: TCP 10250\n"
		  "s/a > node/n1: TCP 10250\n"
		  "s/a > node/n2: TCP 10250\n"
		  "s/a > anywhere: TCP 10250\n" },
	{ "a node is named without --nodes", NODES A_ON_ONE_B_ON_TWO,
	  .options = { .from = "node/n1" }, .rows = "node/n1 > s/b: all\n" },
	{ "C41: a cluster policy denies before policies allow",
	  A_AND_B INGRESS("b", "{}") CLUSTER_POLICY(
		  "deny", "Admin", "1",
		  EVERY_NAMESPACE ", ingress: [{action: Deny, from: [{namespaces: {}}], protocols: "
				  "[{tcp: {destinationPort: {number: 80}}}]}]"),
	  .options = { .to = "s/b" },
	  .rows = "s/a > s/b: TCP 0-79,81-65535; UDP 0-65535; SCTP 0-65535; other\n"
		  "anywhere > s/b: all\n" },
	{ "a cluster policy accepts, and policies deny the rest",
	  A_AND_B SILENT_B CLUSTER_POLICY(
		  "accept", "Admin", "1",
		  EVERY_NAMESPACE
		  ", ingress: [{action: Accept, from: [{namespaces: {}}], "
		  "protocols: [{udp: {destinationPort: {range: {start: 5, end: 9}}}}]}]"),
	  .options = { .from = "s/a", .to = "s/b" }, .rows = "s/a > s/b: UDP 5-9\n" },
	{ "a cluster policy passes over a denial to what is behind",
	  A_AND_B INGRESS("b", "{ports: [{port: 80, endPort: 90}]}") CLUSTER_POLICY(
		  "one", "Admin", "1",
		  EVERY_NAMESPACE ", ingress: [{action: Pass, from: [{namespaces: {}}], "
				  "protocols: [{tcp: {destinationPort: {number: 85}}}]}]")
		  CLUSTER_POLICY("two", "Admin", "2",
				 EVERY_NAMESPACE ", ingress: [{action: Deny, from: "
						 "[{namespaces: {}}]}]"),
	  .options = { .to = "s/b" },
	  .rows = "s/a > s/b: TCP 85\n"
		  "anywhere > s/b: TCP 80-90\n" },
	{ "C38: a baseline holds where no policy isolates",
	  A_AND_B EGRESS("a", "{}") CLUSTER_POLICY(
		  "base", "Baseline", "1",
		  EVERY_NAMESPACE ", ingress: [{action: Deny, from: [{pods: {podSelector: "
				  "{matchLabels: {app: a}}}}]}]"),
	  .options = { .namespace_name = "s", .to = "s/b" }, .rows = "anywhere > s/b: all\n" },
	{ "a cluster policy denies networks",
	  A_AND_B CLUSTER_POLICY("nets", "Admin", "1",
				 EVERY_NAMESPACE ", egress: [{action: Deny, to: [{networks: "
						 "[192.0.2.0/25, 10.0.0.2/32]}]}]"),
	  .options = { .from = "s/a", .to = "192.0.2.0/24" },
	  .rows = "s/a > 192.0.2.128/25: all\n" },
	{ "C41: networks hold pods too",
	  A_AND_B CLUSTER_POLICY("nets", "Admin", "1",
				 EVERY_NAMESPACE ", egress: [{action: Deny, to: [{networks: "
						 "[192.0.2.0/25, 10.0.0.2/32]}]}]"),
	  .options = { .from = "s/a", .to = "s/b" }, .rows = "" },
	{ "a domain name decides",
	  A_AND_B SILENT_A CLUSTER_POLICY("names", "Admin", "1",
					  EVERY_NAMESPACE
					  ", egress: [{action: Accept, to: "
					  "[{domainNames: [example.com]}], protocols: "
					  "[{tcp: {destinationPort: {number: 443}}}]}]"),
	  .options = { .from = "s/a" }, .rows = "s/a > anywhere: TCP 443 ?name\n" },
	{ "a domain name beside a network",
	  A_AND_B SILENT_A CLUSTER_POLICY(
		  "names", "Admin", "1",
		  EVERY_NAMESPACE ", egress: [{action: Accept, to: [{networks: [192.0.2.0/24]}]}, "
				  "{action: Accept, to: [{domainNames: [example.com]}]}]"),
	  .options = { .from = "s/a", .to = "192.0.2.0/23" },
	  .rows = "s/a > 192.0.2.0/24: all\n"
		  "s/a > 192.0.3.0/24: all ?name\n" },
};

/* Rows as text. */

static const char *const protocols[] = {
	[WEIR_LIST_ANY] = "all",   [WEIR_LIST_TCP] = "TCP",     [WEIR_LIST_UDP] = "UDP",
	[WEIR_LIST_SCTP] = "SCTP", [WEIR_LIST_OTHER] = "other",
};

static void write_end(FILE *file, const struct weir_list_end *end)
{
	assert_true(end->kind == WEIR_LIST_OUTSIDE ? !end->text && end->prefix_count
						   : end->text && !end->prefix_count);
	if (end->text || end->is_anywhere) {
		fputs(end->text ? end->text : "anywhere", file);
		return;
	}
	for (uint32_t i = 0; i < end->prefix_count; i++) {
		char text[WEIR_PREFIX_TEXT];

		weir_prefix_format(&end->prefixes[i], text);
		fprintf(file, "%s%s", i ? " " : "", text);
	}
}

static void write_ports(FILE *file, const struct weir_list_ports *ports)
{
	fputs(protocols[ports->protocol], file);
	for (uint32_t i = 0; i < ports->range_count; i++) {
		const struct weir_list_range *range = &ports->ranges[i];

		if (ports->protocol == WEIR_LIST_ANY || ports->protocol == WEIR_LIST_OTHER) {
			assert_true(range->first == 0 && range->last == UINT16_MAX);
			continue;
		}
		fprintf(file, "%c%u", i ? ',' : ' ', range->first);
		if (range->last != range->first)
			fprintf(file, "-%u", range->last);
	}
}

static void write_row(FILE *file, const struct listed *listed, const struct weir_list_row *row)
{
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(listed->list, row->ports, &ports);

	write_end(file, &row->from);
	fputs(" > ", file);
	write_end(file, &row->to);
	for (uint32_t i = 0; i < count; i++) {
		fputs(i ? "; " : ": ", file);
		write_ports(file, &ports[i]);
	}
	fprintf(file, "%s%s\n", row->is_ambiguous ? " ?" : "", row->may_be_named ? "name" : "");
}

static bool has_rows(const struct cluster_case *want, struct weir_policy *policy)
{
	struct listed listed = listed_open(policy, &want->options);
	const struct listed_row *rows = listed.rows.items;
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	bool is_same;

	assert_non_null(file);
	for (size_t i = 0; i < listed.rows.count; i++)
		write_row(file, &listed, &rows[i].row);
	assert_int_equal(fclose(file), 0);
	is_same = strcmp(text, want->rows) == 0;
	if (!is_same)
		print_error("%s:\n%swanted:\n%s", want->name, text, want->rows);
	free(text);
	listed_close(&listed);
	return is_same;
}

static struct weir_policy *policy_of(const char *yaml, const struct weir_semantics *semantics)
{
	struct weir_cluster *cluster = cluster_of(yaml);
	struct weir_resolved *resolved;
	struct weir_policy *policy;
	struct weir_error error;

	assert_int_equal(weir_cluster_resolve(cluster, semantics, &resolved), 0);
	if (weir_compile(resolved, NULL, &policy, &error))
		fail_msg("%s", error.text);
	weir_resolved_destroy(resolved);
	weir_cluster_destroy(cluster);
	return policy;
}

static void rows_are_as_meant(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct weir_policy *policy = policy_of(cases[i].yaml, &cases[i].semantics);

		wrong += !has_rows(&cases[i], policy);
		weir_policy_unref(policy);
	}
	assert_int_equal(wrong, 0);
}

/* Every connection. */

struct ends {
	struct weir_address items[ENDS_MOST];
	size_t count;
};

static void add_end(struct ends *ends, const struct weir_address *address)
{
	for (size_t i = 0; i < ends->count; i++) {
		if (weir_address_equal(&ends->items[i], address))
			return;
	}
	assert_true(ends->count < ENDS_MOST);
	ends->items[ends->count++] = *address;
}

static void add_text(struct ends *ends, const char *text)
{
	struct weir_address address;

	assert_int_equal(weir_address_parse(text, strlen(text), &address), 0);
	add_end(ends, &address);
}

static void add_endpoints(struct ends *ends, const struct weir_policy *policy)
{
	for (uint32_t i = 0; i < weir_policy_endpoint_count(policy); i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(policy, i, &view);
		for (uint32_t j = 0; j < view.address_count; j++)
			add_end(ends, &view.addresses[j]);
	}
}

/* The first and the last address, and their neighbours. */
static void add_edges(struct ends *ends, const struct weir_list_end *end)
{
	for (uint32_t i = 0; i < end->prefix_count; i++) {
		const struct weir_prefix *prefix = &end->prefixes[i];
		struct weir_address first = prefix->address, last = first;

		for (unsigned bit = prefix->length; bit < 128; bit++)
			last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		add_end(ends, &first);
		add_end(ends, &last);
		first.bytes[15]--;
		last.bytes[15]++;
		add_end(ends, &first);
		add_end(ends, &last);
	}
}

static void add_outside(struct ends *ends, const struct listed *listed)
{
	const struct listed_row *rows = listed->rows.items;

	add_text(ends, "198.51.100.7");
	add_text(ends, "2001:db8:ffff::7");
	for (size_t i = 0; i < listed->rows.count; i++) {
		add_edges(ends, &rows[i].row.from);
		add_edges(ends, &rows[i].row.to);
	}
}

static int order_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static struct weir_array ports_to_ask(const struct listed *listed)
{
	static const uint16_t always[] = { 0, 80, 65535 };
	struct weir_array ports = weir_array_of(NULL, uint16_t);
	uint16_t *items;
	size_t kept = 0;

	listed_edge_ports(listed, &ports, PORTS_MOST);
	for (size_t i = 0; i < COUNT(always); i++) {
		uint16_t *added = weir_array_push(&ports);

		assert_non_null(added);
		*added = always[i];
	}
	items = ports.items;
	qsort(items, ports.count, sizeof(*items), order_ports);
	for (size_t i = 0; i < ports.count; i++) {
		if (!kept || items[kept - 1] != items[i])
			items[kept++] = items[i];
	}
	ports.count = kept;
	return ports;
}

static void compare_key(const char *name, const struct listed *listed, const struct weir_key *key,
			uint64_t compared[3])
{
	char source[WEIR_ADDRESS_TEXT], target[WEIR_ADDRESS_TEXT];
	enum weir_action says = listed_says(listed, key);
	struct weir_explanation explanation;

	weir_policy_explain(listed->policy, key, &explanation);
	compared[says]++;
	if (explanation.verdict.action == says)
		return;
	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, target);
	fail_msg("%s: %s > %s protocol %u port %u: explain says %u, the list %u", name, source,
		 target, key->protocol, key->destination_port, explanation.verdict.action, says);
}

static void compare_pair(const char *name, const struct listed *listed,
			 const struct weir_array *ports, struct weir_key *key, uint64_t compared[3])
{
	static const uint8_t with_ports[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_UDP,
					      WEIR_PROTOCOL_SCTP };
	static const uint8_t without_ports[] = { WEIR_PROTOCOL_ICMP, WEIR_PROTOCOL_ICMPV6, 47 };

	for (size_t i = 0; i < COUNT(with_ports); i++) {
		key->protocol = with_ports[i];
		for (size_t j = 0; j < ports->count; j++) {
			key->destination_port = ((const uint16_t *)ports->items)[j];
			compare_key(name, listed, key, compared);
		}
	}
	key->destination_port = 0;
	for (size_t i = 0; i < COUNT(without_ports); i++) {
		key->protocol = without_ports[i];
		key->icmp_type = without_ports[i] == WEIR_PROTOCOL_ICMPV6 ? 128 : 8;
		compare_key(name, listed, key, compared);
	}
}

static void compare_all(const char *name, const struct listed *listed, uint64_t compared[3])
{
	struct weir_array ports = ports_to_ask(listed);
	struct ends ends = { .count = 0 };

	add_endpoints(&ends, listed->policy);
	add_outside(&ends, listed);
	for (size_t i = 0; i < ends.count * ends.count; i++) {
		struct weir_key key = { .source = ends.items[i / ends.count],
					.destination = ends.items[i % ends.count],
					.flags = WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL };

		if (!listed_leaves_out(listed, &key))
			compare_pair(name, listed, &ports, &key, compared);
	}
	weir_array_finish(&ports);
}

static void compare_cluster(const char *name, const char *yaml,
			    const struct weir_semantics *semantics, uint64_t compared[3])
{
	struct weir_policy *policy = policy_of(yaml, semantics);

	for (unsigned by_pod = 0; by_pod < 2; by_pod++) {
		const struct weir_list_options options = { .by_pod = by_pod, .with_nodes = true };
		struct listed listed = listed_open(policy, &options);

		listed.asks_own_node = semantics->own_node == WEIR_OWN_NODE_POLICY;
		compare_all(name, &listed, compared);
		listed_close(&listed);
	}
	weir_policy_unref(policy);
}

static void compare_rows(const struct row *rows, size_t count, uint64_t compared[3])
{
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].refused)
			compare_cluster(rows[i].name, rows[i].yaml, &rows[i].semantics, compared);
	}
}

static void rows_cover_what_is_allowed(void **state)
{
	uint64_t compared[3] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		compare_cluster(cases[i].name, cases[i].yaml, &cases[i].semantics, compared);
	compare_rows(semantics_rows, semantics_row_count, compared);
	compare_rows(case_rows, case_row_count, compared);
	print_message("denied %llu, allowed %llu, ambiguous %llu\n",
		      (unsigned long long)compared[WEIR_DENY],
		      (unsigned long long)compared[WEIR_ALLOW],
		      (unsigned long long)compared[WEIR_AMBIGUOUS]);
	assert_true(compared[WEIR_DENY] > LEAST_COMPARED);
	assert_true(compared[WEIR_ALLOW] > LEAST_COMPARED);
	assert_true(compared[WEIR_AMBIGUOUS] > 0);
}

/* Options and failures. */

static const struct {
	const char *name;
	struct weir_list_options options;
	int status;
	const char *error;
} refused[] = {
	{ "a pod that is not there",
	  { .from = "s/nobody" },
	  -ENOENT,
	  "no pod nobody in namespace s" },
	{ "a namespace that is not there",
	  { .namespace_name = "t" },
	  -ENOENT,
	  "there is no pod in a namespace t" },
	{ "a text that names nothing", { .to = "nonsense" }, -EINVAL, "nonsense" },
	{ "a finished pod", { .to = "s/done" }, -EINVAL, "s/done stands for no end of a list" },
	{ "a pod on its node's network",
	  { .from = "s/agent" },
	  -EINVAL,
	  "s/agent stands for no end of a list" },
	{ "a service", { .from = "s/Service/web" }, -EINVAL, "is a service" },
};

static void what_is_no_end_is_refused(void **state)
{
	struct weir_policy *policy =
		policy_of(NODES A_AND_B POD_FULL("s", "agent", "",
						 "nodeName: n2, hostNetwork: true, " CONTAINER(""),
						 "Running", IP("192.168.0.2"))
				  POD_FULL("s", "done", "", CONTAINER(""), "Succeeded",
					   IP("10.0.0.3")) "---\n{apiVersion: v1, kind: Service, "
							   "metadata: {namespace: s, name: web}, "
							   "spec: {clusterIP: 10.96.0.1, selector: "
							   "{app: a}, ports: [{port: 80}]}}\n",
			  NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct weir_list *untouched = (struct weir_list *)&policy, *list = untouched;
		struct weir_error error = { "" };
		int status = weir_list_create(policy, &refused[i].options, &list, &error);

		if (status != refused[i].status || list != untouched ||
		    !strstr(error.text, refused[i].error))
			fail_msg("%s: %d, %s", refused[i].name, status, error.text);
	}
	weir_policy_unref(policy);
	weir_list_destroy(NULL);
}

static int stop_at_third(void *context, const struct weir_list_row *row)
{
	unsigned *rows = context;

	(void)row;
	return ++*rows == 3 ? 33 : 0;
}

static void a_row_function_ends_the_list(void **state)
{
	struct weir_policy *policy = policy_of(A_AND_B, NULL);
	struct weir_list *list;
	unsigned rows = 0;

	(void)state;
	assert_int_equal(weir_list_create(policy, &(struct weir_list_options){ 0 }, &list, NULL),
			 0);
	weir_policy_unref(policy);
	assert_int_equal(weir_list_each(list, stop_at_third, &rows), 33);
	assert_int_equal(rows, 3);
	assert_int_equal(weir_list_each(list, stop_at_third, &rows), 0);
	assert_int_equal(rows, 9);
	weir_list_destroy(list);
}

static int count_row(void *context, const struct weir_list_row *row)
{
	(void)row;
	++*(unsigned *)context;
	return 0;
}

/* Creates and tells; the rows are those of memory enough. */
static int list_with(struct failing *failing, struct weir_policy *policy, unsigned *rows)
{
	const struct weir_list_options options = { .allocator = &failing->allocator,
						   .with_nodes = true };
	struct weir_list *list;
	int status = weir_list_create(policy, &options, &list, NULL);

	if (status)
		return status;
	*rows = 0;
	status = weir_list_each(list, count_row, rows);
	weir_list_destroy(list);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	struct failing failing = failing_never();
	struct weir_policy *policy = policy_of(
		NODES WEB BOTH_FAMILIES EGRESS("a", "{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}")
			INGRESS("web", "{ports: [{port: http}]}"),
		NULL);
	unsigned all, rows, count = 0;
	int status;

	(void)state;
	failing_after(&failing, UINT_MAX);
	assert_int_equal(list_with(&failing, policy, &all), 0);
	do {
		failing_after(&failing, count++);
		status = list_with(&failing, policy, &rows);
		assert_true(status == 0 || status == -ENOMEM);
		assert_int_equal(failing.live, 0);
	} while (status);
	assert_in_range(count, 8, 1000);
	assert_int_equal(rows, all);
	weir_policy_unref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_as_meant),
		cmocka_unit_test(rows_cover_what_is_allowed),
		cmocka_unit_test(what_is_no_end_is_refused),
		cmocka_unit_test(a_row_function_ends_the_list),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
