/*
 * classes.c - far ends into classes, near ends into groups, each direction by itself.
 *
 * Far ends are alike when they are the same kind of thing, the same blocks contain them and the
 * same peers' sets hold them; for egress, whose rules ask the far end for its named ports, also
 * when they declare the same ones. Near ends are alike when the same subjects' sets hold them;
 * for ingress also when they declare the same named ports.
 *
 * An unknown pod is in no set by name: its class has a twin, so that the table has a column for
 * the favourable and one for the unfavourable pod. Where rules have domain names so has, for
 * egress, each class of what is outside: one column with every name, one without any.
 */
#include "build.h"

#include <errno.h>

#include "numbers.h"
#include "partition.h"

/* What rules are tried in the order of, the least byte first. */
static unsigned byte_of(const struct weir_rule *rule, unsigned byte)
{
	return byte < 4 ? rule->precedence >> 8 * byte & 255 : rule->tier;
}

/* One pass a byte, for those in which rules differ: mostly one. Uses the scratch, of as many;
 * returns where they are in the end. */
static uint32_t *sort_rules(const struct weir_rule *rules, uint32_t *order, uint32_t *scratch,
			    uint32_t count)
{
	for (unsigned byte = 0; byte < 5 && count; byte++) {
		uint32_t next[257] = { 0 };
		uint32_t *sorted = scratch;

		for (uint32_t i = 0; i < count; i++)
			next[byte_of(&rules[order[i]], byte) + 1]++;
		if (next[byte_of(&rules[order[0]], byte) + 1] == count)
			continue;
		for (unsigned value = 0; value < 256; value++)
			next[value + 1] += next[value];
		for (uint32_t i = 0; i < count; i++)
			sorted[next[byte_of(&rules[order[i]], byte)]++] = order[i];
		scratch = order;
		order = sorted;
	}
	return order;
}

static int order_rules(struct build *build, enum weir_direction direction)
{
	const struct weir_resolved *resolved = build->resolved;
	struct side *side = &build->sides[direction];
	uint32_t *rules = weir_arena_array(&build->arena, resolved->rule_count, uint32_t);
	uint32_t *scratch = weir_arena_array(&build->arena, resolved->rule_count, uint32_t);

	if (!rules || !scratch)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		if (resolved->rules[i].direction == direction)
			rules[side->rule_count++] = i;
	}
	side->rules = sort_rules(resolved->rules, rules, scratch, side->rule_count);
	return 0;
}

/* Which sets or blocks are peers in the direction: a byte each, the other kind left out. */
static uint8_t *used_peers(struct build *build, const struct side *side, enum weir_peer_kind kind,
			   uint32_t count)
{
	uint8_t *used = weir_arena_array(&build->arena, count, uint8_t);

	for (uint32_t i = 0; i < side->rule_count && used; i++) {
		const struct weir_rule *rule = &build->resolved->rules[side->rules[i]];

		for (uint32_t j = 0; j < rule->peer_count; j++) {
			if (rule->peers[j].kind == kind)
				used[rule->peers[j].index] = 1;
		}
	}
	return used;
}

static uint8_t *used_subjects(struct build *build, const struct side *side)
{
	uint8_t *used = weir_arena_array(&build->arena, build->resolved->set_count, uint8_t);

	for (uint32_t i = 0; i < side->rule_count && used; i++)
		used[build->resolved->rules[side->rules[i]].subjects] = 1;
	return used;
}

/* Signatures of named ports: endpoints that declare none have 0. */

static uint32_t *signature_key(struct build *build, const struct side *side, uint32_t endpoint,
			       uint32_t *scratch, size_t *length)
{
	const struct port_map *ports = &build->ports;
	const uint8_t *used = ports->name_used[side - build->sides];
	size_t count = 0;

	for (uint32_t i = ports->declared_first[endpoint]; i < ports->declared_first[endpoint + 1];
	     i++) {
		if (!used[ports->declared[i].name])
			continue;
		scratch[count++] = ports->declared[i].name;
		scratch[count++] = ports->declared[i].item;
	}
	*length = count * sizeof(*scratch);
	return scratch;
}

