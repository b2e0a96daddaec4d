/*
 * What a selector says of one key is folded, requirement by requirement, into one of four
 * statements (enum k8s_term_kind) and a set of values:
 *
 *	start                NOT_IN {}       (OTHER {} for a key that is always present)
 *	In {a, b}            IN {a, b}, without what was excluded
 *	NotIn {b}            leaves IN {a}
 *	Exists               nothing new behind an IN; NOT_IN becomes OTHER
 *	DoesNotExist         behind an IN: impossible
 *
 * so the result does not depend on the order, and an empty IN is a contradiction. Value sets are
 * sorted arrays; equal strings are one pointer, so equality is cheap and strcmp only orders.
 */
#include "terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_text(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a, b);
}

static int compare_values(const void *a, const void *b)
{
	return compare_text(*(const char *const *)a, *(const char *const *)b);
}

static int compare_requirements(const void *a, const void *b)
{
	const struct k8s_requirement *const *left = a;
	const struct k8s_requirement *const *right = b;

	return compare_text((*left)->key, (*right)->key);
}

struct value_set {
	const char **items;
	uint32_t count;
};

static int sorted_values(const struct k8s_requirement *requirement, struct weir_arena *arena,
			 struct value_set *out)
{
	uint32_t kept = 0;

	out->items = weir_arena_array(arena, requirement->value_count, const char *);
	if (!out->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < requirement->value_count; i++)
		out->items[i] = requirement->values[i];
	qsort(out->items, requirement->value_count, sizeof(*out->items), compare_values);
	for (uint32_t i = 0; i < requirement->value_count; i++) {
		if (!kept || out->items[kept - 1] != out->items[i])
			out->items[kept++] = out->items[i];
	}
	out->count = kept;
	return 0;
}

/* a becomes a ∩ b. */
static void intersect(struct value_set *a, const struct value_set *b)
{
	uint32_t kept = 0;

	for (uint32_t i = 0, j = 0; i < a->count; i++) {
		while (j < b->count && compare_text(b->items[j], a->items[i]) < 0)
			j++;
		if (j < b->count && b->items[j] == a->items[i])
			a->items[kept++] = a->items[i];
	}
	a->count = kept;
}

/* a becomes a \ b. */
static void subtract(struct value_set *a, const struct value_set *b)
{
	uint32_t kept = 0;

	for (uint32_t i = 0, j = 0; i < a->count; i++) {
		while (j < b->count && compare_text(b->items[j], a->items[i]) < 0)
			j++;
		if (j == b->count || b->items[j] != a->items[i])
			a->items[kept++] = a->items[i];
	}
	a->count = kept;
}

/* a becomes a ∪ b, in new memory. */
static int unite(struct value_set *a, const struct value_set *b, struct weir_arena *arena)
{
	const char **items = weir_arena_array(arena, (size_t)a->count + b->count, const char *);
	uint32_t i = 0, j = 0, count = 0;

	if (!items)
		return -ENOMEM;
	while (i < a->count || j < b->count) {
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : compare_text(a->items[i], b->items[j]);

		items[count++] = order <= 0 ? a->items[i] : b->items[j];
		i += order <= 0;
		j += order >= 0;
	}
	*a = (struct value_set){ items, count };
	return 0;
}

/* What is known of one key. */
struct statement {
	struct value_set values;
	uint8_t kind;
	bool impossible;
};

static void fold_in(struct statement *so_far, struct value_set *values)
{
	if (so_far->kind == K8S_TERM_ABSENT) {
		so_far->impossible = true;
		return;
	}
	if (so_far->kind == K8S_TERM_IN)
		intersect(values, &so_far->values);
	else
		subtract(values, &so_far->values);
	so_far->kind = K8S_TERM_IN;
	so_far->values = *values;
	so_far->impossible = so_far->impossible || !values->count;
}

static int fold_not_in(struct statement *so_far, const struct value_set *values,
		       struct weir_arena *arena)
{
	if (so_far->kind == K8S_TERM_ABSENT)
		return 0;
	if (so_far->kind != K8S_TERM_IN)
		return unite(&so_far->values, values, arena);
	subtract(&so_far->values, values);
	so_far->impossible = so_far->impossible || !so_far->values.count;
	return 0;
}

