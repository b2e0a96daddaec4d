/*
 * yaml.h - YAML and JSON text as small trees, one object at a time.
 *
 * Scalars are typed as sigs.k8s.io/yaml types them (YAML 1.1: y, yes, on, 0o17, 017, ~, <<...). A
 * document that is a List, or a typed list (PodList), is handed out item by item, so that memory
 * is bounded by the largest object and not by the dump. The tree of an object lives until the
 * handler returns. A document that is a lone scalar or a list is handed out like any other: the
 * handler must look at the kind. Refused, with position: duplicate keys, invalid UTF-8, nesting and
 * aliases beyond the limits, an object beyond YAML_OBJECT_BYTES_MAX.
 */
#ifndef WEIR_K8S_YAML_H
#define WEIR_K8S_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"

enum {
	YAML_DEPTH_MAX = 100,
	YAML_ALIASES_MAX = 10000,                 /* alias uses in one document */
	YAML_OBJECT_NODES_MAX = 1000 * 1000,      /* nodes of one object, aliases expanded */
	YAML_OBJECT_BYTES_MAX = 16 * 1024 * 1024, /* text of one object */
};

enum yaml_kind {
	YAML_NULL,
	YAML_BOOL,
	YAML_INTEGER, /* fits int64 */
	YAML_FLOAT,
	YAML_STRING,
	YAML_SEQUENCE,
	YAML_MAPPING,
};

struct yaml_node {
	uint8_t kind;    /* enum yaml_kind */
	bool boolean;    /* of a BOOL */
	uint32_t line;   /* from 1, where the node begins; a mapping value's own, not its key's */
	uint32_t column; /* from 1, in bytes */
	int64_t integer;
	const char *text; /* of every scalar, as written (unescaped), with a NUL */
	size_t length;
	struct yaml_node *next;  /* in the parent's order */
	struct yaml_node *first; /* first child of a SEQUENCE or MAPPING */
	uint32_t count;          /* children */
	const char *key;         /* when the parent is a MAPPING, with a NUL */
	size_t key_length;
	uint32_t key_line;
	uint32_t key_column;
};

/* The value of a key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/* "a string", "a number"...: for messages. */
const char *yaml_kind_name(enum yaml_kind kind);

struct yaml_handler {
	/* One object. list_kind is the kind of the typed list it was an item of ("PodList"), or
	 * NULL; list_version is that list's apiVersion. A negative errno ends the reading. */
	int (*object)(void *context, const struct yaml_node *object, const char *list_kind,
		      const char *list_version);
	/* A mistake in the text itself; reading goes on where it can (the next document). */
	void (*error)(void *context, uint32_t line, uint32_t column, const char *text);
	void *context;
};

/* Reads every document of a text. Empty documents are nothing. 0 when every object was handed
 * out, -EINVAL when an error was told, -ENOMEM, or what a handler returned. */
int yaml_read(const char *text, size_t length, const struct weir_allocator *allocator,
	      const struct yaml_handler *handler);

#endif
