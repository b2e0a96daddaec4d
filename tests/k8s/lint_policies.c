/*
 * Lints about policies as they are written and beside each other, each row in a cluster of its own:
 * what is found, where, in which words; and what is near and right.
 */
#include "test.h"

#include <stdio.h>

#include "cluster_of.h"

/* Every item is one line, so that the line of a finding is the item's place plus 3. */
#define POD(name, labels, rest)                                                                    \
	"- {apiVersion: v1, kind: Pod, metadata: {namespace: a, name: " name ", labels: {" labels  \
	"}}, " rest "}\n"
#define AT(address) "status: {podIPs: [{ip: \"" address "\"}]}"
#define POLICY(name, spec)                                                                         \
	"- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "                     \
	"{namespace: a, name: " name "}, spec: {" spec "}}\n"

/* clang-format off */

static const struct lint_row types[] = {
	{ "nothing is written", POLICY("p", ""), "" },
	{ "S3 the types are those of the rules", POLICY("p", "policyTypes: [Ingress, Egress], ingress: [{}], egress: []"), "" },
	{ "S3 both lists have rules, and there are no types", POLICY("p", "ingress: [{}], egress: [{}]"), "" },
	{ "a null list is none", POLICY("p", "policyTypes: [Ingress], egress: null"), "" },
	{ "rules for egress, which is not listed", POLICY("p", "policyTypes: [Ingress], egress: [{}]"),
	  "warning 4:134: NetworkPolicy a/p: spec.egress: policyTypes does not list Egress: these rules are ignored do: add Egress to policyTypes, or remove the rules\n" },
	{ "rules for ingress, which is not listed", POLICY("p", "policyTypes: [Egress], ingress: [{}, {}]"),
	  "warning 4:134: NetworkPolicy a/p: spec.ingress: policyTypes does not list Ingress: these rules are ignored do: add Ingress to policyTypes, or remove the rules\n" },
	{ "an empty list for egress, which is not listed", POLICY("p", "policyTypes: [Ingress], egress: []"),
	  "warning 4:3: NetworkPolicy a/p: spec.egress: policyTypes does not list Egress: the empty list isolates nothing do: add Egress to policyTypes, or remove the list\n" },
	{ "an empty list for ingress, which is not listed", POLICY("p", "policyTypes: [Egress], ingress: []"),
	  "warning 4:3: NetworkPolicy a/p: spec.ingress: policyTypes does not list Ingress: the empty list isolates nothing do: add Ingress to policyTypes, or remove the list\n" },
	{ "C21 an empty list for egress without types", POLICY("p", "egress: []"),
	  "warning 4:3: NetworkPolicy a/p: spec.egress: an empty list without policyTypes isolates nothing: everything may leave do: write policyTypes: [Ingress, Egress] or [Egress], or remove the list\n" },
	{ "C21 the same with empty types", POLICY("p", "policyTypes: [], egress: []"),
	  "warning 4:3: NetworkPolicy a/p: spec.egress: an empty list without policyTypes isolates nothing: everything may leave do: write policyTypes: [Ingress, Egress] or [Egress], or remove the list\n" },
	{ "rules for egress alone without types", POLICY("p", "egress: [{}]"),
	  "warning 4:3: NetworkPolicy a/p: spec: rules for egress only and no policyTypes: ingress is isolated as well, and nothing may enter do: write policyTypes: [Egress], or [Ingress, Egress] if that is meant\n" },
	{ "the same, and ingress is written", POLICY("p", "ingress: [], egress: [{}]"), "" },
};

#define BLOCK(cidr) "{ipBlock: {cidr: " cidr "}}"
#define HOLE(cidr, except) "{ipBlock: {cidr: " cidr ", except: [" except "]}}"

