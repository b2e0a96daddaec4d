#include "live_objects.h"

#include <errno.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int objects_fail(struct weir_error *error, int status, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return status;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return status;
}

static int no_memory(struct weir_error *error)
{
	return objects_fail(error, -ENOMEM, "out of memory");
}

/* Copies into one allocation: the first time through, without memory, measures. */

struct packer {
	char *memory;
	size_t used;
};

static void *pack_aligned(struct packer *packer, const void *from, size_t bytes, size_t align)
{
	size_t at = (packer->used + align - 1) & ~(align - 1);

	packer->used = at + bytes;
	if (!packer->memory)
		return NULL;
	if (bytes)
		memcpy(packer->memory + at, from, bytes);
	return packer->memory + at;
}

static void *pack(struct packer *packer, const void *from, size_t bytes)
{
	return pack_aligned(packer, from, bytes, alignof(void *));
}

static const char *pack_text(struct packer *packer, const char *text)
{
	return text ? pack_aligned(packer, text, strlen(text) + 1, 1) : NULL;
}

#define PACK_ITEMS(packer, items, count) pack((packer), (items), (count) * sizeof(*(items)))

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t sort_and_thin(uint32_t *numbers, uint32_t count)
{
	uint32_t kept = 0;

	if (count > 1)
		qsort(numbers, count, sizeof(*numbers), compare_numbers);
	for (uint32_t i = 0; i < count; i++) {
		if (!kept || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	}
	return kept;
}

static void pack_endpoint(struct packer *packer, const void *from)
{
	const struct object_endpoint *in = from;
	const struct weir_endpoint *endpoint = &in->endpoint;
	struct object_endpoint *out = pack(packer, in, sizeof(*in));
	struct weir_declared_port *ports =
		PACK_ITEMS(packer, endpoint->ports, endpoint->port_count);
	struct weir_address *addresses =
		PACK_ITEMS(packer, endpoint->addresses, endpoint->address_count);
	uint32_t *sets = PACK_ITEMS(packer, in->sets, in->set_count);
	const char *namespace_name = pack_text(packer, endpoint->namespace_name);
	const char *name = pack_text(packer, endpoint->name);

	for (uint32_t i = 0; i < endpoint->port_count; i++) {
		const char *port_name = pack_text(packer, endpoint->ports[i].name);

		if (out)
			ports[i].name = port_name;
	}
	if (!out)
		return;
	out->endpoint.ports = ports;
	out->endpoint.addresses = addresses;
	out->endpoint.namespace_name = namespace_name;
	out->endpoint.name = name;
	out->sets = sets;
	out->set_count = sort_and_thin(sets, in->set_count);
}

static void pack_workload(struct packer *packer, const void *from)
{
	const struct weir_workload *in = from;
	struct weir_workload *out = pack(packer, in, sizeof(*in));
	const char *kind = pack_text(packer, in->kind);
	const char *namespace_name = pack_text(packer, in->namespace_name);
	const char *name = pack_text(packer, in->name);

	if (out)
		*out = (struct weir_workload){ kind, namespace_name, name, in->parent };
}

static void pack_service(struct packer *packer, const void *from)
{
	const struct weir_service *in = from;
	struct weir_service *out = pack(packer, in, sizeof(*in));
	struct weir_service_port *ports = PACK_ITEMS(packer, in->ports, in->port_count);
	struct weir_address *addresses = PACK_ITEMS(packer, in->addresses, in->address_count);
	const char *namespace_name = pack_text(packer, in->namespace_name);
	const char *name = pack_text(packer, in->name);

	for (uint32_t i = 0; i < in->port_count; i++) {
		const struct weir_service_port *port = &in->ports[i];
		const char *port_name = pack_text(packer, port->name);
		struct weir_backend *backends =
			PACK_ITEMS(packer, port->backends, port->backend_count);

		if (!out)
			continue;
		ports[i].name = port_name;
		ports[i].backends = backends;
	}
	if (!out)
		return;
	out->ports = ports;
	out->addresses = addresses;
	out->namespace_name = namespace_name;
	out->name = name;
}

static void pack_set(struct packer *packer, const void *from)
{
	const struct weir_set *in = from;
	struct weir_set *out = pack(packer, in, sizeof(*in));

	if (out)
		*out = (struct weir_set){ .unknown_pods = in->unknown_pods };
}

static void pack_block(struct packer *packer, const void *from)
{
	const struct weir_block *in = from;
	struct weir_block *out = pack(packer, in, sizeof(*in));
	struct weir_prefix *holes = PACK_ITEMS(packer, in->holes, in->hole_count);

	if (out)
		out->holes = holes;
}

static void pack_origin(struct packer *packer, const void *from)
{
	const struct weir_origin *in = from;
	struct weir_origin *out = pack(packer, in, sizeof(*in));
	const char *kind = pack_text(packer, in->kind);
	const char *namespace_name = pack_text(packer, in->namespace_name);
	const char *name = pack_text(packer, in->name);
	const char *action = pack_text(packer, in->action);

	if (out)
		*out = (struct weir_origin){ kind, namespace_name, name, action, in->index };
}

static void pack_rule(struct packer *packer, const void *from)
{
	const struct weir_rule *in = from;
	struct weir_rule *out = pack(packer, in, sizeof(*in));
	struct weir_peer *peers = PACK_ITEMS(packer, in->peers, in->peer_count);
	struct weir_port *ports = PACK_ITEMS(packer, in->ports, in->port_count);

	for (uint32_t i = 0; i < in->port_count; i++) {
		const char *name = pack_text(packer, in->ports[i].name);

		if (out)
			ports[i].name = name;
	}
	if (!out)
		return;
	out->peers = peers;
	out->ports = ports;
}

/* Whether what an object refers to is there. */

static const char *const kind_names[OBJECT_KINDS] = { "endpoint", "workload", "service", "set",
						      "block",    "origin",   "rule" };

struct referrer {
	const struct objects *objects;
	struct weir_error *error;
	enum object_kind kind;
	uint32_t number; /* WEIR_NONE: it has none yet */
};

static int complain(const struct referrer *referrer, const char *what)
{
	if (referrer->number == WEIR_NONE)
		return objects_fail(referrer->error, -EINVAL, "the %s %s",
				    kind_names[referrer->kind], what);
	return objects_fail(referrer->error, -EINVAL, "%s %u %s", kind_names[referrer->kind],
			    referrer->number, what);
}

static int check_reference(const struct referrer *referrer, enum object_kind kind, uint32_t number)
{
	char what[64];

	if (objects_get(referrer->objects, kind, number))
		return 0;
	snprintf(what, sizeof(what), "refers to %s %u, which does not exist", kind_names[kind],
		 number);
	return complain(referrer, what);
}

static int check_optional(const struct referrer *referrer, enum object_kind kind, uint32_t number)
{
	return number == WEIR_NONE ? 0 : check_reference(referrer, kind, number);
}

static int check_array(const struct referrer *referrer, const void *items, uint32_t count)
{
	return count && !items ? complain(referrer, "counts what it does not have") : 0;
}

static int check_endpoint(const struct referrer *referrer, const void *object)
{
	const struct object_endpoint *at = object;
	const struct weir_endpoint *endpoint = &at->endpoint;
	int status = check_array(referrer, endpoint->addresses, endpoint->address_count);

	if (!status)
		status = check_array(referrer, endpoint->ports, endpoint->port_count);
	if (!status)
		status = check_array(referrer, at->sets, at->set_count);
	if (!status)
		status = check_optional(referrer, OBJECT_ENDPOINT, endpoint->node);
	if (!status)
		status = check_optional(referrer, OBJECT_WORKLOAD, endpoint->workload);
	for (uint32_t i = 0; i < at->set_count && !status; i++)
		status = check_reference(referrer, OBJECT_SET, at->sets[i]);
	return status;
}

static int check_workload(const struct referrer *referrer, const void *object)
{
	return check_optional(referrer, OBJECT_WORKLOAD,
			      ((const struct weir_workload *)object)->parent);
}

static int check_service(const struct referrer *referrer, const void *object)
{
	const struct weir_service *service = object;
	int status = check_array(referrer, service->addresses, service->address_count);

	if (!status)
		status = check_array(referrer, service->ports, service->port_count);
	for (uint32_t i = 0; i < service->port_count && !status; i++) {
		const struct weir_service_port *port = &service->ports[i];

		status = check_array(referrer, port->backends, port->backend_count);
		for (uint32_t j = 0; j < port->backend_count && !status; j++)
			status = check_optional(referrer, OBJECT_ENDPOINT,
						port->backends[j].endpoint);
	}
	return status;
}

static int check_set(const struct referrer *referrer, const void *object)
{
	const struct weir_set *set = object;
	int status = check_array(referrer, set->endpoints, set->endpoint_count);

	for (uint32_t i = 0; i < set->endpoint_count && !status; i++)
		status = check_reference(referrer, OBJECT_ENDPOINT, set->endpoints[i]);
	return status;
}

static int check_block(const struct referrer *referrer, const void *object)
{
	const struct weir_block *block = object;

	return check_array(referrer, block->holes, block->hole_count);
}

static int check_origin(const struct referrer *referrer, const void *object)
{
	(void)referrer;
	(void)object;
	return 0;
}

static int check_rule(const struct referrer *referrer, const void *object)
{
	const struct weir_rule *rule = object;
	int status = check_array(referrer, rule->peers, rule->peer_count);

	if (!status)
		status = check_array(referrer, rule->ports, rule->port_count);
	if (!status)
		status = check_reference(referrer, OBJECT_SET, rule->subjects);
	if (!status)
		status = check_optional(referrer, OBJECT_ORIGIN, rule->origin);
	for (uint32_t i = 0; i < rule->peer_count && !status; i++) {
		if (rule->peers[i].kind == WEIR_PEER_SET)
			status = check_reference(referrer, OBJECT_SET, rule->peers[i].index);
		else if (rule->peers[i].kind == WEIR_PEER_BLOCK)
			status = check_reference(referrer, OBJECT_BLOCK, rule->peers[i].index);
	}
	return status;
}

static const struct {
	void (*pack)(struct packer *packer, const void *from);
	int (*check)(const struct referrer *referrer, const void *object);
} kinds[OBJECT_KINDS] = {
	[OBJECT_ENDPOINT] = { pack_endpoint, check_endpoint },
	[OBJECT_WORKLOAD] = { pack_workload, check_workload },
	[OBJECT_SERVICE] = { pack_service, check_service },
	[OBJECT_SET] = { pack_set, check_set },
	[OBJECT_BLOCK] = { pack_block, check_block },
	[OBJECT_ORIGIN] = { pack_origin, check_origin },
	[OBJECT_RULE] = { pack_rule, check_rule },
};

/* Pools and steps. */

void objects_init(struct objects *objects, const struct weir_allocator *allocator)
{
	*objects = (struct objects){
		.allocator = weir_allocator_or_default(allocator),
		.order = weir_array_of(allocator, uint32_t),
		.old_order = weir_array_of(allocator, uint32_t),
		.steps = weir_array_of(allocator, struct object_step),
	};
	for (unsigned i = 0; i < OBJECT_KINDS; i++)
		objects->pools[i] = (struct object_pool){
			.slots = weir_array_of(allocator, struct object_slot),
			.first_free = WEIR_NONE,
		};
}

void objects_finish(struct objects *objects)
{
	objects_go_back(objects, 0);
	for (unsigned i = 0; i < OBJECT_KINDS; i++) {
		struct weir_array *slots = &objects->pools[i].slots;

		for (size_t j = 0; j < slots->count; j++)
			weir_release(objects->allocator,
				     ((struct object_slot *)slots->items)[j].object);
		weir_array_finish(slots);
	}
	weir_array_finish(&objects->order);
	weir_array_finish(&objects->old_order);
	weir_array_finish(&objects->steps);
}

static struct object_slot *slot_of(const struct objects *objects, enum object_kind kind,
				   uint32_t number)
{
	return (struct object_slot *)objects->pools[kind].slots.items + number;
}

void *objects_get(const struct objects *objects, enum object_kind kind, uint32_t number)
{
	return number < objects->pools[kind].slots.count ? slot_of(objects, kind, number)->object
							 : NULL;
}

static void *copy(const struct objects *objects, enum object_kind kind, const void *from)
{
	struct packer packer = { NULL, 0 };

	kinds[kind].pack(&packer, from);
	packer.memory = weir_allocate(objects->allocator, packer.used);
	if (!packer.memory)
		return NULL;
	packer.used = 0;
	kinds[kind].pack(&packer, from);
	return packer.memory;
}

/* Steps are taken back from behind, so a number that became free is the first free one when it is
 * taken again, and the other way round. */
static void place(struct objects *objects, enum object_kind kind, uint32_t number, void *object)
{
	struct object_pool *pool = &objects->pools[kind];
	struct object_slot *slot = slot_of(objects, kind, number);

	if (object && !slot->object) {
		pool->first_free = slot->next_free;
		pool->count++;
	} else if (!object && slot->object) {
		slot->next_free = pool->first_free;
		pool->first_free = number;
		pool->count--;
	}
	slot->object = object;
}

/* Takes the object over: it is let go of when there is no memory for the step. */
static int step(struct objects *objects, enum object_kind kind, uint32_t number, void *object,
		struct weir_error *error)
{
	struct object_step *made = weir_array_push(&objects->steps);

	if (!made) {
		weir_release(objects->allocator, object);
		return no_memory(error);
	}
	*made = (struct object_step){ objects_get(objects, kind, number), number, (uint8_t)kind };
	place(objects, kind, number, object);
	return 0;
}

/* The first free number. */
static int find_number(struct objects *objects, enum object_kind kind, uint32_t *number)
{
	struct object_pool *pool = &objects->pools[kind];

	if (pool->first_free == WEIR_NONE) {
		struct object_slot *slot;

		if (pool->slots.count >= WEIR_NONE)
			return -ENOMEM;
		slot = weir_array_push(&pool->slots);
		if (!slot)
			return -ENOMEM;
		slot->next_free = WEIR_NONE;
		pool->first_free = (uint32_t)pool->slots.count - 1;
	}
	*number = pool->first_free;
	return 0;
}

static int check(const struct objects *objects, enum object_kind kind, uint32_t number,
		 const void *object, struct weir_error *error)
{
	const struct referrer referrer = { objects, error, kind, number };

	return kinds[kind].check(&referrer, object);
}

int objects_add(struct objects *objects, enum object_kind kind, const void *from, uint32_t *out,
		struct weir_error *error)
{
	int status = check(objects, kind, WEIR_NONE, from, error);
	uint32_t number;
	void *object;

	if (status)
		return status;
	object = copy(objects, kind, from);
	if (!object || find_number(objects, kind, &number)) {
		weir_release(objects->allocator, object);
		return no_memory(error);
	}
	status = step(objects, kind, number, object, error);
	if (!status)
		*out = number;
	return status;
}

static int missing(enum object_kind kind, uint32_t number, struct weir_error *error)
{
	return objects_fail(error, -ENOENT, "there is no %s %u", kind_names[kind], number);
}

int objects_change(struct objects *objects, enum object_kind kind, uint32_t number,
		   const void *from, struct weir_error *error)
{
	int status;
	void *object;

	if (!objects_get(objects, kind, number))
		return missing(kind, number, error);
	status = check(objects, kind, number, from, error);
	if (status)
		return status;
	object = copy(objects, kind, from);
	return object ? step(objects, kind, number, object, error) : no_memory(error);
}

int objects_remove(struct objects *objects, enum object_kind kind, uint32_t number,
		   struct weir_error *error)
{
	if (!objects_get(objects, kind, number))
		return missing(kind, number, error);
	return step(objects, kind, number, NULL, error);
}

void objects_go_back(struct objects *objects, size_t steps)
{
	while (objects->steps.count > steps) {
		const struct object_step *last =
			(struct object_step *)objects->steps.items + --objects->steps.count;
		enum object_kind kind = (enum object_kind)last->kind;

		weir_release(objects->allocator, objects_get(objects, kind, last->number));
		place(objects, kind, last->number, last->before);
	}
	if (!steps && objects->is_reordered) {
		struct weir_array order = objects->order;

		objects->order = objects->old_order;
		objects->old_order = order;
		objects->is_reordered = false;
	}
}

void objects_keep(struct objects *objects)
{
	const struct object_step *steps = objects->steps.items;

	for (size_t i = 0; i < objects->steps.count; i++)
		weir_release(objects->allocator, steps[i].before);
	objects->steps.count = 0;
	objects->is_reordered = false;
}

bool objects_have_changed(const struct objects *objects)
{
	return objects->steps.count;
}

/* The order of rules. */

static int remember_order(struct objects *objects)
{
	if (objects->is_reordered)
		return 0;
	if (weir_array_resize(&objects->old_order, objects->order.count))
		return -ENOMEM;
	if (objects->order.count)
		memcpy(objects->old_order.items, objects->order.items,
		       objects->order.count * sizeof(uint32_t));
	objects->is_reordered = true;
	return 0;
}

static size_t place_in_order(const struct objects *objects, uint32_t rule)
{
	const uint32_t *order = objects->order.items;
	size_t at = 0;

	while (at < objects->order.count && order[at] != rule)
		at++;
	return at;
}

int objects_add_rule(struct objects *objects, const struct weir_rule *rule, uint32_t before,
		     uint32_t *out, struct weir_error *error)
{
	size_t count = objects->order.count;
	size_t at = place_in_order(objects, before);
	uint32_t *order;
	int status;

	if (before != WEIR_NONE && at == count)
		return objects_fail(error, -EINVAL, "there is no rule %u to come before", before);
	if (remember_order(objects) || weir_array_reserve(&objects->order, count + 1))
		return no_memory(error);
	status = objects_add(objects, OBJECT_RULE, rule, out, error);
	if (status)
		return status;
	weir_array_resize(&objects->order, count + 1);
	order = objects->order.items;
	memmove(order + at + 1, order + at, (count - at) * sizeof(*order));
	order[at] = *out;
	return 0;
}

int objects_remove_rule(struct objects *objects, uint32_t number, struct weir_error *error)
{
	size_t at = place_in_order(objects, number);
	uint32_t *order = objects->order.items;
	int status;

	if (!objects_get(objects, OBJECT_RULE, number))
		return missing(OBJECT_RULE, number, error);
	if (remember_order(objects))
		return no_memory(error);
	status = objects_remove(objects, OBJECT_RULE, number, error);
	if (status)
		return status;
	objects->order.count--;
	memmove(order + at, order + at + 1, (objects->order.count - at) * sizeof(*order));
	return 0;
}

/* Sets. */

static bool has_set(const struct object_endpoint *endpoint, uint32_t set)
{
	return endpoint->set_count &&
	       bsearch(&set, endpoint->sets, endpoint->set_count, sizeof(set), compare_numbers);
}

/* The sets of an endpoint with this one or without it. */
static int put_into_set(struct objects *objects, uint32_t number, uint32_t set, bool is_in,
			struct weir_array *scratch, struct weir_error *error)
{
	const struct object_endpoint *before = objects_get(objects, OBJECT_ENDPOINT, number);
	struct object_endpoint after = *before;
	uint32_t *sets;

	if (has_set(before, set) == is_in)
		return 0;
	scratch->count = 0;
	if (weir_array_resize(scratch, (size_t)before->set_count + 1))
		return no_memory(error);
	sets = scratch->items;
	after.sets = sets;
	after.set_count = 0;
	for (uint32_t i = 0; i < before->set_count; i++) {
		if (before->sets[i] != set)
			sets[after.set_count++] = before->sets[i];
	}
	if (is_in)
		sets[after.set_count++] = set;
	return objects_change(objects, OBJECT_ENDPOINT, number, &after, error);
}

static int fill_set(struct objects *objects, uint32_t set, const uint8_t *wanted,
		    struct weir_array *scratch, struct weir_error *error)
{
	size_t count = objects->pools[OBJECT_ENDPOINT].slots.count;
	int status = 0;

	for (uint32_t i = 0; i < count && !status; i++) {
		if (objects_get(objects, OBJECT_ENDPOINT, i))
			status = put_into_set(objects, i, set, wanted[i], scratch, error);
	}
	return status;
}

int objects_fill_set(struct objects *objects, uint32_t set, const uint32_t *endpoints,
		     uint32_t count, struct weir_error *error)
{
	struct weir_array scratch = weir_array_of(objects->allocator, uint32_t);
	uint8_t *wanted = weir_allocate_zeroed(objects->allocator,
					       objects->pools[OBJECT_ENDPOINT].slots.count, 1);
	size_t steps = objects->steps.count;
	int status;

	if (!wanted)
		return no_memory(error);
	for (uint32_t i = 0; i < count; i++)
		wanted[endpoints[i]] = 1;
	status = fill_set(objects, set, wanted, &scratch, error);
	if (status)
		objects_go_back(objects, steps);
	weir_array_finish(&scratch);
	weir_release(objects->allocator, wanted);
	return status;
}

/* From a resolved policy. */

/* The sets of each endpoint, one endpoint behind the other. */
struct memberships {
	uint32_t *first; /* by endpoint; one more for the end */
	uint32_t *sets;
};

static int invert_sets(const struct weir_resolved *resolved, struct weir_arena *arena,
		       struct memberships *out)
{
	size_t total = 0;
	uint32_t *next;

	for (uint32_t i = 0; i < resolved->set_count; i++)
		total += resolved->sets[i].endpoint_count;
	next = weir_arena_array(arena, (size_t)resolved->endpoint_count + 2, uint32_t);
	out->sets = weir_arena_array(arena, total, uint32_t);
	if (!next || !out->sets || total > UINT32_MAX)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			next[resolved->sets[i].endpoints[j] + 2]++;
	}
	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		next[i + 2] += next[i + 1];
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			out->sets[next[resolved->sets[i].endpoints[j] + 1]++] = i;
	}
	out->first = next;
	return 0;
}

