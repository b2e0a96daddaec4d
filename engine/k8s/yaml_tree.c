/*
 * Nodes, keys, and the lists that are handed out item by item.
 *
 * The order of a list's keys decides when its items can go. Items that know their kind go at
 * once; kubectl writes `kind: List` behind them. Items of a typed list (PodList) lack it: where
 * the list's own kind has not come yet, the document is read again, first dropping the items to
 * find the kind, then handing them out. Items that went before are counted and not handed out
 * twice.
 */
#include <errno.h>
#include <string.h>

#include "yaml_tree.h"

enum {
	KEYS_WALKED = 24, /* larger mappings find duplicates through a map */
};

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	size_t length = strlen(key);

	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *node = mapping->first; node; node = node->next) {
		if (node->key_length == length && !memcmp(node->key, key, length))
			return node;
	}
	return NULL;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
	static const char *const names[] = {
		[YAML_NULL] = "null",         [YAML_BOOL] = "a boolean",
		[YAML_INTEGER] = "a number",  [YAML_FLOAT] = "a number",
		[YAML_STRING] = "a string",   [YAML_SEQUENCE] = "a list",
		[YAML_MAPPING] = "a mapping",
	};

	return names[kind];
}

struct yaml_node *yaml_make(struct yaml_document *document, enum yaml_kind kind, uint32_t line,
			    uint32_t column)
{
	struct yaml_node *node = weir_arena_new(document->arena, struct yaml_node);

	if (!node)
		return NULL;
	document->nodes++;
	node->kind = (uint8_t)kind;
	node->line = line;
	node->column = column;
	return node;
}

bool yaml_too_many_nodes(const struct yaml_document *document)
{
	return document->nodes > YAML_OBJECT_NODES_MAX;
}

bool yaml_too_long(const struct yaml_document *document, const char *at)
{
	return at > document->object && (size_t)(at - document->object) > YAML_OBJECT_BYTES_MAX;
}

struct yaml_open yaml_open(struct yaml_node *parent, const struct weir_allocator *allocator)
{
	return (struct yaml_open){ .parent = parent, .allocator = allocator };
}

void yaml_close(struct yaml_open *open)
{
	if (open->keys)
		weir_map_finish(open->keys);
	weir_release(open->allocator, open->keys);
	open->keys = NULL;
}

void yaml_append(struct yaml_open *open, struct yaml_node *child)
{
	if (open->last)
		open->last->next = child;
	else
		open->parent->first = child;
	open->last = child;
	open->parent->count++;
}

static int map_keys(struct yaml_open *open)
{
	open->keys = weir_allocate_zeroed(open->allocator, 1, sizeof(*open->keys));
	if (!open->keys)
		return -ENOMEM;
	weir_map_init(open->keys, open->allocator);
	for (struct yaml_node *node = open->parent->first; node; node = node->next) {
		if (!weir_map_insert(open->keys, node->key, node->key_length, 0, NULL))
			return -ENOMEM;
	}
	return 0;
}

static int check_in_map(struct yaml_open *open, const struct yaml_node *child)
{
	int is_new = 0;

	if (!open->keys && map_keys(open))
		return -ENOMEM;
	if (!weir_map_insert(open->keys, child->key, child->key_length, 0, &is_new))
		return -ENOMEM;
	return is_new ? 0 : YAML_DUPLICATE;
}

static uint64_t bit_of_key(const struct yaml_node *node)
{
	unsigned first = node->key_length ? (unsigned char)node->key[0] : 0;
	unsigned last = node->key_length ? (unsigned char)node->key[node->key_length - 1] : 0;

	return UINT64_C(1) << ((node->key_length * 7 + (size_t)first * 3 + (size_t)last * 11) & 63);
}

int yaml_add(struct yaml_open *open, struct yaml_node *child)
{
	uint64_t bit = bit_of_key(child);
	int problem = 0;

	if (open->parent->count >= KEYS_WALKED)
		problem = check_in_map(open, child);
	else if (open->seen & bit) {
		for (struct yaml_node *node = open->parent->first; node; node = node->next) {
			if (node->key_length == child->key_length &&
			    !memcmp(node->key, child->key, child->key_length))
				return YAML_DUPLICATE;
		}
	}
	if (problem)
		return problem;
	open->seen |= bit;
	yaml_append(open, child);
	return 0;
}

int yaml_tell(const struct yaml_document *document, uint32_t line, uint32_t column,
	      const char *text)
{
	document->handler->error(document->handler->context, line, column, text);
	return YAML_TOLD;
}

void yaml_document_init(struct yaml_document *document, const struct weir_allocator *allocator,
			const struct yaml_handler *handler)
{
	*document = (struct yaml_document){ .handler = handler };
	weir_arena_init(&document->lasting, allocator);
	weir_arena_init(&document->passing, allocator);
	document->arena = &document->lasting;
}

static void forget_kind(struct yaml_document *document)
{
	weir_release(document->lasting.allocator, document->list_kind);
	weir_release(document->lasting.allocator, document->list_version);
	document->list_kind = NULL;
	document->list_version = NULL;
}

void yaml_document_finish(struct yaml_document *document)
{
	forget_kind(document);
	weir_arena_finish(&document->lasting);
	weir_arena_finish(&document->passing);
}

