/*
 * What is refused, where, and in which words. Each row is a fragment in its place, and the whole
 * of what is reported about it.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"

struct refused {
	const char *name;
	const char *yaml;
	const char *report;
};

/* "error 1:2: text" becomes "error 1:2: OBJECT: text", line by line: rows leave the object out
 * where it is always the same. */
static char *with_object(const char *report, const char *object)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	unsigned spaces = 0;

	assert_non_null(out);
	for (; *report; report++) {
		fputc(*report, out);
		spaces = *report == '\n' ? 0 : spaces + (*report == ' ');
		if (*report == ' ' && spaces == 2)
			fputs(object, out);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Puts the fragment behind the head and compares what is said. */
static void check(const char *head, const struct refused *row, const char *object)
{
	char *expected = with_object(row->report, object);
	char text[4096];
	char *reports;
	bool failed;

	snprintf(text, sizeof(text), "%s%s", head, row->yaml);
	reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
	if (strcmp(reports, expected) != 0)
		print_error("%s:\n%s", row->name, text);
	assert_string_equal(reports, expected);
	assert_int_equal(failed, strstr(expected, "error") != NULL);
	free(expected);
	free(reports);
}

static const char policy_head[] = "apiVersion: networking.k8s.io/v1\n"
				  "kind: NetworkPolicy\n"
				  "metadata: {name: p, namespace: a}\n"
				  "spec:\n";

static const struct refused selectors[] = {
	{ "S7 a label that is a boolean", "  podSelector: {matchLabels: {app: true}}\n",
	  "error 5:36: spec.podSelector.matchLabels[app]: true is a boolean, and a string is "
	  "needed; quote it: \"true\"\n" },
	{ "S7 a boolean of YAML 1.1", "  podSelector: {matchLabels: {app: on}}\n",
	  "error 5:36: spec.podSelector.matchLabels[app]: on is a boolean, and a string is needed; "
	  "quote it: \"on\"\n" },
	{ "S7 a label that is a number", "  podSelector: {matchLabels: {app: 80}}\n",
	  "error 5:36: spec.podSelector.matchLabels[app]: 80 is a number, and a string is needed; "
	  "quote it: \"80\"\n" },
	{ "S7 a label's key with a blank", "  podSelector: {matchLabels: {a b: x}}\n",
	  "error 5:36: spec.podSelector.matchLabels[a b]: \"a b\" is no label key: it must be "
	  "letters, digits, '-', '_' and '.', with a letter or digit at both ends, behind an "
	  "optional DNS name and '/'\n" },
	{ "S7 a label's value with a slash", "  podSelector: {matchLabels: {a: x/y}}\n",
	  "error 5:34: spec.podSelector.matchLabels[a]: \"x/y\" is no label value: it must be "
	  "letters, digits, '-', '_' and '.', with a letter or digit at both ends\n" },
	{ "S7 an operator in lower case",
	  "  podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}\n",
	  "error 5:55: spec.podSelector.matchExpressions[0].operator: \"in\" must be written "
	  "In\n" },
	{ "S7 an operator of nodes",
	  "  podSelector: {matchExpressions: [{key: a, operator: Gt, values: [b]}]}\n",
	  "error 5:55: spec.podSelector.matchExpressions[0].operator: \"Gt\" is none of In, NotIn, "
	  "Exists and DoesNotExist\n" },
	{ "S7 no operator", "  podSelector: {matchExpressions: [{key: a}]}\n",
	  "error 5:36: spec.podSelector.matchExpressions[0].operator: is missing; write In, NotIn, "
	  "Exists or DoesNotExist\n" },
	{ "S7 no key", "  podSelector: {matchExpressions: [{operator: Exists}]}\n",
	  "error 5:36: spec.podSelector.matchExpressions[0].key: is missing; write the label's "
	  "key\n" },
	{ "S7 In without values", "  podSelector: {matchExpressions: [{key: a, operator: In}]}\n",
	  "error 5:36: spec.podSelector.matchExpressions[0].values: In and NotIn need at least one "
	  "value; for any value use Exists or DoesNotExist\n" },
	{ "S7 NotIn with no value",
	  "  podSelector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}\n",
	  "error 5:70: spec.podSelector.matchExpressions[0].values: In and NotIn need at least one "
	  "value; for any value use Exists or DoesNotExist\n" },
	{ "S7 Exists with values",
	  "  podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}\n",
	  "error 5:71: spec.podSelector.matchExpressions[0].values: Exists and DoesNotExist take "
	  "no values; remove them, or use In or NotIn\n" },
	{ "S7 a value of another type",
	  "  podSelector: {matchExpressions: [{key: a, operator: In, values: [no]}]}\n",
	  "error 5:68: spec.podSelector.matchExpressions[0].values[0]: no is a boolean, and a "
	  "string is needed; quote it: \"no\"\n" },
	{ "S7 a value that is no label's",
	  "  podSelector: {matchExpressions: [{key: a, operator: In, values: [b c]}]}\n",
	  "error 5:68: spec.podSelector.matchExpressions[0].values[0]: \"b c\" is no label value: "
	  "it must be letters, digits, '-', '_' and '.', with a letter or digit at both ends\n" },
	{ "a selector that is a list", "  podSelector: []\n",
	  "error 5:16: spec.podSelector: must be a mapping, not a list\n" },
	{ "an unknown field of a selector", "  podSelector: {matchLabel: {a: b}}\n",
	  "error 5:17: spec.podSelector.matchLabel: unknown field; did you mean matchLabels?\n" },
	{ "labels where matchLabels belong", "  podSelector: {app: web}\n",
	  "error 5:17: spec.podSelector.app: unknown field; known here: matchLabels, "
	  "matchExpressions\n" },
};

static const struct refused peers[] = {
	{ "S6 an empty peer", "  ingress: [{from: [{}]}]\n",
	  "error 5:21: spec.ingress[0].from[0]: an empty peer; write podSelector, "
	  "namespaceSelector or ipBlock, or remove the entry\n" },
	{ "S6 a peer that is null", "  ingress: [{from: [null]}]\n",
	  "error 5:21: spec.ingress[0].from[0]: an empty peer; write podSelector, "
	  "namespaceSelector or ipBlock, or remove the entry\n" },
	{ "S6 a peer whose selector is null", "  ingress: [{from: [{podSelector: null}]}]\n",
	  "error 5:21: spec.ingress[0].from[0]: an empty peer; write podSelector, "
	  "namespaceSelector or ipBlock, or remove the entry\n" },
	{ "S6 a block beside a selector",
	  "  egress: [{to: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]\n",
	  "error 5:18: spec.egress[0].to[0]: ipBlock stands alone; put the selectors in an entry "
	  "of their own\n" },
	{ "S6 peers that are no list", "  egress: [{to: {podSelector: {}}}]\n",
	  "error 5:17: spec.egress[0].to: must be a list, not a mapping\n" },
	{ "from in an egress rule", "  egress: [{from: []}]\n",
	  "error 5:13: spec.egress[0].from: unknown field; known here: to, ports\n" },
	{ "S8 no cidr", "  ingress: [{from: [{ipBlock: {}}]}]\n",
	  "error 5:31: spec.ingress[0].from[0].ipBlock.cidr: is missing; write the block's CIDR, "
	  "such as 10.1.0.0/16\n" },
	{ "S8 an address for a cidr", "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]\n",
	  "error 5:38: spec.ingress[0].from[0].ipBlock.cidr: \"10.0.0.1\" lacks a prefix length; "
	  "write 10.0.0.1/32 for that address alone\n" },
	{ "S8 an IPv6 address for a cidr",
	  "  ingress: [{from: [{ipBlock: {cidr: \"fd00::1\"}}]}]\n",
	  "error 5:38: spec.ingress[0].from[0].ipBlock.cidr: \"fd00::1\" lacks a prefix length; "
	  "write fd00::1/128 for that address alone\n" },
	{ "S8 a length that is too long", "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]\n",
	  "error 5:38: spec.ingress[0].from[0].ipBlock.cidr: \"10.0.0.0/33\" is no CIDR; "
	  "10.1.0.0/16 or fd00::/8 would be one\n" },
	{ "S8 a name for a cidr", "  ingress: [{from: [{ipBlock: {cidr: example.com}}]}]\n",
	  "error 5:38: spec.ingress[0].from[0].ipBlock.cidr: \"example.com\" is no CIDR; "
	  "10.1.0.0/16 or fd00::/8 would be one\n" },
	{ "S8 IPv4 in IPv6 clothes",
	  "  ingress: [{from: [{ipBlock: {cidr: \"::ffff:10.0.0.0/104\"}}]}]\n",
	  "error 5:38: spec.ingress[0].from[0].ipBlock.cidr: \"::ffff:10.0.0.0/104\" is IPv4 "
	  "written as IPv6; write 10.0.0.0/8\n" },
	{ "S8 an except that is the block",
	  "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]\n",
	  "error 5:59: spec.ingress[0].from[0].ipBlock.except[0]: \"10.0.0.0/8\" is not strictly "
	  "inside the block's cidr, 10.0.0.0/8\n" },
	{ "S8 an except that is outside",
	  "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, "
	  "11.0.0.0/16]}}]}]\n",
	  "error 5:72: spec.ingress[0].from[0].ipBlock.except[1]: \"11.0.0.0/16\" is not strictly "
	  "inside the block's cidr, 10.0.0.0/8\n" },
	{ "S8 an except of the other family",
	  "  ingress: [{from: [{ipBlock: {cidr: \"::/0\", except: [10.0.0.0/8]}}]}]\n",
	  "error 5:55: spec.ingress[0].from[0].ipBlock.except[0]: \"10.0.0.0/8\" is not strictly "
	  "inside the block's cidr, ::/0\n" },
	{ "S8 an except that is null",
	  "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [null]}}]}]\n",
	  "error 5:59: spec.ingress[0].from[0].ipBlock.except[0]: is empty; write a CIDR, or "
	  "remove it\n" },
	{ "an unknown field of a block",
	  "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, excepts: []}}]}]\n",
	  "error 5:50: spec.ingress[0].from[0].ipBlock.excepts: unknown field; did you mean "
	  "except?\n" },
};

static const struct refused ports[] = {
	{ "S9 a quoted number", "  ingress: [{ports: [{port: \"80\"}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: \"80\" is a quoted number, which is read as "
	  "a name; write 80 without quotes\n" },
	{ "S9 port 0", "  ingress: [{ports: [{port: 0}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: 0 is out of range; 1 to 65535 is right\n" },
	{ "S9 port 65536", "  ingress: [{ports: [{port: 65536}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: 65536 is out of range; 1 to 65535 is "
	  "right\n" },
	{ "S9 a port with a fraction", "  ingress: [{ports: [{port: 80.5}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: 80.5 is neither a whole number nor a port's "
	  "name\n" },
	{ "S9 a list of ports in one", "  ingress: [{ports: [{port: [80, 443]}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: must be a port's number or name, not a "
	  "list\n" },
	{ "S9 a name in capitals", "  ingress: [{ports: [{port: HTTP}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: \"HTTP\" is no port name: it must be "
	  "lower-case letters, digits and '-'\n" },
	{ "S9 a name of 16 characters", "  ingress: [{ports: [{port: abcdefghijklmnop}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: \"abcdefghijklmnop\" is no port name: it is "
	  "longer than 15 characters\n" },
	{ "S9 a name with two hyphens", "  ingress: [{ports: [{port: a--b}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: \"a--b\" is no port name: it must have each "
	  "'-' between letters or digits\n" },
	{ "S9 a name without a letter", "  ingress: [{ports: [{port: 1-2}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: \"1-2\" is no port name: it must have at "
	  "least one letter\n" },
	{ "S9 an empty name", "  ingress: [{ports: [{port: \"\"}]}]\n",
	  "error 5:29: spec.ingress[0].ports[0].port: \"\" is no port name: it must not be "
	  "empty\n" },
	{ "S9 an empty protocol", "  ingress: [{ports: [{protocol: \"\"}]}]\n",
	  "error 5:33: spec.ingress[0].ports[0].protocol: must not be empty; write TCP, UDP or "
	  "SCTP, or leave it out for TCP\n" },
	{ "S9 a protocol in lower case", "  ingress: [{ports: [{protocol: udp}]}]\n",
	  "error 5:33: spec.ingress[0].ports[0].protocol: \"udp\" must be written UDP\n" },
	{ "S9 a protocol without ports", "  ingress: [{ports: [{protocol: ICMP}]}]\n",
	  "error 5:33: spec.ingress[0].ports[0].protocol: \"ICMP\" is none of TCP, UDP and "
	  "SCTP\n" },
	{ "S9 endPort without port", "  ingress: [{ports: [{endPort: 90}]}]\n",
	  "error 5:32: spec.ingress[0].ports[0].endPort: needs port, the first port of the "
	  "range\n" },
	{ "S9 endPort behind a name", "  ingress: [{ports: [{port: http, endPort: 90}]}]\n",
	  "error 5:44: spec.ingress[0].ports[0].endPort: needs a port that is a number, not a "
	  "name\n" },
	{ "S9 endPort below port", "  ingress: [{ports: [{port: 90, endPort: 89}]}]\n",
	  "error 5:42: spec.ingress[0].ports[0].endPort: 89 is less than port, 90; the range must "
	  "not be empty\n" },
	{ "S9 endPort 65536", "  ingress: [{ports: [{port: 90, endPort: 65536}]}]\n",
	  "error 5:42: spec.ingress[0].ports[0].endPort: 65536 is out of range; 1 to 65535 is "
	  "right\n" },
	{ "S9 endPort with a fraction", "  ingress: [{ports: [{port: 90, endPort: 99.5}]}]\n",
	  "error 5:42: spec.ingress[0].ports[0].endPort: 99.5 is not a whole number in range\n" },
	{ "S9 endPort quoted", "  ingress: [{ports: [{port: 90, endPort: \"99\"}]}]\n",
	  "error 5:42: spec.ingress[0].ports[0].endPort: must be a whole number, not a string "
	  "(\"99\")\n" },
	{ "an unknown field of a port", "  ingress: [{ports: [{number: 80}]}]\n",
	  "error 5:23: spec.ingress[0].ports[0].number: unknown field; known here: protocol, port, "
	  "endPort\n" },
};

static const struct refused specs[] = {
	{ "S3 three policy types", "  policyTypes: [Ingress, Egress, Ingress]\n",
	  "error 5:16: spec.policyTypes: has 3 entries; at most Ingress and Egress are right\n" },
	{ "S3 a type in lower case", "  policyTypes: [egress]\n",
	  "error 5:17: spec.policyTypes[0]: \"egress\" must be written Egress\n" },
	{ "S3 a type that is none", "  policyTypes: [Both]\n",
	  "error 5:17: spec.policyTypes[0]: \"Both\" is neither Ingress nor Egress\n" },
	{ "S3 a type that is null", "  policyTypes: [null]\n",
	  "error 5:17: spec.policyTypes[0]: is empty; write Ingress or Egress, or remove the "
	  "entry\n" },
	{ "S3 types that are no list", "  policyTypes: Ingress\n",
	  "error 5:16: spec.policyTypes: must be a list, not a string (\"Ingress\")\n" },
	{ "an unknown field of the spec", "  podselector: {}\n",
	  "error 5:3: spec.podselector: unknown field; did you mean podSelector?\n" },
	{ "rules that are no list", "  ingress: {from: []}\n",
	  "error 5:12: spec.ingress: must be a list, not a mapping\n" },
	{ "a rule that is no mapping", "  ingress: [all]\n",
	  "error 5:13: spec.ingress[0]: must be a mapping, not a string (\"all\")\n" },
	{ "fields behind the spec", "  podSelector: {}\ningress: []\n",
	  "error 6:1: ingress: unknown field; known here: apiVersion, kind, metadata, spec, "
	  "status\n" },
	{ "all mistakes of an object at once, and its status is not looked at",
	  "  podSelector: {matchLabels: {a: 1}}\n"
	  "  ingress: [{ports: [{port: 0}]}, {form: []}]\n"
	  "  policyTypes: [X]\n"
	  "status: {anything: [goes]}\n",
	  "error 5:34: spec.podSelector.matchLabels[a]: 1 is a number, and a string is needed; "
	  "quote it: \"1\"\n"
	  "error 6:29: spec.ingress[0].ports[0].port: 0 is out of range; 1 to 65535 is right\n"
	  "error 6:36: spec.ingress[1].form: unknown field; did you mean from?\n"
	  "error 7:17: spec.policyTypes[0]: \"X\" is neither Ingress nor Egress\n" },
};

static void check_rows(const struct refused *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(policy_head, &rows[i], "NetworkPolicy a/p: ");
}

static void selectors_are_refused(void **state)
{
	(void)state;
	check_rows(selectors, COUNT(selectors));
}

static void peers_are_refused(void **state)
{
	(void)state;
	check_rows(peers, COUNT(peers));
}

static void ports_are_refused(void **state)
{
	(void)state;
	check_rows(ports, COUNT(ports));
}

static void specs_are_refused(void **state)
{
	(void)state;
	check_rows(specs, COUNT(specs));
}

static const struct refused whole[] = {
	{ "no name", "{apiVersion: v1, kind: Pod, metadata: {namespace: a}}\n",
	  "error 1:39: Pod a/(no name): metadata.name: is missing; every object needs one\n" },
	{ "no metadata", "{apiVersion: v1, kind: Pod}\n",
	  "error 1:1: Pod default/(no name): metadata.name: is missing; every object needs one\n" },
	{ "metadata that is a list",
	  "{apiVersion: v1, kind: Namespace, metadata: [a]}\n"
	  "---\n"
	  "{apiVersion: v1, kind: Pod, metadata: a}\n",
	  "error 1:45: Namespace (no name): metadata: must be a mapping, not a list\n"
	  "error 3:39: Pod default/(no name): metadata: must be a mapping, not a string "
	  "(\"a\")\n" },
	{ "a generated name", "{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}\n",
	  "error 1:39: Pod default/(no name): metadata.name: is missing, and generateName is no "
	  "name yet; write one\n" },
	{ "a name that is a number", "{apiVersion: v1, kind: Pod, metadata: {name: 1}}\n",
	  "error 1:46: Pod default/(no name): metadata.name: 1 is a number, and a string is "
	  "needed; "
	  "quote it: \"1\"\n" },
	{ "a policy's name in capitals",
	  "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: Deny_all}}\n",
	  "error 1:74: NetworkPolicy default/Deny_all: metadata.name: \"Deny_all\" is no name: it "
	  "must be lower-case letters, digits, '-' and '.', with a letter or digit at both ends "
	  "and "
	  "around every '.'\n" },
	{ "a namespace with a dot",
	  "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b.c}}\n",
	  "error 1:60: Pod b.c/a: metadata.namespace: \"b.c\" is no namespace's name: it must be "
	  "lower-case letters, digits and '-', with a letter or digit at both ends\n" },
	{ "a policy's metadata is strict, too",
	  "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, lables: "
	  "{}, annotations: {a: 1}, generation: x}}\n",
	  "error 1:77: NetworkPolicy default/p: metadata.lables: unknown field; did you mean "
	  "labels?\n"
	  "error 1:106: NetworkPolicy default/p: metadata.annotations[a]: 1 is a number, and a "
	  "string is needed; quote it: \"1\"\n"
	  "error 1:122: NetworkPolicy default/p: metadata.generation: must be a whole number, not "
	  "a "
	  "string (\"x\")\n" },
	{ "a policy's owners are read strictly",
	  "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, "
	  "ownerReferences: [{kind: A, name: a, control: true}]}}\n",
	  "error 1:114: NetworkPolicy default/p: metadata.ownerReferences[0].control: unknown "
	  "field; did you mean controller?\n" },
	{ "an item that is no object", "{apiVersion: v1, kind: PodList, items: [a]}\n",
	  "error 1:41: Pod default/(no name): metadata.name: is missing; every object needs "
	  "one\n" },
	{ "a Service's quoted target",
	  "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: x, ports: "
	  "[{port: "
	  "80, targetPort: \"80\"}]}}\n",
	  "error 1:72: Service default/s: spec.clusterIP: \"x\" is no IP address; 10.0.1.2 or "
	  "fd00::1 would be one\n"
	  "error 1:106: Service default/s: spec.ports[0].targetPort: \"80\" is no port name: it "
	  "must have at least one letter; a number goes without quotes\n" },
	{ "a node's addresses",
	  "{apiVersion: v1, kind: Node, metadata: {name: n1, annotations: "
	  "{projectcalico.org/IPv4Address: x}}, spec: {podCIDR: 10.0.0.0}, status: {addresses: "
	  "[{type: InternalIP, address: y1}]}}\n",
	  "error 1:177: Node n1: status.addresses[0].address: \"y1\" is no IP address; 10.0.1.2 or "
	  "fd00::1 would be one\n"
	  "error 1:117: Node n1: spec.podCIDR: \"10.0.0.0\" lacks a prefix length; write "
	  "10.0.0.0/32 for that address alone\n"
	  "warning 1:96: Node n1: metadata.annotations[projectcalico.org/IPv4Address]: \"x\" is no "
	  "IP address; skipped\n" },
	{ "a slice's endpoints",
	  "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s}, endpoints: "
	  "[{addresses: [10.0.0], conditions: {ready: \"yes\"}}], ports: [{port: 65536}]}\n",
	  "error 1:156: EndpointSlice default/s: ports[0].port: 65536 is out of range; 1 to 65535 "
	  "is "
	  "right\n"
	  "error 1:131: EndpointSlice default/s: endpoints[0].conditions.ready: must be true or "
	  "false, not a string (\"yes\")\n"
	  "error 1:102: EndpointSlice default/s: endpoints[0].addresses[0]: \"10.0.0\" is no IP "
	  "address; 10.0.1.2 or fd00::1 would be one\n" },
	{ "a workload's replicas and template",
	  "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: -1, "
	  "template: {metadata: {labels: {a: 1}}}}}\n",
	  "error 1:79: Deployment default/d: spec.replicas: -1 is out of range; 0 to 2147483647 is "
	  "right\n"
	  "error 1:117: Deployment default/d: spec.template.metadata.labels[a]: 1 is a number, and "
	  "a "
	  "string is needed; quote it: \"1\"\n" },
	{ "no kind", "{a: b}\n",
	  "error 1:1: no Kubernetes object, since it has no kind; write kind and apiVersion\n" },
	{ "no apiVersion", "{kind: NetworkPolicy, metadata: {name: p}}\n",
	  "error 1:1: NetworkPolicy p: apiVersion is missing; write "
	  "networking.k8s.io/v1\n" },
	{ "a kind in a group that lacks it",
	  "{apiVersion: v1, kind: Deployment, metadata: {name: d}}\n",
	  "error 1:1: Deployment d: apiVersion \"v1\" has no such kind; write apps/v1\n" },
	{ "NetworkPolicy of extensions/v1beta1",
	  "{apiVersion: extensions/v1beta1, kind: NetworkPolicy, metadata: {name: p}}\n",
	  "error 1:1: NetworkPolicy p: policies of extensions/v1beta1 are not supported; "
	  "verdicts would be wrong without them, unless --ignore-unsupported-policies says "
	  "otherwise\n" },
	{ "pods' fields have their types",
	  "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostNetwork: \"yes\"}, status: "
	  "{phase: running, podIPs: [{ip: 10.0.0.256}]}}\n",
	  "error 1:70: Pod default/p: spec.hostNetwork: must be true or false, not a string "
	  "(\"yes\")\n"
	  "error 1:94: Pod default/p: status.phase: \"running\" must be written Running\n"
	  "error 1:117: Pod default/p: status.podIPs[0].ip: \"10.0.0.256\" is no IP address; "
	  "10.0.1.2 or fd00::1 would be one\n" },
	{ "container ports",
	  "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{ports: "
	  "[{containerPort: 0}, {name: x}]}]}}\n",
	  "error 1:95: Pod default/p: spec.containers[0].ports[0].containerPort: 0 is out of "
	  "range; "
	  "1 to 65535 is right\n"
	  "error 1:99: Pod default/p: spec.containers[0].ports[1].containerPort: is missing; write "
	  "the port's number\n" },
	{ "S19 a namespace that denies its name",
	  "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: "
	  "{kubernetes.io/metadata.name: b}}}\n",
	  "warning 1:93: Namespace a: metadata.labels[kubernetes.io/metadata.name]: \"b\" is "
	  "overwritten by the server; it is always a\n" },
	{ "one object given twice, differing",
	  "{apiVersion: v1, kind: Pod, metadata: {name: p}}\n"
	  "---\n"
	  "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b}}}\n",
	  "error 3:1: Pod default/p: given twice, and differs from what stands at input.yaml:1:1; "
	  "keep one of them\n" },
	{ "one object given twice, the same",
	  "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b, c: d}}}\n"
	  "---\n"
	  "{apiVersion: v1, kind: Pod, metadata: {labels: {c: d, a: b}, name: p, uid: x}}\n",
	  "" },
	{ "empty documents", "---\n---\n# nothing\n---\n", "" },
};

static void whole_objects_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(whole); i++)
		check("", &whole[i], "");
}

