/*
 * A question by name becomes the connections that it stands for, and their verdicts one answer.
 *
 *	from  shop/Deployment/web  ->  places  web-0 {10.0.0.1, fd00::1}, web-1 {10.0.0.2}
 *	to    shop/Service/db:5432 ->  places  db-0 {10.0.0.9} port 85, db-0 {fd00::9} port 85
 *
 *	pairs  web-0 10.0.0.1 > 10.0.0.9:85
 *	       web-0 fd00::1  > [fd00::9]:85
 *	       web-1 10.0.0.2 > 10.0.0.9:85
 *
 * Every place of one side is paired with every place of the other in each family that they share.
 * A workload asked about itself means its pods among each other: a pod and itself is always
 * allowed and would blur the answer, so that pair is left out while any other remains.
 */
#include "weir/query.h"

#include <errno.h>
#include <string.h>

#include "array.h"
#include "fail.h"
#include "handle.h"
#include "names.h"
#include "places.h"
#include "weir/directory.h"

enum {
	/* Nobody reads more, and every search for a nearest name looks at every name. */
	SUGGESTIONS = 1000,
	ICMP_ECHO_REQUEST = 8,
	ICMPV6_ECHO_REQUEST = 128,
};

struct weir_querier {
	const struct weir_allocator *allocator;
	struct weir_policy *policy;
	struct weir_arena arena;
	struct query_members members;
	struct weir_array sources; /* struct query_place */
	struct weir_array targets; /* struct query_place */
	struct weir_array pairs;   /* struct weir_answer_pair */
	uint32_t suggestions;
};

static bool has_ports(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	       protocol == WEIR_PROTOCOL_SCTP;
}

/* Whether a protocol exists in a family. */
static bool in_family(uint8_t protocol, bool is_ipv4)
{
	if (protocol == WEIR_PROTOCOL_ICMP)
		return is_ipv4;
	return protocol != WEIR_PROTOCOL_ICMPV6 || !is_ipv4;
}

static struct weir_key key_of(const struct weir_query *query, const struct query_place *source,
			      const struct query_place *target)
{
	struct weir_key key = { .protocol = query->protocol, .flags = WEIR_KEY_BOTH };

	if (has_ports(query->protocol)) {
		key.source_port = query->source_port;
		key.destination_port = target->port;
	}
	if (query->protocol == WEIR_PROTOCOL_ICMP || query->protocol == WEIR_PROTOCOL_ICMPV6) {
		uint8_t echo = query->protocol == WEIR_PROTOCOL_ICMP ? ICMP_ECHO_REQUEST
								     : ICMPV6_ECHO_REQUEST;

		key.icmp_type = query->has_icmp_type ? query->icmp_type : echo;
		key.icmp_code = query->icmp_code;
	}
	if (target->is_backend) /* which the source itself may be */
		key.flags |= WEIR_KEY_HAIRPIN;
	/* The flag is about both ends, and a backend that nobody knows stays an unknown pod. */
	if ((source->is_external || target->is_external) && !source->is_unknown &&
	    !target->is_unknown)
		key.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
	return key;
}

static int add_pair(struct weir_querier *querier, struct weir_key key,
		    const struct query_place *source, const struct query_place *target)
{
	struct weir_answer_pair *pair;

	pair = weir_array_push(&querier->pairs);
	if (!pair)
		return -ENOMEM;
	query_place_format(querier->policy, source, &key.source, pair->from, sizeof(pair->from));
	query_place_format(querier->policy, target, &key.destination, pair->to, sizeof(pair->to));
	weir_policy_explain(querier->policy, &key, &pair->explanation);
	pair->key = key;
	return 0;
}

static const struct weir_address *of_family(const struct query_place *place, bool is_ipv4)
{
	for (uint8_t i = 0; i < place->address_count; i++) {
		if (weir_address_is_ipv4(&place->addresses[i]) == is_ipv4)
			return &place->addresses[i];
	}
	return NULL;
}

