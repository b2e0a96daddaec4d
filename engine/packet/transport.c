/*
 * transport.c - TCP, UDP, SCTP, ICMP and ICMPv6: what makes the key, and the quote of an error.
 *
 * Each reader asks three questions in turn. Does the payload hold the header at all? In a packet
 * that is no fragment it must hold all of it; in a first fragment it must hold what the key needs.
 * Was what the key needs captured (T3)? And do the lengths that were captured agree with the
 * payload? A first fragment's may reach beyond it, into the fragments that follow.
 */
#include "decode.h"

enum {
	PORTS_SIZE = 4,
	TCP_SIZE = 20,
	UDP_SIZE = 8,
	SCTP_SIZE = 12,
	CHUNK_SIZE = 4,
	ICMP_SIZE = 8,
	ICMP_TYPE_SIZE = 2,
	ICMP_KEY_SIZE = 6,
};

static int require(const struct weir_ip *ip, uint32_t header, uint32_t key, int reason)
{
	if (ip->is_fragment ? ip->payload.wire < key : ip->payload.wire < header)
		return ip->is_fragment ? (int)WEIR_MALFORMED_FRAGMENT : reason;
	return ip->payload.captured < key ? (int)WEIR_FINDING_CUT : (int)WEIR_FINDING_NONE;
}

static bool exceeds(const struct weir_ip *ip, uint32_t length)
{
	return !ip->is_fragment && length > ip->payload.wire;
}

static void read_ports(const struct weir_ip *ip, struct weir_tuple *tuple)
{
	tuple->source_port = weir_load16(ip->payload.bytes);
	tuple->destination_port = weir_load16(ip->payload.bytes + 2);
}

static int read_tcp(const struct weir_ip *ip, struct weir_packet *out)
{
	const struct weir_slice *segment = &ip->payload;
	int finding = require(ip, TCP_SIZE, PORTS_SIZE, WEIR_MALFORMED_TCP_DATA_OFFSET);

	if (finding)
		return finding;
	read_ports(ip, &out->tuple);
	if (segment->captured > 12) {
		uint32_t header = (segment->bytes[12] >> 4) * 4u;

		if (header < TCP_SIZE || exceeds(ip, header))
			return WEIR_MALFORMED_TCP_DATA_OFFSET;
	}
	if (segment->captured > 13) {
		out->tcp_flags = segment->bytes[13];
		out->tcp_flags_known = true;
	}
	return WEIR_FINDING_NONE;
}

/* A length of 0 means what it means in IP where that has none either (RFC 2675). */
static int read_udp(const struct weir_ip *ip, struct weir_packet *out)
{
	const struct weir_slice *datagram = &ip->payload;
	int finding = require(ip, UDP_SIZE, PORTS_SIZE, WEIR_MALFORMED_UDP_LENGTH);

	if (finding)
		return finding;
	read_ports(ip, &out->tuple);
	out->is_tunnel = !ip->is_fragment && weir_is_tunnel_port(out->tuple.destination_port);
	if (datagram->captured >= 6) {
		uint32_t length = weir_load16(datagram->bytes + 4);

		if (length == 0 && ip->length_missing)
			return WEIR_FINDING_NONE;
		if (length < UDP_SIZE || exceeds(ip, length))
			return WEIR_MALFORMED_UDP_LENGTH;
	}
	return WEIR_FINDING_NONE;
}

static int read_chunk(const struct weir_ip *ip, struct weir_packet *out)
{
	const struct weir_slice *packet = &ip->payload;
	uint32_t length;

	if (packet->wire == SCTP_SIZE || packet->captured <= SCTP_SIZE)
		return WEIR_FINDING_NONE;
	out->sctp_chunk = packet->bytes[SCTP_SIZE];
	out->sctp_chunk_known = true;
	if (packet->captured < SCTP_SIZE + CHUNK_SIZE)
		return WEIR_FINDING_NONE;
	length = weir_load16(packet->bytes + SCTP_SIZE + 2);
	if (length < CHUNK_SIZE || exceeds(ip, SCTP_SIZE + length))
		return WEIR_MALFORMED_SCTP_LENGTH;
	return WEIR_FINDING_NONE;
}

static int read_sctp(const struct weir_ip *ip, struct weir_packet *out)
{
	int finding = require(ip, SCTP_SIZE, PORTS_SIZE, WEIR_MALFORMED_SCTP_LENGTH);

	if (finding)
		return finding;
	if (ip->payload.wire > SCTP_SIZE && exceeds(ip, SCTP_SIZE + CHUNK_SIZE))
		return WEIR_MALFORMED_SCTP_LENGTH;
	read_ports(ip, &out->tuple);
	return read_chunk(ip, out);
}

