/*
 * The reference against the compiled policy, over hostile clusters from a seed.
 *
 *	differential [--count N] [--seed S]
 *
 * Cluster number i comes from seed S + i and is judged under every combination of the switches.
 * Verdicts come from classify, in bursts of awkward sizes; reasons and rules from explain. The
 * first difference ends the run: its cluster is cut down to the objects that it needs, and
 * "--seed S+i --count 1" shows it again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "generator.h"
#include "judges.h"
#include "rows.h"
#include "weir/directory.h"

enum {
	KEYS = 300, /* per cluster and combination of switches */
	COMBINATIONS = 2 * 2 * 3,
	EVALUATE_EVERY = 32, /* the evaluator of resolved policies is slow */
	PERCENT_RULED = 30,
	ROW_SHARE = 1000, /* each row is exercised by one verdict of so many */
};

static struct weir_semantics combination(unsigned number)
{
	return (struct weir_semantics){ .ipblock_pods = (uint8_t)(number & 1),
					.own_node = (uint8_t)(number >> 1 & 1),
					.other_protocols = (uint8_t)(number >> 2) };
}

static bool same_rule(const struct judges *judges, const struct k8s_half *expected,
		      const struct weir_half *got, enum weir_direction direction)
{
	struct weir_rule_view rule;

	if (got->rule == WEIR_NONE)
		return false;
	weir_policy_rule(judges->policy, got->rule, &rule);
	return strcmp(rule.kind, "NetworkPolicy") == 0 && rule.direction == direction &&
	       strcmp(rule.namespace_name, expected->policy->meta.namespace_name) == 0 &&
	       strcmp(rule.name, expected->policy->meta.name) == 0 &&
	       rule.index == expected->rule && got->peer == expected->peer &&
	       got->port == expected->port;
}

static bool same_half(const struct judges *judges, const struct k8s_half *expected,
		      const struct weir_half *got, enum weir_direction direction)
{
	if (expected->action != got->action || expected->reason != got->reason)
		return false;
	if (expected->reason == WEIR_REASON_RULE)
		return same_rule(judges, expected, got, direction);
	return got->rule == WEIR_NONE && got->peer == WEIR_NONE && got->port == WEIR_NONE;
}

static bool same_verdict(struct weir_verdict a, struct weir_verdict b)
{
	return a.action == b.action && a.why == b.why;
}

static bool agree(const struct judges *judges, const struct weir_key *key,
		  struct weir_verdict classified, struct k8s_judgement *expected)
{
	struct weir_explanation got;

	k8s_reference_judge(judges->cluster, &judges->semantics, key, expected);
	weir_policy_explain(judges->policy, key, &got);
	if (!same_verdict(expected->verdict, classified) ||
	    !same_verdict(expected->verdict, got.verdict))
		return false;
	return expected->verdict.action == WEIR_AMBIGUOUS ||
	       (same_half(judges, &expected->egress, &got.egress, WEIR_EGRESS) &&
		same_half(judges, &expected->ingress, &got.ingress, WEIR_INGRESS));
}

static bool agrees_with_the_evaluator(const struct judges *judges, const struct weir_key *key)
{
	char expected[ANSWER_TEXT], got[ANSWER_TEXT];

	ask_reference(judges, key, expected);
	ask_evaluator(judges, key, got);
	return strcmp(expected, got) == 0;
}

/* Whether the difference is still there in this text. */
static bool differs(const char *yaml, const struct weir_semantics *semantics,
		    const struct weir_key *key)
{
	struct k8s_judgement expected;
	struct weir_verdict verdict;
	struct judges judges;
	bool different = false;

	if (!judges_open(&judges, yaml, semantics)) {
		weir_policy_classify(judges.policy, key, &verdict, 1);
		different = !agree(&judges, key, verdict, &expected) ||
			    !agrees_with_the_evaluator(&judges, key);
	}
	judges_close(&judges);
	return different;
}

/* Drops every document without which the difference stays. */
static void cut_down(char *yaml, const struct weir_semantics *semantics, const struct weir_key *key)
{
	char *whole = strdup(yaml);
	char *document = yaml;

	while (whole && document && *document) {
		char *next = strstr(document + 1, "---\n");

		strcpy(whole, yaml);
		memmove(document, next ? next : "", strlen(next ? next : "") + 1);
		if (!differs(yaml, semantics, key)) {
			strcpy(yaml, whole);
			document = strstr(document + 1, "---\n");
		}
	}
	free(whole);
}

static void show_difference(char *yaml, uint64_t seed, const struct judges *judges,
			    const struct weir_key *key)
{
	char text[256], answer[ANSWER_TEXT];

	format_key(key, text, sizeof(text));
	printf("DIFFERENT: --seed %llu --count 1\nkey: %s\n"
	       "switches: ipblock-pods %u, own-node %u, other-protocols %u\n",
	       (unsigned long long)seed, text, judges->semantics.ipblock_pods,
	       judges->semantics.own_node, judges->semantics.other_protocols);
	ask_reference(judges, key, answer);
	printf("reference: %s\n", answer);
	ask_evaluator(judges, key, answer);
	printf("evaluator: %s\n", answer);
	ask_compiled(judges, key, answer);
	printf("compiled:  %s\n", answer);
	cut_down(yaml, &judges->semantics, key);
	printf("in:\n%s", yaml);
}

