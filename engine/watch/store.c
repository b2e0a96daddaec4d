#include "store.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "copy.h"
#include "kinds.h"
#include "reading.h"
#include "same.h"

/* By enum store_kind. */
static const struct collection {
	size_t array; /* offset in struct weir_cluster */
	size_t size;
	size_t kind_at; /* offset of the kind's name in an object, or NO_KIND */
	bool (*same)(const void *a, const void *b);
	int (*copy)(struct weir_cluster *to, const void *from, void *out);
} collections[] = {
#define NO_KIND         SIZE_MAX
#define OF(field, type) offsetof(struct weir_cluster, field), sizeof(struct type)
	{ OF(namespaces, k8s_namespace), NO_KIND, k8s_same_namespace, k8s_copy_namespace },
	{ OF(pods, k8s_pod), NO_KIND, k8s_same_pod, k8s_copy_pod },
	{ OF(nodes, k8s_node), NO_KIND, k8s_same_node, k8s_copy_node },
	{ OF(services, k8s_service), NO_KIND, k8s_same_service, k8s_copy_service },
	{ OF(slices, k8s_slice), NO_KIND, k8s_same_slice, k8s_copy_slice },
	{ OF(workloads, k8s_workload), offsetof(struct k8s_workload, kind), k8s_same_workload,
	  k8s_copy_workload },
	{ OF(network_policies, k8s_network_policy), NO_KIND, k8s_same_network_policy,
	  k8s_copy_network_policy },
	{ OF(cluster_policies, k8s_cluster_policy), offsetof(struct k8s_cluster_policy, kind),
	  k8s_same_cluster_policy, k8s_copy_cluster_policy },
#undef OF
};
static_assert(sizeof(collections) / sizeof(collections[0]) == STORE_KINDS, "a row a kind");

static struct weir_array *array_of(struct weir_cluster *cluster, size_t offset)
{
	return (struct weir_array *)((char *)cluster + offset);
}

static void init_pools(struct store *store, const struct weir_allocator *allocator)
{
	for (int i = 0; i < STORE_KINDS; i++) {
		weir_map_init(&store->pools[i].index_of, allocator);
		store->pools[i].slots = weir_array_of(allocator, struct store_slot);
	}
	store->steps = weir_array_of(allocator, struct store_step);
}

int store_init(struct store *store, const struct weir_cluster_options *options)
{
	*store = (struct store){ 0 };
	init_pools(store, options->allocator);
	return weir_cluster_create(options, &store->cluster);
}

void store_finish(struct store *store)
{
	for (int i = 0; i < STORE_KINDS; i++) {
		weir_map_finish(&store->pools[i].index_of);
		weir_array_finish(&store->pools[i].slots);
	}
	weir_array_finish(&store->steps);
	weir_cluster_destroy(store->cluster);
	store->cluster = NULL;
}

/* The name of an object's kind where the kind is one of several, as a string of the store. */
static int name_of(struct store *store, enum store_kind kind, const struct k8s_meta *meta,
		   struct store_name *out)
{
	size_t at = collections[kind].kind_at;
	const char *text;

	*out = (struct store_name){ NULL, meta->namespace_name, meta->name };
	if (at == NO_KIND)
		return 0;
	text = *(const char *const *)(const void *)((const char *)meta + at);
	out->kind = weir_intern_text(store->cluster->strings, text, strlen(text));
	return out->kind ? 0 : -ENOMEM;
}

static int find_or_add(struct store *store, enum store_kind kind, const struct store_name *name,
		       uint32_t *out)
{
	struct store_pool *pool = &store->pools[kind];
	const uint32_t *known = weir_map_find(&pool->index_of, name, sizeof(*name));
	struct store_name *key;

	if (known) {
		*out = *known;
		return 0;
	}
	key = weir_arena_new(&store->cluster->arena, struct store_name);
	if (!key || !weir_array_push(&pool->slots))
		return -ENOMEM;
	*key = *name;
	*out = (uint32_t)(pool->slots.count - 1);
	return weir_map_insert(&pool->index_of, key, sizeof(*key), *out, NULL) ? 0 : -ENOMEM;
}

