/*
 * nearest.h - the name that somebody who wrote a wrong one probably meant.
 */
#ifndef WEIR_QUERY_NEAREST_H
#define WEIR_QUERY_NEAREST_H

#include <stdbool.h>

#include "weir/policy.h"

enum {
	NEAREST_TEXT = 600, /* bytes for an endpoint's text: namespace, kind and name, each cut */
};

/* Each writes the endpoint's text that is nearest to a name that nothing has, and returns false
 * when there is none worth naming. They look at every name: for failures only. */
bool query_nearest_pod(const struct weir_policy *policy, const char *namespace_name,
		       const char *name, char text[NEAREST_TEXT]);
bool query_nearest_node(const struct weir_policy *policy, const char *name,
			char text[NEAREST_TEXT]);
bool query_nearest_workload(const struct weir_policy *policy, const char *kind,
			    const char *namespace_name, const char *name, char text[NEAREST_TEXT]);
bool query_nearest_service(const struct weir_policy *policy, const char *namespace_name,
			   const char *name, char text[NEAREST_TEXT]);

#endif
