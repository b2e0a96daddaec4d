/*
 * pcapng.c - sections of blocks, each block with its length before and behind.
 *
 *	type  length  body (padded to 4 bytes)  length
 *
 * A section header gives the byte order and forgets the interfaces before it; an interface block
 * adds one; a packet names one by its number in the section. Blocks of other types are skipped.
 *
 * Times are 64 bits in the interface's unit. A simple packet has none: it gets the time of the
 * packet before it, so that its place in the file stays its place in the trace.
 */
#include "reader.h"

#include <errno.h>

#include "weir/capture.h"

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
};

enum {
	BLOCK_HEADER = 8,
	BLOCK_LEAST = 12,
	SECTION_LEAST = 28,
	INTERFACE_FIXED = 8,
	PACKET_FIXED = 20,
	SIMPLE_FIXED = 4,
	OPTION_HEADER = 4,
};

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,
	OPTION_RESOLUTION = 9,
	OPTION_OFFSET = 14,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

static size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

/* A block's body, and where the block began. */
struct block {
	size_t start;
	size_t body;
	size_t size; /* of the body */
	uint32_t type;
};

bool weir_pcapng_recognizes(const uint8_t *bytes, size_t length)
{
	return length >= 4 && memcmp(bytes, "\x0a\x0d\x0d\x0a", 4) == 0;
}

static int read_byte_order(struct weir_reader *reader, size_t at)
{
	if (weir_reader_left(reader) < BLOCK_LEAST)
		return weir_reader_cut(reader, at, "a block");
	reader->swapped = false;
	reader->swapped = weir_reader_load32(reader, at + 8) != BYTE_ORDER_MAGIC;
	if (weir_reader_load32(reader, at + 8) != BYTE_ORDER_MAGIC)
		return weir_reader_damage(reader, at, "a section without a byte order");
	return 0;
}

/* Takes the next block: 1, 0 at the end of the file, or -EBADMSG. */
static int take_block(struct weir_reader *reader, struct block *out)
{
	size_t at = reader->at;
	size_t left = weir_reader_left(reader);
	uint32_t length;

	if (left == 0)
		return 0;
	if (left < BLOCK_LEAST)
		return weir_reader_cut(reader, at, "a block");
	out->type = weir_reader_load32(reader, at);
	if (out->type == BLOCK_SECTION && read_byte_order(reader, at))
		return -EBADMSG;
	length = weir_reader_load32(reader, at + 4);
	if (length < BLOCK_LEAST || length % 4 != 0)
		return weir_reader_damage(reader, at, "a block cannot have %u bytes", length);
	if (length > left)
		return weir_reader_cut(reader, at, "a block of %u bytes", length);
	if (weir_reader_load32(reader, at + length - 4) != length)
		return weir_reader_damage(reader, at, "a block's two lengths differ");
	out->start = at;
	out->body = at + BLOCK_HEADER;
	out->size = length - BLOCK_LEAST;
	reader->at = at + length;
	return 1;
}

static int too_short(struct weir_reader *reader, const struct block *block)
{
	return weir_reader_damage(reader, block->start, "a block of type %u is too short",
				  block->type);
}

static int read_section(struct weir_reader *reader, const struct block *block)
{
	uint16_t major;

	if (block->size < SECTION_LEAST - BLOCK_LEAST)
		return too_short(reader, block);
	major = weir_reader_load16(reader, block->body + 4);
	if (major != 1)
		return weir_reader_damage(reader, block->start, "version %u of pcapng, not 1",
					  major);
	reader->interface_count = 0;
	return 0;
}

/* An option of a list: its value's place and length. */
struct option {
	size_t value;
	uint16_t code;
	uint16_t length;
};

/* Options that do not fit end the list; nothing that matters much is in them. */
static bool take_option(const struct weir_reader *reader, size_t *at, size_t end,
			struct option *out)
{
	if (end - *at < OPTION_HEADER)
		return false;
	out->code = weir_reader_load16(reader, *at);
	out->length = weir_reader_load16(reader, *at + 2);
	out->value = *at + OPTION_HEADER;
	if (out->code == OPTION_END || padded(out->length) > end - out->value)
		return false;
	*at = out->value + padded(out->length);
	return true;
}

static uint64_t load64(const struct weir_reader *reader, size_t at)
{
	uint64_t value;

	memcpy(&value, reader->bytes + at, sizeof(value));
	return reader->swapped ? __builtin_bswap64(value) : value;
}

static int read_interface(struct weir_reader *reader, const struct block *block)
{
	size_t end = block->body + block->size;
	size_t at = block->body + INTERFACE_FIXED;
	const char *name = reader->file_name;
	size_t name_length = strlen(name);
	uint8_t resolution = 6;
	int64_t offset = 0;
	struct weir_reader_interface *interface;
	struct option option;

	if (block->size < INTERFACE_FIXED)
		return too_short(reader, block);
	if (reader->interface_count == WEIR_SECTION_INTERFACES_MAX)
		return weir_reader_damage(reader, block->start,
					  "a section of more than %d interfaces",
					  WEIR_SECTION_INTERFACES_MAX);
	while (take_option(reader, &at, end, &option)) {
		if (option.code == OPTION_NAME && option.length > 0) {
			name = (const char *)reader->bytes + option.value;
			name_length = strnlen(name, option.length);
		} else if (option.code == OPTION_RESOLUTION && option.length >= 1) {
			resolution = reader->bytes[option.value];
		} else if (option.code == OPTION_OFFSET && option.length >= 8) {
			offset = (int64_t)load64(reader, option.value);
		}
	}
	interface = weir_reader_add_interface(reader, name, name_length);
	if (!interface)
		return -ENOMEM;
	interface->link_type = weir_reader_load16(reader, block->body);
	interface->snaplen = weir_reader_load32(reader, block->body + 4);
	interface->resolution = resolution;
	interface->offset = offset;
	return 0;
}

