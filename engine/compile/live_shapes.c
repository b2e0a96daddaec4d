#include "live_shapes.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

/* The shapes. */

#define SHAPE(type, list)                                                                          \
	{                                                                                          \
		.size = sizeof(type), .field_count = sizeof(list) / sizeof((list)[0]),             \
		.fields = (list)                                                                   \
	}
#define TEXT(type, member)                                                                         \
	{                                                                                          \
		.kind = FIELD_TEXT, .offset = offsetof(type, member)                               \
	}
#define ITEMS(field_kind, type, member, counted, shape)                                            \
	{                                                                                          \
		.kind = (field_kind), .offset = offsetof(type, member),                            \
		.count = offsetof(type, counted), .items = &(shape)                                \
	}
#define NUMBER(field_kind, type, member, of)                                                       \
	{                                                                                          \
		.kind = (field_kind), .target = (of), .offset = offsetof(type, member)             \
	}

static const struct shape address_shape = { .size = sizeof(struct weir_address) };
static const struct shape prefix_shape = { .size = sizeof(struct weir_prefix) };

static const struct field set_number[] = { { .kind = FIELD_REFERENCE, .target = OBJECT_SET } };
static const struct shape set_number_shape = SHAPE(uint32_t, set_number);

static const struct field endpoint_number[] = {
	{ .kind = FIELD_REFERENCE, .target = OBJECT_ENDPOINT },
};
static const struct shape endpoint_number_shape = SHAPE(uint32_t, endpoint_number);

static const struct field declared[] = { TEXT(struct weir_declared_port, name) };
static const struct shape declared_shape = SHAPE(struct weir_declared_port, declared);

static const struct field endpoint[] = {
	ITEMS(FIELD_ARRAY, struct weir_endpoint, addresses, address_count, address_shape),
	ITEMS(FIELD_ARRAY, struct weir_endpoint, ports, port_count, declared_shape),
	NUMBER(FIELD_OPTIONAL, struct weir_endpoint, node, OBJECT_ENDPOINT),
	NUMBER(FIELD_OPTIONAL, struct weir_endpoint, workload, OBJECT_WORKLOAD),
	TEXT(struct weir_endpoint, namespace_name),
	TEXT(struct weir_endpoint, name),
};
static const struct shape endpoint_shape = SHAPE(struct weir_endpoint, endpoint);

static const struct field member[] = {
	{ .kind = FIELD_STRUCT,
	  .offset = offsetof(struct object_endpoint, endpoint),
	  .items = &endpoint_shape },
	ITEMS(FIELD_ARRAY, struct object_endpoint, sets, set_count, set_number_shape),
};
static const struct shape member_shape = SHAPE(struct object_endpoint, member);

static const struct field workload[] = {
	NUMBER(FIELD_OPTIONAL, struct weir_workload, parent, OBJECT_WORKLOAD),
	TEXT(struct weir_workload, kind),
	TEXT(struct weir_workload, namespace_name),
	TEXT(struct weir_workload, name),
};
static const struct shape workload_shape = SHAPE(struct weir_workload, workload);

static const struct field backend[] = {
	NUMBER(FIELD_OPTIONAL, struct weir_backend, endpoint, OBJECT_ENDPOINT),
};
static const struct shape backend_shape = SHAPE(struct weir_backend, backend);

static const struct field service_port[] = {
	ITEMS(FIELD_ARRAY, struct weir_service_port, backends, backend_count, backend_shape),
	TEXT(struct weir_service_port, name),
};
static const struct shape service_port_shape = SHAPE(struct weir_service_port, service_port);

static const struct field service[] = {
	ITEMS(FIELD_ARRAY, struct weir_service, addresses, address_count, address_shape),
	ITEMS(FIELD_ARRAY, struct weir_service, ports, port_count, service_port_shape),
	TEXT(struct weir_service, namespace_name),
	TEXT(struct weir_service, name),
};
static const struct shape service_shape = SHAPE(struct weir_service, service);

static const struct field set[] = {
	ITEMS(FIELD_PASSING, struct weir_set, endpoints, endpoint_count, endpoint_number_shape),
};
static const struct shape set_shape = SHAPE(struct weir_set, set);

static const struct field block[] = {
	ITEMS(FIELD_ARRAY, struct weir_block, holes, hole_count, prefix_shape),
};
static const struct shape block_shape = SHAPE(struct weir_block, block);

static const struct field origin[] = {
	TEXT(struct weir_origin, kind),
	TEXT(struct weir_origin, namespace_name),
	TEXT(struct weir_origin, name),
	TEXT(struct weir_origin, action),
};
static const struct shape origin_shape = SHAPE(struct weir_origin, origin);

static const struct field peer[] = { { .kind = FIELD_PEER } };
static const struct shape peer_shape = SHAPE(struct weir_peer, peer);

static const struct field port[] = { TEXT(struct weir_port, name) };
static const struct shape port_shape = SHAPE(struct weir_port, port);

