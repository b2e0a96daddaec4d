#include "wire.h"

#include <string.h>

#include "weir/key.h"

enum {
	LINK = 14,
	IPV4 = 20,
	IPV6 = 40,
	TCP = 20,
	UDP = 8,
	ICMP = 8,
	SCTP = 12,
	CHUNK = 4,
	DATA_CHUNK = 16,
	INIT_CHUNK = 20,
	COOKIE = 4,
	CHUNK_ROOM = 32, /* for the longest without its payload, and padding */
	WINDOW = 64240,
	HOPS = 64,
	QUOTE = 64, /* bytes at most of what an error quotes behind IP's header */
	FRAGMENT_HEADER = 8,
	NEXT_FRAGMENT = 44,
	VXLAN = 8,
	VXLAN_PORT = 4789,
	VXLAN_SOURCE_PORT = 54789,
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_ARP = 0x0806,
};

static void put16(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static void put32(uint8_t *at, uint32_t number)
{
	put16(at, number >> 16);
	put16(at + 2, number);
}

/* The sum of the Internet checksum, not folded; length is even. */
static uint64_t sum_of(const uint8_t *bytes, size_t length)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* CRC-32C, four bits at a time. */
static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* What the checksums of TCP, UDP and ICMPv6 begin with; IPv4's addresses are the last 4 bytes. */
static uint64_t pseudo_header(const struct gen_packet *packet, size_t length)
{
	size_t skipped = weir_address_is_ipv4(&packet->source) ? 12 : 0;

	return sum_of(packet->source.bytes + skipped, 16 - skipped) +
	       sum_of(packet->destination.bytes + skipped, 16 - skipped) + packet->protocol +
	       length;
}

static size_t put_tcp(const struct gen_packet *packet, uint8_t *at)
{
	size_t length = TCP + packet->payload;

	memset(at, 0, length);
	put16(at, packet->source_port);
	put16(at + 2, packet->destination_port);
	put32(at + 4, packet->sequence);
	put32(at + 8, packet->acknowledged);
	at[12] = TCP / 4 << 4;
	at[13] = packet->kind;
	put16(at + 14, WINDOW);
	put16(at + 16, fold(pseudo_header(packet, length) + sum_of(at, TCP)));
	return length;
}

/* A sum of zero would say that there is none. */
static size_t put_udp(const struct gen_packet *packet, uint8_t *at)
{
	size_t length = UDP + packet->payload;
	uint16_t sum;

	memset(at, 0, length);
	put16(at, packet->source_port);
	put16(at + 2, packet->destination_port);
	put16(at + 4, (uint32_t)length);
	sum = fold(pseudo_header(packet, length) + sum_of(at, UDP));
	put16(at + 6, sum ? sum : 0xffff);
	return length;
}

static size_t put_icmp(const struct gen_packet *packet, uint8_t *at)
{
	size_t length = ICMP + packet->payload;
	uint64_t sum = 0;

	memset(at, 0, length);
	at[0] = packet->kind;
	put16(at + 4, packet->echo);
	put16(at + 6, packet->echo_sequence);
	if (packet->protocol == WEIR_PROTOCOL_ICMPV6)
		sum = pseudo_header(packet, length);
	put16(at + 2, fold(sum + sum_of(at, ICMP)));
	return length;
}

/* Behind the chunk's header; says how long the chunk is. */
static size_t put_chunk_body(const struct gen_packet *packet, uint8_t *at)
{
	switch (packet->kind) {
	case GEN_CHUNK_DATA:
		put32(at + 4, packet->acknowledged);
		return (size_t)DATA_CHUNK + packet->payload;
	case GEN_CHUNK_INIT:
	case GEN_CHUNK_INIT_ACK:
		put32(at + 4, packet->acknowledged); /* the tag that answers are to have */
		put32(at + 8, WINDOW);
		put16(at + 12, 1); /* streams out and in */
		put16(at + 14, 1);
		put32(at + 16, packet->acknowledged);
		if (packet->kind == GEN_CHUNK_INIT)
			return INIT_CHUNK;
		put16(at + INIT_CHUNK, 7); /* the state cookie */
		put16(at + INIT_CHUNK + 2, 4 + COOKIE);
		return INIT_CHUNK + 4 + COOKIE;
	case GEN_CHUNK_COOKIE_ECHO:
		return CHUNK + COOKIE;
	case GEN_CHUNK_SHUTDOWN:
		put32(at + 4, packet->acknowledged);
		return CHUNK + 4;
	default:
		return CHUNK;
	}
}

static size_t put_sctp(const struct gen_packet *packet, uint8_t *at)
{
	uint8_t *chunk = at + SCTP;
	size_t length;
	size_t padded;
	uint32_t crc;

	memset(at, 0, (size_t)SCTP + CHUNK_ROOM + packet->payload);
	put16(at, packet->source_port);
	put16(at + 2, packet->destination_port);
	put32(at + 4, packet->sequence);
	chunk[0] = packet->kind;
	/* The only fragment of its message. */
	chunk[1] = packet->kind == GEN_CHUNK_DATA ? 3 : 0;
	length = put_chunk_body(packet, chunk);
	put16(chunk + 2, (uint32_t)length);
	padded = (SCTP + length + 3) / 4 * 4;
	crc = crc32c(at, padded);
	for (int i = 0; i < 4; i++)
		at[8 + i] = (uint8_t)(crc >> 8 * i);
	return padded;
}

static size_t put_transport(const struct gen_packet *packet, uint8_t *at)
{
	switch (packet->protocol) {
	case WEIR_PROTOCOL_TCP:
		return put_tcp(packet, at);
	case WEIR_PROTOCOL_UDP:
		return put_udp(packet, at);
	case WEIR_PROTOCOL_SCTP:
		return put_sctp(packet, at);
	default:
		return put_icmp(packet, at);
	}
}

static void put_ipv4(const struct gen_packet *packet, uint8_t *at, size_t length)
{
	memset(at, 0, IPV4);
	at[0] = 4 << 4 | IPV4 / 4;
	put16(at + 2, (uint32_t)(IPV4 + length));
	put16(at + 4, packet->identification);
	at[6] = 0x40; /* not to be fragmented */
	at[8] = HOPS;
	at[9] = packet->protocol;
	memcpy(at + 12, packet->source.bytes + 12, 4);
	memcpy(at + 16, packet->destination.bytes + 12, 4);
	put16(at + 10, fold(sum_of(at, IPV4)));
}

static void put_ipv6(const struct gen_packet *packet, uint8_t *at, size_t length)
{
	put32(at, 6u << 28);
	put16(at + 4, (uint32_t)length);
	at[6] = packet->protocol;
	at[7] = HOPS;
	memcpy(at + 8, packet->source.bytes, 16);
	memcpy(at + 24, packet->destination.bytes, 16);
}

/* Locally administered, from the address's last bytes. */
static void put_station(uint8_t *at, const struct weir_address *address)
{
	at[0] = 2;
	at[1] = 0;
	memcpy(at + 2, address->bytes + 12, 4);
}

static size_t ip_header(const struct gen_packet *packet)
{
	return weir_address_is_ipv4(&packet->source) ? IPV4 : IPV6;
}

/* Everything in front of what IP carries, which is of that length; says where that begins. */
static size_t put_headers(const struct gen_packet *packet, uint8_t *out, size_t length)
{
	bool is_ipv4 = weir_address_is_ipv4(&packet->source);

	put_station(out, &packet->destination);
	put_station(out + 6, &packet->source);
	put16(out + 12, is_ipv4 ? ETHER_IPV4 : ETHER_IPV6);
	if (is_ipv4)
		put_ipv4(packet, out + LINK, length);
	else
		put_ipv6(packet, out + LINK, length);
	return LINK + ip_header(packet);
}

size_t gen_frame_build(const struct gen_packet *packet, uint8_t *out)
{
	size_t length = put_transport(packet, out + LINK + ip_header(packet));

	return put_headers(packet, out, length) + length;
}

/* Fragments. */

/* IPv4's are marked in its header, whose checksum changes; IPv6's by a header between. */
static size_t mark_fragment(const struct gen_packet *packet, uint8_t *ip, size_t offset,
			    enum gen_half half)
{
	uint8_t *between = ip + IPV6;

	if (weir_address_is_ipv4(&packet->source)) {
		put16(ip + 6, (half == GEN_FIRST_HALF ? 0x2000u : 0) | (uint32_t)offset / 8);
		put16(ip + 10, 0);
		put16(ip + 10, fold(sum_of(ip, IPV4)));
		return 0;
	}
	between[0] = packet->protocol;
	between[1] = 0;
	put16(between + 2, (uint32_t)offset | (half == GEN_FIRST_HALF));
	put32(between + 4, packet->identification);
	ip[6] = NEXT_FRAGMENT;
	return FRAGMENT_HEADER;
}

size_t gen_fragment_build(const struct gen_packet *packet, enum gen_half half, uint8_t *out)
{
	uint8_t whole[GEN_FRAME_MAX];
	size_t length = put_transport(packet, whole);
	size_t middle = length / 16 * 8;
	size_t offset = half == GEN_FIRST_HALF ? 0 : middle;
	size_t carried = half == GEN_FIRST_HALF ? middle : length - middle;
	size_t between = weir_address_is_ipv4(&packet->source) ? 0 : FRAGMENT_HEADER;
	size_t at = put_headers(packet, out, between + carried);

	at += mark_fragment(packet, out + LINK, offset, half);
	memcpy(out + at, whole + offset, carried);
	return at + carried;
}

/* Errors. */

/* IPv4's says that it needed fragmenting, IPv6's that it was too big. */
size_t gen_error_build(const struct gen_packet *packet, uint8_t *out)
{
	bool is_ipv4 = weir_address_is_ipv4(&packet->source);
	struct gen_packet error = { .source = packet->destination,
				    .destination = packet->source,
				    .protocol = is_ipv4 ? WEIR_PROTOCOL_ICMP : WEIR_PROTOCOL_ICMPV6,
				    .identification = packet->identification };
	uint8_t whole[GEN_FRAME_MAX];
	size_t quoted = gen_frame_build(packet, whole) - LINK;
	size_t most = ip_header(packet) + QUOTE;
	uint8_t *at = out + LINK + ip_header(packet);
	uint64_t sum;

	quoted = quoted < most ? quoted : most;
	quoted -= quoted % 2; /* for the sum; ports are far in front of it */
	memset(at, 0, ICMP);
	at[0] = is_ipv4 ? 3 : 2;
	at[1] = is_ipv4 ? 4 : 0;
	put16(at + 6, 1280);
	memcpy(at + ICMP, whole + LINK, quoted);
	sum = sum_of(at, ICMP + quoted);
	put16(at + 2, fold(is_ipv4 ? sum : sum + pseudo_header(&error, ICMP + quoted)));
	return put_headers(&error, out, ICMP + quoted) + ICMP + quoted;
}

/* VXLAN. */

size_t gen_tunnel_length(const struct weir_address *source)
{
	return (size_t)LINK + (weir_address_is_ipv4(source) ? IPV4 : IPV6) + UDP + VXLAN;
}

/* Without a UDP checksum, as tunnels have it. */
void gen_tunnel_build(const struct weir_address *source, const struct weir_address *destination,
		      size_t length, uint8_t *out)
{
	const struct gen_packet outer = { .source = *source,
					  .destination = *destination,
					  .protocol = WEIR_PROTOCOL_UDP };
	uint8_t *at = out + put_headers(&outer, out, UDP + VXLAN + length);

	memset(at, 0, UDP + VXLAN);
	put16(at, VXLAN_SOURCE_PORT);
	put16(at + 2, VXLAN_PORT);
	put16(at + 4, (uint32_t)(UDP + VXLAN + length));
	at[UDP] = 8; /* it has a network */
	put32(at + UDP + 4, 1u << 8);
}

size_t gen_noise_build(const struct weir_address *source, uint8_t *out)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1 }; /* of Ethernet and IPv4 */
	uint8_t *at = out + LINK;

	memset(out, 0, LINK + 28);
	memset(out, 0xff, 6);
	put_station(out + 6, source);
	put16(out + 12, ETHER_ARP);
	memcpy(at, request, sizeof(request));
	put_station(at + 8, source);
	memcpy(at + 14, source->bytes + 12, 4);
	memcpy(at + 24, source->bytes + 12, 4);
	return LINK + 28;
}