/* Every family that two places share, in the order of a node's addresses when one is a node. */
static int pair_places(struct weir_querier *querier, const struct weir_query *query,
		       const struct query_place *source, const struct query_place *target)
{
	const struct query_place *order = target->is_node && !source->is_node ? target : source;
	struct weir_key key = key_of(query, source, target);

	for (uint8_t i = 0; i < order->address_count; i++) {
		bool is_ipv4 = weir_address_is_ipv4(&order->addresses[i]);
		const struct weir_address *from = of_family(source, is_ipv4);
		const struct weir_address *to = of_family(target, is_ipv4);
		int status;

		if (!from || !to || !in_family(query->protocol, is_ipv4))
			continue;
		key.source = *from;
		key.destination = *to;
		status = add_pair(querier, key, source, target);
		if (status || source->is_node || target->is_node)
			return status;
	}
	return 0;
}

/* True when there are two places that differ, so that a pod and itself may be left out. */
static bool has_others(const struct weir_querier *querier)
{
	const struct query_place *sources = querier->sources.items;
	const struct query_place *targets = querier->targets.items;

	return querier->sources.count > 1 || querier->targets.count > 1 ||
	       sources[0].endpoint != targets[0].endpoint;
}

static int pair_all(struct weir_querier *querier, const struct weir_query *query, bool skip_self,
		    struct weir_error *error)
{
	const struct query_place *sources = querier->sources.items;
	const struct query_place *targets = querier->targets.items;

	querier->pairs.count = 0;
	if (querier->sources.count > WEIR_ANSWER_PAIRS_MAX / querier->targets.count)
		return query_fail(error, -ERANGE,
				  "%s and %s stand for %zu times %zu places, more than are asked "
				  "about at once",
				  query->from, query->to, querier->sources.count,
				  querier->targets.count);
	for (size_t i = 0; i < querier->sources.count; i++) {
		for (size_t j = 0; j < querier->targets.count; j++) {
			int status;

			if (skip_self && sources[i].endpoint == targets[j].endpoint)
				continue;
			status = pair_places(querier, query, &sources[i], &targets[j]);
			if (status)
				return status;
		}
	}
	return 0;
}

static int nothing_shared(const struct weir_query *query, struct weir_error *error)
{
	if (query->protocol == WEIR_PROTOCOL_ICMP)
		return query_fail(error, -EINVAL,
				  "%s and %s share no IPv4 address, which ICMP needs; for IPv6 ask "
				  "about ICMPv6",
				  query->from, query->to);
	if (query->protocol == WEIR_PROTOCOL_ICMPV6)
		return query_fail(error, -EINVAL,
				  "%s and %s share no IPv6 address, which ICMPv6 needs; for IPv4 "
				  "ask about ICMP",
				  query->from, query->to);
	return query_fail(error, -EINVAL, "%s and %s share no address family", query->from,
			  query->to);
}

/* One kind for all pairs: mixed when some allow and some deny. */
static enum weir_answer_kind summarize(const struct weir_array *pairs)
{
	const struct weir_answer_pair *items = pairs->items;
	size_t counts[WEIR_AMBIGUOUS + 1] = { 0 };

	for (size_t i = 0; i < pairs->count; i++)
		counts[items[i].explanation.verdict.action]++;
	if (counts[WEIR_ALLOW] && counts[WEIR_DENY])
		return WEIR_ANSWER_MIXED;
	if (counts[WEIR_AMBIGUOUS])
		return WEIR_ANSWER_AMBIGUOUS;
	return counts[WEIR_ALLOW] ? WEIR_ANSWER_ALLOW : WEIR_ANSWER_DENY;
}

static int find_side(struct weir_querier *querier, const struct weir_query *query, const char *text,
		     struct query_side *out, struct weir_error *error)
{
	*out = (struct query_side){ .policy = querier->policy,
				    .members = &querier->members,
				    .query = query,
				    .text = text };
	return query_find(querier->policy, text, &querier->suggestions, &out->named, error);
}

int weir_querier_ask(struct weir_querier *querier, const struct weir_query *query,
		     struct weir_answer *out, struct weir_error *error)
{
	struct query_side from, to;
	bool among_pods;
	int status = find_side(querier, query, query->from, &from, error);

