#include "classes.h"

#include <errno.h>

#include "lookup.h"
#include "owned.h"

/* One end as the compiled bytes have it. */
struct compiled_end {
	const struct end *end;
	const struct layout_owned *owned;
	const uint32_t *leaves;
	uint32_t leaf;
	uint32_t count;
	uint32_t kind; /* enum layout_special_kind, or WEIR_NONE */
};

static int answer(struct classes *classes, const void *bytes, size_t length)
{
	size_t count = classes->answers.count;

	if (weir_array_resize(&classes->answers, count + length))
		return -ENOMEM;
	memcpy((char *)classes->answers.items + count, bytes, length);
	return 0;
}

static int answer_word(struct classes *classes, uint32_t word)
{
	return answer(classes, &word, sizeof(word));
}

uint32_t classes_candidates(const struct layout_header *header,
			    const struct layout_special *special)
{
	switch ((enum layout_special_kind)special->kind) {
	case LAYOUT_SHARED:
	case LAYOUT_NODES_SHARED:
		return special->count;
	case LAYOUT_UNKNOWN:
		return layout_has(header, LAYOUT_HAS_DOMAINS) ? 4 : 3;
	case LAYOUT_NAMED:
		return 2;
	}
	return 0;
}

static struct compiled_end compiled_end(const struct classes *classes, const struct end *end,
					const uint32_t *leaf)
{
	const struct layout_header *header = classes->lookup->header;
	struct compiled_end out = { .end = end,
				    .owned = owned_find(header, &end->first),
				    .leaves = leaf,
				    .leaf = *leaf,
				    .count = 1,
				    .kind = WEIR_NONE };
	const struct layout_special *special;

	if (!(*leaf & LAYOUT_SPECIAL))
		return out;
	special = LAYOUT_ITEMS(header, LAYOUT_SPECIALS, struct layout_special) +
		  (*leaf & LAYOUT_INDEX);
	out.kind = special->kind;
	out.count = classes_candidates(header, special);
	out.leaves = LAYOUT_ITEMS(header, LAYOUT_CANDIDATES, uint32_t) + special->first;
	return out;
}

static uint32_t profile_number(const struct lookup *lookup, uint32_t leaf)
{
	return leaf & ((1u << lookup->profile_bits) - 1);
}

static const uint32_t *group_of(const struct classes *classes, uint32_t profile)
{
	const struct layout_header *header = classes->lookup->header;

	return LAYOUT_ITEMS(header, LAYOUT_GROUPS, struct layout_group)[profile].group;
}

static int answer_leaves(struct classes *classes, const struct compiled_end *end, unsigned i,
			 bool is_near)
{
	const struct lookup *lookup = classes->lookup;
	int status = answer_word(classes, end->kind);

	for (uint32_t j = 0; j < end->count && !status; j++) {
		const struct layout_profile *profile = profile_of(lookup, end->leaves[j]);
		uint32_t number = profile_number(lookup, end->leaves[j]);

		status = answer_word(classes, is_near ? profile->row[i] : profile->class[i]);
		if (!status)
			status = answer_word(classes, number >= lookup->header->first_node_profile);
		if (!status)
			status = answer_word(classes,
					     group_of(classes, number)[i] == LAYOUT_NO_GROUP);
	}
	return status;
}

/* Owners come by candidate; explaining looks at no others. */
static uint32_t owners_of(const struct compiled_end *end)
{
	if (!end->owned)
		return 0;
	return end->owned->owner_count < end->count ? end->owned->owner_count : end->count;
}

static const struct layout_endpoint *owner(const struct classes *classes,
					   const struct compiled_end *end, uint32_t i)
{
	const struct layout_header *header = classes->lookup->header;
	const uint32_t *owners = LAYOUT_ITEMS(header, LAYOUT_OWNERS, uint32_t);

	return LAYOUT_ITEMS(header, LAYOUT_ENDPOINTS, struct layout_endpoint) +
	       owners[end->owned->owners + i];
}

static int answer_groups(struct classes *classes, const struct compiled_end *end, unsigned i)
{
	int status = answer_word(classes, end->count);

	for (uint32_t j = 0; j < end->count && !status; j++) {
		uint32_t number = profile_number(classes->lookup, end->leaves[j]);

		status = answer_word(classes, group_of(classes, number)[i]);
	}
	return status;
}

