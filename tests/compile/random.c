/* Compiled policies, in every form and by every kernel, against the naive reading. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "build.h"
#include "evaluate.h"
#include "generate.h"
#include "handle.h"
#include "weir/directory.h"

enum {
	POLICIES = 900,
	LARGE_POLICIES = 4,
	KEYS = 400,
};

static const struct generator_shape shapes[] = {
	{ 12, 2, 6, 4, 10, false, false }, /* network policies */
	{ 12, 2, 6, 4, 10, false, true },  /* and unknown pods */
	{ 12, 3, 6, 4, 14, true, false },  /* all tiers */
	{ 12, 3, 6, 4, 14, true, true },    { 60, 6, 20, 12, 40, true, true },
	{ 40, 0, 12, 30, 40, false, true },
};

/* Enough groups and classes for dense and sparse rows beside each other. */
static const struct generator_shape large_shape = { 400, 10, 80, 30, 200, true, false };

static void print_half(const char *name, const struct weir_half *half)
{
	print_message("    %s: action %u reason %s rule %d peer %d port %d\n", name, half->action,
		      weir_reason_name((enum weir_reason)half->reason), (int)half->rule,
		      (int)half->peer, (int)half->port);
}

static void print_difference(unsigned seed, const struct weir_key *key, const char *what,
			     const struct weir_explanation *want,
			     const struct weir_explanation *got)
{
	char source[WEIR_ADDRESS_TEXT];
	char destination[WEIR_ADDRESS_TEXT];

	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, destination);
	print_message("seed %u: %s -> %s protocol %u port %u type %u flags %u: %s differs\n", seed,
		      source, destination, key->protocol, key->destination_port, key->icmp_type,
		      key->flags, what);
	print_message("  naive: action %u why %u\n", want->verdict.action, want->verdict.why);
	print_half("egress", &want->egress);
	print_half("ingress", &want->ingress);
	print_message("  compiled: action %u why %u\n", got->verdict.action, got->verdict.why);
	print_half("egress", &got->egress);
	print_half("ingress", &got->ingress);
	fail();
}

static bool same_half(const struct weir_half *a, const struct weir_half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->peer == b->peer && a->port == b->port;
}

static bool same_verdict(struct weir_verdict a, struct weir_verdict b)
{
	return a.action == b.action && a.why == b.why;
}

static void compare_explanations(unsigned seed, const struct weir_policy *policy,
				 const struct weir_key *keys, const struct weir_explanation *want)
{
	for (unsigned i = 0; i < KEYS; i++) {
		struct weir_explanation got;

		weir_policy_explain(policy, &keys[i], &got);
		if (!same_verdict(got.verdict, want[i].verdict) ||
		    !same_half(&got.egress, &want[i].egress) ||
		    !same_half(&got.ingress, &want[i].ingress))
			print_difference(seed, &keys[i], "explanation", &want[i], &got);
	}
}

static bool same_considered(const struct weir_considered *a, const struct weir_considered *b)
{
	return a->rule == b->rule && a->peer == b->peer && a->port == b->port &&
	       a->peer_matches == b->peer_matches && a->port_matches == b->port_matches &&
	       a->is_certain == b->is_certain && a->tier == b->tier && a->action == b->action;
}

static void compare_considered(unsigned seed, const struct weir_policy *policy,
			       const struct weir_resolved *resolved, const struct weir_key *key)
{
	for (unsigned direction = WEIR_EGRESS; direction <= WEIR_INGRESS; direction++) {
		struct weir_considered want[64], got[64];
		size_t size = seed % COUNT(want);
		size_t count = weir_resolved_considered(resolved, key, direction, want, size);

		if (weir_policy_considered(policy, key, direction, got, size) != count)
			fail_msg("seed %u: another number of rules is considered", seed);
		for (size_t i = 0; i < count && i < size; i++) {
			if (!same_considered(&want[i], &got[i]))
				fail_msg("seed %u: rule %zu is considered otherwise", seed, i);
		}
	}
}

