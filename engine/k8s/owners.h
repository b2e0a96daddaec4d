/*
 * owners.h - the Deployment of a pod whose ReplicaSet nobody knows.
 */
#ifndef WEIR_K8S_OWNERS_H
#define WEIR_K8S_OWNERS_H

#include "objects.h"

/* The index among the cluster's sorted workloads of the Deployment that a pod belongs to by a
 * name (its ReplicaSet's, or its own), its template's hash and the selector; or WEIR_NONE. */
uint32_t k8s_deployment_of(const struct weir_cluster *cluster, const struct k8s_pod *pod,
			   const char *name);

#endif