void yaml_document_restart(struct yaml_document *document)
{
	weir_arena_reset(&document->lasting);
	weir_arena_reset(&document->passing);
	document->arena = &document->lasting;
	document->object = document->text;
	document->nodes = 0;
	document->seen = 0;
	document->streamed = false;
}

void yaml_document_begin(struct yaml_document *document, const char *text, size_t length,
			 uint32_t line)
{
	forget_kind(document);
	document->text = text;
	document->length = length;
	document->line = line;
	document->pass = YAML_PASS_FIRST;
	document->handed = 0;
	yaml_document_restart(document);
}

static bool is_list_kind(const char *kind, size_t length)
{
	return length >= 4 && !memcmp(kind + length - 4, "List", 4);
}

static const struct yaml_node *string_of(const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *node = yaml_get(mapping, key);

	return node && node->kind == YAML_STRING ? node : NULL;
}

static char *own_text(const struct yaml_document *document, const struct yaml_node *node)
{
	char *copy = weir_allocate(document->lasting.allocator, node->length + 1);

	if (copy)
		memcpy(copy, node->text, node->length + 1);
	return copy;
}

/* Remembers the root's kind and apiVersion as far as it has them. */
static int note_kind(struct yaml_document *document, const struct yaml_node *root)
{
	const struct yaml_node *kind = string_of(root, "kind");
	const struct yaml_node *version = string_of(root, "apiVersion");

	if (kind && !document->list_kind) {
		document->list_kind = own_text(document, kind);
		if (!document->list_kind)
			return -ENOMEM;
	}
	if (version && !document->list_version) {
		document->list_version = own_text(document, version);
		if (!document->list_version)
			return -ENOMEM;
	}
	return 0;
}

int yaml_takes_items(struct yaml_document *document, const struct yaml_node *root, bool *out)
{
	*out = false;
	if (document->pass == YAML_PASS_WHOLE)
		return 0;
	if (document->pass == YAML_PASS_FIRST) {
		if (note_kind(document, root))
			return -ENOMEM;
		if (document->list_kind &&
		    !is_list_kind(document->list_kind, strlen(document->list_kind)))
			return 0;
	}
	*out = true;
	document->streamed = true;
	return 0;
}

void yaml_item_begin(struct yaml_document *document, const char *text)
{
	document->arena = &document->passing;
	document->object = text;
	document->nodes = 0;
}

/* A list inside a list is taken apart; it is in memory already. */
static int hand_out(struct yaml_document *document, const struct yaml_node *node,
		    const char *list_kind, const char *list_version)
{
	const struct yaml_handler *handler = document->handler;
	const struct yaml_node *kind = string_of(node, "kind");
	const struct yaml_node *items = yaml_get(node, "items");
	const struct yaml_node *version = string_of(node, "apiVersion");

	if (!kind || !is_list_kind(kind->text, kind->length) || !items ||
	    (items->kind != YAML_SEQUENCE && items->kind != YAML_NULL))
		return handler->object(handler->context, node, list_kind, list_version);
	list_kind = strcmp(kind->text, "List") != 0 ? kind->text : NULL;
	for (const struct yaml_node *item = items->first; item; item = item->next) {
		int status = hand_out(document, item, list_kind,
				      list_kind && version ? version->text : NULL);

		if (status)
			return status;
	}
	return 0;
}

int yaml_item_end(struct yaml_document *document, const struct yaml_node *item)
{
	const char *kind = document->list_kind;
	int status = 0;

	document->seen++;
	if (document->pass != YAML_PASS_FIND_KIND && document->seen > document->handed) {
		bool typed = kind && strcmp(kind, "List") != 0;

		if (document->pass == YAML_PASS_FIRST && !string_of(item, "kind") &&
		    (!kind || (typed && !document->list_version)))
			return YAML_AGAIN;
		document->handed++;
		status = hand_out(document, item, typed ? kind : NULL,
				  typed ? document->list_version : NULL);
	}
	weir_arena_reset(&document->passing);
	return status > 0 ? -EINVAL : status;
}

void yaml_items_end(struct yaml_document *document, const char *text)
{
	document->arena = &document->lasting;
	document->object = text;
	document->nodes = 0;
}

static int check_streamed(struct yaml_document *document, const struct yaml_node *root)
{
	const struct yaml_node *kind = yaml_get(root, "kind");

	if (string_of(root, "kind") && is_list_kind(kind->text, kind->length))
		return 0;
	if (!document->seen)
		return document->handler->object(document->handler->context, root, NULL, NULL);
	if (!kind)
		kind = root;
	return yaml_tell(document, kind->line, kind->column,
			 "items that are objects make this a list, but its kind is no List: "
			 "kind: List would be right");
}

int yaml_root_end(struct yaml_document *document, const struct yaml_node *root)
{
	int status;

	if (document->pass == YAML_PASS_FIND_KIND) {
		if (note_kind(document, root))
			return -ENOMEM;
		document->pass = document->list_kind && is_list_kind(document->list_kind,
								     strlen(document->list_kind))
					 ? YAML_PASS_LIST
					 : YAML_PASS_WHOLE;
		if (document->pass == YAML_PASS_WHOLE && document->handed)
			return check_streamed(document, root);
		return YAML_AGAIN;
	}
	if (document->streamed)
		status = check_streamed(document, root);
	else
		status = root->kind == YAML_NULL ? 0 : hand_out(document, root, NULL, NULL);
	return status;
}
