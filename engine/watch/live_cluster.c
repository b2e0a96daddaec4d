/*
 * live_cluster.c - objects that change, and the live policy that says what they say.
 *
 *	text ── store's batch ─┬─ ties hold ─────── the pods it is about ─┬─ teller ── live policy
 *	                       └─ they do not: copied, resolved, all of it ┘
 *
 * The teller knows what the live policy was told, so both ways tell it differences only, and the
 * second one is right whatever the batch is about. It makes another world: a store without what is
 * gone, and ties counted anew. A batch that fails leaves the world, what was told and the live
 * policy as they were.
 */
#include "weir/live_cluster.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "advance.h"
#include "difference.h"
#include "events.h"
#include "teller.h"

enum {
	CHANGES_FEW = 1024, /* that are not let go of, however few objects there are */
};

struct world {
	struct store store;
	struct ties ties;
};

/* A live policy and what it was told. */
struct partner {
	struct weir_live *live;
	struct told told;
};

struct weir_live_cluster {
	const struct weir_allocator *allocator;
	struct weir_live_cluster_options options; /* but for what is about objects */
	struct weir_sink sink;
	struct weir_error last; /* that was reported */
	struct world *world;
	struct partner *partner;
	size_t changes; /* that the world has taken */
	uint64_t version;
};

static int fail(struct weir_error *error, int status, const char *text)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s", text);
	return status;
}

/* Partners. */

static void partner_destroy(const struct weir_allocator *allocator, struct partner *partner)
{
	if (!partner)
		return;
	weir_live_destroy(partner->live);
	told_finish(&partner->told);
	weir_release(allocator, partner);
}

/* One that knows nothing but the ranges. */
static int partner_create(const struct weir_live_cluster *cluster, const struct weir_cluster *view,
			  struct partner **out, struct weir_error *error)
{
	const struct weir_live_options options = { cluster->allocator, cluster->options.max_bytes,
						   cluster->options.exclusive_addresses };
	const struct weir_resolved nothing = { .pod_ranges = view->pod_ranges,
					       .pod_range_count = view->pod_range_count,
					       .semantics = cluster->options.semantics };
	struct partner *partner = weir_allocate_zeroed(cluster->allocator, 1, sizeof(*partner));
	int status;

	if (!partner)
		return fail(error, -ENOMEM, "out of memory");
	told_init(&partner->told, cluster->allocator);
	status = weir_live_create(&nothing, &options, &partner->live, error);
	if (status)
		partner_destroy(cluster->allocator, partner);
	else
		*out = partner;
	return status;
}

static void partner_go_back(struct partner *partner)
{
	told_go_back(&partner->told);
	weir_live_drop(partner->live);
}

/* What was told is in force, unless nothing was. */
static int partner_commit(struct partner *partner, struct weir_error *error)
{
	int status = partner->told.steps.count ? weir_live_commit(partner->live, error) : 0;

	if (!status)
		told_keep(&partner->told);
	return status;
}

/* Worlds. */

static void world_destroy(const struct weir_allocator *allocator, struct world *world)
{
	if (!world)
		return;
	ties_finish(&world->ties);
	store_finish(&world->store);
	weir_release(allocator, world);
}

/* Its objects are those behind the batch of another one, in force. */
static int world_create(const struct store *from, struct world **out)
{
	const struct weir_allocator *allocator = from->cluster->allocator;
	struct world *world = weir_allocate_zeroed(allocator, 1, sizeof(*world));

	if (!world)
		return -ENOMEM;
	if (store_copy(from, &world->store)) {
		weir_release(allocator, world);
		return -ENOMEM;
	}
	ties_init(&world->ties, &world->store);
	*out = world;
	return 0;
}

static int world_finish(const struct weir_live_cluster *cluster, struct world *world,
			struct weir_resolved **out)
{
	struct ties *ties = &world->ties;
	int status = store_view(&world->store, &ties->view);

	if (!status)
		status = weir_cluster_finish(ties->view);
	if (!status)
		status = k8s_resolve_meanings(ties->view, &cluster->options.semantics,
					      &ties->meanings, out);
	return status;
}

