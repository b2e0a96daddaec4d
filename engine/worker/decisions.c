/*
 * decisions.c - halves in lines of the cache, four in each, all compared at once. Who is new comes
 * in front, and the last falls out.
 *
 * Many halves need no memory: a near end that is no pod, or that has no rules, is allowed. Others
 * are few where connections are many, since pods have the rules of others: those that 800 policies
 * allow between 10,000 pods are four thousand.
 *
 * What is remembered is of an era, and a policy begins one: only when they have come round all is
 * cleared.
 */
#include "decisions.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ends.h"
#include "explain.h"
#include "lookup.h"
#include "memory.h"

enum {
	LINE = 64,
	WAYS = 4,
	LINE_BITS = 11,
	LINES = 1 << LINE_BITS,
	/* The word that says what a half is about: port class, direction, era; at the top the answer
	 * where one is remembered. */
	DIRECTION_SHIFT = 16,
	ERA_SHIFT,
	ACTION_SHIFT = 28,
	REASON_SHIFT,
	ANSWER_BITS = 32 - ACTION_SHIFT,
};
static_assert(WEIR_DECISIONS_LAST_ERA >> (ACTION_SHIFT - ERA_SHIFT) == 0, "an era fits");
static_assert(WEIR_REASONS <= 1 << (32 - REASON_SHIFT), "a reason fits");

struct weir_remembered {
	uint64_t ends;
	uint32_t about; /* of era 0: nothing is remembered here */
	uint32_t rule;
};
static_assert(WAYS * sizeof(struct weir_remembered) == LINE, "all are fetched at once");

void weir_decisions_forget(struct weir_decisions *decisions)
{
	if (++decisions->era <= WEIR_DECISIONS_LAST_ERA)
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

/* Where halves may be remembered. */

static struct weir_remembered *line_of(const struct weir_decisions *decisions,
				       const struct weir_decision_half *half)
{
	uint64_t mixed = half->ends * 0x9e3779b97f4a7c15u ^ half->about * 0xd6e8feb86659fd93u;

	return decisions->items + WAYS * (mixed >> (64 - LINE_BITS));
}

/* What of a policy halves are told apart by. */
struct tables {
	const struct lookup *lookup;
	const struct layout_group *groups;  /* by profile */
	const struct layout_span *rules[2]; /* by direction and group */
	uint32_t profiles;                  /* the bits of a leaf that are one */
};

static struct tables tables_of(const struct lookup *lookup)
{
	const struct layout_header *header = lookup->header;
	const struct layout_span *rules =
		LAYOUT_ITEMS(header, LAYOUT_GROUP_RULES, struct layout_span);

	return (struct tables){
		.lookup = lookup,
		.groups = LAYOUT_ITEMS(header, LAYOUT_GROUPS, struct layout_group),
		.rules = { rules + header->group_rules[0], rules + header->group_rules[1] },
		.profiles = (1u << lookup->profile_bits) - 1,
	};
}

static void fetch_end(const struct tables *tables, uint32_t leaf)
{
	/* Of a special end these may lie anywhere, which does no harm. */
	__builtin_prefetch(profile_of(tables->lookup, leaf));
	__builtin_prefetch(&tables->groups[leaf & tables->profiles]);
}

static bool is_plain(const struct lookup *lookup, const struct weir_key *key,
		     const struct weir_decision_place *place)
{
	uint32_t source = place->leaves[WEIR_EGRESS];
	uint32_t destination = place->leaves[WEIR_INGRESS];

	return !((source | destination) & LAYOUT_SPECIAL) && !is_same_address(key) &&
	       !is_own_node(lookup, source, destination);
}

static uint32_t group_of(const struct weir_decision_half *half)
{
	return (uint32_t)(half->ends >> 32);
}

/* Who stands on either side; fetches whether the near end has rules. */
static void find_sides(const struct tables *tables, struct weir_decision_place *place)
{
	for (unsigned d = 0; d < 2; d++) {
		uint32_t group = tables->groups[place->leaves[d] & tables->profiles].group[d];
		uint32_t class = profile_of(tables->lookup, place->leaves[!d])->class[d];

		place->halves[d].ends = (uint64_t)group << 32 | class;
		if (group != LAYOUT_NO_GROUP)
			__builtin_prefetch(&tables->rules[d][group]);
	}
}

/* Neighbour discovery has a reason of its own, whatever the rules. */
static bool has_rules(const struct tables *tables, const struct weir_decision_place *place,
		      unsigned d)
{
	return tables->rules[d][group_of(&place->halves[d])].count ||
	       place->ports == LAYOUT_PORT_CLASS_ALWAYS;
}

static void find_line(const struct weir_decisions *decisions, const struct tables *tables,
		      const struct weir_key *key, struct weir_decision_place *place, unsigned d)
{
	static const uint8_t flags[2] = { WEIR_KEY_EGRESS, WEIR_KEY_INGRESS };
	struct weir_decision_half *half = &place->halves[d];
	bool is_asked = key->flags & flags[d];

	half->line = NULL;
	if (is_asked && group_of(half) == LAYOUT_NO_GROUP) {
		half->reason = end_is_node(tables->lookup, place->leaves[d])
				       ? WEIR_REASON_HOST_NETWORK
				       : WEIR_REASON_NOT_A_POD;
	} else if (!is_asked || !has_rules(tables, place, d)) {
		half->reason = WEIR_REASON_NOT_ISOLATED;
	} else {
		half->about =
			place->ports | (uint32_t)d << DIRECTION_SHIFT | decisions->era << ERA_SHIFT;
		half->line = line_of(decisions, half);
		__builtin_prefetch(half->line);
	}
}

void weir_decisions_locate(const struct weir_decisions *decisions, const struct weir_policy *policy,
			   const struct weir_key *keys, struct weir_decision_place *places,
			   size_t n)
{
	const struct lookup *lookup = &policy->lookup;
	struct tables tables = tables_of(lookup);
	struct lookup_place found[WEIR_DECISIONS_AT_ONCE];

	policy->kernel->locate(lookup, keys, found, n);
	for (size_t i = 0; i < n; i++) {
		places[i].leaves[WEIR_EGRESS] = found[i].source;
		places[i].leaves[WEIR_INGRESS] = found[i].destination;
		places[i].ports = found[i].ports;
		fetch_end(&tables, found[i].source);
		fetch_end(&tables, found[i].destination);
	}
	for (size_t i = 0; i < n; i++) {
		places[i].is_plain = is_plain(lookup, &keys[i], &places[i]);
		if (places[i].is_plain)
			find_sides(&tables, &places[i]);
	}
	for (size_t i = 0; i < n; i++) {
		for (unsigned d = 0; d < 2 && places[i].is_plain; d++)
			find_line(decisions, &tables, &keys[i], &places[i], d);
	}
}

/* Answers. */

static struct weir_decided decided(const struct weir_half *half)
{
	return (struct weir_decided){ half->rule, half->reason, half->action };
}

static struct weir_decision decision_of(const struct weir_half *egress,
					const struct weir_half *ingress, enum weir_action action)
{
	return (struct weir_decision){ { decided(egress), decided(ingress) }, (uint8_t)action };
}

/* Of which something else matters than what is remembered. */
static struct weir_decision explain_whole(const struct weir_policy *policy,
					  const struct weir_key *key,
					  const struct weir_decision_place *place)
{
	struct weir_explanation explanation;
	struct weir_half halves[2];

	if ((place->leaves[0] | place->leaves[1]) & LAYOUT_SPECIAL) {
		weir_policy_explain(policy, key, &explanation);
		return decision_of(&explanation.egress, &explanation.ingress,
				   explanation.verdict.action);
	}
	for (unsigned d = 0; d < 2; d++)
		halves[d] =
			explain_half(&policy->lookup, key, place->leaves, (enum weir_direction)d);
	return decision_of(&halves[WEIR_EGRESS], &halves[WEIR_INGRESS],
			   halves[WEIR_EGRESS].action & halves[WEIR_INGRESS].action);
}

/* Bit i says whether the line's i-th is the half. */
static inline uint32_t matches_in(const struct weir_remembered *line,
				  const struct weir_decision_half *half)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t different = (line[i].ends ^ half->ends) | (line[i].about ^ half->about)
									   << ANSWER_BITS;

		found |= (uint32_t)!different << i;
	}
	return found;
}