/* Indices become numbers as they are, since all numbers are free; what it refers to is right,
 * whether it is there already or not. */
static int load(struct objects *objects, enum object_kind kind, const void *from)
{
	void *object = copy(objects, kind, from);
	uint32_t number;

	if (!object || find_number(objects, kind, &number)) {
		weir_release(objects->allocator, object);
		return -ENOMEM;
	}
	place(objects, kind, number, object);
	return 0;
}

static int load_endpoints(struct objects *objects, const struct weir_resolved *resolved)
{
	struct memberships memberships;
	struct weir_arena arena;
	int status;

	weir_arena_init(&arena, objects->allocator);
	status = invert_sets(resolved, &arena, &memberships);
	for (uint32_t i = 0; i < resolved->endpoint_count && !status; i++) {
		struct object_endpoint endpoint = {
			.endpoint = resolved->endpoints[i],
			.sets = memberships.sets + memberships.first[i],
			.set_count = memberships.first[i + 1] - memberships.first[i],
		};

		status = load(objects, OBJECT_ENDPOINT, &endpoint);
	}
	weir_arena_finish(&arena);
	return status;
}

int objects_load(struct objects *objects, const struct weir_resolved *resolved)
{
	const struct {
		enum object_kind kind;
		uint32_t count;
		const void *items;
		size_t size;
	} parts[] = {
		{ OBJECT_WORKLOAD, resolved->workload_count, resolved->workloads,
		  sizeof(*resolved->workloads) },
		{ OBJECT_SERVICE, resolved->service_count, resolved->services,
		  sizeof(*resolved->services) },
		{ OBJECT_SET, resolved->set_count, resolved->sets, sizeof(*resolved->sets) },
		{ OBJECT_BLOCK, resolved->block_count, resolved->blocks,
		  sizeof(*resolved->blocks) },
		{ OBJECT_ORIGIN, resolved->origin_count, resolved->origins,
		  sizeof(*resolved->origins) },
		{ OBJECT_RULE, resolved->rule_count, resolved->rules, sizeof(*resolved->rules) },
	};
	int status = load_endpoints(objects, resolved);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (uint32_t j = 0; j < parts[i].count && !status; j++)
			status = load(objects, parts[i].kind,
				      (const char *)parts[i].items + j * parts[i].size);
	}
	if (!status)
		status = weir_array_resize(&objects->order, resolved->rule_count);
	for (uint32_t i = 0; i < resolved->rule_count && !status; i++)
		((uint32_t *)objects->order.items)[i] = i;
	return status;
}

