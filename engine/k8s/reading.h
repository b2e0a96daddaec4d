/*
 * reading.h - what only the reading of a cluster needs: options, names of inputs, scratch.
 */
#ifndef WEIR_K8S_READING_H
#define WEIR_K8S_READING_H

#include "objects.h"

struct k8s_reading {
	struct weir_cluster_options options; /* what it points to is in the cluster's arena */
	struct weir_arena scratch;           /* of one object, then of finish */
	struct weir_array addresses;         /* of one object: struct weir_address */
	struct weir_array ports;             /* of one object: struct k8s_container_port */
	const char *file;
	enum weir_found found;
	bool failed;     /* an error was reported */
	bool shows_ipv6; /* some object has an IPv6 address or prefix */
};

struct yaml_node;

/* An empty cluster with the options of another one that is not finished, and its strings: what is
 * in either may be in the other. The lender stays as long. -ENOMEM. */
int k8s_cluster_beside(const struct weir_cluster *lender, struct weir_cluster **out);
/* Reads one object into the array of its kind; 0, whether it was refused or not, or -ENOMEM. */
int k8s_read_object(struct weir_cluster *cluster, const struct yaml_node *node,
		    const char *list_kind, const char *list_version);

/* Reports through the cluster's sink, and notes that there was an error. */
void k8s_report(struct k8s_reading *reading, const struct weir_diagnostic *diagnostic);

/* Sorts, drops what was given twice, adds what is implied. 0, -EINVAL or -ENOMEM. */
int k8s_sort_objects(struct weir_cluster *cluster);
/* Sorts objects whose names are known to differ. */
int k8s_sort_by_name(struct weir_array *array);
/* The labels of a namespace that no object describes. -ENOMEM. */
int k8s_imply_labels(struct weir_cluster *cluster, const char *name, struct k8s_labels *out);
int k8s_add_implied_namespaces(struct weir_cluster *cluster);
int k8s_add_implied_nodes(struct weir_cluster *cluster);
int k8s_collect_pod_ranges(struct weir_cluster *cluster);
/* Adds pods for workloads that have none, then gives addresses to pods without. */
int k8s_add_synthetic_pods(struct weir_cluster *cluster);
int k8s_assign_addresses(struct weir_cluster *cluster);
bool k8s_needs_address(const struct k8s_pod *pod);
/* The address that a pod without one gets of a range unless that is taken. */
struct weir_address k8s_home_address(const struct weir_prefix *range, const struct k8s_pod *pod);

#endif
