/*
 * passengers.c - the first stage: what each frame is to the flow table, and under which key.
 */
#include "burst.h"
#include "plain.h"

static void decode_unreadable(struct weir_worker *worker, const struct weir_packet *packet,
			      struct passenger *passenger)
{
	passenger->manner = MANNER_PLAIN;
	passenger->verdict = plain_verdict(WEIR_PACKET_DENY, WEIR_PACKET_UNREADABLE);
	if (packet->kind == WEIR_PACKET_NOT_IP)
		passenger->verdict = plain_verdict(WEIR_PACKET_ALLOW, WEIR_PACKET_UNJUDGED);
	else if (packet->kind == WEIR_PACKET_MALFORMED)
		worker->counters.malformed[packet->malformed]++;
}

/* Multicast listeners and neighbours: neither question nor error, and no tracker's business. */
static bool is_said_to_neighbours(const struct weir_packet *packet)
{
	enum { FIRST = 130, LAST = 137, LISTENER_REPORT_2 = 143 };

	return packet->tuple.protocol == WEIR_PROTOCOL_ICMPV6 &&
	       ((packet->icmp_type >= FIRST && packet->icmp_type <= LAST) ||
		packet->icmp_type == LISTENER_REPORT_2);
}

/* Of one whose connection may be opened by either side. */
static enum manner manner_between(uint8_t protocol, uint8_t signals)
{
	if (!weir_flow_has_handshake(protocol) || signals & WEIR_FLOW_OPENS)
		return MANNER_OPENS;
	return signals & WEIR_FLOW_ABORTS ? MANNER_ALONE : MANNER_GOES_ON;
}

static enum manner manner_of(const struct weir_packet *packet, const struct weir_flow_key *key,
			     uint8_t signals)
{
	if (key->kind == WEIR_FLOW_MESSAGE)
		return is_said_to_neighbours(packet) ? MANNER_LINK : MANNER_ALONE;
	if (key->kind == WEIR_FLOW_QUERY)
		return signals & WEIR_FLOW_OPENS ? MANNER_OPENS : MANNER_ALONE;
	return manner_between(key->protocol, signals);
}

/* A whole packet that came to a worker which has not its connection. */
static void decode_astray(const struct weir_worker *worker, const struct weir_packet *packet,
			  struct passenger *passenger)
{
	if (packet->is_fragment || passenger->manner == MANNER_ERROR ||
	    burst_is_ours(worker, &packet->tuple, &passenger->verdict))
		return;
	passenger->manner = MANNER_PLAIN;
	passenger->is_further = false;
	passenger->verdict.why = WEIR_PACKET_FLOW;
}

static void decode_flow(const struct weir_worker *worker, const struct weir_packet *packet,
			struct passenger *passenger, struct weir_flow_key *key)
{
	unsigned side;

	if (weir_flow_key_of_related(packet, key, &side)) {
		passenger->manner = MANNER_ERROR;
	} else {
		side = weir_flow_key_of(packet, key);
		passenger->signals = weir_flow_signals(packet);
		passenger->manner = (uint8_t)manner_of(packet, key, passenger->signals);
		passenger->is_further =
			!(packet->is_fragment || passenger->signals & WEIR_FLOW_OPENS);
	}
	passenger->side = (uint8_t)side;
	passenger->icmp_code = packet->icmp_code;
	passenger->is_fragment = packet->is_fragment;
	key->zone = worker->burst.origin->zone;
	if (worker->options.arrival == WEIR_ARRIVAL_ANY)
		decode_astray(worker, packet, passenger);
}

static void decode_any(struct weir_worker *worker, const struct weir_frame *frame, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];
	struct weir_packet *packet = &worker->burst.packets[i];
	struct weir_flow_key key = { 0 };

	*passenger = (struct passenger){ .question = NO_QUESTION };
	weir_packet_decode(frame, packet);
	if (packet->kind != WEIR_PACKET_OK)
		decode_unreadable(worker, packet, passenger);
	else if (packet->is_later_fragment)
		passenger->manner = MANNER_LATER;
	else
		decode_flow(worker, packet, passenger, &key);
	weir_flow_probe_of(&key, &worker->burst.probes[i]);
}

static void decode_plain(struct weir_worker *worker, const struct weir_plain *plain, size_t i)
{
	uint8_t signals = plain->protocol == WEIR_PROTOCOL_TCP
				  ? weir_flow_tcp_signals(plain->tcp_flags)
				  : WEIR_FLOW_TALKS;
	unsigned side = weir_flow_probe_ipv4(plain->source, plain->destination, plain->source_port,
					     plain->destination_port, plain->protocol,
					     worker->burst.origin->zone, &worker->burst.probes[i]);

	worker->burst.passengers[i] = (struct passenger){
		.manner = (uint8_t)manner_between(plain->protocol, signals),
		.side = (uint8_t)side,
		.signals = signals,
		.question = NO_QUESTION,
		.is_further = !(signals & WEIR_FLOW_OPENS),
	};
}

static void decode(struct weir_worker *worker, const struct weir_frame *frame, size_t i)
{
	struct weir_plain plain;

	if (worker->options.arrival == WEIR_ARRIVAL_OWN && weir_plain_read(frame, &plain))
		decode_plain(worker, &plain, i);
	else
		decode_any(worker, frame, i);
}

void burst_decode(struct weir_worker *worker, const struct weir_frame *frames)
{
	for (size_t i = 0; i < worker->burst.size; i++)
		decode(worker, &frames[i], i);
}
