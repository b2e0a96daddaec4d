/*
 * Selectors that select nobody, and what was probably meant.
 *
 * The selector's terms are tried one by one and with one left out. A term that nobody fulfils is
 * named; when somebody fulfils all others, so are the values that these have under its key:
 *
 *	wanted   app=app1, role=web
 *	pods     app=app1, role=frontend    app=app1, role=db    app=other, role=frontend
 *	told     no pod has role=web; pods that fulfil the rest have role=db, role=frontend
 *
 * Namespaces are searched in the same way when it is them that are not there. Pods of other
 * namespaces that fulfil everything are told as well.
 */
#include "lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

enum {
	MOST_FOUND = 1000, /* by one search; enough to see which values there are */
	MOST_NAMED = 5,
};

/* Things with labels, and what to call them. */
struct crowd {
	const struct k8s_label_index *index;
	const struct k8s_index_range *ranges;
	uint32_t range_count;
	const char *one;    /* "pod of namespace a" */
	const char *many;   /* "pods" */
	const char *others; /* "pods there" */
};

/* Words. */

static void say_rest(struct k8s_lint_text *text, size_t rest, bool is_whole)
{
	if (rest && is_whole)
		k8s_lint_say(text, " and %zu more", rest);
	else if (rest || !is_whole)
		k8s_lint_say(text, " and more");
}

static void say_values(struct k8s_lint_text *text, const struct k8s_term *term)
{
	uint32_t named = term->value_count < MOST_NAMED ? term->value_count : MOST_NAMED;

	for (uint32_t i = 0; i < named; i++)
		k8s_lint_say(text, "%s%s", i ? ", " : "(", term->values[i]);
	say_rest(text, term->value_count - named, true);
	k8s_lint_say(text, ")");
}

static void say_term(struct k8s_lint_text *text, const struct k8s_term *term)
{
	switch ((enum k8s_term_kind)term->kind) {
	case K8S_TERM_IN:
		k8s_lint_say(text, "%s%s", term->key, term->value_count == 1 ? "=" : " in ");
		if (term->value_count == 1)
			k8s_lint_say(text, "%s", term->values[0]);
		else
			say_values(text, term);
		break;
	case K8S_TERM_NOT_IN:
		k8s_lint_say(text, "%s notin ", term->key);
		say_values(text, term);
		break;
	case K8S_TERM_OTHER:
		k8s_lint_say(text, "any %s", term->key);
		if (term->value_count) {
			k8s_lint_say(text, " other than ");
			say_values(text, term);
		}
		break;
	case K8S_TERM_ABSENT:
		k8s_lint_say(text, "no %s", term->key);
		break;
	}
}

/* Searching. */

static int search(struct k8s_lint *lint, const struct crowd *crowd, const struct k8s_terms *terms,
		  size_t most)
{
	struct k8s_index_bound bound = { most, lint->looks };
	int status = k8s_label_index_search(crowd->index, terms, crowd->ranges, crowd->range_count,
					    &bound, &lint->found);

	lint->looks = bound.looks;
	return status;
}

/* Whether nobody fulfils the terms, however long it takes. */
static int is_nobody(struct k8s_lint *lint, const struct crowd *crowd,
		     const struct k8s_terms *terms, bool *out)
{
	struct k8s_index_bound bound = { 1, UINT64_MAX };
	int status = k8s_label_index_search(crowd->index, terms, crowd->ranges, crowd->range_count,
					    &bound, &lint->found);

	*out = !lint->found.count;
	return status;
}

static bool is_whole(const struct k8s_lint *lint)
{
	return lint->looks && lint->found.count < MOST_FOUND;
}

/* Values. */

struct value {
	const char *text; /* NULL: the key is missing */
	size_t distance;  /* from what was wanted */
};

static int compare_texts(const void *a, const void *b)
{
	const struct value *left = a, *right = b;

	if (!left->text || !right->text)
		return !left->text - !right->text;
	return strcmp(left->text, right->text);
}

static int compare_distances(const void *a, const void *b)
{
	const struct value *left = a, *right = b;

	if (left->distance != right->distance)
		return left->distance < right->distance ? -1 : 1;
	return compare_texts(a, b);
}