/* Of what is declared only what rules ask for. */
static int answer_declared(struct classes *classes, const struct compiled_end *end)
{
	const struct layout_header *header = classes->lookup->header;
	uint32_t count = owners_of(end);
	int status = answer_word(classes, count);

	for (uint32_t j = 0; j < count && !status; j++) {
		const struct layout_endpoint *pod = owner(classes, end, j);
		const struct layout_declared *declared =
			LAYOUT_ITEMS(header, LAYOUT_DECLARED, struct layout_declared) +
			pod->declared;

		status = answer_word(classes, WEIR_NONE);
		for (uint32_t k = 0; k < pod->declared_count && !status; k++) {
			if (!weir_map_find(&classes->names, &declared[k].name,
					   sizeof(declared[k].name)))
				continue;
			status = answer(classes, &declared[k], sizeof(declared[k]));
		}
	}
	return status;
}

static bool holds(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return weir_prefix_is_ipv4(prefix) == weir_address_is_ipv4(address) &&
	       weir_prefix_contains(prefix, address);
}

static int answer_blocks(struct classes *classes, const struct weir_address *address)
{
	const struct layout_header *header = classes->lookup->header;
	const struct layout_block *blocks = layout_section(header, LAYOUT_BLOCKS);
	uint32_t count = (uint32_t)LAYOUT_COUNT(header, LAYOUT_BLOCKS, struct layout_block);
	int status = 0;

	for (uint32_t i = 0; i < count && !status; i++) {
		const struct weir_prefix *holes =
			LAYOUT_ITEMS(header, LAYOUT_PREFIXES, struct weir_prefix) + blocks[i].holes;
		bool inside = holds(&blocks[i].prefix, address);

		for (uint32_t j = 0; j < blocks[i].hole_count && inside; j++)
			inside = !holds(&holes[j], address);
		if (inside)
			status = answer_word(classes, i);
	}
	return status ? status : answer_word(classes, WEIR_NONE);
}

/* What the specification sees. */
static int answer_views(struct classes *classes, const struct end *end, unsigned i, bool is_near)
{
	const struct candidate *candidates = facts_candidates(classes->facts, end);
	uint32_t count = end->candidate_count + (end->kind == K8S_END_UNKNOWN_POD);
	bool is_destination = is_near == (i == WEIR_INGRESS);
	int status = answer_word(classes, end->kind);

	for (uint32_t j = 0; j < count && !status; j++) {
		status = answer_word(classes,
				     is_near ? candidates[j].near[i] : candidates[j].far[i]);
		if (!status && !is_near)
			status = answer_word(classes, candidates[j].far_named);
		if (!status && is_destination)
			status = answer_word(classes, candidates[j].named);
	}
	return status;
}

static int answer_role(struct classes *classes, const struct compiled_end *end, unsigned i,
		       bool is_near)
{
	int status;

	classes->answers.count = 0;
	status = answer_views(classes, end->end, i, is_near);
	if (!status)
		status = answer_leaves(classes, end, i, is_near);
	if (!status && is_near)
		status = answer_groups(classes, end, i);
	if (!status && !is_near)
		status = answer_blocks(classes, &end->end->first);
	if (!status && is_near == (i == WEIR_INGRESS))
		status = answer_declared(classes, end);
	return status;
}

static void add_example(struct class *class, const struct facts *facts, uint32_t end,
			const struct weir_address *address)
{
	(void)facts;
	class->examples[class->count++] = (struct example){ end, *address };
}

/* Examples differ in their addresses, and the second, where it can, in the node that it is on. */
static void add_end(struct classes *classes, struct class *class, const struct compiled_end *end,
		    uint32_t index)
{
	uint32_t number = end->leaf >> classes->lookup->profile_bits;

	if (!class->count) {
		class->is_special = end->kind != WEIR_NONE || end->end->candidate_count > 1 ||
				    end->end->kind == K8S_END_UNKNOWN_POD;
		class->is_unknown = end->end->kind == K8S_END_UNKNOWN_POD;
		class->number = number;
		add_example(class, classes->facts, index, &end->end->first);
		if (!weir_address_equal(&end->end->first, &end->end->last))
			add_example(class, classes->facts, index, &end->end->last);
	} else if (class->count < EXAMPLES - 1 ||
		   (class->count < EXAMPLES && number != class->number)) {
		add_example(class, classes->facts, index, &end->end->first);
	}
}