static const struct lint_row filled_holes[] = {
	{ "one block", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "]}]"), "" },
	{ "C6 another block is the hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " BLOCK("10.1.0.0/16") "]}]"),
	  "warning 4:119: NetworkPolicy a/p: spec.ingress[0].from[0].ipBlock.except: 10.1.0.0/16 is admitted after all by 10.1.0.0/16 in spec.ingress[0].from[1]\n" },
	{ "another block is larger", POLICY("p", "policyTypes: [Egress], egress: [{to: [" BLOCK("10.0.0.0/12") ", " HOLE("10.0.0.0/8", "\"10.1.0.0/16\", 10.2.0.0/24") "]}]"),
	  "warning 4:171: NetworkPolicy a/p: spec.egress[0].to[1].ipBlock.except: 10.1.0.0/16 is admitted after all by 10.0.0.0/12 in spec.egress[0].to[0]\n"
	  "warning 4:171: NetworkPolicy a/p: spec.egress[0].to[1].ipBlock.except: 10.2.0.0/24 is admitted after all by 10.0.0.0/12 in spec.egress[0].to[0]\n" },
	{ "another block has the same hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " HOLE("10.0.0.0/15", "10.1.0.0/16") "]}]"), "" },
	{ "another block has a larger hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " HOLE("0.0.0.0/0", "10.0.0.0/8") "]}]"), "" },
	{ "another block is beside it", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " BLOCK("10.2.0.0/16") ", " BLOCK("\"::/0\"") "]}]"), "" },
	{ "C7 a selector", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", {podSelector: {}}]}]"), "" },
	{ "another rule with every port", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "], ports: [{port: 80}]}, {from: [{podSelector: {}}, " BLOCK("10.0.0.0/8") "]}]"),
	  "warning 4:119: NetworkPolicy a/p: spec.ingress[0].from[0].ipBlock.except: 10.1.0.0/16 is admitted after all by 10.0.0.0/8 in spec.ingress[1].from[1]\n" },
	{ "another rule for everybody", POLICY("p", "ingress: [{ports: [{port: 1, endPort: 99}]}, {from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "], ports: [{port: 80}]}]"),
	  "warning 4:154: NetworkPolicy a/p: spec.ingress[1].from[0].ipBlock.except: 10.1.0.0/16 is admitted after all by spec.ingress[0], which is for everybody\n" },
	{ "another rule with other ports", POLICY("p", "ingress: [{ports: [{port: 81}, {protocol: UDP}]}, {from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "], ports: [{port: 80}]}]"), "" },
	{ "another rule with fewer ports", POLICY("p", "ingress: [{ports: [{port: 80}]}, {from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "]}]"), "" },
	{ "the rules of the other direction", POLICY("p", "policyTypes: [Ingress, Egress], egress: [{}], ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "]}]"), "" },
	{ "C5 another policy", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") "]}]") POLICY("q", "ingress: [{from: [" BLOCK("10.0.0.0/8") "]}]"), "" },
};

static const struct lint_row partly_filled_holes[] = {
	{ "another block is all of the hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " BLOCK("10.1.0.0/16") "]}]"), "" },
	{ "another block is in the hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " BLOCK("10.1.2.3/32") "]}]"),
	  "note 4:119: NetworkPolicy a/p: spec.ingress[0].from[0].ipBlock.except: a part of 10.1.0.0/16 is admitted after all by 10.1.2.3/32 in spec.ingress[0].from[1]\n" },
	{ "another block has a hole in the hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " HOLE("10.1.0.0/16", "10.1.2.0/24") "]}]"),
	  "note 4:119: NetworkPolicy a/p: spec.ingress[0].from[0].ipBlock.except: a part of 10.1.0.0/16 is admitted after all by 10.1.0.0/16 in spec.ingress[0].from[1]\n" },
	{ "both have the hole", POLICY("p", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " HOLE("10.0.0.0/9", "10.1.0.0/16") "]}]"), "" },
};

static const char pods_with_addresses[] =
	POD("p", "app: p", AT("10.0.0.1"))
	POD("q", "app: q", AT("10.0.0.2"))
	POD("r", "app: r", AT("fd00::1"))
	POD("made-up", "app: s", "spec: {}")
	POD("done", "app: t", "status: {phase: Succeeded, podIPs: [{ip: 10.0.9.1}]}")
	POD("host", "app: u", "spec: {hostNetwork: true, nodeName: n1}, status: {hostIPs: [{ip: 10.0.9.2}], podIPs: [{ip: 10.0.9.2}]}")
	"- {apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDRs: [10.0.0.0/24]}}\n";

#define FROM(block) POLICY("p", "ingress: [{from: [{podSelector: {}}, " block "]}]")