static const char *value_of(const struct k8s_labels *labels, const char *key)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		if (labels->items[i].key == key)
			return labels->items[i].value;
	}
	return NULL;
}

static size_t distance_from_wanted(const char *value, const struct k8s_term *term)
{
	size_t least = SIZE_MAX;

	for (uint32_t i = 0; value && i < term->value_count; i++) {
		size_t distance = k8s_distance(value, strlen(value), term->values[i],
					       strlen(term->values[i]));

		if (distance < least)
			least = distance;
	}
	return least;
}

/* The different values under the term's key of those in lint->found, in order. NULL: no memory. */
static struct value *values_of_found(struct k8s_lint *lint, const struct crowd *crowd,
				     const struct k8s_term *term, size_t *out)
{
	const uint32_t *found = lint->found.items;
	struct value *values = weir_arena_array(&lint->scratch, lint->found.count, struct value);
	size_t kept = 0;

	if (!values)
		return NULL;
	for (size_t i = 0; i < lint->found.count; i++)
		values[i].text = value_of(crowd->index->items[found[i]], term->key);
	qsort(values, lint->found.count, sizeof(*values), compare_texts);
	for (size_t i = 0; i < lint->found.count; i++) {
		if (!kept || values[kept - 1].text != values[i].text)
			values[kept++].text = values[i].text;
	}
	*out = kept;
	return values;
}

/* Of many values those nearest to what was wanted. */
static int say_what_found_have(struct k8s_lint *lint, const struct crowd *crowd,
			       const struct k8s_term *term, struct k8s_lint_text *text)
{
	size_t count, named;
	struct value *values = values_of_found(lint, crowd, term, &count);

	if (!values)
		return -ENOMEM;
	named = count < MOST_NAMED ? count : MOST_NAMED;
	if (count > named) {
		for (size_t i = 0; i < count; i++)
			values[i].distance = distance_from_wanted(values[i].text, term);
		qsort(values, count, sizeof(*values), compare_distances);
		qsort(values, named, sizeof(*values), compare_texts);
	}
	for (size_t i = 0; i < named; i++) {
		k8s_lint_say(text, "%s%s%s", i ? ", " : " ", values[i].text ? "" : "no ",
			     term->key);
		if (values[i].text)
			k8s_lint_say(text, "=%s", values[i].text);
	}
	say_rest(text, count - named, is_whole(lint));
	return 0;
}

/* Terms. */

static struct k8s_terms all_but(struct k8s_lint *lint, const struct k8s_terms *terms, uint32_t left)
{
	struct k8s_term *items = weir_arena_array(&lint->scratch, terms->count, struct k8s_term);
	uint32_t count = 0;

	for (uint32_t i = 0; items && i < terms->count; i++) {
		if (i != left)
			items[count++] = terms->items[i];
	}
	return (struct k8s_terms){ .items = items, .count = count };
}

/* Names the terms that nobody fulfils; all of them when each has somebody. */
static int say_who_is_missing(struct k8s_lint *lint, const struct crowd *crowd,
			      const struct k8s_terms *terms, struct k8s_lint_text *text,
			      bool *is_together)
{
	uint32_t missing = 0;

	k8s_lint_say(text, "no %s has ", crowd->one);
	for (uint32_t i = 0; i < terms->count; i++) {
		const struct k8s_terms alone = { .items = &terms->items[i], .count = 1 };

		if (search(lint, crowd, &alone, 1))
			return -ENOMEM;
		if (lint->found.count || !lint->looks)
			continue;
		k8s_lint_say(text, "%s", missing++ ? " or " : "");
		say_term(text, &terms->items[i]);
	}
	*is_together = !missing;
	for (uint32_t i = 0; !missing && i < terms->count; i++) {
		k8s_lint_say(text, "%s", i ? " and " : "");
		say_term(text, &terms->items[i]);
	}
	return 0;
}

