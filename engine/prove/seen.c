#include "seen.h"

#include <errno.h>

#include "match.h"

static int append(struct weir_array *bytes, const void *more, size_t length)
{
	size_t count = bytes->count;

	if (weir_array_resize(bytes, count + length))
		return -ENOMEM;
	memcpy((char *)bytes->items + count, more, length);
	return 0;
}

static struct candidate candidate_at(const struct lookup *lookup,
				     const struct weir_address *address)
{
	uint32_t leaf = find_address(lookup, address);
	struct end end = end_of(lookup, &leaf, 0, END_FAVOURABLE);

	return match_candidate(lookup, &end, 0, address);
}

static bool asks_names(const struct layout_header *header, const struct layout_rule *rule)
{
	const struct layout_port *ports =
		LAYOUT_ITEMS(header, LAYOUT_PORTS, struct layout_port) + rule->ports;

	for (uint32_t i = 0; i < rule->port_count; i++) {
		if (ports[i].kind == WEIR_PORT_NAMED)
			return true;
	}
	return false;
}

static int append_declared(const struct question *q, struct weir_array *bytes)
{
	uint32_t endpoint = match_endpoint(q->lookup, &q->far);
	const struct layout_endpoint *pod;

	if (endpoint == WEIR_NONE)
		return 0;
	pod = LAYOUT_ITEMS(q->header, LAYOUT_ENDPOINTS, struct layout_endpoint) + endpoint;
	return append(bytes,
		      LAYOUT_ITEMS(q->header, LAYOUT_DECLARED, struct layout_declared) +
			      pod->declared,
		      pod->declared_count * sizeof(struct layout_declared));
}

static int append_rule(const struct question *q, const struct layout_rule *rule,
		       struct weir_array *bytes)
{
	struct {
		uint32_t first_certain;
		uint32_t first_possible;
		uint32_t level;
	} seen;

	seen.level = (uint32_t)match_peers(q, rule, YES, &seen.first_certain);
	match_peers(q, rule, MAYBE, &seen.first_possible);
	return append(bytes, &seen, sizeof(seen));
}

int seen_append(const struct lookup *lookup, enum weir_direction direction,
		const struct weir_address *near, const struct weir_address *far,
		struct weir_array *bytes)
{
	const struct layout_rule *rules = layout_section(lookup->header, LAYOUT_RULES);
	struct question q = { .lookup = lookup,
			      .header = lookup->header,
			      .near = candidate_at(lookup, near),
			      .far = candidate_at(lookup, far),
			      .direction = direction };
	uint32_t head[] = { q.near.kind, q.far.kind, q.far.has_names };
	int status = append(bytes, head, sizeof(head));
	bool names = false;
	struct layout_span span;

	if (status || q.near.kind != POD)
		return status;
	span = match_rules(&q);
	for (uint32_t i = 0; i < span.count && !status; i++) {
		const struct layout_rule *rule =
			&rules[LAYOUT_ITEMS(q.header, LAYOUT_RULE_LISTS, uint32_t)[span.first + i]];

		names |= asks_names(q.header, rule);
		status = append_rule(&q, rule, bytes);
	}
	if (!status && names && direction == WEIR_EGRESS && q.far.kind == POD)
		status = append_declared(&q, bytes);
	return status;
}
