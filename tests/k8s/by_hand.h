/*
 * by_hand.h - finished clusters made without text, for what works on objects.
 *
 * Names are "namespace/name". Labels are "app=web,tier=front". A selector is what kubectl's -l
 * takes, with | between values: "app=web|api,tier!=x,owner,!gone". Cluster policies have a name
 * only.
 */
#ifndef WEIR_TESTS_K8S_BY_HAND_H
#define WEIR_TESTS_K8S_BY_HAND_H

#include "objects.h"

struct by_hand {
	struct weir_cluster cluster;
};

void by_hand_open(struct by_hand *hand, const struct weir_allocator *allocator);
void by_hand_close(struct by_hand *hand);

/* Each adds an object; the pointer holds until the next one of its kind. */
struct k8s_namespace *by_hand_namespace(struct by_hand *hand, const char *name, const char *labels);
struct k8s_pod *by_hand_pod(struct by_hand *hand, const char *name, const char *labels,
			    const char *addresses);
struct k8s_node *by_hand_node(struct by_hand *hand, const char *name, const char *addresses);
struct k8s_service *by_hand_service(struct by_hand *hand, const char *name, const char *selector,
				    const char *addresses);
struct k8s_slice *by_hand_slice(struct by_hand *hand, const char *name, const char *service);
struct k8s_workload *by_hand_workload(struct by_hand *hand, const char *kind, const char *name,
				      const char *selector);
struct k8s_network_policy *by_hand_policy(struct by_hand *hand, const char *name,
					  const char *selector);

/* With a subject of namespaces, and of pods unless that is NULL. */
struct k8s_cluster_policy *by_hand_cluster_policy(struct by_hand *hand, const char *kind,
						  const char *name, const char *namespaces,
						  const char *pods);

/* Sorts everything and adds the namespaces that were only named. */
void by_hand_finish(struct by_hand *hand);

/* Parts of objects; they live as long as the cluster. NULL text: nothing. */
const char *by_hand_text(struct by_hand *hand, const char *text);
struct k8s_selector by_hand_selector(struct by_hand *hand, const char *text);
struct k8s_pods_scope by_hand_scope(struct by_hand *hand, const char *namespaces, const char *pods);
struct k8s_labels by_hand_labels(struct by_hand *hand, const char *text);
struct k8s_owner by_hand_owner(struct by_hand *hand, const char *kind, const char *name);
const struct weir_address *by_hand_addresses(struct by_hand *hand, const char *text,
					     uint32_t *count);
struct weir_prefix by_hand_prefix(const char *text);

#endif
