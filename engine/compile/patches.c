#include "patches.h"

#include <errno.h>
#include <stdlib.h>

#include "lookup.h"
#include "patch_writer.h"
#include "places.h"
#include "weir/directory.h"

struct patches {
	const struct weir_allocator *allocator;
	unsigned references; /* of the writer, and of versions */
	struct weir_policy *block;
	struct patch_writer writer;
	struct weir_arena arena; /* what follows */
	struct ground ground;
	/* By number of an object. */
	uint32_t *endpoint_of; /* WEIR_NONE: there is none */
	uint32_t *workload_of;
	uint64_t *changed_in; /* the batch that took this endpoint last */
	uint8_t *is_backend;
	uint32_t number_room;
	uint64_t batch; /* counts those that were refused too */
	/* In force. */
	struct places *places;       /* NULL: there can be none */
	struct weir_policy *origins; /* the policy whose origins are those of the rules */
	const uint32_t *root;        /* of the newest version */
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

/* As the version in the making has it. */

static struct patch_owner owner_of(const struct patches *patches,
				   const struct weir_address *address)
{
	struct lookup lookup = { .names = patches->block->lookup.names,
				 .patch = &patches->writer.patch,
				 .stamp = patches->writer.stamp + 1 };

	return patch_owner_of(&lookup, address);
}

static uint32_t find_pod(const struct patches *patches, const char *namespace_name,
			 const char *name)
{
	const struct patch_entry *entry = patch_find_name(
		&patches->writer.patch, patches->writer.stamp + 1, namespace_name, name);

	return entry ? entry->endpoint : weir_policy_find_pod(patches->block, namespace_name, name);
}

/* A pod that goes. */

static int take_address(struct patches *patches, const struct weir_address *address,
			uint32_t endpoint)
{
	struct places *places = patches->places;
	struct patch_owner owner = owner_of(patches, address);

	if (ground_is_contended(&patches->ground, address) || owner.owner_count != 1 ||
	    owner.owners[0] != endpoint)
		return -EAGAIN;
	if (patch_put_address(&patches->writer, address, WEIR_NONE))
		return -ENOMEM;
	return patch_trie_set(&places->trie, address, places_free_leaf(places, address));
}

static int take_pod(struct patches *patches, uint32_t number, const struct object_endpoint *object)
{
	const struct weir_endpoint *pod = &object->endpoint;
	uint32_t endpoint = patches->endpoint_of[number];
	const struct patch_endpoint *added = patch_endpoint_at(&patches->writer.patch, endpoint);
	struct weir_endpoint_view view = { .name = NULL };
	int status = 0;

	for (uint32_t i = 0; i < pod->address_count && claims_addresses(pod) && !status; i++) {
		if (!is_repeated(pod, i))
			status = take_address(patches, &pod->addresses[i], endpoint);
	}
	if (status)
		return status;
	if (!added)
		weir_policy_endpoint(patches->block, endpoint, &view);
	status = patch_put_name(&patches->writer,
				added ? added->namespace_name : view.namespace_name,
				added ? added->name : view.name, WEIR_NONE);
	if (!status)
		status = patch_put_ended(&patches->writer, endpoint);
	return status ? status
		      : patch_put_number(&patches->writer, &patches->endpoint_of[number],
					 WEIR_NONE);
}

/* A pod that comes. */

static int lead(struct patches *patches, const struct object_endpoint *pod,
		const struct weir_address *address)
{
	struct places *places = patches->places;
	uint32_t kind;

	if (places_kind(places, pod, address, &kind))
		return -ENOMEM;
	return patch_trie_set(&places->trie, address, places_leaf(places, pod, kind));
}

static int give_address(struct patches *patches, const struct object_endpoint *pod,
			const struct weir_address *address, uint32_t endpoint)
{
	struct patch_owner owner = owner_of(patches, address);

	if (ground_is_contended(&patches->ground, address) || owner.owner_count ||
	    owner.node != WEIR_NONE)
		return -EAGAIN;
	if (patch_put_address(&patches->writer, address, endpoint))
		return -ENOMEM;
	return lead(patches, pod, address);
}

static const char *keep_text(struct patches *patches, const char *text)
{
	return weir_arena_copy(&patches->writer.arena, text, strlen(text));
}

static const struct weir_declared_port *keep_declared(struct patches *patches,
						      const struct weir_endpoint *pod)
{
	struct weir_declared_port *made = weir_arena_array(&patches->writer.arena, pod->port_count,
							   struct weir_declared_port);

	for (uint32_t i = 0; i < pod->port_count && made; i++) {
		made[i] = pod->ports[i];
		if (!made[i].name)
			continue;
		made[i].name = keep_text(patches, made[i].name);
		if (!made[i].name)
			return NULL;
	}
	return made;
}

static const struct weir_address *keep_addresses(struct patches *patches,
						 const struct weir_endpoint *pod)
{
	struct weir_address *made =
		weir_arena_array(&patches->writer.arena, pod->address_count, struct weir_address);

	if (made && pod->address_count)
		memcpy(made, pod->addresses, pod->address_count * sizeof(*made));
	return made;
}

static struct patch_endpoint *make_endpoint(struct patches *patches,
					    const struct weir_endpoint *pod)
{
	struct patch_endpoint *made = weir_arena_new(&patches->writer.arena, struct patch_endpoint);

	if (!made)
		return NULL;
	*made = (struct patch_endpoint){
		.namespace_name = keep_text(patches, pod->namespace_name),
		.name = keep_text(patches, pod->name),
		.addresses = keep_addresses(patches, pod),
		.declared = keep_declared(patches, pod),
		.address_count = pod->address_count,
		.declared_count = pod->port_count,
		.node = pod->node == WEIR_NONE ? WEIR_NONE : patches->endpoint_of[pod->node],
		.workload = pod->workload == WEIR_NONE ? WEIR_NONE
						       : patches->workload_of[pod->workload],
		.rank = pod->rank,
		.host_network = pod->host_network,
	};
	return made->namespace_name && made->name && made->addresses && made->declared ? made
										       : NULL;
}

/* What a compilation would find wrong is left to it. */
static bool is_sound(const struct objects *objects, const struct weir_endpoint *pod)
{
	const struct object_endpoint *node =
		pod->node == WEIR_NONE ? NULL : objects_get(objects, OBJECT_ENDPOINT, pod->node);

	return pod->kind == WEIR_ENDPOINT_POD && pod->rank <= WEIR_RANK_RUNNING && pod->name &&
	       pod->namespace_name &&
	       (pod->node == WEIR_NONE || (node && node->endpoint.kind == WEIR_ENDPOINT_NODE));
}

static int give_pod(struct patches *patches, uint32_t number, const struct object_endpoint *object)
{
	const struct weir_endpoint *pod = &object->endpoint;
	uint32_t endpoint = patch_next_endpoint(&patches->writer);
	struct patch_endpoint *made;
	int status = 0;

	if (endpoint == WEIR_NONE || !is_sound(patches->ground.objects, pod) ||
	    find_pod(patches, pod->namespace_name, pod->name) != WEIR_NONE)
		return -EAGAIN;
	made = make_endpoint(patches, pod);
	if (!made)
		return -ENOMEM;
	for (uint32_t i = 0; i < pod->address_count && claims_addresses(pod) && !status; i++) {
		if (!is_repeated(pod, i))
			status = give_address(patches, object, &pod->addresses[i], endpoint);
	}
	if (!status)
		status = patch_put_name(&patches->writer, made->namespace_name, made->name,
					endpoint);
	if (!status)
		status =
			patch_put_number(&patches->writer, &patches->endpoint_of[number], endpoint);
	if (!status)
		patch_add_endpoint(&patches->writer, made);
	return status;
}

/* A pod that stays, in other sets. */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_ports(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
	bool same = a->port_count == b->port_count;

	for (uint32_t i = 0; i < a->port_count && same; i++)
		same = a->ports[i].number == b->ports[i].number &&
		       a->ports[i].protocol == b->ports[i].protocol &&
		       same_text(a->ports[i].name, b->ports[i].name);
	return same;
}

static bool same_but_for_sets(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
	return a->kind == b->kind && a->rank == b->rank && a->host_network == b->host_network &&
	       a->node == b->node && a->workload == b->workload &&
	       a->address_count == b->address_count &&
	       memcmp(a->addresses, b->addresses, a->address_count * sizeof(*a->addresses)) == 0 &&
	       same_text(a->namespace_name, b->namespace_name) && same_text(a->name, b->name) &&
	       same_ports(a, b);
}

static int relabel_pod(struct patches *patches, const struct object_endpoint *object)
{
	const struct weir_endpoint *pod = &object->endpoint;
	int status = 0;

	for (uint32_t i = 0; i < pod->address_count && claims_addresses(pod) && !status; i++) {
		if (ground_is_contended(&patches->ground, &pod->addresses[i]))
			return -EAGAIN;
		status = lead(patches, object, &pod->addresses[i]);
	}
	return status;
}

/* A batch: every pod goes as it was, then every pod comes as it is. */

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
	return patches->places;
}

