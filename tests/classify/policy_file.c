/* Policies as files: what is saved opens again and judges the same; what is not whole is refused,
 * with the reason. */
#include "test.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "checksum.h"
#include "failing.h"
#include "handle.h"
#include "scene.h"
#include "weir/policy_file.h"
#include "weir/resolved.h"

struct file {
	_Alignas(WEIR_POLICY_ALIGNMENT) char bytes[1 << 20];
	size_t length;
};

static struct file whole;  /* the scene's policy */
static struct file harmed; /* a copy of it, which a test changes */

static struct layout_header *header(void)
{
	return (struct layout_header *)harmed.bytes;
}

static int append(void *context, const char *bytes, size_t length)
{
	struct file *file = context;

	assert_true(length <= sizeof(file->bytes) - file->length);
	memcpy(file->bytes + file->length, bytes, length);
	file->length += length;
	return 0;
}

static struct weir_policy *compile(const struct weir_resolved *resolved)
{
	struct weir_error error = { "" };
	struct weir_policy *policy;

	if (weir_compile(resolved, NULL, &policy, &error))
		fail_msg("%s", error.text);
	return policy;
}

static void save(const struct weir_policy *policy, struct file *file)
{
	struct weir_error error = { "" };

	file->length = 0;
	if (weir_policy_save(policy, append, file, &error))
		fail_msg("%s", error.text);
}

/* What a hostile writer does: the sum is right. */
static void seal(void)
{
	struct layout_preamble *preamble = &header()->preamble;
	const size_t at = offsetof(struct layout_preamble, content_hash);
	struct weir_checksum sum;

	weir_checksum_begin(&sum);
	preamble->checksum = weir_checksum_end(&sum, harmed.bytes + at, harmed.length - at);
}

static void assert_refused(int wanted, const char *why)
{
	struct weir_error error = { "" };
	struct weir_policy *policy = NULL;

	assert_int_equal(weir_policy_open(harmed.bytes, harmed.length, NULL, &policy, &error),
			 wanted);
	assert_null(policy);
	if (!strstr(error.text, why))
		fail_msg("\"%s\" is not said in \"%s\"", why, error.text);
	assert_int_equal(weir_policy_open(harmed.bytes, harmed.length, NULL, &policy, NULL),
			 wanted);
}

static int set_up(void **state)
{
	struct weir_policy *policy = compile(&scene);

	(void)state;
	save(policy, &whole);
	weir_policy_unref(policy);
	return 0;
}

static int start(void **state)
{
	(void)state;
	harmed = whole;
	return 0;
}

static void assert_same_half(const struct weir_half *a, const struct weir_half *b)
{
	assert_int_equal(a->action, b->action);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->rule, b->rule);
	assert_int_equal(a->peer, b->peer);
	assert_int_equal(a->port, b->port);
}

static void what_is_saved_judges_as_what_was_compiled(void **state)
{
	struct weir_policy *compiled = compile(&scene);
	struct weir_policy *opened;

	(void)state;
	assert_true(weir_policy_is_saved(whole.bytes, whole.length));
	assert_int_equal(weir_policy_open(whole.bytes, whole.length, NULL, &opened, NULL), 0);
	for (unsigned i = 0; i < scene_case_count; i++) {
		struct weir_key key = scene_key(&scene_cases[i]);
		struct weir_verdict verdict;
		struct weir_explanation is, was;

		weir_policy_classify(opened, &key, &verdict, 1);
		weir_policy_explain(opened, &key, &is);
		weir_policy_explain(compiled, &key, &was);
		assert_int_equal(verdict.action, was.verdict.action);
		assert_int_equal(verdict.why, was.verdict.why);
		assert_same_half(&is.egress, &was.egress);
		assert_same_half(&is.ingress, &was.ingress);
	}
	weir_policy_unref(opened);
	weir_policy_unref(compiled);
}

