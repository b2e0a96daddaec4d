/*
 * weir/cluster.h - Kubernetes objects: read, checked, defaulted, resolved (libweir-k8s).
 *
 * A cluster collects objects from any number of texts, then is finished once, which checks what
 * spans objects and makes the pods that workloads stand for. All problems of all texts are
 * reported to the sink; a cluster with one error never becomes a policy.
 *
 * Threads. A cluster is for one thread at a time, different ones for different threads at once; the
 * sink is called on that thread, during the call.
 */
#ifndef WEIR_CLUSTER_H
#define WEIR_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/address.h"
#include "weir/allocator.h"
#include "weir/error.h"
#include "weir/key.h"
#include "weir/resolved.h"
#include "weir/semantics.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_cluster;

struct weir_node_address {
	const char *node; /* a node's name; a node of that name is made when no object has it */
	struct weir_address address;
};

struct weir_cluster_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	struct weir_sink sink;                  /* report may be NULL */
	/* Where pods without an address get theirs; a zero length means the defaults,
	 * 240.0.0.0/4 and fd77:6569:72::/64. The second is used only when an object shows IPv6. */
	struct weir_prefix pod_cidr_ipv4;
	struct weir_prefix pod_cidr_ipv6;
	const struct weir_prefix *cluster_cidrs; /* --cluster-cidr: ranges of pods */
	size_t cluster_cidr_count;
	const struct weir_node_address *node_addresses; /* --node-address */
	size_t node_address_count;
	bool ignore_unsupported_policies;
};

/* An empty cluster, owned by the caller (weir_cluster_destroy). Everything that options point to is
 * copied, but for the allocator. -ENOMEM. */
int weir_cluster_create(const struct weir_cluster_options *options, struct weir_cluster **out);
/* NULL is allowed. What was resolved from it goes before. */
void weir_cluster_destroy(struct weir_cluster *cluster);

/* How a text came to be read: a document without kind is an error in a file named by hand, and
 * skipped with a warning in one found in a folder. */
enum weir_found {
	WEIR_FOUND_NAMED,
	WEIR_FOUND_IN_FOLDER,
};

/* Reads every document of a YAML or JSON text; name is for diagnostics. The text need not
 * outlive the call. 0, or -EINVAL when errors were reported (reading the next text is still
 * meaningful), or -ENOMEM. */
int weir_cluster_read(struct weir_cluster *cluster, const char *name, enum weir_found found,
		      const char *text, size_t length);

/* Ends reading. -EINVAL when any text or the whole had an error: the cluster is then only good
 * for destroying; -ENOMEM, the same. */
int weir_cluster_finish(struct weir_cluster *cluster);

/* What a cluster holds. */
struct weir_cluster_counts {
	uint32_t namespaces, pods, synthetic_pods, nodes, services, endpoint_slices, workloads;
	uint32_t network_policies;
	uint32_t cluster_policies; /* of the tiers around NetworkPolicy, of any kind */
	uint32_t skipped_objects;  /* of kinds that no verdict needs */
	uint32_t skipped_policies; /* by ignore_unsupported_policies */
};
/* Counts the objects of a cluster. */
void weir_cluster_count(const struct weir_cluster *cluster, struct weir_cluster_counts *out);

/* Resolves a finished cluster. *out is owned by the caller and lives inside the cluster's
 * lifetime: names are borrowed. -ENOMEM. */
int weir_cluster_resolve(struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 struct weir_resolved **out);
/* Of what weir_cluster_resolve gave; NULL is allowed. */
void weir_resolved_destroy(struct weir_resolved *resolved);

/* Judges one connection straight from the objects of a finished cluster, with plain loops over all
 * of them, as docs/semantics.md reads: slow, without anything in common with resolving and
 * compiling, and what those are tested against. Cannot fail and never allocates. */
void weir_cluster_judge(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
			const struct weir_key *key, struct weir_verdict *out);

/* A kind of finding. Codes are stable; why and advice are those of findings that do not know better
 * ones. docs/lint.md has a row for each. */
struct weir_lint {
	const char *code;            /* "peer-selects-nothing" */
	enum weir_severity severity; /* a warning, or a note */
	const char *why;             /* why it matters */
	const char *advice;          /* what to do */
};
/* All kinds, *count of them; static storage. */
const struct weir_lint *weir_lint_table(size_t *count);

/* Reports what is legal in a finished cluster and probably not what was meant: first policy by
 * policy in the order of their names, then what is about other objects or about many. What asks for
 * pods is left out where there is none. -ENOMEM. */
int weir_cluster_lint(struct weir_cluster *cluster, const struct weir_sink *sink);

/* Writes what verdicts need of a finished cluster as YAML, object by object, through write,
 * which returns 0 or a negative errno that ends the writing and is returned. Reading the result
 * gives the same policy. */
int weir_cluster_slim(const struct weir_cluster *cluster,
		      int (*write)(void *context, const char *bytes, size_t length), void *context);

#ifdef __cplusplus
}
#endif
#endif
