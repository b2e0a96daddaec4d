/*
 * compile.c - a resolved policy becomes a block.
 *
 * The stages of build.h run one after the other; then the sections are laid out and copied into
 * one allocation. Memory on the way is taken through a meter, which bounds it in relation to the
 * input and to max_bytes: a policy whose tables explode fails with -ERANGE on the way there.
 */
#include "build.h"

#include <errno.h>
#include <stdalign.h>

#include "handle.h"
#include "sections.h"

enum {
	TEMPORARY_FACTOR = 4,        /* of max_bytes */
	TEMPORARY_INPUT_FACTOR = 16, /* of the input */
	TEMPORARY_LEAST = 16 * 1024 * 1024,
};

/* An allocator that refuses what exceeds its limit. Each allocation begins with its size. */
struct meter {
	const struct weir_allocator *base;
	struct weir_allocator allocator;
	size_t used;
	size_t limit;
	bool is_exceeded;
};

enum {
	METER_HEAD = alignof(max_align_t),
};

static void *meter_allocate(void *context, size_t size)
{
	struct meter *meter = context;
	char *memory;

	if (size > meter->limit - meter->used || size > SIZE_MAX - METER_HEAD) {
		meter->is_exceeded = true;
		return NULL;
	}
	memory = weir_allocate(meter->base, size + METER_HEAD);
	if (!memory)
		return NULL;
	memcpy(memory, &size, sizeof(size));
	meter->used += size;
	return memory + METER_HEAD;
}

static void meter_release(void *context, void *memory)
{
	struct meter *meter = context;
	char *start = (char *)memory - METER_HEAD;
	size_t size;

	memcpy(&size, start, sizeof(size));
	meter->used -= size;
	weir_release(meter->base, start);
}

/* About what the input takes itself; sets make the most of it. */
static size_t measure_input(const struct weir_resolved *resolved)
{
	size_t bytes = (size_t)resolved->endpoint_count * sizeof(struct weir_endpoint) +
		       (size_t)resolved->workload_count * sizeof(struct weir_workload) +
		       (size_t)resolved->service_count * sizeof(struct weir_service) +
		       (size_t)resolved->set_count * sizeof(struct weir_set) +
		       (size_t)resolved->block_count * sizeof(struct weir_block) +
		       (size_t)resolved->origin_count * sizeof(struct weir_origin) +
		       (size_t)resolved->rule_count * sizeof(struct weir_rule) +
		       (size_t)resolved->pod_range_count * sizeof(struct weir_prefix);

	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		bytes +=
			(size_t)resolved->endpoints[i].address_count * sizeof(struct weir_address) +
			(size_t)resolved->endpoints[i].port_count *
				sizeof(struct weir_declared_port);
	for (uint32_t i = 0; i < resolved->set_count; i++)
		bytes += (size_t)resolved->sets[i].endpoint_count * sizeof(uint32_t);
	for (uint32_t i = 0; i < resolved->block_count; i++)
		bytes += (size_t)resolved->blocks[i].hole_count * sizeof(struct weir_prefix);
	for (uint32_t i = 0; i < resolved->rule_count; i++)
		bytes += (size_t)resolved->rules[i].peer_count * sizeof(struct weir_peer) +
			 (size_t)resolved->rules[i].port_count * sizeof(struct weir_port);
	return bytes;
}

static void meter_init(struct meter *meter, const struct weir_compile_options *options)
{
	*meter = (struct meter){
		.base = weir_allocator_or_default(options->allocator),
		.allocator = { meter_allocate, meter_release, meter },
		.limit = SIZE_MAX,
	};
}

static void meter_bound(struct meter *meter, const struct weir_resolved *resolved, size_t max_bytes)
{
	size_t input = measure_input(resolved) * TEMPORARY_INPUT_FACTOR + TEMPORARY_LEAST;

	if (max_bytes && max_bytes < (SIZE_MAX - input) / TEMPORARY_FACTOR)
		meter->limit = max_bytes * TEMPORARY_FACTOR + input;
}

/* The stages. */

static void build_init(struct build *build, const struct weir_resolved *resolved,
		       const struct weir_allocator *allocator, struct weir_error *error)
{
	*build = (struct build){ .resolved = resolved, .allocator = allocator, .error = error };
	weir_arena_init(&build->arena, allocator);
	trie_init(&build->trie, allocator);
	build->port_sets = weir_array_of(allocator, uint64_t);
	build->profiles = weir_array_of(allocator, struct layout_profile);
	build->specials = weir_array_of(allocator, struct layout_special);
	build->candidates = weir_array_of(allocator, uint32_t);
	build->node_numbers = weir_array_of(allocator, uint32_t);
	build->ports.chunks = weir_array_of(allocator, uint16_t);
	build->ports.chunks.item_size *= LAYOUT_PORTS_PER_CHUNK;
	for (unsigned i = 0; i < DIRECTIONS; i++)
		build->sides[i].lines = weir_array_of(allocator, struct layout_line);
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++)
		build->sections[i] = (struct weir_array){
			.allocator = allocator,
			.item_size = layout_kinds[i].item_bytes,
		};
}

