/*
 * read_meta.h - what objects of many kinds have alike: metadata, labels, selectors, pods' specs.
 */
#ifndef WEIR_K8S_READ_META_H
#define WEIR_K8S_READ_META_H

#include "read.h"

enum k8s_scope {
	K8S_NAMESPACED,
	K8S_CLUSTER_SCOPED,
};

void k8s_read_meta(struct k8s_reader *reader, const struct k8s_field *object, enum k8s_scope scope,
		   struct k8s_meta *out);

/* A map of labels as it is written, in scratch memory with room for one more. */
struct k8s_label *k8s_collect_labels(struct k8s_reader *reader, const struct k8s_field *field,
				     uint32_t *count);
/* Sorts and keeps them. */
struct k8s_labels k8s_keep_labels(struct k8s_reader *reader, struct k8s_label *items,
				  uint32_t count);
struct k8s_labels k8s_read_labels(struct k8s_reader *reader, const struct k8s_field *field);
/* The value of a label, or NULL. */
const char *k8s_label_value(const struct k8s_labels *labels, const char *key);

/* A LabelSelector. */
void k8s_read_selector(struct k8s_reader *reader, const struct k8s_field *field,
		       struct k8s_selector *out);
/* A plain map of labels, as Services and ReplicationControllers select by. */
void k8s_read_map_selector(struct k8s_reader *reader, const struct k8s_field *field,
			   struct k8s_selector *out);

/* What has all of these labels. */
void k8s_select_labels(struct k8s_reader *reader, const struct k8s_label *labels, uint32_t count,
		       struct k8s_selector *out);

/* The ports of a pod spec's containers and restartable init containers. */
const struct k8s_container_port *
k8s_read_container_ports(struct k8s_reader *reader, const struct k8s_field *spec, uint32_t *count);

/* Readers by kind. object->meta is read already. */
void k8s_read_namespace(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_pod(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_node(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_service(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_slice(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_workload(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_network_policy(struct k8s_reader *reader, const struct k8s_field *root, void *object);
void k8s_read_cluster_network_policy(struct k8s_reader *reader, const struct k8s_field *root,
				     void *object);
void k8s_read_admin_network_policy(struct k8s_reader *reader, const struct k8s_field *root,
				   void *object);
void k8s_read_baseline_network_policy(struct k8s_reader *reader, const struct k8s_field *root,
				      void *object);

#endif
