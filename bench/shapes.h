/*
 * shapes.h - clusters of a given size as resolved policies, from a seed.
 *
 * Apps of ten pods, nodes of thirty; eight of ten apps are isolated, inwards, outwards or both,
 * with one to three peers a rule: apps, whole namespaces, blocks with up to three holes; 16 port
 * specs, two of them names.
 */
#ifndef WEIR_BENCH_SHAPES_H
#define WEIR_BENCH_SHAPES_H

#include "weir/resolved.h"

/* Where the pods of an app run. */
enum bench_placement {
	BENCH_SPREAD, /* over the nodes, as schedulers do */
	BENCH_PACKED, /* side by side, so that few prefixes hold an app: a favour to engines of
		       * prefixes */
};

/* Which pods an app has. */
enum bench_membership {
	BENCH_TENS,   /* ten of its own */
	BENCH_LONERS, /* one: no two pods are alike */
	BENCH_CROWDS, /* a random quarter of all, so that no two pods are alike and sets are large
		       */
};

struct bench_shape {
	uint32_t pods;
	uint32_t policies;
	enum bench_placement placement;
	enum bench_membership membership;
};

struct bench_cluster;

/* NULL: no memory. The shape is borrowed. */
struct bench_cluster *bench_cluster_create(const struct bench_shape *shape);
void bench_cluster_destroy(struct bench_cluster *cluster); /* NULL is allowed */
const struct weir_resolved *bench_cluster_resolved(const struct bench_cluster *cluster);

#endif
