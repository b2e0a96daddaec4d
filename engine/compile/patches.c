#include "patches_inner.h"

#include <errno.h>

enum {
	/* Batches before patches begin anew: readers may still pass by what such a one has written
	 * down, so it stays. */
	REFUSED_MOST = 8,
};

/* What of a compilation is gone when it is over. */

static int keep_contended(struct patches *patches, const struct build *build)
{
	const struct owners *owners = &build->owners;
	struct weir_address *contended;
	size_t count = 0;

	for (uint32_t i = 0; i < owners->count; i++)
		count += owners->items[i].is_contended;
	contended = weir_arena_array(&patches->arena, count, struct weir_address);
	if (!contended)
		return -ENOMEM;
	patches->ground.contended = contended;
	for (uint32_t i = 0; i < owners->count; i++) {
		if (owners->items[i].is_contended)
			contended[patches->ground.contended_count++] = owners->items[i].address;
	}
	return 0;
}

static const char *text_of(const struct patches *patches, uint32_t offset)
{
	return LAYOUT_ITEMS(patches->block->lookup.names, LAYOUT_TEXT, char) + offset;
}

static bool names_are_unique(const struct patches *patches)
{
	const struct layout_header *header = patches->block->lookup.names;
	const uint32_t *order = layout_section(header, LAYOUT_PODS_BY_NAME);
	size_t count = LAYOUT_COUNT(header, LAYOUT_PODS_BY_NAME, uint32_t);
	const struct layout_endpoint *endpoints = layout_section(header, LAYOUT_ENDPOINTS);

	for (size_t i = 1; i < count; i++) {
		const struct layout_endpoint *a = &endpoints[order[i - 1]];
		const struct layout_endpoint *b = &endpoints[order[i]];

		if (a->namespace_name == b->namespace_name &&
		    strcmp(text_of(patches, a->name), text_of(patches, b->name)) == 0)
			return false;
	}
	return true;
}

static void note_backends(struct patches *patches, const struct objects *objects)
{
	const struct object_pool *pool = &objects->pools[OBJECT_SERVICE];

	for (uint32_t i = 0; i < pool->slots.count; i++) {
		const struct weir_service *service = objects_get(objects, OBJECT_SERVICE, i);

		for (uint32_t j = 0; service && j < service->port_count; j++) {
			const struct weir_service_port *port = &service->ports[j];

			for (uint32_t k = 0; k < port->backend_count; k++) {
				if (port->backends[k].endpoint != WEIR_NONE)
					patches->is_backend[port->backends[k].endpoint] = 1;
			}
		}
	}
}

static void note_workloads(struct patches *patches, const struct objects *objects)
{
	size_t count = objects->pools[OBJECT_WORKLOAD].slots.count;
	uint32_t next = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (objects_get(objects, OBJECT_WORKLOAD, i))
			patches->workload_of[i] = next++;
	}
}

/* Numbers become indices in order, as they were when the policy was compiled. */
static int note_endpoints(struct patches *patches, const struct objects *objects)
{
	struct ground *ground = &patches->ground;
	uint32_t block_endpoints = patches->block->lookup.endpoint_count;
	uint32_t *others = weir_arena_array(&patches->arena, block_endpoints, uint32_t);
	uint32_t *node_number = weir_arena_array(&patches->arena, patches->number_room, uint32_t);
	uint32_t next = 0;
	uint32_t nodes = 0;

	if (!others || !node_number)
		return -ENOMEM;
	ground->others = others;
	ground->node_number = node_number;
	for (uint32_t i = 0; i < patches->number_room; i++) {
		const struct object_endpoint *object = objects_get(objects, OBJECT_ENDPOINT, i);

		patches->endpoint_of[i] = object ? next++ : WEIR_NONE;
		if (object && ground_has(ground, &object->endpoint))
			others[ground->other_count++] = i;
		if (object && object->endpoint.kind == WEIR_ENDPOINT_NODE &&
		    object->endpoint.address_count)
			node_number[i] = ++nodes;
	}
	return 0;
}

static int note_objects(struct patches *patches, const struct objects *objects)
{
	struct weir_arena *arena = &patches->arena;
	size_t workloads = objects->pools[OBJECT_WORKLOAD].slots.count;

	patches->number_room =
		(uint32_t)objects->pools[OBJECT_ENDPOINT].slots.count + patches->writer.added_room;
	patches->endpoint_of = weir_arena_array(arena, patches->number_room, uint32_t);
	patches->changed_in = weir_arena_array(arena, patches->number_room, uint64_t);
	patches->is_backend = weir_arena_array(arena, patches->number_room, uint8_t);
	patches->workload_of = weir_arena_array(arena, workloads, uint32_t);
	if (!patches->endpoint_of || !patches->changed_in || !patches->is_backend ||
	    !patches->workload_of)
		return -ENOMEM;
	note_workloads(patches, objects);
	note_backends(patches, objects);
	return note_endpoints(patches, objects);
}

