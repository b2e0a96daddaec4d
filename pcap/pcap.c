/*
 * pcap.c - classic pcap: a header of 24 bytes, then records.
 *
 *	file    magic  major,minor  zone  accuracy  snaplen  link type
 *	record  seconds  fraction  captured  wire  [8 more: Kuznetzov's patched format]  bytes
 *
 * The magic tells byte order, unit of the fraction, and size of the record header. The header's
 * snaplen is not trusted (T18): writers have lied about it for decades.
 */
#include "reader.h"

#include <errno.h>

enum {
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	PATCHED_RECORD_HEADER = 24,
	AHEAD = 1024, /* bytes fetched before their record's turn: 5M records, 0.41 -> 0.37 s */
	LINK_TYPE_MASK = 0x03ffffff, /* above: length of the frame check sequence */
};

/* Words of a record's header. */
enum { SECONDS, FRACTION, CAPTURED, WIRE, HEADER_WORDS };

static const struct {
	uint32_t magic;
	uint32_t fraction;
	uint32_t record_header;
} formats[] = {
	{ 0xa1b2c3d4, 1000, RECORD_HEADER },
	{ 0xa1b23c4d, 1, RECORD_HEADER },
	{ 0xa1b2cd34, 1000, PATCHED_RECORD_HEADER },
};

/* The format's index or -1. */
static int format_of(const uint8_t *bytes, bool *swapped)
{
	uint32_t magic;

	memcpy(&magic, bytes, sizeof(magic));
	for (int i = 0; i < (int)(sizeof(formats) / sizeof(formats[0])); i++) {
		*swapped = magic != formats[i].magic;
		if (!*swapped || __builtin_bswap32(magic) == formats[i].magic)
			return i;
	}
	return -1;
}

bool weir_pcap_recognizes(const uint8_t *bytes, size_t length)
{
	bool swapped;

	return length >= 4 && format_of(bytes, &swapped) >= 0;
}

static void read_header(const struct weir_reader *reader, uint32_t header[HEADER_WORDS])
{
	memcpy(header, reader->bytes + reader->at, HEADER_WORDS * sizeof(*header));
	for (unsigned i = 0; reader->swapped && i < HEADER_WORDS; i++)
		header[i] = __builtin_bswap32(header[i]);
}

static int next_record(struct weir_reader *reader, struct weir_frame *out)
{
	const struct weir_reader_interface *interface = &reader->interfaces[0];
	size_t at = reader->at;
	uint32_t header[HEADER_WORDS];
	uint32_t captured;
	uint32_t wire;

	if (weir_reader_left(reader) == 0)
		return 0;
	if (weir_reader_left(reader) < reader->record_header)
		return weir_reader_cut(reader, at, "a record's header");
	read_header(reader, header);
	captured = header[CAPTURED];
	wire = header[WIRE];
	if (reader->lengths_may_be_swapped && captured > wire) {
		uint32_t swap = captured;

		captured = wire;
		wire = swap;
	}
	if (captured > WEIR_RECORD_MAX)
		return weir_reader_damage(reader, at, "a record of %u bytes, more than %d",
					  captured, WEIR_RECORD_MAX);
	if (captured > weir_reader_left(reader) - reader->record_header)
		return weir_reader_cut(reader, at, "a record of %u bytes", captured);
	__builtin_prefetch(reader->bytes + at + AHEAD);
	*out = (struct weir_frame){
		.bytes = reader->bytes + at + reader->record_header,
		.captured = captured,
		.wire = wire,
		.link_type = interface->link_type,
		.interface = interface->index,
		.time = header[SECONDS] * UINT64_C(1000000000) +
			header[FRACTION] * (uint64_t)reader->fraction,
	};
	reader->at = at + reader->record_header + captured;
	return 1;
}

int weir_pcap_start(struct weir_reader *reader, struct weir_frame *out)
{
	int format = format_of(reader->bytes, &reader->swapped);
	struct weir_reader_interface *interface;
	uint16_t major;
	uint16_t minor;

	if (reader->length < FILE_HEADER)
		return weir_reader_cut(reader, 0, "its header");
	major = weir_reader_load16(reader, 4);
	minor = weir_reader_load16(reader, 6);
	if (major != 2)
		return weir_reader_damage(reader, 4, "version %u.%u of the format, not 2.x", major,
					  minor);
	interface = weir_reader_add_interface(reader, reader->file_name, strlen(reader->file_name));
	if (!interface)
		return -ENOMEM;
	interface->link_type = weir_reader_load32(reader, 20) & LINK_TYPE_MASK;
	reader->fraction = formats[format].fraction;
	reader->record_header = formats[format].record_header;
	/* libpcap before 0.5 wrote the two lengths the other way round, under these versions */
	reader->lengths_may_be_swapped = minor <= 3;
	reader->at = FILE_HEADER;
	reader->next = next_record;
	return next_record(reader, out);
}
