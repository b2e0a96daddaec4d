/*
 * leaves.c - profiles, specials and the trie that leads to them.
 *
 * Ends with the same rows, classes and groups share a profile; nodes' profiles come last, so that
 * one comparison tells a node. A leaf is a profile and the number of the node that an end is on.
 */
#include "build.h"

#include <errno.h>

enum {
	CANDIDATES_MOST = 4, /* of an address that nobody owns */
};

struct work {
	struct build *build;
	struct weir_map profiles; /* pods and what is outside; then nodes */
	struct weir_map specials; /* unknown pods, by their candidates */
	uint32_t *profile_of;     /* by element; of unknown pods the favourable one, outside the one
				   * with names */
	uint32_t *twin_of;        /* by element; the unfavourable one, the one without names */
	uint32_t *number_of;      /* of each endpoint that is a node; 0: none */
};

/* What leaves tell apart: the profile, and whose rules it means. */
struct role {
	struct layout_profile profile;
	struct layout_group group;
};

static int add_role(struct build *build, const struct role *role)
{
	struct layout_profile *profile = weir_array_push(&build->profiles);
	struct layout_group *group = weir_array_push(&build->sections[LAYOUT_GROUPS]);

	if (!profile || !group)
		return -ENOMEM;
	*profile = role->profile;
	*group = role->group;
	return 0;
}

static int number_role(struct work *work, const struct role *role, uint32_t *number)
{
	uint64_t hash = weir_hash_bytes(role, sizeof(*role), 0);
	struct weir_map_slot *slot = weir_map_slot(&work->profiles, role, sizeof(*role), hash);
	struct role *copy;

	if (!slot)
		return -ENOMEM;
	if (slot->key) {
		*number = slot->value;
		return 0;
	}
	copy = weir_arena_new(&work->build->arena, struct role);
	if (!copy || add_role(work->build, role))
		return -ENOMEM;
	*copy = *role;
	*number = (uint32_t)work->build->profiles.count - 1;
	weir_map_fill(&work->profiles, slot, copy, sizeof(*copy), hash, *number);
	return 0;
}

/* The rows of an element; twin is 1 for the other one of an unknown pod. */
static uint32_t row_of(const struct side *side, const struct element *element, unsigned twin)
{
	if (element->kind == ELEMENT_POD)
		return side->group_rows[side->group_of[element->endpoint]];
	if (element->kind == ELEMENT_UNKNOWN)
		return side->unknown_rows[twin];
	return side->open_row;
}

static struct role role_of(const struct build *build, uint32_t index, unsigned twin)
{
	const struct element *element = &build->owners.elements[index];
	struct role role;

	for (unsigned i = 0; i < DIRECTIONS; i++) {
		const struct side *side = &build->sides[i];
		uint32_t class = side->class_of[index];

		role.group.group[i] = element->kind == ELEMENT_POD
					      ? side->group_of[element->endpoint]
					      : LAYOUT_NO_GROUP;
		role.profile.row[i] = row_of(side, element, twin);
		role.profile.class[i] = class;
		if (twin && side->twin[class] != LAYOUT_NO_CLASS)
			role.profile.class[i] = side->twin[class];
		if (element->kind == ELEMENT_EXTERNAL)
			role.profile.class[i] |= LAYOUT_OUTSIDE;
	}
	return role;
}

/* Whether what is outside is told apart by whether it has a domain name. */
static bool is_open(const struct build *build, uint32_t element)
{
	const struct side *egress = &build->sides[WEIR_EGRESS];

	return build->owners.elements[element].kind == ELEMENT_EXTERNAL &&
	       egress->is_open[egress->class_of[element]];
}

static int number_element(struct work *work, uint32_t index)
{
	struct role role = role_of(work->build, index, 0);
	int status = number_role(work, &role, &work->profile_of[index]);

	work->twin_of[index] = work->profile_of[index];
	if (status || (work->build->owners.elements[index].kind != ELEMENT_UNKNOWN &&
		       !is_open(work->build, index)))
		return status;
	role = role_of(work->build, index, 1);
	return number_role(work, &role, &work->twin_of[index]);
}