static void a_text_in_a_folder_may_be_something_else(void **state)
{
	bool failed;
	char *reports = reports_about(NULL, WEIR_FOUND_IN_FOLDER, "replicas: 3\n", &failed);

	(void)state;
	assert_string_equal(reports,
			    "warning 1:1: no Kubernetes object, since it has no kind; skipped\n");
	assert_false(failed);
	free(reports);
}

/* Whatever is enforced by somebody and not by this is refused; what it only refers to is not. */
static const struct {
	const char *version;
	const char *kind;
	bool refused;
} families[] = {
	{ "extensions/v1beta1", "NetworkPolicy", true },
	{ "networking.k8s.io/v1beta1", "NetworkPolicy", true },
	{ "policy.networking.k8s.io/v1alpha2", "AdminNetworkPolicy", true },
	{ "policy.networking.k8s.io/v1beta1", "BaselineAdminNetworkPolicy", true },
	{ "policy.networking.k8s.io/v1alpha1", "ClusterNetworkPolicy", true },
	{ "policy.networking.k8s.io/v1", "ClusterNetworkPolicy", true },
	{ "policy.networking.k8s.io/v1alpha2", "ClusterEgressPolicy", true },
	{ "projectcalico.org/v3", "NetworkPolicy", true },
	{ "projectcalico.org/v3", "GlobalNetworkPolicy", true },
	{ "crd.projectcalico.org/v1", "GlobalNetworkPolicy", true },
	{ "crd.projectcalico.org/v1", "HostEndpoint", true },
	{ "crd.projectcalico.org/v1", "IPPool", false },
	{ "crd.projectcalico.org/v1", "NetworkSet", false },
	{ "projectcalico.org/v3", "StagedNetworkPolicy", false },
	{ "cilium.io/v2", "CiliumNetworkPolicy", true },
	{ "cilium.io/v2", "CiliumClusterwideNetworkPolicy", true },
	{ "cilium.io/v2", "CiliumNode", false },
	{ "cilium.io/v2", "CiliumEndpoint", false },
	{ "crd.antrea.io/v1beta1", "NetworkPolicy", true },
	{ "crd.antrea.io/v1beta1", "ClusterNetworkPolicy", true },
	{ "crd.antrea.io/v1beta1", "Tier", false },
	{ "k8s.ovn.org/v1", "EgressFirewall", true },
	{ "k8s.ovn.org/v1", "EgressIP", false },
	{ "k8s.cni.cncf.io/v1beta1", "MultiNetworkPolicy", true },
	{ "k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", false },
	{ "networking.aws/v1alpha1", "ApplicationNetworkPolicy", true },
	{ "networking.aws/v1alpha1", "PolicyEndpoint", true },
	{ "networking.k8s.aws/v1alpha1", "PolicyEndpoint", true },
	{ "example.com/v1", "SuperNetworkPolicy", true },
	{ "serving.knative.dev/v1", "Service", false },
	{ "v1", "ConfigMap", false },
	{ "v1", "Endpoints", false },
};

