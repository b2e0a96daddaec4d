/*
 * rules.c - what explain reads: rules, their peers and ports, and which classes sets hold.
 */
#include "sections.h"

#include <errno.h>

static void *push(struct build *build, enum layout_section section)
{
	return weir_array_push(&build->sections[section]);
}

static int write_ports(struct build *build, struct text_writer *text, const struct weir_rule *rule,
		       struct layout_rule *out)
{
	out->ports = (uint32_t)build->sections[LAYOUT_PORTS].count;
	out->port_count = rule->port_count;
	for (uint32_t i = 0; i < rule->port_count; i++) {
		const struct weir_port *port = &rule->ports[i];
		struct layout_port *written = push(build, LAYOUT_PORTS);
		int status;

		if (!written)
			return -ENOMEM;
		written->first = port->first;
		written->last = port->last;
		written->protocol = port->protocol;
		written->kind = port->kind;
		status = port->kind == WEIR_PORT_NAMED
				 ? text_share(text, port->name, &written->name)
				 : 0;
		if (status)
			return status;
	}
	return 0;
}

static int write_rule(struct build *build, struct text_writer *text, const struct weir_rule *rule)
{
	struct layout_rule *out = push(build, LAYOUT_RULES);

	if (!out)
		return -ENOMEM;
	out->peers = (uint32_t)build->sections[LAYOUT_PEERS].count;
	out->peer_count = rule->peer_count;
	out->origin = rule->origin;
	out->tier = rule->tier;
	out->direction = rule->direction;
	out->action = rule->action;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		struct layout_peer *peer = push(build, LAYOUT_PEERS);

		if (!peer)
			return -ENOMEM;
		*peer = (struct layout_peer){ .index = rule->peers[i].index,
					      .kind = rule->peers[i].kind,
					      .joined = rule->peers[i].joined };
	}
	return write_ports(build, text, rule, out);
}

static int write_words(struct build *build, const uint32_t *words, uint32_t count)
{
	struct weir_array *all = &build->sections[LAYOUT_SET_CLASSES];
	size_t at = all->count;

	if (weir_array_resize(all, at + count))
		return -ENOMEM;
	if (count)
		memcpy((uint32_t *)all->items + at, words, count * sizeof(*words));
	return 0;
}

/* A list of classes, or the bits of all classes where that is shorter. */
static int write_classes(struct build *build, const struct side *side, const struct list *classes,
			 struct layout_set *out)
{
	uint32_t words = (side->plain_count + 31) / 32;
	uint32_t *bits;

	out->first = (uint32_t)build->sections[LAYOUT_SET_CLASSES].count;
	out->count = classes->count;
	if (classes->count <= words)
		return write_words(build, classes->items, classes->count);
	out->count = words;
	out->is_bits = 1;
	if (weir_array_resize(&build->sections[LAYOUT_SET_CLASSES], (size_t)out->first + words))
		return -ENOMEM;
	bits = (uint32_t *)build->sections[LAYOUT_SET_CLASSES].items + out->first;
	for (uint32_t i = 0; i < classes->count; i++)
		bits[classes->items[i] / 32] |= 1u << (classes->items[i] % 32);
	return 0;
}

static int write_set(struct build *build, uint32_t index)
{
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		const struct side *side = &build->sides[i];
		struct layout_set *out = push(build, LAYOUT_SETS);

		if (!out)
			return -ENOMEM;
		out->unknown_pods = build->resolved->sets[index].unknown_pods;
		if (write_classes(build, side, &side->set_classes[index], out))
			return -ENOMEM;
	}
	return 0;
}

static int write_block(struct build *build, const struct weir_block *block)
{
	struct layout_block *out = push(build, LAYOUT_BLOCKS);

	if (!out)
		return -ENOMEM;
	out->prefix = block->prefix;
	out->always_pods = block->always_pods;
	out->holes = (uint32_t)build->sections[LAYOUT_PREFIXES].count;
	out->hole_count = block->hole_count;
	for (uint32_t i = 0; i < block->hole_count; i++) {
		struct weir_prefix *hole = push(build, LAYOUT_PREFIXES);

		if (!hole)
			return -ENOMEM;
		*hole = block->holes[i];
	}
	return 0;
}

static int write_list(struct build *build, const struct list *list)
{
	struct weir_array *all = &build->sections[LAYOUT_RULE_LISTS];
	struct layout_span *span = push(build, LAYOUT_GROUP_RULES);

	if (!span)
		return -ENOMEM;
	*span = (struct layout_span){ (uint32_t)all->count, list->count };
	if (all->count + list->count > UINT32_MAX)
		return build_fail(build, -ERANGE, "groups have too many rules");
	if (weir_array_resize(all, all->count + list->count))
		return -ENOMEM;
	if (list->count)
		memcpy((uint32_t *)all->items + span->first, list->items,
		       list->count * sizeof(uint32_t));
	return 0;
}

static int write_groups(struct build *build)
{
	int status = 0;

	for (unsigned i = 0; i < DIRECTIONS; i++) {
		const struct side *side = &build->sides[i];

		for (uint32_t j = 0; j <= side->group_count && !status; j++)
			status = write_list(build, &side->group_rules[j]);
	}
	return status;
}

int build_rules(struct build *build, struct text_writer *text)
{
	const struct weir_resolved *resolved = build->resolved;
	int status = write_groups(build);

	for (uint32_t i = 0; i < resolved->rule_count && !status; i++)
		status = write_rule(build, text, &resolved->rules[i]);
	for (uint32_t i = 0; i < resolved->set_count && !status; i++)
		status = write_set(build, i);
	for (uint32_t i = 0; i < resolved->block_count && !status; i++)
		status = write_block(build, &resolved->blocks[i]);
	return status;
}
