/*
 * weir/semantics.h - the choices that the specification leaves to an implementation.
 *
 * A zeroed struct holds the defaults. docs/semantics.md names the row behind each switch.
 */
#ifndef WEIR_SEMANTICS_H
#define WEIR_SEMANTICS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether an ipBlock matches the addresses of pods (S8). */
enum weir_ipblock_pods {
	WEIR_IPBLOCK_PODS_MATCH,
	WEIR_IPBLOCK_PODS_IGNORE,
};

/* Whether a pod may always reach the node that it runs on (S12). The node may always reach the
 * pod, whatever this says. */
enum weir_own_node {
	WEIR_OWN_NODE_ALLOW,
	WEIR_OWN_NODE_POLICY,
};

/* What rules say about protocols other than TCP, UDP and SCTP (S14). */
enum weir_other_protocols {
	WEIR_OTHER_PROTOCOLS_NO_PORTS, /* matched only by rules without ports */
	WEIR_OTHER_PROTOCOLS_ALLOW,    /* never restricted: not-isolated */
	WEIR_OTHER_PROTOCOLS_DENY,     /* matched by no rule: denied where isolated */
};

struct weir_semantics {
	uint8_t ipblock_pods;    /* enum weir_ipblock_pods */
	uint8_t own_node;        /* enum weir_own_node */
	uint8_t other_protocols; /* enum weir_other_protocols */
};

#ifdef __cplusplus
}
#endif
#endif