static void read_family(size_t i, bool ignore, int *status, struct weir_cluster_counts *counts)
{
	const struct weir_cluster_options options = { .ignore_unsupported_policies = ignore };
	struct weir_cluster *cluster;
	char text[256];

	snprintf(text, sizeof(text), "{apiVersion: %s, kind: %s, metadata: {name: x}}",
		 families[i].version, families[i].kind);
	assert_int_equal(weir_cluster_create(&options, &cluster), 0);
	*status = weir_cluster_read(cluster, "input", WEIR_FOUND_NAMED, text, strlen(text));
	assert_int_equal(weir_cluster_finish(cluster), *status);
	weir_cluster_count(cluster, counts);
	weir_cluster_destroy(cluster);
}

static void other_families_are_never_skipped(void **state)
{
	struct weir_cluster_counts counts;
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		read_family(i, false, &status, &counts);
		if ((status != 0) != families[i].refused)
			fail_msg("%s %s", families[i].version, families[i].kind);
		assert_int_equal(counts.skipped_objects, !families[i].refused);
		read_family(i, true, &status, &counts);
		assert_int_equal(status, 0);
		assert_int_equal(counts.skipped_policies, families[i].refused);
	}
}

#define SPEC_OF(version, kind, spec)                                                               \
	"{apiVersion: " version ", kind: " kind ", metadata: {name: x1, namespace: a}, " spec "}"  \
	"\n"
