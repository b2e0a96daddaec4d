/* The compiled form, case by case, by every kernel, in bursts of every size. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "handle.h"
#include "scene.h"

static struct weir_policy *compile(const struct weir_resolved *resolved, enum row_form form)
{
	struct weir_policy *policy = NULL;
	struct weir_error error = { "" };

	if (weir_compile_in_form(resolved, NULL, form, &policy, &error))
		fail_msg("%s", error.text);
	return policy;
}

static void every_case_has_its_verdict_and_reasons(void **state)
{
	(void)state;
	for (unsigned i = 0; i < scene_case_count; i++) {
		const struct scene_case *wanted = &scene_cases[i];
		struct weir_resolved resolved = scene;
		struct weir_key key = scene_key(wanted);
		struct weir_explanation got;
		struct weir_verdict verdict;
		struct weir_policy *policy;

		resolved.semantics = wanted->semantics;
		policy = compile(&resolved, ROW_FORM_BEST);
		weir_policy_explain(policy, &key, &got);
		weir_policy_classify(policy, &key, &verdict, 1);
		weir_policy_unref(policy);
		if (got.verdict.action != wanted->action || got.verdict.why != wanted->why ||
		    got.egress.reason != wanted->egress || got.ingress.reason != wanted->ingress ||
		    verdict.action != wanted->action || verdict.why != wanted->why)
			fail_msg("%s: explained %u (%u, %u, %u), classified %u (%u)", wanted->name,
				 got.verdict.action, got.verdict.why, got.egress.reason,
				 got.ingress.reason, verdict.action, verdict.why);
	}
}

static void a_burst_writes_its_own_verdicts_only(void **state)
{
	static const size_t sizes[] = {
		0, 1, 5, 6, 15, 16, 17, 31, 32, 33, 63, 64, 65, 79, 80, 129
	};
	struct weir_policy *policy = compile(&scene, ROW_FORM_BEST);
	const struct weir_kernel *kernels;
	size_t kernel_count;
	struct weir_key keys[140];

	(void)state;
	kernels = weir_kernels(&kernel_count);
	for (unsigned i = 0; i < COUNT(keys); i++)
		keys[i] = scene_key(&scene_cases[i % scene_case_count]);
	for (size_t k = 0; k < kernel_count; k++) {
		if (!kernels[k].is_supported())
			continue;
		policy->kernel = &kernels[k];
		for (unsigned i = 0; i < COUNT(sizes); i++) {
			struct weir_verdict verdicts[COUNT(keys)];
			struct weir_explanation want;

			memset(verdicts, 0xee, sizeof(verdicts));
			weir_policy_classify(policy, keys, verdicts, sizes[i]);
			for (size_t j = 0; j < COUNT(keys); j++) {
				weir_policy_explain(policy, &keys[j], &want);
				assert_int_equal(verdicts[j].action,
						 j < sizes[i] ? want.verdict.action : 0xee);
			}
		}
	}
	weir_policy_unref(policy);
}

/* Addresses: one pod whose egress is allowed to one block, so the verdict says what is inside. */
static const struct block_case {
	const char *name;
	const char *block;
	const char *holes[3];
	const char *address;
	bool want;
} block_cases[] = {
	{ "all of IPv4, first", "0.0.0.0/0", { 0 }, "0.0.0.0", true },
	{ "all of IPv4, last", "0.0.0.0/0", { 0 }, "255.255.255.255", true },
	{ "all of IPv4 is no IPv6", "0.0.0.0/0", { 0 }, "::1", false },
	{ "all of IPv6 is no IPv4", "::/0", { 0 }, "10.0.0.9", false },
	{ "all of IPv6, first", "::/0", { 0 }, "::", true },
	{ "all of IPv6, last", "::/0", { 0 }, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "one address", "10.0.0.9/32", { 0 }, "10.0.0.9", true },
	{ "one before one address", "10.0.0.9/32", { 0 }, "10.0.0.8", false },
	{ "one behind one address", "10.0.0.9/32", { 0 }, "10.0.0.10", false },
	{ "one IPv6 address", "2001:db8::9/128", { 0 }, "2001:db8::9", true },
	{ "one before one IPv6 address", "2001:db8::9/128", { 0 }, "2001:db8::8", false },
	{ "one behind one IPv6 address", "2001:db8::9/128", { 0 }, "2001:db8::a", false },
	{ "guarded bits differ", "2001:db8::9/128", { 0 }, "2001:db9::9", false },
	{ "before the hole", "10.0.0.0/16", { "10.0.5.0/24" }, "10.0.4.255", true },
	{ "first of the hole", "10.0.0.0/16", { "10.0.5.0/24" }, "10.0.5.0", false },
	{ "last of the hole", "10.0.0.0/16", { "10.0.5.0/24" }, "10.0.5.255", false },
	{ "behind the hole", "10.0.0.0/16", { "10.0.5.0/24" }, "10.0.6.0", true },
	{ "hole at the root's bits", "10.0.0.0/8", { "10.4.0.0/14" }, "10.4.0.0", false },
	{ "behind it", "10.0.0.0/8", { "10.4.0.0/14" }, "10.8.0.0", true },
	{ "hole of one address", "10.0.0.0/8", { "10.9.9.7/32" }, "10.9.9.7", false },
	{ "beside it", "10.0.0.0/8", { "10.9.9.7/32" }, "10.9.9.6", true },
	{ "adjacent holes, first",
	  "10.0.0.0/8",
	  { "10.1.0.0/16", "10.2.0.0/16" },
	  "10.1.255.255",
	  false },
	{ "adjacent holes, second",
	  "10.0.0.0/8",
	  { "10.1.0.0/16", "10.2.0.0/16" },
	  "10.2.0.0",
	  false },
	{ "nested holes, the inner",
	  "10.0.0.0/8",
	  { "10.1.0.0/16", "10.1.1.0/24" },
	  "10.1.1.1",
	  false },
	{ "nested holes, the outer",
	  "10.0.0.0/8",
	  { "10.1.0.0/16", "10.1.1.0/24" },
	  "10.1.2.1",
	  false },
	{ "hole in IPv6", "2001:db8::/32", { "2001:db8:1::/48" }, "2001:db8:1::1", false },
	{ "behind a hole in IPv6", "2001:db8::/32", { "2001:db8:1::/48" }, "2001:db8:2::", true },
	{ "hole across the words",
	  "2001:db8::/60",
	  { "2001:db8::/67" },
	  "2001:db8::1fff:0:0:1",
	  false },
	{ "behind it", "2001:db8::/60", { "2001:db8::/67" }, "2001:db8::2000:0:0:0", true },
	{ "outside", "10.0.0.0/8", { 0 }, "11.0.0.0", false },
	{ "before", "10.0.0.0/8", { 0 }, "9.255.255.255", false },
};