/* Questions and their answers, by which they are told apart: echoes, and of ICMP for IPv4 those
 * for the time, for information and for a mask (RFC 792, RFC 950). */
static bool has_identifier(const struct weir_ip *ip, uint8_t type)
{
	if (ip->is_ipv6)
		return type == 128 || type == 129;
	return type == 8 || type == 0 || (type >= 13 && type <= 18);
}

static bool is_error(const struct weir_ip *ip, uint8_t type)
{
	if (ip->is_ipv6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool is_icmp(const struct weir_ip *ip)
{
	return ip->protocol == (ip->is_ipv6 ? WEIR_PROTOCOL_ICMPV6 : WEIR_PROTOCOL_ICMP);
}

static bool has_ports(const struct weir_ip *ip)
{
	return ip->protocol == WEIR_PROTOCOL_TCP || ip->protocol == WEIR_PROTOCOL_UDP ||
	       ip->protocol == WEIR_PROTOCOL_SCTP;
}

static void read_identity(const struct weir_ip *ip, struct weir_tuple *tuple)
{
	tuple->source = ip->source;
	tuple->destination = ip->destination;
	tuple->protocol = ip->protocol;
}

static int read_icmp_key(const struct weir_ip *ip, struct weir_tuple *tuple, uint8_t *type,
			 uint8_t *code)
{
	const uint8_t *bytes = ip->payload.bytes;
	int finding = require(ip, ICMP_SIZE, ICMP_TYPE_SIZE, WEIR_MALFORMED_ICMP_LENGTH);

	if (finding)
		return finding;
	*type = bytes[0];
	*code = bytes[1];
	if (!has_identifier(ip, *type))
		return WEIR_FINDING_NONE;
	finding = require(ip, ICMP_SIZE, ICMP_KEY_SIZE, WEIR_MALFORMED_ICMP_LENGTH);
	if (finding)
		return finding;
	tuple->source_port = weir_load16(bytes + 4);
	tuple->destination_port = tuple->source_port;
	return WEIR_FINDING_NONE;
}

/* A quote that is too short or broken is no quote: the error is then judged by itself (T6). Its
 * ports need not come with the rest of their header, as RFC 792 quotes 8 bytes. */
static void read_quote(const struct weir_ip *error, struct weir_packet *out)
{
	struct weir_slice packet = error->payload;
	struct weir_tuple *quote = &out->quote;
	struct weir_ip ip;

	if (packet.wire < ICMP_SIZE)
		return;
	weir_slice_advance(&packet, ICMP_SIZE);
	if (weir_ip_read_quoted(packet, error->is_ipv6 ? 6 : 4, &ip) || ip.is_later_fragment)
		return;
	if (has_ports(&ip)) {
		if (ip.payload.captured < PORTS_SIZE)
			return;
		read_ports(&ip, quote);
	} else if (is_icmp(&ip)) {
		if (read_icmp_key(&ip, quote, &out->quote_icmp_type, &out->quote_icmp_code))
			return;
	}
	read_identity(&ip, quote);
	out->has_quote = true;
}

static int read_icmp(const struct weir_ip *ip, struct weir_packet *out)
{
	int finding = read_icmp_key(ip, &out->tuple, &out->icmp_type, &out->icmp_code);

	if (!finding && is_error(ip, out->icmp_type))
		read_quote(ip, out);
	return finding;
}

static void read_fragment(const struct weir_ip *ip, struct weir_packet *out)
{
	out->is_fragment = true;
	out->is_later_fragment = ip->is_later_fragment;
	out->has_more_fragments = ip->has_more_fragments;
	out->fragment_offset = ip->fragment_offset;
	out->fragment_length = ip->fragment_length;
	out->fragment_id = ip->fragment_id;
	out->fragment_protocol = ip->fragment_protocol;
}

int weir_transport_read(const struct weir_ip *ip, struct weir_packet *out)
{
	read_identity(ip, &out->tuple);
	if (ip->is_fragment)
		read_fragment(ip, out);
	if (ip->is_later_fragment)
		return WEIR_FINDING_NONE;
	if (is_icmp(ip))
		return read_icmp(ip, out);
	switch (ip->protocol) {
	case WEIR_PROTOCOL_TCP:
		return read_tcp(ip, out);
	case WEIR_PROTOCOL_UDP:
		return read_udp(ip, out);
	case WEIR_PROTOCOL_SCTP:
		return read_sctp(ip, out);
	case WEIR_PROTOCOL_IPV4:
	case WEIR_PROTOCOL_IPV6:
	case WEIR_PROTOCOL_GRE:
		out->is_tunnel = !ip->is_fragment;
		return WEIR_FINDING_NONE;
	default:
		return WEIR_FINDING_NONE;
	}
}
