/*
 * Addresses for pods that have none.
 *
 * A pod's address is a hash of its namespace, owner's kind and name, folded into the range that
 * options give; where that is taken the next free one serves. So an object that is added moves
 * another only when both hash alike. Pods are served in the order of their names, and addresses
 * that objects show are taken from the start.
 *
 * The first and the last address of a range are left out (of 240.0.0.0/4 the last is everybody's
 * broadcast), unless that leaves nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reading.h"

enum {
	HOST_BITS_MAX = 62, /* of a wider range only the lower part is used */
};

struct range {
	struct weir_prefix prefix;
	uint64_t first; /* offsets that may be given: first..first + usable - 1 */
	uint64_t usable;
	uint64_t taken_count;
	struct weir_map taken; /* struct weir_address */
};

struct assignment {
	struct weir_cluster *cluster;
	struct range ranges[2]; /* IPv4, IPv6 */
	uint32_t range_count;
};

static void range_init(struct range *range, const struct weir_prefix *prefix,
		       const struct weir_allocator *allocator)
{
	unsigned bits = 128u - prefix->length;
	uint64_t size = (uint64_t)1 << (bits > HOST_BITS_MAX ? HOST_BITS_MAX : bits);

	*range = (struct range){ .prefix = *prefix,
				 .first = size > 2 ? 1 : 0,
				 .usable = size > 2 ? size - 2 : size };
	weir_map_init(&range->taken, allocator);
}

static struct weir_address address_at(const struct range *range, uint64_t offset)
{
	struct weir_address address = range->prefix.address;

	for (size_t i = 0; i < 8; i++)
		address.bytes[15 - i] |= (uint8_t)(offset >> (8 * i));
	return address;
}

static uint64_t low_half(const struct weir_address *address)
{
	uint64_t low = 0;

	for (size_t i = 8; i < 16; i++)
		low = low << 8 | address->bytes[i];
	return low;
}

static bool may_be_given(const struct range *range, const struct weir_address *address)
{
	const struct weir_address *start = &range->prefix.address;

	return memcmp(address->bytes, start->bytes, 8) == 0 &&
	       low_half(address) - low_half(start) - range->first < range->usable;
}

/* The address is borrowed. */
static int take(struct range *range, const struct weir_address *address)
{
	int is_new;

	if (!may_be_given(range, address))
		return 0;
	if (!weir_map_insert(&range->taken, address, sizeof(*address), 0, &is_new))
		return -ENOMEM;
	range->taken_count += is_new != 0;
	return 0;
}

static int take_all(struct assignment *assignment, const struct weir_address *addresses,
		    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < assignment->range_count; j++) {
			if (take(&assignment->ranges[j], &addresses[i]))
				return -ENOMEM;
		}
	}
	return 0;
}

static int take_slice(struct assignment *assignment, const struct k8s_slice *slice)
{
	for (uint32_t i = 0; i < slice->endpoint_count; i++) {
		if (take_all(assignment, slice->endpoints[i].addresses,
			     slice->endpoints[i].address_count))
			return -ENOMEM;
	}
	return 0;
}

/* Everything that an object shows. */
static int take_shown(struct assignment *assignment)
{
	const struct weir_cluster *cluster = assignment->cluster;
	const struct k8s_pod *pods = cluster->pods.items;
	const struct k8s_node *nodes = cluster->nodes.items;
	const struct k8s_service *services = cluster->services.items;
	const struct k8s_slice *slices = cluster->slices.items;
	int status = 0;

	for (size_t i = 0; !status && i < cluster->pods.count; i++) {
		status = take_all(assignment, pods[i].addresses, pods[i].address_count);
		if (!status)
			status = take_all(assignment, pods[i].host_addresses,
					  pods[i].host_address_count);
	}
	for (size_t i = 0; !status && i < cluster->nodes.count; i++)
		status = take_all(assignment, nodes[i].addresses, nodes[i].address_count);
	for (size_t i = 0; !status && i < cluster->services.count; i++)
		status = take_all(assignment, services[i].addresses, services[i].address_count);
	for (size_t i = 0; !status && i < cluster->slices.count; i++)
		status = take_slice(assignment, &slices[i]);
	return status;
}

static uint64_t hash_pod(const struct k8s_pod *pod)
{
	const char *kind = pod->meta.owner.kind ? pod->meta.owner.kind : "Pod";
	uint64_t hash = weir_hash_bytes(kind, strlen(kind), 0);

	hash = weir_hash_bytes(pod->meta.namespace_name, strlen(pod->meta.namespace_name), hash);
	return weir_hash_bytes(pod->meta.name, strlen(pod->meta.name), hash);
}

