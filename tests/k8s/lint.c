/*
 * What is legal and probably not meant, and in which words it is told. Each row is a policy of
 * namespace a in one small cluster.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_of.h"

#define ITEM(kind, name, namespace_name, rest)                                                     \
	"- {apiVersion: v1, kind: " kind ", metadata: {name: " name ", namespace: " namespace_name \
	", " rest "}\n"
#define POD(namespace_name, name, labels) ITEM("Pod", name, namespace_name, "labels: {" labels "}}")
#define NAMESPACE(name, labels)                                                                    \
	"- {apiVersion: v1, kind: Namespace, metadata: {name: " name ", labels: {" labels "}}}\n"

static const char list_head[] = "apiVersion: v1\nkind: List\nitems:\n";
static const char cluster[] =
	/* clang-format off */
	NAMESPACE("a", "team: red, kubernetes.io/metadata.name: a")
	NAMESPACE("b", "team: blue, tier: ops")
	NAMESPACE("c", "team: green")
	POD("a", "web", "app: app1, role: frontend")
	POD("a", "api", "app: app1, role: backend")
	POD("a", "db", "app: app1, role: db")
	POD("a", "odd", "app: other, role: cache")
	POD("a", "bare", "app: app2")
	POD("b", "prometheus", "app: prometheus, job: scrape")
	POD("b", "exporter", "app: exporter, job: scrape")
	ITEM("Pod", "done", "b", "labels: {app: done}}, status: {phase: Succeeded}")
	;
/* clang-format on */

static const char policy_head[] = "- apiVersion: networking.k8s.io/v1\n"
				  "  kind: NetworkPolicy\n"
				  "  metadata: {name: p, namespace: a}\n"
				  "  spec:\n";

static char *lints_of_spec(const char *code, const char *spec)
{
	char text[8192];

	snprintf(text, sizeof(text), "%s%s%s%s", list_head, cluster, policy_head, spec);
	return lints_of(code, text);
}

/* Takes "warning L:C: NetworkPolicy a/p: " from the front of every line. */
static void without_place(char *reports)
{
	static const char object[] = "NetworkPolicy a/p: ";
	char *to = reports;

	for (char *line = reports; *line;) {
		char *end = strchr(line, '\n') + 1;
		char *from = strstr(line, object);

		assert_non_null(from);
		from += sizeof(object) - 1;
		memmove(to, from, (size_t)(end - from));
		to += end - from;
		line = end;
	}
	*to = '\0';
}

struct row {
	const char *name;
	const char *spec;
	const char *lints;
};

static void check_rows(const char *code, const struct row *rows, size_t count, const char *before)
{
	for (size_t i = 0; i < count; i++) {
		char spec[2048];
		char *reports;

		snprintf(spec, sizeof(spec), "%s%s", before, rows[i].spec);
		reports = lints_of_spec(code, spec);
		without_place(reports);
		if (strcmp(reports, rows[i].lints) != 0)
			print_error("%s:\n", rows[i].name);
		assert_string_equal(reports, rows[i].lints);
		free(reports);
	}
}

