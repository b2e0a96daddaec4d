#include "handle.h"

#include <errno.h>

static const char *const reason_names[] = {
	[WEIR_REASON_NOT_A_POD] = "not-a-pod",
	[WEIR_REASON_HOST_NETWORK] = "host-network",
	[WEIR_REASON_SELF] = "self",
	[WEIR_REASON_NEIGHBOUR_DISCOVERY] = "neighbour-discovery",
	[WEIR_REASON_OWN_NODE] = "own-node",
	[WEIR_REASON_RULE] = "rule",
	[WEIR_REASON_NO_RULE] = "no-rule",
	[WEIR_REASON_NOT_ISOLATED] = "not-isolated",
};

const char *weir_reason_name(enum weir_reason reason)
{
	size_t count = sizeof(reason_names) / sizeof(reason_names[0]);

	return (size_t)reason < count ? reason_names[reason] : "";
}

static size_t hot_bytes(const struct layout_header *header)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < LAYOUT_HOT_SECTIONS; i++)
		bytes += header->sections[i].length;
	return bytes;
}

static const struct weir_kernel *best_kernel(size_t bytes)
{
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	while (kernels[count - 1].from > bytes || !kernels[count - 1].is_supported())
		count--;
	return &kernels[count - 1];
}

int weir_policy_borrow(const struct weir_allocator *allocator, const struct layout_header *header,
		       struct weir_policy **out)
{
	struct weir_policy *policy;

	allocator = weir_allocator_or_default(allocator);
	policy = weir_allocate_zeroed(allocator, 1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->allocator = allocator;
	policy->references = 1;
	policy->lookup.header = header;
	*out = policy;
	return 0;
}

int weir_policy_create(const struct weir_allocator *allocator, size_t length,
		       struct layout_header **block, struct weir_policy **out)
{
	struct weir_policy *policy;

	allocator = weir_allocator_or_default(allocator);
	if (weir_policy_borrow(allocator, NULL, &policy))
		return -ENOMEM;
	policy->memory = weir_allocate(allocator, length + LAYOUT_ALIGNMENT);
	if (!policy->memory) {
		weir_release(allocator, policy);
		return -ENOMEM;
	}
	*block = (struct layout_header *)(((uintptr_t)policy->memory + LAYOUT_ALIGNMENT - 1) &
					  ~(uintptr_t)(LAYOUT_ALIGNMENT - 1));
	policy->lookup.header = *block;
	*out = policy;
	return 0;
}

void weir_lookup_tables(struct lookup *lookup, const struct layout_header *header)
{
	lookup->header = header;
	lookup->profiles = layout_section(header, LAYOUT_PROFILES);
	lookup->port_roots = layout_section(header, LAYOUT_PORT_ROOTS);
	lookup->port_chunks = layout_section(header, LAYOUT_PORT_CHUNKS);
	lookup->rows[WEIR_EGRESS] = layout_section(header, LAYOUT_EGRESS_ROWS);
	lookup->rows[WEIR_INGRESS] = layout_section(header, LAYOUT_INGRESS_ROWS);
	lookup->port_sets = layout_section(header, LAYOUT_PORT_SETS);
	lookup->port_set_words = header->port_set_words;
	lookup->profile_bits = header->profile_bits;
	lookup->first_source_node = header->first_node_profile;
	lookup->first_destination_node =
		header->own_node == WEIR_OWN_NODE_ALLOW ? header->first_node_profile : UINT32_MAX;
}

void weir_policy_attach(struct weir_policy *policy)
{
	struct lookup *lookup = &policy->lookup;
	const struct layout_header *header = lookup->header;

	weir_lookup_tables(lookup, header);
	lookup->names = header;
	lookup->origins = header;
	lookup->root = layout_section(header, LAYOUT_ROOT);
	lookup->nodes = layout_section(header, LAYOUT_NODES);
	lookup->leaves = layout_section(header, LAYOUT_LEAVES);
	lookup->guards = layout_section(header, LAYOUT_GUARDS);
	lookup->ipv6 = header->ipv6;
	lookup->endpoint_count =
		(uint32_t)LAYOUT_COUNT(header, LAYOUT_ENDPOINTS, struct layout_endpoint);
	policy->kernel = best_kernel(hot_bytes(header));
}

/* One word counts: the block is immutable, so nothing else is shared that is written. */
struct weir_policy *weir_policy_ref(struct weir_policy *policy)
{
	__atomic_add_fetch(&policy->references, 1, __ATOMIC_RELAXED);
	return policy;
}

void weir_policy_unref(struct weir_policy *policy)
{
	if (!policy || __atomic_sub_fetch(&policy->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (policy->release)
		policy->release(policy->context);
	weir_release(policy->allocator, policy->memory);
	weir_release(policy->allocator, policy);
}

const void *weir_policy_bytes(const struct weir_policy *policy, size_t *length)
{
	*length = policy->lookup.names->preamble.total_bytes;
	return policy->lookup.names;
}

void weir_policy_semantics(const struct weir_policy *policy, struct weir_semantics *out)
{
	const struct layout_header *header = policy->lookup.header;

	*out = (struct weir_semantics){ .ipblock_pods = header->ipblock_pods,
					.own_node = header->own_node,
					.other_protocols = header->other_protocols };
}

void weir_policy_measure(const struct weir_policy *policy, struct weir_policy_sizes *out)
{
	const struct layout_header *header = policy->lookup.names;

	*out = (struct weir_policy_sizes){
		.total_bytes = header->preamble.total_bytes,
		.classes = header->classes[WEIR_EGRESS] > header->classes[WEIR_INGRESS]
				   ? header->classes[WEIR_EGRESS]
				   : header->classes[WEIR_INGRESS],
		.egress_groups = header->groups[WEIR_EGRESS],
		.ingress_groups = header->groups[WEIR_INGRESS],
		.port_classes = header->port_classes,
		.rules = header->rules,
		.hot_bytes = hot_bytes(header),
	};
}
