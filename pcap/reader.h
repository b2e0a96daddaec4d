/*
 * reader.h - the records of one trace in memory: classic pcap (pcap.c) or pcapng (pcapng.c).
 *
 * Both read untrusted bytes: nothing is believed that is not compared with the length first.
 */
#ifndef WEIR_PCAP_READER_H
#define WEIR_PCAP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "interfaces.h"
#include "weir/packet.h"

enum {
	WEIR_RECORD_MAX = 256 * 1024, /* libpcap's own limit (T18) */
	WEIR_SECTION_INTERFACES_MAX = 65536,
};

/* One interface of a section, or the only one of a classic file. */
struct weir_reader_interface {
	uint32_t index; /* in the capture's table of names */
	uint32_t link_type;
	uint32_t snaplen;
	uint8_t resolution; /* if_tsresol: 10^-n seconds, or 2^-n with the high bit */
	int64_t offset;     /* if_tsoffset, seconds */
};

struct weir_reader {
	const uint8_t *bytes;
	size_t length;
	size_t at;
	struct weir_interfaces *names;
	const char *file_name; /* the interface's, where the format has none */
	int (*next)(struct weir_reader *reader, struct weir_frame *out);
	bool swapped; /* written by a machine of the other byte order */

	/* classic */
	uint32_t record_header;
	uint32_t fraction; /* nanoseconds in a unit of the time's second half */
	bool lengths_may_be_swapped;

	/* pcapng: interfaces of the section; classic: one */
	struct weir_reader_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
	uint64_t time; /* of the last packet, for packets without a time */

	/* where and what, when next says -EBADMSG; is_cut: no more than that the bytes end */
	bool is_cut;
	size_t damage_at;
	char damage[160];
};

/* Whether these are the first bytes of a trace. */
bool weir_reader_recognizes(const uint8_t *bytes, size_t length);

/* Readies a reader for bytes that it recognizes; nothing is read before the first next. */
void weir_reader_init(struct weir_reader *reader, const uint8_t *bytes, size_t length,
		      const char *file_name, struct weir_interfaces *names);
void weir_reader_finish(struct weir_reader *reader);

/* 1 and the next frame (without its number), 0 at the end, -EBADMSG on damage, -ENOMEM. */
int weir_reader_next(struct weir_reader *reader, struct weir_frame *out);

/* Back to the first record. */
void weir_reader_rewind(struct weir_reader *reader);

/* The formats. */
bool weir_pcap_recognizes(const uint8_t *bytes, size_t length);
int weir_pcap_start(struct weir_reader *reader, struct weir_frame *out);
bool weir_pcapng_recognizes(const uint8_t *bytes, size_t length);
int weir_pcapng_start(struct weir_reader *reader, struct weir_frame *out);

/* For the formats: notes damage and returns -EBADMSG. */
__attribute__((format(printf, 3, 4))) int weir_reader_damage(struct weir_reader *reader, size_t at,
							     const char *format, ...);
/* The same where the bytes end inside of what is named. */
__attribute__((format(printf, 3, 4))) int weir_reader_cut(struct weir_reader *reader, size_t at,
							  const char *inside, ...);
/* For the formats: one more interface, its link type and times as in classic files. NULL: no
 * memory. */
struct weir_reader_interface *weir_reader_add_interface(struct weir_reader *reader,
							const char *name, size_t length);

/* Bytes from the reader's place to the end. */
static inline size_t weir_reader_left(const struct weir_reader *reader)
{
	return reader->length - reader->at;
}

static inline uint16_t weir_reader_load16(const struct weir_reader *reader, size_t at)
{
	uint16_t value;

	memcpy(&value, reader->bytes + at, sizeof(value));
	return reader->swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t weir_reader_load32(const struct weir_reader *reader, size_t at)
{
	uint32_t value;

	memcpy(&value, reader->bytes + at, sizeof(value));
	return reader->swapped ? __builtin_bswap32(value) : value;
}

#endif