static const struct lint_row blocks_of_pods[] = {
	{ "the address of one", FROM(BLOCK("10.0.0.1/32")),
	  "warning 11:138: NetworkPolicy a/p: spec.ingress[0].from[1].ipBlock: holds the address of Pod a/p\n" },
	{ "the IPv6 address of one", FROM(BLOCK("\"fd00::1/128\"")),
	  "warning 11:138: NetworkPolicy a/p: spec.ingress[0].from[1].ipBlock: holds the address of Pod a/r\n" },
	{ "a range of pods", FROM(BLOCK("10.0.0.0/24")),
	  "warning 11:138: NetworkPolicy a/p: spec.ingress[0].from[1].ipBlock: holds the addresses of Pod a/p and others, 2 in all\n" },
	{ "a range of pods with one in a hole", FROM(HOLE("10.0.0.0/24", "\"10.0.0.1/32\", 10.0.0.0/31")),
	  "warning 11:138: NetworkPolicy a/p: spec.ingress[0].from[1].ipBlock: holds the address of Pod a/q\n" },
	{ "a range of pods with all in holes", FROM(HOLE("10.0.0.0/24", "\"10.0.0.1/32\", 10.0.0.2/32")), "" },
	{ "nobody's address there", FROM(BLOCK("10.0.0.3/32")), "" },
	{ "the address of a finished pod", FROM(BLOCK("10.0.9.1/32")), "" },
	{ "the address of a pod of the host's network", FROM(BLOCK("10.0.9.2/32")), "" },
	{ "the outside", FROM(BLOCK("192.0.2.0/24")), "" },
	{ "a wide block is a note", FROM(BLOCK("10.0.0.0/8")), "" },
};

static const struct lint_row blocks_with_pods[] = {
	{ "a wide block", FROM(BLOCK("10.0.0.0/8")),
	  "note 11:138: NetworkPolicy a/p: spec.ingress[0].from[1].ipBlock: holds the addresses of Pod a/p and others, 2 in all\n" },
	{ "a wide block without the pods", FROM(HOLE("10.0.0.0/8", "10.0.0.0/24")), "" },
	{ "the same hole twice", FROM(HOLE("10.0.0.0/8", "\"10.0.0.1/32\", 10.0.0.1/32")),
	  "note 11:138: NetworkPolicy a/p: spec.ingress[0].from[1].ipBlock: holds the address of Pod a/q\n" },
	{ "everybody", FROM(BLOCK("0.0.0.0/0") ", " BLOCK("\"::/0\"")), "" },
	{ "made-up addresses", FROM(BLOCK("240.0.0.0/4")), "" },
	{ "a direction that is not in effect", POLICY("p", "policyTypes: [Ingress], egress: [{to: [" BLOCK("10.0.0.0/8") "]}]"), "" },
};

#define TO_DB "{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}"

static const struct lint_row dns[] = {
	{ "egress without DNS", POD("p", "app: p", "") POLICY("p", "policyTypes: [Egress], egress: [" TO_DB "]"),
	  "note 5:133: NetworkPolicy a/p: spec.egress: Pod p may connect to somewhere, and no policy allows it DNS\n" },
	{ "the same policy allows it", POD("p", "app: p", "") POLICY("p", "policyTypes: [Egress], egress: [" TO_DB ", {ports: [{protocol: UDP, port: 53}]}]"), "" },
	{ "another policy allows it", POD("p", "app: p", "") POLICY("p", "policyTypes: [Egress], egress: [" TO_DB "]") POLICY("q", "policyTypes: [Egress], egress: [{ports: [{protocol: UDP, port: 1, endPort: 53}]}]"), "" },
	{ "another policy allows it to another pod", POD("p", "app: p", "") POD("q", "app: q", "") POLICY("p", "policyTypes: [Egress], egress: [" TO_DB "]")
	  POLICY("q", "podSelector: {matchLabels: {app: p}}, policyTypes: [Egress], egress: [{ports: [{protocol: UDP, port: dns}]}]"),
	  "note 6:133: NetworkPolicy a/p: spec.egress: Pod q may connect to somewhere, and no policy allows it DNS\n" },
	{ "only for TCP", POD("p", "app: p", "") POLICY("p", "policyTypes: [Egress], egress: [{ports: [{port: 53}, {protocol: UDP, port: 54}]}]"),
	  "note 5:133: NetworkPolicy a/p: spec.egress: Pod p may connect to somewhere, and no policy allows it DNS\n" },
	{ "every port of UDP", POD("p", "app: p", "") POLICY("p", "policyTypes: [Egress], egress: [{ports: [{protocol: UDP}]}]"), "" },
	{ "every port", POD("p", "app: p", "") POLICY("p", "policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]"), "" },
	{ "a default deny", POD("p", "app: p", "") POLICY("p", "policyTypes: [Ingress, Egress]"), "" },
	{ "egress is not isolated", POD("p", "app: p", "") POLICY("p", "policyTypes: [Ingress], egress: [" TO_DB "]"), "" },
	{ "nobody is selected", POD("p", "app: p", "") POLICY("p", "podSelector: {matchLabels: {app: x}}, policyTypes: [Egress], egress: [" TO_DB "]"), "" },
	{ "S13 a pod of the host's network", POD("p", "app: p", "spec: {hostNetwork: true, nodeName: n1}") POLICY("p", "policyTypes: [Egress], egress: [" TO_DB "]"), "" },
};