static const struct row subjects[] = {
	{ "every pod", "    podSelector: {}\n", "" },
	{ "some pod", "    podSelector: {matchLabels: {app: app1, role: db}}\n", "" },
	{ "what is there lacks a label that is refused",
	  "    podSelector: {matchExpressions: [{key: role, operator: DoesNotExist}]}\n", "" },
	{ "one of two labels", "    podSelector: {matchLabels: {app: app1, role: web}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has role=web; pods that fulfil "
	  "the rest have role=backend, role=db, role=frontend\n" },
	{ "a label of its own", "    podSelector: {matchLabels: {app: app3}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app=app3; pods there have "
	  "app=app1, app=app2, app=other\n" },
	{ "a key that some lack", "    podSelector: {matchLabels: {role: web}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has role=web; pods there have "
	  "role=backend, role=cache, role=db, role=frontend, no role\n" },
	{ "a key that all lack", "    podSelector: {matchLabels: {k8s-app: web}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has k8s-app=web; pods there "
	  "have "
	  "no k8s-app\n" },
	{ "both labels", "    podSelector: {matchLabels: {app: app3, role: web}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app=app3 or role=web\n" },
	{ "labels that no pod has together",
	  "    podSelector: {matchLabels: {app: other, role: db}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app=other and role=db; pods "
	  "that fulfil all but app=other have app=app1\n" },
	{ "one of many values",
	  "    podSelector: {matchExpressions: [{key: app, operator: In, values: [x, z]}]}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app in (x, z); pods there "
	  "have app=app1, app=app2, app=other\n" },
	{ "a value that is refused",
	  "    podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [app1, app2, "
	  "other]}]}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app notin (app1, app2, "
	  "other); pods there have app=app1, app=app2, app=other; pods that fulfil it are in b "
	  "(only the policy's own namespace is meant)\n" },
	{ "a key that nobody has",
	  "    podSelector: {matchExpressions: [{key: zone, operator: Exists}]}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has any zone; pods there have "
	  "no "
	  "zone\n" },
	{ "a key with another value than all have",
	  "    podSelector: {matchLabels: {role: db}, matchExpressions: [{key: app, operator: "
	  "Exists}, {key: app, operator: NotIn, values: [app1]}]}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has any app other than (app1) "
	  "and "
	  "role=db; pods that fulfil all but any app other than (app1) have app=app1\n" },
	{ "a key that all have",
	  "    podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has no app; pods there have "
	  "app=app1, app=app2, app=other\n" },
	{ "a contradiction",
	  "    podSelector: {matchLabels: {app: app1}, matchExpressions: [{key: app, operator: "
	  "DoesNotExist}]}\n",
	  "spec.podSelector: selects nothing: its requirements contradict each other\n" },
	{ "pods of another namespace", "    podSelector: {matchLabels: {app: prometheus}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app=prometheus; pods there "
	  "have app=app1, app=app2, app=other; pods that fulfil it are in b (only the policy's own "
	  "namespace is meant)\n" },
	{ "a finished pod is none", "    podSelector: {matchLabels: {app: done}}\n",
	  "spec.podSelector: selects no pod: no pod of namespace a has app=done; pods there have "
	  "app=app1, app=app2, app=other\n" },
};

static void a_policy_that_selects_no_pod(void **state)
{
	(void)state;
	check_rows("policy-selects-nothing", subjects, COUNT(subjects), "");
}

static const struct row null_rules[] = {
	{ "S4 an empty rule", "    ingress: [{}]\n", "" },
	{ "S4 a null rule", "    ingress: [{}, null]\n",
	  "spec.ingress[1]: null is an empty rule, which allows everything\n" },
	{ "S4 no rule at all", "    ingress: null\n", "" },
	{ "S4 a null rule of a direction that is not in effect",
	  "    policyTypes: [Ingress]\n    egress: [null]\n", "" },
};

static const struct row blocks[] = {
	{ "S8 no host bits",
	  "    egress: [{to: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.2.0/24]}}]}]\n", "" },
	{ "S8 host bits of a cidr", "    egress: [{to: [{ipBlock: {cidr: 10.10.1.12/24}}]}]\n",
	  "spec.egress[0].to[0].ipBlock: bits are set behind a prefix length do: write "
	  "10.10.1.0/24\n" },
	{ "S8 host bits of a hole",
	  "    ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.2.0/24, "
	  "10.1.3.1/25]}}]}]\n",
	  "spec.ingress[0].from[0].ipBlock: bits are set behind a prefix length do: write "
	  "10.1.0.0/16 except 10.1.2.0/24, 10.1.3.0/25\n" },
};

