#include "masks.h"

#include <errno.h>

enum {
	BITS = 64,
	KEPT_MOST = 32 << 20, /* bytes of masks of names, before they are forgotten */
};

static void set_bit(uint64_t *mask, size_t bit)
{
	mask[bit / BITS] |= (uint64_t)1 << bit % BITS;
}

static void fill_always(struct masks *masks)
{
	const struct facts *facts = masks->facts;
	const struct port_class *ports = facts->ports.items;
	bool allows_other = facts->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW;

	for (size_t i = 0; i < facts->ports.count; i++) {
		set_bit(masks->all, i);
		if (ports[i].is_neighbour_discovery || (ports[i].is_other && allows_other))
			set_bit(masks->always, i);
	}
}

static void fill_rules(struct masks *masks, unsigned direction)
{
	const struct side_facts *side = &masks->facts->sides[direction];
	size_t rule_count = side->rules.count;

	for (size_t i = 0; i < masks->facts->ports.count * rule_count; i++) {
		size_t rule = i % rule_count;
		uint8_t level = side->port_levels[i];

		masks->has_names[direction][rule] |= level & PORTS_NAMED;
		if ((level & ~PORTS_NAMED) == K8S_MATCH_CERTAIN)
			set_bit(masks->rules[direction] + rule * masks->words, i / rule_count);
	}
}

int masks_make(struct masks *masks, struct facts *facts)
{
	size_t words = (facts->ports.count + BITS - 1) / BITS;

	*masks = (struct masks){
		.facts = facts,
		.words = words,
		.all = weir_arena_array(&facts->arena, words, uint64_t),
		.always = weir_arena_array(&facts->arena, words, uint64_t),
	};
	if (!masks->all || !masks->always)
		return -ENOMEM;
	fill_always(masks);
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		size_t count = facts->sides[i].rules.count;

		masks->rules[i] = weir_arena_array(&facts->arena, count * words + 1, uint64_t);
		masks->has_names[i] = weir_arena_array(&facts->arena, count + 1, bool);
		if (!masks->rules[i] || !masks->has_names[i])
			return -ENOMEM;
		fill_rules(masks, i);
	}
	return 0;
}

int mask_tools_init(struct mask_tools *tools, const struct masks *masks)
{
	*tools = (struct mask_tools){ .masks = masks };
	weir_arena_init(&tools->arena, masks->facts->allocator);
	weir_map_init(&tools->named, masks->facts->allocator);
	tools->open =
		weir_allocate_zeroed(masks->facts->allocator, 2 * masks->words, sizeof(uint64_t));
	tools->passed = tools->open ? tools->open + masks->words : NULL;
	return tools->open ? 0 : -ENOMEM;
}

void mask_tools_finish(struct mask_tools *tools)
{
	if (!tools->masks)
		return;
	weir_release(tools->masks->facts->allocator, tools->open);
	weir_map_finish(&tools->named);
	weir_arena_finish(&tools->arena);
}

/* The ports of rules. */

/* Names stand for nothing but ports that the destination declares. */
static void match_names(const struct masks *masks, enum weir_direction direction, uint32_t index,
			const struct candidate *destination, uint64_t *mask)
{
	const struct facts *facts = masks->facts;
	const struct side_facts *side = &facts->sides[direction];
	const struct rule *rule = &facts_rules(side)[index];
	const struct k8s_port *const *ports = side->ports.items;
	const struct port_class *classes = facts->ports.items;
	const struct k8s_pod *pod = destination->as.pod;

	memcpy(mask, masks->rules[direction] + index * masks->words, masks->words * sizeof(*mask));
	for (uint32_t i = 0; pod && i < pod->port_count; i++) {
		uint32_t class =
			facts_port_class(facts, pod->ports[i].protocol, pod->ports[i].number);

		for (uint32_t j = 0; j < rule->port_count; j++) {
			if (k8s_reference_port(&classes[class].key, ports[rule->first_port + j],
					       &destination->as) == K8S_MATCH_CERTAIN)
				set_bit(mask, class);
		}
	}
}

/* The ports of a rule with names, for what declares the same. NULL: no memory. */
static const uint64_t *named_mask(struct mask_tools *tools, enum weir_direction direction,
				  uint32_t rule, const struct candidate *destination)
{
	const struct masks *masks = tools->masks;
	uint32_t key[] = { direction, rule, destination->as.kind, destination->named };
	uint64_t hash = weir_hash_bytes(key, sizeof(key), 0);
	struct weir_map_slot *slot;
	char *kept;

	if (tools->arena.used > KEPT_MOST) {
		weir_map_finish(&tools->named);
		weir_arena_reset(&tools->arena);
	}
	slot = weir_map_slot(&tools->named, key, sizeof(key), hash);
	if (!slot)
		return NULL;
	if (slot->key)
		return (const uint64_t *)(const void *)((const char *)slot->key + sizeof(key));
	kept = weir_arena_allocate(&tools->arena, 1, sizeof(key) + masks->words * sizeof(uint64_t));
	if (!kept)
		return NULL;
	memcpy(kept, key, sizeof(key));
	match_names(masks, direction, rule, destination, (uint64_t *)(void *)(kept + sizeof(key)));
	weir_map_fill(&tools->named, slot, kept, sizeof(key), hash, 0);
	return (const uint64_t *)(const void *)(kept + sizeof(key));
}

