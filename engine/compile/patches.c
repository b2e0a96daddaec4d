#include "patches.h"

#include <errno.h>
#include <stdlib.h>

#include "lookup.h"
#include "owned.h"
#include "patch_trie.h"
#include "weir/directory.h"

enum {
	ADDED_LEAST = 1024, /* pods before patches begin anew; as many as the block has, if more */
};

enum undo_kind {
	UNDO_ADDRESS, /* a chain's newest entry */
	UNDO_NAME,
	UNDO_ENDED,  /* the stamp of an endpoint */
	UNDO_NUMBER, /* the endpoint of a number */
};

struct undo {
	uint64_t before; /* or a pointer */
	uint32_t index;
	uint32_t kind; /* enum undo_kind */
};

struct patches {
	const struct weir_allocator *allocator;
	unsigned references; /* of the writer, and of versions */
	struct weir_policy *block;
	struct patch patch;
	struct weir_arena arena; /* endpoints and entries */
	struct patch_trie trie;
	uint64_t stamp; /* of the version in force */
	uint64_t batch; /* counts those that were refused too */
	uint32_t added_count;
	uint32_t added_room;
	struct weir_array undos;
	/* By number of an object. */
	uint32_t *endpoint_of; /* WEIR_NONE: there is none */
	uint32_t *workload_of;
	uint64_t *changed_in; /* the batch that took this endpoint last */
	uint8_t *is_backend;
	uint32_t number_room;
	uint32_t workload_room;
	/* Of the block. */
	struct weir_map alike; /* what makes pods alike → profile */
	struct weir_array key; /* scratch */
	struct weir_map names; /* of ports, that rules name → place in the text */
	struct regions regions;
	uint32_t *leaf_of_region;
	uint32_t *block_class_of_region[DIRECTIONS];
	bool sees_blocks;
	bool has_unique_names;
	struct weir_address *contended; /* addresses that several claim, ascending */
	size_t contended_count;
	uint32_t *node_number; /* by endpoint of the block */
};

/* What of a compilation is gone when it is over. */

static void *keep(struct patches *patches, const void *from, size_t bytes)
{
	void *copy = weir_arena_allocate(&patches->arena, bytes, 1);

	if (copy && bytes)
		memcpy(copy, from, bytes);
	return copy;
}

static int keep_regions(struct patches *patches, const struct build *build)
{
	size_t count = build->regions.count;

	patches->regions.count = build->regions.count;
	patches->regions.ipv4_count = build->regions.ipv4_count;
	patches->regions.items =
		keep(patches, build->regions.items, count * sizeof(*build->regions.items));
	patches->leaf_of_region =
		keep(patches, build->leaf_of_region, count * sizeof(*build->leaf_of_region));
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		patches->block_class_of_region[i] =
			keep(patches, build->sides[i].block_class_of, count * sizeof(uint32_t));
		if (!patches->block_class_of_region[i])
			return -ENOMEM;
	}
	patches->sees_blocks = build->some_always_pods ||
			       build->resolved->semantics.ipblock_pods == WEIR_IPBLOCK_PODS_MATCH;
	return patches->regions.items && patches->leaf_of_region ? 0 : -ENOMEM;
}

static int keep_contended(struct patches *patches, const struct build *build)
{
	const struct owners *owners = &build->owners;
	size_t count = 0;

	for (uint32_t i = 0; i < owners->count; i++)
		count += owners->items[i].is_contended;
	patches->contended = weir_arena_array(&patches->arena, count, struct weir_address);
	if (!patches->contended)
		return -ENOMEM;
	for (uint32_t i = 0; i < owners->count; i++) {
		if (owners->items[i].is_contended)
			patches->contended[patches->contended_count++] = owners->items[i].address;
	}
	return 0;
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_address));
}

static bool is_contended(const struct patches *patches, const struct weir_address *address)
{
	return patches->contended_count &&
	       bsearch(address, patches->contended, patches->contended_count, sizeof(*address),
		       compare_addresses);
}

