/* The trie of a live policy beside a plain list of addresses, with versions that are held. */
#include "test.h"

#include <string.h>

#include "build.h"
#include "generate.h"
#include "lookup.h"
#include "patch_trie.h"

enum {
	ADDRESSES = 400,
	CHANGES = 6000,
	HELD = 4,
	EVERY = 97, /* changes between versions */
};

/* What was true when a version was made. */
struct version {
	struct lookup lookup;
	struct patch_trie_memory *memory;
	uint32_t root[1 << LAYOUT_ROOT_BITS];
	uint32_t leaves[ADDRESSES];
};

struct world {
	struct generator generator;
	struct weir_policy *policy;
	struct patch_trie trie;
	struct weir_address addresses[ADDRESSES];
	uint32_t leaves[ADDRESSES];
	struct version versions[HELD];
	unsigned made;
	unsigned moves;
};

/* Near each other in all ways: neighbours, other leading bits, other levels. */
static struct weir_address any_address(struct world *world)
{
	struct weir_address address = { { 0xfd } };

	if (generator_below(&world->generator, 2))
		return weir_address_from_ipv4(
			(uint8_t[4]){ (uint8_t)(10 + generator_below(&world->generator, 2)),
				      (uint8_t)generator_below(&world->generator, 4),
				      (uint8_t)generator_below(&world->generator, 8),
				      (uint8_t)generator_below(&world->generator, 64) });
	for (unsigned i = 0; i < 3; i++) {
		uint32_t byte = generator_below(&world->generator, 16);

		address.bytes[byte] = (uint8_t)(address.bytes[byte] ^
						1u << generator_below(&world->generator, 8));
	}
	return address;
}

static int copy_trie(void *context, struct build *build, struct weir_policy *policy)
{
	struct world *world = context;

	(void)policy;
	return patch_trie_init(&world->trie, weir_allocator_or_default(NULL), &build->trie);
}

static void begin(struct world *world, unsigned seed)
{
	static const struct generator_shape shape = { 40, 4, 10, 12, 10, false, true };
	const struct build_keeper keeper = { copy_trie, world };
	struct weir_resolved *resolved;

	memset(world, 0, sizeof(*world));
	generator_init(&world->generator, seed);
	resolved = generate(&world->generator, &shape);
	assert_int_equal(weir_compile_and_keep(resolved, NULL, &keeper, &world->policy, NULL), 0);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		world->addresses[i] = any_address(world);
		world->leaves[i] = find_address(&world->policy->lookup, &world->addresses[i]);
	}
}

static void set(struct world *world, unsigned i, uint32_t leaf)
{
	const struct patch_trie_memory *memory = world->trie.state.memory;

	assert_int_equal(patch_trie_set(&world->trie, &world->addresses[i], leaf), 0);
	world->moves += world->trie.state.memory != memory;
	for (unsigned j = 0; j < ADDRESSES; j++) {
		if (weir_address_equal(&world->addresses[j], &world->addresses[i]))
			world->leaves[j] = leaf;
	}
}

static void check(const struct world *world, const struct version *version)
{
	for (unsigned i = 0; i < ADDRESSES; i++)
		assert_int_equal(find_address(&version->lookup, &world->addresses[i]),
				 version->leaves[i]);
}

static void release(struct version *version)
{
	patch_trie_release(version->memory);
	version->memory = NULL;
}

static void make_version(struct world *world)
{
	struct version *version = &world->versions[world->made++ % HELD];
	const struct patch_trie_state *state = &world->trie.state;

	if (version->memory)
		check(world, version);
	release(version);
	version->memory = patch_trie_hold(state->memory);
	memcpy(version->root, world->trie.root, sizeof(version->root));
	memcpy(version->leaves, world->leaves, sizeof(version->leaves));
	version->lookup = (struct lookup){ .header = world->policy->lookup.header,
					   .root = version->root,
					   .nodes = state->memory->nodes,
					   .leaves = state->memory->leaves,
					   .guards = state->memory->guards,
					   .ipv6 = state->ipv6 };
	check(world, version);
}

static void end(struct world *world)
{
	for (unsigned i = 0; i < HELD; i++) {
		if (world->versions[i].memory)
			check(world, &world->versions[i]);
		release(&world->versions[i]);
	}
	patch_trie_finish(&world->trie);
	weir_policy_unref(world->policy);
	generator_finish(&world->generator);
}

static void versions_stay_as_they_were(void **state)
{
	struct world *world = test_malloc(sizeof(*world));
	unsigned moves = 0;

	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		begin(world, seed);
		for (unsigned i = 0; i < CHANGES; i++) {
			set(world, generator_below(&world->generator, ADDRESSES),
			    generator_below(&world->generator, 50));
			if (i % EVERY == 0)
				make_version(world);
		}
		end(world);
		moves += world->moves;
	}
	assert_true(moves > 10);
	test_free(world);
}

/* Also when the memory was moved on the way. */
static void changes_are_taken_back(void **state)
{
	struct world *world = test_malloc(sizeof(*world));

	(void)state;
	begin(world, 9);
	for (unsigned round = 0; round < 6; round++) {
		uint32_t leaves[ADDRESSES];
		uint32_t root[1 << LAYOUT_ROOT_BITS];

		for (unsigned i = 0; i < 20; i++)
			set(world, generator_below(&world->generator, ADDRESSES), i);
		memcpy(leaves, world->leaves, sizeof(leaves));
		memcpy(root, world->trie.root, sizeof(root));
		patch_trie_begin(&world->trie);
		for (unsigned i = 0; i < 400 * round; i++)
			set(world, generator_below(&world->generator, ADDRESSES), 60 + i);
		patch_trie_go_back(&world->trie, root);
		memcpy(world->leaves, leaves, sizeof(leaves));
		make_version(world);
	}
	assert_true(world->moves > 0);
	end(world);
	test_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_stay_as_they_were),
		cmocka_unit_test(changes_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
