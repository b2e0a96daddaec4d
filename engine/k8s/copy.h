/*
 * copy.h - an object in the memory of another cluster.
 *
 * A copy says what the original says, and shares with it only what is static. Clusters that are not
 * finished have scratch memory; the one that is copied to must be of these.
 */
#ifndef WEIR_K8S_COPY_H
#define WEIR_K8S_COPY_H

#include "objects.h"

/* Each fills *out, a struct of its kind. -ENOMEM. */
int k8s_copy_namespace(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_pod(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_node(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_service(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_slice(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_workload(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_network_policy(struct weir_cluster *to, const void *from, void *out);
int k8s_copy_cluster_policy(struct weir_cluster *to, const void *from, void *out);

#endif