static void an_opened_policy_saves_to_the_same_bytes(void **state)
{
	struct weir_policy *opened;

	(void)state;
	assert_int_equal(weir_policy_open(whole.bytes, whole.length, NULL, &opened, NULL), 0);
	save(opened, &harmed);
	assert_int_equal(harmed.length, whole.length);
	assert_memory_equal(harmed.bytes, whole.bytes, whole.length);
	weir_policy_unref(opened);
}

static void *allocate_dirty(void *context, size_t size)
{
	void *memory = malloc(size);

	if (memory)
		memset(memory, *(const int *)context, size);
	return memory;
}

static void release_dirty(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static void the_bytes_are_the_same_whatever_was_in_memory(void **state)
{
	(void)state;
	for (int dirt = 1; dirt < 256; dirt += 83) {
		int context = dirt;
		const struct weir_allocator allocator = { allocate_dirty, release_dirty, &context };
		const struct weir_compile_options options = { .allocator = &allocator };
		struct weir_policy *policy;

		assert_int_equal(weir_compile(&scene, &options, &policy, NULL), 0);
		save(policy, &harmed);
		assert_int_equal(harmed.length, whole.length);
		assert_memory_equal(harmed.bytes, whole.bytes, whole.length);
		weir_policy_unref(policy);
	}
}

static void the_choices_are_kept(void **state)
{
	struct weir_resolved resolved = scene;
	struct weir_semantics semantics;
	struct weir_policy *policy;

	(void)state;
	resolved.semantics =
		(struct weir_semantics){ WEIR_IPBLOCK_PODS_IGNORE, WEIR_OWN_NODE_POLICY,
					 WEIR_OTHER_PROTOCOLS_DENY };
	policy = compile(&resolved);
	save(policy, &harmed);
	weir_policy_unref(policy);
	assert_int_equal(weir_policy_open(harmed.bytes, harmed.length, NULL, &policy, NULL), 0);
	weir_policy_semantics(policy, &semantics);
	assert_memory_equal(&semantics, &resolved.semantics, sizeof(semantics));
	weir_policy_unref(policy);
}

/* sha256sum and xxhsum say the same of the bytes behind 64 and behind 32. */
static void the_preamble_says_what_is_behind_it(void **state)
{
	const struct layout_preamble *preamble = (const void *)whole.bytes;
	struct weir_policy *policy = compile(&scene);
	uint8_t hash[WEIR_POLICY_HASH];

	(void)state;
	weir_policy_content_hash(policy, hash);
	assert_memory_equal(preamble->content_hash, hash, sizeof(hash));
	assert_int_equal(preamble->total_bytes, whole.length);
	harmed = whole;
	seal();
	assert_int_equal(header()->preamble.checksum, preamble->checksum);
	weir_policy_unref(policy);
}

static void count(void *context)
{
	++*(int *)context;
}

static void the_bytes_are_let_go_with_the_last_reference(void **state)
{
	int releases = 0;
	const struct weir_policy_open_options options = { .release = count, .context = &releases };
	struct weir_policy *policy;

	(void)state;
	assert_int_equal(weir_policy_open(whole.bytes, whole.length, &options, &policy, NULL), 0);
	weir_policy_ref(policy);
	weir_policy_unref(policy);
	assert_int_equal(releases, 0);
	weir_policy_unref(policy);
	assert_int_equal(releases, 1);
	assert_int_equal(weir_policy_open(whole.bytes, whole.length - 64, &options, &policy, NULL),
			 -EINVAL);
	assert_int_equal(releases, 1);
}

static void without_memory_nothing_opens_and_nothing_leaks(void **state)
{
	struct failing failing = failing_never();
	struct weir_policy_open_options options = { .allocator = &failing.allocator };
	int status = -ENOMEM;

	(void)state;
	for (unsigned n = 0; status == -ENOMEM; n++) {
		struct weir_policy *policy = NULL;

		assert_true(n < 100);
		failing_after(&failing, n);
		status = weir_policy_open(whole.bytes, whole.length, &options, &policy, NULL);
		weir_policy_unref(policy);
		assert_int_equal(failing.live, 0);
	}
	assert_int_equal(status, 0);
}

static int refuse(void *context, const char *bytes, size_t length)
{
	int *left = context;

	(void)bytes;
	(void)length;
	return (*left)-- > 0 ? 0 : -ENOSPC;
}

static void what_writing_says_is_returned(void **state)
{
	struct weir_policy *policy = compile(&scene);

	(void)state;
	for (int writes = 0; writes < 2; writes++) {
		int left = writes;

		assert_int_equal(weir_policy_save(policy, refuse, &left, NULL), -ENOSPC);
	}
	weir_policy_unref(policy);
}

static void names_that_are_no_text_are_not_saved(void **state)
{
	static const char *const names[] = { "a\x1b[2Jb", "a\nb",     "\x7f",         "\xc2\x9b",
					     "\xff",      "\xc0\x80", "\xed\xa0\x80", "\xe2\x82" };
	struct weir_endpoint endpoint = { .namespace_name = "ns",
					  .node = WEIR_NONE,
					  .workload = WEIR_NONE };
	struct weir_resolved resolved = { .endpoints = &endpoint, .endpoint_count = 1 };

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		struct weir_error error = { "" };
		struct weir_policy *policy;

		endpoint.name = names[i];
		policy = compile(&resolved);
		assert_int_equal(weir_policy_save(policy, append, &harmed, &error), -EINVAL);
		assert_non_null(strstr(error.text, "control character or is no UTF-8"));
		weir_policy_unref(policy);
	}
	endpoint.name = "pod-\xc3\xa9-\xe2\x82\xac-\xf0\x9f\x98\x80";
	{
		struct weir_policy *policy = compile(&resolved);

		save(policy, &harmed);
		weir_policy_unref(policy);
	}
}

