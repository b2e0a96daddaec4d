#include "gen_cluster.h"

#include <errno.h>
#include <stdlib.h>

#include "manifests.h"
#include "out.h"
#include "plan.h"
#include "policies.h"
#include "refuse.h"

/* By mix. */
static const uint16_t mixes[][GEN_SHARES] = {
	[GEN_MIX_USUAL] = {
		[GEN_STATEFUL_SETS] = 1000,
		[GEN_DAEMON_SETS] = 300,
		[GEN_REPLICA_SETS] = 200,
		[GEN_JOBS] = 300,
		[GEN_BARE_PODS] = 100,
		[GEN_HOST_NETWORK] = 200,
		[GEN_SIDECARS] = 500,
		[GEN_SERVICES] = 7000,
		[GEN_HEADLESS] = 1000,
		[GEN_NODE_PORTS] = 500,
		[GEN_FINISHED] = 200,
		[GEN_PENDING] = 50,
		[GEN_ISOLATED] = 8000,
		[GEN_INGRESS] = 6700,
		[GEN_EGRESS] = 6700,
		[GEN_DENY_ALL] = 500,
		[GEN_ALLOW_ALL] = 100,
		[GEN_UNTYPED] = 1000,
		[GEN_EXPRESSIONS] = 1000,
		[GEN_ANY_PEER] = 300,
		[GEN_ANY_PORT] = 1000,
		[GEN_BLOCKS] = 2500,
		[GEN_NAMESPACES] = 1500,
		[GEN_NAMESPACED_PODS] = 3000,
		[GEN_EXCEPTS] = 6000,
		[GEN_NAMED_PORTS] = 1250,
		[GEN_PORT_RANGES] = 1250,
		[GEN_PROTOCOLS] = 625,
		[GEN_UDP] = 1250,
		[GEN_SCTP] = 0,
	},
	[GEN_MIX_EVERYTHING] = {
		[GEN_STATEFUL_SETS] = 1500,
		[GEN_DAEMON_SETS] = 1000,
		[GEN_REPLICA_SETS] = 1000,
		[GEN_JOBS] = 1000,
		[GEN_BARE_PODS] = 1000,
		[GEN_HOST_NETWORK] = 1000,
		[GEN_SIDECARS] = 2500,
		[GEN_SERVICES] = 8000,
		[GEN_HEADLESS] = 2000,
		[GEN_NODE_PORTS] = 2000,
		[GEN_FINISHED] = 1000,
		[GEN_PENDING] = 500,
		[GEN_ISOLATED] = 8000,
		[GEN_INGRESS] = 7000,
		[GEN_EGRESS] = 7000,
		[GEN_DENY_ALL] = 1000,
		[GEN_ALLOW_ALL] = 500,
		[GEN_UNTYPED] = 3000,
		[GEN_EXPRESSIONS] = 5000,
		[GEN_ANY_PEER] = 1000,
		[GEN_ANY_PORT] = 1500,
		[GEN_BLOCKS] = 3000,
		[GEN_NAMESPACES] = 2000,
		[GEN_NAMESPACED_PODS] = 2500,
		[GEN_EXCEPTS] = 7000,
		[GEN_POD_BLOCKS] = 1500,
		[GEN_NAMED_PORTS] = 2500,
		[GEN_PORT_RANGES] = 2500,
		[GEN_PROTOCOLS] = 1500,
		[GEN_UDP] = 2500,
		[GEN_SCTP] = 1000,
	},
};

static uint32_t at_least_one(uint32_t count)
{
	return count ? count : 1;
}

void gen_cluster_defaults(uint64_t seed, uint32_t pods, enum gen_mix mix,
			  struct gen_cluster_options *out)
{
	bool everything = mix == GEN_MIX_EVERYTHING;

	*out = (struct gen_cluster_options){
		.seed = seed,
		.pods = pods,
		.namespaces = at_least_one(pods / 80),
		.nodes = at_least_one((pods + 29) / 30),
		.policies = (uint32_t)((uint64_t)pods * (pods < 10000 ? 75 : 80) / 1000),
		.cluster_policies = everything ? 6 : 0,
		.port_specs = everything ? 0 : 16,
		.family = everything ? GEN_DUAL_STACK : GEN_IPV4,
	};
	for (uint32_t i = 0; i < GEN_SHARES; i++)
		out->shares[i] = mixes[mix][i];
}