static void fold_exists(struct statement *so_far)
{
	if (so_far->kind == K8S_TERM_NOT_IN)
		so_far->kind = K8S_TERM_OTHER;
	else if (so_far->kind == K8S_TERM_ABSENT)
		so_far->impossible = true;
}

static void fold_does_not_exist(struct statement *so_far)
{
	if (so_far->kind == K8S_TERM_IN || so_far->kind == K8S_TERM_OTHER)
		so_far->impossible = true;
	so_far->kind = K8S_TERM_ABSENT;
	so_far->values.count = 0;
}

static int fold(struct statement *so_far, const struct k8s_requirement *requirement,
		struct weir_arena *arena)
{
	struct value_set values = { 0 };
	int status;

	switch ((enum k8s_operator)requirement->op) {
	case K8S_IN:
		status = sorted_values(requirement, arena, &values);
		if (!status)
			fold_in(so_far, &values);
		return status;
	case K8S_NOT_IN:
		status = sorted_values(requirement, arena, &values);
		return status ? status : fold_not_in(so_far, &values, arena);
	case K8S_EXISTS:
		fold_exists(so_far);
		break;
	case K8S_DOES_NOT_EXIST:
		fold_does_not_exist(so_far);
		break;
	}
	return 0;
}

/* A statement that holds for everything is not worth keeping. */
static bool says_nothing(const struct statement *statement, bool always_present)
{
	return !statement->values.count && (statement->kind == K8S_TERM_NOT_IN ||
					    (always_present && statement->kind == K8S_TERM_OTHER));
}

int k8s_terms_of(const struct k8s_selector *selector, const char *present, struct weir_arena *arena,
		 struct k8s_terms *out)
{
	uint32_t count = selector->count;
	const struct k8s_requirement **by_key =
		weir_arena_array(arena, count, const struct k8s_requirement *);
	struct k8s_term *terms = weir_arena_array(arena, count, struct k8s_term);
	struct k8s_terms result = { .items = terms };

	if (!by_key || !terms)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		by_key[i] = &selector->requirements[i];
	qsort(by_key, count, sizeof(*by_key), compare_requirements);
	for (uint32_t i = 0; i < count;) {
		const char *key = by_key[i]->key;
		struct statement statement = { .kind = key == present ? K8S_TERM_OTHER
								      : K8S_TERM_NOT_IN };

		for (; i < count && by_key[i]->key == key; i++) {
			int status = fold(&statement, by_key[i], arena);

			if (status)
				return status;
		}
		result.impossible = result.impossible || statement.impossible;
		if (!says_nothing(&statement, key == present))
			terms[result.count++] =
				(struct k8s_term){ key, statement.values.items,
						   statement.values.count, statement.kind };
	}
	*out = result;
	return 0;
}

int k8s_terms_of_label(const char *key, const char *value, struct weir_arena *arena,
		       struct k8s_terms *out)
{
	struct k8s_term *term = weir_arena_new(arena, struct k8s_term);
	const char **values = weir_arena_array(arena, 1, const char *);

	if (!term || !values)
		return -ENOMEM;
	values[0] = value;
	*term = (struct k8s_term){ key, values, 1, K8S_TERM_IN };
	*out = (struct k8s_terms){ .items = term, .count = 1 };
	return 0;
}

static const char *label_value(const struct k8s_labels *labels, const char *key)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		if (labels->items[i].key == key)
			return labels->items[i].value;
	}
	return NULL;
}

static bool has_value(const struct k8s_term *term, const char *value)
{
	return term->value_count && bsearch(&value, term->values, term->value_count,
					    sizeof(*term->values), compare_values);
}

static bool term_matches(const struct k8s_term *term, const struct k8s_labels *labels)
{
	const char *value = label_value(labels, term->key);

	switch ((enum k8s_term_kind)term->kind) {
	case K8S_TERM_IN:
		return value && has_value(term, value);
	case K8S_TERM_NOT_IN:
		return !value || !has_value(term, value);
	case K8S_TERM_OTHER:
		return value && !has_value(term, value);
	case K8S_TERM_ABSENT:
		return !value;
	}
	return false;
}

bool k8s_terms_match(const struct k8s_terms *terms, const struct k8s_labels *labels)
{
	if (terms->impossible)
		return false;
	for (uint32_t i = 0; i < terms->count; i++) {
		if (!term_matches(&terms->items[i], labels))
			return false;
	}
	return true;
}