static const struct field rule[] = {
	ITEMS(FIELD_ARRAY, struct weir_rule, peers, peer_count, peer_shape),
	ITEMS(FIELD_ARRAY, struct weir_rule, ports, port_count, port_shape),
	NUMBER(FIELD_REFERENCE, struct weir_rule, subjects, OBJECT_SET),
	NUMBER(FIELD_OPTIONAL, struct weir_rule, origin, OBJECT_ORIGIN),
};
static const struct shape rule_shape = SHAPE(struct weir_rule, rule);

const struct shape *const object_shapes[OBJECT_KINDS] = {
	[OBJECT_ENDPOINT] = &member_shape, [OBJECT_WORKLOAD] = &workload_shape,
	[OBJECT_SERVICE] = &service_shape, [OBJECT_SET] = &set_shape,
	[OBJECT_BLOCK] = &block_shape,     [OBJECT_ORIGIN] = &origin_shape,
	[OBJECT_RULE] = &rule_shape,
};

const struct shape *const resolved_shapes[OBJECT_KINDS] = {
	[OBJECT_ENDPOINT] = &endpoint_shape, [OBJECT_WORKLOAD] = &workload_shape,
	[OBJECT_SERVICE] = &service_shape,   [OBJECT_SET] = &set_shape,
	[OBJECT_BLOCK] = &block_shape,       [OBJECT_ORIGIN] = &origin_shape,
	[OBJECT_RULE] = &rule_shape,
};

const char *const object_kind_names[OBJECT_KINDS] = {
	"endpoint", "workload", "service", "set", "block", "origin", "rule",
};

/* Fields, wherever they are. */

static const char *pointer_at(const char *at, const struct field *field)
{
	const char *pointer;

	memcpy(&pointer, at + field->offset, sizeof(pointer));
	return pointer;
}

static void put_pointer(char *at, const struct field *field, const void *pointer)
{
	memcpy(at + field->offset, &pointer, sizeof(pointer));
}

static uint32_t number_at(const char *at, size_t offset)
{
	uint32_t number;

	memcpy(&number, at + offset, sizeof(number));
	return number;
}

static void put_number(char *at, size_t offset, uint32_t number)
{
	memcpy(at + offset, &number, sizeof(number));
}

static bool refers(enum weir_peer_kind kind, enum object_kind *target)
{
	*target = kind == WEIR_PEER_SET ? OBJECT_SET : OBJECT_BLOCK;
	return kind == WEIR_PEER_SET || kind == WEIR_PEER_BLOCK;
}

/* Copies into one allocation: the first time through, without memory, measures. */

struct packer {
	char *memory;
	size_t used;
};

static char *pack(struct packer *packer, const void *from, size_t bytes, size_t align)
{
	size_t at = (packer->used + align - 1) & ~(align - 1);

	packer->used = at + bytes;
	if (!packer->memory)
		return NULL;
	if (bytes)
		memcpy(packer->memory + at, from, bytes);
	return packer->memory + at;
}

static void pack_fields(struct packer *packer, const struct shape *shape, const char *from,
			char *to);

static char *pack_items(struct packer *packer, const struct shape *shape, const char *items,
			uint32_t count)
{
	char *made = pack(packer, items, (size_t)count * shape->size, alignof(void *));

	for (uint32_t i = 0; i < count && shape->field_count; i++)
		pack_fields(packer, shape, items + (size_t)i * shape->size,
			    made ? made + (size_t)i * shape->size : NULL);
	return made;
}

static void pack_fields(struct packer *packer, const struct shape *shape, const char *from,
			char *to)
{
	for (uint32_t i = 0; i < shape->field_count; i++) {
		const struct field *field = &shape->fields[i];
		const char *made = NULL;

		switch ((enum field_kind)field->kind) {
		case FIELD_TEXT:
			made = pointer_at(from, field);
			if (made)
				made = pack(packer, made, strlen(made) + 1, 1);
			break;
		case FIELD_ARRAY:
			made = pack_items(packer, field->items, pointer_at(from, field),
					  number_at(from, field->count));
			break;
		case FIELD_PASSING:
			if (to)
				put_number(to, field->count, 0);
			break;
		case FIELD_STRUCT:
			pack_fields(packer, field->items, from + field->offset,
				    to ? to + field->offset : NULL);
			continue;
		case FIELD_REFERENCE:
		case FIELD_OPTIONAL:
		case FIELD_PEER:
			continue;
		}
		if (to)
			put_pointer(to, field, made);
	}
}

void *shape_copy(const struct shape *shape, const void *from,
		 const struct weir_allocator *allocator)
{
	struct packer packer = { NULL, 0 };

	pack_items(&packer, shape, from, 1);
	packer.memory = weir_allocate(allocator, packer.used);
	if (!packer.memory)
		return NULL;
	packer.used = 0;
	return pack_items(&packer, shape, from, 1);
}

/* Whether what an object refers to is there. */

struct referrer {
	const struct objects *objects;
	struct weir_error *error;
	enum object_kind kind;
	uint32_t number; /* WEIR_NONE: it has none yet */
};

