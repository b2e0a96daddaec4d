/*
 * Corruptions of the compiled form, each of which the proof finds or every header of a universe of
 * four bits shows to be without effect.
 *
 *	corrupted [--each COUNT] [--seed SEED] [--table NAME]
 *
 * COUNT corruptions of every table. What the proof finds must be so: its counterexample is judged
 * by the specification and by the corrupted policy again. What it does not find is asked of every
 * kernel and of explain, about every header of the universe.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "dice.h"
#include "handle.h"
#include "hash.h"
#include "lookup.h"
#include "reference.h"
#include "subject.h"
#include "tiny.h"
#include "universe.h"
#include "weir/directory.h"
#include "weir/prove.h"

/* Of clusters that are full of things. */
static const uint64_t tiny_seeds[] = { 3, 7, 10 };

enum {
	WORLDS = UNIVERSES + sizeof(tiny_seeds) / sizeof(tiny_seeds[0]),
};

struct world {
	struct weir_cluster *cluster;
	struct weir_semantics semantics;
	struct weir_policy *policy;
	struct weir_key *headers;
	struct k8s_judgement *judged; /* of each header */
	struct weir_verdict *verdicts;
	size_t usual_count; /* of headers whose unknown pods are unknown */
	size_t count;
};

enum outcome {
	REFUSED, /* by what validates every file */
	IS_FOUND,
	WITHOUT_EFFECT,
	OUTCOMES,
};

struct tally {
	uint64_t of[OUTCOMES];
	uint64_t again; /* that came to the same bytes as one before: counted, but not judged again
			 */
	struct weir_map known; /* outcomes, by world and bytes */
	struct weir_arena arena;
};

static void add_header(struct world *world, unsigned source, unsigned destination, unsigned port,
		       uint8_t flags)
{
	struct weir_key *key = &world->headers[world->count];

	*key = universe_ports[port];
	key->source = universe_address(source);
	key->destination = universe_address(destination);
	key->flags = flags;
	k8s_reference_judge(world->cluster, &world->semantics, key, &world->judged[world->count++]);
}

enum {
	PAIRS = UNIVERSE_ADDRESSES * UNIVERSE_ADDRESSES,
};

static void add_pairs(struct world *world, uint8_t flags)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		for (unsigned j = 0; j < universe_port_count; j++)
			add_header(world, i / UNIVERSE_ADDRESSES, i % UNIVERSE_ADDRESSES, j, flags);
	}
}

/* Every header; every address that reaches itself through a service; then all again with unknown
 * pods taken as outside, in the same order. */
static bool judge_universe(struct world *world)
{
	size_t most = 2u * UNIVERSE_ADDRESSES * (UNIVERSE_ADDRESSES + 1) * universe_port_count;

	world->headers = calloc(most, sizeof(*world->headers));
	world->judged = calloc(most, sizeof(*world->judged));
	world->verdicts = calloc(most, sizeof(*world->verdicts));
	if (!world->headers || !world->judged || !world->verdicts)
		return false;
	add_pairs(world, WEIR_KEY_BOTH);
	for (unsigned i = 0; i < UNIVERSE_ADDRESSES; i++) {
		for (unsigned j = 0; j < universe_port_count; j++)
			add_header(world, i, i, j, WEIR_KEY_BOTH | WEIR_KEY_HAIRPIN);
	}
	world->usual_count = world->count;
	add_pairs(world, WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL);
	return true;
}

/* Reads the parts of one of the universes, or the cluster of a seed. */
static bool read_manifests(struct weir_cluster *cluster, unsigned which)
{
	const char *text;
	bool good = true;
	char *made;

	for (unsigned i = 0; which < UNIVERSES && (text = universe_text(which, i)); i++)
		good &= !weir_cluster_read(cluster, "universe", WEIR_FOUND_NAMED, text,
					   strlen(text));
	if (which < UNIVERSES)
		return good;
	made = tiny_make(tiny_seeds[which - UNIVERSES]);
	good = made && !weir_cluster_read(cluster, "tiny", WEIR_FOUND_NAMED, made, strlen(made));
	free(made);
	return good;
}