static struct weir_prefix prefix_of(const char *text)
{
	struct weir_prefix prefix;

	assert_int_equal(weir_prefix_parse(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

static struct weir_address address_of(const char *text)
{
	struct weir_address address;

	assert_int_equal(weir_address_parse(text, strlen(text), &address), 0);
	return address;
}

static bool is_allowed_to_block(const struct block_case *wanted)
{
	struct weir_address own[] = { address_of("172.16.0.1"), address_of("fdff::1") };
	struct weir_endpoint pod = { .namespace_name = "ns",
				     .name = "pod",
				     .addresses = own,
				     .address_count = 2,
				     .node = WEIR_NONE,
				     .workload = WEIR_NONE,
				     .rank = WEIR_RANK_RUNNING };
	struct weir_prefix holes[3];
	struct weir_block block = { .prefix = prefix_of(wanted->block), .holes = holes };
	struct weir_set set = { (const uint32_t[]){ 0 }, 1, WEIR_NEVER };
	struct weir_peer peer = { WEIR_PEER_BLOCK, 0 };
	struct weir_origin origin = { "NetworkPolicy", "ns", "p", NULL, 0 };
	struct weir_rule rules[] = {
		{ &peer, NULL, 1, 0, 0, 0, 0, WEIR_TIER_NETWORK_POLICY, WEIR_EGRESS,
		  WEIR_RULE_ALLOW },
		{ NULL, NULL, 0, 0, 0, 1, WEIR_NONE, WEIR_TIER_NETWORK_POLICY, WEIR_EGRESS,
		  WEIR_RULE_DENY },
	};
	struct weir_resolved resolved = { .endpoints = &pod,
					  .endpoint_count = 1,
					  .sets = &set,
					  .set_count = 1,
					  .blocks = &block,
					  .block_count = 1,
					  .origins = &origin,
					  .origin_count = 1,
					  .rules = rules,
					  .rule_count = 2 };
	struct weir_key key = { .destination = address_of(wanted->address),
				.protocol = WEIR_PROTOCOL_TCP,
				.flags = WEIR_KEY_BOTH };
	struct weir_verdict verdict;
	struct weir_policy *policy;

	for (unsigned i = 0; i < 3 && wanted->holes[i]; i++)
		holes[block.hole_count++] = prefix_of(wanted->holes[i]);
	key.source = own[!weir_address_is_ipv4(&key.destination)];
	policy = compile(&resolved, ROW_FORM_BEST);
	weir_policy_classify(policy, &key, &verdict, 1);
	weir_policy_unref(policy);
	return verdict.action == WEIR_ALLOW;
}

static void the_trie_knows_the_edges_of_blocks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(block_cases); i++) {
		if (is_allowed_to_block(&block_cases[i]) != block_cases[i].want)
			fail_msg("%s: %s in %s", block_cases[i].name, block_cases[i].address,
				 block_cases[i].block);
	}
}

static void reasons_have_the_contracts_names(void **state)
{
	static const char *const names[] = { "not-a-pod", "host-network",
					     "self",      "neighbour-discovery",
					     "own-node",  "rule",
					     "no-rule",   "not-isolated" };

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++)
		assert_string_equal(weir_reason_name((enum weir_reason)i), names[i]);
	assert_string_equal(weir_reason_name((enum weir_reason)COUNT(names)), "");
}

