/*
 * Addresses out of the ranges for pods without one: who shows them, and whose home they are.
 *
 * Where every pod without an address has its home, one more whose home is free has room: no range
 * need be counted through.
 */
#include "ties_inside.h"

#include <errno.h>

#include "reading.h"

static int find_address(struct ties *ties, const struct weir_address *address,
			struct tie_address **out)
{
	const uint32_t *known = weir_map_find(&ties->address_of, address, sizeof(*address));
	struct tie_address **added;
	struct weir_address *key;

	if (known) {
		*out = ((struct tie_address **)ties->addresses.items)[*known];
		return 0;
	}
	key = weir_arena_new(&ties->arena, struct weir_address);
	added = weir_array_push(&ties->addresses);
	*out = weir_arena_new(&ties->arena, struct tie_address);
	if (!key || !added || !*out)
		return -ENOMEM;
	*key = *address;
	*added = *out;
	return weir_map_insert(&ties->address_of, key, sizeof(*key),
			       (uint32_t)(ties->addresses.count - 1), NULL)
		       ? 0
		       : -ENOMEM;
}

static bool is_in_range(const struct ties *ties, const struct weir_address *address)
{
	for (uint32_t i = 0; i < ties->range_count; i++) {
		if (weir_prefix_contains(&ties->ranges[i], address))
			return true;
	}
	return false;
}

static int count_shown(struct ties *ties, struct tie_address *address)
{
	return raise_counter(ties, &address->shown);
}

static int count_home(struct ties *ties, struct tie_address *address)
{
	return raise_counter(ties, &address->homes);
}

static int show(struct ties *ties, struct tie_address *address)
{
	return ties->is_disturbed || address->homes ? TIES_CHANGE : count_shown(ties, address);
}

static int move_in(struct ties *ties, struct tie_address *address)
{
	bool is_taken = address->homes || address->shown;

	return ties->is_disturbed || is_taken ? TIES_CHANGE : count_home(ties, address);
}

static int hide(struct ties *ties, struct tie_address *address)
{
	return ties->is_disturbed ? TIES_CHANGE : lower_counter(ties, &address->shown);
}

static int move_out(struct ties *ties, struct tie_address *address)
{
	return ties->is_disturbed ? TIES_CHANGE : lower_counter(ties, &address->homes);
}

const struct tally ties_counting = { count_shown, count_home };
const struct tally ties_coming = { show, move_in };
const struct tally ties_going = { hide, move_out };

static int tally_shown(struct ties *ties, const struct tally *tally,
		       const struct weir_address *addresses, uint32_t count)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < count; i++) {
		struct tie_address *address;

		if (!is_in_range(ties, &addresses[i]))
			continue;
		status = find_address(ties, &addresses[i], &address);
		if (!status)
			status = tally->shown(ties, address);
	}
	return status;
}

int ties_tally_pod(struct ties *ties, const struct tally *tally, const struct k8s_pod *pod)
{
	int status = tally_shown(ties, tally, pod->addresses, pod->address_count);

	if (!status)
		status = tally_shown(ties, tally, pod->host_addresses, pod->host_address_count);
	if (!k8s_needs_address(pod))
		return status;
	for (uint32_t i = 0; !status && i < ties->range_count; i++) {
		const struct weir_address home = k8s_home_address(&ties->ranges[i], pod);
		struct tie_address *address;

		status = find_address(ties, &home, &address);
		if (!status)
			status = tally->home(ties, address);
	}
	return status;
}

static int tally_slice(struct ties *ties, const struct tally *tally, const struct k8s_slice *slice)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < slice->endpoint_count; i++)
		status = tally_shown(ties, tally, slice->endpoints[i].addresses,
				     slice->endpoints[i].address_count);
	return status;
}

int ties_count_options(struct ties *ties)
{
	const struct weir_cluster_options *options = &ties->store->cluster->reading->options;
	int status = 0;

	for (size_t i = 0; !status && i < options->node_address_count; i++)
		status = tally_shown(ties, &ties_counting, &options->node_addresses[i].address, 1);
	return status;
}

int ties_tally(struct ties *ties, const struct tally *tally, enum store_kind kind,
	       const void *object)
{
	const struct k8s_service *service = object;
	const struct k8s_node *node = object;

	switch (kind) {
	case STORE_POD:
		return ties_tally_pod(ties, tally, object);
	case STORE_NODE:
		return tally_shown(ties, tally, node->addresses, node->address_count);
	case STORE_SERVICE:
		return tally_shown(ties, tally, service->addresses, service->address_count);
	case STORE_SLICE:
		return tally_slice(ties, tally, object);
	case STORE_NAMESPACE:
	case STORE_WORKLOAD:
	case STORE_NETWORK_POLICY:
	case STORE_CLUSTER_POLICY:
	case STORE_KINDS:
		break;
	}
	return 0;
}