static const struct row peers[] = {
	{ "every peer", "    ingress: [{}]\n", "" },
	{ "a block that no pod is in", "    ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]\n",
	  "" },
	{ "every pod of every namespace", "    ingress: [{from: [{namespaceSelector: {}}]}]\n",
	  "" },
	{ "a pod of another namespace",
	  "    ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}, podSelector: "
	  "{matchLabels: {app: exporter}}}]}]\n",
	  "" },
	{ "rules of a direction that is not in effect",
	  "    policyTypes: [Ingress]\n    egress: [{to: [{podSelector: {matchLabels: {x: "
	  "z}}}]}]\n",
	  "" },
	{ "the third peer of the second rule",
	  "    ingress: [{}, {from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}, "
	  "{podSelector: "
	  "{matchLabels: {app: app1, role: web}}}]}]\n",
	  "spec.ingress[1].from[2].podSelector: selects no pod: no pod of namespace a has "
	  "role=web; "
	  "pods that fulfil the rest have role=backend, role=db, role=frontend\n" },
	{ "both directions",
	  "    ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]\n"
	  "    egress: [{to: [{podSelector: {matchLabels: {app: z}}}]}]\n",
	  "spec.ingress[0].from[0].podSelector: selects no pod: no pod of namespace a has app=x; "
	  "pods "
	  "there have app=app1, app=app2, app=other\n"
	  "spec.egress[0].to[0].podSelector: selects no pod: no pod of namespace a has app=z; pods "
	  "there have app=app1, app=app2, app=other\n" },
	{ "no namespace selector where one is needed",
	  "    ingress: [{from: [{podSelector: {matchLabels: {app: prometheus}}}]}]\n",
	  "spec.ingress[0].from[0].podSelector: selects no pod: no pod of namespace a has "
	  "app=prometheus; pods there have app=app1, app=app2, app=other; pods that fulfil it are "
	  "in b "
	  "(only the policy's own namespace is meant)\n" },
	{ "pods of some namespaces",
	  "    ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, "
	  "values: [blue, green]}]}, podSelector: {matchLabels: {app: web}}}]}]\n",
	  "spec.ingress[0].from[0].podSelector: selects no pod: no pod of namespaces b, c has "
	  "app=web; pods there have app=exporter, app=prometheus\n" },
	{ "pods of all namespaces",
	  "    ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {job: "
	  "x}}}]}]\n",
	  "spec.ingress[0].from[0].podSelector: selects no pod: no pod has job=x; pods have "
	  "job=scrape, no job\n" },
	{ "namespaces that are not there",
	  "    ingress: [{from: [{namespaceSelector: {matchLabels: {team: rad}}}]}]\n",
	  "spec.ingress[0].from[0].namespaceSelector: selects no namespace: no namespace has "
	  "team=rad; namespaces have team=blue, team=green, team=red\n" },
	{ "one of two labels of a namespace",
	  "    ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue, tier: dev}}}]}]\n",
	  "spec.ingress[0].from[0].namespaceSelector: selects no namespace: no namespace has "
	  "tier=dev; namespaces that fulfil the rest have tier=ops\n" },
	{ "the name of a namespace under another key",
	  "    ingress: [{from: [{namespaceSelector: {matchLabels: {name: b}}, podSelector: "
	  "{}}]}]\n",
	  "spec.ingress[0].from[0].namespaceSelector: selects no namespace: no namespace has "
	  "name=b; "
	  "namespaces have no name; namespace b has kubernetes.io/metadata.name=b\n" },
	{ "a namespace without pods",
	  "    ingress: [{from: [{namespaceSelector: {matchLabels: {team: green}}}]}]\n",
	  "spec.ingress[0].from[0].namespaceSelector: selects no pod: there is none in namespace "
	  "c\n" },
	{ "a namespace without pods, which are elsewhere",
	  "    ingress: [{from: [{namespaceSelector: {matchLabels: {team: green}}, podSelector: "
	  "{matchLabels: {job: scrape}}}]}]\n",
	  "spec.ingress[0].from[0].namespaceSelector: selects no pod: there is none in namespace "
	  "c; "
	  "pods that fulfil it are in b\n" },
	{ "namespaces that contradict themselves",
	  "    ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: "
	  "Exists}, {key: team, operator: DoesNotExist}]}}]}]\n",
	  "spec.ingress[0].from[0].namespaceSelector: selects nothing: its requirements contradict "
	  "each other\n" },
};

static void a_peer_that_selects_no_pod(void **state)
{
	(void)state;
	check_rows("peer-selects-nothing", peers, COUNT(peers), "    podSelector: {}\n");
}

static void a_rule_that_is_null(void **state)
{
	(void)state;
	check_rows("null-rule", null_rules, COUNT(null_rules), "    podSelector: {}\n");
}

static void a_block_with_host_bits(void **state)
{
	(void)state;
	check_rows("host-bits", blocks, COUNT(blocks), "    podSelector: {}\n");
}

