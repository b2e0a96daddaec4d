#include "live_objects.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "live_shapes.h"
#include "numbers.h"

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

static uint32_t sort_and_thin(uint32_t *numbers, uint32_t count)
{
	uint32_t kept = 0;

	weir_sort_numbers(numbers, count);
	for (uint32_t i = 0; i < count; i++) {
		if (!kept || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	}
	return kept;
}

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

/* The sets of an endpoint may be handed over in any order, and more than once. */
static void *copy(const struct objects *objects, enum object_kind kind, const void *from)
{
	void *made = shape_copy(object_shapes[kind], from, objects->allocator);

	if (made && kind == OBJECT_ENDPOINT) {
		struct object_endpoint *endpoint = made;

		endpoint->set_count =
			sort_and_thin((uint32_t *)(uintptr_t)endpoint->sets, endpoint->set_count);
	}
	return made;
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

int objects_add(struct objects *objects, enum object_kind kind, const void *from, uint32_t *out,
		struct weir_error *error)
{
	int status = shape_check(objects, kind, WEIR_NONE, from, error);
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

int objects_take(struct objects *objects, enum object_kind kind, const void *from)
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

static int missing(enum object_kind kind, uint32_t number, struct weir_error *error)
{
	return objects_fail(error, -ENOENT, "there is no %s %u", object_kind_names[kind], number);
}

int objects_change(struct objects *objects, enum object_kind kind, uint32_t number,
		   const void *from, struct weir_error *error)
{
	int status;
	void *object;

	if (!objects_get(objects, kind, number))
		return missing(kind, number, error);
	status = shape_check(objects, kind, number, from, error);
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
	size_t at = before == WEIR_NONE ? count : place_in_order(objects, before);
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

/* The sets of an endpoint with this one or without it. */
static int put_into_set(struct objects *objects, uint32_t number, uint32_t set, bool is_in,
			struct weir_array *scratch, struct weir_error *error)
{
	const struct object_endpoint *before = objects_get(objects, OBJECT_ENDPOINT, number);
	struct object_endpoint after = *before;
	uint32_t *sets;

	if (weir_have_number(before->sets, before->set_count, set) == is_in)
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
