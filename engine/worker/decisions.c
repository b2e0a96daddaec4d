#include "decisions.h"

#include <errno.h>
#include <string.h>

#include "lookup.h"
#include "memory.h"

enum {
	REMEMBERED = 4096, /* a power of two */
	INDEX_BITS = 12,
};

struct weir_remembered {
	uint64_t ends;  /* profiles; no two that are remembered have all bits set */
	uint32_t ports; /* port class and flags */
	struct weir_decision decision;
};

static const uint64_t nothing = UINT64_MAX;

void weir_decisions_forget(struct weir_decisions *decisions)
{
	for (unsigned i = 0; i < REMEMBERED; i++)
		decisions->items[i].ends = nothing;
}

int weir_decisions_init(struct weir_decisions *decisions, const struct weir_allocator *allocator)
{
	decisions->allocator = weir_allocator_or_default(allocator);
	decisions->items =
		weir_allocate(decisions->allocator, REMEMBERED * sizeof(struct weir_remembered));
	if (!decisions->items)
		return -ENOMEM;
	weir_decisions_forget(decisions);
	return 0;
}

void weir_decisions_finish(struct weir_decisions *decisions)
{
	weir_release(decisions->allocator, decisions->items);
}

static struct weir_decided decided(const struct weir_half *half)
{
	return (struct weir_decided){ half->rule, half->reason, half->action };
}

static void explain(const struct weir_policy *policy, const struct weir_key *key,
		    struct weir_decision *out)
{
	struct weir_explanation explanation;

	weir_policy_explain(policy, key, &explanation);
	out->halves[WEIR_EGRESS] = decided(&explanation.egress);
	out->halves[WEIR_INGRESS] = decided(&explanation.ingress);
}

/* Whether the answer depends on more than profiles: addresses of several ends, equal ones, and
 * ends that a node number ties to a node. */
static bool is_special(const struct lookup *lookup, const struct weir_key *key, uint32_t source,
		       uint32_t destination)
{
	return (source | destination) & LAYOUT_SPECIAL || is_same_address(key) ||
	       is_own_node(lookup, source, destination);
}

void weir_decisions_find(struct weir_decisions *decisions, const struct weir_policy *policy,
			 const struct weir_key *key, struct weir_decision *out)
{
	const struct lookup *lookup = &policy->lookup;
	uint32_t source = find_address(lookup, &key->source);
	uint32_t destination = find_address(lookup, &key->destination);
	uint32_t profiles = (1u << lookup->profile_bits) - 1;
	uint64_t ends = (uint64_t)(source & profiles) << 32 | (destination & profiles);
	uint32_t ports = port_class_of(lookup, key) << 8 | key->flags;
	struct weir_remembered *item;

	if (is_special(lookup, key, source, destination)) {
		explain(policy, key, out);
		return;
	}
	item = &decisions->items[(ends * 0x9e3779b97f4a7c15u ^ ports * 0xd6e8feb86659fd93u) >>
				 (64 - INDEX_BITS)];
	if (item->ends != ends || item->ports != ports) {
		explain(policy, key, &item->decision);
		item->ends = ends;
		item->ports = ports;
	}
	*out = item->decision;
}
