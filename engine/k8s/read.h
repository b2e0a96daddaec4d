/*
 * read.h - fields of objects by their types, and what is said where they have another.
 *
 * A field knows its parent, so that its path is only written out when there is something to
 * say about it; parents live on the stack of whoever reads them. A field that is null is read as
 * one that is missing, as the API server does. Readers report and go on: the object is dropped
 * at its end, so that all its mistakes are told at once. The same holds for memory: what would
 * not fit is read as empty, and reader->status says so.
 */
#ifndef WEIR_K8S_READ_H
#define WEIR_K8S_READ_H

#include "objects.h"
#include "yaml.h"

struct k8s_reader {
	struct weir_cluster *cluster;
	struct weir_arena *scratch; /* forgotten behind every object */
	const char *kind;
	const char *version; /* of the API, behind the group: "v1" */
	const char *object;  /* "Pod shop/web" */
	bool strict;         /* unknown fields are errors */
	bool failed;         /* an error was reported */
	int status;          /* 0, or -ENOMEM */
};

struct k8s_field {
	const struct k8s_field *parent;
	const char *name; /* NULL: an item of a list */
	uint32_t index;
	bool is_entry;                /* of a map whose keys people choose: labels... */
	const struct yaml_node *node; /* NULL when missing */
};

struct k8s_field k8s_get(const struct k8s_field *parent, const char *name);
struct k8s_field k8s_item(const struct k8s_field *list, const struct yaml_node *node,
			  uint32_t index);
struct k8s_field k8s_entry(const struct k8s_field *map, const struct yaml_node *node);

static inline bool k8s_is_missing(const struct k8s_field *field)
{
	return !field->node || field->node->kind == YAML_NULL;
}

struct k8s_position k8s_position_of(const struct k8s_reader *reader, const struct k8s_field *field);

/* Found at the field's value or, where that is missing, at what should hold it. */
void k8s_error(struct k8s_reader *reader, const struct k8s_field *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void k8s_warn(struct k8s_reader *reader, const struct k8s_field *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A text in quotes, fit for a message: cut where it is long, control characters replaced. */
struct k8s_quoted {
	char text[84];
};
struct k8s_quoted k8s_quote(const char *text, size_t length);
struct k8s_quoted k8s_clip(const char *text, size_t length); /* the same without the quotes */

/* Levenshtein's distance of short names, letters compared without case. */
size_t k8s_distance(const char *a, size_t a_length, const char *b, size_t b_length);

/* NULL when the field is missing, or of another kind, which is reported. */
const struct yaml_node *k8s_mapping(struct k8s_reader *reader, const struct k8s_field *field);
const struct yaml_node *k8s_sequence(struct k8s_reader *reader, const struct k8s_field *field);
const struct yaml_node *k8s_string(struct k8s_reader *reader, const struct k8s_field *field);
/* A list's items, one after the other; none where k8s_sequence has none:
 *
 *	struct k8s_items items = k8s_items(reader, &list);
 *	struct k8s_field item;
 *	while (k8s_next_item(&items, &item)) ...
 */
struct k8s_items {
	const struct k8s_field *list;
	const struct yaml_node *next;
	uint32_t index;
	uint32_t count;
	bool is_written; /* if only as an empty list */
};
struct k8s_items k8s_items(struct k8s_reader *reader, const struct k8s_field *list);
bool k8s_next_item(struct k8s_items *items, struct k8s_field *item);
/* The fallback when missing or wrong. */
bool k8s_boolean(struct k8s_reader *reader, const struct k8s_field *field, bool fallback);
int64_t k8s_integer(struct k8s_reader *reader, const struct k8s_field *field, int64_t low,
		    int64_t high, int64_t fallback);
/* The index of the one of the names (the last is NULL) that the text is; -1 when it is none, which
 * is reported, listing them as "none of In, NotIn and Exists". */
int k8s_choice(struct k8s_reader *reader, const struct k8s_field *field, const char *const *names,
	       const char *listed);
/* TCP, UDP or SCTP by its IP protocol number; TCP when missing. */
uint8_t k8s_protocol(struct k8s_reader *reader, const struct k8s_field *field);
/* Interned; NULL when missing, empty or wrong. */
const char *k8s_text(struct k8s_reader *reader, const struct k8s_field *field);
bool k8s_text_is(const struct yaml_node *node, const char *text);

/* Reports, when the reader is strict, fields of a mapping that are none of the names, of which
 * the last is NULL. */
void k8s_known_fields(struct k8s_reader *reader, const struct k8s_field *field,
		      const char *const *names);

/* Memory for the cluster's life; NULL, with status set, when there is none. */
void *k8s_keep(struct k8s_reader *reader, size_t count, size_t size);
void *k8s_scratch(struct k8s_reader *reader, size_t count, size_t size);
/* Equal arrays become one; NULL for none, and when memory is out. Padding must be zero. */
const void *k8s_keep_shared(struct k8s_reader *reader, const void *items, size_t count,
			    size_t size);
/* "" when memory is out. */
const char *k8s_keep_text(struct k8s_reader *reader, const char *text, size_t length);

/* An empty array of struct weir_address, the same one at every call. */
struct weir_array *k8s_begin_addresses(struct k8s_reader *reader);
void k8s_add_address(struct k8s_reader *reader, struct weir_array *addresses,
		     const struct weir_address *address);
/* The same from a field that holds one, and from one that lists them. */
void k8s_read_address(struct k8s_reader *reader, const struct k8s_field *field,
		      struct weir_array *addresses);
void k8s_read_addresses(struct k8s_reader *reader, const struct k8s_field *list,
			struct weir_array *addresses);
/* Keeps what was collected; *count is 0 when memory is out. */
const struct weir_address *k8s_keep_addresses(struct k8s_reader *reader,
					      const struct weir_array *addresses, uint32_t *count);
/* ADDRESS/LENGTH; false when missing or wrong. */
bool k8s_read_prefix(struct k8s_reader *reader, const struct k8s_field *field,
		     struct weir_prefix *out, bool *host_bits);

#endif