/* Life. */

static void release_patches(struct patches *patches)
{
	if (__atomic_sub_fetch(&patches->references, 1, __ATOMIC_ACQ_REL))
		return;
	patch_writer_finish(&patches->writer);
	weir_arena_finish(&patches->arena);
	weir_policy_unref(patches->block);
	weir_release(patches->allocator, patches);
}

/* Where there can be no places every batch is compiled. */
static int begin(struct patches *patches, const struct build *build)
{
	int status = patch_writer_init(&patches->writer, patches->allocator,
				       patches->block->lookup.endpoint_count);

	if (!status)
		status = keep_contended(patches, build);
	if (!status)
		status = note_objects(patches, patches->ground.objects);
	if (status || !names_are_unique(patches))
		return status;
	status = places_make(&patches->ground, &patches->places);
	if (!status)
		patches->root = patches->places->first_root;
	return status == -ENOMEM ? status : 0;
}

int patches_begin(struct build *build, struct weir_policy *policy, const struct objects *objects,
		  const struct weir_resolved *frame, const struct weir_compile_options *options,
		  struct patches **out)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(options->allocator);
	struct patches *patches = weir_allocate_zeroed(allocator, 1, sizeof(*patches));
	int status;

	if (!patches)
		return -ENOMEM;
	patches->allocator = allocator;
	patches->references = 1;
	patches->block = weir_policy_ref(policy);
	patches->origins = weir_policy_ref(policy);
	patches->ground = (struct ground){
		.allocator = allocator,
		.objects = objects,
		.frame = *frame,
		.max_bytes = options->max_bytes,
	};
	weir_arena_init(&patches->arena, allocator);
	status = begin(patches, build);
	if (status)
		patches_end(patches);
	else
		*out = patches;
	return status;
}

/* Versions do not read what is the writer's own. */
void patches_end(struct patches *patches)
{
	if (!patches)
		return;
	places_release(patches->places);
	weir_policy_unref(patches->origins);
	release_patches(patches);
}

/* Which batches are for patches. */

static bool is_pod(const struct object_endpoint *object)
{
	return !object || object->endpoint.kind == WEIR_ENDPOINT_POD;
}

static bool is_for_patches(const struct patches *patches)
{
	const struct objects *objects = patches->ground.objects;
	const struct object_step *steps = objects->steps.items;

	for (size_t i = 0; i < objects->steps.count; i++) {
		const struct object_step *step = &steps[i];
		const struct object_endpoint *object;

		if (step->kind >= OBJECT_SET)
			continue;
		if (step->kind != OBJECT_ENDPOINT || step->number >= patches->number_room ||
		    !is_pod(step->before))
			return false;
		object = objects_get(objects, OBJECT_ENDPOINT, step->number);
		/* A backend that is gone is refused. */
		if (!is_pod(object) || (!object && patches->is_backend[step->number]))
			return false;
	}
	return patches->places && patches->refused < REFUSED_MOST;
}

/* What a version is made of. */
struct parts {
	struct places *places;       /* in force, or made anew */
	struct tables tables;        /* compiled anew, or without a policy */
	struct weir_policy *origins; /* in force, or one of the others' */
};

static bool has_step(const struct objects *objects, enum object_kind first, enum object_kind last)
{
	const struct object_step *steps = objects->steps.items;
	bool has = false;

	for (size_t i = 0; i < objects->steps.count && !has; i++)
		has = steps[i].kind >= first && steps[i].kind <= last;
	return has;
}

static struct weir_policy *tables_of(const struct parts *parts)
{
	return parts->tables.policy ? parts->tables.policy : parts->places->tables.policy;
}

/* What pods and rules ask for beside the trie. */
static int make_parts(struct patches *patches, struct parts *parts)
{
	const struct objects *objects = patches->ground.objects;
	bool has_blocks = has_step(objects, OBJECT_BLOCK, OBJECT_BLOCK);
	bool has_rules = has_step(objects, OBJECT_SET, OBJECT_RULE) ||
			 kinds_count(&patches->places->kinds) > patches->places->tables.kind_count;
	int status = 0;

	*parts = (struct parts){ .places = patches->places, .origins = patches->origins };
	if (has_blocks)
		status = -EAGAIN;
	else if (has_rules)
		status = places_compile(patches->places, &parts->tables);
	if (status == -EAGAIN)
		status = places_make(&patches->ground, &parts->places);
	if (!status && has_step(objects, OBJECT_ORIGIN, OBJECT_RULE))
		parts->origins = tables_of(parts);
	return !status || status == -ENOMEM ? status : -EAGAIN;
}

