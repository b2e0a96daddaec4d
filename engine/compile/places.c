#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOM_SHARE = 4, /* room for kinds to come: a fourth of those there are, and some */
	ROOM_LEAST = 256,
};

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_address));
}

bool ground_is_contended(const struct ground *ground, const struct weir_address *address)
{
	return ground->contended_count &&
	       bsearch(address, ground->contended, ground->contended_count, sizeof(*address),
		       compare_addresses);
}

bool ground_has(const struct ground *ground, const struct weir_endpoint *endpoint)
{
	bool has = endpoint->kind == WEIR_ENDPOINT_NODE;

	for (uint32_t i = 0; i < endpoint->address_count && claims_addresses(endpoint) && !has; i++)
		has = ground_is_contended(ground, &endpoint->addresses[i]);
	return has;
}

/* Kinds. */

int places_kind(struct places *places, const struct object_endpoint *pod,
		const struct weir_address *address, uint32_t *kind)
{
	uint32_t region =
		places->blocks_hold_pods ? regions_find(&places->regions, address) : WEIR_NONE;

	return kinds_number(&places->kinds, pod, address, region, kind);
}

uint32_t places_leaf(const struct places *places, const struct object_endpoint *pod, uint32_t kind)
{
	uint32_t node = pod->endpoint.node;

	if (node == WEIR_NONE)
		return kind;
	return places->ground->node_number[node] << places->tables.policy->lookup.profile_bits |
	       kind;
}

uint32_t places_free_leaf(const struct places *places, const struct weir_address *address)
{
	return places->tables.leaf_of_region[regions_find(&places->regions, address)];
}

/* The regions that the blocks make. */
static int find_regions(struct places *places)
{
	const struct ground *ground = places->ground;
	struct weir_resolved resolved = ground->frame;
	struct weir_arena arena;
	const uint32_t *ignored;
	int status;

	weir_arena_init(&arena, ground->allocator);
	status = objects_resolve_rules(ground->objects, &arena, &resolved, &ignored);
	if (!status)
		status = regions_build(&places->regions, &places->arena, &resolved);
	places->blocks_hold_pods = resolved.semantics.ipblock_pods == WEIR_IPBLOCK_PODS_MATCH;
	for (uint32_t i = 0; i < resolved.block_count && !status; i++)
		places->blocks_hold_pods |= resolved.blocks[i].always_pods;
	weir_arena_finish(&arena);
	return status;
}

/* What a trie is made of, while it is made. */
struct making {
	struct places *places;
	struct weir_arena arena;
	struct claim *claims; /* of pods: order is the kind; then the leaf */
	size_t count;
};

static int claim(struct making *making, uint32_t number, const struct object_endpoint *pod)
{
	const struct weir_endpoint *endpoint = &pod->endpoint;
	int status = 0;

	for (uint32_t i = 0; i < endpoint->address_count && !status; i++) {
		struct claim *made = &making->claims[making->count];

		if (is_repeated(endpoint, i))
			continue;
		made->address = endpoint->addresses[i];
		made->endpoint = number;
		status = places_kind(making->places, pod, &made->address, &made->order);
		making->count++;
	}
	return status;
}

static const struct object_endpoint *pod_of_kinds(const struct ground *ground, uint32_t number)
{
	const struct object_endpoint *object =
		objects_get(ground->objects, OBJECT_ENDPOINT, number);

	return object && claims_addresses(&object->endpoint) &&
			       !ground_has(ground, &object->endpoint)
		       ? object
		       : NULL;
}

static int claim_all(struct making *making)
{
	const struct ground *ground = making->places->ground;
	uint32_t numbers = (uint32_t)ground->objects->pools[OBJECT_ENDPOINT].slots.count;
	size_t most = 0;
	int status = 0;

	for (uint32_t i = 0; i < numbers; i++) {
		const struct object_endpoint *pod = pod_of_kinds(ground, i);

		most += pod ? pod->endpoint.address_count : 0;
	}
	making->claims = weir_arena_array(&making->arena, most, struct claim);
	if (!making->claims)
		return -ENOMEM;
	for (uint32_t i = 0; i < numbers && !status; i++) {
		const struct object_endpoint *pod = pod_of_kinds(ground, i);

		if (pod)
			status = claim(making, i, pod);
	}
	return status;
}