static bool world_open(struct world *world, unsigned which)
{
	struct weir_cluster_options options = { .sink = subject_problems };
	struct weir_resolved *resolved = NULL;
	struct weir_error error;
	bool good;

	*world = (struct world){ .semantics = { .ipblock_pods = which % 2 } };
	if (which >= UNIVERSES)
		world->semantics = subject_semantics(tiny_seeds[which - UNIVERSES]);
	if (weir_cluster_create(&options, &world->cluster))
		return false;
	good = read_manifests(world->cluster, which) && !weir_cluster_finish(world->cluster) &&
	       !weir_cluster_resolve(world->cluster, &world->semantics, &resolved) &&
	       !weir_compile(resolved, NULL, &world->policy, &error);
	weir_resolved_destroy(resolved);
	return good && judge_universe(world);
}

static void world_close(struct world *world)
{
	free(world->headers);
	free(world->judged);
	free(world->verdicts);
	weir_policy_unref(world->policy);
	weir_cluster_destroy(world->cluster);
}

/* Comparing. */

static bool is_right(const struct weir_policy *policy, const struct weir_key *key,
		     const struct k8s_judgement *want)
{
	struct weir_verdict verdict;
	size_t index;

	return !subject_wrong_kernel(policy, key, want, &verdict, 1, &index) &&
	       subject_explains(policy, key, want);
}

static void print_wrong(const struct weir_policy *policy, const struct weir_key *key,
			const struct k8s_judgement *want)
{
	char source[WEIR_ADDRESS_TEXT], destination[WEIR_ADDRESS_TEXT];
	struct weir_explanation got;

	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, destination);
	weir_policy_explain(policy, key, &got);
	printf("the proof holds, and %s -> %s protocol %u port %u type %u flags %u is judged "
	       "wrong: "
	       "%u, explained %u, and not %u\n",
	       source, destination, key->protocol, key->destination_port, key->icmp_type,
	       key->flags, got.verdict.action, got.egress.action, want->verdict.action);
}

static bool are_right(const struct world *world, const struct weir_policy *policy, size_t first,
		      size_t count)
{
	size_t i;
	bool good = !subject_wrong_kernel(policy, world->headers + first, world->judged + first,
					  world->verdicts, count, &i);

	for (i = good ? 0 : i; i < count && good; i++)
		good = subject_explains(policy, &world->headers[first + i],
					&world->judged[first + i]);
	if (!good)
		print_wrong(policy, &world->headers[first + i], &world->judged[first + i]);
	return good;
}

static bool is_unknown(const struct weir_policy *policy, unsigned i)
{
	const struct weir_address address = universe_address(i);
	uint32_t leaf = find_address(&policy->lookup, &address);
	const struct layout_special *specials =
		layout_section(policy->lookup.header, LAYOUT_SPECIALS);

	return leaf & LAYOUT_SPECIAL && specials[leaf & LAYOUT_INDEX].kind == LAYOUT_UNKNOWN;
}

/* What unknown pods are taken for means nothing where neither end is one: by this policy, nor by
 * the one that was not corrupted, which is right. */
static bool is_without_effect(const struct world *world, const struct weir_policy *policy)
{
	bool unknown[UNIVERSE_ADDRESSES];
	bool good = are_right(world, policy, 0, world->usual_count);

	for (unsigned i = 0; i < UNIVERSE_ADDRESSES; i++)
		unknown[i] = is_unknown(policy, i) || is_unknown(world->policy, i);
	for (unsigned i = 0; i < PAIRS && good; i++) {
		if (unknown[i / UNIVERSE_ADDRESSES] || unknown[i % UNIVERSE_ADDRESSES])
			good = are_right(world, policy,
					 world->usual_count + (size_t)i * universe_port_count,
					 universe_port_count);
	}
	return good;
}

/* Whether a counterexample is one. What differs may be the word of the policy's kind for an action,
 * which the specification does not know. */