static int number_nodes(struct patches *patches)
{
	const struct layout_header *header = patches->block->lookup.header;
	const uint32_t *nodes = layout_section(header, LAYOUT_NODE_NUMBERS);
	size_t count = LAYOUT_COUNT(header, LAYOUT_NODE_NUMBERS, uint32_t);

	patches->node_number =
		weir_arena_array(&patches->arena, patches->patch.block_endpoints, uint32_t);
	if (!patches->node_number)
		return -ENOMEM;
	for (size_t i = 1; i < count; i++)
		patches->node_number[nodes[i]] = (uint32_t)i;
	return 0;
}

static const char *text_of(const struct patches *patches, uint32_t offset)
{
	return LAYOUT_ITEMS(patches->block->lookup.header, LAYOUT_TEXT, char) + offset;
}

static int find_names(struct patches *patches)
{
	const struct layout_header *header = patches->block->lookup.header;
	const struct layout_port *ports = layout_section(header, LAYOUT_PORTS);
	size_t count = LAYOUT_COUNT(header, LAYOUT_PORTS, struct layout_port);

	for (size_t i = 0; i < count; i++) {
		const char *name = text_of(patches, ports[i].name);

		if (ports[i].kind == WEIR_PORT_NAMED &&
		    !weir_map_insert(&patches->names, name, strlen(name), ports[i].name, NULL))
			return -ENOMEM;
	}
	return 0;
}

/* Where a port's name stands in the text when rules name it, or 0. */
static uint32_t place_of_name(const struct patches *patches, const char *name)
{
	const uint32_t *place = name ? weir_map_find(&patches->names, name, strlen(name)) : NULL;

	return place ? *place : 0;
}