/* To a resolved policy. */

struct resolving {
	const struct objects *objects;
	struct weir_arena *arena;
	struct weir_resolved *out;
	uint32_t *index_of[OBJECT_KINDS]; /* by number */
};

static int check_all(const struct objects *objects, struct weir_error *error)
{
	int status = 0;

	for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) {
		for (uint32_t i = 0; i < objects->pools[kind].slots.count && !status; i++) {
			const void *object = objects_get(objects, kind, i);

			if (object)
				status = check(objects, kind, i, object, error);
		}
	}
	return status;
}

static int number_all(struct resolving *resolving)
{
	for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) {
		size_t count = resolving->objects->pools[kind].slots.count;
		uint32_t next = 0;

		resolving->index_of[kind] = weir_arena_array(resolving->arena, count, uint32_t);
		if (!resolving->index_of[kind])
			return -ENOMEM;
		for (uint32_t i = 0; i < count; i++) {
			if (objects_get(resolving->objects, kind, i))
				resolving->index_of[kind][i] = next++;
		}
	}
	return 0;
}

static uint32_t index_of(const struct resolving *resolving, enum object_kind kind, uint32_t number)
{
	return number == WEIR_NONE ? WEIR_NONE : resolving->index_of[kind][number];
}

static void *make(const struct resolving *resolving, enum object_kind kind, size_t size,
		  uint32_t *count)
{
	*count = resolving->objects->pools[kind].count;
	return weir_arena_allocate(resolving->arena, *count, size);
}