struct weir_address k8s_home_address(const struct weir_prefix *prefix, const struct k8s_pod *pod)
{
	struct range range;

	range_init(&range, prefix, NULL);
	return address_at(&range, range.first + hash_pod(pod) % range.usable);
}

/* The first free address from the hash on; there is one. */
static struct weir_address choose(const struct range *range, uint64_t hash)
{
	uint64_t at = hash % range->usable;
	struct weir_address address = address_at(range, range->first + at);

	while (weir_map_find(&range->taken, &address, sizeof(address))) {
		at = at + 1 < range->usable ? at + 1 : 0;
		address = address_at(range, range->first + at);
	}
	return address;
}

bool k8s_needs_address(const struct k8s_pod *pod)
{
	return !pod->address_count && !pod->host_network && pod->phase != K8S_FINISHED;
}

static int give(struct assignment *assignment, struct k8s_pod *pod)
{
	uint64_t hash = hash_pod(pod);
	struct weir_address *addresses = weir_arena_array(
		&assignment->cluster->arena, assignment->range_count, struct weir_address);

	if (!addresses)
		return -ENOMEM;
	for (uint32_t i = 0; i < assignment->range_count; i++) {
		addresses[i] = choose(&assignment->ranges[i], hash);
		if (take(&assignment->ranges[i], &addresses[i]))
			return -ENOMEM;
	}
	pod->addresses = addresses;
	pod->address_count = assignment->range_count;
	pod->assigned = true;
	return 0;
}

/* A pod on its node's network has its node's address. */
static void use_node_addresses(const struct weir_cluster *cluster, struct k8s_pod *pod)
{
	const struct k8s_node *node =
		pod->node_name ? k8s_find_node(cluster, pod->node_name) : NULL;

	if (pod->host_address_count) {
		pod->addresses = pod->host_addresses;
		pod->address_count = pod->host_address_count;
	} else if (node) {
		pod->addresses = node->addresses;
		pod->address_count = node->address_count;
	}
}

static void report_full(struct assignment *assignment, const struct range *range, uint64_t needed)
{
	char prefix[WEIR_PREFIX_TEXT];
	char text[256];

	weir_prefix_format(&range->prefix, prefix);
	snprintf(text, sizeof(text),
		 "pods without an address: %" PRIu64 ", free addresses in %s: %" PRIu64
		 "; give a larger range with --pod-cidr",
		 needed, prefix, range->usable - range->taken_count);
	k8s_report(assignment->cluster->reading,
		   &(struct weir_diagnostic){ .severity = WEIR_SEVERITY_ERROR, .text = text });
}

static int has_room(struct assignment *assignment)
{
	const struct k8s_pod *pods = assignment->cluster->pods.items;
	uint64_t needed = 0;

	for (size_t i = 0; i < assignment->cluster->pods.count; i++)
		needed += k8s_needs_address(&pods[i]);
	for (uint32_t i = 0; i < assignment->range_count; i++) {
		const struct range *range = &assignment->ranges[i];

		if (needed + range->taken_count > range->usable) {
			report_full(assignment, range, needed);
			return -EINVAL;
		}
	}
	return 0;
}

static int assign(struct assignment *assignment)
{
	struct weir_cluster *cluster = assignment->cluster;
	struct k8s_pod *pods = cluster->pods.items;
	int status = take_shown(assignment);

	if (!status)
		status = has_room(assignment);
	for (size_t i = 0; !status && i < cluster->pods.count; i++) {
		struct k8s_pod *pod = &pods[i];

		if (k8s_needs_address(pod))
			status = give(assignment, pod);
		else if (pod->host_network && !pod->address_count && pod->phase != K8S_FINISHED)
			use_node_addresses(cluster, pod);
	}
	return status;
}

int k8s_assign_addresses(struct weir_cluster *cluster)
{
	const struct weir_cluster_options *options = &cluster->reading->options;
	struct assignment assignment = { .cluster = cluster,
					 .range_count = cluster->reading->shows_ipv6 ? 2 : 1 };
	int status;

	range_init(&assignment.ranges[0], &options->pod_cidr_ipv4, cluster->allocator);
	range_init(&assignment.ranges[1], &options->pod_cidr_ipv6, cluster->allocator);
	status = assign(&assignment);
	weir_map_finish(&assignment.ranges[0].taken);
	weir_map_finish(&assignment.ranges[1].taken);
	return status;
}
