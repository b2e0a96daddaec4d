/*
 * yaml_tree.h - what the readers of YAML text share: nodes, keys, limits, lists.
 *
 * A document is read by one of two readers that make the same trees: yaml_plain.c knows the
 * plain shape that programs write and is fast; yaml_events.c reads everything, through libfyaml,
 * and alone tells errors. Both build nodes with the functions below.
 */
#ifndef WEIR_K8S_YAML_TREE_H
#define WEIR_K8S_YAML_TREE_H

#include "hash.h"
#include "memory.h"
#include "yaml.h"

/* What reading a part came to; negative is an errno that ends everything. */
enum yaml_outcome {
	YAML_READ,
	YAML_DOUBT, /* not plain: read it with libfyaml */
	YAML_AGAIN, /* the items' kind comes later: find it, then read again */
	YAML_TOLD,  /* an error was told: on to the next document */
};

/* How the `items` of a document's root are treated. */
enum yaml_pass {
	YAML_PASS_FIRST,     /* hand items out if they know their own kind */
	YAML_PASS_FIND_KIND, /* drop items, only look for the root's kind */
	YAML_PASS_LIST,      /* the root is a list: hand items out */
	YAML_PASS_WHOLE,     /* the root is no list: `items` is a field like any other */
};

struct yaml_document {
	const struct yaml_handler *handler;
	const char *text;
	size_t length;
	uint32_t line;             /* of its first byte */
	struct weir_arena lasting; /* the root's own fields, anchored nodes */
	struct weir_arena passing; /* the item at hand */
	struct weir_arena *arena;  /* where nodes are made now: one of the two */
	const char *object;        /* where the text of the object at hand begins */
	uint32_t nodes;            /* of the object at hand */
	uint8_t pass;              /* enum yaml_pass */
	bool streamed;             /* `items` were taken out of the root in this pass */
	char *list_kind;           /* owned; NULL: unknown or missing */
	char *list_version;        /* owned */
	uint64_t seen;             /* items met in this pass */
	uint64_t handed;           /* items handed out in any pass */
};

void yaml_document_init(struct yaml_document *document, const struct weir_allocator *allocator,
			const struct yaml_handler *handler);
void yaml_document_finish(struct yaml_document *document);
/* Makes ready for another document. */
void yaml_document_begin(struct yaml_document *document, const char *text, size_t length,
			 uint32_t line);
/* Makes ready to read the same document once more. */
void yaml_document_restart(struct yaml_document *document);

/* The root built so far has reached `items`: whether they are to be taken one by one, each
 * between yaml_item_begin and yaml_item_end, and not added to the root. -ENOMEM. */
int yaml_takes_items(struct yaml_document *document, const struct yaml_node *root, bool *out);
void yaml_item_begin(struct yaml_document *document, const char *text);
int yaml_item_end(struct yaml_document *document, const struct yaml_node *item);
void yaml_items_end(struct yaml_document *document, const char *text);
/* The root is complete. YAML_AGAIN: set up for the next pass. */
int yaml_root_end(struct yaml_document *document, const struct yaml_node *root);

/* A node of the object at hand, or NULL: no memory. */
struct yaml_node *yaml_make(struct yaml_document *document, enum yaml_kind kind, uint32_t line,
			    uint32_t column);
bool yaml_too_many_nodes(const struct yaml_document *document);
bool yaml_too_long(const struct yaml_document *document, const char *at);

/* A collection while its children come. */
struct yaml_open {
	struct yaml_node *parent;
	struct yaml_node *last;
	uint64_t seen;         /* a bit for every key: no bit, no duplicate */
	struct weir_map *keys; /* of large mappings */
	const struct weir_allocator *allocator;
};

enum {
	YAML_DUPLICATE = 100, /* of yaml_add: the mapping has the key already */
};

struct yaml_open yaml_open(struct yaml_node *parent, const struct weir_allocator *allocator);
void yaml_close(struct yaml_open *open);
void yaml_append(struct yaml_open *open, struct yaml_node *child);
/* Appends a mapping's child, whose key is set: 0, YAML_DUPLICATE or -ENOMEM. */
int yaml_add(struct yaml_open *open, struct yaml_node *child);

/* Tells an error: YAML_TOLD. */
int yaml_tell(const struct yaml_document *document, uint32_t line, uint32_t column,
	      const char *text);

/* Types a plain scalar by its text (yaml_scalar.c). */
void yaml_type_plain(struct yaml_node *node);
enum yaml_key_problem {
	YAML_KEY_FINE,
	YAML_KEY_NULL,
	YAML_KEY_FLOAT,
	YAML_KEY_HUGE,
};
enum {
	YAML_KEY_TEXT_MAX = 24, /* of an integer as text */
};
/* The text of a typed scalar as a mapping's key: its own, or made in buffer. */
enum yaml_key_problem yaml_key_text(const struct yaml_node *key, char buffer[YAML_KEY_TEXT_MAX],
				    const char **text, size_t *length);

/* yaml_text.c: the first byte that is not allowed, or length; *problem says why. */
size_t yaml_bad_byte(const char *text, size_t length, const char **problem);
/* Whether a text of any characters is well-formed UTF-8. */
bool yaml_is_utf8(const char *text, size_t length);
enum {
	YAML_FOR_ZERO = 0xfffd, /* what "\0" is read as: a zero byte would hide what follows it */
};
/* The length of the first document, separators in front of it included; *lines are its newlines. */
size_t yaml_document_length(const char *text, size_t length, uint32_t *lines);

/* The two readers: an outcome or a negative errno. The plain one may stop early where one JSON
 * text ends and another begins: *used. */
int yaml_read_plain(struct yaml_document *document, size_t *used, uint32_t *used_lines);
int yaml_read_events(struct yaml_document *document);
/* One element of the root's `items`, `- ` and all, for the plain reader when it is in doubt: the
 * element must be well-formed by itself and have no anchors or aliases, else YAML_DOUBT. */
int yaml_read_element(struct yaml_document *document, const char *text, size_t length,
		      uint32_t line, const struct yaml_node *root, struct yaml_node **out);

/* yaml_read without the plain reader: for tests to compare with. */
int yaml_read_twin(const char *text, size_t length, const struct weir_allocator *allocator,
		   const struct yaml_handler *handler);

#endif