/* One side. */

struct side {
	struct mask_tools *tools;
	const struct side_facts *table;
	enum weir_direction direction;
	const struct far_view *far;
	const struct candidate *destination;
	uint64_t *allowed;
	bool is_isolated;
};

/* What a rule decides of what is open; of NetworkPolicy, whose rules only allow, all stays open
 * until the last of them was asked. */
static void take_rule(const struct side *side, const struct rule *rule, bool is_network,
		      const uint64_t *ports)
{
	const struct mask_tools *tools = side->tools;

	for (size_t i = 0; i < tools->masks->words; i++) {
		uint64_t matched = tools->open[i] & ports[i];

		if (rule->meaning == WEIR_RULE_ALLOW)
			side->allowed[i] |= matched;
		else if (rule->meaning == WEIR_RULE_PASS)
			tools->passed[i] |= matched;
		if (!is_network)
			tools->open[i] &= ~matched;
	}
}

static int take_policy(const struct side *side, const struct policy *policy)
{
	const struct masks *masks = side->tools->masks;

	for (uint32_t i = policy->first_rule; i < policy->first_rule + policy->rule_count; i++) {
		const uint64_t *ports = masks->rules[side->direction] + i * masks->words;

		if (side->far->rules[i] == K8S_MATCH_NO)
			continue;
		if (side->far->rules[i] != K8S_MATCH_CERTAIN)
			return UNCERTAIN;
		if (masks->has_names[side->direction][i])
			ports = named_mask(side->tools, side->direction, i, side->destination);
		if (!ports)
			return -ENOMEM;
		take_rule(side, &facts_rules(side->table)[i],
			  policy->tier == WEIR_TIER_NETWORK_POLICY, ports);
	}
	return 0;
}

/* What was passed is open again; what NetworkPolicy isolates is decided. */
static void end_tier(struct side *side, unsigned tier)
{
	const struct mask_tools *tools = side->tools;

	for (size_t i = 0; i < tools->masks->words; i++) {
		tools->open[i] |= tools->passed[i];
		tools->passed[i] = 0;
		if (tier == WEIR_TIER_NETWORK_POLICY && side->is_isolated)
			tools->open[i] = 0;
	}
}

static int take_tiers(struct side *side, const struct near_view *near)
{
	const struct policy *policies = facts_policies(side->table);
	uint32_t next = 0;
	int status = 0;

	for (unsigned tier = 0; tier < WEIR_TIERS && !status; tier++) {
		for (; next < near->count && !status; next++) {
			const struct policy *policy = &policies[near->policies[next].policy];

			if (policy->tier != tier)
				break;
			if (near->policies[next].level != K8S_MATCH_CERTAIN)
				return UNCERTAIN;
			side->is_isolated |= tier == WEIR_TIER_NETWORK_POLICY;
			status = take_policy(side, policy);
		}
		end_tier(side, tier);
	}
	return status;
}

int masks_side(struct mask_tools *tools, enum weir_direction direction,
	       const struct candidate *near, const struct candidate *far, uint64_t *allowed)
{
	const struct masks *masks = tools->masks;
	const struct side_facts *table = &masks->facts->sides[direction];
	struct side side = {
		.tools = tools,
		.table = table,
		.direction = direction,
		.far = (const struct far_view *)table->fars.items + far->far[direction],
		.destination = direction == WEIR_EGRESS ? far : near,
		.allowed = allowed,
	};
	bool is_pod = near->as.kind == K8S_END_PODS;
	int status = 0;

	if (near->as.kind == K8S_END_UNKNOWN_POD || far->as.kind == K8S_END_UNKNOWN_POD)
		return UNCERTAIN;
	for (size_t i = 0; i < masks->words; i++) {
		allowed[i] = is_pod ? masks->always[i] : masks->all[i];
		tools->open[i] = masks->all[i] & ~allowed[i];
		tools->passed[i] = 0;
	}
	if (is_pod)
		status = take_tiers(&side, (const struct near_view *)table->nears.items +
						   near->near[direction]);
	for (size_t i = 0; i < masks->words && !status; i++)
		allowed[i] |= tools->open[i];
	return status;
}
