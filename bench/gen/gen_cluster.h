/*
 * gen_cluster.h - clusters from a seed, as Kubernetes objects in YAML.
 *
 * What every cluster has: namespaces of teams and environments, nodes with a range of pods each,
 * workloads of roles (web, api, db...) with the ports of their role, their pods spread over the
 * nodes, services with slices, and policies that isolate some of the workloads. How much of
 * everything there is, is a share. Equal options give equal bytes on every machine: numbers are
 * whole, and every object has dice of its own, so that adding policies moves no pod.
 */
#ifndef WEIR_GEN_CLUSTER_H
#define WEIR_GEN_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include "gen_share.h"
#include "weir/error.h"

/* What a share is a share of. */
enum gen_share {
	/* Workloads; what is none of these is a Deployment. */
	GEN_STATEFUL_SETS,
	GEN_DAEMON_SETS,
	GEN_REPLICA_SETS,
	GEN_JOBS,
	GEN_BARE_PODS,
	/* Workloads, of any kind. */
	GEN_HOST_NETWORK,
	GEN_SIDECARS, /* with a port of a restartable init container */
	GEN_SERVICES, /* with a Service */
	/* Services. */
	GEN_HEADLESS,
	GEN_NODE_PORTS,
	/* Pods. */
	GEN_FINISHED,
	GEN_PENDING,
	/* Workloads that policies can select: those not on the network of their node. Fewer when
	 * there are fewer policies than namespaces that hold so many. */
	GEN_ISOLATED,
	/* Policies. */
	GEN_INGRESS,   /* that isolate ingress; all that do not isolate egress do */
	GEN_EGRESS,    /* that isolate egress */
	GEN_DENY_ALL,  /* without any rule */
	GEN_ALLOW_ALL, /* with a rule that allows everything */
	GEN_UNTYPED,   /* without policyTypes, of those that mean the same without */
	/* Selectors. */
	GEN_EXPRESSIONS,
	/* Rules. */
	GEN_ANY_PEER,
	GEN_ANY_PORT,
	/* Peers; what is none of these is a podSelector alone. */
	GEN_BLOCKS,
	GEN_NAMESPACES,      /* a namespaceSelector alone */
	GEN_NAMESPACED_PODS, /* both selectors */
	/* Blocks. */
	GEN_EXCEPTS,    /* with one to three, of those with room for them */
	GEN_POD_BLOCKS, /* that hold pods of a node */
	/* Entries of ports; what is none of these is a number. */
	GEN_NAMED_PORTS,
	GEN_PORT_RANGES,
	GEN_PROTOCOLS, /* a protocol without a port */
	/* Entries of ports; what is neither is TCP. */
	GEN_UDP,
	GEN_SCTP,
	GEN_SHARES,
};

enum {
	GEN_PODS_MAX = 1000000,
	GEN_NODES_MAX = 65000,
	GEN_NODE_PODS_MAX = 250,
	GEN_PORT_SPECS_MAX = 1000,
};

enum gen_family {
	GEN_IPV4,
	GEN_IPV6,
	GEN_DUAL_STACK,
};

struct gen_cluster_options {
	uint64_t seed;
	uint32_t pods;
	uint32_t namespaces;
	uint32_t nodes;
	uint32_t policies;
	uint32_t cluster_policies; /* of the tiers around NetworkPolicy */
	/* Entries of ports are drawn from so many, as people write the same few again and again;
	 * 0: each is drawn afresh. */
	uint32_t port_specs;
	enum gen_family family;
	uint16_t shares[GEN_SHARES]; /* of GEN_ALL */
};

enum gen_mix {
	/* As clusters are: four of five workloads isolated, a quarter of the peers blocks, the rest
	 * of a kind that most policies are. */
	GEN_MIX_USUAL,
	/* Everything that policies can say, often enough to be met in a hundred policies. */
	GEN_MIX_EVERYTHING,
};

/* Fills in what is usual for so many pods: namespaces of eight workloads, nodes of thirty pods, 75
 * to 80 policies for every thousand pods. */
void gen_cluster_defaults(uint64_t seed, uint32_t pods, enum gen_mix mix,
			  struct gen_cluster_options *out);

/* Writes the cluster as YAML, a piece at a time, through write, which returns 0 or a negative errno
 * that ends the writing and is returned. -EINVAL when options contradict each other: error says
 * how, and nothing was written. -ENOMEM. */
int gen_cluster_write(const struct gen_cluster_options *options,
		      int (*write)(void *context, const char *bytes, size_t length), void *context,
		      struct weir_error *error);

#endif
