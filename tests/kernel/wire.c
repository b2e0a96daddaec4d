#include "wire.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	TCP_SIZE = 20,
	UDP_SIZE = 8,
	SCTP_SIZE = 12,
	CHUNK_SIZE = 4,
	EXTENSION_SIZE = 8,
	ROUTER = 0xfe, /* bytes of addresses that are the router's own: see router.c */
};

const uint8_t wire_router[2][6] = { { 2, 0, 0, 0, 1, 1 }, { 2, 0, 0, 0, 2, 1 } };
const uint8_t wire_behind[2][6] = { { 2, 0, 0, 0, 1, 3 }, { 2, 0, 0, 0, 2, 3 } };

static void put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value);
}

static uint32_t get16(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

/* Checksums. */

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += get16(bytes + i);
	if (length % 2)
		sum += (uint32_t)bytes[length - 1] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_addresses(uint8_t *to, const struct wire_ends *ends)
{
	int family = ends->is_ipv6 ? AF_INET6 : AF_INET;
	size_t size = ends->is_ipv6 ? 16 : 4;

	inet_pton(family, ends->from->address[ends->is_ipv6], to);
	inet_pton(family, ends->to->address[ends->is_ipv6], to + size);
	return 2 * size;
}

/* With the addresses, as TCP, UDP and ICMPv6 have it. */
static uint16_t checksum(const struct wire_payload *payload, const struct wire_ends *ends)
{
	uint8_t addresses[32];
	uint32_t sum = add(0, addresses, put_addresses(addresses, ends));

	sum += payload->protocol + (uint32_t)payload->length;
	return folded(add(sum, payload->bytes, payload->length));
}

static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Transports. */

static uint8_t *begin(struct wire_payload *out, uint8_t protocol, size_t header, size_t length)
{
	out->protocol = protocol;
	out->length = header + length;
	memset(out->bytes, 0, header);
	for (size_t i = 0; i < length; i++)
		out->bytes[header + i] = (uint8_t)('a' + i % 26);
	return out->bytes;
}

void wire_tcp(struct wire_payload *out, const struct wire_ends *ends, const uint16_t ports[2],
	      uint32_t sequence, uint32_t acknowledgment, uint8_t flags, size_t length)
{
	uint8_t *tcp = begin(out, PROTOCOL_TCP, TCP_SIZE, length);

	put16(tcp, ports[0]);
	put16(tcp + 2, ports[1]);
	put32(tcp + 4, sequence);
	put32(tcp + 8, flags & ACK ? acknowledgment : 0);
	tcp[12] = TCP_SIZE / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	put16(tcp + 16, checksum(out, ends));
}

void wire_udp(struct wire_payload *out, const struct wire_ends *ends, const uint16_t ports[2],
	      size_t length)
{
	uint8_t *udp = begin(out, PROTOCOL_UDP, UDP_SIZE, length);
	uint16_t sum;

	put16(udp, ports[0]);
	put16(udp + 2, ports[1]);
	put16(udp + 4, (uint32_t)out->length);
	sum = checksum(out, ends);
	put16(udp + 6, sum ? sum : 0xffff);
}

void wire_icmp(struct wire_payload *out, const struct wire_ends *ends, uint8_t type, uint8_t code,
	       const uint8_t *message, size_t length)
{
	uint8_t *icmp = begin(out, ends->is_ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP, 4, length);

	icmp[0] = type;
	icmp[1] = code;
	memcpy(icmp + 4, message, length);
	put16(icmp + 2,
	      ends->is_ipv6 ? checksum(out, ends) : folded(add(0, out->bytes, out->length)));
}

void wire_sctp(struct wire_payload *out, const uint16_t ports[2], uint32_t tag, uint8_t chunk,
	       const uint8_t *value, size_t length)
{
	uint8_t *sctp = begin(out, PROTOCOL_SCTP, SCTP_SIZE + CHUNK_SIZE, length);
	uint32_t crc;

	put16(sctp, ports[0]);
	put16(sctp + 2, ports[1]);
	put32(sctp + 4, tag);
	sctp[SCTP_SIZE] = chunk;
	sctp[SCTP_SIZE + 1] = chunk ? 0 : 3;
	put16(sctp + SCTP_SIZE + 2, (uint32_t)(CHUNK_SIZE + length));
	memcpy(sctp + SCTP_SIZE + CHUNK_SIZE, value, length);
	crc = crc32c(sctp, out->length);
	for (unsigned i = 0; i < 4; i++)
		sctp[8 + i] = (uint8_t)(crc >> 8 * i);
}

void wire_other(struct wire_payload *out, uint8_t protocol, size_t length)
{
	begin(out, protocol, 0, length);
}

/* IP. */

static void put_ipv4_checksum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, folded(add(0, ip, (ip[0] & 15u) * 4)));
}