#define PEER_OF(peer)                                                                              \
	SPEC_OF("networking.k8s.io/v1", "NetworkPolicy", "spec: {ingress: [{from: [" peer "]}]}")

#define TIER_OF(spec)                                                                              \
	SPEC_OF("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy",                       \
		"spec: {subject: {namespaces: {}}, " spec "}")
#define TIER_RULE(action, peer)                                                                    \
	TIER_OF("priority: 1, tier: Admin, egress: [{" action ", to: [{" peer "}]}]")

/* Two objects of one name which differ in one thing. */
static const struct {
	const char *name;
	const char *one;
	const char *other;
} pairs[] = {
	{ "a namespace's labels", "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n",
	  "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {b: c}}}\n" },
	{ "a pod's address", SPEC_OF("v1", "Pod", "status: {podIP: 10.0.0.1}"),
	  SPEC_OF("v1", "Pod", "status: {podIP: 10.0.0.2}") },
	{ "a pod's phase", SPEC_OF("v1", "Pod", "status: {phase: Running}"),
	  SPEC_OF("v1", "Pod", "status: {phase: Failed}") },
	{ "a pod's ports",
	  SPEC_OF("v1", "Pod", "spec: {containers: [{ports: [{containerPort: 1}]}]}"),
	  SPEC_OF("v1", "Pod", "spec: {containers: [{ports: [{containerPort: 2}]}]}") },
	{ "a node's range",
	  "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.0.0.0/24}}\n",
	  "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.0.0.0/25}}\n" },
	{ "a service's selector", SPEC_OF("v1", "Service", "spec: {selector: {a: b}}"),
	  SPEC_OF("v1", "Service", "spec: {selector: {a: c}}") },
	{ "a service's target", SPEC_OF("v1", "Service", "spec: {ports: [{port: 80}]}"),
	  SPEC_OF("v1", "Service", "spec: {ports: [{port: 80, targetPort: 81}]}") },
	{ "a slice's readiness",
	  SPEC_OF("discovery.k8s.io/v1", "EndpointSlice", "endpoints: [{addresses: [10.0.0.1]}]"),
	  SPEC_OF("discovery.k8s.io/v1", "EndpointSlice",
		  "endpoints: [{addresses: [10.0.0.1], conditions: {ready: false}}]") },
	{ "a slice's port", SPEC_OF("discovery.k8s.io/v1", "EndpointSlice", "ports: [{port: 1}]"),
	  SPEC_OF("discovery.k8s.io/v1", "EndpointSlice", "ports: [{port: 2}]") },
	{ "a workload's replicas", SPEC_OF("apps/v1", "Deployment", "spec: {replicas: 1}"),
	  SPEC_OF("apps/v1", "Deployment", "spec: {replicas: 2}") },
	{ "a workload's template",
	  SPEC_OF("apps/v1", "DaemonSet", "spec: {template: {metadata: {labels: {a: b}}}}"),
	  SPEC_OF("apps/v1", "DaemonSet", "spec: {template: {metadata: {labels: {a: c}}}}") },
	{ "a policy's types",
	  SPEC_OF("networking.k8s.io/v1", "NetworkPolicy", "spec: {policyTypes: [Ingress]}"),
	  SPEC_OF("networking.k8s.io/v1", "NetworkPolicy", "spec: {policyTypes: [Egress]}") },
	{ "a policy's peers", PEER_OF("{podSelector: {matchLabels: {a: b}}}"),
	  PEER_OF("{namespaceSelector: {matchLabels: {a: b}}}") },
	{ "a policy's operator",
	  PEER_OF("{podSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}"),
	  PEER_OF("{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}") },
	{ "a policy's holes", PEER_OF("{ipBlock: {cidr: 10.0.0.0/8}}"),
	  PEER_OF("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}") },
	{ "a policy's ports",
	  SPEC_OF("networking.k8s.io/v1", "NetworkPolicy",
		  "spec: {egress: [{ports: [{port: 1}]}]}"),
	  SPEC_OF("networking.k8s.io/v1", "NetworkPolicy",
		  "spec: {egress: [{ports: [{port: 1, endPort: 2}]}]}") },
	{ "a cluster policy's priority", TIER_OF("priority: 1, tier: Admin"),
	  TIER_OF("priority: 2, tier: Admin") },
	{ "a cluster policy's tier", TIER_OF("priority: 1, tier: Admin"),
	  TIER_OF("priority: 1, tier: Baseline") },
	{ "a cluster policy's action", TIER_RULE("action: Accept", "namespaces: {}"),
	  TIER_RULE("action: Pass", "namespaces: {}") },
	{ "a cluster policy's networks", TIER_RULE("action: Deny", "networks: [10.0.0.0/8]"),
	  TIER_RULE("action: Deny", "networks: [10.0.0.0/9]") },
	{ "a cluster policy's domain names", TIER_RULE("action: Accept", "domainNames: [a.io]"),
	  TIER_RULE("action: Accept", "domainNames: [b.io]") },
	{ "a cluster policy's peers", TIER_RULE("action: Deny", "nodes: {}"),
	  TIER_RULE("action: Deny", "namespaces: {}") },
};

static void objects_given_twice_must_be_the_same(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char *reports;
		bool failed;

		snprintf(text, sizeof(text), "%s---\n%s", pairs[i].one, pairs[i].one);
		reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
		assert_string_equal(reports, "");
		free(reports);
		snprintf(text, sizeof(text), "%s---\n%s", pairs[i].one, pairs[i].other);
		reports = reports_about(NULL, WEIR_FOUND_NAMED, text, &failed);
		if (!failed || !strstr(reports, "error 3:1: ") ||
		    !strstr(reports, ": given twice, and differs from what stands at "
				     "input.yaml:1:1; keep one of them\n"))
			fail_msg("%s: %s", pairs[i].name, reports);
		free(reports);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_are_refused),
		cmocka_unit_test(peers_are_refused),
		cmocka_unit_test(ports_are_refused),
		cmocka_unit_test(specs_are_refused),
		cmocka_unit_test(whole_objects_are_refused),
		cmocka_unit_test(a_text_in_a_folder_may_be_something_else),
		cmocka_unit_test(objects_given_twice_must_be_the_same),
		cmocka_unit_test(other_families_are_never_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