static void long_names_are_not_saved(void **state)
{
	char name[LAYOUT_TEXT_MOST + 1];
	struct weir_endpoint endpoint = {
		.namespace_name = "ns", .name = name, .node = WEIR_NONE, .workload = WEIR_NONE
	};
	struct weir_resolved resolved = { .endpoints = &endpoint, .endpoint_count = 1 };
	struct weir_error error = { "" };
	struct weir_policy *policy;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[LAYOUT_TEXT_MOST - 1] = '\0';
	policy = compile(&resolved);
	save(policy, &harmed);
	weir_policy_unref(policy);
	name[LAYOUT_TEXT_MOST - 1] = 'a';
	name[LAYOUT_TEXT_MOST] = '\0';
	policy = compile(&resolved);
	assert_int_equal(weir_policy_save(policy, append, &harmed, &error), -EINVAL);
	assert_non_null(strstr(error.text, "longer than 1023 bytes"));
	weir_policy_unref(policy);
}

static void an_empty_policy_is_a_file_too(void **state)
{
	const struct weir_resolved resolved = { 0 };
	struct weir_policy *policy = compile(&resolved);

	(void)state;
	save(policy, &harmed);
	weir_policy_unref(policy);
	assert_int_equal(weir_policy_open(harmed.bytes, harmed.length, NULL, &policy, NULL), 0);
	weir_policy_unref(policy);
}

static void other_files_are_no_policies(void **state)
{
	static const char *const texts[] = { "", "w", "weir", "kind: List\n", "WEIR\r\n\x1a\n" };

	(void)state;
	for (unsigned i = 0; i < COUNT(texts); i++) {
		harmed.length = strlen(texts[i]);
		memcpy(harmed.bytes, texts[i], harmed.length);
		assert_false(weir_policy_is_saved(harmed.bytes, harmed.length));
		assert_refused(-EINVAL, "no compiled policy");
	}
}

