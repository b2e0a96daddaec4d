#include "gen_cluster.h"

#include <errno.h>

#include "gen.h"
#include "numbers.h"
#include "output.h"

_Static_assert((int)SHARE_ALL == (int)GEN_ALL, "one whole");
_Static_assert(GEN_SHARES <= OPTION_SHARE_LAST - OPTION_SHARE + 1, "an option a share");

static bool read_counts(const struct invocation *invocation, struct gen_cluster_options *options)
{
	return option_small_number(invocation, OPTION_NAMESPACES, 1, GEN_PODS_MAX,
				   &options->namespaces) &&
	       option_small_number(invocation, OPTION_NODE_COUNT, 1, GEN_NODES_MAX,
				   &options->nodes) &&
	       option_small_number(invocation, OPTION_POLICIES, 0, GEN_PODS_MAX,
				   &options->policies) &&
	       option_small_number(invocation, OPTION_TIERS, 0, GEN_PODS_MAX,
				   &options->cluster_policies) &&
	       option_small_number(invocation, OPTION_PORT_SPECS, 0, GEN_PORT_SPECS_MAX,
				   &options->port_specs);
}

static bool read_shares(const struct invocation *invocation, struct gen_cluster_options *options)
{
	for (uint32_t i = 0; i < GEN_SHARES; i++)
		if (!option_share(invocation, (enum option_id)(OPTION_SHARE + i),
				  &options->shares[i]))
			return false;
	/* Without anything to isolate the usual number of policies is none. */
	if (!options->shares[GEN_ISOLATED] && !option_given(invocation, OPTION_POLICIES))
		options->policies = 0;
	return true;
}

static bool read_options(const struct invocation *invocation, struct gen_cluster_options *options)
{
	uint64_t seed = 1;
	uint32_t pods = 1000;

	if (!option_number(invocation, OPTION_SEED, 0, UINT64_MAX, &seed) ||
	    !option_small_number(invocation, OPTION_PODS, 0, GEN_PODS_MAX, &pods))
		return false;
	gen_cluster_defaults(seed, pods, (enum gen_mix)option_choice(invocation, OPTION_MIX),
			     options);
	if (option_given(invocation, OPTION_FAMILY))
		options->family = (enum gen_family)option_choice(invocation, OPTION_FAMILY);
	return read_counts(invocation, options) && read_shares(invocation, options);
}

struct production {
	const struct invocation *invocation;
	struct gen_cluster_options options;
};

static int write_cluster(void *context, FILE *file)
{
	const struct production *production = context;
	struct weir_error error = { "" };
	int status = gen_cluster_write(&production->options, output_bytes, file, &error);

	if (status == -EINVAL)
		complain(production->invocation->command, "%s", error.text);
	return status;
}

enum exit_code gen_run_cluster(const struct invocation *invocation)
{
	struct production production = { .invocation = invocation };

	if (!read_options(invocation, &production.options))
		return EXIT_USAGE;
	return output_write(invocation, option_value(invocation, OPTION_OUTPUT), write_cluster,
			    &production);
}

static const struct option_spec cluster_specs[] = {
	{ OPTION_PODS, 0, "pods", "N", NULL, "how many pods (default 1000)" },
	{ OPTION_NAMESPACES, 0, "namespaces", "N", NULL,
	  "how many namespaces (default: one for every 80 pods)" },
	{ OPTION_NODE_COUNT, 0, "nodes", "N", NULL,
	  "how many nodes (default: one for every 30 pods)" },
	{ OPTION_POLICIES, 0, "policies", "N", NULL,
	  "how many NetworkPolicies (default: 75 for every 1000 pods, 80 from 10000 pods on)" },
	{ OPTION_TIERS, 0, "tiers", "N", NULL,
	  "how many policies of the tiers around NetworkPolicy: a BaselineAdminNetworkPolicy, "
	  "then ClusterNetworkPolicies and AdminNetworkPolicies (default 0)" },
	{ OPTION_PORT_SPECS, 0, "port-specs", "N", NULL,
	  "entries of ports are drawn from so many different ones; 0: each afresh (default 16)" },
	{ OPTION_FAMILY, 0, "family", "WHICH", "ipv4|ipv6|dual", "addresses of pods" },
	{ OPTION_MIX, 0, "mix", "WHICH", "usual|everything",
	  "where the other options begin: as clusters are, or dual stack with six policies of "
	  "tiers, fresh ports, and a good share of everything that policies can say" },
};
const struct option_group gen_cluster_options = OPTION_GROUP("Clusters", cluster_specs);