/* Of those that fulfil all terms but one, what they have instead; the first such term is told. */
static int say_near_misses(struct k8s_lint *lint, const struct crowd *crowd,
			   const struct k8s_terms *terms, bool is_together,
			   struct k8s_lint_text *text)
{
	for (uint32_t i = 0; i < terms->count; i++) {
		struct k8s_terms rest = all_but(lint, terms, i);

		if (!rest.items || search(lint, crowd, &rest, MOST_FOUND))
			return -ENOMEM;
		if (!lint->found.count)
			continue;
		if (terms->count == 1) {
			k8s_lint_say(text, "; %s have", crowd->others);
		} else if (is_together) {
			k8s_lint_say(text, "; %s that fulfil all but ", crowd->many);
			say_term(text, &terms->items[i]);
			k8s_lint_say(text, " have");
		} else {
			k8s_lint_say(text, "; %s that fulfil the rest have", crowd->many);
		}
		return say_what_found_have(lint, crowd, &terms->items[i], text);
	}
	return 0;
}

static int say_why_nobody(struct k8s_lint *lint, const struct crowd *crowd,
			  const struct k8s_terms *terms, struct k8s_lint_text *text)
{
	bool is_together;
	int status = say_who_is_missing(lint, crowd, terms, text, &is_together);

	return status ? status : say_near_misses(lint, crowd, terms, is_together, text);
}

/* Namespaces. */

/* It is a common belief that a namespace has its name as a label of a plain key. */
static void say_name_label(const struct k8s_lint *lint, const struct k8s_terms *terms,
			   struct k8s_lint_text *text)
{
	const struct k8s_selection *selection = &lint->selection;

	for (uint32_t i = 0; i < terms->count; i++) {
		const struct k8s_term *term = &terms->items[i];

		if (term->kind != K8S_TERM_IN || term->key == selection->name_label)
			continue;
		for (uint32_t j = 0; j < term->value_count; j++) {
			if (!k8s_find_namespace(selection->cluster, term->values[j]))
				continue;
			k8s_lint_say(text, "; namespace %s has %s=%s", term->values[j],
				     selection->name_label, term->values[j]);
			return;
		}
	}
}

static int say_no_namespace(struct k8s_lint *lint, const struct k8s_terms *terms,
			    struct k8s_lint_text *text)
{
	const struct k8s_index_range all = { 0, lint->selection.namespace_index.item_count };
	const struct crowd namespaces = {
		&lint->selection.namespace_index, &all, 1, "namespace", "namespaces", "namespaces"
	};
	int status;

	k8s_lint_say(text, "selects no namespace: ");
	status = say_why_nobody(lint, &namespaces, terms, text);
	if (!status)
		say_name_label(lint, terms, text);
	return status;
}

/* "namespace a", "namespaces a, b" or how many there are. */
static void name_namespaces(const struct k8s_lint *lint, struct k8s_lint_text *text)
{
	const struct k8s_namespace *namespaces = lint->selection.cluster->namespaces.items;
	const uint32_t *matched = lint->selection.matched.items;
	size_t count = lint->selection.matched.count;

	if (count > MOST_NAMED) {
		k8s_lint_say(text, "the %zu namespaces that are selected", count);
		return;
	}
	k8s_lint_say(text, "%s", count == 1 ? "namespace" : "namespaces");
	for (size_t i = 0; i < count; i++)
		k8s_lint_say(text, "%s%s", i ? ", " : " ", namespaces[matched[i]].meta.name);
}

/* Pods. */

/* Names the namespaces of the pods in lint->found, which come namespace by namespace. */
static void name_homes(const struct k8s_lint *lint, struct k8s_lint_text *text)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const uint32_t *found = lint->found.items;
	const char *last = NULL;
	size_t homes = 0;

	for (size_t i = 0; i < lint->found.count; i++) {
		const char *home = pods[found[i]].meta.namespace_name;

		if (home == last)
			continue;
		last = home;
		if (homes++ < MOST_NAMED)
			k8s_lint_say(text, "%s%s", homes > 1 ? ", " : " ", home);
	}
	say_rest(text, homes > MOST_NAMED ? homes - MOST_NAMED : 0, is_whole(lint));
}