static int sign(struct build *build, struct side *side, struct weir_map *map, uint32_t endpoint,
		uint32_t *scratch)
{
	size_t length;
	uint32_t *key = signature_key(build, side, endpoint, scratch, &length);
	uint64_t hash;
	struct weir_map_slot *slot;
	uint32_t *copy;

	if (!length || build->resolved->endpoints[endpoint].kind != WEIR_ENDPOINT_POD)
		return 0;
	hash = weir_hash_bytes(key, length, 0);
	slot = weir_map_slot(map, key, length, hash);
	if (!slot)
		return -ENOMEM;
	if (!slot->key) {
		copy = weir_arena_allocate(&build->arena, length, 1);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, key, length);
		weir_map_fill(map, slot, copy, length, hash, side->signature_count);
		side->signature_sample[side->signature_count++] = endpoint;
	}
	side->signature[endpoint] = slot->value;
	return 0;
}

static int sign_endpoints(struct build *build, struct side *side)
{
	const uint32_t *first = build->ports.declared_first;
	uint32_t count = build->resolved->endpoint_count;
	struct weir_map map;
	uint32_t most = 0;
	uint32_t *scratch;
	int status = 0;

	for (uint32_t i = 0; i < count; i++)
		most = first[i + 1] - first[i] > most ? first[i + 1] - first[i] : most;
	scratch = weir_arena_array(&build->arena, 2 * (size_t)most, uint32_t);
	side->signature = weir_arena_array(&build->arena, count, uint32_t);
	side->signature_sample = weir_arena_array(&build->arena, (size_t)count + 1, uint32_t);
	if (!scratch || !side->signature || !side->signature_sample)
		return -ENOMEM;
	side->signature_sample[0] = WEIR_NONE;
	side->signature_count = 1;
	weir_map_init(&map, build->allocator);
	for (uint32_t i = 0; i < count && !status; i++)
		status = sign(build, side, &map, i, scratch);
	weir_map_finish(&map);
	return status;
}

/* Regions in the same blocks are one block class. */
static int classify_regions(struct build *build, struct side *side)
{
	const struct weir_resolved *resolved = build->resolved;
	uint8_t *used = used_peers(build, side, WEIR_PEER_BLOCK, resolved->block_count);
	struct partition partition;

	if (!used || partition_init(&partition, &build->arena, build->regions.count))
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->block_count; i++) {
		uint32_t region = used[i] ? regions_next(&build->regions, i, 0) : WEIR_NONE;

		for (; region != WEIR_NONE; region = regions_next(&build->regions, i, region + 1))
			partition_mark(&partition, region);
		partition_split(&partition);
	}
	side->block_class_of = partition.class_of;
	side->block_class_count = partition.class_count;
	return 0;
}

bool build_sees_block(const struct build *build, uint32_t block, const struct element *element)
{
	return build->resolved->semantics.ipblock_pods == WEIR_IPBLOCK_PODS_MATCH ||
	       element->kind == ELEMENT_NODE || element->kind == ELEMENT_EXTERNAL ||
	       build->resolved->blocks[block].always_pods;
}

bool build_sees_blocks(const struct build *build, const struct element *element)
{
	return build->resolved->semantics.ipblock_pods == WEIR_IPBLOCK_PODS_MATCH ||
	       element->kind == ELEMENT_NODE || element->kind == ELEMENT_EXTERNAL ||
	       build->some_always_pods;
}

bool build_is_outside(const struct build *build, const struct side *side, uint32_t class)
{
	return build->owners.elements[side->sample[class]].kind == ELEMENT_EXTERNAL;
}

static int start_partition(struct build *build, struct side *side, struct partition *partition)
{
	const struct owners *owners = &build->owners;
	uint32_t *keys = weir_arena_array(&build->arena, owners->element_count, uint32_t);
	uint32_t *signatures = weir_arena_array(&build->arena, owners->element_count, uint32_t);
	int status = partition_init(partition, &build->arena, owners->element_count);

	if (status || !keys || !signatures)
		return -ENOMEM;
	for (uint32_t i = 0; i < owners->element_count; i++) {
		const struct element *element = &owners->elements[i];

		keys[i] = element->kind * side->block_class_count;
		if (build_sees_blocks(build, element))
			keys[i] += side->block_class_of[element->region];
		if (element->kind == ELEMENT_POD)
			signatures[i] = side->signature[element->endpoint];
	}
	status = partition_by_key(partition, &build->arena, keys, 4 * side->block_class_count);
	if (!status && side == &build->sides[WEIR_EGRESS])
		status = partition_by_key(partition, &build->arena, signatures,
					  side->signature_count);
	return status;
}

