/*
 * Two passes: the first finds flows, their openers and verdicts (weir_trace); the second says of
 * each packet whose it is. Flows whose ends another flow had before, in either direction, are left
 * out: a live dataplane may take their packets for that one's.
 */
#include "traffic.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/trace.h"

#include "refuse.h"

enum {
	BURST = 256,
	ROOM = 4096, /* for packets, to begin with */
};

struct reading {
	struct weir_capture *capture;
	const struct weir_cluster *cluster;
	const struct weir_semantics *semantics;
	struct weir_trace *trace;
	struct traffic *traffic;
	uint32_t *numbers; /* by flow of the trace: the flow, or WEIR_NONE */
	size_t room;
};

static int next_frames(const struct reading *reading, struct weir_frame frames[BURST], int *status)
{
	int n = weir_capture_next(reading->capture, frames, BURST);

	if (n < 0)
		*status = n;
	return n;
}

/* Flows. */

static struct weir_key key_of(const struct weir_flow *flow)
{
	return (struct weir_key){ .source = flow->from.address,
				  .destination = flow->to.address,
				  .source_port = flow->from.port,
				  .destination_port = flow->to.port,
				  .protocol = flow->protocol,
				  .flags = WEIR_KEY_BOTH };
}

static bool is_usable(const struct weir_flow *flow)
{
	return flow->verdict != WEIR_AMBIGUOUS && !flow->orphan && flow->service == WEIR_NONE &&
	       (flow->protocol == WEIR_PROTOCOL_TCP || flow->protocol == WEIR_PROTOCOL_UDP);
}

/* The ends of a connection in an order of their own. */
struct ends {
	struct weir_address addresses[2];
	uint16_t ports[2];
	uint32_t protocol;
	uint32_t flow; /* of the trace */
	uint32_t action;
};
static_assert(offsetof(struct ends, flow) == 40, "ends have no holes");

static struct ends ends_of(const struct weir_flow *flow, uint32_t at)
{
	const struct weir_flow_side *sides[2] = { &flow->from, &flow->to };
	int order = memcmp(&flow->from.address, &flow->to.address, sizeof(flow->from.address));
	bool turned = order > 0 || (!order && flow->from.port > flow->to.port);

	return (struct ends){
		.addresses = { sides[turned]->address, sides[!turned]->address },
		.ports = { sides[turned]->port, sides[!turned]->port },
		.protocol = flow->protocol,
		.flow = at,
	};
}

static int by_ends(const void *left, const void *right)
{
	const struct ends *a = left;
	const struct ends *b = right;
	int order = memcmp(a, b, offsetof(struct ends, flow));

	return order ? order : (a->flow > b->flow) - (a->flow < b->flow);
}

/* Fills in the usable flows, each pair of ends once, and returns how many there are. */
static size_t find_flows(const struct reading *reading, struct ends *ends, size_t count)
{
	size_t usable = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct weir_flow flow;

		weir_trace_flow(reading->trace, i, &flow);
		if (is_usable(&flow))
			ends[usable++] = ends_of(&flow, (uint32_t)i);
	}
	qsort(ends, usable, sizeof(*ends), by_ends);
	for (size_t i = 0; i < usable; i++)
		if (!i || memcmp(&ends[i], &ends[kept - 1], offsetof(struct ends, flow)) != 0)
			ends[kept++] = ends[i];
	return kept;
}

/* Says what the reference does of each flow. One differs from the one before, mostly, in nothing
 * but the opener's port, which no policy asks for. */
static void judge_flows(const struct reading *reading, struct ends *ends, size_t count)
{
	struct weir_key judged = { .protocol = 0 };
	uint8_t action = WEIR_DENY;

	for (size_t i = 0; i < count; i++) {
		struct weir_flow flow;
		struct weir_verdict verdict;
		struct weir_key key;

		weir_trace_flow(reading->trace, ends[i].flow, &flow);
		key = key_of(&flow);
		key.source_port = 0;
		if (!i || memcmp(&key, &judged, sizeof(key)) != 0) {
			weir_cluster_judge(reading->cluster, reading->semantics, &key, &verdict);
			action = verdict.action;
			judged = key;
		}
		ends[i].action = action;
	}
}

static void add_flow(struct reading *reading, uint32_t at, bool is_allowed)
{
	struct traffic *traffic = reading->traffic;
	struct traffic_connection *connection = &traffic->connections[traffic->connection_count];
	struct weir_flow flow;

	weir_trace_flow(reading->trace, at, &flow);
	connection->key = key_of(&flow);
	connection->is_allowed = is_allowed;
	for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++)
		frame_template_make(&connection->key, way, &connection->templates[way]);
	if (frame_least(&connection->key) > traffic->least_frame)
		traffic->least_frame = frame_least(&connection->key);
	reading->numbers[at] = traffic->connection_count++;
	traffic->allowed_count += connection->is_allowed;
}

static int make_flows(struct reading *reading, struct ends *ends, size_t count)
{
	struct traffic *traffic = reading->traffic;

	traffic->connections = calloc(count + 1, sizeof(*traffic->connections));
	traffic->arrived = calloc(count + 1, 1);
	if (!traffic->connections || !traffic->arrived)
		return -ENOMEM;
	judge_flows(reading, ends, count);
	for (size_t i = 0; i < count; i++)
		if (ends[i].action == WEIR_ALLOW)
			add_flow(reading, ends[i].flow, true);
	for (size_t i = 0; i < count; i++)
		if (ends[i].action == WEIR_DENY)
			add_flow(reading, ends[i].flow, false);
	traffic->flow_count = traffic->connection_count;
	return 0;
}