/* Tells a world, and counts it. */
static int world_tell(const struct weir_live_cluster *cluster, struct world *world,
		      const struct weir_resolved *resolved, struct partner *partner,
		      struct weir_error *error)
{
	struct weir_resolved asked_for = *resolved;
	struct tie_numbers numbers;
	struct weir_arena arena;
	struct teller teller;
	int status;

	if (!cluster->options.services)
		asked_for.service_count = 0;
	weir_arena_init(&arena, cluster->allocator);
	teller_init(&teller, &partner->told, partner->live, error);
	status = difference_tell(&teller, &asked_for, &world->ties.meanings, &arena, &numbers);
	if (!status)
		status = ties_count(&world->ties, resolved, &numbers);
	teller_finish(&teller);
	weir_arena_finish(&arena);
	return status;
}

static bool has_same_ranges(const struct weir_cluster *a, const struct weir_cluster *b)
{
	return a->pod_range_count == b->pod_range_count &&
	       (!a->pod_range_count || memcmp(a->pod_ranges, b->pod_ranges,
					      a->pod_range_count * sizeof(*a->pod_ranges)) == 0);
}

/* The ranges of a live policy never change. */
static int choose_partner(const struct weir_live_cluster *cluster, const struct world *world,
			  struct partner **out, struct weir_error *error)
{
	if (cluster->partner && has_same_ranges(cluster->world->ties.view, world->ties.view)) {
		*out = cluster->partner;
		return 0;
	}
	return partner_create(cluster, world->ties.view, out, error);
}

static void take_over(struct weir_live_cluster *cluster, struct world *world,
		      struct partner *partner)
{
	world_destroy(cluster->allocator, cluster->world);
	cluster->world = world;
	if (partner != cluster->partner)
		partner_destroy(cluster->allocator, cluster->partner);
	cluster->partner = partner;
	told_thin(&partner->told);
	cluster->changes = 0;
}

static int tell_and_commit(struct weir_live_cluster *cluster, struct world *world,
			   const struct weir_resolved *resolved, struct weir_error *error)
{
	struct partner *partner = NULL;
	int status = choose_partner(cluster, world, &partner, error);

	if (status)
		return status;
	status = world_tell(cluster, world, resolved, partner, error);
	if (!status)
		status = partner_commit(partner, error);
	if (!status)
		take_over(cluster, world, partner);
	else if (partner == cluster->partner)
		partner_go_back(partner);
	else
		partner_destroy(cluster->allocator, partner);
	return status;
}

/* Everything behind a batch, resolved. */
static int begin_anew(struct weir_live_cluster *cluster, const struct store *store,
		      struct weir_error *error)
{
	struct weir_resolved *resolved = NULL;
	struct world *world;
	int status = world_create(store, &world);

	if (status)
		return status;
	status = world_finish(cluster, world, &resolved);
	if (status == -EINVAL)
		fail(error, status, cluster->last.text);
	if (!status)
		status = tell_and_commit(cluster, world, resolved, error);
	weir_resolved_destroy(resolved);
	if (status)
		world_destroy(cluster->allocator, world);
	return status;
}

/* Life. */

static void report(void *context, const struct weir_diagnostic *diagnostic)
{
	struct weir_live_cluster *cluster = context;

	if (diagnostic->severity == WEIR_SEVERITY_ERROR)
		snprintf(cluster->last.text, sizeof(cluster->last.text), "%s", diagnostic->text);
	if (cluster->sink.report)
		cluster->sink.report(cluster->sink.context, diagnostic);
}

static int start(struct weir_live_cluster *cluster, struct weir_error *error)
{
	struct weir_cluster_options objects = cluster->options.objects;
	struct store empty;
	int status;

	objects.sink = (struct weir_sink){ report, cluster };
	status = store_init(&empty, &objects);
	if (!status)
		status = begin_anew(cluster, &empty, error);
	store_finish(&empty);
	return status;
}

int weir_live_cluster_create(const struct weir_live_cluster_options *options,
			     struct weir_live_cluster **out, struct weir_error *error)
{
	static const struct weir_live_cluster_options defaults;
	const struct weir_live_cluster_options *chosen = options ? options : &defaults;
	const struct weir_allocator *allocator =
		weir_allocator_or_default(chosen->objects.allocator);
	struct weir_live_cluster *cluster = weir_allocate_zeroed(allocator, 1, sizeof(*cluster));
	int status;

