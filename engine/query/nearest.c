/*
 * Nearest is the least cost, the first of equals:
 *
 *	0        the very name, of another kind in that namespace ("shop/web", the Deployment)
 *	1..      the edits (Levenshtein) from the name to the candidate's, up to a third of its
 *		 length; a candidate that only goes on after the name ("web" for "web-0") costs one
 *		 more than the most
 *	+ own    the same name in another namespace: the edits between the namespaces
 */
#include "nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "weir/directory.h"
#include "weir/resolved.h"

enum {
	NAME_MAX_LENGTH = 253, /* what a Kubernetes name may have; longer ones are no candidates */
	COST_NONE = 1 << 20,
};

static uint16_t least(unsigned a, unsigned b)
{
	return (uint16_t)(a < b ? a : b);
}

/* The edits that make a into b, two neighbours changing places being one; more than most when
 * they are more than that. */
static unsigned edits(const char *a, const char *b, unsigned most)
{
	uint16_t rows[3][NAME_MAX_LENGTH + 1]; /* by the length of a's beginning, modulo 3 */
	size_t a_length = strlen(a), b_length = strlen(b);
	size_t apart = a_length > b_length ? a_length - b_length : b_length - a_length;

	if (a_length > NAME_MAX_LENGTH || b_length > NAME_MAX_LENGTH || apart > most)
		return most + 1;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (uint16_t)j;
	for (size_t i = 1; i <= a_length; i++) {
		uint16_t *row = rows[i % 3];
		const uint16_t *above = rows[(i + 2) % 3], *twice_above = rows[(i + 1) % 3];

		row[0] = (uint16_t)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(above[j] + 1u, row[j - 1] + 1u);
			row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], twice_above[j - 2] + 1u);
		}
	}
	return rows[a_length % 3][b_length];
}

static unsigned cost_of_name(const char *wanted, const char *candidate)
{
	size_t length = strlen(wanted);
	unsigned most = length < 6 ? 2 : (unsigned)(length / 3);
	unsigned cost = edits(wanted, candidate, most);

	if (cost <= most)
		return cost;
	if (length && strncmp(wanted, candidate, length) == 0)
		return most + 1;
	return COST_NONE;
}

/* Names in another namespace count when they are exactly the name. */
static unsigned cost_of(const char *namespace_name, const char *name,
			const char *candidate_namespace, const char *candidate)
{
	if (strcmp(namespace_name, candidate_namespace) == 0)
		return cost_of_name(name, candidate);
	if (strcmp(name, candidate) == 0)
		return 1 + edits(namespace_name, candidate_namespace, NAME_MAX_LENGTH);
	return COST_NONE;
}

static void write_kind(char text[NEAREST_TEXT], const char *namespace_name, const char *kind,
		       const char *name)
{
	snprintf(text, NEAREST_TEXT, "%.253s/%.63s/%.253s", namespace_name, kind, name);
}

static bool same_name_of_other_kind(const struct weir_policy *policy, const char *namespace_name,
				    const char *name, char text[NEAREST_TEXT])
{
	for (uint32_t i = 0; i < weir_policy_workload_count(policy); i++) {
		struct weir_workload_view workload;

		weir_policy_workload(policy, i, &workload);
		if (strcmp(workload.name, name) == 0 &&
		    strcmp(workload.namespace_name, namespace_name) == 0) {
			write_kind(text, namespace_name, workload.kind, name);
			return true;
		}
	}
	if (weir_policy_find_service(policy, namespace_name, name) == WEIR_NONE)
		return false;
	write_kind(text, namespace_name, "Service", name);
	return true;
}

static bool nearest_endpoint(const struct weir_policy *policy, enum weir_endpoint_kind kind,
			     const char *namespace_name, const char *name,
			     struct weir_endpoint_view *out)
{
	unsigned least = COST_NONE;

	for (uint32_t i = 0; i < weir_policy_endpoint_count(policy); i++) {
		struct weir_endpoint_view candidate;
		unsigned cost;

		weir_policy_endpoint(policy, i, &candidate);
		if (candidate.kind != kind || candidate.rank == WEIR_RANK_FINISHED)
			continue;
		cost = cost_of(namespace_name, name, candidate.namespace_name, candidate.name);
		if (cost < least) {
			least = cost;
			*out = candidate;
		}
	}
	return least != COST_NONE;
}

bool query_nearest_pod(const struct weir_policy *policy, const char *namespace_name,
		       const char *name, char text[NEAREST_TEXT])
{
	struct weir_endpoint_view found;

	if (same_name_of_other_kind(policy, namespace_name, name, text))
		return true;
	if (!nearest_endpoint(policy, WEIR_ENDPOINT_POD, namespace_name, name, &found))
		return false;
	snprintf(text, NEAREST_TEXT, "%.253s/%.253s", found.namespace_name, found.name);
	return true;
}

bool query_nearest_node(const struct weir_policy *policy, const char *name, char text[NEAREST_TEXT])
{
	struct weir_endpoint_view found;

	if (!nearest_endpoint(policy, WEIR_ENDPOINT_NODE, "", name, &found))
		return false;
	snprintf(text, NEAREST_TEXT, "node/%.253s", found.name);
	return true;
}

bool query_nearest_workload(const struct weir_policy *policy, const char *kind,
			    const char *namespace_name, const char *name, char text[NEAREST_TEXT])
{
	unsigned least = COST_NONE;

	if (same_name_of_other_kind(policy, namespace_name, name, text))
		return true;
	for (uint32_t i = 0; i < weir_policy_workload_count(policy); i++) {
		struct weir_workload_view candidate;
		unsigned cost;

		weir_policy_workload(policy, i, &candidate);
		if (strcmp(candidate.kind, kind) != 0)
			continue;
		cost = cost_of(namespace_name, name, candidate.namespace_name, candidate.name);
		if (cost < least) {
			least = cost;
			write_kind(text, candidate.namespace_name, kind, candidate.name);
		}
	}
	return least != COST_NONE;
}

bool query_nearest_service(const struct weir_policy *policy, const char *namespace_name,
			   const char *name, char text[NEAREST_TEXT])
{
	unsigned least = COST_NONE;

	if (same_name_of_other_kind(policy, namespace_name, name, text))
		return true;
	for (uint32_t i = 0; i < weir_policy_service_count(policy); i++) {
		struct weir_service_view candidate;
		unsigned cost;

		weir_policy_service(policy, i, &candidate);
		cost = cost_of(namespace_name, name, candidate.namespace_name, candidate.name);
		if (cost < least) {
			least = cost;
			write_kind(text, candidate.namespace_name, "Service", candidate.name);
		}
	}
	return least != COST_NONE;
}
