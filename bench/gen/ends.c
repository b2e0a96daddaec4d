#include "ends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_own_addresses(const struct weir_endpoint *endpoint)
{
	return endpoint->kind == WEIR_ENDPOINT_NODE ||
	       (!endpoint->host_network && endpoint->rank != WEIR_RANK_FINISHED);
}

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_address));
}

static void own(struct gen_ends *ends, const struct weir_address *addresses, uint32_t count,
		struct gen_owner owner)
{
	for (uint32_t i = 0; i < count; i++)
		ends->owned[ends->owned_count++] = (struct gen_owned){ addresses[i], owner };
}

/* Sorts, and makes one of those whose addresses are equal. */
static void settle_owners(struct gen_ends *ends)
{
	uint32_t kept = 0;

	qsort(ends->owned, ends->owned_count, sizeof(*ends->owned), by_address);
	for (uint32_t i = 0; i < ends->owned_count; i++) {
		if (kept && by_address(&ends->owned[kept - 1], &ends->owned[i]) == 0)
			ends->owned[kept - 1].owner.kind = GEN_OWNER_SEVERAL;
		else
			ends->owned[kept++] = ends->owned[i];
	}
	ends->owned_count = kept;
}

static void list_endpoint(struct gen_ends *ends, uint32_t index)
{
	const struct weir_endpoint *endpoint = &ends->resolved->endpoints[index];

	if (!has_own_addresses(endpoint))
		return;
	own(ends, endpoint->addresses, endpoint->address_count,
	    (struct gen_owner){ GEN_OWNER_ENDPOINT, index });
	if (!endpoint->address_count || endpoint->rank != WEIR_RANK_RUNNING)
		return;
	if (endpoint->kind == WEIR_ENDPOINT_NODE)
		ends->nodes[ends->node_count++] = index;
	else
		ends->pods[ends->pod_count++] = index;
}

static size_t count_addresses(const struct weir_resolved *resolved)
{
	size_t count = 0;

	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		count += resolved->endpoints[i].address_count;
	for (uint32_t i = 0; i < resolved->service_count; i++)
		count += resolved->services[i].address_count;
	return count;
}

int gen_ends_make(struct gen_ends *ends, const struct weir_resolved *resolved)
{
	*ends = (struct gen_ends){ .resolved = resolved };
	ends->owned = calloc(count_addresses(resolved) + 1, sizeof(*ends->owned));
	ends->pods = calloc(resolved->endpoint_count + 1u, sizeof(*ends->pods));
	ends->nodes = calloc(resolved->endpoint_count + 1u, sizeof(*ends->nodes));
	if (!ends->owned || !ends->pods || !ends->nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		list_endpoint(ends, i);
	for (uint32_t i = 0; i < resolved->service_count; i++)
		own(ends, resolved->services[i].addresses, resolved->services[i].address_count,
		    (struct gen_owner){ GEN_OWNER_SERVICE, i });
	settle_owners(ends);
	return 0;
}

void gen_ends_finish(struct gen_ends *ends)
{
	free(ends->owned);
	free(ends->pods);
	free(ends->nodes);
}

struct gen_owner gen_owner_of(const struct gen_ends *ends, const struct weir_address *address)
{
	const struct weir_resolved *resolved = ends->resolved;
	const struct gen_owned *found =
		bsearch(address, ends->owned, ends->owned_count, sizeof(*ends->owned), by_address);

	if (found)
		return found->owner;
	for (uint32_t i = 0; i < resolved->pod_range_count; i++)
		if (weir_prefix_contains(&resolved->pod_ranges[i], address))
			return (struct gen_owner){ GEN_OWNER_UNKNOWN_POD, 0 };
	return (struct gen_owner){ GEN_OWNER_NONE, 0 };
}

bool gen_is_pod(const struct gen_ends *ends, const struct weir_address *address)
{
	struct gen_owner owner = gen_owner_of(ends, address);

	return owner.kind == GEN_OWNER_ENDPOINT &&
	       ends->resolved->endpoints[owner.index].kind == WEIR_ENDPOINT_POD;
}

enum gen_wanted_family gen_family_of(const struct weir_address *address)
{
	return weir_address_is_ipv4(address) ? GEN_ONLY_IPV4 : GEN_ONLY_IPV6;
}

/* From a place of the dice on, as a few addresses are all that endpoints have. */
bool gen_draw_address(const struct gen_ends *ends, struct dice *dice, uint32_t endpoint,
		      enum gen_wanted_family family, struct weir_address *out)
{
	const struct weir_endpoint *owner = &ends->resolved->endpoints[endpoint];
	uint32_t first = dice_below(dice, owner->address_count);

	for (uint32_t i = 0; i < owner->address_count; i++) {
		const struct weir_address *address =
			&owner->addresses[(first + i) % owner->address_count];

		if (family != GEN_ANY_FAMILY && gen_family_of(address) != family)
			continue;
		*out = *address;
		return true;
	}
	return false;
}

bool gen_draw_pod_address(const struct gen_ends *ends, struct dice *dice,
			  enum gen_wanted_family family, struct weir_address *out)
{
	return ends->pod_count &&
	       gen_draw_address(ends, dice, ends->pods[dice_below(dice, ends->pod_count)], family,
				out);
}

bool gen_draw_node_address(const struct gen_ends *ends, struct dice *dice,
			   enum gen_wanted_family family, struct weir_address *out)
{
	return ends->node_count &&
	       gen_draw_address(ends, dice, ends->nodes[dice_below(dice, ends->node_count)], family,
				out);
}

struct weir_address gen_draw_inside(struct dice *dice, const struct weir_prefix *prefix)
{
	struct weir_address address = prefix->address;

	for (uint32_t bit = prefix->length; bit < 128; bit++)
		if (dice_one_in(dice, 2))
			address.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return address;
}

struct weir_address gen_draw_outside(struct dice *dice, bool six)
{
	static const char *const worlds[] = { "203.0.113.0/24", "198.51.100.0/24", "198.18.0.0/15",
					      "32.0.0.0/4", "128.0.0.0/3" };
	static const char *const worlds_ipv6[] = { "2001:db8::/32", "2600::/12" };
	const char *text = six ? DICE_PICK(dice, worlds_ipv6) : DICE_PICK(dice, worlds);
	struct weir_prefix world = { { { 0 } }, 0 };

	weir_prefix_parse(text, strlen(text), &world, NULL);
	return gen_draw_inside(dice, &world);
}