static void a_file_is_refused_wherever_it_is_cut(void **state)
{
	const struct layout_header *layout = (const void *)whole.bytes;

	(void)state;
	harmed.length = 63;
	assert_refused(-EINVAL, "not even a header");
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		for (int off = -1; off <= 1; off++) {
			harmed.length = (size_t)((int64_t)layout->sections[i].offset + off);
			assert_refused(-EINVAL, "cut off");
		}
	}
	harmed.length = whole.length - 1;
	assert_refused(-EINVAL, "cut off");
	harmed.length = whole.length + 64;
	assert_refused(-EINVAL, "damaged: it has");
}

/* The length and the sum are mended, so that only where the sections are tells. */
static void a_file_that_says_it_is_shorter_is_refused(void **state)
{
	const struct layout_header *layout = (const void *)whole.bytes;

	(void)state;
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		harmed = whole;
		harmed.length = layout->sections[i].offset;
		header()->preamble.total_bytes = harmed.length;
		if (harmed.length == whole.length)
			continue;
		seal();
		assert_refused(-EINVAL, "contradicts itself");
	}
	harmed = whole;
	memset(harmed.bytes + whole.length, 0, 64);
	harmed.length += 64;
	header()->preamble.total_bytes = harmed.length;
	seal();
	assert_refused(-EINVAL, "hidden behind the last section");
	harmed.length = 128;
	header()->preamble.total_bytes = harmed.length;
	seal();
	assert_refused(-EINVAL, "cut off");
}

static void a_flipped_bit_is_seen(void **state)
{
	(void)state;
	for (size_t at = 32; at < whole.length; at += 61) {
		harmed.bytes[at] ^= 16;
		assert_refused(-EINVAL, "checksum");
		harmed.bytes[at] ^= 16;
	}
	harmed.bytes[24] ^= 1;
	assert_refused(-EINVAL, "checksum");
}

static void bytes_that_are_not_aligned_are_refused(void **state)
{
	struct weir_error error;
	struct weir_policy *policy;

	(void)state;
	memmove(harmed.bytes + 8, whole.bytes, whole.length);
	assert_int_equal(weir_policy_open(harmed.bytes + 8, whole.length, NULL, &policy, &error),
			 -EINVAL);
	assert_non_null(strstr(error.text, "multiple of 64"));
}

static void other_machines_and_versions_are_told(void **state)
{
	(void)state;
	header()->preamble.byte_order = 0x04030201;
	assert_refused(-ENOTSUP, "other byte order");
	header()->preamble.byte_order = 0x01020403;
	assert_refused(-EINVAL, "byte order is none");
	harmed = whole;
	header()->preamble.version = LAYOUT_VERSION + 1;
	assert_refused(-ENOTSUP, "version 3 of the format, and this program reads version 2");
	harmed = whole;
	header()->features |= (uint64_t)1 << 40;
	seal();
	assert_refused(-ENOTSUP, "features");
}

