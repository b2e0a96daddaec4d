/*
 * A line of the cache holds two decisions, what was asked for last in front; who is new takes the
 * place of the other. So two that meet do not have to take turns.
 *
 * What is remembered is of an era, and a policy begins one: nothing has to be cleared.
 */
#include "decisions.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "explain.h"
#include "lookup.h"
#include "memory.h"

enum {
	LINE = 64,
	WAYS = 2,
	LINE_BITS = 11,
	LINES = 1 << LINE_BITS,
};

struct weir_remembered {
	uint64_t ends;  /* profiles */
	uint32_t ports; /* port class and flags */
	uint32_t era;   /* 0: nothing is remembered here */
	struct weir_decision decision;
};
static_assert(WAYS * sizeof(struct weir_remembered) == LINE, "both are fetched at once");

void weir_decisions_forget(struct weir_decisions *decisions)
{
	if (++decisions->era)
		return;
	memset(decisions->items, 0, (size_t)LINES * LINE);
	decisions->era = 1;
}

int weir_decisions_init(struct weir_decisions *decisions, const struct weir_allocator *allocator)
{
	uintptr_t at;

	decisions->allocator = weir_allocator_or_default(allocator);
	decisions->era = 1;
	decisions->memory = weir_allocate_zeroed(decisions->allocator, LINES + 1, LINE);
	if (!decisions->memory)
		return -ENOMEM;
	at = (uintptr_t)decisions->memory;
	decisions->items =
		(struct weir_remembered *)((char *)decisions->memory + (LINE - at % LINE) % LINE);
	return 0;
}

void weir_decisions_finish(struct weir_decisions *decisions)
{
	weir_release(decisions->allocator, decisions->memory);
}

static struct weir_decided decided(const struct weir_half *half)
{
	return (struct weir_decided){ half->rule, half->reason, half->action };
}

static struct weir_decision decision_of(const struct weir_half *egress,
					const struct weir_half *ingress)
{
	return (struct weir_decision){ { decided(egress), decided(ingress) } };
}

static struct weir_decision explain_special(const struct weir_policy *policy,
					    const struct weir_key *key)
{
	struct weir_explanation explanation;

	weir_policy_explain(policy, key, &explanation);
	return decision_of(&explanation.egress, &explanation.ingress);
}

static struct weir_decision explain_plain(const struct lookup *lookup, const struct weir_key *key,
					  const struct weir_decision_place *place)
{
	struct weir_half halves[2];

	explain_ends(lookup, key, place->source, place->destination, halves);
	return decision_of(&halves[WEIR_EGRESS], &halves[WEIR_INGRESS]);
}

static bool is_special(const struct weir_decision_place *place)
{
	return (place->source | place->destination) & LAYOUT_SPECIAL;
}

/* Whether the answer depends on more than profiles. */
static bool are_related(const struct lookup *lookup, const struct weir_key *key,
			const struct weir_decision_place *place)
{
	return is_same_address(key) || is_own_node(lookup, place->source, place->destination);
}

/* Both profiles. */
static uint64_t ends_of(const struct lookup *lookup, const struct weir_decision_place *place)
{
	uint32_t profiles = (1u << lookup->profile_bits) - 1;

	return (uint64_t)(place->source & profiles) << 32 | (place->destination & profiles);
}

static struct weir_remembered *line_of(const struct weir_decisions *decisions, uint64_t ends,
				       uint32_t ports)
{
	uint64_t mixed = (ends * 0x9e3779b97f4a7c15u) ^ (ports * 0xd6e8feb86659fd93u);

	return decisions->items + WAYS * (mixed >> (64 - LINE_BITS));
}

static bool is_about(const struct weir_remembered *item, uint64_t ends, uint32_t ports,
		     uint32_t era)
{
	return item->ends == ends && item->ports == ports && item->era == era;
}

/* What is remembered, in front of its line; false: there is room for it now. */
static bool recall(struct weir_decisions *decisions, uint64_t ends, uint32_t ports,
		   struct weir_remembered **out)
{
	struct weir_remembered *line = line_of(decisions, ends, ports);
	struct weir_remembered behind = line[1];
	bool found;

	*out = line;
	if (is_about(&line[0], ends, ports, decisions->era))
		return true;
	found = is_about(&behind, ends, ports, decisions->era);
	line[1] = line[0];
	line[0] = found ? behind
			: (struct weir_remembered){ .ends = ends,
						    .ports = ports,
						    .era = decisions->era };
	return found;
}

void weir_decisions_locate(const struct weir_decisions *decisions, const struct weir_policy *policy,
			   const struct weir_key *key, struct weir_decision_place *out)
{
	const struct lookup *lookup = &policy->lookup;

	out->source = find_address(lookup, &key->source);
	out->destination = find_address(lookup, &key->destination);
	out->ports = port_class_of(lookup, key) << 8 | key->flags;
	__builtin_prefetch(line_of(decisions, ends_of(lookup, out), out->ports));
}

void weir_decisions_find(struct weir_decisions *decisions, const struct weir_policy *policy,
			 const struct weir_key *key, const struct weir_decision_place *place,
			 struct weir_decision *out)
{
	const struct lookup *lookup = &policy->lookup;
	struct weir_remembered *item;

	if (is_special(place)) {
		*out = explain_special(policy, key);
		return;
	}
	if (are_related(lookup, key, place)) {
		*out = explain_plain(lookup, key, place);
		return;
	}
	if (!recall(decisions, ends_of(lookup, place), place->ports, &item))
		item->decision = explain_plain(lookup, key, place);
	*out = item->decision;
}