static void refine_by_set(const struct build *build, struct partition *partition,
			  const struct weir_set *set)
{
	const struct owners *owners = &build->owners;

	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		uint32_t endpoint = set->endpoints[i];
		uint32_t end = owners->endpoint_first[endpoint + 1];

		for (uint32_t j = owners->endpoint_first[endpoint]; j < end; j++)
			partition_mark(partition, owners->endpoint_elements[j]);
	}
	partition_split(partition);
}

/* Whether a class stands for two that an element may turn out to be. */
static bool needs_twin(const struct build *build, const struct side *side, uint32_t class)
{
	return build->owners.elements[side->sample[class]].kind == ELEMENT_UNKNOWN ||
	       (build->has_domains && side == &build->sides[WEIR_EGRESS] &&
		build_is_outside(build, side, class));
}

static int add_twins(struct build *build, struct side *side)
{
	uint32_t *unknown = weir_arena_array(&build->arena, side->plain_count, uint32_t);
	uint32_t *outside = weir_arena_array(&build->arena, side->plain_count, uint32_t);
	uint32_t unknown_count = 0, outside_count = 0;

	side->class_count = side->plain_count;
	side->twin = weir_arena_array(&build->arena, side->plain_count, uint32_t);
	side->sample = weir_arena_array(&build->arena, 2 * (size_t)side->plain_count, uint32_t);
	side->is_open = weir_arena_array(&build->arena, side->plain_count, uint8_t);
	if (!unknown || !outside || !side->twin || !side->sample || !side->is_open)
		return -ENOMEM;
	for (uint32_t i = 0; i < build->owners.element_count; i++)
		side->sample[side->class_of[i]] = i;
	for (uint32_t i = 0; i < side->plain_count; i++) {
		side->twin[i] = LAYOUT_NO_CLASS;
		if (!needs_twin(build, side, i))
			continue;
		if (build_is_outside(build, side, i))
			outside[outside_count++] = i;
		else
			unknown[unknown_count++] = i;
		side->twin[i] = side->class_count++;
		side->sample[side->twin[i]] = side->sample[i];
	}
	side->unknown_classes = (struct list){ unknown, unknown_count };
	side->outside_classes = (struct list){ outside, outside_count };
	return 0;
}

/* The classes in a set: each once, ascending. */
static int list_classes_of_set(struct build *build, struct side *side, uint32_t index,
			       uint32_t *stamps, uint32_t *scratch)
{
	const struct owners *owners = &build->owners;
	const struct weir_set *set = &build->resolved->sets[index];
	uint32_t count = 0;
	uint32_t *classes;

	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		uint32_t end = owners->endpoint_first[set->endpoints[i] + 1];

		for (uint32_t j = owners->endpoint_first[set->endpoints[i]]; j < end; j++) {
			uint32_t class = side->class_of[owners->endpoint_elements[j]];

			if (stamps[class] == index + 1)
				continue;
			stamps[class] = index + 1;
			scratch[count++] = class;
		}
	}
	weir_sort_numbers(scratch, count);
	classes = weir_arena_array(&build->arena, count, uint32_t);
	if (!classes)
		return -ENOMEM;
	memcpy(classes, scratch, count * sizeof(*classes));
	side->set_classes[index] = (struct list){ classes, count };
	return 0;
}

