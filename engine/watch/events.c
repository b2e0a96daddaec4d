/*
 * An event is {"type": "MODIFIED", "object": {...}}, with no kind of its own. Its object is read as
 * if it stood alone; of one that is deleted only the name is, since nothing else of it matters.
 */
#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "reading.h"
#include "yaml.h"

enum {
	OBJECT_TEXT = 640,
	MESSAGE_TEXT = 512,
};

static const char *text_of(const struct yaml_node *node, const char *name)
{
	const struct yaml_node *child =
		node && node->kind == YAML_MAPPING ? yaml_get(node, name) : NULL;

	return child && child->kind == YAML_STRING ? child->text : "";
}

static void report(struct store *store, enum weir_severity severity, const struct yaml_node *at,
		   const char *object, const char *text)
{
	struct k8s_reading *reading = store->cluster->reading;

	k8s_report(reading, &(struct weir_diagnostic){ .severity = severity,
						       .file = reading->file,
						       .line = at->line,
						       .column = at->column,
						       .object = object,
						       .text = text });
}

/* "Pod shop/web" */
static void format_object(const char *kind, const char *namespace_name, const char *name,
			  char text[OBJECT_TEXT])
{
	snprintf(text, OBJECT_TEXT, "%.100s %.253s%s%.253s", kind, namespace_name,
		 namespace_name[0] ? "/" : "", name);
}

/* Who says no apiVersion means the kind of that name. */
static bool is_kept(const char *api_version, const char *kind)
{
	return api_version[0] ? k8s_find_kind(api_version, kind) : k8s_kind_named(kind);
}

static int take_deleted(struct store *store, const struct yaml_node *object)
{
	const struct yaml_node *meta = yaml_get(object, "metadata");
	const char *kind = text_of(object, "kind");
	const char *namespace_name = text_of(meta, "namespace");
	const char *name = text_of(meta, "name");
	char about[OBJECT_TEXT];
	int status;

	if (!is_kept(text_of(object, "apiVersion"), kind))
		return 0;
	format_object(kind, namespace_name, name, about);
	if (!name[0]) {
		report(store, WEIR_SEVERITY_ERROR, object, about,
		       "deleted, but nothing says what: metadata.name is missing");
		return 0;
	}
	status = store_remove(store, kind, namespace_name[0] ? namespace_name : NULL, name);
	if (status != -ENOENT)
		return status;
	report(store, WEIR_SEVERITY_WARNING, object, about, "deleted, and was not there");
	return 0;
}

static int take_object(struct store *store, const struct yaml_node *object, const char *list_kind,
		       const char *list_version)
{
	int status = k8s_read_object(store->cluster, object, list_kind, list_version);
	int taken = store_take_read(store);

	return status ? status : taken;
}

static void report_failure(struct store *store, const struct yaml_node *object)
{
	char text[MESSAGE_TEXT];

	snprintf(text, sizeof(text), "the watch failed: %.400s", text_of(object, "message"));
	report(store, WEIR_SEVERITY_ERROR, object, NULL, text);
}

static int take_event(struct store *store, const struct yaml_node *event, const char *type)
{
	const struct yaml_node *object = yaml_get(event, "object");

	if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
		return take_object(store, object, NULL, NULL);
	if (strcmp(type, "DELETED") == 0)
		return take_deleted(store, object);
	if (strcmp(type, "ERROR") == 0)
		report_failure(store, object);
	else if (strcmp(type, "BOOKMARK") != 0)
		report(store, WEIR_SEVERITY_ERROR, event, NULL,
		       "an event's type must be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR");
	return 0;
}

static bool is_event(const struct yaml_node *document)
{
	const struct yaml_node *object;

	if (document->kind != YAML_MAPPING || yaml_get(document, "kind") ||
	    !text_of(document, "type")[0])
		return false;
	object = yaml_get(document, "object");
	return object && object->kind == YAML_MAPPING;
}

static int take_document(void *context, const struct yaml_node *document, const char *list_kind,
			 const char *list_version)
{
	if (is_event(document))
		return take_event(context, document, text_of(document, "type"));
	return take_object(context, document, list_kind, list_version);
}

static void report_text(void *context, uint32_t line, uint32_t column, const char *text)
{
	const struct yaml_node at = { .line = line, .column = column };

	report(context, WEIR_SEVERITY_ERROR, &at, NULL, text);
}

int store_read(struct store *store, const char *name, const char *text, size_t length)
{
	const struct yaml_handler handler = { take_document, report_text, store };
	struct k8s_reading *reading = store->cluster->reading;
	size_t steps = store->steps.count;
	int status;

	reading->file = weir_intern_text(store->cluster->strings, name, strlen(name));
	if (!reading->file)
		return -ENOMEM;
	reading->found = WEIR_FOUND_NAMED;
	reading->failed = false;
	status = yaml_read(text, length, store->cluster->allocator, &handler);
	if (!status && reading->failed)
		status = -EINVAL;
	reading->failed = false;
	if (status)
		store_go_back(store, steps);
	return status;
}