/* The next object of a kind behind *number, which moves on to it; NULL: no more. */
static const void *next_object(const struct objects *objects, enum object_kind kind,
			       uint32_t *number)
{
	while (++*number < objects->pools[kind].slots.count) {
		const void *object = objects_get(objects, kind, *number);

		if (object)
			return object;
	}
	return NULL;
}

static int resolve_endpoints(struct resolving *resolving)
{
	struct weir_resolved *out = resolving->out;
	struct weir_endpoint *made =
		make(resolving, OBJECT_ENDPOINT, sizeof(*made), &out->endpoint_count);
	const struct object_endpoint *object;

	if (!made)
		return -ENOMEM;
	out->endpoints = made;
	for (uint32_t i = WEIR_NONE;
	     (object = next_object(resolving->objects, OBJECT_ENDPOINT, &i));) {
		*made = object->endpoint;
		made->node = index_of(resolving, OBJECT_ENDPOINT, made->node);
		made->workload = index_of(resolving, OBJECT_WORKLOAD, made->workload);
		made++;
	}
	return 0;
}

static int resolve_workloads(struct resolving *resolving)
{
	struct weir_resolved *out = resolving->out;
	struct weir_workload *made =
		make(resolving, OBJECT_WORKLOAD, sizeof(*made), &out->workload_count);
	const struct weir_workload *object;

	if (!made)
		return -ENOMEM;
	out->workloads = made;
	for (uint32_t i = WEIR_NONE;
	     (object = next_object(resolving->objects, OBJECT_WORKLOAD, &i));) {
		*made = *object;
		made->parent = index_of(resolving, OBJECT_WORKLOAD, made->parent);
		made++;
	}
	return 0;
}