static int list_classes_of_sets(struct build *build, struct side *side, const uint8_t *used)
{
	uint32_t count = build->resolved->set_count;
	uint32_t *stamps = weir_arena_array(&build->arena, side->plain_count, uint32_t);
	uint32_t *scratch = weir_arena_array(&build->arena, side->plain_count, uint32_t);
	int status = 0;

	side->set_classes = weir_arena_array(&build->arena, count, struct list);
	if (!stamps || !scratch || !side->set_classes)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && !status; i++) {
		if (used[i])
			status = list_classes_of_set(build, side, i, stamps, scratch);
	}
	return status;
}

static int list_classes_of_block_classes(struct build *build, struct side *side)
{
	struct weir_arena *arena = &build->arena;
	uint32_t *first = weir_arena_array(arena, (size_t)side->block_class_count + 1, uint32_t);
	uint32_t *classes = weir_arena_array(arena, side->plain_count, uint32_t);

	side->classes_of_block_class =
		weir_arena_array(arena, side->block_class_count, struct list);
	if (!first || !classes || !side->classes_of_block_class)
		return -ENOMEM;
	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < side->plain_count; i++) {
			const struct element *element = &build->owners.elements[side->sample[i]];
			uint32_t block_class = side->block_class_of[element->region];

			if (!build_sees_blocks(build, element))
				continue;
			if (pass == 0)
				first[block_class + 1]++;
			else
				classes[first[block_class]++] = i;
		}
		for (uint32_t i = 0; i < side->block_class_count && pass == 0; i++)
			first[i + 1] += first[i];
	}
	for (uint32_t i = 0; i < side->block_class_count; i++) {
		uint32_t from = i ? first[i - 1] : 0;

		side->classes_of_block_class[i] = (struct list){ classes + from, first[i] - from };
	}
	return 0;
}

static int classify_far_ends(struct build *build, struct side *side)
{
	uint32_t sets = build->resolved->set_count;
	uint8_t *used = used_peers(build, side, WEIR_PEER_SET, sets);
	struct partition partition;
	int status;

	if (!used)
		return -ENOMEM;
	status = classify_regions(build, side);
	if (!status)
		status = start_partition(build, side, &partition);
	if (status)
		return status;
	for (uint32_t i = 0; i < sets; i++) {
		if (used[i])
			refine_by_set(build, &partition, &build->resolved->sets[i]);
	}
	side->class_of = partition.class_of;
	side->plain_count = partition.class_count;
	status = add_twins(build, side);
	if (!status)
		status = list_classes_of_sets(build, side, used);
	if (!status)
		status = list_classes_of_block_classes(build, side);
	return status;
}

/* Groups. */

static bool owns_addresses(const struct build *build, uint32_t endpoint)
{
	return build->resolved->endpoints[endpoint].kind == WEIR_ENDPOINT_POD &&
	       build->owners.endpoint_first[endpoint] != build->owners.endpoint_first[endpoint + 1];
}

static void refine_by_subjects(const struct build *build, struct partition *partition,
			       const struct weir_set *set)
{
	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		if (owns_addresses(build, set->endpoints[i]))
			partition_mark(partition, set->endpoints[i]);
	}
	partition_split(partition);
}

static int partition_near_ends(struct build *build, struct side *side, const uint8_t *used)
{
	const struct weir_resolved *resolved = build->resolved;
	uint32_t *keys = weir_arena_array(&build->arena, resolved->endpoint_count, uint32_t);
	struct partition partition;

	if (!keys || partition_init(&partition, &build->arena, resolved->endpoint_count))
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		keys[i] = owns_addresses(build, i) ? side->signature[i] + 1 : 0;
	if (side == &build->sides[WEIR_INGRESS] &&
	    partition_by_key(&partition, &build->arena, keys, side->signature_count + 1))
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		if (used[i])
			refine_by_subjects(build, &partition, &resolved->sets[i]);
	}
	side->group_of = partition.class_of;
	side->group_count = partition.class_count;
	side->group_sample = weir_arena_array(&build->arena, side->group_count, uint32_t);
	if (!side->group_sample)
		return -ENOMEM;
	for (uint32_t i = resolved->endpoint_count; i-- > 0;)
		side->group_sample[side->group_of[i]] = i;
	return 0;
}