static int take_flows(struct reading *reading, struct weir_error *error)
{
	uint64_t count = weir_trace_flow_count(reading->trace);
	struct ends *ends;
	int status;

	if (count > TRAFFIC_FLOWS_MAX) {
		gen_refuse(error, "the trace has more than %u flows", TRAFFIC_FLOWS_MAX);
		return -E2BIG;
	}
	ends = calloc(count + 1, sizeof(*ends));
	reading->numbers = calloc(count + 1, sizeof(*reading->numbers));
	if (!ends || !reading->numbers) {
		free(ends);
		return -ENOMEM;
	}
	memset(reading->numbers, 0xff, (count + 1) * sizeof(*reading->numbers));
	status = make_flows(reading, ends, find_flows(reading, ends, count));
	free(ends);
	return status;
}

/* Packets. */

static int make_room(struct reading *reading, struct weir_error *error)
{
	struct traffic *traffic = reading->traffic;
	size_t room = reading->room ? 2 * reading->room : ROOM;
	struct traffic_packet *packets;

	if (traffic->packet_count < reading->room)
		return 0;
	if (room > TRAFFIC_PACKETS_MAX) {
		gen_refuse(error, "the trace has more than %u packets", TRAFFIC_PACKETS_MAX);
		return -E2BIG;
	}
	packets = realloc(traffic->packets, room * sizeof(*packets));
	if (!packets)
		return -ENOMEM;
	traffic->packets = packets;
	reading->room = room;
	return 0;
}

/* What answers a denied connection never came to be. */
static bool is_ours(const struct reading *reading, const struct weir_trace_packet *packet)
{
	uint32_t number;

	if (packet->flow == UINT64_MAX || packet->is_related || packet->is_fragment)
		return false;
	number = reading->numbers[packet->flow];
	return number != WEIR_NONE &&
	       (number < reading->traffic->allowed_count || !packet->is_reply);
}

static int take_packet(struct reading *reading, const struct weir_frame *frame,
		       const struct weir_trace_packet *located, struct weir_error *error)
{
	struct traffic *traffic = reading->traffic;
	struct traffic_packet *packet;
	uint32_t size = frame->wire < FRAME_MOST ? frame->wire + FRAME_CHECK : FRAME_MOST;
	uint32_t number;
	uint16_t least;
	int status;

	if (!is_ours(reading, located)) {
		traffic->left_out++;
		return 0;
	}
	status = make_room(reading, error);
	if (status)
		return status;
	number = reading->numbers[located->flow];
	least = frame_least(&traffic->connections[number].key);
	size = size < FRAME_MOST ? size : FRAME_MOST;
	packet = &traffic->packets[traffic->packet_count++];
	packet->flow = number | (located->is_reply ? STAMP_REPLY : 0);
	packet->size = (uint16_t)(size > least ? size : least);
	return 0;
}

static int take_packets(struct reading *reading, struct weir_error *error)
{
	struct weir_frame frames[BURST];
	struct weir_trace_packet located[BURST];
	int status = weir_capture_rewind(reading->capture);
	int n;

	if (!status)
		status = weir_trace_rewind(reading->trace);
	while (!status && (n = next_frames(reading, frames, &status)) > 0) {
		status = weir_trace_locate(reading->trace, frames, (size_t)n, located);
		for (int i = 0; !status && i < n; i++)
			status = take_packet(reading, &frames[i], &located[i], error);
	}
	return status;
}

/* Both passes. */

static int first_pass(struct reading *reading)
{
	struct weir_frame frames[BURST];
	int status = 0;
	int n;

	while (!status && (n = next_frames(reading, frames, &status)) > 0)
		status = weir_trace_add(reading->trace, frames, (size_t)n);
	return status ? status : weir_trace_finish(reading->trace);
}

static int read_all(struct reading *reading, struct weir_error *error)
{
	int status = first_pass(reading);

	if (!status)
		status = take_flows(reading, error);
	if (!status)
		status = take_packets(reading, error);
	if (!status && !reading->traffic->packet_count)
		status = gen_refuse(error, "the trace has no packet of TCP or UDP that was judged");
	return status;
}

int traffic_read(struct weir_capture *capture, const struct weir_cluster *cluster,
		 const struct weir_resolved *resolved, struct weir_policy *policy,
		 const struct traffic_options *options, struct traffic **out,
		 struct weir_error *error)
{
	const struct weir_trace_options tracing = { 0 };
	struct reading reading = { .capture = capture,
				   .cluster = cluster,
				   .semantics = &resolved->semantics,
				   .traffic = calloc(1, sizeof(*reading.traffic)) };
	int status = reading.traffic ? 0 : -ENOMEM;

	if (!status) {
		reading.traffic->least_frame =
			options->least_frame ? options->least_frame : FRAME_LEAST;
		status = weir_trace_create(policy, &tracing, &reading.trace);
	}
	if (!status)
		status = read_all(&reading, error);
	weir_trace_destroy(reading.trace);
	free(reading.numbers);
	if (status)
		traffic_destroy(reading.traffic);
	else
		*out = reading.traffic;
	return status;
}