static int complain(const struct referrer *referrer, const char *what)
{
	const char *kind = object_kind_names[referrer->kind];

	if (referrer->number == WEIR_NONE)
		return objects_fail(referrer->error, -EINVAL, "the %s %s", kind, what);
	return objects_fail(referrer->error, -EINVAL, "%s %u %s", kind, referrer->number, what);
}

static int check_reference(const struct referrer *referrer, enum object_kind kind, uint32_t number)
{
	char what[64];

	if (objects_get(referrer->objects, kind, number))
		return 0;
	snprintf(what, sizeof(what), "refers to %s %u, which does not exist",
		 object_kind_names[kind], number);
	return complain(referrer, what);
}

static int check_peer(const struct referrer *referrer, const char *at)
{
	struct weir_peer of;
	enum object_kind target;

	memcpy(&of, at, sizeof(of));
	return refers((enum weir_peer_kind)of.kind, &target)
		       ? check_reference(referrer, target, of.index)
		       : 0;
}

static int check_fields(const struct referrer *referrer, const struct shape *shape, const char *at);

static int check_items(const struct referrer *referrer, const struct shape *shape,
		       const char *items, uint32_t count)
{
	int status = 0;

	if (count && !items)
		return complain(referrer, "counts what it does not have");
	for (uint32_t i = 0; i < count && shape->field_count && !status; i++)
		status = check_fields(referrer, shape, items + (size_t)i * shape->size);
	return status;
}

static int check_field(const struct referrer *referrer, const struct field *field, const char *at)
{
	uint32_t number;

	switch ((enum field_kind)field->kind) {
	case FIELD_TEXT:
		return 0;
	case FIELD_ARRAY:
	case FIELD_PASSING:
		return check_items(referrer, field->items, pointer_at(at, field),
				   number_at(at, field->count));
	case FIELD_STRUCT:
		return check_fields(referrer, field->items, at + field->offset);
	case FIELD_PEER:
		return check_peer(referrer, at + field->offset);
	case FIELD_REFERENCE:
	case FIELD_OPTIONAL:
		break;
	}
	number = number_at(at, field->offset);
	if (field->kind == FIELD_OPTIONAL && number == WEIR_NONE)
		return 0;
	return check_reference(referrer, (enum object_kind)field->target, number);
}

static int check_fields(const struct referrer *referrer, const struct shape *shape, const char *at)
{
	int status = 0;

	for (uint32_t i = 0; i < shape->field_count && !status; i++)
		status = check_field(referrer, &shape->fields[i], at);
	return status;
}

int shape_check(const struct objects *objects, enum object_kind kind, uint32_t number,
		const void *object, struct weir_error *error)
{
	const struct referrer referrer = { objects, error, kind, number };

	return check_fields(&referrer, object_shapes[kind], object);
}

/* Indices in place of numbers. */

static bool has_numbers(const struct shape *shape)
{
	for (uint32_t i = 0; i < shape->field_count; i++) {
		const struct field *field = &shape->fields[i];

		if (field->items ? has_numbers(field->items) : field->kind != FIELD_TEXT)
			return true;
	}
	return false;
}

static int renumber_items(const struct field *field, char *at,
			  uint32_t *const index_of[OBJECT_KINDS], struct weir_arena *arena)
{
	const struct shape *shape = field->items;
	uint32_t count = number_at(at, field->count);
	char *made;
	int status = 0;

	if (!has_numbers(shape))
		return 0;
	made = weir_arena_allocate(arena, count, shape->size);
	if (!made)
		return -ENOMEM;
	if (count)
		memcpy(made, pointer_at(at, field), (size_t)count * shape->size);
	put_pointer(at, field, made);
	for (uint32_t i = 0; i < count && !status; i++)
		status = shape_renumber(shape, made + (size_t)i * shape->size, index_of, arena);
	return status;
}

static void renumber_peer(char *at, uint32_t *const index_of[OBJECT_KINDS])
{
	struct weir_peer of;
	enum object_kind target;

	memcpy(&of, at, sizeof(of));
	if (!refers((enum weir_peer_kind)of.kind, &target))
		return;
	of.index = index_of[target][of.index];
	memcpy(at, &of, sizeof(of));
}

int shape_renumber(const struct shape *shape, void *at, uint32_t *const index_of[OBJECT_KINDS],
		   struct weir_arena *arena)
{
	int status = 0;

	for (uint32_t i = 0; i < shape->field_count && !status; i++) {
		const struct field *field = &shape->fields[i];
		char *in = (char *)at + field->offset;
		uint32_t number;

		switch ((enum field_kind)field->kind) {
		case FIELD_TEXT:
			break;
		case FIELD_ARRAY:
		case FIELD_PASSING:
			status = renumber_items(field, at, index_of, arena);
			break;
		case FIELD_STRUCT:
			status = shape_renumber(field->items, in, index_of, arena);
			break;
		case FIELD_PEER:
			renumber_peer(in, index_of);
			break;
		case FIELD_REFERENCE:
		case FIELD_OPTIONAL:
			number = number_at(in, 0);
			if (number != WEIR_NONE)
				put_number(in, 0, index_of[field->target][number]);
			break;
		}
	}
	return status;
}
