/*
 * Policies of the cluster tiers: what is refused, where, and in which words; and what is read.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"
#include "objects.h"
#include "weir/key.h"
#include "weir/resolved.h"

static const char bare_cluster_head[] = "apiVersion: policy.networking.k8s.io/v1alpha2\n"
					"kind: ClusterNetworkPolicy\n"
					"metadata: {name: p}\n";
static const char cluster_head[] = "apiVersion: policy.networking.k8s.io/v1alpha2\n"
				   "kind: ClusterNetworkPolicy\n"
				   "metadata: {name: p}\n"
				   "spec:\n"
				   "  tier: Admin\n"
				   "  priority: 5\n"
				   "  subject: {namespaces: {}}\n";
static const char beta_head[] = "apiVersion: policy.networking.k8s.io/v1beta1\n"
				"kind: ClusterNetworkPolicy\n"
				"metadata: {name: p}\n"
				"spec:\n"
				"  tier: Admin\n"
				"  priority: 5\n"
				"  subject: {namespaces: {}}\n";
static const char bare_admin_head[] = "apiVersion: policy.networking.k8s.io/v1alpha1\n"
				      "kind: AdminNetworkPolicy\n"
				      "metadata: {name: p}\n";
static const char admin_head[] = "apiVersion: policy.networking.k8s.io/v1alpha1\n"
				 "kind: AdminNetworkPolicy\n"
				 "metadata: {name: p}\n"
				 "spec:\n"
				 "  priority: 5\n"
				 "  subject: {namespaces: {}}\n";
static const char baseline_head[] = "apiVersion: policy.networking.k8s.io/v1alpha1\n"
				    "kind: BaselineAdminNetworkPolicy\n"
				    "metadata: {name: default}\n"
				    "spec:\n"
				    "  subject: {namespaces: {}}\n";

/* A fragment behind its head, and the whole of what is reported. */
static const struct {
	const char *name;
	const char *head;
	const char *yaml;
	const char *report;
} refusals[] = {
	{ "another name for the baseline policy",
	  "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\n"
	  "metadata: {name: mine}\n",
	  "spec: {subject: {namespaces: {}}}\n",
	  "error 3:18: BaselineAdminNetworkPolicy mine: metadata.name: must be default: there is "
	  "one "
	  "such policy in a cluster\n" },
	{ "26 networks", cluster_head,
	  "  egress: [{action: Deny, to: [{networks: [1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, "
	  "5.0.0.0/8, 6.0.0.0/8, 7.0.0.0/8, 8.0.0.0/8, 9.0.0.0/8, 10.0.0.0/8, 11.0.0.0/8, "
	  "12.0.0.0/8, 13.0.0.0/8, 14.0.0.0/8, 15.0.0.0/8, 16.0.0.0/8, 17.0.0.0/8, 18.0.0.0/8, "
	  "19.0.0.0/8, 20.0.0.0/8, 21.0.0.0/8, 22.0.0.0/8, 23.0.0.0/8, 24.0.0.0/8, 25.0.0.0/8, "
	  "26.0.0.0/8]}]}]\n",
	  "error 8:43: ClusterNetworkPolicy p: spec.egress[0].to[0].networks: has 26 entries; at "
	  "most "
	  "25 are right\n" },
	{ "26 domain names", cluster_head,
	  "  egress: [{action: Accept, to: [{domainNames: [a.a, a.b, a.c, a.d, a.e, a.f, a.g, a.h, "
	  "a.i, a.j, a.k, a.l, a.m, a.n, a.o, a.p, a.q, a.r, a.s, a.t, a.u, a.v, a.w, a.x, a.y, "
	  "a.z]}]}]\n",
	  "error 8:48: ClusterNetworkPolicy p: spec.egress[0].to[0].domainNames: has 26 entries; "
	  "at "
	  "most 25 are right\n" },
	{ "no spec", bare_cluster_head, "",
	  "error 1:1: ClusterNetworkPolicy p: spec: is missing; write the policy\n" },
	{ "a spec of nothing but a typo", bare_cluster_head, "spec: {teir: Admin}\n",
	  "error 4:8: ClusterNetworkPolicy p: spec.teir: unknown field; did you mean tier?\n"
	  "error 4:7: ClusterNetworkPolicy p: spec.subject: has no field that says what is meant; "
	  "write namespaces or pods\n"
	  "error 4:7: ClusterNetworkPolicy p: spec.priority: is missing; write a number from 0 to "
	  "1000, lower is tried first\n"
	  "error 4:7: ClusterNetworkPolicy p: spec.tier: is missing; write Admin or Baseline\n" },
	{ "a tier in lower case", bare_cluster_head,
	  "spec: {tier: admin, priority: 5, subject: {namespaces: {}}}\n",
	  "error 4:14: ClusterNetworkPolicy p: spec.tier: \"admin\" must be written Admin\n" },
	{ "a tier that is not for it", bare_cluster_head,
	  "spec: {tier: NetworkPolicy, priority: 5, subject: {namespaces: {}}}\n",
	  "error 4:14: ClusterNetworkPolicy p: spec.tier: \"NetworkPolicy\" is neither Admin nor "
	  "Baseline\n" },
	{ "a priority above 1000", bare_cluster_head,
	  "spec: {tier: Admin, priority: 1001, subject: {namespaces: {}}}\n",
	  "error 4:31: ClusterNetworkPolicy p: spec.priority: 1001 is out of range; 0 to 1000 is "
	  "right\n" },
	{ "a priority below 0", bare_cluster_head,
	  "spec: {tier: Admin, priority: -1, subject: {namespaces: {}}}\n",
	  "error 4:31: ClusterNetworkPolicy p: spec.priority: -1 is out of range; 0 to 1000 is "
	  "right\n" },
	{ "a priority in quotes", bare_cluster_head,
	  "spec: {tier: Admin, priority: \"5\", subject: {namespaces: {}}}\n",
	  "error 4:31: ClusterNetworkPolicy p: spec.priority: must be a whole number, not a string "
	  "(\"5\")\n" },
	{ "an empty subject", bare_cluster_head, "spec: {tier: Admin, priority: 5, subject: {}}\n",
	  "error 4:43: ClusterNetworkPolicy p: spec.subject: has no field that says what is meant; "
	  "write namespaces or pods\n" },
	{ "both kinds of subject", bare_cluster_head,
	  "spec: {tier: Admin, priority: 5, subject: {namespaces: {}, pods: {podSelector: {}}}}\n",
	  "error 4:43: ClusterNetworkPolicy p: spec.subject: has 2 fields; exactly one is right: "
	  "namespaces or pods\n" },
	{ "a subject without podSelector", bare_cluster_head,
	  "spec: {tier: Admin, priority: 5, subject: {pods: {namespaceSelector: {}}}}\n",
	  "error 4:50: ClusterNetworkPolicy p: spec.subject.pods.podSelector: is missing; write {} "
	  "for every pod\n" },
	{ "a subject of a NetworkPolicy", bare_cluster_head,
	  "spec: {tier: Admin, priority: 5, subject: {podSelector: {}}}\n",
	  "error 4:44: ClusterNetworkPolicy p: spec.subject.podSelector: unknown field; known "
	  "here: "
	  "namespaces, pods\n"
	  "error 4:43: ClusterNetworkPolicy p: spec.subject: has no field that says what is meant; "
	  "write namespaces or pods\n" },
	{ "a tier", bare_admin_head,
	  "spec: {tier: Admin, priority: 5, subject: {namespaces: {}}}\n",
	  "error 4:8: AdminNetworkPolicy p: spec.tier: unknown field; known here: priority, "
	  "subject, ingress, egress\n" },
	{ "pods without namespaceSelector", bare_admin_head,
	  "spec: {priority: 5, subject: {pods: {podSelector: {}}}}\n",
	  "error 4:37: AdminNetworkPolicy p: spec.subject.pods.namespaceSelector: is missing; "
	  "write "
	  "{} for every namespace\n" },
	{ "a priority", baseline_head, "  priority: 5\n",
	  "error 6:3: BaselineAdminNetworkPolicy default: spec.priority: unknown field; known "
	  "here: "
	  "subject, ingress, egress\n" },
	{ "no action", cluster_head, "  ingress: [{from: [{namespaces: {}}]}]\n",
	  "error 8:13: ClusterNetworkPolicy p: spec.ingress[0].action: is missing; write what "
	  "becomes of the traffic\n" },
	{ "the action of the other family", cluster_head,
	  "  ingress: [{action: Allow, from: [{namespaces: {}}]}]\n",
	  "error 8:22: ClusterNetworkPolicy p: spec.ingress[0].action: \"Allow\" is none of "
	  "Accept, "
	  "Deny and Pass\n" },
	{ "the action of the other family, reversed", admin_head,
	  "  ingress: [{action: Accept, from: [{namespaces: {}}]}]\n",
	  "error 7:22: AdminNetworkPolicy p: spec.ingress[0].action: \"Accept\" is none of Allow, "
	  "Deny and Pass\n" },
	{ "a Pass to nowhere", baseline_head,
	  "  ingress: [{action: Pass, from: [{namespaces: {}}]}]\n",
	  "error 6:22: BaselineAdminNetworkPolicy default: spec.ingress[0].action: \"Pass\" is "
	  "neither Allow nor Deny\n" },
	{ "an action in lower case", cluster_head,
	  "  ingress: [{action: deny, from: [{namespaces: {}}]}]\n",
	  "error 8:22: ClusterNetworkPolicy p: spec.ingress[0].action: \"deny\" must be written "
	  "Deny\n" },
	{ "no peers", cluster_head, "  ingress: [{action: Deny}]\n",
	  "error 8:13: ClusterNetworkPolicy p: spec.ingress[0].from: is missing; write whom the "
	  "rule is about; namespaces: {} is every pod\n" },
	{ "an empty list of peers", cluster_head, "  ingress: [{action: Deny, from: []}]\n",
	  "error 8:34: ClusterNetworkPolicy p: spec.ingress[0].from: is empty; write whom the rule "
	  "is about; namespaces: {} is every pod\n" },
	{ "peers of the other direction", cluster_head,
	  "  ingress: [{action: Deny, to: [{namespaces: {}}]}]\n",
	  "error 8:28: ClusterNetworkPolicy p: spec.ingress[0].to: unknown field; known here: "
	  "name, "
	  "action, from, protocols\n"
	  "error 8:13: ClusterNetworkPolicy p: spec.ingress[0].from: is missing; write whom the "
	  "rule is about; namespaces: {} is every pod\n" },
	{ "C40 an empty peer", cluster_head, "  ingress: [{action: Accept, from: [{}]}]\n",
	  "error 8:37: ClusterNetworkPolicy p: spec.ingress[0].from[0]: has no field that says "
	  "what "
	  "is meant; write namespaces or pods\n" },
	{ "C40 a null peer", cluster_head, "  ingress: [{action: Accept, from: [null]}]\n",
	  "error 8:37: ClusterNetworkPolicy p: spec.ingress[0].from[0]: has no field that says "
	  "what "
	  "is meant; write namespaces or pods\n" },
	{ "C40 a peer of a later version", cluster_head,
	  "  ingress: [{action: Accept, from: [{serviceAccounts: {}}]}]\n",
	  "error 8:38: ClusterNetworkPolicy p: spec.ingress[0].from[0].serviceAccounts: unknown "
	  "field; known here: namespaces, pods\n"
	  "error 8:37: ClusterNetworkPolicy p: spec.ingress[0].from[0]: has no field that says "
	  "what "
	  "is meant; write namespaces or pods\n" },
	{ "C40 a peer whose only field is null", cluster_head,
	  "  ingress: [{action: Accept, from: [{namespaces: null}]}]\n",
	  "error 8:37: ClusterNetworkPolicy p: spec.ingress[0].from[0]: has no field that says "
	  "what "
	  "is meant; write namespaces or pods\n" },
	{ "two kinds of peer in one", cluster_head,
	  "  egress: [{action: Deny, to: [{namespaces: {}, networks: [10.0.0.0/8]}]}]\n",
	  "error 8:32: ClusterNetworkPolicy p: spec.egress[0].to[0]: has 2 fields; exactly one is "
	  "right: namespaces, pods, nodes, networks or domainNames\n" },
	{ "networks in ingress", cluster_head,
	  "  ingress: [{action: Deny, from: [{networks: [10.0.0.0/8]}]}]\n",
	  "error 8:36: ClusterNetworkPolicy p: spec.ingress[0].from[0].networks: unknown field; "
	  "known here: namespaces, pods\n"
	  "error 8:35: ClusterNetworkPolicy p: spec.ingress[0].from[0]: has no field that says "
	  "what "
	  "is meant; write namespaces or pods\n" },
	{ "nodes in ingress", cluster_head, "  ingress: [{action: Deny, from: [{nodes: {}}]}]\n",
	  "error 8:36: ClusterNetworkPolicy p: spec.ingress[0].from[0].nodes: unknown field; did "
	  "you mean pods?\n"
	  "error 8:35: ClusterNetworkPolicy p: spec.ingress[0].from[0]: has no field that says "
	  "what "
	  "is meant; write namespaces or pods\n" },
	{ "domain names in the baseline", baseline_head,
	  "  egress: [{action: Allow, to: [{domainNames: [example.com]}]}]\n",
	  "error 6:34: BaselineAdminNetworkPolicy default: spec.egress[0].to[0].domainNames: "
	  "unknown field; known here: namespaces, pods, nodes, networks\n"
	  "error 6:33: BaselineAdminNetworkPolicy default: spec.egress[0].to[0]: has no field that "
	  "says what is meant; write namespaces, pods, nodes or networks\n" },
	{ "no networks", cluster_head, "  egress: [{action: Deny, to: [{networks: []}]}]\n",
	  "error 8:43: ClusterNetworkPolicy p: spec.egress[0].to[0].networks: is empty; write a "
	  "CIDR\n" },
	{ "no CIDR", cluster_head, "  egress: [{action: Deny, to: [{networks: [10.0.0.0]}]}]\n",
	  "error 8:44: ClusterNetworkPolicy p: spec.egress[0].to[0].networks[0]: \"10.0.0.0\" "
	  "lacks "
	  "a prefix length; write 10.0.0.0/32 for that address alone\n" },
	{ "an empty CIDR", cluster_head, "  egress: [{action: Deny, to: [{networks: [\"\"]}]}]\n",
	  "error 8:44: ClusterNetworkPolicy p: spec.egress[0].to[0].networks[0]: is empty; write a "
	  "CIDR, or remove it\n" },
	{ "a CIDR twice", cluster_head,
	  "  egress: [{action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]}]\n",
	  "error 8:56: ClusterNetworkPolicy p: spec.egress[0].to[0].networks[1]: is there already; "
	  "remove one of the two\n" },
	{ "IPv4 as IPv6", cluster_head,
	  "  egress: [{action: Deny, to: [{networks: [\"::ffff:10.0.0.0/104\"]}]}]\n",
	  "error 8:44: ClusterNetworkPolicy p: spec.egress[0].to[0].networks[0]: "
	  "\"::ffff:10.0.0.0/104\" is IPv4 written as IPv6; write 10.0.0.0/8\n" },
	{ "host bits", cluster_head, "  egress: [{action: Deny, to: [{networks: [10.0.0.1/8]}]}]\n",
	  "warning 8:44: ClusterNetworkPolicy p: spec.egress[0].to[0].networks[0]: has bits set "
	  "behind the prefix length; they are ignored here, and later versions of the API refuse "
	  "them\n" },
	{ "host bits in v1beta1", beta_head,
	  "  egress: [{action: Deny, to: [{networks: [10.0.0.1/8]}]}]\n",
	  "error 8:44: ClusterNetworkPolicy p: spec.egress[0].to[0].networks[0]: has bits set "
	  "behind the prefix length; clear them\n" },
	{ "a domain name of one label", cluster_head,
	  "  egress: [{action: Accept, to: [{domainNames: [localhost]}]}]\n",
	  "error 8:49: ClusterNetworkPolicy p: spec.egress[0].to[0].domainNames[0]: \"localhost\" "
	  "is no domain name; example.com or *.example.com would be one\n" },
	{ "a star inside a domain name", cluster_head,
	  "  egress: [{action: Accept, to: [{domainNames: [\"www.*.com\"]}]}]\n",
	  "error 8:49: ClusterNetworkPolicy p: spec.egress[0].to[0].domainNames[0]: \"www.*.com\" "
	  "is no domain name; example.com or *.example.com would be one\n" },
	{ "a domain name twice", cluster_head,
	  "  egress: [{action: Accept, to: [{domainNames: [a.io, a.io]}]}]\n",
	  "error 8:55: ClusterNetworkPolicy p: spec.egress[0].to[0].domainNames[1]: is there "
	  "already; remove one of the two\n" },
	{ "domain names denied", cluster_head,
	  "  egress: [{action: Deny, to: [{domainNames: [a.io]}]}]\n",
	  "error 8:32: ClusterNetworkPolicy p: spec.egress[0].to[0]: domain names are for rules "
	  "that allow; this one says Deny\n" },
	{ "domain names passed", admin_head,
	  "  egress: [{action: Pass, to: [{domainNames: [a.io]}]}]\n",
	  "error 7:32: AdminNetworkPolicy p: spec.egress[0].to[0]: domain names are for rules that "
	  "allow; this one says Pass\n" },
	{ "no protocols", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: []}]\n",
	  "error 8:65: ClusterNetworkPolicy p: spec.ingress[0].protocols: is empty; remove it if "
	  "every port is meant\n" },
	{ "an empty protocol", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{}]}]\n",
	  "error 8:66: ClusterNetworkPolicy p: spec.ingress[0].protocols[0]: has no field that "
	  "says "
	  "what is meant; write tcp, udp, sctp or destinationNamedPort\n" },
	{ "two protocols in one", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: "
	  "{destinationPort: {number: 1}}, udp: {destinationPort: {number: 1}}}]}]\n",
	  "error 8:66: ClusterNetworkPolicy p: spec.ingress[0].protocols[0]: has 2 fields; exactly "
	  "one is right: tcp, udp, sctp or destinationNamedPort\n" },
	{ "tcp and nothing else", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {}}]}]\n",
	  "error 8:72: ClusterNetworkPolicy p: spec.ingress[0].protocols[0].tcp: has no field that "
	  "says what is meant; write destinationPort\n" },
	{ "an empty port", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: "
	  "{destinationPort: {}}}]}]\n",
	  "error 8:90: ClusterNetworkPolicy p: spec.ingress[0].protocols[0].tcp.destinationPort: "
	  "has no field that says what is meant; write number or range\n" },
	{ "a number and a range", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: "
	  "{destinationPort: {number: 1, range: {start: 1, end: 2}}}}]}]\n",
	  "error 8:90: ClusterNetworkPolicy p: spec.ingress[0].protocols[0].tcp.destinationPort: "
	  "has 2 fields; exactly one is right: number or range\n" },
	{ "port 0", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: "
	  "{destinationPort: {number: 0}}}]}]\n",
	  "error 8:99: ClusterNetworkPolicy p: "
	  "spec.ingress[0].protocols[0].tcp.destinationPort.number: 0 is out of range; 1 to 65535 "
	  "is right\n" },
	{ "a range of one", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{udp: "
	  "{destinationPort: {range: {start: 5, end: 5}}}}]}]\n",
	  "error 8:114: ClusterNetworkPolicy p: "
	  "spec.ingress[0].protocols[0].udp.destinationPort.range.end: 5 is not more than start, "
	  "5; a range has two ports at least\n" },
	{ "a range without end", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{sctp: "
	  "{destinationPort: {range: {start: 5}}}}]}]\n",
	  "error 8:99: ClusterNetworkPolicy p: "
	  "spec.ingress[0].protocols[0].sctp.destinationPort.range.end: is missing; write a port's "
	  "number\n" },
	{ "a name that is empty", cluster_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: "
	  "\"\"}]}]\n",
	  "error 8:89: ClusterNetworkPolicy p: spec.ingress[0].protocols[0].destinationNamedPort: "
	  "is empty; write a port's name\n" },
	{ "a named port of networks", cluster_head,
	  "  egress: [{action: Deny, to: [{namespaces: {}}, {networks: [10.0.0.0/8]}], protocols: "
	  "[{destinationNamedPort: http}]}]\n",
	  "error 8:50: ClusterNetworkPolicy p: spec.egress[0].to[1]: has no named ports, and the "
	  "rule names one; write the port's number, or a rule of its own\n" },
	{ "a named port of nodes", admin_head,
	  "  egress: [{action: Deny, to: [{nodes: {}}], ports: [{namedPort: http}]}]\n",
	  "error 7:32: AdminNetworkPolicy p: spec.egress[0].to[0]: has no named ports, and the "
	  "rule "
	  "names one; write the port's number, or a rule of its own\n" },
	{ "the ports of a NetworkPolicy", admin_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{protocol: TCP, port: "
	  "80}]}]\n",
	  "error 7:63: AdminNetworkPolicy p: spec.ingress[0].ports[0].protocol: unknown field; "
	  "known here: portNumber, portRange, namedPort\n"
	  "error 7:78: AdminNetworkPolicy p: spec.ingress[0].ports[0].port: unknown field; known "
	  "here: portNumber, portRange, namedPort\n"
	  "error 7:62: AdminNetworkPolicy p: spec.ingress[0].ports[0]: has no field that says what "
	  "is meant; write portNumber, portRange or namedPort\n" },
	{ "a port number without number", admin_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {protocol: "
	  "TCP}}]}]\n",
	  "error 7:75: AdminNetworkPolicy p: spec.ingress[0].ports[0].portNumber.port: is missing; "
	  "write a port's number\n" },
	{ "a protocol that is none", admin_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {protocol: "
	  "ICMP, port: 8}}]}]\n",
	  "error 7:86: AdminNetworkPolicy p: spec.ingress[0].ports[0].portNumber.protocol: "
	  "\"ICMP\" "
	  "is none of TCP, UDP and SCTP\n" },
	{ "a range that goes back", admin_head,
	  "  ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portRange: {start: 9, "
	  "end: 8}}]}]\n",
	  "error 7:90: AdminNetworkPolicy p: spec.ingress[0].ports[0].portRange.end: 8 is not more "
	  "than start, 9; a range has two ports at least\n" },
};

static void mistakes_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		char text[1024];
		char *reports;
		bool failed;

		snprintf(text, sizeof(text), "%s%s", refusals[i].head, refusals[i].yaml);
		reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
		if (strcmp(reports, refusals[i].report) != 0)
			fail_msg("%s: %s", refusals[i].name, reports);
		assert_int_equal(failed, strncmp(reports, "error", 5) == 0);
		free(reports);
	}
}

/* Items of typed lists need no kind of their own. */
static void typed_lists_are_read(void **state)
{
	static const char *const texts[] = {
		"{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicyList, "
		"items: "
		"[{metadata: {name: p}, spec: {tier: Admin, priority: 1, subject: {namespaces: "
		"{}}}}]}",
		"{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicyList, "
		"items: "
		"[{metadata: {name: p}, spec: {priority: 1, subject: {namespaces: {}}}}]}",
		"{apiVersion: policy.networking.k8s.io/v1alpha1, kind: "
		"BaselineAdminNetworkPolicyList, "
		"items: [{metadata: {name: default}, spec: {subject: {namespaces: {}}}}]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct weir_cluster *cluster = cluster_of(texts[i]);

		assert_int_equal(cluster->cluster_policies.count, 1);
		weir_cluster_destroy(cluster);
	}
}

/* Two ways to write one block are two texts, as the API has it. */
static void a_block_may_be_written_in_two_ways(void **state)
{
	char text[512];
	char *reports;
	bool failed;

	(void)state;
	snprintf(text, sizeof(text),
		 "%s  egress: [{action: Deny, to: [{networks: [\"::/0\", \"0::/0\"]}]}]\n",
		 cluster_head);
	reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
	assert_string_equal(reports, "");
	assert_false(failed);
	free(reports);
}

/* A list of so many times the same. */
static const struct {
	const char *name;
	const char *head;
	const char *before;
	const char *item;
	const char *behind;
	unsigned most;
} limits[] = {
	{ "rules", cluster_head, "  egress: [", "{action: Deny, to: [{nodes: {}}]}", "]\n", 25 },
	{ "rules of v1alpha1", admin_head, "  egress: [", "{action: Deny, to: [{nodes: {}}]}",
	  "]\n", 100 },
	{ "rules of the baseline", baseline_head, "  ingress: [",
	  "{action: Deny, from: [{namespaces: {}}]}", "]\n", 100 },
	{ "peers", cluster_head, "  egress: [{action: Deny, to: [", "{namespaces: {}}", "]}]\n",
	  25 },
	{ "peers of v1alpha1", admin_head, "  ingress: [{action: Deny, from: [", "{namespaces: {}}",
	  "]}]\n", 100 },
	{ "protocols", cluster_head,
	  "  egress: [{action: Deny, to: [{namespaces: {}}], protocols: [",
	  "{destinationNamedPort: a}", "]}]\n", 25 },
	{ "ports of v1alpha1", admin_head,
	  "  egress: [{action: Deny, to: [{namespaces: {}}], ports: [", "{namedPort: a}", "]}]\n",
	  100 },
};

static void there_are_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		for (unsigned over = 0; over < 2; over++) {
			char *text = NULL, *reports;
			size_t length;
			FILE *out = open_memstream(&text, &length);
			bool failed;

			assert_non_null(out);
			fprintf(out, "%s%s", limits[i].head, limits[i].before);
			for (unsigned j = 0; j < limits[i].most + over; j++)
				fprintf(out, "%s%s", j ? ", " : "", limits[i].item);
			fputs(limits[i].behind, out);
			assert_int_equal(fclose(out), 0);
			reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
			if (failed != (over == 1) || (over && !strstr(reports, "entries; at most")))
				fail_msg("%s: %s", limits[i].name, reports);
			free(reports);
			free(text);
		}
	}
}

