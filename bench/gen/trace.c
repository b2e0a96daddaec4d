/*
 * Flows wait, are open, or are over. Which class the next one is of, and how long it is, is drawn
 * from what is left, so that in the end all counts are met to the packet:
 *
 *	class     as its flows are of those left; but what is not denied stays till the end, so that
 *	          the last flow is one that can take up any number of packets
 *	length    1 to 3 packets when denied; else up to twice the mean of what is left
 */
#include "gen_trace.h"

#include <errno.h>
#include <stdlib.h>

#include "conversation.h"
#include "dice.h"
#include "files.h"
#include "wire.h"
#include "out.h"
#include "refuse.h"

_Static_assert((int)GEN_TRACE_PAYLOAD_MAX == (int)GEN_PAYLOAD_MAX, "as frames have room for");

enum {
	OPEN_FLOWS = 256,
	DENIED_PACKETS = 3,
	TRIES = 64, /* to find a connection whose source has a port left */
	FIRST_PORT = 32768,
	LAST_PORT = 65535,
	TRACE_USE = 65, /* of the seed */
	CONVERSATION_USE = 66,
};
/* 2025-01-01T00:00:00Z */
static const uint64_t beginning = (uint64_t)1735689600 * 1000000000;

struct open_flow {
	struct gen_conversation conversation;
	uint64_t packets; /* that are left */
	enum gen_class kind;
	bool has_begun;
	bool is_tunnelled;
};

struct tracer {
	const struct gen_connections *connections;
	const struct gen_trace_options *options;
	const struct gen_trace_sink *sink;
	struct gen_out *out;
	struct dice dice;
	uint64_t flows[GEN_CLASSES]; /* that wait */
	uint64_t packets;            /* of flows that wait */
	uint64_t noise;              /* packets that are to come */
	uint64_t turns[GEN_CLASSES]; /* connections that were taken */
	uint64_t begun;              /* flows */
	uint64_t time;
	uint64_t number;      /* of the packet before */
	uint16_t *used_ports; /* by source: how many numbers are behind it */
	uint32_t open_count;
	struct open_flow open[OPEN_FLOWS];
};

/* What comes next. */

static uint64_t flows_left(const struct tracer *tracer)
{
	uint64_t left = 0;

	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		left += tracer->flows[i];
	return left;
}

static enum gen_class draw_class(struct tracer *tracer)
{
	uint64_t left = flows_left(tracer);
	uint64_t fallen;
	uint32_t kind = 0;

	if (tracer->flows[GEN_DENIED] && left - tracer->flows[GEN_DENIED] == 1)
		return GEN_DENIED;
	fallen = dice_below_long(&tracer->dice, left);
	while (fallen >= tracer->flows[kind])
		fallen -= tracer->flows[kind++];
	return (enum gen_class)kind;
}

static uint64_t draw_length(struct tracer *tracer, enum gen_class kind)
{
	uint64_t left = flows_left(tracer);
	uint64_t spare = tracer->packets - left;
	uint64_t answered = left - tracer->flows[GEN_DENIED];
	uint64_t more;

	if (left == 1)
		return 1 + spare;
	if (kind == GEN_DENIED && answered)
		more = dice_below(&tracer->dice, DENIED_PACKETS);
	else
		more = dice_below_long(&tracer->dice, spare / (answered ? answered : left) * 2 + 1);
	return 1 + (more < spare ? more : spare);
}

/* The next number that the source did not use; 0 when there is none. */
static uint16_t take_port(struct tracer *tracer, uint32_t source)
{
	while (FIRST_PORT + tracer->used_ports[source] <= LAST_PORT) {
		uint16_t port = (uint16_t)(FIRST_PORT + tracer->used_ports[source]++);

		if (!gen_port_is_taken(tracer->connections, port))
			return port;
	}
	return 0;
}

