/*
 * owners.c - who has each address, and the elements that far ends are made of.
 *
 * Claims of pods and nodes are sorted by address; of each address the pods of the highest rank
 * own it, without any the node has it. An address that several nodes have is one element, of the
 * first of them, and in the sets of all. Then every region adds what an address in it is that
 * nobody has: something outside, and in a pod range also a pod that nobody knows.
 */
#include "build.h"

#include <errno.h>
#include <stdlib.h>

static bool is_candidate(const struct weir_endpoint *endpoint)
{
	return endpoint->kind == WEIR_ENDPOINT_NODE ||
	       (!endpoint->host_network && endpoint->rank != WEIR_RANK_FINISHED);
}

static uint32_t order_of(const struct weir_endpoint *endpoint)
{
	return endpoint->kind == WEIR_ENDPOINT_NODE ? WEIR_RANK_RUNNING + 1u
						    : WEIR_RANK_RUNNING - (unsigned)endpoint->rank;
}

static int compare_names(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
	int order = strcmp(a->namespace_name, b->namespace_name);

	return order ? order : strcmp(a->name, b->name);
}

/* Of one address. */
static int compare_claims(const void *a, const void *b, void *context)
{
	const struct weir_resolved *resolved = context;
	const struct claim *x = a;
	const struct claim *y = b;
	int order = 0;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (resolved->endpoints[x->endpoint].kind == WEIR_ENDPOINT_POD)
		order = compare_names(&resolved->endpoints[x->endpoint],
				      &resolved->endpoints[y->endpoint]);
	return order ? order : (x->endpoint > y->endpoint) - (x->endpoint < y->endpoint);
}

/* The last byte first. Of IPv4 four passes at most. */
struct claim *claims_sort(struct claim *claims, struct claim *scratch, size_t count)
{
	uint32_t counts[sizeof(claims->address.bytes)][256] = { { 0 } };

	for (size_t i = 0; i < count; i++)
		for (unsigned byte = 0; byte < sizeof(claims->address.bytes); byte++)
			counts[byte][claims[i].address.bytes[byte]]++;
	for (unsigned byte = sizeof(claims->address.bytes); count && byte-- > 0;) {
		struct claim *sorted = scratch;
		uint32_t next = 0;

		if (counts[byte][claims[0].address.bytes[byte]] == count)
			continue;
		for (unsigned value = 0; value < 256; value++) {
			uint32_t first = next;

			next += counts[byte][value];
			counts[byte][value] = first;
		}
		for (size_t i = 0; i < count; i++)
			sorted[counts[byte][claims[i].address.bytes[byte]]++] = claims[i];
		scratch = claims;
		claims = sorted;
	}
	return claims;
}

static uint32_t kind_count(const struct build *build)
{
	return build->kinds ? build->kinds->count : 0;
}

static struct claim *collect_claims(struct build *build, size_t *count)
{
	const struct weir_resolved *resolved = build->resolved;
	uint32_t first = kind_count(build);
	struct claim *claims;
	size_t most = 0;

	for (uint32_t i = first; i < resolved->endpoint_count; i++) {
		if (is_candidate(&resolved->endpoints[i]))
			most += resolved->endpoints[i].address_count;
	}
	claims = weir_arena_array(&build->arena, most, struct claim);
	*count = 0;
	for (uint32_t i = first; i < resolved->endpoint_count && claims; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];

		for (uint32_t j = 0; j < endpoint->address_count && is_candidate(endpoint); j++)
			claims[(*count)++] =
				(struct claim){ endpoint->addresses[j], i, order_of(endpoint) };
	}
	return claims;
}

/* Takes the claims of one address, which are sorted: the first decides who else is an owner. */
static void settle(struct build *build, const struct claim *claims, size_t count)
{
	struct owners *owners = &build->owners;
	bool is_node = build->resolved->endpoints[claims[0].endpoint].kind == WEIR_ENDPOINT_NODE;
	struct owned *owned = &owners->items[owners->count++];

	*owned = (struct owned){ .address = claims[0].address,
				 .first_element = owners->element_count };
	for (size_t i = 1; i < count; i++)
		owned->is_contended |= claims[i].endpoint != claims[0].endpoint;
	for (size_t i = 0; i < count && claims[i].order == claims[0].order; i++) {
		if (i && claims[i].endpoint == claims[i - 1].endpoint)
			continue;
		if (is_node && i) {
			owned->is_shared_by_nodes = true;
			owners->sharing[owners->sharing_count++] =
				(struct sharing){ claims[i].endpoint, owned->first_element };
			continue;
		}
		owned->count++;
		owners->elements[owners->element_count++] =
			(struct element){ .endpoint = claims[i].endpoint,
					  .region =
						  regions_find(&build->regions, &claims[0].address),
					  .kind = is_node ? ELEMENT_NODE : ELEMENT_POD };
	}
}

