/*
 * What is compiled against the specification read aloud: hostile clusters as text are read,
 * resolved and compiled, and every verdict, reason and rule is compared with the reference.
 *
 *	differential [--count VERDICTS] [--seed SEED] [--print-cluster NUMBER]
 *
 * Every combination of the switches has its turn, and so has every kernel; verdicts come from
 * classify in bursts of awkward sizes, reasons and rules from explain. At the first difference the
 * cluster is cut down to the objects without which it would not be there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "exercised.h"
#include "handle.h"
#include "hostile.h"
#include "keys.h"
#include "subject.h"

enum {
	KEYS = 200, /* of one policy */
	SEMANTICS_OF_CLUSTER = 3,
	EVALUATE_EVERY = 32,    /* the evaluator of resolved policies is slow */
	SHARE_MIN = 30,         /* percent of verdicts by a rule with both sides isolated */
	ROW_SHARE = 1000,       /* one in so many verdicts, at least, exercises each row */
	COUNT_TO_SHARE = 20000, /* of fewer verdicts no share is asked for */
};

struct run {
	uint64_t seed;
	uint64_t cluster; /* its number */
	uint64_t verdicts;
	uint64_t policies;
	uint64_t by_rule_between_isolated;
	uint64_t exercised[EXERCISES];
};

static uint64_t seed_of(uint64_t seed, uint64_t cluster)
{
	struct dice dice = { seed };

	dice.state = dice_next(&dice) + cluster;
	return dice_next(&dice);
}

/* Always false. */
static bool told(const struct run *run, const char *what)
{
	printf("seed %" PRIu64 " cluster %" PRIu64 ": %s\n", run->seed, run->cluster, what);
	return false;
}

static bool make_hostile(const struct run *run, struct hostile *hostile)
{
	uint64_t seed = seed_of(run->seed, run->cluster);
	struct hostile_shape shape = hostile_draw_shape(seed);

	return hostile_make(seed, &shape, hostile) || told(run, strerror(ENOMEM));
}

/* Cutting down. */

static bool something_differs(const struct subject *subject, const struct weir_key *key)
{
	struct k8s_judgement want;
	struct weir_verdict verdict;
	size_t i;

	k8s_reference_judge(subject->cluster, &subject->semantics, key, &want);
	return subject_wrong_kernel(subject->policy, key, &want, &verdict, 1, &i) ||
	       !subject_explains(subject->policy, key, &want) ||
	       !subject_evaluates_alike(subject, key);
}

static bool still_differs(const struct hostile *hostile, const struct weir_semantics *semantics,
			  const struct weir_key *key)
{
	struct subject subject = {
		.cluster = subject_read(hostile, (struct weir_sink){ NULL, NULL }),
		.semantics = *semantics,
	};
	struct weir_error error;
	bool differs = subject.cluster && subject_open(&subject, &error) &&
		       something_differs(&subject, key);

	subject_close(&subject);
	weir_cluster_destroy(subject.cluster);
	return differs;
}

/* Drops every document without which the difference stays. */
static void cut_down(struct hostile *hostile, const struct weir_semantics *semantics,
		     const struct weir_key *key)
{
	static const char separator[] = "---\n";
	char *whole = malloc(hostile->length + 1);
	char *document = hostile->yaml;

	while (whole && document && *document) {
		char *next = strstr(document + 1, separator);

		memcpy(whole, hostile->yaml, hostile->length + 1);
		memmove(document, next ? next : "", strlen(next ? next : "") + 1);
		hostile->length = strlen(hostile->yaml);
		if (still_differs(hostile, semantics, key))
			continue;
		hostile->length = strlen(whole);
		memcpy(hostile->yaml, whole, hostile->length + 1);
		document = strstr(document + 1, separator);
	}
	free(whole);
}

static void print_cluster(const struct hostile *hostile)
{
	char text[WEIR_PREFIX_TEXT];

	for (size_t i = 0; i < hostile->cluster_cidr_count; i++) {
		weir_prefix_format(&hostile->cluster_cidrs[i], text);
		printf("# --cluster-cidr %s\n", text);
	}
	fputs(hostile->yaml, stdout);
}

