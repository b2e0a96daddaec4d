/*
 * names.h - what an endpoint's text names: a pod, a node, a workload, a service or an address.
 */
#ifndef WEIR_QUERY_NAMES_H
#define WEIR_QUERY_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/address.h"
#include "weir/error.h"
#include "weir/policy.h"

enum query_named_kind {
	QUERY_POD,
	QUERY_NODE,
	QUERY_WORKLOAD,
	QUERY_SERVICE,
	QUERY_ADDRESS,
};

struct query_named {
	uint8_t kind;                /* enum query_named_kind */
	bool has_address;            /* it was written as an address */
	uint32_t index;              /* of an endpoint, a workload or a service */
	struct weir_address address; /* when has_address */
};

/* Finds what a text names. An address is its service when it is a service's, else a
 * QUERY_ADDRESS. *suggestions counts down the searches for the nearest name. -ENOENT: nothing has
 * that name; -EINVAL: it is no endpoint's text. */
int query_find(const struct weir_policy *policy, const char *text, uint32_t *suggestions,
	       struct query_named *out, struct weir_error *error);

#endif