static const struct weir_remembered *remember(const struct weir_decision_half *half,
					      const struct weir_half *explained)
{
	struct weir_remembered *line = half->line;

	memmove(&line[1], &line[0], (WAYS - 1) * sizeof(line[0]));
	line[0] = (struct weir_remembered){
		.ends = half->ends,
		.about = half->about | (uint32_t)explained->action << ACTION_SHIFT |
			 (uint32_t)explained->reason << REASON_SHIFT,
		.rule = explained->rule,
	};
	return line;
}

static inline struct weir_decided find_half(const struct weir_policy *policy,
					    const struct weir_key *key,
					    const struct weir_decision_place *place,
					    enum weir_direction direction)
{
	const struct weir_decision_half *half = &place->halves[direction];
	const struct weir_remembered *item;
	uint32_t found;

	if (!half->line)
		return (struct weir_decided){ WEIR_NONE, half->reason, WEIR_ALLOW };
	found = matches_in(half->line, half);
	if (found) {
		item = &half->line[__builtin_ctz(found)];
	} else {
		struct weir_half explained =
			explain_half(&policy->lookup, key, place->leaves, direction);

		item = remember(half, &explained);
	}
	return (struct weir_decided){ item->rule, (uint8_t)(item->about >> REASON_SHIFT),
				      item->about >> ACTION_SHIFT & 1 };
}

void weir_decisions_find(const struct weir_policy *policy, const struct weir_key *key,
			 const struct weir_decision_place *place, struct weir_decision *out)
{
	if (!place->is_plain) {
		*out = explain_whole(policy, key, place);
		return;
	}
	for (unsigned d = 0; d < 2; d++)
		out->halves[d] = find_half(policy, key, place, (enum weir_direction)d);
	out->action = out->halves[0].action & out->halves[1].action;
}
