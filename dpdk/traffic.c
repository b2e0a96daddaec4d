#include "traffic.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen_connections.h"
#include "refuse.h"

enum {
	CONNECTIONS = 1024,
	/* So many times as many are drawn, and some, since not all fit into frames. */
	SPARE = 2,
	SPARE_MORE = 64,
};

/* Whether the flow of that number is one of the share, which lie evenly between the others; number
 * becomes its number among its like. */
static bool is_among(uint16_t share, uint32_t *number)
{
	uint64_t before = (uint64_t)*number * share / GEN_ALL;
	bool is = ((uint64_t)*number + 1) * share / GEN_ALL > before;

	*number = is ? (uint32_t)before : (uint32_t)(*number - before);
	return is;
}

bool traffic_flow_is_allowed(const struct traffic *traffic, uint32_t flow)
{
	uint32_t number = flow;

	if (traffic_is_trace(traffic))
		return flow < traffic->allowed_count;
	return is_among(traffic->allowed, &number);
}

static enum traffic_kind kind_of(const struct traffic *traffic, uint32_t *number)
{
	enum traffic_kind kind = TRAFFIC_SCTP;

	while (kind < TRAFFIC_OTHERS && !is_among(traffic->shares[kind], number))
		kind++;
	return kind;
}

uint32_t traffic_flow_connection(const struct traffic *traffic, uint32_t flow)
{
	const struct traffic_range *range;
	uint32_t number = flow;
	bool is_allowed;

	if (traffic_is_trace(traffic))
		return flow;
	is_allowed = is_among(traffic->allowed, &number);
	range = &traffic->ranges[is_allowed][kind_of(traffic, &number)];
	return range->first + number % range->count;
}

bool traffic_has_replies(const struct traffic *traffic)
{
	for (uint32_t i = 0; i < traffic->packet_count; i++)
		if (traffic->packets[i].flow & STAMP_REPLY)
			return true;
	return false;
}

bool traffic_has_ipv6(const struct traffic *traffic)
{
	for (uint32_t i = 0; i < traffic->connection_count; i++)
		if (!traffic->connections[i].templates[FRAME_FORWARD].is_ipv4)
			return true;
	return false;
}

uint32_t traffic_round(const struct traffic *traffic)
{
	return traffic_is_trace(traffic) ? traffic->packet_count : traffic->flow_count;
}

/* Drawing. */

static int check(const struct traffic_options *options, struct weir_error *error)
{
	if (!options->flows || options->flows > TRAFFIC_FLOWS_MAX)
		return gen_refuse(error, "%u flows: 1 to %u", options->flows, TRAFFIC_FLOWS_MAX);
	if (options->connections > TRAFFIC_CONNECTIONS_MAX)
		return gen_refuse(error, "%u connections: at most %u", options->connections,
				  TRAFFIC_CONNECTIONS_MAX);
	if (options->allowed > GEN_ALL)
		return gen_refuse(error, "the share of allowed flows is more than all");
	if (options->sctp + options->echoes > GEN_ALL)
		return gen_refuse(error, "the shares of SCTP and of echoes are more than all");
	if (options->least_frame &&
	    (options->least_frame < FRAME_LEAST || options->least_frame > FRAME_MOST))
		return gen_refuse(error, "frames of %u bytes: %u to %u", options->least_frame,
				  FRAME_LEAST, FRAME_MOST);
	return 0;
}

static uint32_t wanted_connections(const struct traffic_options *options)
{
	uint32_t wanted = options->connections;
	uint32_t least = options->flows / (TRAFFIC_FLOWS_A_CONNECTION / 2) + 1;

	if (!wanted)
		wanted = least > CONNECTIONS ? least : CONNECTIONS;
	return wanted < options->flows ? wanted : options->flows;
}

static bool fits(const struct traffic *traffic, const struct weir_key *key)
{
	return frame_is_possible(key) && frame_least(key) <= traffic->least_frame &&
	       key->destination_port < TRAFFIC_PORT_FIRST;
}

/* Connections whose ends are the same would take each other's ports. */

struct ends {
	struct weir_key key;
	uint32_t at;
};

/* Identifiers of echoes are both ports, so their two directions are alike. */
static struct ends ends_of(const struct weir_key *key, uint32_t at)
{
	struct ends ends = { *key, at };