	if (!cluster)
		return fail(error, -ENOMEM, "out of memory");
	cluster->allocator = allocator;
	cluster->options = *chosen;
	cluster->sink = chosen->objects.sink;
	status = start(cluster, error);
	if (status == -ENOMEM)
		fail(error, status, "out of memory");
	if (status)
		weir_live_cluster_destroy(cluster);
	else
		*out = cluster;
	return status;
}

void weir_live_cluster_destroy(struct weir_live_cluster *cluster)
{
	if (!cluster)
		return;
	world_destroy(cluster->allocator, cluster->world);
	partner_destroy(cluster->allocator, cluster->partner);
	weir_release(cluster->allocator, cluster);
}

/* Batches. */

int weir_live_cluster_read(struct weir_live_cluster *cluster, const char *name, const char *text,
			   size_t length)
{
	struct store *store = &cluster->world->store;
	size_t steps = store->steps.count;
	int status = store_read(store, name, text, length);

	cluster->changes += store->steps.count - steps + 1;
	return status;
}

int weir_live_cluster_remove(struct weir_live_cluster *cluster, const char *kind,
			     const char *namespace_name, const char *name)
{
	cluster->changes++;
	return store_remove(&cluster->world->store, kind, namespace_name, name);
}

/* Services follow pods: where they are asked for, whatever says something resolves everything. */
static bool may_advance(const struct weir_live_cluster *cluster)
{
	const struct store *store = &cluster->world->store;

	if (cluster->options.services && advance_is_needed(store))
		return false;
	return cluster->changes <= store->object_count + CHANGES_FEW;
}

static int tell_batch(struct weir_live_cluster *cluster, struct weir_error *error)
{
	struct partner *partner = cluster->partner;
	struct world *world = cluster->world;
	struct teller teller;
	int status;

	teller_init(&teller, &partner->told, partner->live, error);
	status = advance_tell(&teller, &world->ties, &world->store);
	teller_finish(&teller);
	return status;
}

/* Puts a batch in force whose ties hold. */
static int advance(struct weir_live_cluster *cluster, struct weir_error *error)
{
	struct world *world = cluster->world;
	int status = tell_batch(cluster, error);

	if (!status)
		status = partner_commit(cluster->partner, error);
	if (status) {
		partner_go_back(cluster->partner);
		ties_go_back(&world->ties);
		return status;
	}
	ties_keep(&world->ties);
	store_keep(&world->store);
	return 0;
}

static int commit(struct weir_live_cluster *cluster, struct weir_error *error)
{
	struct world *world = cluster->world;
	int answer = may_advance(cluster) ? advance_ties(&world->ties, &world->store) : TIES_CHANGE;

	if (answer == TIES_HOLD)
		return advance(cluster, error);
	ties_go_back(&world->ties);
	return answer == TIES_CHANGE ? begin_anew(cluster, &world->store, error) : answer;
}

int weir_live_cluster_commit(struct weir_live_cluster *cluster, struct weir_error *error)
{
	int status = commit(cluster, error);

	if (!status)
		cluster->version++;
	return status == -ENOMEM ? fail(error, status, "out of memory") : status;
}

void weir_live_cluster_drop(struct weir_live_cluster *cluster)
{
	store_go_back(&cluster->world->store, 0);
}

/* What is in force. */

struct weir_policy *weir_live_cluster_policy(const struct weir_live_cluster *cluster)
{
	return weir_live_policy(cluster->partner->live);
}

uint64_t weir_live_cluster_version(const struct weir_live_cluster *cluster)
{
	return cluster->version;
}

int weir_live_cluster_freeze(const struct weir_live_cluster *cluster, struct weir_policy **out,
			     struct weir_error *error)
{
	if (cluster->world->store.steps.count)
		return fail(error, -EBUSY, "a batch is open");
	return weir_live_freeze(cluster->partner->live, out, error);
}

int weir_live_cluster_snapshot(const struct weir_live_cluster *cluster, struct weir_cluster **out)
{
	struct weir_cluster *snapshot;
	int status = store_snapshot(&cluster->world->store, &snapshot);

	if (status)
		return status;
	status = weir_cluster_finish(snapshot);
	if (status)
		weir_cluster_destroy(snapshot);
	else
		*out = snapshot;
	return status;
}
