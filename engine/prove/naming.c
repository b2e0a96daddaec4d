#include "naming.h"

#include <errno.h>

static const char *kind_of(const struct policy *policy)
{
	return policy->network ? "NetworkPolicy" : policy->cluster->kind;
}

static const struct k8s_meta *meta_of(const struct policy *policy)
{
	return policy->network ? &policy->network->meta : &policy->cluster->meta;
}

/* What a rule is called, as bytes. */
struct called {
	struct weir_array bytes;
};

static int call(struct called *called, const char *text)
{
	size_t count = called->bytes.count;
	size_t length = text ? strlen(text) + 1 : 1;

	if (weir_array_resize(&called->bytes, count + length))
		return -ENOMEM;
	memcpy((char *)called->bytes.items + count, text ? text : "", length);
	return 0;
}

static int call_rule(struct called *called, const char *kind, const char *namespace_name,
		     const char *name, const char *action, uint32_t index)
{
	char number[16] = { 0 };
	int status;

	for (unsigned i = 0; i < 8; i++)
		number[i] = (char)('a' + (index >> (4 * i) & 15));
	called->bytes.count = 0;
	status = call(called, kind);
	if (!status)
		status = call(called, namespace_name);
	if (!status)
		status = call(called, name);
	if (!status)
		status = call(called, action);
	return status ? status : call(called, number);
}

static const char *action_of(const struct side_facts *side, const struct rule *rule)
{
	const struct policy *policy = &facts_policies(side)[rule->policy];

	if (!policy->cluster)
		return NULL;
	return side->is_ingress ? policy->cluster->ingress[rule->index].action
				: policy->cluster->egress[rule->index].action;
}

static int call_rules(struct facts *facts, unsigned direction, struct called *called,
		      struct weir_map *map)
{
	const struct side_facts *side = &facts->sides[direction];

	for (uint32_t i = 0; i < side->rules.count; i++) {
		const struct rule *rule = &facts_rules(side)[i];
		const struct policy *policy = &facts_policies(side)[rule->policy];
		int is_new;
		int status = call_rule(called, kind_of(policy), meta_of(policy)->namespace_name,
				       meta_of(policy)->name, action_of(side, rule), rule->index);

		if (status || facts_number(facts, map, called->bytes.items, called->bytes.count,
					   &is_new) == WEIR_NONE)
			return -ENOMEM;
	}
	return 0;
}

static int call_origins(struct naming *naming, const struct layout_header *header,
			unsigned direction, struct called *called, const struct weir_map *map)
{
	const struct layout_origin *origins = layout_section(header, LAYOUT_ORIGINS);
	const char *text = layout_section(header, LAYOUT_TEXT);

	for (uint32_t i = 0; i < naming->count; i++) {
		const uint32_t *rule;
		int status = call_rule(called, text + origins[i].kind,
				       text + origins[i].namespace_name, text + origins[i].name,
				       text + origins[i].action, origins[i].index);

		if (status)
			return status;
		rule = weir_map_find(map, called->bytes.items, called->bytes.count);
		naming->rules[direction][i] =
			rule && origins[i].direction == direction ? *rule : WEIR_NONE;
	}
	return 0;
}

static int find_rules(struct naming *naming, struct facts *facts, unsigned direction)
{
	struct called called = { weir_array_of(facts->allocator, char) };
	struct weir_map map;
	int status;

	weir_map_init(&map, facts->allocator);
	naming->rules[direction] = weir_arena_array(&facts->arena, naming->count + 1, uint32_t);
	status = naming->rules[direction] ? call_rules(facts, direction, &called, &map) : -ENOMEM;
	if (!status)
		status = call_origins(naming, facts->lookup->header, direction, &called, &map);
	weir_map_finish(&map);
	weir_array_finish(&called.bytes);
	return status;
}

int naming_make(struct naming *naming, struct facts *facts)
{
	int status = 0;

	*naming = (struct naming){ .count = (uint32_t)LAYOUT_COUNT(facts->lookup->header,
								   LAYOUT_ORIGINS,
								   struct layout_origin) };
	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = find_rules(naming, facts, i);
	return status;
}
