/*
 * Blocks that hold addresses of pods. They match pods (S8), but pods come and go with their
 * addresses; whoever meant a pod had better name it by its labels.
 *
 * The addresses of all pods stand in one ascending list, of which a block is one span and a hole in
 * it another, so a block costs a few bisections however many pods it holds. Blocks of length zero
 * mean everybody, and made-up addresses mean nothing; both are left out. A wide block may well mean
 * the network around the cluster and its pods, so that is a note; one address, or a block inside
 * the ranges of pods, is not.
 */
#include "lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct owned {
	struct weir_address address;
	uint32_t pod;
};

struct k8s_lint_addresses {
	const struct owned *items;
	uint32_t count;
};

static int compare_owned(const void *a, const void *b)
{
	const struct owned *left = a, *right = b;
	int order = memcmp(left->address.bytes, right->address.bytes, sizeof(left->address.bytes));

	if (order)
		return order;
	return left->pod < right->pod ? -1 : left->pod > right->pod;
}

static bool owns_addresses(const struct k8s_pod *pod)
{
	return pod->phase != K8S_FINISHED && !pod->host_network && !pod->assigned;
}

/* Counts them, and writes them unless items is NULL. */
static uint32_t collect(const struct weir_cluster *cluster, struct owned *items)
{
	const struct k8s_pod *pods = k8s_pods(cluster);
	uint32_t count = 0;

	for (uint32_t i = 0; i < k8s_pod_count(cluster); i++) {
		for (uint32_t j = 0; owns_addresses(&pods[i]) && j < pods[i].address_count; j++) {
			if (items)
				items[count] = (struct owned){ pods[i].addresses[j], i };
			count++;
		}
	}
	return count;
}

/* Makes the list when the first block is looked at. */
static int open_addresses(struct k8s_lint *lint)
{
	struct k8s_lint_addresses *addresses;
	struct owned *items;

	if (lint->addresses)
		return 0;
	addresses = weir_arena_new(&lint->arena, struct k8s_lint_addresses);
	if (!addresses)
		return -ENOMEM;
	addresses->count = collect(lint->selection.cluster, NULL);
	items = weir_arena_array(&lint->arena, addresses->count, struct owned);
	if (!items)
		return -ENOMEM;
	collect(lint->selection.cluster, items);
	if (addresses->count)
		qsort(items, addresses->count, sizeof(*items), compare_owned);
	addresses->items = items;
	lint->addresses = addresses;
	return 0;
}

/* The first place whose address is behind, or not before, the prefix. */
static uint32_t place_of(const struct k8s_lint_addresses *addresses,
			 const struct weir_prefix *prefix, bool is_behind)
{
	uint32_t low = 0, high = addresses->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct weir_address *address = &addresses->items[middle].address;
		bool is_before =
			memcmp(address->bytes, prefix->address.bytes, sizeof(address->bytes)) < 0;

		if (is_before || (is_behind && weir_prefix_contains(prefix, address)))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct weir_prefix *hole_of(const struct k8s_block *block,
					 const struct weir_address *address)
{
	const struct weir_prefix *widest = NULL;

	for (uint32_t i = 0; i < block->except_count; i++) {
		if (weir_prefix_contains(&block->except[i], address) &&
		    (!widest || block->except[i].length < widest->length))
			widest = &block->except[i];
	}
	return widest;
}

struct held {
	uint32_t count; /* of addresses */
	uint32_t first; /* the pod that has the first of them */
};

/* Steps over each hole at once. */
static struct held held_by(const struct k8s_lint_addresses *addresses,
			   const struct k8s_block *block)
{
	uint32_t at = place_of(addresses, &block->prefix, false);
	uint32_t end = place_of(addresses, &block->prefix, true);
	struct held held = { .count = end - at, .first = WEIR_NONE };

	for (uint32_t i = 0; i < block->except_count; i++) {
		const struct weir_prefix *hole = &block->except[i];
		bool is_first = true;

		for (uint32_t j = 0; j < block->except_count && is_first; j++)
			is_first = j == i || !weir_prefix_covers(&block->except[j], hole) ||
				   (j > i && weir_prefix_covers(hole, &block->except[j]));
		if (is_first)
			held.count -=
				place_of(addresses, hole, true) - place_of(addresses, hole, false);
	}
	while (held.count && at < end && held.first == WEIR_NONE) {
		const struct weir_prefix *hole = hole_of(block, &addresses->items[at].address);

		if (hole)
			at = place_of(addresses, hole, true);
		else
			held.first = addresses->items[at].pod;
	}
	return held;
}

/* Or so wide that the mapped addresses of IPv4 are in it as bits. */
static bool is_everybody(const struct weir_prefix *prefix)
{
	static const struct weir_prefix mapped = {
		{ { [10] = 0xff, [11] = 0xff } },
		96,
	};

	return weir_prefix_covers(prefix, &mapped);
}

/* Nothing but pods can be meant. */
static bool is_of_pods(const struct weir_cluster *cluster, const struct weir_prefix *prefix)
{
	bool is_of_pods = prefix->length == 128;

	for (uint32_t i = 0; i < cluster->pod_range_count && !is_of_pods; i++)
		is_of_pods = weir_prefix_covers(&cluster->pod_ranges[i], prefix);
	return is_of_pods;
}

static int peer(struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t index)
{
	const struct k8s_peer *written = &rule->rule->peers[index];
	struct held held = held_by(lint->addresses, &written->block);
	struct k8s_lint_text text = k8s_lint_text(lint);
	bool only_pods = is_of_pods(lint->selection.cluster, &written->block.prefix);
	const struct k8s_meta *meta;
	char field[K8S_LINT_FIELD];

	if (!held.count)
		return 0;
	meta = &k8s_pods(lint->selection.cluster)[held.first].meta;
	k8s_lint_peer_field(rule, index, ".ipBlock", field);
	k8s_lint_say(&text, "holds the %s of Pod %s/%s", held.count > 1 ? "addresses" : "address",
		     meta->namespace_name, meta->name);
	if (held.count > 1)
		k8s_lint_say(&text, " and others, %u in all", held.count);
	if (!text.status)
		k8s_lint_report_policy(
			lint, only_pods ? K8S_LINT_BLOCK_OF_PODS : K8S_LINT_BLOCK_HOLDS_PODS,
			rule->policy, &written->position, field, k8s_lint_text_string(&text));
	k8s_lint_text_finish(&text);
	return text.status;
}

int k8s_lint_pod_blocks(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	int status = open_addresses(lint);

	for (uint32_t i = 0; i < rule->rule->peer_count && !status; i++) {
		const struct k8s_peer *written = &rule->rule->peers[i];

		if (written->kind == K8S_PEER_BLOCK && !is_everybody(&written->block.prefix))
			status = peer(lint, rule, i);
	}
	return status;
}