/* Always false. */
static bool show_difference(const struct run *run, const struct subject *subject,
			    const struct weir_key *key, const char *what,
			    struct weir_verdict classified)
{
	struct k8s_judgement want;
	struct hostile hostile;

	k8s_reference_judge(subject->cluster, &subject->semantics, key, &want);
	printf("seed %" PRIu64 " cluster %" PRIu64 ": %s differs\n", run->seed, run->cluster, what);
	subject_print(subject, key, &want, classified);
	if (!make_hostile(run, &hostile))
		return false;
	cut_down(&hostile, &subject->semantics, key);
	printf("in\n");
	print_cluster(&hostile);
	hostile_release(&hostile);
	return false;
}

/* Comparing. */

/* Bursts of 0, 1, 31, 32 and 33, and the rest as a big one. */
static void classify(const struct weir_policy *policy, const struct weir_key *keys,
		     struct weir_verdict *verdicts)
{
	static const size_t sizes[] = { 0, 1, 31, 32, 33 };
	size_t at = 0;

	/* What is not written must be seen. */
	memset(verdicts, 0xff, KEYS * sizeof(*verdicts));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		weir_policy_classify(policy, keys + at, verdicts + at, sizes[i]);
		at += sizes[i];
	}
	weir_policy_classify(policy, keys + at, verdicts + at, KEYS - at);
}

static bool compare_kernel(const struct run *run, const struct subject *subject,
			   const struct weir_key *keys, const struct k8s_judgement *judgements)
{
	struct weir_verdict verdicts[KEYS];

	classify(subject->policy, keys, verdicts);
	for (size_t i = 0; i < KEYS; i++) {
		if (!subject_same_verdict(&judgements[i], verdicts[i]))
			return show_difference(run, subject, &keys[i],
					       subject->policy->kernel->name, verdicts[i]);
	}
	return true;
}

static bool compare_kernels(const struct run *run, const struct subject *subject,
			    const struct weir_key *keys, const struct k8s_judgement *judgements)
{
	size_t kernel_count;
	const struct weir_kernel *kernels = weir_kernels(&kernel_count);

	for (size_t i = 0; i < kernel_count; i++) {
		if (!kernels[i].is_supported())
			continue;
		subject->policy->kernel = &kernels[i];
		if (!compare_kernel(run, subject, keys, judgements))
			return false;
	}
	return true;
}

static bool compare_explanations(const struct run *run, const struct subject *subject,
				 const struct weir_key *keys,
				 const struct k8s_judgement *judgements)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (!subject_explains(subject->policy, &keys[i], &judgements[i]))
			return show_difference(run, subject, &keys[i], "explain",
					       judgements[i].verdict);
		if (i % EVALUATE_EVERY == 0 && !subject_evaluates_alike(subject, &keys[i]))
			return show_difference(run, subject, &keys[i], "evaluator",
					       judgements[i].verdict);
	}
	return true;
}

static void count(struct run *run, const struct subject *subject, const struct weir_key *key,
		  const struct k8s_judgement *judgement)
{
	uint64_t rows = exercised_by(subject, key, judgement);

	run->verdicts++;
	run->by_rule_between_isolated += exercised_rule_between_isolated(judgement);
	for (unsigned i = 0; i < EXERCISES; i++)
		run->exercised[i] += rows >> i & 1;
}

static bool compare_keys(struct run *run, const struct subject *subject, struct keys *source)
{
	static struct weir_key keys[KEYS];
	static struct k8s_judgement judgements[KEYS];

	for (size_t i = 0; i < KEYS; i++) {
		keys[i] = keys_next(source);
		k8s_reference_judge(subject->cluster, &subject->semantics, &keys[i],
				    &judgements[i]);
		count(run, subject, &keys[i], &judgements[i]);
	}
	return compare_kernels(run, subject, keys, judgements) &&
	       compare_explanations(run, subject, keys, judgements);
}

