/*
 * store.h - the objects of a cluster as they were read, by kind, namespace and name, and a batch of
 * changes to them.
 *
 * Objects never change: another one takes their place. What they point to is in the memory of one
 * unfinished cluster, which only grows; a copy of the store has none of what is gone.
 *
 * Each change of the batch is a step; going back takes them from behind.
 */
#ifndef WEIR_WATCH_STORE_H
#define WEIR_WATCH_STORE_H

#include "objects.h"

enum store_kind {
	STORE_NAMESPACE,
	STORE_POD,
	STORE_NODE,
	STORE_SERVICE,
	STORE_SLICE,
	STORE_WORKLOAD,
	STORE_NETWORK_POLICY,
	STORE_CLUSTER_POLICY,
	STORE_KINDS,
};

struct store_version {
	const void *object; /* NULL: there is none */
	bool shows_ipv6;    /* it has an address or a prefix of IPv6 */
};

struct store_slot {
	struct store_version now;  /* in force */
	struct store_version next; /* where it is touched: behind the batch */
	bool is_touched;
};

struct store_step {
	struct store_version before;
	uint32_t slot;
	uint8_t kind; /* enum store_kind */
	bool was_touched;
};

struct store_pool {
	struct weir_map index_of; /* struct store_name to slot */
	struct weir_array slots;  /* struct store_slot */
};

struct store {
	struct weir_cluster *cluster; /* its arrays are empty between calls */
	struct store_pool pools[STORE_KINDS];
	struct weir_array steps; /* struct store_step */
	size_t object_count;     /* in force */
};

/* Strings of the store's cluster: equal ones are one pointer. */
struct store_name {
	const char *kind; /* of workloads and cluster policies, else NULL */
	const char *namespace_name;
	const char *name;
};

int store_init(struct store *store, const struct weir_cluster_options *options);
void store_finish(struct store *store);

/* Takes what was read into the cluster's arrays into the batch. -ENOMEM. */
int store_take_read(struct store *store);
/* -ENOENT: there is none of that name. -ENOMEM. */
int store_remove(struct store *store, const char *kind, const char *namespace_name,
		 const char *name);

void store_go_back(struct store *store, size_t steps);
/* The batch is in force. */
void store_keep(struct store *store);

static inline struct store_slot *store_slot(const struct store *store, enum store_kind kind,
					    uint32_t index)
{
	return (struct store_slot *)store->pools[kind].slots.items + index;
}

/* As it is behind the batch. */
static inline const struct store_version *store_latest(const struct store_slot *slot)
{
	return slot->is_touched ? &slot->next : &slot->now;
}

/* Behind the batch; NULL when there is none. Names are strings of the store. */
const void *store_find(const struct store *store, enum store_kind kind, const char *namespace_name,
		       const char *name);

/* Whether two objects of a kind say the same. */
bool store_same(enum store_kind kind, const void *a, const void *b);

/* Another store with copies of the objects behind the batch, all in force. -ENOMEM. */
int store_copy(const struct store *from, struct store *out);

/* A cluster with the objects behind the batch, not finished, which shares the store's memory; or
 * with the copies of those in force. -ENOMEM. */
int store_view(const struct store *store, struct weir_cluster **out);
int store_snapshot(const struct store *store, struct weir_cluster **out);

#endif
