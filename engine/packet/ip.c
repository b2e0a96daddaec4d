/*
 * ip.c - IP headers of both versions and the extension headers behind them.
 *
 * Three steps for a packet: start (version, header length), end (the length field against the
 * wire), fields (addresses, protocol, fragment); then the extension headers. A quoted packet skips
 * the second step: the error carries its beginning only.
 *
 * AH is an extension header in IPv4 too. In a later fragment nothing follows: what would be the
 * next header is somewhere in the middle of the first fragment's payload.
 */
#include "decode.h"

enum {
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	FRAGMENT_SIZE = 8,
	AUTHENTICATION_SIZE = 12,
	IPV4_MORE = 0x2000,
	IPV4_OFFSET = 0x1fff,
	IPV6_MORE = 0x0001,
	IPV6_OFFSET = 0xfff8,
};

/* *size is the header's. */
static int start_ipv4(const struct weir_slice *packet, uint32_t *size)
{
	if (packet->bytes[0] >> 4 != 4)
		return WEIR_MALFORMED_IP_VERSION;
	*size = (packet->bytes[0] & 0xfu) * 4;
	if (*size < IPV4_SIZE || *size > packet->wire)
		return WEIR_MALFORMED_IP_HEADER_LENGTH;
	return WEIR_FINDING_NONE;
}

static int start_ipv6(const struct weir_slice *packet)
{
	if (packet->bytes[0] >> 4 != 6)
		return WEIR_MALFORMED_IP_VERSION;
	if (packet->wire < IPV6_SIZE)
		return WEIR_MALFORMED_IP_HEADER_LENGTH;
	return WEIR_FINDING_NONE;
}

static int end_ipv4(struct weir_slice *packet, uint32_t header, struct weir_ip *out)
{
	uint32_t length;

	if (packet->captured < 4)
		return WEIR_FINDING_CUT;
	length = weir_load16(packet->bytes + 2);
	out->length_missing = length == 0;
	if (out->length_missing)
		return WEIR_FINDING_NONE;
	if (length < header || length > packet->wire)
		return WEIR_MALFORMED_IP_TOTAL_LENGTH;
	weir_slice_limit(packet, length);
	return WEIR_FINDING_NONE;
}

static int end_ipv6(struct weir_slice *packet, struct weir_ip *out)
{
	uint32_t length;

	if (packet->captured < 6)
		return WEIR_FINDING_CUT;
	length = weir_load16(packet->bytes + 4);
	out->length_missing = length == 0;
	if (out->length_missing)
		return WEIR_FINDING_NONE;
	if (length > packet->wire - IPV6_SIZE)
		return WEIR_MALFORMED_IP_TOTAL_LENGTH;
	weir_slice_limit(packet, IPV6_SIZE + length);
	return WEIR_FINDING_NONE;
}

/* No datagram has more; a frame without a length field of its own may (T2). */
static uint16_t clamp16(uint32_t length)
{
	return length > UINT16_MAX ? UINT16_MAX : (uint16_t)length;
}

static int fields_ipv4(struct weir_slice packet, uint32_t header, struct weir_ip *out)
{
	const uint8_t *bytes = packet.bytes;
	uint16_t fragment;

	if (packet.captured < IPV4_SIZE)
		return WEIR_FINDING_CUT;
	fragment = weir_load16(bytes + 6);
	weir_map_ipv4(bytes + 12, &out->source);
	weir_map_ipv4(bytes + 16, &out->destination);
	out->protocol = bytes[9];
	out->is_later_fragment = fragment & IPV4_OFFSET;
	out->is_fragment = fragment & (IPV4_MORE | IPV4_OFFSET);
	if (out->is_fragment) {
		out->fragment_id = weir_load16(bytes + 4);
		out->fragment_protocol = bytes[9];
	}
	out->payload = packet;
	weir_slice_advance(&out->payload, header);
	if (out->is_fragment) {
		out->has_more_fragments = fragment & IPV4_MORE;
		out->fragment_offset = (uint16_t)((fragment & IPV4_OFFSET) * 8);
		out->fragment_length = clamp16(out->payload.wire);
	}
	return WEIR_FINDING_NONE;
}

static int fields_ipv6(struct weir_slice packet, struct weir_ip *out)
{
	if (packet.captured < IPV6_SIZE)
		return WEIR_FINDING_CUT;
	out->is_ipv6 = true;
	memcpy(out->source.bytes, packet.bytes + 8, 16);
	memcpy(out->destination.bytes, packet.bytes + 24, 16);
	out->protocol = packet.bytes[6];
	out->payload = packet;
	weir_slice_advance(&out->payload, IPV6_SIZE);
	return WEIR_FINDING_NONE;
}

static bool is_extension(const struct weir_ip *ip)
{
	switch (ip->protocol) {
	case WEIR_PROTOCOL_AUTHENTICATION:
		return true;
	case WEIR_PROTOCOL_HOP_BY_HOP:
	case WEIR_PROTOCOL_ROUTING:
	case WEIR_PROTOCOL_FRAGMENT:
	case WEIR_PROTOCOL_DESTINATION:
	case WEIR_PROTOCOL_MOBILITY:
	case WEIR_PROTOCOL_HIP:
	case WEIR_PROTOCOL_SHIM6:
		return ip->is_ipv6;
	default:
		return false;
	}
}

/* The header chain does not fit: what a first fragment lacks is its fault as a fragment. */
static int chain_too_long(const struct weir_ip *ip)
{
	return ip->is_fragment ? WEIR_MALFORMED_FRAGMENT : WEIR_MALFORMED_IPV6_EXTENSION;
}