static void count_profile_bits(struct build *build)
{
	build->profile_bits = 1;
	while (build->profiles.count > (size_t)1 << build->profile_bits)
		build->profile_bits++;
}

static int number_profiles(struct work *work)
{
	const struct owners *owners = &work->build->owners;
	int status = 0;

	for (uint32_t i = 0; i < owners->element_count && !status; i++) {
		if (owners->elements[i].kind != ELEMENT_NODE)
			status = number_element(work, i);
	}
	/* A node has a profile of its own, even where a pod has the same. */
	weir_map_finish(&work->profiles);
	work->build->first_node_profile = (uint32_t)work->build->profiles.count;
	for (uint32_t i = 0; i < owners->element_count && !status; i++) {
		if (owners->elements[i].kind == ELEMENT_NODE)
			status = number_element(work, i);
	}
	count_profile_bits(work->build);
	return status;
}

/* Of kinds: their numbers and all others stay what they are, whatever rules say, so that the trie
 * stays as it is. Kinds come first, with room for others; then what is no node; then nodes. */

static int push_role(struct work *work, uint32_t index, unsigned twin, uint32_t *number)
{
	struct role role = role_of(work->build, index, twin);

	*number = (uint32_t)work->build->profiles.count;
	return add_role(work->build, &role);
}

static void put_role(struct build *build, uint32_t index, uint32_t number)
{
	struct role role = role_of(build, index, 0);

	((struct layout_profile *)build->profiles.items)[number] = role.profile;
	((struct layout_group *)build->sections[LAYOUT_GROUPS].items)[number] = role.group;
}

static int place_element(struct work *work, uint32_t index)
{
	struct build *build = work->build;
	const struct element *element = &build->owners.elements[index];
	uint32_t *number = &work->profile_of[index];
	bool has_twin = element->kind == ELEMENT_UNKNOWN ||
			(element->kind == ELEMENT_EXTERNAL && build->has_domains);
	int status = 0;

	*number = element->endpoint;
	if (element->kind == ELEMENT_POD && *number < build->kinds->count)
		put_role(build, index, *number);
	else
		status = push_role(work, index, 0, number);
	work->twin_of[index] = *number;
	return status || !has_twin ? status : push_role(work, index, 1, &work->twin_of[index]);
}

static int place_profiles(struct work *work)
{
	struct build *build = work->build;
	const struct owners *owners = &build->owners;
	uint32_t room = build->kinds->room;
	int status = weir_array_resize(&build->profiles, room);

	if (!status)
		status = weir_array_resize(&build->sections[LAYOUT_GROUPS], room);
	for (uint32_t i = 0; i < owners->element_count && !status; i++) {
		if (owners->elements[i].kind != ELEMENT_NODE)
			status = place_element(work, i);
	}
	build->first_node_profile = (uint32_t)build->profiles.count;
	for (uint32_t i = 0; i < owners->element_count && !status; i++) {
		if (owners->elements[i].kind == ELEMENT_NODE)
			status = place_element(work, i);
	}
	count_profile_bits(build);
	return status;
}

/* Nodes with addresses count from 1. */
static int number_nodes(struct work *work)
{
	struct build *build = work->build;
	const struct weir_resolved *resolved = build->resolved;
	uint32_t *endpoint = weir_array_push(&build->node_numbers);

	if (!endpoint)
		return -ENOMEM;
	*endpoint = WEIR_NONE;
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		if (resolved->endpoints[i].kind != WEIR_ENDPOINT_NODE ||
		    !resolved->endpoints[i].address_count)
			continue;
		work->number_of[i] = (uint32_t)build->node_numbers.count;
		endpoint = weir_array_push(&build->node_numbers);
		if (!endpoint)
			return -ENOMEM;
		*endpoint = i;
	}
	if (build->profile_bits >= 31 ||
	    build->node_numbers.count > (size_t)1 << (31 - build->profile_bits))
		return build_fail(build, -ERANGE,
				  "%zu nodes and %zu kinds of ends are more than a leaf can tell",
				  build->node_numbers.count, build->profiles.count);
	return 0;
}