static void build_finish(struct build *build)
{
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++)
		weir_array_finish(&build->sections[i]);
	for (unsigned i = 0; i < DIRECTIONS; i++)
		weir_array_finish(&build->sides[i].lines);
	weir_array_finish(&build->ports.chunks);
	weir_array_finish(&build->node_numbers);
	weir_array_finish(&build->candidates);
	weir_array_finish(&build->specials);
	weir_array_finish(&build->profiles);
	weir_array_finish(&build->port_sets);
	trie_finish(&build->trie);
	weir_arena_finish(&build->arena);
}

static int build_cold(struct build *build)
{
	struct text_writer text;
	int status = text_writer_init(&text, build);

	if (!status)
		status = build_rules(build, &text);
	if (!status && !build->kinds)
		status = build_names(build, &text);
	if (!status)
		status = build_origins(build, &text);
	text_writer_finish(&text);
	return status;
}

static int run_stages(struct build *build)
{
	static int (*const stages[])(struct build *) = {
		build_owners, build_ports, build_classes, build_rows, build_leaves, build_cold,
	};
	int status = 0;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && !status; i++)
		status = stages[i](build);
	return status;
}

/* The block. */

struct bytes {
	const void *at;
	size_t length;
};

static struct bytes array_bytes(const struct weir_array *array)
{
	return (struct bytes){ array->items, array->count * array->item_size };
}

static void gather(const struct build *build, struct bytes sections[LAYOUT_SECTIONS])
{
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++)
		sections[i] = array_bytes(&build->sections[i]);
	if (!build->kinds)
		sections[LAYOUT_ROOT] =
			(struct bytes){ build->trie.root, sizeof(uint32_t) << LAYOUT_ROOT_BITS };
	sections[LAYOUT_NODES] = array_bytes(&build->trie.nodes);
	sections[LAYOUT_LEAVES] = array_bytes(&build->trie.leaves);
	sections[LAYOUT_GUARDS] = array_bytes(&build->trie.guards);
	sections[LAYOUT_PROFILES] = array_bytes(&build->profiles);
	sections[LAYOUT_PORT_ROOTS] =
		(struct bytes){ build->ports.roots,
				sizeof(uint16_t) * LAYOUT_SLOTS * LAYOUT_CHUNKS };
	sections[LAYOUT_PORT_CHUNKS] = array_bytes(&build->ports.chunks);
	sections[LAYOUT_EGRESS_ROWS] = array_bytes(&build->sides[WEIR_EGRESS].lines);
	sections[LAYOUT_INGRESS_ROWS] = array_bytes(&build->sides[WEIR_INGRESS].lines);
	sections[LAYOUT_PORT_SETS] = array_bytes(&build->port_sets);
	sections[LAYOUT_SPECIALS] = array_bytes(&build->specials);
	sections[LAYOUT_CANDIDATES] = array_bytes(&build->candidates);
	sections[LAYOUT_NODE_NUMBERS] = array_bytes(&build->node_numbers);
}

static size_t align(size_t offset)
{
	return (offset + LAYOUT_ALIGNMENT - 1) / LAYOUT_ALIGNMENT * LAYOUT_ALIGNMENT;
}

static void fill_header(const struct build *build, struct layout_header *header)
{
	const struct weir_semantics *semantics = &build->resolved->semantics;

	memcpy(header->preamble.magic, LAYOUT_MAGIC, sizeof(LAYOUT_MAGIC));
	header->preamble.byte_order = LAYOUT_BYTE_ORDER;
	header->preamble.version = LAYOUT_VERSION;
	header->header_bytes = sizeof(*header);
	header->section_count = LAYOUT_SECTIONS;
	header->features = (build->has_domains ? LAYOUT_HAS_DOMAINS : 0u) |
			   (build->has_tiers ? LAYOUT_HAS_TIERS : 0u);
	header->profile_bits = (uint8_t)build->profile_bits;
	header->ipblock_pods = semantics->ipblock_pods;
	header->own_node = semantics->own_node;
	header->other_protocols = semantics->other_protocols;
	header->ipv6 = build->trie.ipv6;
	header->first_node_profile = build->first_node_profile;
	header->port_set_words = build->ports.words;
	header->port_classes = build->ports.class_count;
	header->rules = build->resolved->rule_count;
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		header->classes[i] = build->sides[i].class_count;
		header->groups[i] = build->sides[i].group_count;
	}
	header->group_rules[WEIR_INGRESS] = build->sides[WEIR_EGRESS].group_count + 1;
}

