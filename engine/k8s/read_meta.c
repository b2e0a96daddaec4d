#include "read_meta.h"

#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "validate.h"

static const char *const meta_fields[] = {
	"name",
	"namespace",
	"labels",
	"annotations",
	"generateName",
	"uid",
	"resourceVersion",
	"generation",
	"creationTimestamp",
	"deletionTimestamp",
	"ownerReferences",
	"deletionGracePeriodSeconds",
	"finalizers",
	"managedFields",
	"selfLink",
	NULL,
};
static const char *const owner_fields[] = { "apiVersion", "kind",       "name",
					    "uid",        "controller", "blockOwnerDeletion",
					    NULL };

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct k8s_label *)a)->key, ((const struct k8s_label *)b)->key);
}

static void check_label(struct k8s_reader *reader, const struct k8s_field *entry,
			const struct yaml_node *value)
{
	const struct yaml_node *node = entry->node;
	const char *problem = k8s_label_key_problem(node->key, node->key_length);

	if (problem)
		k8s_error(reader, entry, "%s is no label key: it %s",
			  k8s_quote(node->key, node->key_length).text, problem);
	problem = value ? k8s_label_value_problem(value->text, value->length) : NULL;
	if (problem)
		k8s_error(reader, entry, "%s is no label value: it %s",
			  k8s_quote(value->text, value->length).text, problem);
}

struct k8s_label *k8s_collect_labels(struct k8s_reader *reader, const struct k8s_field *field,
				     uint32_t *count)
{
	const struct yaml_node *map = k8s_mapping(reader, field);
	struct k8s_label *items =
		k8s_scratch(reader, (map ? map->count : 0) + (size_t)1, sizeof(*items));

	*count = 0;
	for (const struct yaml_node *node = items && map ? map->first : NULL; node;
	     node = node->next) {
		struct k8s_field entry = k8s_entry(field, node);
		const struct yaml_node *value = k8s_string(reader, &entry);

		check_label(reader, &entry, value);
		items[*count].key = k8s_keep_text(reader, node->key, node->key_length);
		items[*count].value =
			k8s_keep_text(reader, value ? value->text : "", value ? value->length : 0);
		++*count;
	}
	return items;
}

struct k8s_labels k8s_keep_labels(struct k8s_reader *reader, struct k8s_label *items,
				  uint32_t count)
{
	struct k8s_labels labels = { NULL, 0 };

	if (count)
		qsort(items, count, sizeof(*items), compare_labels);
	labels.items = k8s_keep_shared(reader, items, count, sizeof(*items));
	labels.count = labels.items ? count : 0;
	return labels;
}

struct k8s_labels k8s_read_labels(struct k8s_reader *reader, const struct k8s_field *field)
{
	uint32_t count;
	struct k8s_label *items = k8s_collect_labels(reader, field, &count);

	return k8s_keep_labels(reader, items, count);
}

const char *k8s_label_value(const struct k8s_labels *labels, const char *key)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		if (strcmp(labels->items[i].key, key) == 0)
			return labels->items[i].value;
	}
	return NULL;
}

/* The reference that is the controller; others only keep the garbage collector away. */
static void read_owner(struct k8s_reader *reader, const struct k8s_field *meta,
		       struct k8s_owner *out)
{
	struct k8s_field list = k8s_get(meta, "ownerReferences");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;

	while (k8s_next_item(&items, &item)) {
		struct k8s_field controller = k8s_get(&item, "controller");
		struct k8s_field kind = k8s_get(&item, "kind");
		struct k8s_field name = k8s_get(&item, "name");
		const char *owner_kind, *owner_name;

		k8s_known_fields(reader, &item, owner_fields);
		if (!k8s_mapping(reader, &item) || !k8s_boolean(reader, &controller, false))
			continue;
		owner_kind = k8s_text(reader, &kind);
		owner_name = k8s_text(reader, &name);
		if (owner_kind && owner_name)
			*out = (struct k8s_owner){ owner_kind, owner_name };
	}
}

static void read_name(struct k8s_reader *reader, const struct k8s_field *meta, struct k8s_meta *out)
{
	struct k8s_field name = k8s_get(meta, "name");
	struct k8s_field generated = k8s_get(meta, "generateName");
	const struct yaml_node *node = k8s_string(reader, &name);
	const char *problem;

	out->name = k8s_keep_text(reader, node ? node->text : "", node ? node->length : 0);
	if (!k8s_is_missing(&name) && !node)
		return;
	if (!node || !node->length) {
		if (k8s_is_missing(&generated))
			k8s_error(reader, &name, "is missing; every object needs one");
		else
			k8s_error(reader, &name,
				  "is missing, and generateName is no name yet; write one");
		return;
	}
	problem = k8s_dns_subdomain_problem(node->text, node->length);
	if (problem)
		k8s_error(reader, &name, "%s is no name: it %s",
			  k8s_quote(node->text, node->length).text, problem);
}

