/*
 * kinds.h - which kinds of objects are read, which are refused, and which are nobody's business.
 */
#ifndef WEIR_K8S_KINDS_H
#define WEIR_K8S_KINDS_H

#include "read_meta.h"

struct k8s_kind {
	const char *group;
	const char *name;
	size_t array;  /* offset in struct weir_cluster of the array that keeps them */
	uint8_t scope; /* enum k8s_scope */
	const char *const
		*versions; /* of policies, which are read strictly; NULL: any, leniently */
	void (*read)(struct k8s_reader *reader, const struct k8s_field *root, void *object);
};

/* The kind of an object, by its apiVersion's group, and of policies by the version too, since
 * other versions may mean something else; NULL when it is not read. */
const struct k8s_kind *k8s_find_kind(const char *api_version, const char *name);

/* The kind of a name, whatever its group; NULL when none that is read has it. */
const struct k8s_kind *k8s_kind_named(const char *name);

/* The version behind the group of an apiVersion: "v1" of "apps/v1". */
const char *k8s_version_of(const char *api_version);

/* A kind that decides about traffic in a way that is not implemented. */
bool k8s_is_unsupported_policy(const char *api_version, const char *name);

/* What to write as apiVersion of a kind that is read, when what is written is missing, or is of
 * one of Kubernetes' own groups and so a mistake; NULL when nothing is wrong with it. */
const char *k8s_right_version(const char *api_version, const char *name);

#endif