static size_t put_ipv4(uint8_t *ip, const struct wire_ends *ends,
		       const struct wire_payload *payload, const struct wire_shell *shell)
{
	const struct wire_fragment *fragment = shell->fragment;
	size_t header = IPV4_SIZE + (shell->has_options ? 4 : 0);
	size_t length = fragment ? fragment->length : payload->length;

	memset(ip, 0, IPV4_SIZE);
	memset(ip + IPV4_SIZE, 1, header - IPV4_SIZE);
	ip[0] = (uint8_t)(0x40 | header / 4);
	put16(ip + 2, (uint32_t)(header + length));
	put16(ip + 4, shell->tag);
	if (fragment)
		put16(ip + 6, (uint32_t)(fragment->first / 8) | (fragment->more ? 0x2000u : 0));
	ip[8] = (uint8_t)(WIRE_TTL | (shell->is_again ? WIRE_AGAIN : 0));
	ip[9] = payload->protocol;
	put_addresses(ip + 12, ends);
	put_ipv4_checksum(ip);
	memcpy(ip + header, payload->bytes + (fragment ? fragment->first : 0), length);
	return header + length;
}

/* Puts a header of 8 bytes, and its number where the one before says what follows. */
static uint8_t *put_extension(uint8_t *at, uint8_t **next, uint8_t number, const uint8_t *rest)
{
	**next = number;
	at[0] = 0;
	memcpy(at + 1, rest, EXTENSION_SIZE - 1);
	*next = at;
	return at + EXTENSION_SIZE;
}

static uint8_t *put_extras(uint8_t *at, uint8_t **next, enum wire_extras extras)
{
	static const uint8_t padding[7] = { 0, 1, 4 }, routing[7] = { 0, 4, 0 };
	static const uint8_t atomic[7] = { 0, 0, 0, 1, 2, 3, 4 };

	if (extras == EXTRAS_HOP_BY_HOP || extras == EXTRAS_TWO)
		at = put_extension(at, next, 0, padding);
	if (extras == EXTRAS_OPTIONS || extras == EXTRAS_TWO)
		at = put_extension(at, next, PROTOCOL_OPTIONS, padding);
	if (extras == EXTRAS_ROUTING)
		at = put_extension(at, next, PROTOCOL_ROUTING, routing);
	if (extras == EXTRAS_ATOMIC)
		at = put_extension(at, next, PROTOCOL_FRAGMENT, atomic);
	return at;
}

static uint8_t *put_fragment(uint8_t *at, uint8_t **next, const struct wire_fragment *fragment)
{
	uint8_t rest[7] = { 0 };

	put16(rest + 1, (uint32_t)fragment->first | fragment->more);
	put32(rest + 3, fragment->id);
	return put_extension(at, next, PROTOCOL_FRAGMENT, rest);
}

static size_t put_ipv6(uint8_t *ip, const struct wire_ends *ends,
		       const struct wire_payload *payload, const struct wire_shell *shell)
{
	const struct wire_fragment *fragment = shell->fragment;
	size_t length = fragment ? fragment->length : payload->length;
	uint8_t *next = ip + 6, *at = ip + IPV6_SIZE;

	memset(ip, 0, IPV6_SIZE);
	put32(ip, UINT32_C(6) << 28 | shell->tag);
	ip[7] = (uint8_t)(WIRE_TTL | (shell->is_again ? WIRE_AGAIN : 0));
	put_addresses(ip + 8, ends);
	at = put_extras(at, &next, shell->extras);
	if (fragment)
		at = put_fragment(at, &next, fragment);
	*next = payload->protocol;
	memcpy(at, payload->bytes + (fragment ? fragment->first : 0), length);
	at += length;
	put16(ip + 4, (uint32_t)(at - ip - IPV6_SIZE));
	return (size_t)(at - ip);
}

size_t wire_frame(uint8_t *out, const struct wire_ends *ends, const struct wire_payload *payload,
		  const struct wire_shell *shell)
{
	memcpy(out, wire_router[ends->from->leg], 6);
	memcpy(out + 6, wire_behind[ends->from->leg], 6);
	put16(out + 12, ends->is_ipv6 ? 0x86dd : 0x0800);
	return WIRE_LINK +
	       (ends->is_ipv6 ? put_ipv6 : put_ipv4)(out + WIRE_LINK, ends, payload, shell);
}