static uint32_t leaf_of_element(const struct work *work, uint32_t index)
{
	const struct element *element = &work->build->owners.elements[index];
	uint32_t node = element->endpoint;

	if (node != WEIR_NONE && element->kind == ELEMENT_POD)
		node = work->build->resolved->endpoints[node].node;
	if (node == WEIR_NONE)
		return work->profile_of[index];
	return work->number_of[node] << work->build->profile_bits | work->profile_of[index];
}

static int add_candidate(struct build *build, uint32_t leaf)
{
	uint32_t *candidate = weir_array_push(&build->candidates);

	if (!candidate)
		return -ENOMEM;
	*candidate = leaf;
	return 0;
}

static struct layout_special *add_special(struct build *build, enum layout_special_kind kind,
					  uint32_t *leaf)
{
	struct layout_special *special = weir_array_push(&build->specials);

	if (!special)
		return NULL;
	special->first = (uint32_t)build->candidates.count;
	special->kind = kind;
	*leaf = LAYOUT_SPECIAL | (uint32_t)(build->specials.count - 1);
	return special;
}

static int place_owned(struct work *work, uint32_t index)
{
	struct build *build = work->build;
	struct owned *owned = &build->owners.items[index];
	uint32_t *leaf = &owned->leaf;
	struct layout_special *special;

	if (owned->count == 1 && !owned->is_shared_by_nodes) {
		*leaf = leaf_of_element(work, owned->first_element);
		return 0;
	}
	special = add_special(build, owned->count > 1 ? LAYOUT_SHARED : LAYOUT_NODES_SHARED, leaf);
	if (!special)
		return -ENOMEM;
	special->count = owned->count;
	for (uint32_t i = 0; i < owned->count; i++) {
		if (add_candidate(build, leaf_of_element(work, owned->first_element + i)))
			return -ENOMEM;
	}
	return 0;
}

/* What an address that nobody owns may be: in the order of a special's candidates. */
static uint32_t list_candidates(const struct work *work, uint32_t region, uint32_t *candidates)
{
	const struct build *build = work->build;
	uint32_t element = build->owners.first_of_region[region];
	uint32_t count = 0;

	if (build->regions.items[region].in_pod_range) {
		candidates[count++] = work->profile_of[element + 1];
		candidates[count++] = work->twin_of[element + 1];
	}
	candidates[count++] = work->profile_of[element];
	if (count == 1 ? is_open(build, element) : build->has_domains)
		candidates[count++] = work->twin_of[element];
	return count;
}

/* Regions whose candidates are alike share a special. */
static int place_region(struct work *work, uint32_t index)
{
	struct build *build = work->build;
	uint32_t *key = weir_arena_array(&build->arena, CANDIDATES_MOST, uint32_t);
	uint32_t *leaf = &build->leaf_of_region[index];
	struct layout_special *special;
	uint32_t *known;
	uint32_t count;

	if (!key)
		return -ENOMEM;
	count = list_candidates(work, index, key);
	*leaf = key[0];
	if (count == 1)
		return 0;
	known = weir_map_insert(&work->specials, key, count * sizeof(*key), UINT32_MAX, NULL);
	if (!known)
		return -ENOMEM;
	if (*known != UINT32_MAX) {
		*leaf = *known;
		return 0;
	}
	special = add_special(build, count == 2 ? LAYOUT_NAMED : LAYOUT_UNKNOWN, leaf);
	if (!special)
		return -ENOMEM;
	special->count = 1;
	*known = *leaf;
	for (uint32_t i = 0; i < count; i++) {
		if (add_candidate(build, key[i]))
			return -ENOMEM;
	}
	return 0;
}