static void read_namespace_name(struct k8s_reader *reader, const struct k8s_field *meta,
				struct k8s_meta *out)
{
	struct k8s_field field = k8s_get(meta, "namespace");
	const struct yaml_node *node = k8s_string(reader, &field);
	const char *problem;

	out->namespace_name = k8s_keep_text(reader, "default", 7);
	if (!node || !node->length)
		return;
	out->namespace_name = k8s_keep_text(reader, node->text, node->length);
	problem = k8s_dns_label_problem(node->text, node->length);
	if (problem)
		k8s_error(reader, &field, "%s is no namespace's name: it %s",
			  k8s_quote(node->text, node->length).text, problem);
}

static void check_string_map(struct k8s_reader *reader, const struct k8s_field *field)
{
	const struct yaml_node *node = k8s_mapping(reader, field);

	for (node = node ? node->first : NULL; node; node = node->next) {
		struct k8s_field entry = k8s_entry(field, node);

		k8s_string(reader, &entry);
	}
}

/* What a verdict never needs has its type all the same where objects are read strictly. */
static void check_strictly(struct k8s_reader *reader, const struct k8s_field *meta)
{
	static const char *const strings[] = { "generateName",      "uid",
					       "resourceVersion",   "creationTimestamp",
					       "deletionTimestamp", "selfLink" };
	static const char *const lists[] = { "finalizers", "managedFields" };
	static const char *const numbers[] = { "generation", "deletionGracePeriodSeconds" };
	struct k8s_field annotations = k8s_get(meta, "annotations");
	struct k8s_field field;

	k8s_known_fields(reader, meta, meta_fields);
	check_string_map(reader, &annotations);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		field = k8s_get(meta, strings[i]);
		k8s_string(reader, &field);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		field = k8s_get(meta, lists[i]);
		k8s_sequence(reader, &field);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		field = k8s_get(meta, numbers[i]);
		k8s_integer(reader, &field, INT64_MIN, INT64_MAX, 0);
	}
}

void k8s_read_meta(struct k8s_reader *reader, const struct k8s_field *object, enum k8s_scope scope,
		   struct k8s_meta *out)
{
	struct k8s_field meta = k8s_get(object, "metadata");
	struct k8s_field labels = k8s_get(&meta, "labels");

	out->position = k8s_position_of(reader, object);
	out->name = out->namespace_name = k8s_keep_text(reader, "", 0);
	if (!k8s_mapping(reader, &meta) && !k8s_is_missing(&meta))
		return;
	read_name(reader, &meta, out);
	if (scope == K8S_NAMESPACED)
		read_namespace_name(reader, &meta, out);
	out->labels = k8s_read_labels(reader, &labels);
	read_owner(reader, &meta, &out->owner);
	if (reader->strict)
		check_strictly(reader, &meta);
}

/* S19: the server overwrites what a file says of a namespace's name. */
void k8s_read_namespace(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	static const char key[] = "kubernetes.io/metadata.name";
	struct k8s_namespace *out = object;
	struct k8s_field meta = k8s_get(root, "metadata");
	struct k8s_field labels = k8s_get(&meta, "labels");
	const char *written = k8s_label_value(&out->meta.labels, key);
	struct k8s_label *items;
	struct k8s_field entry;
	const char *problem = k8s_dns_label_problem(out->meta.name, strlen(out->meta.name));
	uint32_t count = out->meta.labels.count;
	uint32_t at = 0;

	if (problem && !reader->failed) {
		struct k8s_field name = k8s_get(&meta, "name");

		k8s_error(reader, &name, "%s is no namespace's name: it %s",
			  k8s_quote(out->meta.name, strlen(out->meta.name)).text, problem);
	}
	if (written == out->meta.name)
		return;
	entry = k8s_get(&labels, key);
	entry.is_entry = true;
	if (written)
		k8s_warn(reader, &entry, "%s is overwritten by the server; it is always %s",
			 k8s_quote(written, strlen(written)).text, out->meta.name);
	items = k8s_scratch(reader, (size_t)count + 1, sizeof(*items));
	if (!items)
		return;
	if (count)
		memcpy(items, out->meta.labels.items, count * sizeof(*items));
	while (at < count && strcmp(items[at].key, key) != 0)
		at++;
	items[at].key = k8s_keep_text(reader, key, sizeof(key) - 1);
	items[at].value = out->meta.name;
	out->meta.labels = k8s_keep_labels(reader, items, at == count ? count + 1 : count);
}
