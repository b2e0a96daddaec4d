/*
 * patch_pods.c - the pods of a batch: every one goes as it was, then every one comes as it is. One
 * that is only in other sets stays, and leads elsewhere.
 */
#include "patches_inner.h"

#include <errno.h>

#include "lookup.h"
#include "weir/directory.h"

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

/* Where a pod is in a batch; the batch's number is even. */
enum {
	IS_TO_COME = 0,
	IS_DONE = 1,
};

int patches_take_pods(struct patches *patches)
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

int patches_give_pods(struct patches *patches)
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