/* Where a pod is in a batch; the batch's number is even. */
enum {
	IS_TO_COME = 0,
	IS_DONE = 1,
};

static int take_pods(struct patches *patches)
{
	const struct objects *objects = patches->ground.objects;
	const struct object_step *steps = objects->steps.items;
	int status = 0;

	for (size_t i = 0; i < objects->steps.count && !status; i++) {
		uint32_t number = steps[i].number;
		const struct object_endpoint *before = steps[i].before;
		const struct object_endpoint *after;

		if (steps[i].kind != OBJECT_ENDPOINT ||
		    patches->changed_in[number] >= patches->batch)
			continue;
		after = objects_get(objects, OBJECT_ENDPOINT, number);
		patches->changed_in[number] = patches->batch + IS_TO_COME;
		if (before && after && same_but_for_sets(&before->endpoint, &after->endpoint)) {
			patches->changed_in[number] = patches->batch + IS_DONE;
			status = relabel_pod(patches, after);
		} else if (before) {
			status = take_pod(patches, number, before);
		}
	}
	return status;
}

static int give_pods(struct patches *patches)
{
	const struct objects *objects = patches->ground.objects;
	const struct object_step *steps = objects->steps.items;
	int status = 0;

	for (size_t i = 0; i < objects->steps.count && !status; i++) {
		uint32_t number = steps[i].number;
		const struct object_endpoint *object =
			objects_get(objects, OBJECT_ENDPOINT, number);

		if (steps[i].kind != OBJECT_ENDPOINT ||
		    patches->changed_in[number] != patches->batch + IS_TO_COME)
			continue;
		patches->changed_in[number] = patches->batch + IS_DONE;
		if (object)
			status = give_pod(patches, number, object);
	}
	return status;
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

static size_t bytes_of(const struct patches *patches, const struct parts *parts)
{
	return patches->block->lookup.names->preamble.total_bytes +
	       tables_of(parts)->lookup.header->preamble.total_bytes +
	       patch_trie_bytes(&parts->places->trie) + sizeof(struct held) +
	       patches->writer.arena.used;
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
	int status = take_pods(patches);

	if (!status)
		status = give_pods(patches);
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
	}
	return status;
}