static void a_finding_has_its_place(void **state)
{
	static const char spec[] = "    podSelector:\n"
				   "      matchLabels: {role: dba}\n"
				   "    ingress:\n"
				   "    - from:\n"
				   "      - namespaceSelector: {}\n"
				   "        podSelector:\n"
				   "          matchLabels: {job: x}\n";
	char *reports = lints_of_spec("policy-selects-nothing", spec);

	(void)state;
	assert_string_equal(
		reports,
		"warning 20:7: NetworkPolicy a/p: spec.podSelector: selects no pod: no pod of "
		"namespace a has role=dba; pods there have role=backend, role=cache, role=db, "
		"role=frontend, no role\n");
	free(reports);
	reports = lints_of_spec("peer-selects-nothing", spec);
	assert_string_equal(
		reports,
		"warning 25:11: NetworkPolicy a/p: spec.ingress[0].from[0].podSelector: selects no "
		"pod: no pod has job=x; pods have job=scrape, no job\n");
	free(reports);
}

/* So that a list stays short, it has those values that are nearest to the wanted one. */
static void of_many_values_the_nearest_are_told(void **state)
{
	static const char *const apps[] = { "alpha",    "beta", "frontends", "frontend-2", "gamma",
					    "frontend", "web",  "front",     "x-frontend" };
	char text[4096];
	size_t length = (size_t)snprintf(text, sizeof(text), "%s", list_head);
	char *reports;

	(void)state;
	for (size_t i = 0; i < COUNT(apps); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   POD("a", "%s", "app: %s"), apps[i], apps[i]);
	snprintf(text + length, sizeof(text) - length,
		 "%s    podSelector: {matchLabels: {app: %s}}\n", policy_head, "frontnd");
	reports = lints_of("policy-selects-nothing", text);
	without_place(reports);
	assert_string_equal(reports,
			    "spec.podSelector: selects no pod: no pod of namespace a has "
			    "app=frontnd; pods there have app=front, app=frontend, app=frontend-2, "
			    "app=frontends, app=x-frontend and 4 more\n");
	free(reports);
}

static void without_pods_only_that_is_said(void **state)
{
	static const char policy[] = "apiVersion: networking.k8s.io/v1\n"
				     "kind: NetworkPolicy\n"
				     "metadata: {name: p, namespace: a}\n"
				     "spec: {podSelector: {matchLabels: {app: web}}, ingress: "
				     "[null]}\n";
	char *reports = lints_about(policy);

	(void)state;
	assert_string_equal(reports,
			    "warning 4:58: NetworkPolicy a/p: spec.ingress[0]: null is an empty "
			    "rule, which allows everything [null-rule]\n"
			    "warning 0:0: there is no pod in the input: no policy selects anything "
			    "[no-pods]\n");
	free(reports);
	reports = lints_about("{apiVersion: v1, kind: Pod, metadata: {name: p}}\n");
	assert_string_equal(reports, "");
	free(reports);
}

static void every_lint_has_a_code_of_its_own_and_words(void **state)
{
	size_t count;
	const struct weir_lint *lints = weir_lint_table(&count);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(lints[i].code) > 3);
		assert_int_equal(strspn(lints[i].code, "abcdefghijklmnopqrstuvwxyz-"),
				 strlen(lints[i].code));
		assert_true(lints[i].severity != WEIR_SEVERITY_ERROR);
		assert_true(strlen(lints[i].why) > 10);
		assert_true(strlen(lints[i].advice) > 10);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(lints[i].code, lints[j].code);
	}
}

static void running_out_of_memory_is_told(void **state)
{
	char text[8192];

	(void)state;
	snprintf(text, sizeof(text), "%s%s%s%s", list_head, cluster, policy_head,
		 "    podSelector: {matchLabels: {app: app1, role: web}}\n"
		 "    ingress: [{from: [{namespaceSelector: {matchLabels: {name: b}}}]}]\n");
	lint_without_memory(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_that_selects_no_pod),
		cmocka_unit_test(a_peer_that_selects_no_pod),
		cmocka_unit_test(a_rule_that_is_null),
		cmocka_unit_test(a_block_with_host_bits),
		cmocka_unit_test(a_finding_has_its_place),
		cmocka_unit_test(of_many_values_the_nearest_are_told),
		cmocka_unit_test(running_out_of_memory_is_told),
		cmocka_unit_test(without_pods_only_that_is_said),
		cmocka_unit_test(every_lint_has_a_code_of_its_own_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