/* An owner means its own namespace. */
static int say_where_they_are(struct k8s_lint *lint, const struct k8s_terms *terms,
			      const char *owner, struct k8s_lint_text *text)
{
	const struct k8s_index_range all = { 0, lint->selection.pod_index.item_count };
	const struct crowd everywhere = { .index = &lint->selection.pod_index,
					  .ranges = &all,
					  .range_count = 1 };

	if (!terms->count)
		return 0;
	if (search(lint, &everywhere, terms, MOST_FOUND))
		return -ENOMEM;
	if (!lint->found.count)
		return 0;
	k8s_lint_say(text, "; pods that fulfil it are in");
	name_homes(lint, text);
	if (owner)
		k8s_lint_say(text, " (only the %s's own namespace is meant)", owner);
	return 0;
}

static int say_no_pod(struct k8s_lint *lint, const struct k8s_meaning *meaning, struct crowd *pods,
		      struct k8s_lint_text *text)
{
	struct k8s_lint_text one = k8s_lint_text(lint);
	int status;

	k8s_lint_say(&one, "pod");
	if (meaning->namespaces.count) {
		k8s_lint_say(&one, " of ");
		name_namespaces(lint, &one);
	}
	pods->one = k8s_lint_text_string(&one);
	pods->many = "pods";
	pods->others = meaning->namespaces.count ? "pods there" : "pods";
	k8s_lint_say(text, "selects no pod: ");
	status = one.status;
	if (!status)
		status = say_why_nobody(lint, pods, &meaning->pods, text);
	k8s_lint_text_finish(&one);
	return status;
}

static void say_nobody_home(const struct k8s_lint *lint, struct k8s_lint_text *text)
{
	k8s_lint_say(text, "selects no pod: there is none in ");
	name_namespaces(lint, text);
}

static int blame_pods(struct k8s_lint *lint, const struct k8s_selectors *selectors,
		      const struct k8s_meaning *meaning, enum k8s_blame *blame,
		      struct k8s_lint_text *text)
{
	static const struct k8s_terms everything = { 0 };
	struct crowd pods = { .index = &lint->selection.pod_index,
			      .ranges = lint->selection.ranges.items,
			      .range_count = (uint32_t)lint->selection.ranges.count };
	bool nobody, nobody_home;
	int status = is_nobody(lint, &pods, &meaning->pods, &nobody);

	*blame = K8S_BLAME_NONE;
	if (status || !nobody)
		return status;
	status = is_nobody(lint, &pods, &everything, &nobody_home);
	if (status)
		return status;
	*blame = K8S_BLAME_PODS;
	if (nobody_home && selectors->namespaces)
		*blame = K8S_BLAME_NAMESPACES;
	if (nobody_home)
		say_nobody_home(lint, text);
	else
		status = say_no_pod(lint, meaning, &pods, text);
	return status ? status
		      : say_where_they_are(lint, &meaning->pods,
					   selectors->namespaces ? NULL : selectors->owner, text);
}

static int find_blame(struct k8s_lint *lint, const struct k8s_selectors *selectors,
		      const struct k8s_meaning *meaning, enum k8s_blame *blame,
		      struct k8s_lint_text *text)
{
	if (meaning->namespaces.impossible || meaning->pods.impossible) {
		*blame = meaning->pods.impossible ? K8S_BLAME_PODS : K8S_BLAME_NAMESPACES;
		k8s_lint_say(text, "selects nothing: its requirements contradict each other");
		return 0;
	}
	if (k8s_select_namespaces(&lint->selection, &meaning->namespaces))
		return -ENOMEM;
	if (meaning->namespaces.count && !lint->selection.matched.count) {
		*blame = K8S_BLAME_NAMESPACES;
		return say_no_namespace(lint, &meaning->namespaces, text);
	}
	return blame_pods(lint, selectors, meaning, blame, text);
}

int k8s_lint_nobody(struct k8s_lint *lint, const struct k8s_selectors *selectors,
		    enum k8s_blame *blame, struct k8s_lint_text *text)
{
	struct k8s_meaning meaning;
	int status = k8s_meaning_of(&lint->selection, selectors->home, selectors->namespaces,
				    selectors->pods, &lint->scratch, &meaning);

	if (!status)
		status = find_blame(lint, selectors, &meaning, blame, text);
	return status ? status : text->status;
}