static int place_all(struct work *work)
{
	const struct build *build = work->build;
	int status = 0;

	for (uint32_t i = 0; i < build->owners.count && !status; i++)
		status = place_owned(work, i);
	for (uint32_t i = 0; i < build->regions.count && !status; i++)
		status = place_region(work, i);
	return status;
}

static struct trie_item item_of(const struct weir_address *address, unsigned length, uint32_t leaf)
{
	struct trie_item item = { .length = length, .leaf = leaf };

	for (unsigned i = 0; i < 16; i++)
		item.words[i / 8] = item.words[i / 8] << 8 | address->bytes[i];
	return item;
}

/* What a trie leads to. */
struct targets {
	const struct regions *regions;
	const uint32_t *leaf_of_region;
	const struct owned *owned; /* by address */
	size_t owned_count;
};

/* Regions and owned addresses are both in order; an address comes behind the prefix that it is. */
static size_t merge(const struct targets *targets, bool ipv4, struct trie_item *items)
{
	const struct regions *regions = targets->regions;
	uint32_t region = ipv4 ? 0 : regions->ipv4_count;
	uint32_t region_end = ipv4 ? regions->ipv4_count : regions->count;
	size_t count = 0;
	size_t i = 0;

	for (;;) {
		const struct owned *owned;

		while (i < targets->owned_count &&
		       weir_address_is_ipv4(&targets->owned[i].address) != ipv4)
			i++;
		owned = i < targets->owned_count ? &targets->owned[i] : NULL;
		if (region < region_end &&
		    (!owned || memcmp(regions->items[region].prefix.address.bytes,
				      owned->address.bytes, sizeof(owned->address.bytes)) <= 0)) {
			const struct weir_prefix *prefix = &regions->items[region].prefix;

			items[count++] = item_of(&prefix->address, prefix->length,
						 targets->leaf_of_region[region]);
			region++;
		} else if (owned) {
			items[count++] = item_of(&owned->address, 128, owned->leaf);
			i++;
		} else {
			return count;
		}
	}
}

int build_trie(struct trie *trie, struct weir_arena *arena, const struct regions *regions,
	       const uint32_t *leaf_of_region, const struct owned *owned, size_t owned_count)
{
	const struct targets targets = { regions, leaf_of_region, owned, owned_count };
	size_t most = owned_count + regions->count;
	struct trie_item *ipv4 = weir_arena_array(arena, most, struct trie_item);
	struct trie_item *ipv6 = weir_arena_array(arena, most, struct trie_item);
	size_t ipv4_count, ipv6_count;

	if (!ipv4 || !ipv6)
		return -ENOMEM;
	ipv4_count = merge(&targets, true, ipv4);
	ipv6_count = merge(&targets, false, ipv6);
	return trie_build(trie, arena, ipv4, ipv4_count, ipv6, ipv6_count);
}

static int build_in(struct work *work)
{
	struct build *build = work->build;
	struct weir_arena *arena = &build->arena;
	int status;

	work->profile_of = weir_arena_array(arena, build->owners.element_count, uint32_t);
	work->twin_of = weir_arena_array(arena, build->owners.element_count, uint32_t);
	work->number_of = weir_arena_array(arena, build->resolved->endpoint_count, uint32_t);
	build->leaf_of_region = weir_arena_array(arena, build->regions.count, uint32_t);
	if (!work->profile_of || !work->twin_of || !work->number_of || !build->leaf_of_region)
		return -ENOMEM;
	status = build->kinds ? place_profiles(work) : number_profiles(work);
	if (!status)
		status = number_nodes(work);
	if (!status)
		status = place_all(work);
	if (status || build->kinds)
		return status;
	return build_trie(&build->trie, arena, &build->regions, build->leaf_of_region,
			  build->owners.items, build->owners.count);
}

int build_leaves(struct build *build)
{
	struct work work = { .build = build };
	int status;

	weir_map_init(&work.profiles, build->allocator);
	weir_map_init(&work.specials, build->allocator);
	status = build_in(&work);
	weir_map_finish(&work.profiles);
	weir_map_finish(&work.specials);
	return status;
}