static int step(struct store *store, enum store_kind kind, uint32_t index,
		const struct store_version *next)
{
	struct store_slot *slot = store_slot(store, kind, index);
	struct store_step *added = weir_array_push(&store->steps);

	if (!added)
		return -ENOMEM;
	*added = (struct store_step){ slot->next, index, (uint8_t)kind, slot->is_touched };
	slot->next = *next;
	slot->is_touched = true;
	return 0;
}

/* The object is copied: it lies in an array that will be used again. */
static int put(struct store *store, enum store_kind kind, const void *object, bool shows_ipv6)
{
	size_t size = collections[kind].size;
	void *kept = weir_arena_allocate(&store->cluster->arena, 1, size);
	struct store_name name;
	uint32_t index;

	if (!kept)
		return -ENOMEM;
	memcpy(kept, object, size);
	if (name_of(store, kind, kept, &name) || find_or_add(store, kind, &name, &index))
		return -ENOMEM;
	return step(store, kind, index, &(struct store_version){ kept, shows_ipv6 });
}

int store_take_read(struct store *store)
{
	struct k8s_reading *reading = store->cluster->reading;
	int status = 0;

	for (int i = 0; i < STORE_KINDS; i++) {
		struct weir_array *array = array_of(store->cluster, collections[i].array);

		for (size_t j = 0; !status && j < array->count; j++)
			status = put(store, (enum store_kind)i,
				     (const char *)array->items + j * array->item_size,
				     reading->shows_ipv6);
		array->count = 0;
	}
	reading->shows_ipv6 = false;
	return status;
}

static const struct store_slot *find_slot(const struct store *store, enum store_kind kind,
					  const struct store_name *name, uint32_t *index)
{
	const uint32_t *known = weir_map_find(&store->pools[kind].index_of, name, sizeof(*name));

	if (!known)
		return NULL;
	*index = *known;
	return store_slot(store, kind, *known);
}

const void *store_find(const struct store *store, enum store_kind kind, const char *namespace_name,
		       const char *name)
{
	const struct store_name key = { NULL, namespace_name, name };
	const struct store_slot *slot;
	uint32_t index;

	slot = find_slot(store, kind, &key, &index);
	return slot ? store_latest(slot)->object : NULL;
}

static int kind_by_name(const char *kind, const struct k8s_kind **out)
{
	*out = k8s_kind_named(kind);
	for (int i = 0; *out && i < STORE_KINDS; i++) {
		if (collections[i].array == (*out)->array)
			return i;
	}
	return -ENOENT;
}

int store_remove(struct store *store, const char *kind_name, const char *namespace_name,
		 const char *name)
{
	static const struct store_version nothing;
	struct weir_intern *strings = store->cluster->strings;
	const struct k8s_kind *about;
	int kind = kind_by_name(kind_name, &about);
	const struct store_slot *slot;
	struct store_name key;
	uint32_t index;

	if (kind < 0)
		return kind;
	if (about->scope == K8S_CLUSTER_SCOPED || !namespace_name)
		namespace_name = about->scope == K8S_CLUSTER_SCOPED ? "" : "default";
	key.namespace_name = weir_intern_text(strings, namespace_name, strlen(namespace_name));
	key.name = weir_intern_text(strings, name, strlen(name));
	key.kind = NULL;
	if (collections[kind].kind_at != NO_KIND)
		key.kind = weir_intern_text(strings, kind_name, strlen(kind_name));
	if (!key.namespace_name || !key.name || (!key.kind && collections[kind].kind_at != NO_KIND))
		return -ENOMEM;
	slot = find_slot(store, (enum store_kind)kind, &key, &index);
	if (!slot || !store_latest(slot)->object)
		return -ENOENT;
	return step(store, (enum store_kind)kind, index, &nothing);
}