/* Addresses of kinds' pods and of the others, in order. */
static struct owned *list_owned(struct making *making, size_t *count)
{
	const struct places *places = making->places;
	const struct objects *objects = places->ground->objects;
	size_t all = making->count + places->tables.owned_count;
	struct claim *claims = weir_arena_array(&making->arena, all, struct claim);
	struct claim *scratch = weir_arena_array(&making->arena, all, struct claim);
	struct owned *owned = weir_arena_array(&making->arena, all, struct owned);

	if (!claims || !scratch || !owned)
		return NULL;
	for (size_t i = 0; i < making->count; i++) {
		const struct claim *claim = &making->claims[i];

		claims[i] = *claim;
		claims[i].order =
			places_leaf(places, objects_get(objects, OBJECT_ENDPOINT, claim->endpoint),
				    claim->order);
	}
	for (uint32_t i = 0; i < places->tables.owned_count; i++)
		claims[making->count + i] =
			(struct claim){ places->tables.owned[i].address, WEIR_NONE,
					places->tables.owned[i].leaf };
	claims = claims_sort(claims, scratch, all);
	for (size_t i = 0; i < all; i++)
		owned[i] = (struct owned){ .address = claims[i].address, .leaf = claims[i].order };
	*count = all;
	return owned;
}

static int make_trie(struct making *making)
{
	struct places *places = making->places;
	const struct weir_allocator *allocator = places->ground->allocator;
	size_t bytes = sizeof(*places->first_root) << LAYOUT_ROOT_BITS;
	struct trie trie;
	size_t count;
	struct owned *owned = list_owned(making, &count);
	int status;

	if (!owned)
		return -ENOMEM;
	trie_init(&trie, allocator);
	status = build_trie(&trie, &making->arena, &places->regions, places->tables.leaf_of_region,
			    owned, count);
	if (!status)
		status = patch_trie_init(&places->trie, allocator, &trie);
	trie_finish(&trie);
	places->first_root = weir_arena_allocate(&places->arena, bytes, 1);
	if (status || !places->first_root)
		return -ENOMEM;
	memcpy(places->first_root, places->trie.root, bytes);
	return 0;
}

static int compile(const struct places *places, struct tables *out)
{
	const struct ground *ground = places->ground;
	const struct tables_source source = {
		.objects = ground->objects,
		.frame = &ground->frame,
		.kinds = &places->kinds,
		.kind_room = places->kind_room,
		.regions = &places->regions,
		.others = ground->others,
		.other_count = ground->other_count,
		.options = { ground->allocator, ground->max_bytes },
	};

	return tables_compile(&source, out);
}

int places_compile(const struct places *places, struct tables *out)
{
	struct tables made;
	int status =
		kinds_count(&places->kinds) > places->kind_room ? -EAGAIN : compile(places, &made);

	if (status)
		return status;
	if (!tables_are_alike(&made, &places->tables)) {
		tables_finish(&made);
		return -EAGAIN;
	}
	*out = made;
	return 0;
}

static int make(struct places *places)
{
	struct making making = { .places = places };
	int status = find_regions(places);
	uint32_t count;

	if (status)
		return status;
	weir_arena_init(&making.arena, places->ground->allocator);
	status = claim_all(&making);
	count = kinds_count(&places->kinds);
	places->kind_room = count + count / ROOM_SHARE + ROOM_LEAST;
	if (!status)
		status = compile(places, &places->tables);
	if (!status)
		status = make_trie(&making);
	weir_arena_finish(&making.arena);
	return status;
}

int places_make(const struct ground *ground, struct places **out)
{
	struct places *places = weir_allocate_zeroed(ground->allocator, 1, sizeof(*places));
	int status;

	if (!places)
		return -ENOMEM;
	places->ground = ground;
	weir_arena_init(&places->arena, ground->allocator);
	kinds_init(&places->kinds, ground->allocator);
	status = make(places);
	if (status)
		places_release(places);
	else
		*out = places;
	return status;
}

void places_release(struct places *places)
{
	if (!places)
		return;
	patch_trie_finish(&places->trie);
	tables_finish(&places->tables);
	kinds_finish(&places->kinds);
	weir_arena_finish(&places->arena);
	weir_release(places->ground->allocator, places);
}
