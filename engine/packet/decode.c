/*
 * decode.c - one frame, from its first byte to its ports: plain ones in one look (plain.h), all
 * others through the stages.
 */
#include "decode.h"

static void fill_plain(const struct weir_plain *plain, struct weir_packet *out)
{
	weir_packet_clear(out);
	out->tuple.source = weir_plain_address(&plain->ends, 0);
	out->tuple.destination = weir_plain_address(&plain->ends, 1);
	out->tuple.source_port = weir_plain_source_port(plain);
	out->tuple.destination_port = weir_plain_destination_port(plain);
	out->tuple.protocol = plain->protocol;
	out->tcp_flags = plain->tcp_flags;
	out->tcp_flags_known = plain->protocol == WEIR_PROTOCOL_TCP;
	out->is_tunnel = weir_plain_may_be_tunnel(plain);
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
	struct weir_plain plain;

	if (weir_plain_read(frame, &plain))
		fill_plain(&plain, out);
	else
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