/* One lie of each kind, told with the right sum. */
static const struct {
	const char *what;
	const char *why;
	enum layout_section section;
	uint32_t at; /* of a 32-bit word in the section; of the header without a section */
	uint32_t value;
} lies[] = {
	{ "a root slot beyond the nodes", "no trie node", LAYOUT_ROOT, 5, 1u << 30 },
	{ "leaves beyond the last", "no such leaves", LAYOUT_NODES, 5, UINT32_MAX },
	{ "a leaf that is a guard of no IPv6 node", "no answer", LAYOUT_LEAVES, 0, 0xc0000000 },
	{ "a leaf beyond the profiles", "no answer", LAYOUT_LEAVES, 0, 0x7fffffff },
	{ "a leaf beyond the specials", "no answer", LAYOUT_LEAVES, 0, 0xbfffffff },
	{ "a guard below the last level", "on level", LAYOUT_GUARDS, 9, 22 },
	{ "a guard that leads to a guard", "no answer", LAYOUT_GUARDS, 10, 0xc0000000 },
	{ "a row beyond the lines", "no row", LAYOUT_PROFILES, 0, 0xffffffff },
	{ "a class beyond the row", "no class", LAYOUT_PROFILES, 2, 0x7fffffff },
	{ "a port root beyond the chunks", "no chunk", LAYOUT_PORT_ROOTS, 3, 0xffff },
	{ "a port of no class", "no class", LAYOUT_PORT_CHUNKS, 3, 0xffff },
	{ "a cell of no port set", "port sets", LAYOUT_EGRESS_ROWS, 0, 0xffffffff },
	{ "a special of no kind", "special 0", LAYOUT_SPECIALS, 2, 9 },
	{ "a special without candidates", "special 0", LAYOUT_SPECIALS, 1, 0 },
	{ "a candidate that is a special", "candidate 0", LAYOUT_CANDIDATES, 0, 0x80000000 },
	{ "a profile of no group", "no group", LAYOUT_GROUPS, 0, 0xffff },
	{ "rules that begin elsewhere", "rules of group", LAYOUT_GROUP_RULES, 0, 1 },
	{ "a rule that does not exist", "no rule", LAYOUT_RULE_LISTS, 0, 0xffff },
	{ "a rule with another's peers", "rule 0 is none", LAYOUT_RULES, 0, 7 },
	{ "a rule from nowhere", "rule 0 is none", LAYOUT_RULES, 4, 0xffff },
	{ "a peer of no set", "peer 0", LAYOUT_PEERS, 0, 0xffff },
	{ "a port without a name", "port", LAYOUT_PORTS, 0, 0xffffff },
	{ "a set with another's classes", "set 0", LAYOUT_SETS, 0, 9 },
	{ "a block with another's holes", "block 0", LAYOUT_BLOCKS, 5, 77 },
	{ "a node number 0", "node number 0", LAYOUT_NODE_NUMBERS, 0, 0 },
	{ "an endpoint in the middle of a name", "endpoint 0", LAYOUT_ENDPOINTS, 1, 3 },
	{ "an endpoint with another's addresses", "endpoint 0", LAYOUT_ENDPOINTS, 2, 1 },
	{ "an endpoint on no node", "endpoint 0", LAYOUT_ENDPOINTS, 6, 0xffff },
	{ "addresses out of order", "out of order", LAYOUT_OWNED, 0, UINT32_MAX },
	{ "an owner that is none", "owner 0", LAYOUT_OWNERS, 0, 0xffff },
	{ "a pod out of order", "out of order", LAYOUT_PODS_BY_NAME, 0, 1 },
	{ "an origin without a kind", "origin 0", LAYOUT_ORIGINS, 0, 0xffffff },
	{ "an origin of no direction", "origin 0", LAYOUT_ORIGINS, 5, 2 },
};

static void lies_are_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(lies); i++) {
		const struct layout_extent *extent;
		uint32_t *word;

		harmed = whole;
		extent = &header()->sections[lies[i].section];
		assert_true((lies[i].at + 1) * sizeof(*word) <= extent->length);
		word = (uint32_t *)(harmed.bytes + extent->offset) + lies[i].at;
		assert_int_not_equal(*word, lies[i].value);
		*word = lies[i].value;
		print_message("%s\n", lies[i].what);
		seal();
		assert_refused(-EINVAL, lies[i].why);
	}
}

static void no_workload_is_its_own_ancestor(void **state)
{
	const struct weir_workload workloads[] = {
		{ "Deployment", "ns", "web", WEIR_NONE },
		{ "ReplicaSet", "ns", "web-1", 0 },
	};
	const struct weir_resolved resolved = { .workloads = workloads, .workload_count = 2 };
	struct weir_policy *policy = compile(&resolved);
	struct layout_workload *deployment;

	(void)state;
	save(policy, &harmed);
	weir_policy_unref(policy);
	deployment = (void *)(harmed.bytes + header()->sections[LAYOUT_WORKLOADS].offset);
	deployment->parent = 1;
	seal();
	assert_refused(-EINVAL, "workload 0 is its own ancestor");
}

