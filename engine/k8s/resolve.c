/*
 * Finished objects become a resolved policy: what selectors, owner references and services mean
 * is worked out here, and nothing behind this knows Kubernetes.
 */
#include "resolve.h"

#include <errno.h>
#include <string.h>

static int run(struct k8s_resolver *resolver)
{
	int status = k8s_resolve_workloads(resolver);

	if (!status)
		status = k8s_resolve_endpoints(resolver);
	if (!status)
		status = k8s_selection_index(&resolver->selection);
	if (!status)
		status = k8s_resolve_services(resolver);
	if (!status)
		status = k8s_resolve_policies(resolver);
	if (!status)
		status = k8s_resolve_tiers(resolver);
	return status;
}

static void start(struct k8s_resolver *resolver, struct weir_cluster *cluster,
		  struct k8s_resolution *result)
{
	const struct weir_allocator *allocator = result->arena.allocator;

	*resolver = (struct k8s_resolver){
		.cluster = cluster,
		.result = result,
		.arena = &result->arena,
		.empty_set = WEIR_NONE,
	};
	weir_arena_init(&resolver->scratch, allocator);
	k8s_selection_open(&resolver->selection, cluster, &resolver->scratch);
	weir_map_init(&resolver->set_of, allocator);
	weir_map_init(&resolver->block_of, allocator);
	weir_map_init(&resolver->node_set_of, allocator);
	weir_map_init(&resolver->workload_of, allocator);
}

static void finish(struct k8s_resolver *resolver)
{
	weir_map_finish(&resolver->workload_of);
	weir_map_finish(&resolver->node_set_of);
	weir_map_finish(&resolver->block_of);
	weir_map_finish(&resolver->set_of);
	k8s_selection_close(&resolver->selection);
	weir_arena_finish(&resolver->scratch);
}

/* Shows the grown arrays to the caller, once they no longer move. */
static void show(struct k8s_resolution *result, const struct weir_cluster *cluster,
		 const struct weir_semantics *semantics)
{
	struct weir_resolved *resolved = &result->resolved;

	resolved->workloads = result->workloads.items;
	resolved->workload_count = (uint32_t)result->workloads.count;
	resolved->sets = result->sets.items;
	resolved->set_count = (uint32_t)result->sets.count;
	resolved->blocks = result->blocks.items;
	resolved->block_count = (uint32_t)result->blocks.count;
	resolved->origins = result->origins.items;
	resolved->origin_count = (uint32_t)result->origins.count;
	resolved->rules = result->rules.items;
	resolved->rule_count = (uint32_t)result->rules.count;
	resolved->pod_ranges = cluster->pod_ranges;
	resolved->pod_range_count = cluster->pod_range_count;
	if (semantics)
		resolved->semantics = *semantics;
}

static struct k8s_resolution *resolution_create(const struct weir_allocator *allocator)
{
	struct k8s_resolution *result = weir_allocate_zeroed(allocator, 1, sizeof(*result));

	if (!result)
		return NULL;
	weir_arena_init(&result->arena, allocator);
	result->workloads = weir_array_of(allocator, struct weir_workload);
	result->sets = weir_array_of(allocator, struct weir_set);
	result->blocks = weir_array_of(allocator, struct weir_block);
	result->origins = weir_array_of(allocator, struct weir_origin);
	result->rules = weir_array_of(allocator, struct weir_rule);
	return result;
}

void weir_resolved_destroy(struct weir_resolved *resolved)
{
	struct k8s_resolution *result = (struct k8s_resolution *)resolved;
	const struct weir_allocator *allocator;

	if (!result)
		return;
	allocator = result->arena.allocator;
	weir_array_finish(&result->rules);
	weir_array_finish(&result->origins);
	weir_array_finish(&result->blocks);
	weir_array_finish(&result->sets);
	weir_array_finish(&result->workloads);
	weir_arena_finish(&result->arena);
	weir_release(allocator, result);
}

static int resolve(struct weir_cluster *cluster, const struct weir_semantics *semantics,
		   uint32_t *subjects, struct k8s_meanings *meanings, struct weir_resolved **out)
{
	struct k8s_resolution *result =
		resolution_create(weir_allocator_or_default(cluster->allocator));
	struct k8s_resolver resolver;
	int status;

	if (!result)
		return -ENOMEM;
	start(&resolver, cluster, result);
	resolver.subjects = subjects;
	resolver.meanings = meanings;
	status = run(&resolver);
	finish(&resolver);
	if (status) {
		weir_resolved_destroy(&result->resolved);
		return status;
	}
	show(result, cluster, semantics);
	*out = &result->resolved;
	return 0;
}

int weir_cluster_resolve(struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 struct weir_resolved **out)
{
	return resolve(cluster, semantics, NULL, NULL, out);
}

int k8s_resolve_subjects(struct weir_cluster *cluster, uint32_t *subjects,
			 struct weir_resolved **out)
{
	return resolve(cluster, NULL, subjects, NULL, out);
}

int k8s_resolve_meanings(struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 struct k8s_meanings *meanings, struct weir_resolved **out)
{
	return resolve(cluster, semantics, NULL, meanings, out);
}