static const struct weir_backend *resolve_backends(const struct resolving *resolving,
						   const struct weir_service_port *port)
{
	struct weir_backend *made =
		weir_arena_array(resolving->arena, port->backend_count, struct weir_backend);

	for (uint32_t i = 0; i < port->backend_count && made; i++) {
		made[i] = port->backends[i];
		made[i].endpoint = index_of(resolving, OBJECT_ENDPOINT, made[i].endpoint);
	}
	return made;
}

static int resolve_services(struct resolving *resolving)
{
	struct weir_resolved *out = resolving->out;
	struct weir_service *made =
		make(resolving, OBJECT_SERVICE, sizeof(*made), &out->service_count);
	const struct weir_service *object;

	if (!made)
		return -ENOMEM;
	out->services = made;
	for (uint32_t i = WEIR_NONE;
	     (object = next_object(resolving->objects, OBJECT_SERVICE, &i));) {
		struct weir_service_port *ports = weir_arena_array(
			resolving->arena, object->port_count, struct weir_service_port);

		if (!ports)
			return -ENOMEM;
		for (uint32_t j = 0; j < object->port_count; j++) {
			ports[j] = object->ports[j];
			ports[j].backends = resolve_backends(resolving, &object->ports[j]);
			if (!ports[j].backends)
				return -ENOMEM;
		}
		*made = *object;
		made++->ports = ports;
	}
	return 0;
}

