/*
 * pcap (its magic for nanoseconds) and pcapng (a section, an interface of nanoseconds, and an
 * Enhanced Packet Block a packet), as the IETF's opsawg drafts have them.
 */
#include "files.h"

#include <string.h>

#include "wire.h"

enum {
	ETHERNET = 1,
	SNAP_LENGTH = 262144,
	PCAP_HEADER = 24,
	PCAP_RECORD = 16,
	SECTION_BLOCK = 28,
	INTERFACE_BLOCK = 32,
	PACKET_BLOCK = 28, /* in front of the packet */
	BLOCK_END = 4,     /* the length again */
	NANOSECONDS = 9,
};

static const uint64_t second = 1000000000;

static void put16(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)number;
	at[1] = (uint8_t)(number >> 8);
}

static void put32(uint8_t *at, uint32_t number)
{
	put16(at, number);
	put16(at + 2, number >> 16);
}

static void put_pcap_header(struct gen_out *out)
{
	uint8_t *at = gen_out_room(out, PCAP_HEADER);

	memset(at, 0, PCAP_HEADER);
	put32(at, 0xa1b23c4d);
	put16(at + 4, 2);
	put16(at + 6, 4);
	put32(at + 16, SNAP_LENGTH);
	put32(at + 20, ETHERNET);
	gen_out_take(out, PCAP_HEADER);
}

static void put_pcapng_header(struct gen_out *out)
{
	uint8_t *at = gen_out_room(out, SECTION_BLOCK + INTERFACE_BLOCK);
	uint8_t *interface = at + SECTION_BLOCK;

	memset(at, 0, SECTION_BLOCK + INTERFACE_BLOCK);
	put32(at, 0x0a0d0d0a);
	put32(at + 4, SECTION_BLOCK);
	put32(at + 8, 0x1a2b3c4d);
	put16(at + 12, 1);
	memset(at + 16, 0xff, 8); /* of any length */
	put32(at + 24, SECTION_BLOCK);
	put32(interface, 1);
	put32(interface + 4, INTERFACE_BLOCK);
	put16(interface + 8, ETHERNET);
	put32(interface + 12, SNAP_LENGTH);
	put16(interface + 16, 9); /* if_tsresol, a byte and its padding; then the end */
	put16(interface + 18, 1);
	interface[20] = NANOSECONDS;
	put32(interface + 28, INTERFACE_BLOCK);
	gen_out_take(out, SECTION_BLOCK + INTERFACE_BLOCK);
}

void gen_put_file_header(struct gen_out *out, enum gen_format format)
{
	if (format == GEN_PCAP)
		put_pcap_header(out);
	else
		put_pcapng_header(out);
}

static size_t header_length(enum gen_format format)
{
	return format == GEN_PCAP ? PCAP_RECORD : PACKET_BLOCK;
}

uint8_t *gen_begin_record(struct gen_out *out, enum gen_format format)
{
	return gen_out_room(out, PACKET_BLOCK + GEN_TUNNEL_MAX + GEN_FRAME_MAX + 3 + BLOCK_END) +
	       header_length(format);
}

static size_t end_pcap(uint8_t *at, uint64_t time, size_t length)
{
	put32(at, (uint32_t)(time / second));
	put32(at + 4, (uint32_t)(time % second));
	put32(at + 8, (uint32_t)length);
	put32(at + 12, (uint32_t)length);
	return PCAP_RECORD + length;
}

static size_t end_pcapng(uint8_t *at, uint64_t time, size_t length)
{
	size_t padded = (length + 3) / 4 * 4;
	size_t whole = PACKET_BLOCK + padded + BLOCK_END;

	put32(at, 6);
	put32(at + 4, (uint32_t)whole);
	put32(at + 8, 0); /* the interface */
	put32(at + 12, (uint32_t)(time >> 32));
	put32(at + 16, (uint32_t)time);
	put32(at + 20, (uint32_t)length);
	put32(at + 24, (uint32_t)length);
	memset(at + PACKET_BLOCK + length, 0, padded - length);
	put32(at + PACKET_BLOCK + padded, (uint32_t)whole);
	return whole;
}

void gen_end_record(struct gen_out *out, enum gen_format format, uint64_t time, size_t length)
{
	uint8_t *at = gen_out_room(out, 0);

	gen_out_take(out, format == GEN_PCAP ? end_pcap(at, time, length)
					     : end_pcapng(at, time, length));
}
