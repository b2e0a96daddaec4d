/*
 * sums.c - `sums POLICIES`: a sum over compiled policies and what every kernel says by them.
 *
 * For another machine than the one that builds: without a test framework, and the same numbers are
 * printed wherever it is right. Each verdict is also compared with the naive reading on the spot.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "checksum.h"
#include "evaluate.h"
#include "generate.h"
#include "handle.h"
#include "weir/policy_file.h"

enum { KEYS = 400 };

static const struct generator_shape shapes[] = {
	{ 12, 2, 6, 4, 10, false, true },
	{ 12, 3, 6, 4, 14, true, true },
	{ 60, 6, 20, 12, 40, true, true },
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

struct totals {
	uint64_t sum;
	uint64_t verdicts;
	unsigned kernels; /* that this machine can run */
};

static void add(struct totals *totals, const void *bytes, size_t length)
{
	struct weir_checksum checksum;

	weir_checksum_begin(&checksum);
	totals->sum = totals->sum * UINT64_C(0x9e3779b97f4a7c15) +
		      weir_checksum_end(&checksum, bytes, length);
}

static bool judge(struct weir_policy *policy, const struct weir_key *keys,
		  const struct weir_verdict *want, struct totals *totals)
{
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	totals->kernels = 0;
	for (size_t i = 0; i < count; i++) {
		struct weir_verdict verdicts[KEYS];

		if (!kernels[i].is_supported())
			continue;
		totals->kernels++;
		policy->kernel = &kernels[i];
		weir_policy_classify(policy, keys, verdicts, KEYS);
		if (memcmp(verdicts, want, sizeof(verdicts)) != 0) {
			fprintf(stderr, "%s differs from the naive reading\n", kernels[i].name);
			return false;
		}
	}
	totals->verdicts += KEYS;
	return true;
}

static bool run(unsigned seed, struct totals *totals)
{
	static const enum row_form forms[] = { ROW_FORM_DENSE, ROW_FORM_SPARSE };
	static struct weir_key keys[KEYS];
	struct weir_verdict want[KEYS];
	struct generator generator;
	struct weir_resolved *resolved;
	bool right = true;

	generator_init(&generator, seed);
	resolved = generate(&generator, &shapes[seed % SHAPES]);
	for (unsigned i = 0; i < KEYS; i++) {
		struct weir_explanation explanation;

		keys[i] = generate_key(&generator, resolved);
		weir_resolved_judge(resolved, &keys[i], &explanation);
		want[i] = explanation.verdict;
	}
	for (unsigned i = 0; right && i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint8_t hash[WEIR_POLICY_HASH];
		struct weir_policy *policy;

		right = !weir_compile_in_form(resolved, NULL, forms[i], &policy, NULL);
		if (!right)
			break;
		right = judge(policy, keys, want, totals);
		weir_policy_content_hash(policy, hash);
		add(totals, hash, sizeof(hash));
		weir_policy_unref(policy);
	}
	add(totals, want, sizeof(want));
	generator_finish(&generator);
	return right;
}

int main(int argc, char **argv)
{
	unsigned policies = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	struct totals totals = { 0 };

	for (unsigned seed = 0; seed < policies; seed++) {
		if (run(seed, &totals))
			continue;
		fprintf(stderr, "seed %u\n", seed);
		return 1;
	}
	printf("%u policies %" PRIu64 " verdicts sum %016" PRIx64 "\n", policies, totals.verdicts,
	       totals.sum);
	fprintf(stderr, "%u kernels\n", totals.kernels);
	return policies == 0;
}