/* Endpoints come in order, so the lists of the sets are in order. */
static void list_members(struct resolving *resolving, struct weir_set *sets, uint32_t **members)
{
	const struct objects *objects = resolving->objects;
	const struct object_endpoint *object;

	for (uint32_t i = WEIR_NONE; (object = next_object(objects, OBJECT_ENDPOINT, &i));) {
		for (uint32_t j = 0; j < object->set_count; j++) {
			uint32_t set = index_of(resolving, OBJECT_SET, object->sets[j]);

			if (members)
				members[set][sets[set].endpoint_count] =
					index_of(resolving, OBJECT_ENDPOINT, i);
			sets[set].endpoint_count++;
		}
	}
}

static int resolve_sets(struct resolving *resolving)
{
	struct weir_resolved *out = resolving->out;
	struct weir_set *sets = make(resolving, OBJECT_SET, sizeof(*sets), &out->set_count);
	uint32_t **members = weir_arena_array(resolving->arena, out->set_count, uint32_t *);
	const struct weir_set *object;
	uint32_t count = 0;

	if (!sets || !members)
		return -ENOMEM;
	out->sets = sets;
	for (uint32_t i = WEIR_NONE; (object = next_object(resolving->objects, OBJECT_SET, &i));)
		sets[count++].unknown_pods = object->unknown_pods;
	list_members(resolving, sets, NULL);
	for (uint32_t i = 0; i < count; i++) {
		members[i] = weir_arena_array(resolving->arena, sets[i].endpoint_count, uint32_t);
		if (!members[i])
			return -ENOMEM;
		sets[i].endpoints = members[i];
		sets[i].endpoint_count = 0;
	}
	list_members(resolving, sets, members);
	return 0;
}

