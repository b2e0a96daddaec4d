/*
 * classify.c - bursts to the chosen kernel; and, out of line, the keys that stand for several
 * connections.
 *
 * An address that several pods share is several candidates; an unknown pod is the most favourable
 * and the least favourable pod that it may be; what is outside may have every domain name, or none.
 * Every pair of candidates is judged from the same tables as all other keys; the verdict stands
 * when all agree.
 *
 * No table says what a pod that reaches itself through a service is allowed, since for another pod
 * of its class NetworkPolicy does not step back. These few keys are explained instead, where a
 * policy has other tiers; without them they are equal addresses like others.
 */
#include "ends.h"
#include "lookup.h"

static void judge_hairpins(const struct weir_policy *policy, const struct weir_key *keys,
			   struct weir_verdict *verdicts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct weir_explanation explanation;

		if (!(keys[i].flags & WEIR_KEY_HAIRPIN) || !is_same_address(&keys[i]))
			continue;
		weir_policy_explain(policy, &keys[i], &explanation);
		verdicts[i] = explanation.verdict;
	}
}

void weir_policy_classify(const struct weir_policy *policy, const struct weir_key *keys,
			  struct weir_verdict *verdicts, size_t n)
{
	policy->kernel->classify(&policy->lookup, keys, verdicts, n);
	if (layout_has(policy->lookup.header, LAYOUT_HAS_TIERS))
		judge_hairpins(policy, keys, verdicts, n);
}

/* As is_own_node, for node addresses that several nodes have: by the near pod's own list. */
static bool near_is_on(const struct lookup *lookup, uint32_t near, uint32_t far,
		       const struct weir_address *far_address)
{
	return end_is_node(lookup, far) && !end_is_node(lookup, near) &&
	       end_node_has(lookup, near, far_address);
}

static bool pair_allows(const struct lookup *lookup, const struct weir_key *key, uint32_t source,
			uint32_t destination)
{
	const struct layout_header *header = lookup->header;

	if (near_is_on(lookup, destination, source, &key->source))
		return true;
	if (header->own_node == WEIR_OWN_NODE_ALLOW &&
	    near_is_on(lookup, source, destination, &key->destination))
		return true;
	return allows(lookup, key, source, destination);
}

static void judge_pairs(const struct lookup *lookup, const struct weir_key *key,
			const struct end *source, const struct end *destination, bool seen[3])
{
	for (uint32_t i = 0; i < source->count; i++) {
		for (uint32_t j = 0; j < destination->count; j++) {
			uint32_t from = source->leaves[i];
			bool named = pair_allows(lookup, key, from, destination->leaves[j]);
			bool unnamed =
				destination->unnamed == destination->leaves
					? named
					: pair_allows(lookup, key, from, destination->unnamed[j]);

			seen[named == unnamed ? (unsigned)named : WEIR_AMBIGUOUS] = true;
		}
	}
}

struct weir_verdict weir_classify_special(const struct lookup *lookup, const struct weir_key *key,
					  uint32_t source, uint32_t destination)
{
	bool unknown = false;
	bool seen[3] = { false, false, false };

	for (unsigned mode = END_FAVOURABLE; mode <= END_UNFAVOURABLE; mode++) {
		struct end from = end_of(lookup, &source, key->flags, (enum end_mode)mode);
		struct end to = end_of(lookup, &destination, key->flags, (enum end_mode)mode);

		unknown = from.is_unknown || to.is_unknown;
		judge_pairs(lookup, key, &from, &to, seen);
		if (!unknown)
			break;
	}
	return end_verdict(seen, unknown);
}