/* The class's next connection, all of which come in turn, and a port of its source. */
static int draw_connection(struct tracer *tracer, enum gen_class kind,
			   struct gen_conversation *conversation)
{
	const struct gen_pool *pool = &tracer->connections->pools[kind];

	for (uint32_t i = 0; i < TRIES; i++) {
		conversation->connection = &pool->items[tracer->turns[kind]++ % pool->count];
		conversation->source_port = take_port(tracer, conversation->connection->source);
		if (conversation->source_port)
			return 0;
	}
	return -ERANGE;
}

static bool falls(struct tracer *tracer, uint16_t share)
{
	return share && dice_below(&tracer->dice, GEN_ALL) < share;
}

static int open_next_flow(struct tracer *tracer)
{
	struct open_flow *flow = &tracer->open[tracer->open_count];
	struct gen_conversation *conversation = &flow->conversation;
	int status;

	flow->kind = draw_class(tracer);
	flow->packets = draw_length(tracer, flow->kind);
	flow->has_begun = false;
	tracer->flows[flow->kind]--;
	tracer->packets -= flow->packets;
	status = draw_connection(tracer, flow->kind, conversation);
	if (status)
		return status;
	flow->is_tunnelled = conversation->connection->is_between_nodes &&
			     conversation->connection->service == WEIR_NONE &&
			     falls(tracer, tracer->options->tunnels);
	conversation->dice = dice_for(tracer->options->seed, CONVERSATION_USE, tracer->begun++);
	conversation->payload_max = tracer->options->payload;
	conversation->is_answered = flow->kind != GEN_DENIED;
	conversation->steps = conversation->connection->service == WEIR_NONE
				      ? flow->packets
				      : (flow->packets + 1) / 2;
	gen_conversation_begin(conversation);
	tracer->open_count++;
	return 0;
}

/* Packets out. */

/* A packet on its way, in a tunnel or in none: where its bytes go. */
struct place {
	uint8_t *record;
	uint8_t *frame;
	const struct weir_address *tunnel[2]; /* its ends */
};

static struct place begin_packet(struct tracer *tracer, const struct open_flow *flow, bool is_reply)
{
	uint8_t *record = gen_begin_record(tracer->out, tracer->options->format);
	struct place place = { .record = record, .frame = record };

	if (flow && flow->is_tunnelled) {
		const struct weir_address *nodes = flow->conversation.connection->nodes;

		place.tunnel[0] = &nodes[is_reply];
		place.tunnel[1] = &nodes[!is_reply];
		place.frame += gen_tunnel_length(&nodes[0]);
	}
	return place;
}

static void end_packet(struct tracer *tracer, const struct place *place, size_t length)
{
	uint32_t gap = 1000000000 / tracer->options->rate;

	if (place->tunnel[0])
		gen_tunnel_build(place->tunnel[0], place->tunnel[1], length, place->record);
	length += (size_t)(place->frame - place->record);
	tracer->time += dice_between(&tracer->dice, 1, 2 * gap - 1);
	tracer->number++;
	gen_end_record(tracer->out, tracer->options->format, tracer->time, length);
}

static void put_packet(struct tracer *tracer, const struct open_flow *flow,
		       const struct gen_packet *packet, bool is_reply)
{
	struct place place = begin_packet(tracer, flow, is_reply);

	end_packet(tracer, &place, gen_frame_build(packet, place.frame));
}

static void put_fragment(struct tracer *tracer, const struct open_flow *flow,
			 const struct gen_packet *packet, bool is_reply, enum gen_half half)
{
	struct place place = begin_packet(tracer, flow, is_reply);

	end_packet(tracer, &place, gen_fragment_build(packet, half, place.frame));
}

static void put_error(struct tracer *tracer, const struct open_flow *flow,
		      const struct gen_packet *packet)
{
	struct place place = begin_packet(tracer, flow, true);

	end_packet(tracer, &place, gen_error_build(packet, place.frame));
}