static int resolve_blocks(struct resolving *resolving)
{
	struct weir_resolved *out = resolving->out;
	struct weir_block *made = make(resolving, OBJECT_BLOCK, sizeof(*made), &out->block_count);
	const struct weir_block *object;

	if (!made)
		return -ENOMEM;
	out->blocks = made;
	for (uint32_t i = WEIR_NONE; (object = next_object(resolving->objects, OBJECT_BLOCK, &i));)
		*made++ = *object;
	return 0;
}

static int resolve_origins(struct resolving *resolving)
{
	struct weir_resolved *out = resolving->out;
	struct weir_origin *made =
		make(resolving, OBJECT_ORIGIN, sizeof(*made), &out->origin_count);
	const struct weir_origin *object;

	if (!made)
		return -ENOMEM;
	out->origins = made;
	for (uint32_t i = WEIR_NONE; (object = next_object(resolving->objects, OBJECT_ORIGIN, &i));)
		*made++ = *object;
	return 0;
}

static const struct weir_peer *resolve_peers(const struct resolving *resolving,
					     const struct weir_rule *rule)
{
	struct weir_peer *made =
		weir_arena_array(resolving->arena, rule->peer_count, struct weir_peer);

	for (uint32_t i = 0; i < rule->peer_count && made; i++) {
		made[i] = rule->peers[i];
		if (made[i].kind == WEIR_PEER_SET)
			made[i].index = index_of(resolving, OBJECT_SET, made[i].index);
		else if (made[i].kind == WEIR_PEER_BLOCK)
			made[i].index = index_of(resolving, OBJECT_BLOCK, made[i].index);
	}
	return made;
}