static int find_class(struct classes *classes, struct weir_map *map, struct weir_array *array,
		      const struct compiled_end *end, uint32_t index, uint32_t *number)
{
	int is_new = 0;

	*number = facts_number(classes->facts, map, classes->answers.items, classes->answers.count,
			       &is_new);
	if (*number == WEIR_NONE || (is_new && !weir_array_push(array)))
		return -ENOMEM;
	add_end(classes, (struct class *)array->items + *number, end, index);
	return 0;
}

static int class_end(struct classes *classes, uint32_t index)
{
	const struct end *end = &facts_ends(classes->facts)[index];
	uint32_t leaf = find_address(classes->lookup, &end->first);
	struct compiled_end compiled = compiled_end(classes, end, &leaf);
	uint32_t roles[DIRECTIONS][2];
	int status = 0;

	if (find_address(classes->lookup, &end->last) != leaf)
		return -EINVAL;
	classes->leaves[index] = leaf;
	for (unsigned i = 0; i < DIRECTIONS && !status; i++) {
		status = answer_role(classes, &compiled, i, true);
		if (!status)
			status = find_class(classes, &classes->near_map[i], &classes->near[i],
					    &compiled, index, &roles[i][0]);
		if (!status)
			status = answer_role(classes, &compiled, i, false);
		if (!status)
			status = find_class(classes, &classes->far_map[i], &classes->far[i],
					    &compiled, index, &roles[i][1]);
	}
	classes->answers.count = 0;
	if (!status)
		status = answer(classes, roles, sizeof(roles));
	return status ? status
		      : find_class(classes, &classes->whole_map, &classes->whole, &compiled, index,
				   &classes->whole_of[index]);
}

static int note_names(struct classes *classes)
{
	const struct layout_header *header = classes->lookup->header;
	const struct layout_port *ports = layout_section(header, LAYOUT_PORTS);
	size_t count = LAYOUT_COUNT(header, LAYOUT_PORTS, struct layout_port);

	for (size_t i = 0; i < count; i++) {
		if (ports[i].kind == WEIR_PORT_NAMED &&
		    !weir_map_insert(&classes->names, &ports[i].name, sizeof(ports[i].name), 0,
				     NULL))
			return -ENOMEM;
	}
	return 0;
}

static void init(struct classes *classes)
{
	const struct weir_allocator *allocator = classes->facts->allocator;

	for (unsigned i = 0; i < DIRECTIONS; i++) {
		classes->near[i] = weir_array_of(allocator, struct class);
		classes->far[i] = weir_array_of(allocator, struct class);
		weir_map_init(&classes->near_map[i], allocator);
		weir_map_init(&classes->far_map[i], allocator);
	}
	classes->whole = weir_array_of(allocator, struct class);
	classes->answers = weir_array_of(allocator, uint8_t);
	weir_map_init(&classes->whole_map, allocator);
	weir_map_init(&classes->names, allocator);
}

int classes_make(struct classes *classes, struct facts *facts, const struct lookup *lookup)
{
	size_t count = facts->ends.count;
	int status;

	*classes = (struct classes){ .facts = facts, .lookup = lookup };
	init(classes);
	classes->leaves = weir_arena_array(&facts->arena, count, uint32_t);
	classes->whole_of = weir_arena_array(&facts->arena, count, uint32_t);
	if (!classes->leaves || !classes->whole_of)
		return -ENOMEM;
	status = note_names(classes);
	for (uint32_t i = 0; i < count && !status; i++)
		status = class_end(classes, i);
	return status;
}

void classes_finish(struct classes *classes)
{
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		weir_array_finish(&classes->near[i]);
		weir_array_finish(&classes->far[i]);
		weir_map_finish(&classes->near_map[i]);
		weir_map_finish(&classes->far_map[i]);
	}
	weir_array_finish(&classes->whole);
	weir_array_finish(&classes->answers);
	weir_map_finish(&classes->whole_map);
	weir_map_finish(&classes->names);
}