static bool compare_semantics(struct run *run, struct weir_cluster *cluster, struct keys *keys,
			      uint64_t index)
{
	struct subject subject = { .cluster = cluster, .semantics = subject_semantics(index) };
	struct weir_error error;
	bool same = subject_open(&subject, &error) ? compare_keys(run, &subject, keys)
						   : told(run, error.text);

	run->policies++;
	subject_close(&subject);
	return same;
}

static bool compare_cluster(struct run *run, struct weir_cluster *cluster)
{
	struct keys keys;
	bool same = true;

	if (keys_init(&keys, cluster, seed_of(run->seed, run->cluster) + 1))
		return told(run, strerror(ENOMEM));
	for (uint64_t i = 0; same && i < SEMANTICS_OF_CLUSTER; i++)
		same = compare_semantics(run, cluster, &keys,
					 run->cluster * SEMANTICS_OF_CLUSTER + i);
	keys_finish(&keys);
	return same;
}

static bool compare_hostile(struct run *run)
{
	struct weir_cluster *cluster;
	struct hostile hostile;
	bool same;

	if (!make_hostile(run, &hostile))
		return false;
	cluster = subject_read(&hostile, subject_problems);
	same = cluster ? compare_cluster(run, cluster) : told(run, "not read");
	weir_cluster_destroy(cluster);
	hostile_release(&hostile);
	return same;
}

/* Totals. */

static bool print_rows(const struct run *run)
{
	uint64_t least = run->verdicts / ROW_SHARE;
	bool enough = true;

	printf("exercised by how many verdicts, each at least %" PRIu64 ":\n", least);
	for (unsigned i = 0; i < EXERCISES; i++) {
		bool is_less = run->exercised[i] < least;

		printf("  %-4s %8" PRIu64 "  %s%s\n", exercise_texts[i].row, run->exercised[i],
		       exercise_texts[i].when, is_less ? "  TOO FEW" : "");
		enough = enough && !is_less;
	}
	printf("%s\n", exercised_elsewhere);
	return enough;
}

static bool print_totals(const struct run *run)
{
	uint64_t share = run->by_rule_between_isolated * 1000 / run->verdicts;
	bool enough;

	printf("seed %" PRIu64 ": %" PRIu64 " verdicts of %" PRIu64 " policies of %" PRIu64
	       " clusters, none differs\n",
	       run->seed, run->verdicts, run->policies, run->cluster);
	printf("decided by a rule with both sides isolated: %" PRIu64 ".%" PRIu64
	       " %%, at least %d %%\n  (%s)\n",
	       share / 10, share % 10, SHARE_MIN, exercised_rule_between_isolated_text);
	enough = print_rows(run) && share / 10 >= SHARE_MIN;
	if (enough || run->verdicts < COUNT_TO_SHARE)
		return true;
	printf("too little was exercised\n");
	return false;
}

/* Ends with the first difference. */
static bool compare_all(struct run *run, uint64_t wanted)
{
	while (run->verdicts < wanted) {
		if (!compare_hostile(run))
			return false;
		run->cluster++;
	}
	return !run->verdicts || print_totals(run);
}

static bool print_hostile(const struct run *run)
{
	struct hostile hostile;

	if (!make_hostile(run, &hostile))
		return false;
	print_cluster(&hostile);
	hostile_release(&hostile);
	return true;
}

int main(int argc, char **argv)
{
	struct run run = { .seed = 1 };
	uint64_t wanted = 1000000;
	uint64_t printed = UINT64_MAX; /* no cluster */
	const struct argument arguments[] = { { "count", &wanted, NULL },
					      { "seed", &run.seed, NULL },
					      { "print-cluster", &printed, NULL } };

	if (!arguments_read(argc, argv, arguments, sizeof(arguments) / sizeof(arguments[0])))
		return 2;
	if (printed == UINT64_MAX)
		return compare_all(&run, wanted) ? 0 : 1;
	run.cluster = printed;
	return print_hostile(&run) ? 0 : 1;
}
