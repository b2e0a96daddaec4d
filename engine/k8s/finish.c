/*
 * What only the whole shows: order, objects given twice, namespaces and nodes that others name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "same.h"

/* One array of a cluster: how it is sorted, and what makes two of its objects the same. */
struct collection {
	const char *kind; /* NULL: each object knows its own, at kind_at */
	struct weir_array *array;
	int (*compare)(const void *a, const void *b); /* of pointers to objects */
	bool (*same)(const void *a, const void *b);
	size_t kind_at; /* offset */
};

static int compare_strings(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a, b);
}

static int compare_names(const struct k8s_meta *a, const struct k8s_meta *b)
{
	int order = compare_strings(a->namespace_name, b->namespace_name);

	return order ? order : compare_strings(a->name, b->name);
}

/* Of two with one name the first that was read comes first. */
static int compare_places(const void *a, const void *b)
{
	return (a > b) - (a < b);
}

static int compare_objects(const void *a, const void *b)
{
	const struct k8s_meta *const *left = a, *const *right = b;
	int order = compare_names(*left, *right);

	return order ? order : compare_places(*left, *right);
}

static int compare_workloads(const void *a, const void *b)
{
	const struct k8s_workload *const *left = a, *const *right = b;
	int order = compare_strings((*left)->meta.namespace_name, (*right)->meta.namespace_name);

	if (!order)
		order = compare_strings((*left)->kind, (*right)->kind);
	if (!order)
		order = compare_strings((*left)->meta.name, (*right)->meta.name);
	return order ? order : compare_places(*left, *right);
}

/* One name is one object, whatever it says of its tier. */
static int compare_cluster_names(const void *a, const void *b)
{
	const struct k8s_cluster_policy *const *left = a, *const *right = b;
	int order = compare_strings((*left)->kind, (*right)->kind);

	if (!order)
		order = compare_strings((*left)->meta.name, (*right)->meta.name);
	return order ? order : compare_places(*left, *right);
}

/* The order in which cluster policies are tried. */
static int compare_tried(const void *a, const void *b)
{
	const struct k8s_cluster_policy *left = *(const struct k8s_cluster_policy *const *)a;
	const struct k8s_cluster_policy *right = *(const struct k8s_cluster_policy *const *)b;
	int order;

	if (left->tier != right->tier)
		return left->tier < right->tier ? -1 : 1;
	if (left->priority != right->priority)
		return left->priority < right->priority ? -1 : 1;
	order = compare_strings(left->meta.name, right->meta.name);
	return order ? order : compare_strings(left->kind, right->kind);
}

static const struct k8s_meta *meta_at(const struct weir_array *array, size_t index)
{
	return (const struct k8s_meta *)((const char *)array->items + index * array->item_size);
}

static bool is_sorted(const struct collection *collection)
{
	const struct weir_array *array = collection->array;

	for (size_t i = 1; i < array->count; i++) {
		const void *a = meta_at(array, i - 1), *b = meta_at(array, i);

		if (collection->compare(&a, &b) > 0)
			return false;
	}
	return true;
}

static int sort(const struct collection *collection)
{
	struct weir_array *array = collection->array;
	struct weir_array sorted = *array;
	const void **order;

	/* Dumps are in order already. */
	if (is_sorted(collection))
		return 0;
	sorted.items = NULL;
	sorted.count = sorted.capacity = 0;
	order = weir_allocate_zeroed(array->allocator, array->count, sizeof(*order));
	if (!order || weir_array_reserve(&sorted, array->count)) {
		weir_release(array->allocator, order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < array->count; i++)
		order[i] = meta_at(array, i);
	qsort(order, array->count, sizeof(*order), collection->compare);
	for (size_t i = 0; i < array->count; i++)
		memcpy((char *)sorted.items + i * array->item_size, order[i], array->item_size);
	sorted.count = array->count;
	weir_release(array->allocator, order);
	weir_array_finish(array);
	*array = sorted;
	return 0;
}

static const char *kind_of(const struct collection *collection, const struct k8s_meta *meta)
{
	if (collection->kind)
		return collection->kind;
	return *(const char *const *)(const void *)((const char *)meta + collection->kind_at);
}

static bool same_name(const struct collection *collection, const struct k8s_meta *a,
		      const struct k8s_meta *b)
{
	return a->namespace_name == b->namespace_name && a->name == b->name &&
	       kind_of(collection, a) == kind_of(collection, b);
}

static void report_difference(struct k8s_reading *reading, const char *kind,
			      const struct k8s_meta *first, const struct k8s_meta *second)
{
	char object[640];
	char text[512];

	snprintf(object, sizeof(object), "%s %.253s%s%.253s", kind, second->namespace_name,
		 second->namespace_name[0] ? "/" : "", second->name);
	snprintf(text, sizeof(text),
		 "given twice, and differs from what stands at %.300s:%u:%u; keep one of them",
		 first->position.file, first->position.line, first->position.column);
	k8s_report(reading, &(struct weir_diagnostic){ .severity = WEIR_SEVERITY_ERROR,
						       .file = second->position.file,
						       .line = second->position.line,
						       .column = second->position.column,
						       .object = object,
						       .text = text });
}

static void drop_repetitions(struct k8s_reading *reading, const struct collection *collection)
{
	struct weir_array *array = collection->array;
	size_t kept = 0;

	for (size_t i = 0; i < array->count; i++) {
		const struct k8s_meta *meta = meta_at(array, i);
		const struct k8s_meta *first = kept ? meta_at(array, kept - 1) : NULL;

		if (first && same_name(collection, first, meta)) {
			if (!collection->same(first, meta))
				report_difference(reading, kind_of(collection, meta), first, meta);
			continue;
		}
		if (kept != i)
			memcpy((char *)array->items + kept * array->item_size, meta,
			       array->item_size);
		kept++;
	}
	array->count = kept;
}

int k8s_sort_objects(struct weir_cluster *cluster)
{
	const struct collection collections[] = {
		{ "Namespace", &cluster->namespaces, compare_objects, k8s_same_namespace },
		{ "Node", &cluster->nodes, compare_objects, k8s_same_node },
		{ "Pod", &cluster->pods, compare_objects, k8s_same_pod },
		{ NULL, &cluster->workloads, compare_workloads, k8s_same_workload,
		  offsetof(struct k8s_workload, kind) },
		{ "Service", &cluster->services, compare_objects, k8s_same_service },
		{ "EndpointSlice", &cluster->slices, compare_objects, k8s_same_slice },
		{ "NetworkPolicy", &cluster->network_policies, compare_objects,
		  k8s_same_network_policy },
		{ NULL, &cluster->cluster_policies, compare_cluster_names, k8s_same_cluster_policy,
		  offsetof(struct k8s_cluster_policy, kind) },
	};
	const struct collection tried = { .array = &cluster->cluster_policies,
					  .compare = compare_tried };

	for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
		if (sort(&collections[i]))
			return -ENOMEM;
		drop_repetitions(cluster->reading, &collections[i]);
	}
	return sort(&tried);
}

int k8s_sort_by_name(struct weir_array *array)
{
	const struct collection collection = { .array = array, .compare = compare_objects };

	return sort(&collection);
}