void wire_retag(uint8_t *frame, uint32_t tag)
{
	uint8_t *ip = frame + WIRE_LINK;

	if (ip[0] >> 4 == 6) {
		put32(ip, UINT32_C(6) << 28 | tag);
		return;
	}
	put16(ip + 4, tag);
	put_ipv4_checksum(ip);
}

/* The router says things of its own, from 169.254.0.0/16 and fe80::/10. */
bool wire_read(const uint8_t *frame, size_t length, bool *is_ipv6, uint32_t *tag, bool *is_again,
	       unsigned *fate)
{
	const uint8_t *ip = frame + WIRE_LINK;
	uint32_t type = length < WIRE_LINK + IPV4_SIZE ? 0 : get16(frame + 12);

	*is_ipv6 = type == 0x86dd;
	if (type == 0x0800 && ip[12] != 169) {
		*tag = get16(ip + 4);
		*fate = ip[1] >> 5;
		*is_again = ip[8] & WIRE_AGAIN;
		return true;
	}
	if (!*is_ipv6 || length < WIRE_LINK + IPV6_SIZE || ip[8] == ROUTER || ip[8] == 0)
		return false;
	*tag = (uint32_t)(ip[1] & 15) << 16 | get16(ip + 2);
	*fate = (ip[0] & 15u) >> 1;
	*is_again = ip[7] & WIRE_AGAIN;
	return true;
}

/* Reading, for people and for the comparison. */

static bool is_extension(uint8_t number)
{
	return number == 0 || number == PROTOCOL_OPTIONS || number == PROTOCOL_ROUTING ||
	       number == PROTOCOL_FRAGMENT;
}

/* Where the transport begins. */
static size_t skip_headers(const uint8_t *frame, size_t length, struct wire_header *out)
{
	const uint8_t *ip = frame + WIRE_LINK;
	size_t at = WIRE_LINK + IPV6_SIZE;

	if (ip[0] >> 4 == 4) {
		out->protocol = ip[9];
		out->is_later = get16(ip + 6) & 0x1fff;
		return WIRE_LINK + (ip[0] & 15u) * 4;
	}
	out->protocol = ip[6];
	while (is_extension(out->protocol) && at + EXTENSION_SIZE <= length) {
		out->fragment_headers += out->protocol == PROTOCOL_FRAGMENT;
		if (out->protocol == PROTOCOL_FRAGMENT)
			out->is_later = get16(frame + at + 2) & 0xfff8;
		out->protocol = frame[at];
		at += EXTENSION_SIZE;
	}
	return at;
}

void wire_parse(const uint8_t *frame, size_t length, struct wire_header *out)
{
	const uint8_t *at;
	size_t left;

	*out = (struct wire_header){ 0 };
	at = frame + skip_headers(frame, length, out);
	left = length - (size_t)(at - frame);
	if (out->is_later || left < 8)
		return;
	if (out->protocol == PROTOCOL_ICMP || out->protocol == PROTOCOL_ICMPV6) {
		out->type = at[0];
		out->code = at[1];
	} else if (out->protocol == PROTOCOL_TCP || out->protocol == PROTOCOL_UDP ||
		   out->protocol == PROTOCOL_SCTP) {
		out->ports[0] = (uint16_t)get16(at);
		out->ports[1] = (uint16_t)get16(at + 2);
	}
	if (out->protocol == PROTOCOL_TCP && left >= TCP_SIZE)
		out->tcp_flags = at[13];
	if (out->protocol == PROTOCOL_SCTP && left > SCTP_SIZE)
		out->type = at[SCTP_SIZE];
}

void wire_describe(const uint8_t *frame, size_t length, char text[WIRE_TEXT])
{
	const uint8_t *ip = frame + WIRE_LINK;
	bool is_ipv6 = ip[0] >> 4 == 6;
	int family = is_ipv6 ? AF_INET6 : AF_INET;
	size_t size = is_ipv6 ? 16 : 4;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN], flags[8] = "";
	struct wire_header header;

	wire_parse(frame, length, &header);
	inet_ntop(family, ip + (is_ipv6 ? 8 : 12), from, sizeof(from));
	inet_ntop(family, ip + (is_ipv6 ? 8 : 12) + size, to, sizeof(to));
	for (unsigned bit = 0; bit < 6; bit++)
		strcat(flags, header.tcp_flags >> bit & 1 ? (char[2]){ "FSRPAU"[bit], 0 } : "");
	snprintf(text, WIRE_TEXT, "%s %u > %s %u protocol %u%s%s type %u code %u%s", from,
		 header.ports[0], to, header.ports[1], header.protocol,
		 header.protocol == PROTOCOL_TCP ? " flags " : "", flags, header.type, header.code,
		 header.is_later ? " later fragment" : "");
}