static void classify_in_bursts(const struct weir_policy *policy, const struct weir_key *keys,
			       struct weir_verdict *verdicts)
{
	static const size_t bursts[] = { 0, 1, 31, 32, 33, 2, 64, 7, 65, 16 };
	size_t done = 0;

	for (size_t i = 0; done < KEYS; i++) {
		size_t burst = bursts[i % (sizeof(bursts) / sizeof(bursts[0]))];

		if (burst > KEYS - done)
			burst = KEYS - done;
		weir_policy_classify(policy, keys + done, verdicts + done, burst);
		done += burst;
	}
}

/* The key that is judged differently, or NULL. */
static const struct weir_key *compare_keys(const struct judges *judges, const struct weir_key *keys,
					   struct tally *tally)
{
	struct weir_verdict verdicts[KEYS];
	struct k8s_judgement expected;

	classify_in_bursts(judges->policy, keys, verdicts);
	for (size_t i = 0; i < KEYS; i++) {
		if (!agree(judges, &keys[i], verdicts[i], &expected) ||
		    (i % EVALUATE_EVERY == 0 && !agrees_with_the_evaluator(judges, &keys[i])))
			return &keys[i];
		tally_add(tally, judges, &keys[i], &expected);
	}
	return NULL;
}

static int fail(uint64_t seed, const char *what, const char *more)
{
	printf("seed %llu: %s\n%s\n", (unsigned long long)seed, what, more);
	return -EINVAL;
}

static int compare_under(struct judges *judges, const struct key_maker *maker, struct dice *dice,
			 char *yaml, uint64_t seed, struct tally *tally)
{
	struct weir_key keys[KEYS];
	const struct weir_key *different;
	struct weir_error error = { "" };
	int status;

	for (size_t i = 0; i < KEYS; i++)
		key_maker_next(maker, dice, &keys[i]);
	status = weir_cluster_resolve(judges->cluster, &judges->semantics, &judges->resolved);
	if (status)
		return fail(seed, "not resolved", yaml);
	status = weir_compile(judges->resolved, &(struct weir_compile_options){ 0 },
			      &judges->policy, &error);
	if (status)
		return fail(seed, error.text, yaml);
	different = compare_keys(judges, keys, tally);
	if (!different)
		return 0;
	show_difference(yaml, seed, judges, different);
	return -EINVAL;
}

static int compare_switches(struct weir_cluster *cluster, struct dice *dice, char *yaml,
			    uint64_t seed, struct tally *tally)
{
	struct key_maker maker;
	int status = key_maker_init(&maker, cluster, dice);

	for (unsigned i = 0; i < COMBINATIONS && !status; i++) {
		struct judges judges = { .semantics = combination(i), .cluster = cluster };

		status = compare_under(&judges, &maker, dice, yaml, seed, tally);
		weir_policy_unref(judges.policy);
		weir_resolved_destroy(judges.resolved);
	}
	key_maker_finish(&maker);
	return status;
}

static int compare_cluster(uint64_t seed, struct tally *tally)
{
	struct dice dice = { seed * 0x2545f4914f6cdd1du };
	struct weir_semantics defaults = { 0 };
	char *yaml = generate_cluster(&dice);
	struct judges judges;
	int status;

	if (!yaml)
		return -ENOMEM;
	status = judges_open(&judges, yaml, &defaults);
	if (status)
		fail(seed, judges.problems, yaml);
	else
		status = compare_switches(judges.cluster, &dice, yaml, seed, tally);
	judges_close(&judges);
	free(yaml);
	return status;
}

static int report(const struct tally *tally)
{
	uint64_t least = tally->verdicts / ROW_SHARE;
	int status = 0;

	printf("%llu verdicts, none different: %llu allow, %llu deny, %llu ambiguous\n",
	       (unsigned long long)tally->verdicts, (unsigned long long)tally->actions[WEIR_ALLOW],
	       (unsigned long long)tally->actions[WEIR_DENY],
	       (unsigned long long)tally->actions[WEIR_AMBIGUOUS]);
	printf("%llu (%.1f %%) decided by a rule with both sides isolated\n",
	       (unsigned long long)tally->ruled_isolated,
	       100.0 * (double)tally->ruled_isolated / (double)tally->verdicts);
	if (tally->ruled_isolated * 100 < tally->verdicts * PERCENT_RULED) {
		printf("FAILED: that is less than %d %%\n", PERCENT_RULED);
		status = -EINVAL;
	}
	for (unsigned row = 0; row < ROWS; row++) {
		if (!row_is_about_keys(row))
			continue;
		printf("S%u: %llu\n", row, (unsigned long long)tally->rows[row]);
		if (tally->rows[row] < least) {
			printf("FAILED: S%u was exercised less than %llu times\n", row,
			       (unsigned long long)least);
			status = -EINVAL;
		}
	}
	return status;
}

int main(int argc, char **argv)
{
	uint64_t count = 1000 * 1000;
	uint64_t seed = 1;
	struct tally tally = { 0 };

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--count") == 0)
			count = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 10);
	}
	printf("seed %llu\n", (unsigned long long)seed);
	for (; tally.verdicts < count; seed++) {
		if (compare_cluster(seed, &tally))
			return EXIT_FAILURE;
	}
	/* A single cluster shows a difference; it need not show every row. */
	if (count < 100 * 1000)
		return EXIT_SUCCESS;
	return report(&tally) ? EXIT_FAILURE : EXIT_SUCCESS;
}