#define PODS POD("p", "app: p, x: yy", "") POD("q", "app: q", "") POD("r", "app: r, x: yy", "")
#define OF(app) "{podSelector: {matchLabels: {app: " app "}}}"
#define OF_P "podSelector: {matchLabels: {app: p}}, "

static const struct lint_row redundant_policies[] = {
	{ "the only policy", PODS POLICY("a", "ingress: [{}]"), "" },
	{ "the first of two that are alike stays", PODS POLICY("a", "ingress: [{from: [" OF("p") "]}]") POLICY("b", "ingress: [{from: [" OF("p") "]}]"),
	  "warning 8:3: NetworkPolicy a/b: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "the other one admits everybody", PODS POLICY("a", "ingress: [{from: [" OF("p") ", {ipBlock: {cidr: 192.0.2.0/24}}]}]") POLICY("b", "ingress: [{}]"),
	  "warning 7:3: NetworkPolicy a/a: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "pods that it alone isolates", PODS POLICY("a", "ingress: [{from: [" OF("p") "]}]") POLICY("b", OF_P "ingress: [{}]"), "" },
	{ "a direction that it alone isolates", PODS POLICY("a", "policyTypes: [Ingress, Egress], ingress: [{from: [" OF("p") "]}]") POLICY("b", "ingress: [{}]"), "" },
	{ "ports that it alone admits", PODS POLICY("a", "ingress: [{ports: [{port: 80, endPort: 90}]}]") POLICY("b", "ingress: [{ports: [{port: 80, endPort: 89}, {protocol: UDP}]}]"), "" },
	{ "the others' ports together", PODS POLICY("a", "ingress: [{ports: [{port: 80, endPort: 90}]}]") POLICY("b", "ingress: [{ports: [{port: 80, endPort: 85}]}]") POLICY("c", "ingress: [{ports: [{port: 86, endPort: 99}]}]"),
	  "warning 8:3: NetworkPolicy a/b: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "every port of TCP is not every port", PODS POLICY("a", "ingress: [{}]") POLICY("b", "ingress: [{ports: [{}, {protocol: UDP}, {protocol: SCTP}]}]"),
	  "warning 8:3: NetworkPolicy a/b: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "C18 a range from 1 lacks 0", PODS POLICY("a", "ingress: [{ports: [{}]}]") POLICY("b", "ingress: [{ports: [{port: 1, endPort: 65535}]}]"),
	  "warning 8:3: NetworkPolicy a/b: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "a name is not a number", PODS POLICY("a", "ingress: [{ports: [{port: http}]}]") POLICY("b", "ingress: [{ports: [{port: 80}]}]"), "" },
	{ "the others' peers together", PODS POLICY("a", "ingress: [{from: [{podSelector: {}}]}]") POLICY("b", "ingress: [{from: [" OF("p") "]}, {from: [" OF("q") "]}, {from: [" OF("r") "]}]"),
	  "warning 8:3: NetworkPolicy a/b: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "other peers for each port", PODS POLICY("b", "ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]") POLICY("c", "ingress: [{from: [" OF("p") "]}, {from: [" OF("q") "], ports: [{port: 80}]}, {from: [" OF("r") "], ports: [{port: 81}]}]"), "" },
	{ "everybody is more than every pod", PODS POLICY("a", "ingress: [{}]") POLICY("b", "ingress: [{from: [{namespaceSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}]}]"),
	  "warning 8:3: NetworkPolicy a/b: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "a smaller block with the hole", PODS POLICY("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/9, except: [10.1.0.0/16]}}]}]") POLICY("b", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.2.0/24]}}]}]"),
	  "warning 7:3: NetworkPolicy a/a: without it no verdict would change: other policies isolate its pods and admit all that it admits\n" },
	{ "C5 a hole that it lacks", PODS POLICY("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/9}}]}]") POLICY("b", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.2.0/24]}}]}]"), "" },
	{ "S20 ::/0 is not IPv4", PODS POLICY("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/9}}]}]") POLICY("b", "ingress: [{from: [{ipBlock: {cidr: \"::/0\"}}]}]"), "" },
	{ "one group of pods needs it", PODS POLICY("a", "podSelector: {matchLabels: {x: yy}}, ingress: [{from: [" OF("q") "]}]") POLICY("b", OF_P "ingress: [{}]") POLICY("c", "ingress: [{from: [" OF("p") "]}]"), "" },
	{ "a default deny beside policies for every pod", PODS POLICY("a", "") POLICY("b", "ingress: [{}]"), "" },
	{ "a policy that selects nobody", PODS POLICY("a", "podSelector: {matchLabels: {app: x}}, ingress: [{}]") POLICY("b", "ingress: [{}]"), "" },
};

