#include "patch_writer.h"

#include <errno.h>
#include <string.h>

enum {
	ADDED_LEAST = 1024, /* pods before patches begin anew; as many as the block has, if more */
};

/* What others read is written as they read it. */
enum undo_kind {
	UNDO_CHAIN,  /* a chain's newest entry */
	UNDO_STAMP,  /* of an endpoint */
	UNDO_NUMBER, /* the writer's own */
};

struct undo {
	void *at;
	uint64_t before; /* or a pointer */
	enum undo_kind kind;
};

static int make_tables(struct patch_writer *writer, uint32_t block_endpoints)
{
	struct weir_arena *arena = &writer->arena;
	uint32_t room = block_endpoints > ADDED_LEAST ? block_endpoints : ADDED_LEAST;
	size_t all = (size_t)block_endpoints + room;
	uint32_t chains = ADDED_LEAST;

	while (chains < room)
		chains *= 2;
	writer->added_room = room;
	writer->patch = (struct patch){
		.addresses = weir_arena_array(arena, chains, const struct patch_entry *),
		.names = weir_arena_array(arena, chains, const struct patch_entry *),
		.chain_mask = chains - 1,
		.block_endpoints = block_endpoints,
		.added = weir_arena_array(arena, room, const struct patch_endpoint *),
		.ended = weir_arena_array(arena, all, uint64_t),
	};
	if (!writer->patch.addresses || !writer->patch.names || !writer->patch.added ||
	    !writer->patch.ended)
		return -ENOMEM;
	memset(writer->patch.ended, 0xff, all * sizeof(*writer->patch.ended));
	return 0;
}

int patch_writer_init(struct patch_writer *writer, const struct weir_allocator *allocator,
		      uint32_t block_endpoints)
{
	*writer = (struct patch_writer){ .undos = weir_array_of(allocator, struct undo) };
	weir_arena_init(&writer->arena, allocator);
	return make_tables(writer, block_endpoints);
}

void patch_writer_finish(struct patch_writer *writer)
{
	weir_array_finish(&writer->undos);
	weir_arena_finish(&writer->arena);
}

static int note(struct patch_writer *writer, enum undo_kind kind, void *at, uint64_t before)
{
	struct undo *undo = weir_array_push(&writer->undos);

	if (!undo)
		return -ENOMEM;
	*undo = (struct undo){ at, before, kind };
	return 0;
}

static void take_back(const struct undo *undo)
{
	const struct patch_entry *entry = (const void *)(uintptr_t)undo->before;

	switch (undo->kind) {
	case UNDO_CHAIN:
		__atomic_store_n((const struct patch_entry **)undo->at, entry, __ATOMIC_RELEASE);
		break;
	case UNDO_STAMP:
		__atomic_store_n((uint64_t *)undo->at, undo->before, __ATOMIC_RELAXED);
		break;
	case UNDO_NUMBER:
		*(uint32_t *)undo->at = (uint32_t)undo->before;
		break;
	}
}

static int put_entry(struct patch_writer *writer, const struct patch_entry **chains,
		     struct patch_entry *entry)
{
	const struct patch_entry **newest = &chains[entry->hash & writer->patch.chain_mask];

	entry->older = *newest;
	entry->stamp = writer->stamp + 1;
	if (note(writer, UNDO_CHAIN, newest, (uintptr_t)entry->older))
		return -ENOMEM;
	__atomic_store_n(newest, entry, __ATOMIC_RELEASE);
	return 0;
}

int patch_put_address(struct patch_writer *writer, const struct weir_address *address,
		      uint32_t endpoint)
{
	struct patch_entry *entry = weir_arena_new(&writer->arena, struct patch_entry);

	if (!entry)
		return -ENOMEM;
	entry->hash = patch_hash_address(address);
	entry->address = *address;
	entry->endpoint = endpoint;
	return put_entry(writer, writer->patch.addresses, entry);
}

int patch_put_name(struct patch_writer *writer, const char *namespace_name, const char *name,
		   uint32_t endpoint)
{
	struct patch_entry *entry = weir_arena_new(&writer->arena, struct patch_entry);

	if (!entry)
		return -ENOMEM;
	entry->hash = patch_hash_name(namespace_name, name);
	entry->namespace_name = namespace_name;
	entry->name = name;
	entry->endpoint = endpoint;
	return put_entry(writer, writer->patch.names, entry);
}

int patch_put_ended(struct patch_writer *writer, uint32_t endpoint)
{
	uint64_t *ended = &writer->patch.ended[endpoint];

	if (note(writer, UNDO_STAMP, ended, *ended))
		return -ENOMEM;
	__atomic_store_n(ended, writer->stamp + 1, __ATOMIC_RELAXED);
	return 0;
}

int patch_put_number(struct patch_writer *writer, uint32_t *at, uint32_t number)
{
	if (note(writer, UNDO_NUMBER, at, *at))
		return -ENOMEM;
	*at = number;
	return 0;
}

uint32_t patch_next_endpoint(const struct patch_writer *writer)
{
	return writer->added_count == writer->added_room
		       ? WEIR_NONE
		       : writer->patch.block_endpoints + writer->added_count;
}

void patch_add_endpoint(struct patch_writer *writer, const struct patch_endpoint *endpoint)
{
	writer->patch.added[writer->added_count++] = endpoint;
}

void patch_keep(struct patch_writer *writer)
{
	writer->undos.count = 0;
	writer->added_before = writer->added_count;
	writer->stamp++;
}

void patch_go_back(struct patch_writer *writer)
{
	while (writer->undos.count)
		take_back((struct undo *)writer->undos.items + --writer->undos.count);
	writer->added_count = writer->added_before;
}
