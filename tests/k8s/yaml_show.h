/* What yaml_read hands out, as text that tests compare. */
#ifndef WEIR_TESTS_K8S_YAML_SHOW_H
#define WEIR_TESTS_K8S_YAML_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "yaml.h"

struct shown {
	char *text; /* objects; freed by shown_finish, as the next */
	size_t length;
	char *told; /* errors */
	size_t told_length;
	FILE *out;
	FILE *errors_out;
	bool positions;
	unsigned objects;
	unsigned errors;
};

/* One line an object, compact and typed: {a: 1, b: "text", c: [true, null, 1.5f]}. */
static inline void show_node(FILE *out, const struct yaml_node *node, bool positions)
{
	if (positions)
		fprintf(out, "@%u:%u ", node->line, node->column);
	switch ((enum yaml_kind)node->kind) {
	case YAML_NULL:
		fputs("null", out);
		break;
	case YAML_BOOL:
		fputs(node->boolean ? "true" : "false", out);
		break;
	case YAML_INTEGER:
		fprintf(out, "%lld", (long long)node->integer);
		break;
	case YAML_FLOAT:
		fprintf(out, "%sf", node->text);
		break;
	case YAML_STRING:
		fputc('"', out);
		fwrite(node->text, 1, node->length, out);
		fputc('"', out);
		break;
	case YAML_SEQUENCE:
	case YAML_MAPPING:
		fputc(node->kind == YAML_MAPPING ? '{' : '[', out);
		for (const struct yaml_node *child = node->first; child; child = child->next) {
			if (positions && node->kind == YAML_MAPPING)
				fprintf(out, "@%u:%u ", child->key_line, child->key_column);
			if (node->kind == YAML_MAPPING)
				fprintf(out, "%.*s: ", (int)child->key_length, child->key);
			show_node(out, child, positions);
			fputs(child->next ? ", " : "", out);
		}
		fputc(node->kind == YAML_MAPPING ? '}' : ']', out);
	}
}

static inline int show_object(void *context, const struct yaml_node *object, const char *list_kind,
			      const char *list_version)
{
	struct shown *shown = context;

	shown->objects++;
	if (list_kind)
		fprintf(shown->out, "%s %s ", list_kind, list_version ? list_version : "-");
	show_node(shown->out, object, shown->positions);
	fputc('\n', shown->out);
	return 0;
}

static inline void show_error(void *context, uint32_t line, uint32_t column, const char *text)
{
	struct shown *shown = context;

	shown->errors++;
	fprintf(shown->errors_out, "%u:%u: %s\n", line, column, text);
}

typedef int yaml_reader_function(const char *text, size_t length,
				 const struct weir_allocator *allocator,
				 const struct yaml_handler *handler);

static inline int show_with(yaml_reader_function *read, const char *text, size_t length,
			    bool positions, struct shown *out)
{
	struct yaml_handler handler = { show_object, show_error, out };
	int status;

	*out = (struct shown){ .positions = positions };
	out->out = open_memstream(&out->text, &out->length);
	out->errors_out = open_memstream(&out->told, &out->told_length);
	status = read(text, length, NULL, &handler);
	fclose(out->out);
	fclose(out->errors_out);
	return status;
}

static inline void shown_finish(struct shown *shown)
{
	free(shown->text);
	free(shown->told);
}

#endif