/* The groups in a set; repetition is kept out by stamps. */
static int list_groups_of_set(struct build *build, const struct side *side, uint32_t index,
			      uint32_t *stamps, uint32_t *scratch, struct list *groups)
{
	const struct weir_set *set = &build->resolved->sets[index];
	uint32_t count = 0;
	uint32_t *copy;

	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		uint32_t group = side->group_of[set->endpoints[i]];

		if (!owns_addresses(build, set->endpoints[i]) || stamps[group] == index + 1)
			continue;
		stamps[group] = index + 1;
		scratch[count++] = group;
	}
	copy = weir_arena_array(&build->arena, count, uint32_t);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, scratch, count * sizeof(*copy));
	*groups = (struct list){ copy, count };
	return 0;
}

static struct list *list_groups(struct build *build, const struct side *side, const uint8_t *used)
{
	uint32_t count = build->resolved->set_count;
	uint32_t *stamps = weir_arena_array(&build->arena, side->group_count, uint32_t);
	uint32_t *scratch = weir_arena_array(&build->arena, side->group_count, uint32_t);
	struct list *groups = weir_arena_array(&build->arena, count, struct list);

	if (!stamps || !scratch || !groups)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		if (used[i] && list_groups_of_set(build, side, i, stamps, scratch, &groups[i]))
			return NULL;
	}
	return groups;
}

/* Each group's rules in the order in which they are tried, and behind the last group those whose
 * subjects an unknown pod is always among. */
static int list_rules(struct build *build, struct side *side, const struct list *groups)
{
	const struct weir_resolved *resolved = build->resolved;
	size_t lists = (size_t)side->group_count + 1;
	uint32_t *counts = weir_arena_array(&build->arena, lists, uint32_t);
	uint32_t **items = weir_arena_array(&build->arena, lists, uint32_t *);

	side->group_rules = weir_arena_array(&build->arena, lists, struct list);
	if (!counts || !items || !side->group_rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < side->rule_count; i++) {
		uint32_t subjects = resolved->rules[side->rules[i]].subjects;

		for (uint32_t j = 0; j < groups[subjects].count; j++)
			counts[groups[subjects].items[j]]++;
		counts[side->group_count] += resolved->sets[subjects].unknown_pods == WEIR_ALWAYS;
	}
	for (size_t i = 0; i < lists; i++) {
		items[i] = weir_arena_array(&build->arena, counts[i], uint32_t);
		if (!items[i])
			return -ENOMEM;
		side->group_rules[i] = (struct list){ items[i], counts[i] };
	}
	for (uint32_t i = 0; i < side->rule_count; i++) {
		uint32_t subjects = resolved->rules[side->rules[i]].subjects;

		for (uint32_t j = 0; j < groups[subjects].count; j++)
			*items[groups[subjects].items[j]]++ = side->rules[i];
		if (resolved->sets[subjects].unknown_pods == WEIR_ALWAYS)
			*items[side->group_count]++ = side->rules[i];
	}
	return 0;
}

static int group_near_ends(struct build *build, struct side *side)
{
	uint8_t *used = used_subjects(build, side);
	struct list *groups;
	int status;

	if (!used)
		return -ENOMEM;
	status = partition_near_ends(build, side, used);
	if (status)
		return status;
	groups = list_groups(build, side, used);
	return groups ? list_rules(build, side, groups) : -ENOMEM;
}

static void survey(struct build *build)
{
	const struct weir_resolved *resolved = build->resolved;

	for (uint32_t i = 0; i < resolved->block_count; i++)
		build->some_always_pods |= resolved->blocks[i].always_pods;
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[i];

		build->has_tiers |= rule->tier != WEIR_TIER_NETWORK_POLICY;
		for (uint32_t j = 0; j < rule->peer_count; j++)
			build->has_domains |= rule->peers[j].kind == WEIR_PEER_DOMAINS;
	}
}

int build_classes(struct build *build)
{
	survey(build);
	for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
		struct side *side = &build->sides[direction];
		int status = order_rules(build, (enum weir_direction)direction);

		if (!status)
			status = sign_endpoints(build, side);
		if (!status)
			status = classify_far_ends(build, side);
		if (!status)
			status = group_near_ends(build, side);
		if (status)
			return status;
	}
	return 0;
}