static void the_block_can_be_moved(void **state)
{
	struct weir_policy *policy = compile(&scene, ROW_FORM_BEST);
	struct weir_policy_sizes sizes;
	struct weir_policy moved = { 0 };
	size_t length;
	const void *bytes = weir_policy_bytes(policy, &length);
	char *copy = aligned_alloc(64, (length + 63) / 64 * 64);

	(void)state;
	weir_policy_measure(policy, &sizes);
	assert_int_equal(sizes.total_bytes, length);
	assert_true(sizes.hot_bytes < sizes.total_bytes);
	assert_non_null(copy);
	memcpy(copy, bytes, length);
	moved = (struct weir_policy){ .kernel = policy->kernel,
				      .lookup = { .header = (const void *)copy } };
	weir_policy_attach(&moved);
	assert_ptr_equal(weir_policy_ref(policy), policy);
	weir_policy_unref(policy);
	weir_policy_unref(policy);
	for (unsigned i = 0; i < scene_case_count; i++) {
		struct weir_key key = scene_key(&scene_cases[i]);
		struct weir_verdict verdict;
		struct weir_explanation want;

		weir_policy_explain(&moved, &key, &want);
		weir_policy_classify(&moved, &key, &verdict, 1);
		assert_int_equal(verdict.action, want.verdict.action);
	}
	free(copy);
	weir_policy_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_verdict_and_reasons),
		cmocka_unit_test(a_burst_writes_its_own_verdicts_only),
		cmocka_unit_test(the_trie_knows_the_edges_of_blocks),
		cmocka_unit_test(reasons_have_the_contracts_names),
		cmocka_unit_test(the_block_can_be_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