static void settle_all(struct build *build, struct claim *claims, size_t count)
{
	size_t first = 0;

	for (size_t i = 1; i <= count; i++) {
		if (i < count && weir_address_equal(&claims[i].address, &claims[first].address))
			continue;
		if (i - first > 1)
			qsort_r(&claims[first], i - first, sizeof(*claims), compare_claims,
				(void *)(uintptr_t)build->resolved);
		settle(build, &claims[first], i - first);
		first = i;
	}
}

static void add_kind_elements(struct build *build)
{
	struct owners *owners = &build->owners;

	for (uint32_t i = 0; i < kind_count(build); i++) {
		const struct weir_address *address = build->resolved->endpoints[i].addresses;

		owners->elements[owners->element_count++] =
			(struct element){ i, regions_find(&build->regions, address), ELEMENT_POD };
	}
}

static void add_region_elements(struct build *build)
{
	struct owners *owners = &build->owners;

	for (uint32_t i = 0; i < build->regions.count; i++) {
		owners->first_of_region[i] = owners->element_count;
		owners->elements[owners->element_count++] =
			(struct element){ WEIR_NONE, i, ELEMENT_EXTERNAL };
		if (build->regions.items[i].in_pod_range)
			owners->elements[owners->element_count++] =
				(struct element){ WEIR_NONE, i, ELEMENT_UNKNOWN };
	}
}

/* The elements of each endpoint, those that it shares included. */
static int index_endpoints(struct build *build)
{
	struct owners *owners = &build->owners;
	uint32_t count = build->resolved->endpoint_count;
	uint32_t *next = weir_arena_array(&build->arena, (size_t)count + 1, uint32_t);

	owners->endpoint_first = weir_arena_array(&build->arena, (size_t)count + 1, uint32_t);
	owners->endpoint_elements = weir_arena_array(
		&build->arena, owners->owned_elements + owners->sharing_count, uint32_t);
	if (!next || !owners->endpoint_first || !owners->endpoint_elements)
		return -ENOMEM;
	for (uint32_t i = 0; i < owners->owned_elements; i++)
		owners->endpoint_first[owners->elements[i].endpoint + 1]++;
	for (uint32_t i = 0; i < owners->sharing_count; i++)
		owners->endpoint_first[owners->sharing[i].endpoint + 1]++;
	for (uint32_t i = 0; i < count; i++)
		owners->endpoint_first[i + 1] += owners->endpoint_first[i];
	memcpy(next, owners->endpoint_first, ((size_t)count + 1) * sizeof(*next));
	for (uint32_t i = 0; i < owners->owned_elements; i++)
		owners->endpoint_elements[next[owners->elements[i].endpoint]++] = i;
	for (uint32_t i = 0; i < owners->sharing_count; i++)
		owners->endpoint_elements[next[owners->sharing[i].endpoint]++] =
			owners->sharing[i].element;
	return 0;
}

int build_owners(struct build *build)
{
	struct owners *owners = &build->owners;
	size_t count;
	struct claim *claims, *scratch;
	size_t most;

	if (build->kinds)
		build->regions = *build->kinds->regions;
	else if (regions_build(&build->regions, &build->arena, build->resolved))
		return -ENOMEM;
	claims = collect_claims(build, &count);
	scratch = weir_arena_array(&build->arena, count, struct claim);
	if (!claims || !scratch)
		return -ENOMEM;
	most = count + kind_count(build) + 2 * (size_t)build->regions.count;
	if (most >= UINT32_MAX)
		return build_fail(build, -ERANGE, "more addresses than indices");
	owners->items = weir_arena_array(&build->arena, count, struct owned);
	owners->elements = weir_arena_array(&build->arena, most, struct element);
	owners->sharing = weir_arena_array(&build->arena, count, struct sharing);
	owners->first_of_region = weir_arena_array(&build->arena, build->regions.count, uint32_t);
	if (!owners->items || !owners->elements || !owners->sharing || !owners->first_of_region)
		return -ENOMEM;
	if (count)
		settle_all(build, claims_sort(claims, scratch, count), count);
	add_kind_elements(build);
	owners->owned_elements = owners->element_count;
	add_region_elements(build);
	return index_endpoints(build);
}