static const struct lint_row redundant_rules[] = {
	{ "rules of their own", PODS POLICY("a", "ingress: [{from: [" OF("p") "], ports: [{port: 80}]}, {from: [" OF("q") "]}]"), "" },
	{ "all are in another rule", PODS POLICY("a", "ingress: [{ports: [{port: 80}]}, {from: [" OF("q") "]}, {}]"),
	  "note 7:134: NetworkPolicy a/a: spec.ingress[1]: all that it admits is admitted by other rules of the policy\n"
	  "note 7:111: NetworkPolicy a/a: spec.ingress[0]: all that it admits is admitted by other rules of the policy\n" },
	{ "the first of two that are alike stays", PODS POLICY("a", "ingress: [{}, {from: [" OF("p") "]}, {}]"),
	  "note 7:165: NetworkPolicy a/a: spec.ingress[2]: all that it admits is admitted by other rules of the policy\n"
	  "note 7:115: NetworkPolicy a/a: spec.ingress[1]: all that it admits is admitted by other rules of the policy\n" },
	{ "the rules of the other direction", PODS POLICY("a", "egress: [{}], ingress: [{from: [" OF("p") "]}]"), "" },
};

/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void policy_types_that_surprise(void **state)
{
	(void)state;
	check_lints("policy-types", "", types, COUNT(types));
}

static void a_hole_that_another_entry_fills(void **state)
{
	(void)state;
	check_lints("hole-filled", "", filled_holes, COUNT(filled_holes));
}

static void a_hole_that_another_entry_fills_in_part(void **state)
{
	(void)state;
	check_lints("hole-partly-filled", "", partly_filled_holes, COUNT(partly_filled_holes));
}

static void a_block_of_nothing_but_pods(void **state)
{
	(void)state;
	check_lints("block-of-pods", pods_with_addresses, blocks_of_pods, COUNT(blocks_of_pods));
}

static void a_block_that_holds_pods(void **state)
{
	(void)state;
	check_lints("block-holds-pods", pods_with_addresses, blocks_with_pods,
		    COUNT(blocks_with_pods));
}

static void egress_without_dns(void **state)
{
	(void)state;
	check_lints("no-dns", "", dns, COUNT(dns));
}

static void a_policy_without_which_nothing_changes(void **state)
{
	(void)state;
	check_lints("policy-redundant", "", redundant_policies, COUNT(redundant_policies));
}

static void a_rule_without_which_nothing_changes(void **state)
{
	(void)state;
	check_lints("rule-redundant", "", redundant_rules, COUNT(redundant_rules));
}

/* Everything that the lints above find, at once. */
static void running_out_of_memory_is_told(void **state)
{
	char text[8192];

	(void)state;
	snprintf(text, sizeof(text), "apiVersion: v1\nkind: List\nitems:\n%s%s%s%s%s",
		 pods_with_addresses, types[4].items,
		 POLICY("q", "ingress: [{from: [" HOLE("10.0.0.0/8", "10.1.0.0/16") ", " BLOCK(
				     "10.1.0.0/16") "]}]"),
		 POLICY("r", "ingress: [{from: [" BLOCK("10.0.0.1/32") "]}]"),
		 POLICY("s", "ingress: [{}], egress: [{to: [{podSelector: {}}]}]"));
	lint_without_memory(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_types_that_surprise),
		cmocka_unit_test(a_hole_that_another_entry_fills),
		cmocka_unit_test(a_hole_that_another_entry_fills_in_part),
		cmocka_unit_test(a_block_of_nothing_but_pods),
		cmocka_unit_test(a_block_that_holds_pods),
		cmocka_unit_test(egress_without_dns),
		cmocka_unit_test(a_policy_without_which_nothing_changes),
		cmocka_unit_test(a_rule_without_which_nothing_changes),
		cmocka_unit_test(running_out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