static bool names_are_unique(const struct patches *patches)
{
	const struct layout_header *header = patches->block->lookup.header;
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

/* Pods that are alike: an address's blocks, the sets, the ports that rules name. */

static int push_number(struct weir_array *key, uint32_t number)
{
	uint32_t *pushed = weir_array_push(key);

	if (!pushed)
		return -ENOMEM;
	*pushed = number;
	return 0;
}

static int make_key(struct patches *patches, const struct object_endpoint *pod, uint32_t region)
{
	struct weir_array *key = &patches->key;
	int status = 0;

	key->count = 0;
	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = push_number(
			key, patches->sees_blocks ? patches->block_class_of_region[i][region] : 0);
	if (!status)
		status = push_number(key, pod->set_count);
	for (uint32_t i = 0; i < pod->set_count && !status; i++)
		status = push_number(key, pod->sets[i]);
	for (uint32_t i = 0; i < pod->endpoint.port_count && !status; i++) {
		const struct weir_declared_port *port = &pod->endpoint.ports[i];
		uint32_t name = place_of_name(patches, port->name);

		if (!name)
			continue;
		status = push_number(key, name);
		if (!status)
			status = push_number(key, (uint32_t)port->number << 8 | port->protocol);
	}
	return status;
}

static int note_kind(struct patches *patches, uint32_t profile)
{
	const struct weir_array *key = &patches->key;
	size_t length = key->count * sizeof(uint32_t);
	uint64_t hash = weir_hash_bytes(key->items, length, 0);
	struct weir_map_slot *slot = weir_map_slot(&patches->alike, key->items, length, hash);
	void *copy;

	if (!slot)
		return -ENOMEM;
	if (slot->key)
		return 0;
	copy = keep(patches, key->items, length);
	if (!copy)
		return -ENOMEM;
	weir_map_fill(&patches->alike, slot, copy, length, hash, profile);
	return 0;
}

/* Pods that own an address alone are what others may be like. by_index are the objects. */
static int note_pods(struct patches *patches, const struct build *build,
		     const struct object_endpoint *const *by_index)
{
	const struct layout_header *header = patches->block->lookup.header;
	int status = 0;

	for (uint32_t i = 0; i < build->owners.count && !status; i++) {
		const struct owned *owned = &build->owners.items[i];
		const struct element *element = &build->owners.elements[owned->first_element];
		uint32_t leaf = build->leaf_of_owned[i];

		if (element->kind != ELEMENT_POD || leaf & LAYOUT_SPECIAL)
			continue;
		status = make_key(patches, by_index[element->endpoint], element->region);
		if (!status)
			status = note_kind(patches, leaf & ((1u << header->profile_bits) - 1));
	}
	return status;
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
	uint32_t next = 0;

	for (uint32_t i = 0; i < patches->workload_room; i++) {
		if (objects_get(objects, OBJECT_WORKLOAD, i))
			patches->workload_of[i] = next++;
	}
}

/* Numbers become indices in order, as they were when the policy was compiled. */
static int note_objects(struct patches *patches, struct build *build, const struct objects *objects)
{
	const struct object_endpoint **by_index = weir_arena_array(
		&build->arena, patches->patch.block_endpoints, const struct object_endpoint *);
	uint32_t next = 0;

	if (!by_index)
		return -ENOMEM;
	for (uint32_t i = 0; i < patches->number_room; i++) {
		const struct object_endpoint *object = objects_get(objects, OBJECT_ENDPOINT, i);

		patches->endpoint_of[i] = object ? next : WEIR_NONE;
		if (object)
			by_index[next++] = object;
	}
	note_workloads(patches, objects);
	note_backends(patches, objects);
	return note_pods(patches, build, by_index);
}

/* Life. */

static void release_patches(struct patches *patches)
{
	if (__atomic_sub_fetch(&patches->references, 1, __ATOMIC_ACQ_REL))
		return;
	patch_trie_finish(&patches->trie);
	weir_map_finish(&patches->alike);
	weir_map_finish(&patches->names);
	weir_array_finish(&patches->key);
	weir_array_finish(&patches->undos);
	weir_arena_finish(&patches->arena);
	weir_policy_unref(patches->block);
	weir_release(patches->allocator, patches);
}

static int make_tables(struct patches *patches, const struct objects *objects)
{
	struct weir_arena *arena = &patches->arena;
	uint32_t block = patches->block->lookup.endpoint_count;
	uint32_t chains = ADDED_LEAST;

	patches->added_room = block > ADDED_LEAST ? block : ADDED_LEAST;
	while (chains < patches->added_room)
		chains *= 2;
	patches->number_room =
		(uint32_t)objects->pools[OBJECT_ENDPOINT].slots.count + patches->added_room;
	patches->workload_room = (uint32_t)objects->pools[OBJECT_WORKLOAD].slots.count;
	patches->patch = (struct patch){
		.addresses = weir_arena_array(arena, chains, const struct patch_entry *),
		.names = weir_arena_array(arena, chains, const struct patch_entry *),
		.chain_mask = chains - 1,
		.block_endpoints = block,
		.added =
			weir_arena_array(arena, patches->added_room, const struct patch_endpoint *),
		.ended = weir_arena_array(arena, (size_t)block + patches->added_room, uint64_t),
	};
	patches->endpoint_of = weir_arena_array(arena, patches->number_room, uint32_t);
	patches->changed_in = weir_arena_array(arena, patches->number_room, uint64_t);
	patches->is_backend = weir_arena_array(arena, patches->number_room, uint8_t);
	patches->workload_of = weir_arena_array(arena, patches->workload_room, uint32_t);
	if (!patches->patch.addresses || !patches->patch.names || !patches->patch.added ||
	    !patches->patch.ended || !patches->endpoint_of || !patches->changed_in ||
	    !patches->is_backend || !patches->workload_of)
		return -ENOMEM;
	memset(patches->patch.ended, 0xff,
	       ((size_t)block + patches->added_room) * sizeof(*patches->patch.ended));
	return 0;
}

static int begin(struct patches *patches, struct build *build, const struct objects *objects)
{
	int status = make_tables(patches, objects);

	if (!status)
		status = keep_regions(patches, build);
	if (!status)
		status = keep_contended(patches, build);
	if (!status)
		status = number_nodes(patches);
	if (!status)
		status = find_names(patches);
	if (!status)
		status = patch_trie_init(&patches->trie, patches->allocator,
					 &patches->block->lookup);
	if (!status)
		status = note_objects(patches, build, objects);
	patches->has_unique_names = names_are_unique(patches);
	return status;
}

int patches_begin(struct build *build, struct weir_policy *policy, const struct objects *objects,
		  const struct weir_allocator *allocator, struct patches **out)
{
	struct patches *patches = weir_allocate_zeroed(allocator, 1, sizeof(*patches));
	int status;

	if (!patches)
		return -ENOMEM;
	patches->allocator = allocator;
	patches->references = 1;
	patches->block = weir_policy_ref(policy);
	weir_arena_init(&patches->arena, allocator);
	weir_map_init(&patches->alike, allocator);
	weir_map_init(&patches->names, allocator);
	patches->key = weir_array_of(allocator, uint32_t);
	patches->undos = weir_array_of(allocator, struct undo);
	status = begin(patches, build, objects);
	if (status)
		release_patches(patches);
	else
		*out = patches;
	return status;
}

void patches_end(struct patches *patches)
{
	if (patches)
		release_patches(patches);
}

/* Changes to tables, each with its way back noted first. */

static int note(struct patches *patches, enum undo_kind kind, uint32_t index, uint64_t before)
{
	struct undo *undo = weir_array_push(&patches->undos);

	if (!undo)
		return -ENOMEM;
	*undo = (struct undo){ before, index, kind };
	return 0;
}

static void go_back(struct patches *patches, const struct weir_policy *before, uint32_t added)
{
	while (patches->undos.count) {
		const struct undo *undo =
			(struct undo *)patches->undos.items + --patches->undos.count;
		const struct patch_entry *entry = (const void *)(uintptr_t)undo->before;

		switch ((enum undo_kind)undo->kind) {
		case UNDO_ADDRESS:
			__atomic_store_n(&patches->patch.addresses[undo->index], entry,
					 __ATOMIC_RELEASE);
			break;
		case UNDO_NAME:
			__atomic_store_n(&patches->patch.names[undo->index], entry,
					 __ATOMIC_RELEASE);
			break;
		case UNDO_ENDED:
			__atomic_store_n(&patches->patch.ended[undo->index], undo->before,
					 __ATOMIC_RELAXED);
			break;
		case UNDO_NUMBER:
			patches->endpoint_of[undo->index] = (uint32_t)undo->before;
			break;
		}
	}
	patches->added_count = added;
	patch_trie_go_back(&patches->trie, before->lookup.root);
}

static int put_entry(struct patches *patches, enum undo_kind kind, struct patch_entry *entry)
{
	const struct patch_entry **chains =
		kind == UNDO_ADDRESS ? patches->patch.addresses : patches->patch.names;
	uint32_t index = entry->hash & patches->patch.chain_mask;

	entry->older = chains[index];
	entry->stamp = patches->stamp + 1;
	if (note(patches, kind, index, (uintptr_t)entry->older))
		return -ENOMEM;
	__atomic_store_n(&chains[index], entry, __ATOMIC_RELEASE);
	return 0;
}

static int put_address(struct patches *patches, const struct weir_address *address,
		       uint32_t endpoint, uint32_t leaf)
{
	struct patch_entry *entry = weir_arena_new(&patches->arena, struct patch_entry);

	if (!entry)
		return -ENOMEM;
	entry->hash = patch_hash_address(address);
	entry->address = *address;
	entry->endpoint = endpoint;
	if (put_entry(patches, UNDO_ADDRESS, entry))
		return -ENOMEM;
	return patch_trie_set(&patches->trie, address, leaf);
}

/* The name must stay as long as the patches. */
static int put_name(struct patches *patches, const char *namespace_name, const char *name,
		    uint32_t endpoint)
{
	struct patch_entry *entry = weir_arena_new(&patches->arena, struct patch_entry);

	if (!entry)
		return -ENOMEM;
	entry->hash = patch_hash_name(namespace_name, name);
	entry->namespace_name = namespace_name;
	entry->name = name;
	entry->endpoint = endpoint;
	return put_entry(patches, UNDO_NAME, entry);
}

static int put_ended(struct patches *patches, uint32_t endpoint)
{
	if (note(patches, UNDO_ENDED, endpoint, patches->patch.ended[endpoint]))
		return -ENOMEM;
	__atomic_store_n(&patches->patch.ended[endpoint], patches->stamp + 1, __ATOMIC_RELAXED);
	return 0;
}

static int put_number(struct patches *patches, uint32_t number, uint32_t endpoint)
{
	if (note(patches, UNDO_NUMBER, number, patches->endpoint_of[number]))
		return -ENOMEM;
	patches->endpoint_of[number] = endpoint;
	return 0;
}

/* As the version in the making has it. */

static struct patch_owner owner_of(const struct patches *patches,
				   const struct weir_address *address)
{
	struct lookup lookup = { .header = patches->block->lookup.header,
				 .patch = &patches->patch,
				 .stamp = patches->stamp + 1 };

	return patch_owner_of(&lookup, address);
}

static uint32_t find_pod(const struct patches *patches, const char *namespace_name,
			 const char *name)
{
	const struct patch_entry *entry =
		patch_find_name(&patches->patch, patches->stamp + 1, namespace_name, name);

	return entry ? entry->endpoint : weir_policy_find_pod(patches->block, namespace_name, name);
}

static bool claims_addresses(const struct weir_endpoint *endpoint)
{
	return !endpoint->host_network && endpoint->rank != WEIR_RANK_FINISHED;
}

static bool is_repeated(const struct weir_endpoint *endpoint, uint32_t address)
{
	for (uint32_t i = 0; i < address; i++) {
		if (weir_address_equal(&endpoint->addresses[i], &endpoint->addresses[address]))
			return true;
	}
	return false;
}

/* A pod that goes. */

static int take_address(struct patches *patches, const struct weir_address *address,
			uint32_t endpoint)
{
	struct patch_owner owner = owner_of(patches, address);

	if (is_contended(patches, address) || owner.owner_count != 1 || owner.owners[0] != endpoint)
		return -EAGAIN;
	return put_address(patches, address, WEIR_NONE,
			   patches->leaf_of_region[regions_find(&patches->regions, address)]);
}

static int take_pod(struct patches *patches, uint32_t number, const struct object_endpoint *object)
{
	const struct weir_endpoint *pod = &object->endpoint;
	uint32_t endpoint = patches->endpoint_of[number];
	struct weir_policy *block = patches->block;
	const struct patch_endpoint *added = patch_endpoint_at(&patches->patch, endpoint);
	struct weir_endpoint_view view = { .name = NULL };
	int status = 0;

	for (uint32_t i = 0; i < pod->address_count && claims_addresses(pod) && !status; i++) {
		if (!is_repeated(pod, i))
			status = take_address(patches, &pod->addresses[i], endpoint);
	}
	if (status)
		return status;
	if (!added)
		weir_policy_endpoint(block, endpoint, &view);
	status = put_name(patches, added ? added->namespace_name : view.namespace_name,
			  added ? added->name : view.name, WEIR_NONE);
	if (!status)
		status = put_ended(patches, endpoint);
	return status ? status : put_number(patches, number, WEIR_NONE);
}

/* A pod that comes. */

static int find_alike(struct patches *patches, const struct object_endpoint *pod,
		      const struct weir_address *address, uint32_t *profile)
{
	const uint32_t *found;

	if (make_key(patches, pod, regions_find(&patches->regions, address)))
		return -ENOMEM;
	found = weir_map_find(&patches->alike, patches->key.items,
			      patches->key.count * sizeof(uint32_t));
	if (!found)
		return -EAGAIN;
	*profile = *found;
	return 0;
}

static int give_address(struct patches *patches, const struct object_endpoint *pod,
			const struct weir_address *address, uint32_t endpoint,
			struct patch_endpoint *made)
{
	struct patch_owner owner = owner_of(patches, address);
	uint32_t leaf;
	int status;

	if (is_contended(patches, address) || owner.owner_count || owner.node != WEIR_NONE)
		return -EAGAIN;
	status = find_alike(patches, pod, address, &leaf);
	if (status)
		return status;
	if (made->node != WEIR_NONE)
		leaf |= patches->node_number[made->node] << patches->block->lookup.profile_bits;
	return put_address(patches, address, endpoint, leaf);
}

static const struct layout_declared *keep_declared(struct patches *patches,
						   const struct weir_endpoint *pod)
{
	struct layout_declared *made =
		weir_arena_array(&patches->arena, pod->port_count, struct layout_declared);

	for (uint32_t i = 0; i < pod->port_count && made; i++)
		made[i] = (struct layout_declared){
			.name = place_of_name(patches, pod->ports[i].name),
			.number = pod->ports[i].number,
			.protocol = pod->ports[i].protocol,
		};
	return made;
}

static struct patch_endpoint *make_endpoint(struct patches *patches,
					    const struct weir_endpoint *pod)
{
	struct patch_endpoint *made = weir_arena_new(&patches->arena, struct patch_endpoint);

	if (!made)
		return NULL;
	*made = (struct patch_endpoint){
		.namespace_name = weir_arena_copy(&patches->arena, pod->namespace_name,
						  strlen(pod->namespace_name)),
		.name = weir_arena_copy(&patches->arena, pod->name, strlen(pod->name)),
		.addresses =
			keep(patches, pod->addresses, pod->address_count * sizeof(*pod->addresses)),
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

static int give_pod(struct patches *patches, const struct objects *objects, uint32_t number,
		    const struct object_endpoint *object)
{
	const struct weir_endpoint *pod = &object->endpoint;
	uint32_t endpoint = patches->patch.block_endpoints + patches->added_count;
	struct patch_endpoint *made;
	int status = 0;

	if (patches->added_count == patches->added_room || !is_sound(objects, pod) ||
	    find_pod(patches, pod->namespace_name, pod->name) != WEIR_NONE)
		return -EAGAIN;
	made = make_endpoint(patches, pod);
	if (!made)
		return -ENOMEM;
	for (uint32_t i = 0; i < pod->address_count && claims_addresses(pod) && !status; i++) {
		if (!is_repeated(pod, i))
			status = give_address(patches, object, &pod->addresses[i], endpoint, made);
	}
	if (!status)
		status = put_name(patches, made->namespace_name, made->name, endpoint);
	if (!status)
		status = put_number(patches, number, endpoint);
	if (status)
		return status;
	patches->patch.added[patches->added_count++] = made;
	return 0;
}

/* A batch: every pod goes as it was, then every pod comes as it is. */

static bool is_pod(const struct object_endpoint *object)
{
	return !object || object->endpoint.kind == WEIR_ENDPOINT_POD;
}

static bool is_for_patches(const struct patches *patches, const struct objects *objects)
{
	const struct object_step *steps = objects->steps.items;

	for (size_t i = 0; i < objects->steps.count; i++) {
		const struct object_step *step = &steps[i];
		const struct object_endpoint *object;

		if (step->kind != OBJECT_ENDPOINT || step->number >= patches->number_room ||
		    !is_pod(step->before))
			return false;
		object = objects_get(objects, OBJECT_ENDPOINT, step->number);
		/* A backend that is gone is refused. */
		if (!is_pod(object) || (!object && patches->is_backend[step->number]))
			return false;
	}
	return patches->has_unique_names;
}

static int take_pods(struct patches *patches, const struct objects *objects, uint64_t mark)
{
	const struct object_step *steps = objects->steps.items;
	int status = 0;

	for (size_t i = 0; i < objects->steps.count && !status; i++) {
		uint32_t number = steps[i].number;

		if (patches->changed_in[number] == mark)
			continue;
		patches->changed_in[number] = mark;
		if (steps[i].before)
			status = take_pod(patches, number, steps[i].before);
	}
	return status;
}

static int give_pods(struct patches *patches, const struct objects *objects, uint64_t mark)
{
	const struct object_step *steps = objects->steps.items;
	int status = 0;

	for (size_t i = 0; i < objects->steps.count && !status; i++) {
		uint32_t number = steps[i].number;
		const struct object_endpoint *object =
			objects_get(objects, OBJECT_ENDPOINT, number);

		if (patches->changed_in[number] != mark)
			continue;
		patches->changed_in[number] = 0;
		if (object)
			status = give_pod(patches, objects, number, object);
	}
	return status;
}

/* A version. */

struct held {
	struct patches *patches;
	struct patch_trie_memory *memory;
	uint32_t root[1 << LAYOUT_ROOT_BITS];
};

static void let_go(void *context)
{
	struct held *held = context;

	patch_trie_release(held->memory);
	release_patches(held->patches);
}

static int make_version(struct patches *patches, struct weir_policy **out)
{
	const struct patch_trie_state *trie = &patches->trie.state;
	struct weir_policy *policy;
	struct held *held;

	if (weir_policy_borrow(patches->allocator, patches->block->lookup.header, &policy))
		return -ENOMEM;
	held = weir_allocate(patches->allocator, sizeof(*held));
	if (!held) {
		weir_policy_unref(policy);
		return -ENOMEM;
	}
	held->memory = patch_trie_hold(trie->memory);
	held->patches = patches;
	__atomic_add_fetch(&patches->references, 1, __ATOMIC_RELAXED);
	memcpy(held->root, patches->trie.root, sizeof(held->root));
	policy->memory = held;
	policy->context = held;
	policy->release = let_go;
	weir_policy_attach(policy);
	policy->lookup.root = held->root;
	policy->lookup.nodes = trie->memory->nodes;
	policy->lookup.leaves = trie->memory->leaves;
	policy->lookup.guards = trie->memory->guards;
	policy->lookup.ipv6 = trie->ipv6;
	policy->lookup.patch = &patches->patch;
	policy->lookup.stamp = patches->stamp + 1;
	policy->lookup.endpoint_count = patches->patch.block_endpoints + patches->added_count;
	*out = policy;
	return 0;
}

static size_t bytes_of(const struct patches *patches)
{
	return patches->block->lookup.header->preamble.total_bytes +
	       patch_trie_bytes(&patches->trie) + sizeof(struct held) + patches->arena.used;
}

int patches_apply(struct patches *patches, const struct objects *objects,
		  const struct weir_policy *before, size_t max_bytes, struct weir_policy **out)
{
	uint32_t added = patches->added_count;
	uint64_t mark = ++patches->batch;
	int status;

	if (!is_for_patches(patches, objects))
		return -EAGAIN;
	patch_trie_begin(&patches->trie);
	status = take_pods(patches, objects, mark);
	if (!status)
		status = give_pods(patches, objects, mark);
	if (!status && max_bytes && bytes_of(patches) > max_bytes)
		status = -EAGAIN;
	if (!status)
		status = make_version(patches, out);
	if (status) {
		go_back(patches, before, added);
		return status;
	}
	patch_trie_keep(&patches->trie);
	patches->undos.count = 0;
	patches->stamp++;
	return 0;
}