static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* Nanoseconds since 1970. Times that do not fit wrap: they are nonsense before and after. */
static uint64_t nanoseconds(const struct weir_reader_interface *interface, uint64_t time)
{
	unsigned exponent = interface->resolution & 0x7f;
	uint64_t since = (uint64_t)interface->offset * 1000000000u;

	if (interface->resolution & 0x80) {
		__extension__ unsigned __int128 scaled = time;

		return since + (uint64_t)(scaled * 1000000000u >> exponent);
	}
	if (exponent <= 9)
		return since + time * power_of_ten(9 - exponent);
	return since + (exponent - 9 < 20 ? time / power_of_ten(exponent - 9) : 0);
}

/* Bytes behind the padded packet, up to the end of its block. */
static uint32_t options_behind(const struct block *block, size_t data, uint32_t captured)
{
	size_t end = block->body + block->size;
	size_t options = data + padded(captured);

	return options < end ? (uint32_t)(end - options) : 0;
}

static int hand_out(struct weir_reader *reader, const struct block *block, size_t data,
		    uint32_t captured, uint32_t wire, uint32_t number, struct weir_frame *out)
{
	const struct weir_reader_interface *interface;

	if (number >= reader->interface_count)
		return weir_reader_damage(reader, block->start,
					  "a packet of interface %u, of which there is no block",
					  number);
	if (captured > WEIR_RECORD_MAX)
		return weir_reader_damage(reader, block->start,
					  "a record of %u bytes, more than %d", captured,
					  WEIR_RECORD_MAX);
	if (captured > block->body + block->size - data)
		return weir_reader_damage(reader, block->start,
					  "a packet of %u bytes, more than its block has",
					  captured);
	interface = &reader->interfaces[number];
	*out = (struct weir_frame){
		.bytes = reader->bytes + data,
		.captured = captured,
		.wire = wire,
		.link_type = interface->link_type,
		.interface = interface->index,
		.time = reader->time,
		.options = options_behind(block, data, captured),
		.options_are_swapped = reader->swapped,
	};
	return 1;
}

/* The obsolete block differs in the interface's width alone: the rest are drops. */
static int read_packet(struct weir_reader *reader, const struct block *block,
		       struct weir_frame *out)
{
	size_t body = block->body;
	uint64_t time;
	uint32_t number;

	if (block->size < PACKET_FIXED)
		return too_short(reader, block);
	number = block->type == BLOCK_PACKET ? weir_reader_load16(reader, body)
					     : weir_reader_load32(reader, body);
	time = (uint64_t)weir_reader_load32(reader, body + 4) << 32 |
	       weir_reader_load32(reader, body + 8);
	if (number < reader->interface_count)
		reader->time = nanoseconds(&reader->interfaces[number], time);
	return hand_out(reader, block, body + PACKET_FIXED, weir_reader_load32(reader, body + 12),
			weir_reader_load32(reader, body + 16), number, out);
}

/* The captured length is the least of what could have been: the wire's, the snaplen's, the
 * block's. */
static int read_simple_packet(struct weir_reader *reader, const struct block *block,
			      struct weir_frame *out)
{
	uint32_t captured;
	uint32_t wire;
	int status;

	if (block->size < SIMPLE_FIXED)
		return too_short(reader, block);
	wire = weir_reader_load32(reader, block->body);
	captured = wire;
	if (reader->interface_count > 0 && reader->interfaces[0].snaplen > 0 &&
	    captured > reader->interfaces[0].snaplen)
		captured = reader->interfaces[0].snaplen;
	if (captured > block->size - SIMPLE_FIXED)
		captured = (uint32_t)(block->size - SIMPLE_FIXED);
	status = hand_out(reader, block, block->body + SIMPLE_FIXED, captured, wire, 0, out);
	if (status == 1)
		out->options = 0;
	return status;
}

static int read_block(struct weir_reader *reader, const struct block *block, struct weir_frame *out)
{
	switch (block->type) {
	case BLOCK_SECTION:
		return read_section(reader, block);
	case BLOCK_INTERFACE:
		return read_interface(reader, block);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED_PACKET:
		return read_packet(reader, block, out);
	case BLOCK_SIMPLE_PACKET:
		return read_simple_packet(reader, block, out);
	default:
		return 0;
	}
}

static int next_packet(struct weir_reader *reader, struct weir_frame *out)
{
	for (;;) {
		struct block block;
		int status = take_block(reader, &block);

		if (status <= 0)
			return status;
		status = read_block(reader, &block, out);
		if (status)
			return status;
	}
}

int weir_pcapng_start(struct weir_reader *reader, struct weir_frame *out)
{
	reader->next = next_packet;
	return next_packet(reader, out);
}

bool weir_capture_comment(const struct weir_frame *frame, size_t *at, const char **text,
			  size_t *length)
{
	struct weir_reader options = { .swapped = frame->options_are_swapped };
	struct option option;

	if (frame->options == 0)
		return false;
	options.bytes = frame->bytes + padded(frame->captured);
	while (*at <= frame->options && take_option(&options, at, frame->options, &option)) {
		if (option.code != OPTION_COMMENT)
			continue;
		*text = (const char *)options.bytes + option.value;
		*length = option.length;
		return true;
	}
	return false;
}