void store_go_back(struct store *store, size_t steps)
{
	const struct store_step *items = store->steps.items;

	while (store->steps.count > steps) {
		const struct store_step *last = &items[--store->steps.count];
		struct store_slot *slot =
			store_slot(store, (enum store_kind)last->kind, last->slot);

		slot->next = last->before;
		slot->is_touched = last->was_touched;
	}
}

void store_keep(struct store *store)
{
	const struct store_step *items = store->steps.items;

	for (size_t i = 0; i < store->steps.count; i++) {
		struct store_slot *slot =
			store_slot(store, (enum store_kind)items[i].kind, items[i].slot);

		if (!slot->is_touched)
			continue;
		store->object_count += (slot->next.object != NULL) - (slot->now.object != NULL);
		slot->now = slot->next;
		slot->is_touched = false;
	}
	store->steps.count = 0;
}

bool store_same(enum store_kind kind, const void *a, const void *b)
{
	return collections[kind].same(a, b);
}

/* Copies. */

/* Where the version's object goes, or NULL. */
static void *room_for(const struct store_version *version, enum store_kind kind,
		      struct weir_cluster *out)
{
	void *room = weir_array_push(array_of(out, collections[kind].array));

	if (room && version->shows_ipv6)
		out->reading->shows_ipv6 = true;
	return room;
}

static int copy_version(const struct store_version *version, enum store_kind kind,
			struct weir_cluster *out)
{
	void *copy;

	if (!version->object)
		return 0;
	copy = room_for(version, kind, out);
	return copy ? collections[kind].copy(out, version->object, copy) : -ENOMEM;
}

static int copy_object(const struct store *from, enum store_kind kind, uint32_t index,
		       struct store *out)
{
	int status = copy_version(store_latest(store_slot(from, kind, index)), kind, out->cluster);

	return status ? status : store_take_read(out);
}

int store_copy(const struct store *from, struct store *out)
{
	int status = store_init(out, &from->cluster->reading->options);

	for (int i = 0; !status && i < STORE_KINDS; i++) {
		for (uint32_t j = 0; !status && j < from->pools[i].slots.count; j++)
			status = copy_object(from, (enum store_kind)i, j, out);
	}
	if (status)
		store_finish(out);
	else
		store_keep(out);
	return status;
}

static int view_object(const struct store_version *version, enum store_kind kind,
		       struct weir_cluster *out)
{
	void *copy;

	if (!version->object)
		return 0;
	copy = room_for(version, kind, out);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, version->object, collections[kind].size);
	return 0;
}

int store_view(const struct store *store, struct weir_cluster **out)
{
	struct weir_cluster *view;
	int status = k8s_cluster_beside(store->cluster, &view);

	if (status)
		return status;
	for (int i = 0; !status && i < STORE_KINDS; i++) {
		for (uint32_t j = 0; !status && j < store->pools[i].slots.count; j++)
			status = view_object(store_latest(store_slot(store, (enum store_kind)i, j)),
					     (enum store_kind)i, view);
	}
	if (status)
		weir_cluster_destroy(view);
	else
		*out = view;
	return status;
}

int store_snapshot(const struct store *store, struct weir_cluster **out)
{
	struct weir_cluster *snapshot;
	int status = weir_cluster_create(&store->cluster->reading->options, &snapshot);

	if (status)
		return status;
	for (int i = 0; !status && i < STORE_KINDS; i++) {
		for (uint32_t j = 0; !status && j < store->pools[i].slots.count; j++)
			status = copy_version(&store_slot(store, (enum store_kind)i, j)->now,
					      (enum store_kind)i, snapshot);
	}
	if (status)
		weir_cluster_destroy(snapshot);
	else
		*out = snapshot;
	return status;
}
