#include "kinds.h"

#include <string.h>

static const char *const v1[] = { "v1", NULL };
static const char *const v1alpha1[] = { "v1alpha1", NULL };
static const char *const v1alpha2_v1beta1[] = { "v1alpha2", "v1beta1", NULL };

#define KEPT(field) offsetof(struct weir_cluster, field)

static const struct k8s_kind kinds[] = {
	{ "", "Pod", KEPT(pods), K8S_NAMESPACED, NULL, k8s_read_pod },
	{ "", "Namespace", KEPT(namespaces), K8S_CLUSTER_SCOPED, NULL, k8s_read_namespace },
	{ "", "Node", KEPT(nodes), K8S_CLUSTER_SCOPED, NULL, k8s_read_node },
	{ "", "Service", KEPT(services), K8S_NAMESPACED, NULL, k8s_read_service },
	{ "discovery.k8s.io", "EndpointSlice", KEPT(slices), K8S_NAMESPACED, NULL, k8s_read_slice },
	{ "apps", "Deployment", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "apps", "StatefulSet", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "apps", "DaemonSet", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "apps", "ReplicaSet", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "extensions", "Deployment", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "extensions", "DaemonSet", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "extensions", "ReplicaSet", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "", "ReplicationController", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "batch", "Job", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "batch", "CronJob", KEPT(workloads), K8S_NAMESPACED, NULL, k8s_read_workload },
	{ "networking.k8s.io", "NetworkPolicy", KEPT(network_policies), K8S_NAMESPACED, v1,
	  k8s_read_network_policy },
	{ "policy.networking.k8s.io", "ClusterNetworkPolicy", KEPT(cluster_policies),
	  K8S_CLUSTER_SCOPED, v1alpha2_v1beta1, k8s_read_cluster_network_policy },
	{ "policy.networking.k8s.io", "AdminNetworkPolicy", KEPT(cluster_policies),
	  K8S_CLUSTER_SCOPED, v1alpha1, k8s_read_admin_network_policy },
	{ "policy.networking.k8s.io", "BaselineAdminNetworkPolicy", KEPT(cluster_policies),
	  K8S_CLUSTER_SCOPED, v1alpha1, k8s_read_baseline_network_policy },
};

/* Kinds that are enforced by themselves; what they only refer to (pools, sets, tiers, staged
 * policies) is harmless alone. A kind of NULL is the whole group. */
static const struct {
	const char *group;
	const char *kind;
} unsupported[] = {
	{ "policy.networking.k8s.io", NULL },
	{ "projectcalico.org", "GlobalNetworkPolicy" },
	{ "projectcalico.org", "HostEndpoint" },
	{ "crd.projectcalico.org", "GlobalNetworkPolicy" },
	{ "crd.projectcalico.org", "HostEndpoint" },
	{ "cilium.io", "CiliumNetworkPolicy" },
	{ "cilium.io", "CiliumClusterwideNetworkPolicy" },
	{ "crd.antrea.io", "ClusterNetworkPolicy" },
	{ "k8s.ovn.org", "EgressFirewall" },
	{ "k8s.cni.cncf.io", "MultiNetworkPolicy" },
	{ "networking.aws", NULL },
	{ "networking.k8s.aws", "ApplicationNetworkPolicy" },
	{ "networking.k8s.aws", "ClusterNetworkPolicy" },
	{ "networking.k8s.aws", "PolicyEndpoint" },
	{ "networking.k8s.aws", "ClusterPolicyEndpoint" },
};

/* "apps/v1" is of group "apps", "v1" of "". */
static bool is_of_group(const char *api_version, const char *group)
{
	const char *slash = strchr(api_version, '/');
	size_t length = slash ? (size_t)(slash - api_version) : 0;

	return strlen(group) == length && memcmp(api_version, group, length) == 0;
}

const char *k8s_version_of(const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return slash ? slash + 1 : api_version;
}

static bool has_version(const struct k8s_kind *kind, const char *version)
{
	for (size_t i = 0; kind->versions && kind->versions[i]; i++) {
		if (strcmp(kind->versions[i], version) == 0)
			return true;
	}
	return !kind->versions;
}

const struct k8s_kind *k8s_kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

const struct k8s_kind *k8s_find_kind(const char *api_version, const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct k8s_kind *kind = &kinds[i];

		if (strcmp(kind->name, name) == 0 && is_of_group(api_version, kind->group))
			return has_version(kind, k8s_version_of(api_version)) ? kind : NULL;
	}
	return NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Whatever calls itself a network policy is taken for one, whoever's it is: to skip it would be
 * to fail open. */
bool k8s_is_unsupported_policy(const char *api_version, const char *name)
{
	if (k8s_find_kind(api_version, name))
		return false;
	for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
		if (is_of_group(api_version, unsupported[i].group) &&
		    (!unsupported[i].kind || strcmp(unsupported[i].kind, name) == 0))
			return true;
	}
	return ends_with(name, "NetworkPolicy") && strncmp(name, "Staged", 6) != 0;
}

/* Groups that are nobody else's, so that a Service of serving.knative.dev is another kind, and a
 * Deployment of v1 a mistake. */
static bool is_builtin(const char *api_version)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (is_of_group(api_version, kinds[i].group))
			return true;
	}
	return false;
}

const char *k8s_right_version(const char *api_version, const char *name)
{
	static const struct {
		const char *group;
		const char *version;
	} versions[] = {
		{ "", "v1" },
		{ "apps", "apps/v1" },
		{ "batch", "batch/v1" },
		{ "discovery.k8s.io", "discovery.k8s.io/v1" },
		{ "networking.k8s.io", "networking.k8s.io/v1" },
	};
	const char *group = NULL;

	if (k8s_find_kind(api_version, name) || !is_builtin(api_version))
		return NULL;
	for (size_t i = 0; !group && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			group = kinds[i].group;
	}
	for (size_t i = 0; group && i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (strcmp(versions[i].group, group) == 0)
			return versions[i].version;
	}
	return !api_version[0] && ends_with(name, "NetworkPolicy") ? "the one of its family" : NULL;
}
