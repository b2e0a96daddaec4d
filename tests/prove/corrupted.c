/*
 * Corruptions of the compiled form, each of which the proof finds or every header of a universe of
 * four bits shows to be without effect.
 *
 *	corrupted [--each COUNT] [--seed SEED]
 *
 * COUNT corruptions of every table. What the proof finds must be so: its counterexample is judged
 *by the specification and by the corrupted policy again. What it does not find is asked of every
 * kernel and of explain, about every header of the universe.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "handle.h"
#include "reference.h"
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
	size_t count;
};

struct tally {
	uint64_t refused;
	uint64_t found;
	uint64_t without_effect;
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

/* Every header, of unknown pods as either; and every address that reaches itself through a service.
 */
static bool judge_universe(struct world *world)
{
	size_t most = 2u * UNIVERSE_ADDRESSES * (UNIVERSE_ADDRESSES + 1) * universe_port_count;

	world->headers = calloc(most, sizeof(*world->headers));
	world->judged = calloc(most, sizeof(*world->judged));
	world->verdicts = calloc(most, sizeof(*world->verdicts));
	if (!world->headers || !world->judged || !world->verdicts)
		return false;
	for (unsigned i = 0; i < UNIVERSE_ADDRESSES * UNIVERSE_ADDRESSES; i++) {
		unsigned source = i / UNIVERSE_ADDRESSES;
		unsigned destination = i % UNIVERSE_ADDRESSES;

		for (unsigned j = 0; j < universe_port_count; j++) {
			add_header(world, source, destination, j, WEIR_KEY_BOTH);
			add_header(world, source, destination, j,
				   WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL);
			if (source == destination)
				add_header(world, source, destination, j,
					   WEIR_KEY_BOTH | WEIR_KEY_HAIRPIN);
		}
	}
	return true;
}

static void print_diagnostic(void *context, const struct weir_diagnostic *diagnostic)
{
	(void)context;
	if (diagnostic->severity == WEIR_SEVERITY_ERROR)
		printf("%u: %s\n", diagnostic->line, diagnostic->text);
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
	struct weir_cluster_options options = { .sink = { print_diagnostic, NULL } };
	struct weir_resolved *resolved = NULL;
	struct weir_error error;
	bool good;

	*world = (struct world){ .semantics = { .ipblock_pods = which % 2 } };
	if (which >= UNIVERSES)
		world->semantics = tiny_semantics(tiny_seeds[which - UNIVERSES]);
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

static bool same_verdict(struct weir_verdict a, struct weir_verdict b)
{
	return a.action == b.action && a.why == b.why;
}

static bool same_rule(const struct weir_policy *policy, const struct k8s_half *want, uint32_t rule,
		      enum weir_direction direction)
{
	struct weir_rule_view view;
	const struct k8s_meta *meta =
		want->cluster_policy ? &want->cluster_policy->meta : &want->policy->meta;
	const char *kind = want->cluster_policy ? want->cluster_policy->kind : "NetworkPolicy";

	weir_policy_rule(policy, rule, &view);
	return view.direction == direction && view.index == want->rule &&
	       strcmp(view.kind, kind) == 0 && strcmp(view.name, meta->name) == 0 &&
	       strcmp(view.namespace_name, want->policy ? meta->namespace_name : "") == 0;
}

static bool same_half(const struct weir_policy *policy, const struct k8s_half *want,
		      const struct weir_half *got, enum weir_direction direction)
{
	if (want->action != got->action || want->reason != got->reason || want->peer != got->peer ||
	    want->port != got->port ||
	    (want->reason == WEIR_REASON_RULE) != (got->rule != WEIR_NONE))
		return false;
	return got->rule == WEIR_NONE || same_rule(policy, want, got->rule, direction);
}

/* Whether every kernel's verdicts are right; on false index has one that is not. */
static bool classifies(const struct weir_policy *policy, const struct weir_key *keys,
		       const struct k8s_judgement *want, struct weir_verdict *verdicts, size_t n,
		       size_t *index)
{
	struct weir_policy asked = *policy;
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	for (size_t i = 0; i < count; i++) {
		if (!kernels[i].is_supported())
			continue;
		asked.kernel = &kernels[i];
		weir_policy_classify(&asked, keys, verdicts, n);
		for (*index = 0; *index < n; ++*index) {
			if (!same_verdict(verdicts[*index], want[*index].verdict))
				return false;
		}
	}
	return true;
}

static bool explains(const struct weir_policy *policy, const struct weir_key *key,
		     const struct k8s_judgement *want)
{
	struct weir_explanation got;

	weir_policy_explain(policy, key, &got);
	return same_verdict(got.verdict, want->verdict) &&
	       (got.verdict.action == WEIR_AMBIGUOUS ||
		(same_half(policy, &want->egress, &got.egress, WEIR_EGRESS) &&
		 same_half(policy, &want->ingress, &got.ingress, WEIR_INGRESS)));
}

static bool is_right(const struct weir_policy *policy, const struct weir_key *key,
		     const struct k8s_judgement *want)
{
	struct weir_verdict verdict;
	size_t index;

	return classifies(policy, key, want, &verdict, 1, &index) && explains(policy, key, want);
}

static bool is_without_effect(const struct world *world, const struct weir_policy *policy)
{
	size_t i;
	bool good = classifies(policy, world->headers, world->judged, world->verdicts, world->count,
			       &i);

	for (i = good ? 0 : i; i < world->count && good; i++)
		good = explains(policy, &world->headers[i], &world->judged[i]);
	if (!good)
		printf("the proof holds, and header %zu is judged wrong\n", i);
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

static bool judge(const struct world *world, const struct weir_policy *policy, struct tally *tally)
{
	struct weir_proof proof;

	if (weir_prove(world->cluster, &world->semantics, policy, NULL, &proof))
		return false;
	if (proof.flaw == WEIR_FLAW_BLOCK) {
		tally->refused++;
		return true;
	}
	if (proof.flaw != WEIR_FLAW_NONE) {
		tally->found++;
		return is_wrong(world, policy, &proof);
	}
	tally->without_effect++;
	return is_without_effect(world, policy);
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
	good = judge(world, policy, tally);
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

	for (uint64_t i = 0; i < each && good; i++)
		good = run_one(with[i % count], seed, section, i, &tally);
	printf("%-24s %6" PRIu64 " refused %6" PRIu64 " found %6" PRIu64 " without effect\n",
	       table_name(section), tally.refused, tally.found, tally.without_effect);
	fflush(stdout);
	return good;
}

/* Nothing is found where nothing was corrupted. */
static bool holds(const struct world *world)
{
	struct tally tally = { 0 };

	return judge(world, world->policy, &tally) && tally.without_effect;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "each", required_argument, NULL, 'e' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct world worlds[WORLDS];
	uint64_t each = 20;
	uint64_t seed = 1;
	bool good = true;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'e' && option != 's')
			return 2;
		*(option == 'e' ? &each : &seed) = strtoull(optarg, NULL, 10);
	}
	for (unsigned i = 0; i < WORLDS; i++)
		good &= world_open(&worlds[i], i) && holds(&worlds[i]);
	for (unsigned i = 0; i <= LAYOUT_SECTIONS && good; i++)
		good = run_table(worlds, seed, i, each);
	for (unsigned i = 0; i < WORLDS; i++)
		world_close(&worlds[i]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
