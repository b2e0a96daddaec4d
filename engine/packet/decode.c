/*
 * decode.c - one frame, from its first byte to its ports.
 *
 * Most frames of most traces are TCP or UDP over IPv4 over Ethernet, without options or tags, with
 * all their headers captured. Those are read in one look: a handful of comparisons that almost
 * always hold, and loads at fixed offsets. The short cut takes only frames that have no fault and
 * of which the stages would say the same; every other frame goes through them.
 */
#include "decode.h"

enum {
	PLAIN_LINK = 14,
	PLAIN_IP = 20,
	PLAIN_TCP = 20,
	PLAIN_UDP = 8,
};

/* Whether an unfragmented IPv4 packet without options lies wholly inside the frame, and enough of
 * it for a UDP header was captured. */
static bool is_plain(const struct weir_frame *frame)
{
	const uint8_t *bytes = frame->bytes;

	return frame->link_type == LINKTYPE_ETHERNET &&
	       frame->captured >= PLAIN_LINK + PLAIN_IP + PLAIN_UDP &&
	       frame->captured <= frame->wire && weir_load16(bytes + 12) == 0x0800 &&
	       bytes[PLAIN_LINK] == 0x45 && (weir_load16(bytes + PLAIN_LINK + 6) & 0x3fff) == 0 &&
	       weir_load16(bytes + PLAIN_LINK + 2) <= frame->wire - PLAIN_LINK;
}

static bool is_plain_tcp(const struct weir_frame *frame)
{
	const uint8_t *ip = frame->bytes + PLAIN_LINK;
	uint32_t header;

	if (frame->captured < PLAIN_LINK + PLAIN_IP + PLAIN_TCP)
		return false;
	header = (ip[PLAIN_IP + 12] >> 4) * 4u;
	return header >= PLAIN_TCP && PLAIN_IP + header <= weir_load16(ip + 2);
}

static bool is_plain_udp(const struct weir_frame *frame)
{
	const uint8_t *ip = frame->bytes + PLAIN_LINK;
	uint32_t length = weir_load16(ip + PLAIN_IP + 4);

	return length >= PLAIN_UDP && PLAIN_IP + length <= weir_load16(ip + 2);
}

static void read_plain(const uint8_t *ip, struct weir_packet *out)
{
	weir_packet_clear(out);
	weir_map_ipv4(ip + 12, &out->tuple.source);
	weir_map_ipv4(ip + 16, &out->tuple.destination);
	out->tuple.source_port = weir_load16(ip + PLAIN_IP);
	out->tuple.destination_port = weir_load16(ip + PLAIN_IP + 2);
	out->tuple.protocol = ip[9];
}

void weir_packet_conclude(int finding, struct weir_packet *out)
{
	weir_packet_clear(out);
	switch (finding) {
	case WEIR_FINDING_CUT:
		out->kind = WEIR_PACKET_OPAQUE;
		break;
	case WEIR_FINDING_NOT_IP:
		out->kind = WEIR_PACKET_NOT_IP;
		break;
	default:
		out->kind = WEIR_PACKET_MALFORMED;
		out->malformed = (uint8_t)finding;
	}
}

void weir_packet_decode_stages(const struct weir_frame *frame, struct weir_packet *out)
{
	struct weir_ip ip;
	int finding;

	weir_packet_clear(out);
	finding = weir_frame_read(frame, &ip);
	if (!finding)
		finding = weir_transport_read(&ip, out);
	if (finding)
		weir_packet_conclude(finding, out);
}

void weir_packet_decode(const struct weir_frame *frame, struct weir_packet *out)
{
	if (is_plain(frame)) {
		const uint8_t *ip = frame->bytes + PLAIN_LINK;

		if (ip[9] == WEIR_PROTOCOL_TCP && is_plain_tcp(frame)) {
			read_plain(ip, out);
			out->tcp_flags = ip[PLAIN_IP + 13];
			out->tcp_flags_known = true;
			return;
		}
		if (ip[9] == WEIR_PROTOCOL_UDP && is_plain_udp(frame)) {
			read_plain(ip, out);
			out->is_tunnel = weir_is_tunnel_port(out->tuple.destination_port);
			return;
		}
	}
	weir_packet_decode_stages(frame, out);
}

const char *weir_malformed_name(enum weir_malformed reason)
{
	static const char *const names[WEIR_MALFORMED_REASONS] = {
		[WEIR_MALFORMED_NONE] = "none",
		[WEIR_MALFORMED_ETHERNET_HEADER] = "ethernet-header",
		[WEIR_MALFORMED_IP_VERSION] = "ip-version",
		[WEIR_MALFORMED_IP_HEADER_LENGTH] = "ip-header-length",
		[WEIR_MALFORMED_IP_TOTAL_LENGTH] = "ip-total-length",
		[WEIR_MALFORMED_IPV6_EXTENSION] = "ipv6-extension",
		[WEIR_MALFORMED_TCP_DATA_OFFSET] = "tcp-data-offset",
		[WEIR_MALFORMED_UDP_LENGTH] = "udp-length",
		[WEIR_MALFORMED_SCTP_LENGTH] = "sctp-length",
		[WEIR_MALFORMED_ICMP_LENGTH] = "icmp-length",
		[WEIR_MALFORMED_TUNNEL_DEPTH] = "tunnel-depth",
		[WEIR_MALFORMED_FRAGMENT] = "fragment",
	};

	return (unsigned)reason < WEIR_MALFORMED_REASONS ? names[reason] : "unknown";
}