/* Instead of one of its later packets. */
static bool is_to_be_fragmented(struct tracer *tracer, struct open_flow *flow,
				const struct gen_packet *packet)
{
	return packet->protocol != WEIR_PROTOCOL_TCP && packet->protocol != WEIR_PROTOCOL_SCTP &&
	       packet->payload >= GEN_FRAGMENTED && falls(tracer, tracer->options->fragments) &&
	       gen_conversation_spare(&flow->conversation);
}

/* A packet that does not go through a service, and what comes with it. */
static void put_directly(struct tracer *tracer, struct open_flow *flow,
			 const struct gen_packet *packet, bool is_reply)
{
	if (is_to_be_fragmented(tracer, flow, packet)) {
		put_fragment(tracer, flow, packet, is_reply, GEN_FIRST_HALF);
		put_fragment(tracer, flow, packet, is_reply, GEN_LAST_HALF);
		flow->packets--;
	} else {
		put_packet(tracer, flow, packet, is_reply);
	}
	flow->packets--;
	if (is_reply || !falls(tracer, tracer->options->errors) ||
	    !gen_conversation_spare(&flow->conversation))
		return;
	put_error(tracer, flow, packet);
	flow->packets--;
}

/* As often as is left to come, among what is left. */
static void put_noise(struct tracer *tracer)
{
	const struct weir_address nobody = { { 0 } };

	while (tracer->noise) {
		uint64_t left = tracer->options->packets - tracer->number;
		struct place place;

		if (dice_below_long(&tracer->dice, left) >= tracer->noise)
			break;
		place = begin_packet(tracer, NULL, false);
		end_packet(tracer, &place, gen_noise_build(&nobody, place.frame));
		tracer->noise--;
	}
}

/* The packet on the client's side of the translation. */
static void put_at_service(struct tracer *tracer, const struct open_flow *flow,
			   const struct gen_packet *packet, bool is_reply)
{
	const struct gen_connection *connection = flow->conversation.connection;
	struct gen_packet seen = *packet;

	if (is_reply) {
		seen.source = connection->service_address;
		seen.source_port = connection->service_port;
	} else {
		seen.destination = connection->service_address;
		seen.destination_port = connection->service_port;
	}
	put_packet(tracer, flow, &seen, is_reply);
}

static int tell_flow(struct tracer *tracer, const struct open_flow *flow)
{
	const struct gen_flow told = { .packet = tracer->number + 1,
				       .connection = flow->conversation.connection,
				       .kind = flow->kind,
				       .source_port = flow->conversation.source_port };

	return tracer->sink->begin_flow
		       ? tracer->sink->begin_flow(tracer->sink->flow_context, &told)
		       : 0;
}

/* A packet on its way passes the service first, an answer the pod. When there is one packet left
 * it is the pod's, which tells the backend. */
static void put_through_service(struct tracer *tracer, struct open_flow *flow,
				const struct gen_packet *packet, bool is_reply)
{
	bool is_twice = flow->packets > 1;

	if (is_twice && !is_reply)
		put_at_service(tracer, flow, packet, false);
	put_packet(tracer, flow, packet, is_reply);
	if (is_twice && is_reply)
		put_at_service(tracer, flow, packet, true);
	flow->packets -= is_twice ? 2 : 1;
}

static int continue_flow(struct tracer *tracer, struct open_flow *flow)
{
	struct gen_packet packet;
	bool is_reply;
	int status = 0;

	if (!flow->has_begun)
		status = tell_flow(tracer, flow);
	flow->has_begun = true;
	is_reply = gen_conversation_next(&flow->conversation, &packet);
	if (flow->conversation.connection->service == WEIR_NONE)
		put_directly(tracer, flow, &packet, is_reply);
	else
		put_through_service(tracer, flow, &packet, is_reply);
	return status ? status : tracer->out->status;
}

