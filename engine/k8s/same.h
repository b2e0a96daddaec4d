/*
 * same.h - whether two objects of one kind and name say the same, wherever they are written.
 *
 * Strings, labels and ports are interned, so comparing them is comparing pointers.
 */
#ifndef WEIR_K8S_SAME_H
#define WEIR_K8S_SAME_H

#include "objects.h"

bool k8s_same_namespace(const void *a, const void *b);
bool k8s_same_pod(const void *a, const void *b);
bool k8s_same_node(const void *a, const void *b);
bool k8s_same_service(const void *a, const void *b);
bool k8s_same_slice(const void *a, const void *b);
bool k8s_same_workload(const void *a, const void *b);
bool k8s_same_network_policy(const void *a, const void *b);
bool k8s_same_cluster_policy(const void *a, const void *b);

#endif
