/*
 * live.c - a policy that changes.
 */
#include "weir/live.h"

#include <errno.h>

#include "handle.h"
#include "live_objects.h"
#include "patches.h"

struct weir_live {
	const struct weir_allocator *allocator;
	struct weir_live_options options;
	struct objects objects;
	struct weir_semantics semantics;
	struct weir_prefix *pod_ranges;
	uint32_t pod_range_count;
	struct weir_policy *policy; /* in force */
	struct patches *patches;    /* behind the last whole one */
	uint64_t version;
};

/* Whole policies. */

/* What of a resolved policy does not change. */
static struct weir_resolved frame_of(const struct weir_live *live)
{
	return (struct weir_resolved){ .pod_ranges = live->pod_ranges,
				       .pod_range_count = live->pod_range_count,
				       .semantics = live->semantics };
}

static struct weir_compile_options options_of(const struct weir_live *live)
{
	return (struct weir_compile_options){ live->allocator, live->options.max_bytes };
}

static int compile(const struct weir_live *live, const struct build_keeper *keeper,
		   struct weir_policy **out, struct weir_error *error)
{
	const struct weir_compile_options options = options_of(live);
	struct weir_resolved resolved = frame_of(live);
	struct weir_arena arena;
	int status;

	weir_arena_init(&arena, live->allocator);
	status = objects_resolve(&live->objects, &arena, &resolved, error);
	if (!status)
		status = weir_compile_and_keep(&resolved, &options, keeper, out, error);
	weir_arena_finish(&arena);
	return status;
}

static int check_exclusive(const struct weir_policy *policy, struct weir_error *error)
{
	const struct layout_header *header = policy->lookup.header;
	const struct layout_owned *owned = layout_section(header, LAYOUT_OWNED);
	size_t count = LAYOUT_COUNT(header, LAYOUT_OWNED, struct layout_owned);
	char text[WEIR_ADDRESS_TEXT];

	for (size_t i = 0; i < count; i++) {
		if (owned[i].owner_count < 2)
			continue;
		weir_address_format(&owned[i].address, text);
		return objects_fail(error, -EADDRINUSE, "%u pods own %s", owned[i].owner_count,
				    text);
	}
	return 0;
}

static int check_options(const struct weir_live *live, const struct weir_policy *policy,
			 struct weir_error *error)
{
	return live->options.exclusive_addresses ? check_exclusive(policy, error) : 0;
}

/* Life. */

static int load(struct weir_live *live, const struct weir_resolved *resolved)
{
	size_t bytes = resolved->pod_range_count * sizeof(*live->pod_ranges);

	live->semantics = resolved->semantics;
	live->pod_range_count = resolved->pod_range_count;
	live->pod_ranges = weir_allocate_zeroed(live->allocator, 1, bytes);
	if (!live->pod_ranges)
		return -ENOMEM;
	if (bytes)
		memcpy(live->pod_ranges, resolved->pod_ranges, bytes);
	return objects_load(&live->objects, resolved);
}

static int begin_patches(const struct weir_live *live, struct build *build,
			 struct weir_policy *policy, struct patches **out)
{
	const struct weir_compile_options options = options_of(live);
	const struct weir_resolved frame = frame_of(live);

	return patches_begin(build, policy, &live->objects, &frame, &options, out);
}

/* Only what compiles is taken over. */
static int load_and_begin(void *context, struct build *build, struct weir_policy *policy)
{
	struct weir_live *live = context;
	int status = load(live, build->resolved);

	return status ? status : begin_patches(live, build, policy, &live->patches);
}

static int start(struct weir_live *live, const struct weir_resolved *resolved,
		 struct weir_error *error)
{
	const struct weir_compile_options options = options_of(live);
	const struct build_keeper keeper = { load_and_begin, live };
	int status = weir_compile_and_keep(resolved, &options, &keeper, &live->policy, error);

	return status ? status : check_options(live, live->policy, error);
}

int weir_live_create(const struct weir_resolved *resolved, const struct weir_live_options *options,
		     struct weir_live **out, struct weir_error *error)
{
	const struct weir_allocator *allocator =
		weir_allocator_or_default(options ? options->allocator : NULL);
	struct weir_live *live = weir_allocate_zeroed(allocator, 1, sizeof(*live));
	int status;

	if (!live)
		return objects_fail(error, -ENOMEM, "out of memory");
	live->allocator = allocator;
	if (options)
		live->options = *options;
	objects_init(&live->objects, allocator);
	status = start(live, resolved, error);
	if (status)
		weir_live_destroy(live);
	else
		*out = live;
	return status;
}

void weir_live_destroy(struct weir_live *live)
{
	if (!live)
		return;
	weir_policy_unref(live->policy);
	patches_end(live->patches);
	objects_finish(&live->objects);
	weir_release(live->allocator, live->pod_ranges);
	weir_release(live->allocator, live);
}

struct weir_policy *weir_live_policy(const struct weir_live *live)
{
	return live->policy;
}

uint64_t weir_live_version(const struct weir_live *live)
{
	return live->version;
}

/* Changes. */

int weir_live_add_endpoint(struct weir_live *live, const struct weir_endpoint *endpoint,
			   const uint32_t *sets, uint32_t set_count, uint32_t *out,
			   struct weir_error *error)
{
	const struct object_endpoint object = { *endpoint, sets, set_count };

	return objects_add(&live->objects, OBJECT_ENDPOINT, &object, out, error);
}

int weir_live_change_endpoint(struct weir_live *live, uint32_t number,
			      const struct weir_endpoint *endpoint, const uint32_t *sets,
			      uint32_t set_count, struct weir_error *error)
{
	const struct object_endpoint object = { *endpoint, sets, set_count };

	return objects_change(&live->objects, OBJECT_ENDPOINT, number, &object, error);
}