static bool is_wrong(const struct world *world, const struct weir_policy *policy,
		     const struct weir_proof *proof)
{
	struct k8s_judgement want;
	struct weir_rule_view view;

	k8s_reference_judge(world->cluster, &world->semantics, &proof->key, &want);
	if (proof->flaw != WEIR_FLAW_PROOF && !is_right(policy, &proof->key, &want))
		return true;
	for (unsigned i = 0; i < 2 && proof->flaw == WEIR_FLAW_EXPLANATION; i++) {
		const struct weir_half *half =
			i ? &proof->explanation.ingress : &proof->explanation.egress;
		const struct k8s_half *wanted = i ? &want.ingress : &want.egress;
		const struct k8s_cluster_policy *tier = wanted->cluster_policy;

		if (half->rule == WEIR_NONE)
			continue;
		weir_policy_rule(policy, half->rule, &view);
		if (strcmp(view.action, !tier ? ""
					: i   ? tier->ingress[wanted->rule].action
					      : tier->egress[wanted->rule].action) != 0)
			return true;
	}
	printf("a counterexample that is none: flaw %u\n", proof->flaw);
	return false;
}

/* Corrupting. */

static void corrupt_item(struct dice *dice, uint8_t *items, size_t count, size_t size)
{
	uint8_t *item = items + dice_below_long(dice, count) * size;
	size_t at = dice_below_long(dice, size);
	uint8_t copy[64];

	switch (dice_below(dice, 4)) {
	case 0: /* a bit */
		item[at] ^= (uint8_t)(1u << dice_below(dice, 8));
		break;
	case 1: /* a byte */
		item[at] = (uint8_t)dice_next(dice);
		break;
	case 2: /* one less or more */
		item[at] = (uint8_t)(item[at] + (dice_one_in(dice, 2) ? 1 : 255));
		break;
	default: /* two items change places; large ones, their beginnings */
		at = size < sizeof(copy) ? size : sizeof(copy);
		memcpy(copy, items, at);
		memmove(items, item, at);
		memcpy(item, copy, at);
	}
}

static const char *table_name(unsigned section)
{
	return section < LAYOUT_SECTIONS ? layout_kinds[section].name : "header";
}

/* A table's items. The one behind the last is the header, behind what every version begins with. */
struct table {
	size_t offset;
	size_t count;
	size_t item_bytes;
};

static struct table table_of(const struct layout_header *header, unsigned section)
{
	size_t first = offsetof(struct layout_header, profile_bits);
	struct table table = { first, offsetof(struct layout_header, sections) - first, 1 };

	if (section == LAYOUT_SECTIONS)
		return table;
	table.offset = header->sections[section].offset;
	table.item_bytes = layout_kinds[section].item_bytes;
	table.count = header->sections[section].length / table.item_bytes;
	return table;
}

/* Until the bytes are other ones. */
static void corrupt(struct dice *dice, uint8_t *block, const uint8_t *original,
		    const struct table *table)
{
	size_t length = table->count * table->item_bytes;

	do
		corrupt_item(dice, block + table->offset, table->count, table->item_bytes);
	while (memcmp(block + table->offset, original + table->offset, length) == 0);
}

static bool judge(const struct world *world, const struct weir_policy *policy,
		  enum outcome *outcome)
{
	struct weir_proof proof;

	if (weir_prove(world->cluster, &world->semantics, policy, NULL, &proof))
		return false;
	if (proof.flaw == WEIR_FLAW_BLOCK) {
		*outcome = REFUSED;
		return true;
	}
	if (proof.flaw != WEIR_FLAW_NONE) {
		*outcome = IS_FOUND;
		return is_wrong(world, policy, &proof);
	}
	*outcome = WITHOUT_EFFECT;
	return is_without_effect(world, policy);
}