static void a_rule_may_have_a_name_of_a_hundred_characters(void **state)
{
	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		char text[1024], name[256] = "";
		char *reports;
		bool failed;

		for (unsigned j = 0; j < 100 + over; j++)
			strcat(name, "\xc3\xa9");
		snprintf(text, sizeof(text),
			 "%s  ingress: [{action: Deny, name: %s, from: [{namespaces: {}}]}]\n",
			 cluster_head, name);
		reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
		assert_int_equal(failed, over);
		free(reports);
	}
}

static const char everything[] =
	"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
	"metadata: {name: cnp}\n"
	"spec:\n"
	"  tier: Baseline\n"
	"  priority: 7\n"
	"  subject: {pods: {podSelector: {matchLabels: {a: b}}}}\n"
	"  egress:\n"
	"  - name: first\n"
	"    action: Accept\n"
	"    to:\n"
	"    - networks: [10.0.0.0/8, \"fd00::/8\"]\n"
	"    - nodes: {matchLabels: {pool: x}}\n"
	"    - domainNames: [\"*.example.com\", a.b.]\n"
	"    protocols:\n"
	"    - tcp: {destinationPort: {number: 80}}\n"
	"    - sctp: {destinationPort: {range: {start: 1, end: 9}}}\n"
	"  - action: Pass\n"
	"    to: [{namespaces: {}}]\n"
	"    protocols: [{destinationNamedPort: http}]\n"
	"status: {conditions: []}\n"
	"---\n"
	"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
	"metadata: {name: anp}\n"
	"spec:\n"
	"  priority: 7\n"
	"  subject: {namespaces: {matchLabels: {team: x}}}\n"
	"  ingress:\n"
	"  - action: Allow\n"
	"    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {c: d}}}}]\n"
	"    ports:\n"
	"    - portNumber: {port: 53, protocol: UDP}\n"
	"    - portNumber: {port: 54}\n"
	"    - portRange: {start: 8000, end: 8080, protocol: TCP}\n"
	"    - namedPort: http\n"
	"---\n"
	"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\n"
	"metadata: {name: default}\n"
	"spec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n";