static int put_flows(struct tracer *tracer)
{
	int status = 0;

	while (!status && (flows_left(tracer) || tracer->open_count)) {
		struct open_flow *flow;

		while (!status && flows_left(tracer) && tracer->open_count < OPEN_FLOWS)
			status = open_next_flow(tracer);
		if (status)
			break;
		put_noise(tracer);
		flow = &tracer->open[dice_below(&tracer->dice, tracer->open_count)];
		status = continue_flow(tracer, flow);
		if (gen_conversation_is_over(&flow->conversation))
			*flow = tracer->open[--tracer->open_count];
	}
	if (!status)
		put_noise(tracer);
	return status;
}

static uint64_t noise_of(const struct gen_trace_options *options)
{
	return options->packets * options->noise / GEN_ALL;
}

static int check_options(const struct gen_connections *connections,
			 const struct gen_trace_options *options, struct weir_error *error)
{
	uint64_t flows = 0;
	uint64_t packets;

	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		if (options->flows[i] > GEN_TRACE_FLOWS_MAX)
			return gen_refuse(error, "more than %u flows", GEN_TRACE_FLOWS_MAX);
		if (options->flows[i] && !connections->pools[i].count)
			return gen_refuse(error, "flows are wanted of a class without connections");
		flows += options->flows[i];
	}
	if (options->packets > GEN_TRACE_PACKETS_MAX)
		return gen_refuse(error, "more than %llu packets",
				  (unsigned long long)GEN_TRACE_PACKETS_MAX);
	if (options->tunnels > GEN_ALL || options->fragments > GEN_ALL ||
	    options->errors > GEN_ALL || options->noise > GEN_ALL)
		return gen_refuse(error, "a share is more than all");
	packets = options->packets - noise_of(options);
	if (packets < flows || (packets && !flows))
		return gen_refuse(error, "%llu packets for %llu flows: each has at least one",
				  (unsigned long long)packets, (unsigned long long)flows);
	if (options->rate < GEN_TRACE_RATE_MIN || options->rate > GEN_TRACE_RATE_MAX)
		return gen_refuse(error, "%u packets a second: %u to %u", options->rate,
				  GEN_TRACE_RATE_MIN, GEN_TRACE_RATE_MAX);
	if (options->payload > GEN_TRACE_PAYLOAD_MAX)
		return gen_refuse(error, "payloads of %u bytes: at most %u", options->payload,
				  GEN_TRACE_PAYLOAD_MAX);
	return 0;
}

static int trace_out(struct tracer *tracer, struct weir_error *error)
{
	int status;

	gen_put_file_header(tracer->out, tracer->options->format);
	status = put_flows(tracer);
	if (status == -ERANGE)
		return gen_refuse(error,
				  "too many flows for %u sources, which have some 32000 ports "
				  "each: fewer flows, or more connections",
				  tracer->connections->source_count);
	return status ? status : gen_out_flush(tracer->out);
}

int gen_trace_write(const struct gen_connections *connections,
		    const struct gen_trace_options *options, const struct gen_trace_sink *sink,
		    struct weir_error *error)
{
	int status = check_options(connections, options, error);
	struct tracer *tracer;

	if (status)
		return status;
	tracer = calloc(1, sizeof(*tracer));
	if (!tracer)
		return -ENOMEM;
	tracer->connections = connections;
	tracer->options = options;
	tracer->sink = sink;
	tracer->dice = dice_for(options->seed, TRACE_USE, 0);
	tracer->time = beginning;
	tracer->noise = noise_of(options);
	tracer->packets = options->packets - tracer->noise;
	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		tracer->flows[i] = options->flows[i];
	tracer->out = calloc(1, sizeof(*tracer->out));
	tracer->used_ports = calloc(connections->source_count + 1u, sizeof(*tracer->used_ports));
	status = -ENOMEM;
	if (tracer->out && tracer->used_ports) {
		tracer->out->write = sink->write;
		tracer->out->context = sink->write_context;
		status = trace_out(tracer, error);
	}
	free(tracer->used_ports);
	free(tracer->out);
	free(tracer);
	return status;
}