/* Bursts of all sizes up to 33, one behind the other. */
static void compare_verdicts(unsigned seed, struct weir_policy *policy, const struct weir_key *keys,
			     const struct weir_explanation *want)
{
	size_t kernel_count;
	const struct weir_kernel *kernels = weir_kernels(&kernel_count);

	for (size_t k = 0; k < kernel_count; k++) {
		struct weir_verdict verdicts[KEYS];
		size_t size = seed % 34;

		if (!kernels[k].is_supported())
			continue;
		policy->kernel = &kernels[k];
		for (size_t i = 0; i < KEYS; i += size, size = (size + 1) % 34)
			weir_policy_classify(policy, keys + i, verdicts + i,
					     size < KEYS - i ? size : KEYS - i);
		for (unsigned i = 0; i < KEYS; i++) {
			struct weir_explanation got = { .verdict = verdicts[i] };

			if (!same_verdict(verdicts[i], want[i].verdict))
				print_difference(seed, &keys[i], kernels[k].name, &want[i], &got);
		}
	}
}

/* Which of the rarer things were asked: a comparison of none of them proves nothing. */
struct exercised {
	unsigned named;          /* open for the want of a domain name */
	unsigned named_unknown;  /* and for an unknown pod, whatever its labels */
	unsigned hairpin_rules;  /* a rule decided about a pod that reaches itself */
	unsigned hairpin_others; /* no rule did, where there are some */
};

static bool is_unknown(const struct weir_policy *policy, const struct weir_address *address)
{
	struct weir_owner owner;

	weir_policy_owner(policy, address, &owner);
	return owner.kind == WEIR_OWNER_UNKNOWN_POD;
}

static void note_exercised(struct exercised *exercised, const struct weir_policy *policy,
			   const struct weir_key *key, const struct weir_explanation *want)
{
	bool hairpin = key->flags & WEIR_KEY_HAIRPIN && key->flags & WEIR_KEY_EGRESS &&
		       weir_address_equal(&key->source, &key->destination);

	if (want->verdict.why == WEIR_WHY_DOMAIN_NAME) {
		exercised->named++;
		exercised->named_unknown += is_unknown(policy, &key->source) &&
					    !(key->flags & WEIR_KEY_UNKNOWN_EXTERNAL);
	}
	exercised->hairpin_rules += hairpin && want->egress.reason == WEIR_REASON_RULE;
	exercised->hairpin_others += hairpin && want->egress.reason == WEIR_REASON_SELF;
}

static void compare_policy(unsigned seed, const struct generator_shape *shape,
			   struct exercised *exercised)
{
	static const enum row_form forms[] = { ROW_FORM_BEST, ROW_FORM_DENSE, ROW_FORM_SPARSE };
	static struct weir_key keys[KEYS];
	static struct weir_explanation want[KEYS];
	struct generator generator;
	struct weir_resolved *resolved;

	generator_init(&generator, seed);
	resolved = generate(&generator, shape);
	for (unsigned i = 0; i < KEYS; i++) {
		keys[i] = generate_key(&generator, resolved);
		weir_resolved_judge(resolved, &keys[i], &want[i]);
	}
	for (unsigned i = 0; i < COUNT(forms); i++) {
		struct weir_policy *policy;
		struct weir_error error = { "" };

		if (weir_compile_in_form(resolved, NULL, forms[i], &policy, &error)) {
			print_message("seed %u: %s\n", seed, error.text);
			fail();
		}
		compare_verdicts(seed, policy, keys, want);
		if (i == 0) {
			compare_explanations(seed, policy, keys, want);
			for (unsigned j = 0; j < KEYS; j++) {
				compare_considered(seed, policy, resolved, &keys[j]);
				note_exercised(exercised, policy, &keys[j], &want[j]);
			}
		}
		weir_policy_unref(policy);
	}
	generator_finish(&generator);
}

static void every_form_and_kernel_equals_the_naive_reading(void **state)
{
	struct exercised exercised = { 0 };

	(void)state;
	for (unsigned seed = 0; seed < POLICIES; seed++)
		compare_policy(seed, &shapes[seed % COUNT(shapes)], &exercised);
	print_message("%u of domain names, %u of these from unknown pods, %u hairpins by rules, %u "
		      "not\n",
		      exercised.named, exercised.named_unknown, exercised.hairpin_rules,
		      exercised.hairpin_others);
	assert_true(exercised.named > 100);
	assert_true(exercised.named_unknown > 10);
	assert_true(exercised.hairpin_rules > 50);
	assert_true(exercised.hairpin_others > 100);
}

static void large_policies_equal_the_naive_reading(void **state)
{
	struct exercised exercised = { 0 };

	(void)state;
	for (unsigned seed = 0; seed < LARGE_POLICIES; seed++)
		compare_policy(seed, &large_shape, &exercised);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_and_kernel_equals_the_naive_reading),
		cmocka_unit_test(large_policies_equal_the_naive_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