static void every_field_is_read(void **state)
{
	struct weir_cluster *cluster = cluster_of(everything);
	const struct k8s_cluster_policy *policies = cluster->cluster_policies.items;
	const struct k8s_cluster_policy *anp = &policies[0], *cnp = &policies[1];
	const struct k8s_cluster_rule *rule;
	struct weir_cluster_counts counts;

	(void)state;
	weir_cluster_count(cluster, &counts);
	assert_int_equal(counts.cluster_policies, 3);
	assert_string_equal(anp->meta.name, "anp");
	assert_int_equal(anp->tier, WEIR_TIER_ADMIN);
	assert_false(anp->subject.has_pods);
	assert_int_equal(anp->subject.namespaces.count, 1);
	rule = &anp->ingress[0];
	assert_int_equal(rule->meaning, WEIR_RULE_ALLOW);
	assert_true(rule->peers[0].scope.has_pods);
	assert_int_equal(rule->port_count, 4);
	assert_int_equal(rule->ports[0].protocol, WEIR_PROTOCOL_UDP);
	assert_int_equal(rule->ports[1].protocol, WEIR_PROTOCOL_TCP);
	assert_int_equal(rule->ports[2].first, 8000);
	assert_int_equal(rule->ports[2].last, 8080);
	assert_int_equal(rule->ports[3].kind, K8S_PORT_NAME);
	assert_int_equal(rule->ports[3].protocol, 0);

	assert_string_equal(cnp->kind, "ClusterNetworkPolicy");
	assert_int_equal(cnp->tier, WEIR_TIER_BASELINE);
	assert_int_equal(cnp->priority, 7);
	assert_true(cnp->subject.has_pods);
	rule = &cnp->egress[0];
	assert_string_equal(rule->name, "first");
	assert_string_equal(rule->action, "Accept");
	assert_int_equal(rule->peers[0].kind, K8S_CLUSTER_PEER_NETWORKS);
	assert_int_equal(rule->peers[0].network_count, 2);
	assert_int_equal(rule->peers[1].kind, K8S_CLUSTER_PEER_NODES);
	assert_int_equal(rule->peers[2].kind, K8S_CLUSTER_PEER_DOMAINS);
	assert_string_equal(rule->peers[2].domains[0], "*.example.com");
	assert_int_equal(rule->ports[1].protocol, WEIR_PROTOCOL_SCTP);
	assert_int_equal(cnp->egress[1].meaning, WEIR_RULE_PASS);

	assert_int_equal(policies[2].priority, K8S_PRIORITY_LAST);
	weir_cluster_destroy(cluster);
}