/* A fragment header with offset 0 and nothing to follow makes no fragment (RFC 6946). */
static int read_fragment(struct weir_ip *ip)
{
	uint16_t fragment;

	if (ip->payload.captured < FRAGMENT_SIZE)
		return WEIR_FINDING_CUT;
	fragment = weir_load16(ip->payload.bytes + 2);
	if (fragment & (IPV6_OFFSET | IPV6_MORE)) {
		ip->is_fragment = true;
		ip->is_later_fragment = fragment & IPV6_OFFSET;
		ip->fragment_id = weir_load32(ip->payload.bytes + 4);
		ip->has_more_fragments = fragment & IPV6_MORE;
		ip->fragment_offset = fragment & IPV6_OFFSET;
		ip->fragment_length = clamp16(ip->payload.wire - FRAGMENT_SIZE);
	}
	return WEIR_FINDING_NONE;
}

static uint32_t extension_size(uint8_t protocol, uint8_t length)
{
	switch (protocol) {
	case WEIR_PROTOCOL_FRAGMENT:
		return FRAGMENT_SIZE;
	case WEIR_PROTOCOL_AUTHENTICATION:
		return (length + 2u) * 4;
	default:
		return (length + 1u) * 8;
	}
}

static int skip_extension(struct weir_ip *ip)
{
	uint32_t least =
		ip->protocol == WEIR_PROTOCOL_AUTHENTICATION ? AUTHENTICATION_SIZE : FRAGMENT_SIZE;
	uint8_t next;
	uint32_t size;

	if (ip->payload.wire < least)
		return chain_too_long(ip);
	if (ip->payload.captured < 2)
		return WEIR_FINDING_CUT;
	next = ip->payload.bytes[0];
	size = extension_size(ip->protocol, ip->payload.bytes[1]);
	if (size < least)
		return WEIR_MALFORMED_IPV6_EXTENSION;
	if (size > ip->payload.wire)
		return chain_too_long(ip);
	if (ip->protocol == WEIR_PROTOCOL_FRAGMENT) {
		int finding = read_fragment(ip);

		if (finding)
			return finding;
	}
	ip->protocol = next;
	ip->has_extensions = true;
	weir_slice_advance(&ip->payload, size);
	return WEIR_FINDING_NONE;
}

static int skip_extensions(struct weir_ip *ip)
{
	while (!ip->is_later_fragment && is_extension(ip)) {
		int finding = skip_extension(ip);

		if (finding)
			return finding;
	}
	return WEIR_FINDING_NONE;
}

/* A missing length is an offload's where TCP or UDP follows; else it was meant (T2): IPv4's is
 * then less than its header, and IPv6 has no payload. */
static int settle_missing_length(struct weir_ip *ip)
{
	if (ip->protocol == WEIR_PROTOCOL_TCP || ip->protocol == WEIR_PROTOCOL_UDP)
		return WEIR_FINDING_NONE;
	if (!ip->is_ipv6)
		return WEIR_MALFORMED_IP_TOTAL_LENGTH;
	if (ip->has_extensions)
		return WEIR_MALFORMED_IPV6_EXTENSION;
	weir_slice_limit(&ip->payload, 0);
	return WEIR_FINDING_NONE;
}

/* The rest is written by whoever finds no fault. */
static void clear(struct weir_ip *ip)
{
	memset(&ip->fragment_id, 0, sizeof(*ip) - offsetof(struct weir_ip, fragment_id));
}

/* The least header first, since the wire's length is known even when nothing was captured. */
static int begin(const struct weir_slice *packet, unsigned *version)
{
	if (packet->wire < (*version == 6 ? IPV6_SIZE : IPV4_SIZE))
		return WEIR_MALFORMED_IP_HEADER_LENGTH;
	if (packet->captured == 0)
		return WEIR_FINDING_CUT;
	if (*version == 0)
		*version = packet->bytes[0] >> 4 == 6 ? 6 : 4;
	return WEIR_FINDING_NONE;
}

static int read_ipv4(struct weir_slice packet, struct weir_ip *out)
{
	uint32_t header;
	int finding = start_ipv4(&packet, &header);

	if (!finding)
		finding = end_ipv4(&packet, header, out);
	return finding ? finding : fields_ipv4(packet, header, out);
}

static int read_ipv6(struct weir_slice packet, struct weir_ip *out)
{
	int finding = start_ipv6(&packet);

	if (!finding)
		finding = end_ipv6(&packet, out);
	return finding ? finding : fields_ipv6(packet, out);
}

int weir_ip_read(struct weir_slice packet, unsigned version, struct weir_ip *out)
{
	int finding = begin(&packet, &version);

	clear(out);
	if (!finding)
		finding = version == 6 ? read_ipv6(packet, out) : read_ipv4(packet, out);
	if (!finding)
		finding = skip_extensions(out);
	if (!finding && out->length_missing)
		finding = settle_missing_length(out);
	return finding;
}

int weir_ip_read_quoted(struct weir_slice packet, unsigned version, struct weir_ip *out)
{
	uint32_t header = 0;
	int finding = begin(&packet, &version);

	clear(out);
	if (!finding)
		finding = version == 6 ? start_ipv6(&packet) : start_ipv4(&packet, &header);
	if (!finding)
		finding =
			version == 6 ? fields_ipv6(packet, out) : fields_ipv4(packet, header, out);
	return finding ? finding : skip_extensions(out);
}
