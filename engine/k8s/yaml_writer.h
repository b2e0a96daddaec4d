/*
 * yaml_writer.h - YAML in block style, a line at a time; strings are always quoted.
 *
 *	yaml_enter(writer, "metadata");         metadata:
 *	yaml_put_text(writer, "name", "web");     name: "web"
 *	yaml_leave(writer);
 *	yaml_enter(writer, "ports");            ports:
 *	yaml_begin_item(writer);                  - port: 80
 *	yaml_put_line(writer, "port: %u", 80);      protocol: TCP
 *	yaml_put_line(writer, "protocol: TCP");
 *	yaml_end_item(writer);
 *	yaml_leave(writer);
 */
#ifndef WEIR_K8S_YAML_WRITER_H
#define WEIR_K8S_YAML_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	YAML_WRITER_BUFFER = 16 * 1024,
};

struct yaml_writer {
	int (*write)(void *context, const char *bytes, size_t length);
	void *context;
	int status; /* the first failure; nothing is written after it */
	unsigned indent;
	bool item; /* the next line begins an item of a list */
	size_t filled;
	char buffer[YAML_WRITER_BUFFER];
};

void yaml_writer_init(struct yaml_writer *writer,
		      int (*write)(void *context, const char *bytes, size_t length), void *context);
/* Writes what is left; the status. */
int yaml_writer_finish(struct yaml_writer *writer);

void yaml_put_document(struct yaml_writer *writer); /* --- */
/* A line as printf makes it; only for text that needs no quotes. */
void yaml_put_line(struct yaml_writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* key: "value" */
void yaml_put_text(struct yaml_writer *writer, const char *key, const char *value);
/* "key": "value" */
void yaml_put_pair(struct yaml_writer *writer, const char *key, const char *value);
/* - "value" */
void yaml_put_item(struct yaml_writer *writer, const char *value);

/* `key:`, and what follows is inside of it until leave. */
void yaml_enter(struct yaml_writer *writer, const char *key);
void yaml_leave(struct yaml_writer *writer);
/* Inside of a list: the lines up to end_item are one item. */
void yaml_begin_item(struct yaml_writer *writer);
void yaml_end_item(struct yaml_writer *writer);

#endif