int weir_live_select_endpoint(struct weir_live *live, uint32_t number, const uint32_t *sets,
			      uint32_t set_count, struct weir_error *error)
{
	const struct object_endpoint *object = objects_get(&live->objects, OBJECT_ENDPOINT, number);

	if (!object)
		return objects_fail(error, -ENOENT, "there is no endpoint %u", number);
	return weir_live_change_endpoint(live, number, &object->endpoint, sets, set_count, error);
}

int weir_live_remove_endpoint(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	return objects_remove(&live->objects, OBJECT_ENDPOINT, number, error);
}

int weir_live_add_set(struct weir_live *live, const struct weir_set *set, uint32_t *out,
		      struct weir_error *error)
{
	size_t steps = live->objects.steps.count;
	uint32_t number;
	int status = objects_add(&live->objects, OBJECT_SET, set, &number, error);

	if (!status)
		status = objects_fill_set(&live->objects, number, set->endpoints,
					  set->endpoint_count, error);
	if (!status)
		*out = number;
	else
		objects_go_back(&live->objects, steps);
	return status;
}

int weir_live_change_set(struct weir_live *live, uint32_t number, const struct weir_set *set,
			 struct weir_error *error)
{
	size_t steps = live->objects.steps.count;
	int status = objects_change(&live->objects, OBJECT_SET, number, set, error);

	if (!status)
		status = objects_fill_set(&live->objects, number, set->endpoints,
					  set->endpoint_count, error);
	if (status)
		objects_go_back(&live->objects, steps);
	return status;
}

int weir_live_remove_set(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	size_t steps = live->objects.steps.count;
	int status = objects_remove(&live->objects, OBJECT_SET, number, error);

	if (!status)
		status = objects_fill_set(&live->objects, number, NULL, 0, error);
	if (status)
		objects_go_back(&live->objects, steps);
	return status;
}

int weir_live_add_block(struct weir_live *live, const struct weir_block *block, uint32_t *out,
			struct weir_error *error)
{
	return objects_add(&live->objects, OBJECT_BLOCK, block, out, error);
}

int weir_live_remove_block(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	return objects_remove(&live->objects, OBJECT_BLOCK, number, error);
}

int weir_live_add_origin(struct weir_live *live, const struct weir_origin *origin, uint32_t *out,
			 struct weir_error *error)
{
	return objects_add(&live->objects, OBJECT_ORIGIN, origin, out, error);
}

int weir_live_remove_origin(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	return objects_remove(&live->objects, OBJECT_ORIGIN, number, error);
}

int weir_live_add_rule(struct weir_live *live, const struct weir_rule *rule, uint32_t before,
		       uint32_t *out, struct weir_error *error)
{
	return objects_add_rule(&live->objects, rule, before, out, error);
}

int weir_live_remove_rule(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	return objects_remove_rule(&live->objects, number, error);
}

int weir_live_add_workload(struct weir_live *live, const struct weir_workload *workload,
			   uint32_t *out, struct weir_error *error)
{
	return objects_add(&live->objects, OBJECT_WORKLOAD, workload, out, error);
}

int weir_live_remove_workload(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	return objects_remove(&live->objects, OBJECT_WORKLOAD, number, error);
}

int weir_live_add_service(struct weir_live *live, const struct weir_service *service, uint32_t *out,
			  struct weir_error *error)
{
	return objects_add(&live->objects, OBJECT_SERVICE, service, out, error);
}

int weir_live_change_service(struct weir_live *live, uint32_t number,
			     const struct weir_service *service, struct weir_error *error)
{
	return objects_change(&live->objects, OBJECT_SERVICE, number, service, error);
}

int weir_live_remove_service(struct weir_live *live, uint32_t number, struct weir_error *error)
{
	return objects_remove(&live->objects, OBJECT_SERVICE, number, error);
}

/* Batches. */

/* The patches of a policy that is not in force yet. */
struct beginning {
	const struct weir_live *live;
	struct patches *patches;
};

static int begin_anew(void *context, struct build *build, struct weir_policy *policy)
{
	struct beginning *beginning = context;

	return begin_patches(beginning->live, build, policy, &beginning->patches);
}

static int compile_batch(struct weir_live *live, struct weir_policy **out, struct weir_error *error)
{
	struct beginning beginning = { live, NULL };
	const struct build_keeper keeper = { begin_anew, &beginning };
	struct weir_policy *policy;
	int status = compile(live, &keeper, &policy, error);

	if (status)
		return status;
	status = check_options(live, policy, error);
	if (status) {
		weir_policy_unref(policy);
		patches_end(beginning.patches);
		return status;
	}
	patches_end(live->patches);
	live->patches = beginning.patches;
	*out = policy;
	return 0;
}

int weir_live_commit(struct weir_live *live, struct weir_error *error)
{
	struct weir_policy *policy;
	int status = patches_apply(live->patches, &policy);

	if (status == -ENOMEM)
		return objects_fail(error, -ENOMEM, "out of memory");
	if (status)
		status = compile_batch(live, &policy, error);
	if (status)
		return status;
	objects_keep(&live->objects);
	weir_policy_unref(live->policy);
	live->policy = policy;
	live->version++;
	return 0;
}

void weir_live_drop(struct weir_live *live)
{
	objects_go_back(&live->objects, 0);
}

int weir_live_freeze(const struct weir_live *live, struct weir_policy **out,
		     struct weir_error *error)
{
	if (objects_have_changed(&live->objects))
		return objects_fail(error, -EBUSY, "a batch is open");
	return compile(live, NULL, out, error);
}
