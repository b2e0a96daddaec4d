#include "match.h"

static struct candidate first_candidate(const struct lookup *lookup, const struct weir_key *key,
					const struct weir_address *address)
{
	uint32_t leaf = find_address(lookup, address);
	struct end end = end_of(lookup, &leaf, key->flags, END_FAVOURABLE);

	return match_candidate(lookup, &end, 0, address);
}

/* With every domain name; certain is what holds without any. */
static struct weir_considered consider(const struct question *q, const struct layout_rule *rule)
{
	struct weir_considered considered = { .rule = rule->origin,
					      .tier = rule->tier,
					      .action = rule->action };
	struct question unnamed = *q;

	unnamed.far.has_names = false;
	considered.is_certain = match_rule(&unnamed, rule) == YES;
	considered.peer_matches = match_peers(q, rule, MAYBE, &considered.peer) != NO;
	considered.port_matches = match_ports(q, rule, MAYBE, &considered.port) != NO;
	return considered;
}

size_t weir_policy_considered(const struct weir_policy *policy, const struct weir_key *key,
			      enum weir_direction direction, struct weir_considered *out,
			      size_t size)
{
	const struct lookup *lookup = &policy->lookup;
	const struct layout_rule *rules = layout_section(lookup->header, LAYOUT_RULES);
	struct candidate source = first_candidate(lookup, key, &key->source);
	struct candidate destination = first_candidate(lookup, key, &key->destination);
	bool is_egress = direction == WEIR_EGRESS;
	struct question q = { .lookup = lookup,
			      .header = lookup->header,
			      .key = key,
			      .near = is_egress ? source : destination,
			      .far = is_egress ? destination : source,
			      .direction = direction,
			      .mode = END_FAVOURABLE };
	const uint32_t *list;
	struct layout_span span;
	size_t count = 0;

	q.far.has_names = q.far.kind == EXTERNAL;
	if (q.near.kind != POD && q.near.kind != UNKNOWN)
		return 0;
	span = match_rules(&q);
	list = LAYOUT_ITEMS(q.header, LAYOUT_RULE_LISTS, uint32_t) + span.first;
	for (uint32_t i = 0; i < span.count && rules[list[i]].origin != WEIR_NONE; i++, count++) {
		if (count < size)
			out[count] = consider(&q, &rules[list[i]]);
	}
	return count;
}