/* A node of the trie that has children. */
static struct layout_trie_node *parent(void)
{
	const struct layout_extent *extent = &header()->sections[LAYOUT_NODES];
	struct layout_trie_node *node = (void *)(harmed.bytes + extent->offset);

	while (!node->children)
		node++;
	assert_true((char *)node < harmed.bytes + extent->offset + extent->length);
	return node;
}

static void children_are_behind_their_parent_and_are_its_own(void **state)
{
	static const struct {
		uint32_t child;
		const char *why;
	} lies_of_parents[] = {
		{ 0, "no such children" },
		{ UINT32_MAX, "no such children" },
		{ 1, "no such children" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(lies_of_parents); i++) {
		harmed = whole;
		parent()->first_child = lies_of_parents[i].child;
		seal();
		assert_refused(-EINVAL, lies_of_parents[i].why);
	}
	harmed = whole;
	parent()->first_child++;
	seal();
	assert_refused(-EINVAL, "trie node");
}

static void sections_are_where_they_belong(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		static const uint64_t moves[] = { 64, 1, (uint64_t)1 << 63, UINT64_MAX - 63 };

		for (unsigned j = 0; j < COUNT(moves); j++) {
			harmed = whole;
			header()->sections[i].offset += moves[j];
			seal();
			assert_refused(-EINVAL, "not where they belong");
			harmed = whole;
			header()->sections[i].length += moves[j];
			seal();
			if (i == LAYOUT_TEXT && moves[j] == 1) /* one more empty text */
				continue;
			assert_refused(-EINVAL, "contradicts itself");
		}
	}
}

static void nothing_is_hidden_between_sections(void **state)
{
	const struct layout_extent *text;

	(void)state;
	text = &header()->sections[LAYOUT_TEXT];
	assert_true(text->length % 64);
	harmed.bytes[text->offset + text->length] = 1;
	seal();
	assert_refused(-EINVAL, "hidden behind the text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_saved_judges_as_what_was_compiled, start),
		cmocka_unit_test_setup(an_opened_policy_saves_to_the_same_bytes, start),
		cmocka_unit_test_setup(the_bytes_are_the_same_whatever_was_in_memory, start),
		cmocka_unit_test_setup(the_choices_are_kept, start),
		cmocka_unit_test_setup(the_preamble_says_what_is_behind_it, start),
		cmocka_unit_test_setup(the_bytes_are_let_go_with_the_last_reference, start),
		cmocka_unit_test_setup(without_memory_nothing_opens_and_nothing_leaks, start),
		cmocka_unit_test_setup(what_writing_says_is_returned, start),
		cmocka_unit_test_setup(names_that_are_no_text_are_not_saved, start),
		cmocka_unit_test_setup(long_names_are_not_saved, start),
		cmocka_unit_test_setup(an_empty_policy_is_a_file_too, start),
		cmocka_unit_test_setup(other_files_are_no_policies, start),
		cmocka_unit_test_setup(a_file_is_refused_wherever_it_is_cut, start),
		cmocka_unit_test_setup(a_file_that_says_it_is_shorter_is_refused, start),
		cmocka_unit_test_setup(a_flipped_bit_is_seen, start),
		cmocka_unit_test_setup(bytes_that_are_not_aligned_are_refused, start),
		cmocka_unit_test_setup(other_machines_and_versions_are_told, start),
		cmocka_unit_test_setup(lies_are_refused, start),
		cmocka_unit_test_setup(no_workload_is_its_own_ancestor, start),
		cmocka_unit_test_setup(children_are_behind_their_parent_and_are_its_own, start),
		cmocka_unit_test_setup(sections_are_where_they_belong, start),
		cmocka_unit_test_setup(nothing_is_hidden_between_sections, start),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