	if (!status)
		status = find_side(querier, query, query->to, &to, error);
	if (status)
		return status;
	if (has_ports(query->protocol) && !query->has_port)
		return query_fail(error, -EINVAL, "TCP, UDP and SCTP need a port");
	status = query_sources(&from, &querier->sources, error);
	if (!status)
		status = query_targets(&to, &querier->targets, error);
	if (status)
		return status;
	among_pods = from.named.kind == QUERY_WORKLOAD && to.named.kind == QUERY_WORKLOAD;
	status = pair_all(querier, query, among_pods && has_others(querier), error);
	if (status)
		return status;
	if (!querier->pairs.count)
		return nothing_shared(query, error);
	*out = (struct weir_answer){ (uint8_t)summarize(&querier->pairs), querier->pairs.items,
				     querier->pairs.count };
	return 0;
}

/* Where the addresses of an endpoint go: the caller's array, as far as it reaches. */
struct address_list {
	struct weir_address *items;
	size_t size;
	size_t count;
};

static void list_addresses(struct address_list *list, const struct weir_address *addresses,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list->count < list->size)
			list->items[list->count] = addresses[i];
		list->count++;
	}
}

/* All addresses of what was found, not one of a family: a node has many. */
static void list_places(const struct weir_querier *querier, struct address_list *list)
{
	const struct query_place *places = querier->sources.items;

	for (size_t i = 0; i < querier->sources.count; i++) {
		struct weir_endpoint_view view;

		if (places[i].is_node) {
			weir_policy_endpoint(querier->policy, places[i].endpoint, &view);
			list_addresses(list, view.addresses, view.address_count);
		} else {
			list_addresses(list, places[i].addresses, places[i].address_count);
		}
	}
}

static int list_service(struct weir_querier *querier, const struct query_side *side,
			struct address_list *list)
{
	struct weir_service_view service;
	int status = query_sources(side, &querier->sources, NULL);

	if (status == -ENOMEM)
		return status;
	weir_policy_service(querier->policy, side->named.index, &service);
	list_addresses(list, service.addresses, service.address_count);
	list_places(querier, list);
	return 0;
}

int weir_querier_addresses(struct weir_querier *querier, const char *endpoint,
			   struct weir_address *addresses, size_t size, struct weir_error *error)
{
	static const struct weir_query no_query = { 0 };
	struct address_list list = { addresses, size, 0 };
	struct query_side side;
	int status = find_side(querier, &no_query, endpoint, &side, error);

	if (status)
		return status;
	if (side.named.kind == QUERY_SERVICE) {
		status = list_service(querier, &side, &list);
	} else {
		status = query_sources(&side, &querier->sources, error);
		if (!status)
			list_places(querier, &list);
	}
	return status ? status : (int)list.count;
}

int weir_querier_create(struct weir_policy *policy, const struct weir_allocator *allocator,
			struct weir_querier **out)
{
	struct weir_querier *querier;

	if (!policy_is_whole(policy))
		return -EINVAL;
	allocator = weir_allocator_or_default(allocator);
	querier = weir_allocate_zeroed(allocator, 1, sizeof(*querier));
	if (!querier)
		return -ENOMEM;
	querier->allocator = allocator;
	querier->suggestions = SUGGESTIONS;
	querier->sources = weir_array_of(allocator, struct query_place);
	querier->targets = weir_array_of(allocator, struct query_place);
	querier->pairs = weir_array_of(allocator, struct weir_answer_pair);
	weir_arena_init(&querier->arena, allocator);
	if (query_members_build(policy, &querier->arena, &querier->members)) {
		weir_querier_destroy(querier);
		return -ENOMEM;
	}
	querier->policy = weir_policy_ref(policy);
	*out = querier;
	return 0;
}

void weir_querier_destroy(struct weir_querier *querier)
{
	if (!querier)
		return;
	weir_array_finish(&querier->pairs);
	weir_array_finish(&querier->targets);
	weir_array_finish(&querier->sources);
	weir_arena_finish(&querier->arena);
	weir_policy_unref(querier->policy);
	weir_release(querier->allocator, querier);
}