static void drop_parts(const struct patches *patches, struct parts *parts)
{
	tables_finish(&parts->tables);
	if (parts->places != patches->places)
		places_release(parts->places);
}

/* A version. */

struct held {
	struct patches *patches;
	struct patch_trie_memory *memory;
	struct weir_policy *tables;
	struct weir_policy *origins;
	uint32_t root[1 << LAYOUT_ROOT_BITS];
};

static void let_go(void *context)
{
	struct held *held = context;

	patch_trie_release(held->memory);
	weir_policy_unref(held->tables);
	weir_policy_unref(held->origins);
	release_patches(held->patches);
}

static void hold(struct held *held, struct patches *patches, const struct parts *parts)
{
	const struct patch_trie *trie = &parts->places->trie;

	held->memory = patch_trie_hold(trie->state.memory);
	held->tables = weir_policy_ref(tables_of(parts));
	held->origins = weir_policy_ref(parts->origins);
	held->patches = patches;
	__atomic_add_fetch(&patches->references, 1, __ATOMIC_RELAXED);
	memcpy(held->root, trie->root, sizeof(held->root));
}

static int make_version(struct patches *patches, const struct parts *parts,
			struct weir_policy **out)
{
	const struct patch_trie_state *trie = &parts->places->trie.state;
	struct weir_policy *policy;
	struct held *held;

	if (weir_policy_borrow(patches->allocator, patches->block->lookup.names, &policy))
		return -ENOMEM;
	held = weir_allocate(patches->allocator, sizeof(*held));
	if (!held) {
		weir_policy_unref(policy);
		return -ENOMEM;
	}
	hold(held, patches, parts);
	policy->memory = held;
	policy->context = held;
	policy->release = let_go;
	weir_policy_attach(policy);
	weir_lookup_tables(&policy->lookup, held->tables->lookup.header);
	policy->lookup.origins = held->origins->lookup.header;
	policy->lookup.root = held->root;
	policy->lookup.nodes = trie->memory->nodes;
	policy->lookup.leaves = trie->memory->leaves;
	policy->lookup.guards = trie->memory->guards;
	policy->lookup.ipv6 = trie->ipv6;
	policy->lookup.patch = &patches->writer.patch;
	policy->lookup.stamp = patches->writer.stamp + 1;
	policy->lookup.endpoint_count =
		patches->writer.patch.block_endpoints + patches->writer.added_count;
	*out = policy;
	return 0;
}

static size_t block_bytes(const struct weir_policy *policy)
{
	return policy->lookup.header->preamble.total_bytes;
}

static size_t bytes_of(const struct patches *patches, const struct parts *parts)
{
	const struct weir_policy *tables = tables_of(parts);
	size_t bytes = block_bytes(patches->block) + block_bytes(tables) +
		       patch_trie_bytes(&parts->places->trie) + sizeof(struct held) +
		       patches->writer.arena.used;

	/* Of tables that were in force when rules changed. */
	if (parts->origins != tables && parts->origins != patches->block)
		bytes += block_bytes(parts->origins);
	return bytes;
}

static int finish(struct patches *patches, const struct parts *parts, struct weir_policy **out)
{
	size_t max_bytes = patches->ground.max_bytes;

	if (max_bytes && bytes_of(patches, parts) > max_bytes)
		return -EAGAIN;
	return make_version(patches, parts, out);
}

static void put_in_force(struct patches *patches, struct parts *parts,
			 const struct weir_policy *version)
{
	struct weir_policy *origins = patches->origins;

	patches->origins = weir_policy_ref(parts->origins);
	weir_policy_unref(origins);
	patch_trie_keep(&patches->places->trie);
	if (parts->places != patches->places)
		places_release(patches->places);
	patches->places = parts->places;
	if (parts->tables.policy) {
		tables_finish(&patches->places->tables);
		patches->places->tables = parts->tables;
	}
	patches->root = version->lookup.root;
	patch_keep(&patches->writer);
}

static int apply(struct patches *patches, struct weir_policy **out)
{
	struct parts parts;
	int status = patches_take_pods(patches);

	if (!status)
		status = patches_give_pods(patches);
	if (status)
		return status;
	status = make_parts(patches, &parts);
	if (!status)
		status = finish(patches, &parts, out);
	if (status)
		drop_parts(patches, &parts);
	else
		put_in_force(patches, &parts, *out);
	return status;
}

int patches_apply(struct patches *patches, struct weir_policy **out)
{
	int status;

	if (!is_for_patches(patches))
		return -EAGAIN;
	patches->batch += 2;
	patch_trie_begin(&patches->places->trie);
	status = apply(patches, out);
	if (status) {
		patch_go_back(&patches->writer);
		patch_trie_go_back(&patches->places->trie, patches->root);
		patches->refused++;
	}
	return status;
}