	if (key->destination_port ||
	    memcmp(&key->source, &key->destination, sizeof(key->source)) < 0)
		return ends;
	ends.key.source = key->destination;
	ends.key.destination = key->source;
	return ends;
}

static int by_ends(const void *left, const void *right)
{
	const struct ends *a = left;
	const struct ends *b = right;
	int order = memcmp(&a->key, &b->key, sizeof(a->key));

	return order ? order : (a->at > b->at) - (a->at < b->at);
}
static_assert(sizeof(struct weir_key) == 44, "keys have no holes");

/* By place, whether the same ends came before. NULL: no memory. */
static bool *find_again(const struct gen_pool *pool)
{
	bool *again = calloc(pool->count + 1u, sizeof(*again));
	struct ends *ends = calloc(pool->count + 1u, sizeof(*ends));

	if (!again || !ends) {
		free(again);
		free(ends);
		return NULL;
	}
	for (uint32_t i = 0; i < pool->count; i++)
		ends[i] = ends_of(&pool->items[i].key, i);
	qsort(ends, pool->count, sizeof(*ends), by_ends);
	for (uint32_t i = 1; i < pool->count; i++)
		again[ends[i].at] = !memcmp(&ends[i - 1].key, &ends[i].key, sizeof(ends[i].key));
	free(ends);
	return again;
}

static enum traffic_kind kind_of_key(const struct traffic *traffic, const struct weir_key *key)
{
	if (key->protocol == WEIR_PROTOCOL_SCTP)
		return TRAFFIC_SCTP;
	return key->icmp_type && traffic->shares[TRAFFIC_ECHOES] ? TRAFFIC_ECHOES : TRAFFIC_OTHERS;
}

static void add_connection(struct traffic *traffic, const struct weir_key *key, bool is_allowed)
{
	struct traffic_connection *connection = &traffic->connections[traffic->connection_count++];

	connection->key = *key;
	connection->is_allowed = is_allowed;
	for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++)
		frame_template_make(key, way, &connection->templates[way]);
}

static uint32_t part_of(uint32_t whole, uint32_t share)
{
	uint32_t part = (uint32_t)((uint64_t)whole * share / GEN_ALL);

	return share && !part ? 1 : part;
}

/* How many connections of each kind there are to be of so many; one at least where any. */
static void divide(const struct traffic *traffic, uint32_t most, uint32_t out[TRAFFIC_KINDS])
{
	for (enum traffic_kind kind = TRAFFIC_SCTP; kind < TRAFFIC_OTHERS; kind++) {
		out[kind] = part_of(most, traffic->shares[kind]);
		most -= out[kind];
	}
	out[TRAFFIC_OTHERS] = most;
}

/* Takes at most so many of a pool, of those that fit, kind by kind. */
static int take(struct traffic *traffic, const struct gen_pool *pool, uint32_t most,
		bool is_allowed)
{
	bool *again = find_again(pool);
	uint32_t wanted[TRAFFIC_KINDS];

	if (!again)
		return -ENOMEM;
	divide(traffic, most, wanted);
	for (enum traffic_kind kind = TRAFFIC_SCTP; kind < TRAFFIC_KINDS; kind++) {
		struct traffic_range *range = &traffic->ranges[is_allowed][kind];

		range->first = traffic->connection_count;
		for (uint32_t i = 0; i < pool->count && range->count < wanted[kind]; i++) {
			const struct weir_key *key = &pool->items[i].key;

			if (again[i] || kind_of_key(traffic, key) != kind || !fits(traffic, key))
				continue;
			add_connection(traffic, key, is_allowed);
			range->count++;
		}
	}
	free(again);
	return 0;
}

/* Flows of each kind, as their numbers fall. */
static int check_kind(const struct traffic *traffic, uint64_t flows, bool is_allowed,
		      enum traffic_kind kind, struct weir_error *error)
{
	static const char *const names[] = { "SCTP ", "echo ", "" };
	static const char *const verdicts[] = { "denied", "allowed" };
	uint32_t found = traffic->ranges[is_allowed][kind].count;

