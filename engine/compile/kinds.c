#include "kinds.h"

#include <errno.h>
#include <string.h>

enum {
	KEY_SETS = 2, /* words before the sets: the region, how many sets */
};

void kinds_init(struct kinds *kinds, const struct weir_allocator *allocator)
{
	weir_arena_init(&kinds->arena, allocator);
	weir_map_init(&kinds->numbers, allocator);
	weir_map_init(&kinds->names, allocator);
	kinds->items = weir_array_of(allocator, struct kind);
	kinds->key = weir_array_of(allocator, uint32_t);
}

void kinds_finish(struct kinds *kinds)
{
	weir_array_finish(&kinds->key);
	weir_array_finish(&kinds->items);
	weir_map_finish(&kinds->names);
	weir_map_finish(&kinds->numbers);
	weir_arena_finish(&kinds->arena);
}

static void *keep(struct kinds *kinds, const void *from, size_t bytes)
{
	void *copy = weir_arena_allocate(&kinds->arena, bytes, 1);

	if (copy && bytes)
		memcpy(copy, from, bytes);
	return copy;
}

/* Keys. */

static int number_name(struct kinds *kinds, const char *name, uint32_t *number)
{
	size_t length = strlen(name);
	uint64_t hash = weir_hash_bytes(name, length, 0);
	struct weir_map_slot *slot = weir_map_slot(&kinds->names, name, length, hash);
	const char *copy;

	if (!slot)
		return -ENOMEM;
	if (!slot->key) {
		copy = keep(kinds, name, length + 1);
		if (!copy)
			return -ENOMEM;
		weir_map_fill(&kinds->names, slot, copy, length, hash,
			      (uint32_t)kinds->names.count);
	}
	*number = slot->value;
	return 0;
}

static int make_key(struct kinds *kinds, const struct object_endpoint *pod, uint32_t region)
{
	struct weir_array *key = &kinds->key;
	const struct weir_endpoint *endpoint = &pod->endpoint;
	size_t used = KEY_SETS + (size_t)pod->set_count;
	uint32_t *words;

	if (weir_array_resize(key, used + 2 * (size_t)endpoint->port_count))
		return -ENOMEM;
	words = key->items;
	words[0] = region;
	words[1] = pod->set_count;
	if (pod->set_count)
		memcpy(words + KEY_SETS, pod->sets, pod->set_count * sizeof(*words));
	for (uint32_t i = 0; i < endpoint->port_count; i++) {
		const struct weir_declared_port *port = &endpoint->ports[i];

		if (!port->name)
			continue;
		if (number_name(kinds, port->name, &words[used]))
			return -ENOMEM;
		words[used + 1] = (uint32_t)port->number << 8 | port->protocol;
		used += 2;
	}
	key->count = used;
	return 0;
}

/* Kinds. */

static const struct weir_declared_port *keep_ports(struct kinds *kinds,
						   const struct weir_endpoint *pod, uint32_t *count)
{
	struct weir_declared_port *ports =
		weir_arena_array(&kinds->arena, pod->port_count, struct weir_declared_port);

	*count = 0;
	for (uint32_t i = 0; i < pod->port_count && ports; i++) {
		struct weir_declared_port *port = &ports[*count];

		if (!pod->ports[i].name)
			continue;
		*port = pod->ports[i];
		port->name = keep(kinds, port->name, strlen(port->name) + 1);
		if (!port->name)
			return NULL;
		++*count;
	}
	return ports;
}

static int add_kind(struct kinds *kinds, const struct object_endpoint *pod,
		    const struct weir_address *address, const uint32_t *key)
{
	struct kind *kind = weir_array_push(&kinds->items);

	if (!kind)
		return -ENOMEM;
	kind->sets = key + KEY_SETS;
	kind->set_count = pod->set_count;
	kind->address = *address;
	kind->ports = keep_ports(kinds, &pod->endpoint, &kind->port_count);
	if (kind->ports)
		return 0;
	kinds->items.count--;
	return -ENOMEM;
}

int kinds_number(struct kinds *kinds, const struct object_endpoint *pod,
		 const struct weir_address *address, uint32_t region, uint32_t *number)
{
	struct weir_map_slot *slot;
	size_t length;
	uint64_t hash;
	uint32_t *copy;

	if (make_key(kinds, pod, region))
		return -ENOMEM;
	length = kinds->key.count * sizeof(uint32_t);
	hash = weir_hash_bytes(kinds->key.items, length, 0);
	slot = weir_map_slot(&kinds->numbers, kinds->key.items, length, hash);
	if (!slot)
		return -ENOMEM;
	if (!slot->key) {
		copy = keep(kinds, kinds->key.items, length);
		if (!copy || add_kind(kinds, pod, address, copy))
			return -ENOMEM;
		weir_map_fill(&kinds->numbers, slot, copy, length, hash, kinds_count(kinds) - 1);
	}
	*number = slot->value;
	return 0;
}