/* Of small tables there are fewer corruptions than are asked for. */
static bool judge_new(const struct world *world, const struct weir_policy *policy,
		      const struct table *table, struct tally *tally)
{
	size_t length;
	const uint8_t *bytes = weir_policy_bytes(policy, &length);
	size_t table_length = table->count * table->item_bytes;
	char *key = weir_arena_allocate(&tally->arena, sizeof(world) + table_length, 1);
	enum outcome outcome = OUTCOMES;
	uint32_t *known;
	int is_new;

	if (!key)
		return false;
	memcpy(key, &world, sizeof(world));
	memcpy(key + sizeof(world), bytes + table->offset, table_length);
	known = weir_map_insert(&tally->known, key, sizeof(world) + table_length, OUTCOMES,
				&is_new);
	if (!known || (is_new && !judge(world, policy, &outcome)))
		return false;
	if (is_new)
		*known = outcome;
	tally->again += !is_new;
	tally->of[*known]++;
	return true;
}

static bool run_one(const struct world *world, uint64_t seed, unsigned section, uint64_t i,
		    struct tally *tally)
{
	struct dice dice = dice_for(seed, section, i);
	size_t length;
	const void *bytes = weir_policy_bytes(world->policy, &length);
	struct table table = table_of(bytes, section);
	struct layout_header *block;
	struct weir_policy *policy;
	bool good;

	if (weir_policy_create(NULL, length, &block, &policy))
		return false;
	memcpy(block, bytes, length);
	corrupt(&dice, (uint8_t *)block, bytes, &table);
	weir_policy_attach(policy);
	good = judge_new(world, policy, &table, tally);
	weir_policy_unref(policy);
	if (!good)
		printf("table %s, seed %" PRIu64 ", corruption %" PRIu64 "\n", table_name(section),
		       seed, i);
	return good;
}

/* The worlds whose block has the table. */
static unsigned worlds_with(const struct world *worlds, unsigned section,
			    const struct world *with[WORLDS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < WORLDS; i++) {
		size_t length;

		if (table_of(weir_policy_bytes(worlds[i].policy, &length), section).count)
			with[count++] = &worlds[i];
	}
	return count;
}

static bool run_table(const struct world *worlds, uint64_t seed, unsigned section, uint64_t each)
{
	const struct world *with[WORLDS];
	unsigned count = worlds_with(worlds, section, with);
	struct tally tally = { 0 };
	bool good = count;

	weir_map_init(&tally.known, NULL);
	weir_arena_init(&tally.arena, NULL);
	for (uint64_t i = 0; i < each && good; i++)
		good = run_one(with[i % count], seed, section, i, &tally);
	printf("%-24s %6" PRIu64 " refused %6" PRIu64 " found %6" PRIu64 " without effect; %" PRIu64
	       " of them again\n",
	       table_name(section), tally.of[REFUSED], tally.of[IS_FOUND], tally.of[WITHOUT_EFFECT],
	       tally.again);
	fflush(stdout);
	weir_map_finish(&tally.known);
	weir_arena_finish(&tally.arena);
	return good;
}

/* Nothing is found where nothing was corrupted. */
static bool holds(const struct world *world)
{
	enum outcome outcome;

	return judge(world, world->policy, &outcome) && outcome == WITHOUT_EFFECT;
}

int main(int argc, char **argv)
{
	struct world worlds[WORLDS];
	uint64_t each = 20;
	uint64_t seed = 1;
	const char *only = NULL;
	const struct argument arguments[] = { { "each", &each, NULL },
					      { "seed", &seed, NULL },
					      { "table", NULL, &only } };
	bool good = true;

	if (!arguments_read(argc, argv, arguments, sizeof(arguments) / sizeof(arguments[0])))
		return 2;
	for (unsigned i = 0; i < WORLDS; i++)
		good &= world_open(&worlds[i], i) && holds(&worlds[i]);
	for (unsigned i = 0; i <= LAYOUT_SECTIONS && good; i++) {
		if (!only || strcmp(only, table_name(i)) == 0)
			good = run_table(worlds, seed, i, each);
	}
	for (unsigned i = 0; i < WORLDS; i++)
		world_close(&worlds[i]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