	if (flows && !found)
		return gen_refuse(error,
				  "no %s %sconnection was found whose frames can be of %u bytes: "
				  "larger frames (80 for UDP over IPv6, 84 for TCP, 90 and 110 for "
				  "SCTP), or another seed",
				  verdicts[is_allowed], names[kind], traffic->least_frame);
	if (flows > (uint64_t)found * TRAFFIC_FLOWS_A_CONNECTION)
		return gen_refuse(error,
				  "%llu %s %sflows of %u connections: at most %u of each, so fewer "
				  "flows or more connections",
				  (unsigned long long)flows, verdicts[is_allowed], names[kind],
				  found, TRAFFIC_FLOWS_A_CONNECTION);
	return 0;
}

static int check_taken(const struct traffic *traffic, struct weir_error *error)
{
	uint64_t flows = traffic->flow_count;
	uint64_t allowed = flows * traffic->allowed / GEN_ALL;
	uint64_t of[2] = { flows - allowed, allowed };
	int status = 0;

	for (unsigned i = 0; i < 2; i++)
		for (enum traffic_kind kind = TRAFFIC_SCTP; !status && kind < TRAFFIC_KINDS;
		     kind++) {
			uint64_t part = kind == TRAFFIC_OTHERS
						? of[i]
						: of[i] * traffic->shares[kind] / GEN_ALL;

			status = check_kind(traffic, part, i, kind, error);
			of[i] -= part;
		}
	return status;
}

static int take_connections(struct traffic *traffic, const struct gen_connections *drawn,
			    const uint32_t wanted[GEN_CLASSES], struct weir_error *error)
{
	size_t most = (size_t)wanted[GEN_ALLOWED] + wanted[GEN_DENIED];
	int status;

	traffic->connections = calloc(most, sizeof(*traffic->connections));
	traffic->arrived = calloc(traffic->flow_count, 1);
	if (!traffic->connections || !traffic->arrived)
		return -ENOMEM;
	status = take(traffic, &drawn->pools[GEN_ALLOWED], wanted[GEN_ALLOWED], true);
	traffic->allowed_count = traffic->connection_count;
	if (!status)
		status = take(traffic, &drawn->pools[GEN_DENIED], wanted[GEN_DENIED], false);
	return status ? status : check_taken(traffic, error);
}

static int draw(struct traffic *traffic, const struct weir_cluster *cluster,
		const struct weir_resolved *resolved, const struct traffic_options *options,
		struct weir_error *error)
{
	uint32_t connections = wanted_connections(options);
	const uint32_t wanted[GEN_CLASSES] = {
		[GEN_ALLOWED] = part_of(connections, options->allowed),
		[GEN_DENIED] = part_of(connections, GEN_ALL - options->allowed),
	};
	struct gen_connections_options drawing = { .seed = options->seed };
	struct gen_connections drawn;
	int status;

	for (unsigned i = 0; i < GEN_CLASSES; i++)
		drawing.wanted[i] = wanted[i] ? SPARE * wanted[i] + SPARE_MORE : 0;
	status = gen_connections_draw(cluster, resolved, &drawing, &drawn, error);
	if (!status)
		status = take_connections(traffic, &drawn, wanted, error);
	gen_connections_finish(&drawn);
	return status;
}

int traffic_draw(const struct weir_cluster *cluster, const struct weir_resolved *resolved,
		 const struct traffic_options *options, struct traffic **out,
		 struct weir_error *error)
{
	int status = check(options, error);
	struct traffic *traffic;

	if (status)
		return status;
	traffic = calloc(1, sizeof(*traffic));
	if (!traffic)
		return -ENOMEM;
	traffic->flow_count = options->flows;
	traffic->allowed = options->allowed;
	traffic->shares[TRAFFIC_SCTP] = options->sctp;
	if (options->sctp < GEN_ALL)
		traffic->shares[TRAFFIC_ECHOES] =
			(uint16_t)((uint32_t)options->echoes * GEN_ALL / (GEN_ALL - options->sctp));
	traffic->least_frame = options->least_frame ? options->least_frame : FRAME_LEAST;
	status = draw(traffic, cluster, resolved, options, error);
	if (status) {
		traffic_destroy(traffic);
		return status;
	}
	*out = traffic;
	return 0;
}

void traffic_destroy(struct traffic *traffic)
{
	if (!traffic)
		return;
	free(traffic->connections);
	free(traffic->packets);
	free(traffic->arrived);
	free(traffic);
}
