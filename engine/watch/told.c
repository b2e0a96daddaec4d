#include "told.h"

#include <errno.h>
#include <string.h>

struct told_step {
	uint32_t index;
	struct told_state before;
};

enum {
	ABSENT_FEW = 256, /* things that are kept though they are absent */
};

static const struct told_state absent = { WEIR_NONE, WEIR_NONE, NULL, 0 };

void told_init(struct told *told, const struct weir_allocator *allocator)
{
	*told = (struct told){ .allocator = weir_allocator_or_default(allocator),
			       .things = weir_array_of(allocator, struct told_thing),
			       .steps = weir_array_of(allocator, struct told_step) };
	weir_map_init(&told->index_of, told->allocator);
}

static void release_thing(struct told *told, struct told_thing *thing)
{
	weir_release(told->allocator, thing->key);
	weir_release(told->allocator, thing->state.content);
}

void told_finish(struct told *told)
{
	told_go_back(told);
	for (uint32_t i = 0; i < told->things.count; i++)
		release_thing(told, told_at(told, i));
	weir_map_finish(&told->index_of);
	weir_array_finish(&told->things);
	weir_array_finish(&told->steps);
}

static char *copy_bytes(struct told *told, const struct spelling *spelling)
{
	char *copy =
		spelling->failed ? NULL : weir_allocate(told->allocator, spelling->bytes.count + 1);

	if (copy)
		memcpy(copy, spelling->bytes.items, spelling->bytes.count);
	return copy;
}

static int add(struct told *told, const struct spelling *key, uint64_t hash,
	       struct weir_map_slot *slot, uint32_t *out)
{
	char *copy = copy_bytes(told, key);
	struct told_thing *thing = copy ? weir_array_push(&told->things) : NULL;

	if (!thing) {
		weir_release(told->allocator, copy);
		return -ENOMEM;
	}
	*thing =
		(struct told_thing){ .key = copy, .key_length = key->bytes.count, .state = absent };
	*out = (uint32_t)(told->things.count - 1);
	weir_map_fill(&told->index_of, slot, copy, key->bytes.count, hash, *out);
	return 0;
}

int told_find(struct told *told, const struct spelling *key, uint32_t *out)
{
	uint64_t hash = weir_hash_bytes(key->bytes.items, key->bytes.count, 0);
	struct weir_map_slot *slot;

	if (key->failed)
		return -ENOMEM;
	slot = weir_map_slot(&told->index_of, key->bytes.items, key->bytes.count, hash);
	if (!slot)
		return -ENOMEM;
	if (!slot->key)
		return add(told, key, hash, slot, out);
	*out = slot->value;
	return 0;
}

enum told_kind told_kind_of(const struct told_thing *thing)
{
	uint32_t kind;

	memcpy(&kind, thing->key, sizeof(kind));
	return (enum told_kind)kind;
}

bool told_says(const struct told *told, uint32_t index, const struct spelling *content)
{
	const struct told_state *state = &told_at(told, index)->state;

	return state->number != WEIR_NONE && !content->failed &&
	       state->length == content->bytes.count &&
	       memcmp(state->content, content->bytes.items, state->length) == 0;
}

static int change(struct told *told, uint32_t index, const struct told_state *state)
{
	struct told_thing *thing = told_at(told, index);
	struct told_step *step = weir_array_push(&told->steps);

	if (!step)
		return -ENOMEM;
	*step = (struct told_step){ index, thing->state };
	thing->state = *state;
	return 0;
}

int told_put(struct told *told, uint32_t index, uint32_t number, uint32_t origin,
	     const struct spelling *content)
{
	const struct told_state state = { number, origin, copy_bytes(told, content),
					  content->bytes.count };

	if (state.content && !change(told, index, &state))
		return 0;
	weir_release(told->allocator, state.content);
	return -ENOMEM;
}

int told_forget(struct told *told, uint32_t index)
{
	return change(told, index, &absent);
}

void told_go_back(struct told *told)
{
	const struct told_step *steps = told->steps.items;

	for (size_t i = told->steps.count; i > 0; i--) {
		struct told_thing *thing = told_at(told, steps[i - 1].index);

		weir_release(told->allocator, thing->state.content);
		thing->state = steps[i - 1].before;
	}
	told->steps.count = 0;
}

static size_t count_absent(const struct told *told)
{
	size_t count = 0;

	for (uint32_t i = 0; i < told->things.count; i++)
		count += told_at(told, i)->state.number == WEIR_NONE;
	return count;
}

/* Without memory everything stays as it is. */
static void thin(struct told *told)
{
	struct weir_map index_of;
	uint32_t kept = 0;

	weir_map_init(&index_of, told->allocator);
	for (uint32_t i = 0; i < told->things.count; i++) {
		const struct told_thing *thing = told_at(told, i);

		if (thing->state.number == WEIR_NONE)
			continue;
		if (!weir_map_insert(&index_of, thing->key, thing->key_length, kept++, NULL)) {
			weir_map_finish(&index_of);
			return;
		}
	}
	kept = 0;
	for (uint32_t i = 0; i < told->things.count; i++) {
		struct told_thing *thing = told_at(told, i);

		if (thing->state.number == WEIR_NONE)
			release_thing(told, thing);
		else
			*told_at(told, kept++) = *thing;
	}
	told->things.count = kept;
	weir_map_finish(&told->index_of);
	told->index_of = index_of;
}

void told_keep(struct told *told)
{
	const struct told_step *steps = told->steps.items;

	for (size_t i = 0; i < told->steps.count; i++)
		weir_release(told->allocator, steps[i].before.content);
	told->steps.count = 0;
}

void told_thin(struct told *told)
{
	size_t gone = count_absent(told);

	if (gone > ABSENT_FEW && gone > told->things.count / 2)
		thin(told);
}
