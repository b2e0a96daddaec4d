#include "frame.h"

#include <assert.h>

#include "wire.h"

enum {
	LINK = 14,
	IPV4 = 20,
	IPV6 = 40,
	ECHO_IPV4 = 8,
	ECHO_IPV6 = 128,
	ECHO_REPLY_IPV4 = 0,
	ECHO_REPLY_IPV6 = 129,
	SCTP_HEADER = 12,
	SCTP_STAMPED = 50, /* as far as the stamp's end */
};

static_assert(FRAME_HEADERS == LINK + IPV6 + 16 + SCTP_STAMPED, "the longest headers are SCTP's");

uint32_t frame_sum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2) {
		uint16_t word;

		memcpy(&word, bytes + i, sizeof(word));
		sum += word;
	}
	return (uint16_t)~frame_fold(sum);
}

static size_t transport_header(uint8_t protocol)
{
	if (protocol == WEIR_PROTOCOL_SCTP)
		return SCTP_HEADER;
	return protocol == WEIR_PROTOCOL_TCP ? 20 : 8;
}

static struct gen_packet packet_of(const struct weir_key *key, enum frame_way way)
{
	struct gen_packet packet = { .source = key->source,
				     .destination = key->destination,
				     .protocol = key->protocol,
				     .kind = key->icmp_type,
				     .destination_port = key->destination_port };

	if (way == FRAME_FORWARD)
		return packet;
	packet.source = key->destination;
	packet.destination = key->source;
	packet.source_port = key->destination_port;
	packet.destination_port = 0;
	if (key->protocol == WEIR_PROTOCOL_ICMP)
		packet.kind = ECHO_REPLY_IPV4;
	if (key->protocol == WEIR_PROTOCOL_ICMPV6)
		packet.kind = ECHO_REPLY_IPV6;
	return packet;
}

/* Where what differs is, by the transport. */
static void find_places(enum frame_way way, struct frame_template *out)
{
	switch (out->protocol) {
	case WEIR_PROTOCOL_TCP:
	case WEIR_PROTOCOL_UDP:
	case WEIR_PROTOCOL_SCTP:
		out->port_at = out->transport + (way == FRAME_FORWARD ? 0 : 2);
		if (out->protocol == WEIR_PROTOCOL_SCTP)
			break;
		out->sum_at = out->transport + (out->protocol == WEIR_PROTOCOL_TCP ? 16 : 6);
		/* UDP's header counts its length too. */
		out->lengths_summed = out->protocol == WEIR_PROTOCOL_TCP ? 1 : 2;
		break;
	default:
		out->port_at = out->transport + 4;
		out->sum_at = out->transport + 2;
		out->lengths_summed = out->protocol == WEIR_PROTOCOL_ICMPV6;
	}
}

static uint32_t pseudo_header(const struct weir_key *key, bool is_ipv4)
{
	size_t skipped = is_ipv4 ? 12 : 0;

	if (key->protocol == WEIR_PROTOCOL_ICMP)
		return 0;
	return frame_sum(key->source.bytes + skipped, 16 - skipped) +
	       frame_sum(key->destination.bytes + skipped, 16 - skipped) +
	       frame_order(key->protocol);
}

void frame_template_make(const struct weir_key *key, enum frame_way way, struct frame_template *out)
{
	struct gen_packet packet = packet_of(key, way);
	bool is_ipv4 = weir_address_is_ipv4(&key->source);
	size_t headers = LINK + (is_ipv4 ? IPV4 : IPV6) + transport_header(key->protocol);
	uint8_t whole[GEN_FRAME_MAX];
	uint8_t *transport;

	memset(out, 0, sizeof(*out));
	gen_frame_build(&packet, whole);
	memcpy(out->bytes, whole, headers);
	out->is_ipv4 = is_ipv4;
	out->protocol = key->protocol;
	out->transport = LINK + (is_ipv4 ? IPV4 : IPV6);
	out->length_at = is_ipv4 ? LINK + 2 : LINK + 4;
	out->length_without = is_ipv4 ? LINK : LINK + IPV6;
	find_places(way, out);
	transport = out->bytes + out->transport;
	frame_put16(out->bytes + out->length_at, 0);
	if (key->protocol == WEIR_PROTOCOL_SCTP)
		memset(transport + 4, 0, SCTP_HEADER - 4);
	else
		frame_put16(out->bytes + out->sum_at, 0);
	if (is_ipv4)
		frame_put16(out->bytes + LINK + 10, 0);
	if (key->protocol == WEIR_PROTOCOL_UDP)
		frame_put16(transport + 4, 0);
	out->ip_sum = frame_sum(out->bytes + LINK, IPV4);
	out->transport_sum =
		pseudo_header(key, is_ipv4) + frame_sum(transport, transport_header(key->protocol));
}

bool frame_is_possible(const struct weir_key *key)
{
	switch (key->protocol) {
	case WEIR_PROTOCOL_TCP:
	case WEIR_PROTOCOL_UDP:
	case WEIR_PROTOCOL_SCTP:
		return true;
	case WEIR_PROTOCOL_ICMP:
		return key->icmp_type == ECHO_IPV4;
	case WEIR_PROTOCOL_ICMPV6:
		return key->icmp_type == ECHO_IPV6;
	default:
		return false;
	}
}

uint16_t frame_least(const struct weir_key *key)
{
	size_t network = weir_address_is_ipv4(&key->source) ? IPV4 : IPV6;
	struct stamp_places places = stamp_places(key->protocol, 0);
	/* Chunks are of whole words. */
	size_t stamped =
		key->protocol == WEIR_PROTOCOL_SCTP ? SCTP_STAMPED + 2 : places.tail + STAMP_TAIL;
	size_t bytes = LINK + network + stamped + FRAME_CHECK;

	return (uint16_t)(bytes > FRAME_LEAST ? bytes : FRAME_LEAST);
}
