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

/* Whether it is at most one more packet of its connection, when that is known and goes on: all but
 * those that may begin the next one. Queries have no end that another could follow. */
static bool is_further(uint8_t protocol, uint8_t signals)
{
	return !(signals & WEIR_FLOW_OPENS && weir_flow_has_handshake(protocol));
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

/* What is done with a whole packet whose connection another worker has. */
static void decode_astray(const struct weir_worker *worker, const struct weir_tuple *tuple,
			  struct passenger *passenger)
{
	if (burst_is_ours(worker, tuple, &passenger->verdict))
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
			!packet->is_fragment && is_further(key->protocol, passenger->signals);
	}
	passenger->side = (uint8_t)side;
	passenger->icmp_code = packet->icmp_code;
	passenger->is_fragment = packet->is_fragment;
	key->zone = worker->burst.origin->zone;
	if (worker->burst.is_mixed && !packet->is_fragment && passenger->manner != MANNER_ERROR)
		decode_astray(worker, &packet->tuple, passenger);
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

static void decode_plain_astray(struct weir_worker *worker, const struct weir_plain_ends *ends,
				uint32_t ports, uint8_t protocol, size_t i)
{
	const struct weir_tuple tuple = {
		.source = weir_plain_address(ends, 0),
		.destination = weir_plain_address(ends, 1),
		.source_port = (uint16_t)(ports >> 16),
		.destination_port = (uint16_t)ports,
		.protocol = protocol,
	};

	decode_astray(worker, &tuple, &worker->burst.passengers[i]);
}

/* TCP and UDP. */
static void decode_plain(struct weir_worker *worker, const struct weir_plain *plain, size_t i)
{
	struct burst *burst = &worker->burst;
	struct weir_flow_probe *probe = &burst->probes[i];
	const uint8_t *addresses = plain->ends.addresses;
	uint32_t zone = burst->origin->zone;
	unsigned side = plain->ends.is_ipv6
				? weir_flow_probe_ipv6(addresses, plain->ports, plain->protocol,
						       zone, probe)
				: weir_flow_probe_ipv4(weir_load64(addresses), plain->ports,
						       plain->protocol, zone, probe);

	burst->passengers[i] = worker->plain[plain->protocol == WEIR_PROTOCOL_TCP
						     ? plain->tcp_flags & PLAIN_TCP_FLAGS
						     : PLAIN_UDP];
	burst->passengers[i].side = (uint8_t)side;
	if (burst->is_mixed)
		decode_plain_astray(worker, &plain->ends, plain->ports, plain->protocol, i);
}

static void decode_echo(struct weir_worker *worker, const struct weir_plain_echo *echo, size_t i)
{
	struct burst *burst = &worker->burst;
	struct weir_flow_probe *probe = &burst->probes[i];
	const uint8_t *addresses = echo->ends.addresses;
	uint32_t zone = burst->origin->zone;
	unsigned side = echo->ends.is_ipv6 ? weir_flow_probe_echo_ipv6(addresses, echo->identifier,
								       echo->is_reply, zone, probe)
					   : weir_flow_probe_echo_ipv4(weir_load64(addresses),
								       echo->identifier,
								       echo->is_reply, zone, probe);

	burst->passengers[i] = worker->plain[echo->is_reply ? PLAIN_ECHO_REPLY : PLAIN_ECHO];
	burst->passengers[i].side = (uint8_t)side;
	if (burst->is_mixed)
		decode_plain_astray(worker, &echo->ends,
				    echo->identifier | (uint32_t)echo->identifier << 16,
				    weir_flow_probe_protocol(probe), i);
}

static void decode(struct weir_worker *worker, const struct weir_frame *frame, size_t i)
{
	struct weir_plain plain;
	struct weir_plain_echo echo;

	if (weir_plain_read(frame, &plain))
		decode_plain(worker, &plain, i);
	else if (weir_plain_read_echo(frame, &echo))
		decode_echo(worker, &echo, i);
	else
		decode_any(worker, frame, i);
}

static struct passenger plain_passenger(enum manner manner, uint8_t protocol, uint8_t signals)
{
	return (struct passenger){ .manner = (uint8_t)manner,
				   .signals = signals,
				   .question = NO_QUESTION,
				   .is_further = is_further(protocol, signals) };
}

void burst_prepare(struct weir_worker *worker)
{
	struct passenger *plain = worker->plain;

	for (unsigned flags = 0; flags <= PLAIN_TCP_FLAGS; flags++) {
		uint8_t signals = weir_flow_tcp_signals((uint8_t)flags);

		plain[flags] = plain_passenger(manner_between(WEIR_PROTOCOL_TCP, signals),
					       WEIR_PROTOCOL_TCP, signals);
	}
	plain[PLAIN_UDP] = plain_passenger(MANNER_OPENS, WEIR_PROTOCOL_UDP, WEIR_FLOW_TALKS);
	plain[PLAIN_ECHO] = plain_passenger(MANNER_OPENS, WEIR_PROTOCOL_ICMP, WEIR_FLOW_OPENS);
	plain[PLAIN_ECHO_REPLY] =
		plain_passenger(MANNER_ALONE, WEIR_PROTOCOL_ICMP, WEIR_FLOW_ACCEPTS);
}

void burst_decode(struct weir_worker *worker, const struct weir_frame *frames)
{
	for (size_t i = 0; i < worker->burst.size; i++)
		decode(worker, &frames[i], i);
}