static int check_counts(const struct gen_cluster_options *options, struct weir_error *error)
{
	if (options->pods > GEN_PODS_MAX)
		return gen_refuse(error, "%u pods: at most %u", options->pods, GEN_PODS_MAX);
	if (!options->nodes || options->nodes > GEN_NODES_MAX)
		return gen_refuse(error, "%u nodes: 1 to %u", options->nodes, GEN_NODES_MAX);
	if (!options->namespaces || options->namespaces > GEN_PODS_MAX)
		return gen_refuse(error, "%u namespaces: 1 to %u", options->namespaces,
				  GEN_PODS_MAX);
	if (options->policies > GEN_PODS_MAX || options->cluster_policies > GEN_PODS_MAX)
		return gen_refuse(error, "more than %u policies", GEN_PODS_MAX);
	if (options->port_specs > GEN_PORT_SPECS_MAX)
		return gen_refuse(error, "%u port specs: at most %u", options->port_specs,
				  GEN_PORT_SPECS_MAX);
	if (options->pods > (uint64_t)options->nodes * GEN_NODE_PODS_MAX)
		return gen_refuse(error, "%u pods do not fit on %u nodes: %u each", options->pods,
				  options->nodes, GEN_NODE_PODS_MAX);
	if (!options->pods && (options->policies || options->cluster_policies))
		return gen_refuse(error, "policies without pods would select nothing");
	if (options->policies && !options->shares[GEN_ISOLATED])
		return gen_refuse(error, "policies are wanted, and nothing that they isolate");
	return 0;
}

/* Kinds that exclude each other: the shares of one thing. */
struct whole {
	enum gen_share first;
	enum gen_share last;
	const char *what;
};

static const struct whole wholes[] = {
	{ GEN_STATEFUL_SETS, GEN_BARE_PODS, "kinds of workloads" },
	{ GEN_DENY_ALL, GEN_ALLOW_ALL, "policies that deny all and that allow all" },
	{ GEN_ANY_PEER, GEN_ANY_PORT, "rules without peers and without ports" },
	{ GEN_BLOCKS, GEN_NAMESPACED_PODS, "kinds of peers" },
	{ GEN_NAMED_PORTS, GEN_PROTOCOLS, "kinds of ports" },
	{ GEN_UDP, GEN_SCTP, "UDP and SCTP" },
};

static int check_shares(const struct gen_cluster_options *options, struct weir_error *error)
{
	for (size_t i = 0; i < GEN_SHARES; i++)
		if (options->shares[i] > GEN_ALL)
			return gen_refuse(error, "a share is more than all");
	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
		uint32_t sum = 0;

		for (uint32_t j = wholes[i].first; j <= wholes[i].last; j++)
			sum += options->shares[j];
		if (sum > GEN_ALL)
			return gen_refuse(error, "the shares of %s come to more than all",
					  wholes[i].what);
	}
	return 0;
}

static bool isolates_nothing(const struct gen_plan *plan)
{
	for (uint32_t i = 0; i < plan->app_count; i++)
		if (plan->apps[i].is_isolated)
			return false;
	return true;
}

static int put_everything(struct gen_out *out, const struct gen_plan *plan)
{
	int status = 0;

	gen_put_manifests(out, plan);
	if (plan->options->policies)
		status = gen_put_network_policies(out, plan);
	gen_put_cluster_policies(out, plan);
	return status ? status : gen_out_flush(out);
}

int gen_cluster_write(const struct gen_cluster_options *options,
		      int (*write)(void *context, const char *bytes, size_t length), void *context,
		      struct weir_error *error)
{
	int status = check_counts(options, error);
	struct gen_plan plan = { 0 };
	struct gen_out *out;

	if (!status)
		status = check_shares(options, error);
	if (status)
		return status;
	out = calloc(1, sizeof(*out));
	if (!out)
		return -ENOMEM;
	out->write = write;
	out->context = context;
	status = gen_plan_make(&plan, options);
	if (!status && options->policies && isolates_nothing(&plan))
		status = gen_refuse(
			error, "there is no workload that policies could isolate: too few, or too "
			       "many on the network of their nodes");
	if (!status)
		status = put_everything(out, &plan);
	gen_plan_finish(&plan);
	free(out);
	return status;
}