static size_t place_sections(const struct bytes sections[LAYOUT_SECTIONS],
			     struct layout_extent extents[LAYOUT_SECTIONS])
{
	size_t offset = align(sizeof(struct layout_header));

	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		extents[i] = (struct layout_extent){ offset, sections[i].length };
		offset = align(offset + sections[i].length);
	}
	return offset;
}

static int write_block(struct build *build, const struct weir_allocator *allocator,
		       struct weir_policy **out)
{
	struct bytes sections[LAYOUT_SECTIONS];
	struct layout_extent extents[LAYOUT_SECTIONS];
	struct layout_header *header;
	struct weir_policy *policy;
	size_t total;

	gather(build, sections);
	total = place_sections(sections, extents);
	if (total > build->max_bytes)
		return build_fail(build, -ERANGE, "the policy takes %zu bytes, the bound is %zu",
				  total, build->max_bytes);
	if (weir_policy_create(allocator, total, &header, &policy))
		return -ENOMEM;
	memset(header, 0, align(sizeof(*header)));
	fill_header(build, header);
	header->preamble.total_bytes = total;
	memcpy(header->sections, extents, sizeof(extents));
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		char *at = (char *)header + extents[i].offset;

		if (sections[i].length)
			memcpy(at, sections[i].at, sections[i].length);
		memset(at + sections[i].length, 0, align(sections[i].length) - sections[i].length);
	}
	weir_policy_attach(policy);
	*out = policy;
	return 0;
}

static int finish(struct build *build, const struct weir_allocator *allocator,
		  const struct build_keeper *keeper, struct weir_policy **out)
{
	struct weir_policy *policy = NULL;
	int status = write_block(build, allocator, &policy);

	if (status)
		return status;
	if (keeper)
		status = keeper->keep(keeper->context, build, policy);
	if (status)
		weir_policy_unref(policy);
	else
		*out = policy;
	return status;
}

/* What is wanted of a compilation beside its policy. */
struct wish {
	const struct build_kinds *kinds;
	const struct build_keeper *keeper;
	enum row_form form;
};

static int compile(const struct weir_resolved *resolved, const struct weir_compile_options *options,
		   struct wish wish, struct weir_policy **out, struct weir_error *error)
{
	static const struct weir_compile_options defaults;
	struct meter meter;
	struct build build;
	int status;

	options = options ? options : &defaults;
	meter_init(&meter, options);
	build_init(&build, resolved, &meter.allocator, error);
	build.max_bytes = options->max_bytes ? options->max_bytes : SIZE_MAX;
	build.form = wish.form;
	build.kinds = wish.kinds;
	status = build_validate(&build);
	if (!status) {
		meter_bound(&meter, resolved, options->max_bytes);
		status = run_stages(&build);
	}
	if (!status)
		status = finish(&build, meter.base, wish.keeper, out);
	if (status == -ENOMEM && meter.is_exceeded)
		status = build_fail(&build, -ERANGE,
				    "compiling takes more memory than %zu bytes allow",
				    build.max_bytes);
	else if (status == -ENOMEM)
		build_fail(&build, -ENOMEM, "out of memory");
	build_finish(&build);
	return status;
}

int weir_compile_in_form(const struct weir_resolved *resolved,
			 const struct weir_compile_options *options, enum row_form form,
			 struct weir_policy **out, struct weir_error *error)
{
	return compile(resolved, options, (struct wish){ .form = form }, out, error);
}

int weir_compile_and_keep(const struct weir_resolved *resolved,
			  const struct weir_compile_options *options,
			  const struct build_keeper *keeper, struct weir_policy **out,
			  struct weir_error *error)
{
	return compile(resolved, options, (struct wish){ .keeper = keeper }, out, error);
}

int weir_compile_kinds(const struct weir_resolved *resolved, const struct build_kinds *kinds,
		       const struct weir_compile_options *options,
		       const struct build_keeper *keeper, struct weir_policy **out,
		       struct weir_error *error)
{
	return compile(resolved, options, (struct wish){ .kinds = kinds, .keeper = keeper }, out,
		       error);
}

int weir_compile(const struct weir_resolved *resolved, const struct weir_compile_options *options,
		 struct weir_policy **out, struct weir_error *error)
{
	return compile(resolved, options, (struct wish){ .kinds = NULL }, out, error);
}
