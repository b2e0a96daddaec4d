/* Label selectors (S7). */
#include "read_meta.h"

#include <string.h>

#include "validate.h"

static const char *const selector_fields[] = { "matchLabels", "matchExpressions", NULL };
static const char *const requirement_fields[] = { "key", "operator", "values", NULL };

/* In the order of enum k8s_operator. */
static const char *const operators[] = { "In", "NotIn", "Exists", "DoesNotExist", NULL };

/* Fills requirements from labels, each IN with one value. */
static void from_labels(struct k8s_reader *reader, const struct k8s_label *labels, uint32_t count,
			struct k8s_requirement *out)
{
	for (uint32_t i = 0; i < count; i++) {
		out[i].key = labels[i].key;
		out[i].values = k8s_keep_shared(reader, &labels[i].value, 1, sizeof(char *));
		out[i].value_count = out[i].values ? 1 : 0;
		out[i].op = K8S_IN;
	}
}

static bool read_operator(struct k8s_reader *reader, const struct k8s_field *requirement,
			  uint8_t *out)
{
	struct k8s_field field = k8s_get(requirement, "operator");
	int chosen = -1;

	if (k8s_is_missing(&field))
		k8s_error(reader, &field, "is missing; write In, NotIn, Exists or DoesNotExist");
	else if (k8s_string(reader, &field))
		chosen = k8s_choice(reader, &field, operators,
				    "none of In, NotIn, Exists and DoesNotExist");
	if (chosen >= 0)
		*out = (uint8_t)chosen;
	return chosen >= 0;
}

static void read_key(struct k8s_reader *reader, const struct k8s_field *requirement,
		     struct k8s_requirement *out)
{
	struct k8s_field field = k8s_get(requirement, "key");
	const struct yaml_node *node = k8s_string(reader, &field);
	const char *problem;

	out->key = k8s_keep_text(reader, node ? node->text : "", node ? node->length : 0);
	if (k8s_is_missing(&field))
		k8s_error(reader, &field, "is missing; write the label's key");
	if (!node)
		return;
	problem = k8s_label_key_problem(node->text, node->length);
	if (problem)
		k8s_error(reader, &field, "%s is no label key: it %s",
			  k8s_quote(node->text, node->length).text, problem);
}

static void read_values(struct k8s_reader *reader, const struct k8s_field *list,
			struct k8s_requirement *out)
{
	struct k8s_items items = k8s_items(reader, list);
	struct k8s_field item;
	const char **values = k8s_scratch(reader, items.count, sizeof(*values));

	for (uint32_t i = 0; values && k8s_next_item(&items, &item); i++) {
		const struct yaml_node *value = k8s_string(reader, &item);
		const char *problem =
			value ? k8s_label_value_problem(value->text, value->length) : NULL;

		values[i] =
			k8s_keep_text(reader, value ? value->text : "", value ? value->length : 0);
		if (problem)
			k8s_error(reader, &item, "%s is no label value: it %s",
				  k8s_quote(value->text, value->length).text, problem);
	}
	out->values = k8s_keep_shared(reader, values, items.count, sizeof(*values));
	out->value_count = out->values ? items.count : 0;
}

static void read_requirement(struct k8s_reader *reader, const struct k8s_field *item,
			     struct k8s_requirement *out)
{
	struct k8s_field values = k8s_get(item, "values");
	bool known;

	if (!k8s_mapping(reader, item) && !k8s_is_missing(item))
		return;
	k8s_known_fields(reader, item, requirement_fields);
	read_key(reader, item, out);
	known = read_operator(reader, item, &out->op);
	read_values(reader, &values, out);
	if (!known || (!k8s_is_missing(&values) && values.node->kind != YAML_SEQUENCE))
		return;
	if (out->op == K8S_EXISTS || out->op == K8S_DOES_NOT_EXIST) {
		if (out->value_count)
			k8s_error(reader, &values,
				  "Exists and DoesNotExist take no values; "
				  "remove them, or use In or NotIn");
	} else if (!out->value_count) {
		k8s_error(reader, &values,
			  "In and NotIn need at least one value; for any value use Exists or "
			  "DoesNotExist");
	}
}

void k8s_read_selector(struct k8s_reader *reader, const struct k8s_field *field,
		       struct k8s_selector *out)
{
	struct k8s_field labels_field = k8s_get(field, "matchLabels");
	struct k8s_field list = k8s_get(field, "matchExpressions");
	struct k8s_requirement *requirements;
	struct k8s_label *labels;
	struct k8s_items items;
	struct k8s_field item;
	uint32_t at;

	*out = (struct k8s_selector){ .position = k8s_position_of(reader, field) };
	if (!k8s_mapping(reader, field))
		return;
	k8s_known_fields(reader, field, selector_fields);
	labels = k8s_collect_labels(reader, &labels_field, &at);
	items = k8s_items(reader, &list);
	out->count = at + items.count;
	requirements = k8s_keep(reader, out->count, sizeof(*requirements));
	out->requirements = requirements;
	if (!requirements || !labels) {
		out->count = 0;
		return;
	}
	from_labels(reader, labels, at, requirements);
	while (k8s_next_item(&items, &item))
		read_requirement(reader, &item, &requirements[at++]);
}

void k8s_select_labels(struct k8s_reader *reader, const struct k8s_label *labels, uint32_t count,
		       struct k8s_selector *out)
{
	struct k8s_requirement *requirements = k8s_keep(reader, count, sizeof(*requirements));

	if (!labels || !requirements)
		return;
	from_labels(reader, labels, count, requirements);
	out->requirements = requirements;
	out->count = count;
}

void k8s_read_map_selector(struct k8s_reader *reader, const struct k8s_field *field,
			   struct k8s_selector *out)
{
	uint32_t count;
	struct k8s_label *labels = k8s_collect_labels(reader, field, &count);

	*out = (struct k8s_selector){ .position = k8s_position_of(reader, field) };
	k8s_select_labels(reader, labels, count, out);
}