#define SHARE(share, name, help)                                                                   \
	{                                                                                          \
		(enum option_id)(OPTION_SHARE + (share)), 0, name, "SHARE", NULL, help             \
	}

static const struct option_spec share_specs[] = {
	SHARE(GEN_ISOLATED, "isolated",
	      "workloads that policies select, of those that they can; less when there are fewer "
	      "policies than namespaces (80%)"),
	SHARE(GEN_INGRESS, "ingress", "policies that isolate ingress (67%)"),
	SHARE(GEN_EGRESS, "egress", "policies that isolate egress (67%)"),
	SHARE(GEN_DENY_ALL, "deny-all", "policies without rules (5%)"),
	SHARE(GEN_ALLOW_ALL, "allow-all", "policies with a rule that allows everything (1%)"),
	SHARE(GEN_UNTYPED, "untyped",
	      "policies without policyTypes, of those that mean the same without (10%)"),
	SHARE(GEN_EXPRESSIONS, "expressions",
	      "selectors with matchExpressions, of all four operators (10%)"),
	SHARE(GEN_ANY_PEER, "any-peer", "rules without from or to (3%)"),
	SHARE(GEN_ANY_PORT, "any-port", "rules without ports (10%)"),
	SHARE(GEN_BLOCKS, "blocks", "peers that are ipBlocks (25%)"),
	SHARE(GEN_NAMESPACES, "namespace-peers", "peers with a namespaceSelector alone (15%)"),
	SHARE(GEN_NAMESPACED_PODS, "both-selectors", "peers with both selectors (30%)"),
	SHARE(GEN_EXCEPTS, "excepts", "ipBlocks with one to three excepts (60%)"),
	SHARE(GEN_POD_BLOCKS, "pod-blocks", "ipBlocks that hold pods (0)"),
	SHARE(GEN_NAMED_PORTS, "named-ports", "ports by name (12.5%)"),
	SHARE(GEN_PORT_RANGES, "port-ranges", "ports with endPort (12.5%)"),
	SHARE(GEN_PROTOCOLS, "protocol-ports", "ports that only name a protocol (6.25%)"),
	SHARE(GEN_UDP, "udp-ports", "ports of UDP (12.5%)"),
	SHARE(GEN_SCTP, "sctp-ports", "ports of SCTP (0)"),
	SHARE(GEN_STATEFUL_SETS, "stateful-sets", "workloads that are StatefulSets (10%)"),
	SHARE(GEN_DAEMON_SETS, "daemon-sets", "workloads that are DaemonSets (3%)"),
	SHARE(GEN_REPLICA_SETS, "replica-sets",
	      "workloads that are ReplicaSets of no Deployment (2%)"),
	SHARE(GEN_JOBS, "jobs", "workloads that are Jobs (3%)"),
	SHARE(GEN_BARE_PODS, "bare-pods", "groups of pods without a workload (1%)"),
	SHARE(GEN_HOST_NETWORK, "host-network", "workloads on the network of their nodes (2%)"),
	SHARE(GEN_SIDECARS, "sidecars",
	      "workloads with a named port of a restartable init container (5%)"),
	SHARE(GEN_SERVICES, "services", "workloads behind a Service (70%)"),
	SHARE(GEN_HEADLESS, "headless", "Services without an address (10%)"),
	SHARE(GEN_NODE_PORTS, "node-ports", "Services with a port of every node (5%)"),
	SHARE(GEN_FINISHED, "finished", "pods that are done, their address another's (2%)"),
	SHARE(GEN_PENDING, "pending", "pods without a node and an address (0.5%)"),
};
_Static_assert(sizeof(share_specs) / sizeof(share_specs[0]) == GEN_SHARES, "an option a share");
const struct option_group gen_share_options =
	OPTION_GROUP("Shares of a cluster, with the usual mix", share_specs);
