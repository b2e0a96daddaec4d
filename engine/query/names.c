/*
 * The forms, told apart by their slashes:
 *
 *	10.0.0.1, fd00::1     no slash: an address
 *	node/NAME             always a node
 *	NAMESPACE/NAME        a pod
 *	NAMESPACE/KIND/NAME   a pod, a service or a workload
 */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fail.h"
#include "kinds.h"
#include "nearest.h"
#include "weir/directory.h"

enum {
	PARTS_MAX = 3,
	PART_SIZE = 254, /* a name's most bytes, and a NUL */
};

/* What stands between the slashes, as strings of their own. */
struct parts {
	char items[PARTS_MAX][PART_SIZE];
	uint32_t count; /* 0 when a part is empty or too long, or there are too many */
};

static void split(const char *text, struct parts *out)
{
	out->count = 0;
	for (uint32_t count = 0; count < PARTS_MAX; count++) {
		size_t length = strcspn(text, "/");

		if (!length || length >= PART_SIZE)
			return;
		memcpy(out->items[count], text, length);
		out->items[count][length] = '\0';
		if (!text[length]) {
			out->count = count + 1;
			return;
		}
		text += length + 1;
	}
}

/* How a search for the nearest name is called, whatever is searched. */
struct search {
	const struct weir_policy *policy;
	uint32_t *suggestions;
	struct weir_error *error;
};

/* True when a search for the nearest name is still worth its time. */
static bool may_suggest(const struct search *search)
{
	if (!search->error || !*search->suggestions)
		return false;
	--*search->suggestions;
	return true;
}

static int unknown(const struct search *search, const char *what, const char *nearest)
{
	if (nearest)
		return query_fail(search->error, -ENOENT, "no %s; did you mean %s?", what, nearest);
	return query_fail(search->error, -ENOENT, "no %s", what);
}

enum { WHAT_TEXT = 3 * PART_SIZE + 32 };

static int find_pod(const struct search *search, const char *namespace_name, const char *name,
		    struct query_named *out)
{
	uint32_t index = weir_policy_find_pod(search->policy, namespace_name, name);
	char what[WHAT_TEXT], nearest[NEAREST_TEXT];
	bool any;

	if (index != WEIR_NONE) {
		*out = (struct query_named){ .kind = QUERY_POD, .index = index };
		return 0;
	}
	any = may_suggest(search) &&
	      query_nearest_pod(search->policy, namespace_name, name, nearest);
	snprintf(what, sizeof(what), "pod %s in namespace %s", name, namespace_name);
	return unknown(search, what, any ? nearest : NULL);
}

static int find_node(const struct search *search, const char *name, struct query_named *out)
{
	uint32_t index = weir_policy_find_node(search->policy, name);
	char what[WHAT_TEXT], nearest[NEAREST_TEXT];
	bool any;

	if (index != WEIR_NONE) {
		*out = (struct query_named){ .kind = QUERY_NODE, .index = index };
		return 0;
	}
	any = may_suggest(search) && query_nearest_node(search->policy, name, nearest);
	snprintf(what, sizeof(what), "node %s", name);
	return unknown(search, what, any ? nearest : NULL);
}

static int find_service(const struct search *search, const char *namespace_name, const char *name,
			struct query_named *out)
{
	uint32_t index = weir_policy_find_service(search->policy, namespace_name, name);
	char what[WHAT_TEXT], nearest[NEAREST_TEXT];
	bool any;

	if (index != WEIR_NONE) {
		*out = (struct query_named){ .kind = QUERY_SERVICE, .index = index };
		return 0;
	}
	any = may_suggest(search) &&
	      query_nearest_service(search->policy, namespace_name, name, nearest);
	snprintf(what, sizeof(what), "Service %s in namespace %s", name, namespace_name);
	return unknown(search, what, any ? nearest : NULL);
}

/* How workloads spell a kind that is none of Kubernetes' own ("Rollout"); NULL when none is of
 * it. */
static const char *spelling(const struct weir_policy *policy, const char *word)
{
	for (uint32_t i = 0; i < weir_policy_workload_count(policy); i++) {
		struct weir_workload_view view;

		weir_policy_workload(policy, i, &view);
		if (strcasecmp(view.kind, word) == 0)
			return view.kind;
	}
	return NULL;
}

static int find_workload(const struct search *search, const char *kind, const char *namespace_name,
			 const char *name, struct query_named *out)
{
	uint32_t index = weir_policy_find_workload(search->policy, kind, namespace_name, name);
	char what[WHAT_TEXT], nearest[NEAREST_TEXT];
	bool any;

	if (index != WEIR_NONE) {
		*out = (struct query_named){ .kind = QUERY_WORKLOAD, .index = index };
		return 0;
	}
	any = may_suggest(search) &&
	      query_nearest_workload(search->policy, kind, namespace_name, name, nearest);
	snprintf(what, sizeof(what), "%s %s in namespace %s", kind, name, namespace_name);
	return unknown(search, what, any ? nearest : NULL);
}

static int find_of_kind(const struct search *search, const struct parts *parts,
			struct query_named *out)
{
	const char *kind = query_kind(parts->items[1]);

	if (!kind)
		kind = spelling(search->policy, parts->items[1]);
	if (!kind)
		return query_fail(search->error, -ENOENT,
				  "no workload is a %s; Pod, Service, Deployment, StatefulSet, "
				  "DaemonSet, ReplicaSet, ReplicationController, Job and CronJob "
				  "are known",
				  parts->items[1]);
	if (strcmp(kind, "Pod") == 0)
		return find_pod(search, parts->items[0], parts->items[2], out);
	if (strcmp(kind, "Service") == 0)
		return find_service(search, parts->items[0], parts->items[2], out);
	return find_workload(search, kind, parts->items[0], parts->items[2], out);
}

static void find_address(const struct weir_policy *policy, const struct weir_address *address,
			 struct query_named *out)
{
	struct weir_owner owner;

	weir_policy_owner(policy, address, &owner);
	*out = (struct query_named){
		.kind = owner.kind == WEIR_OWNER_SERVICE ? QUERY_SERVICE : QUERY_ADDRESS,
		.has_address = true,
		.index = owner.index,
		.address = *address,
	};
}

int query_find(const struct weir_policy *policy, const char *text, uint32_t *suggestions,
	       struct query_named *out, struct weir_error *error)
{
	const struct search search = { policy, suggestions, error };
	struct weir_address address;
	struct weir_prefix prefix;
	struct parts parts;

	if (weir_address_parse(text, strlen(text), &address) == 0) {
		find_address(policy, &address, out);
		return 0;
	}
	if (weir_prefix_parse(text, strlen(text), &prefix, NULL) == 0)
		return query_fail(error, -EINVAL, "%s is a range: ask about one of its addresses",
				  text);
	split(text, &parts);
	if (parts.count == 2 && strcmp(parts.items[0], "node") == 0)
		return find_node(&search, parts.items[1], out);
	if (parts.count == 2)
		return find_pod(&search, parts.items[0], parts.items[1], out);
	if (parts.count == 3)
		return find_of_kind(&search, &parts, out);
	return query_fail(error, -EINVAL,
			  "\"%.200s\" is no endpoint: write NAMESPACE/POD, NAMESPACE/KIND/NAME, "
			  "an IP address or node/NAME",
			  text);
}
