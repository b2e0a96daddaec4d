#include "kinds.h"

#include <stddef.h>
#include <strings.h>

/* As kubectl knows them: the kind, its plural, its short name. */
static const struct {
	const char *kind;
	const char *plural;
	const char *brief;
} kinds[] = {
	{ "Pod", "pods", "po" },
	{ "Service", "services", "svc" },
	{ "Deployment", "deployments", "deploy" },
	{ "StatefulSet", "statefulsets", "sts" },
	{ "DaemonSet", "daemonsets", "ds" },
	{ "ReplicaSet", "replicasets", "rs" },
	{ "ReplicationController", "replicationcontrollers", "rc" },
	{ "Job", "jobs", "job" },
	{ "CronJob", "cronjobs", "cj" },
};

const char *query_kind(const char *word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcasecmp(word, kinds[i].kind) == 0 ||
		    strcasecmp(word, kinds[i].plural) == 0 || strcasecmp(word, kinds[i].brief) == 0)
			return kinds[i].kind;
	}
	return NULL;
}