static int resolve_rules(struct resolving *resolving)
{
	const struct objects *objects = resolving->objects;
	struct weir_resolved *out = resolving->out;
	struct weir_rule *made = make(resolving, OBJECT_RULE, sizeof(*made), &out->rule_count);

	if (!made)
		return -ENOMEM;
	out->rules = made;
	for (uint32_t i = 0; i < out->rule_count; i++) {
		const struct weir_rule *rule = objects_get(
			objects, OBJECT_RULE, ((const uint32_t *)objects->order.items)[i]);

		made[i] = *rule;
		made[i].subjects = index_of(resolving, OBJECT_SET, rule->subjects);
		made[i].origin = index_of(resolving, OBJECT_ORIGIN, rule->origin);
		made[i].peers = resolve_peers(resolving, rule);
		if (!made[i].peers)
			return -ENOMEM;
	}
	return 0;
}

int objects_resolve(const struct objects *objects, struct weir_arena *arena,
		    struct weir_resolved *out, struct weir_error *error)
{
	static int (*const stages[])(struct resolving *) = {
		number_all,   resolve_endpoints, resolve_workloads, resolve_services,
		resolve_sets, resolve_blocks,    resolve_origins,   resolve_rules,
	};
	struct resolving resolving = { .objects = objects, .arena = arena, .out = out };
	int status = check_all(objects, error);

	if (status)
		return status;
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && !status; i++)
		status = stages[i](&resolving);
	return status ? no_memory(error) : 0;
}