/* C39, and the baseline policy of v1alpha1 behind all others. */
static void c39_policies_are_tried_by_tier_priority_and_name(void **state)
{
	static const char *const order[] = { "b", "a", "c", "a", "default" };
	static const char text[] =
		"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\n"
		"metadata: {name: default}\nspec: {subject: {namespaces: {}}}\n"
		"---\n{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy,\n"
		"metadata: {name: c}, spec: {tier: Admin, priority: 9, subject: {namespaces: "
		"{}}}}\n"
		"---\n{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy,\n"
		"metadata: {name: a}, spec: {tier: Baseline, priority: 1000, subject: {namespaces: "
		"{}}}}\n"
		"---\n{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy,\n"
		"metadata: {name: a}, spec: {priority: 9, subject: {namespaces: {}}}}\n"
		"---\n{apiVersion: policy.networking.k8s.io/v1beta1, kind: ClusterNetworkPolicy,\n"
		"metadata: {name: b}, spec: {tier: Admin, priority: 0, subject: {namespaces: "
		"{}}}}\n";
	struct weir_cluster *cluster = cluster_of(text);
	const struct k8s_cluster_policy *policies = cluster->cluster_policies.items;

	(void)state;
	assert_int_equal(cluster->cluster_policies.count, COUNT(order));
	for (size_t i = 0; i < COUNT(order); i++)
		assert_string_equal(policies[i].meta.name, order[i]);
	weir_cluster_destroy(cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(typed_lists_are_read),
		cmocka_unit_test(a_block_may_be_written_in_two_ways),
		cmocka_unit_test(there_are_limits),
		cmocka_unit_test(a_rule_may_have_a_name_of_a_hundred_characters),
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(c39_policies_are_tried_by_tier_priority_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
