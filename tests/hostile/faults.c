#include "faults.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "frames.h"
#include "traces.h"

enum {
	FRAMES_MAX = 64,
	ROOM = 4096, /* of a frame */
	NEVER = 1 << 30,
	ETHERNET_HEADER = 14,
	DEPTH_MAX = 12, /* tunnels, one in the other: more than are taken off */
};

struct faults {
	struct dice *dice;
	const struct scene *scene;
	struct trace_builder trace;
	uint32_t field_rarity; /* one field in so many lies */
	uint32_t frame_rarity;
};

/* A frame that may have been changed. */
struct changed {
	uint8_t bytes[ROOM];
	uint32_t captured;
	uint32_t wire;
	uint64_t time;
};

static const uint32_t link_types[] = { 0,   1,   12,  14,  101, 105, 108,   113,
				       127, 147, 228, 229, 240, 276, 0xffff };

/* What a field holds: mostly what it should. */
static uint32_t field(struct faults *faults, uint32_t honest)
{
	static const uint32_t edges[] = {
		0,          1,          2,          3,          4,          5,          7,
		8,          9,          12,         15,         16,         20,         24,
		28,         31,         32,         33,         64,         127,        128,
		255,        256,        1500,       65535,      65536,      262143,     262144,
		262145,     1 << 24,    1 << 30,    0x7ffffffc, 0x7fffffff, 0x80000000, 0xfffffff0,
		0xfffffffc, 0xfffffffe, 0xffffffff,
	};

	if (!dice_one_in(faults->dice, faults->field_rarity))
		return honest;
	switch (dice_below(faults->dice, 5)) {
	case 0:
	case 1:
		return DICE_PICK(faults->dice, edges);
	case 2:
		return honest + dice_below(faults->dice, 17) - 8;
	case 3:
		return honest ^ 1u << dice_below(faults->dice, 32);
	default:
		return (uint32_t)dice_next(faults->dice);
	}
}

static uint64_t field64(struct faults *faults, uint64_t honest)
{
	return (uint64_t)field(faults, (uint32_t)(honest >> 32)) << 32 |
	       field(faults, (uint32_t)honest);
}

/* Frames. */

static void poke(struct faults *faults, struct changed *frame)
{
	static const uint8_t edges[] = { 0,  1,  2,  4,  5,  6,  8,  17, 20,  41,  43,  44,
					 47, 50, 51, 58, 60, 64, 69, 96, 127, 128, 132, 255 };
	uint32_t headers = frame->captured < 96 ? frame->captured : 96;
	uint32_t at = dice_below(faults->dice, headers);

	if (!headers)
		return;
	frame->bytes[at] = dice_one_in(faults->dice, 3) ? (uint8_t)dice_next(faults->dice)
							: DICE_PICK(faults->dice, edges);
}

/* One of many fragments of few datagrams, in any order. */
static void make_fragment(struct faults *faults, struct changed *frame)
{
	uint8_t *ip = frame->bytes + ETHERNET_HEADER;
	uint32_t offset = dice_one_in(faults->dice, 2) ? 0 : dice_below(faults->dice, 8192);

	if (frame->captured < ETHERNET_HEADER + 8)
		return;
	ip[4] = 0;
	ip[5] = (uint8_t)dice_below(faults->dice, 3);
	ip[6] = (uint8_t)(offset >> 8 | (dice_one_in(faults->dice, 2) ? 0x20 : 0));
	ip[7] = (uint8_t)offset;
}

static void append_outside(struct faults *faults, struct frame_builder *b)
{
	if (dice_one_in(faults->dice, 3))
		frame_ip(b, "fd99::1", "fd99::2");
	else
		frame_ip(b, "192.168.0.1", "192.168.0.2");
	switch (dice_below(faults->dice, 4)) {
	case 0:
		frame_vxlan(b, dice_one_in(faults->dice, 2) ? 4789 : 8472);
		break;
	case 1:
		frame_geneve(b, dice_below(faults->dice, 4) * 4);
		break;
	case 2:
		frame_gre(b, (uint8_t)(dice_next(faults->dice) & 0xb0));
		break;
	default:
		break; /* IP in IP */
	}
}

static void wrap(struct faults *faults, struct changed *frame)
{
	uint32_t depth = dice_between(faults->dice, 1, DEPTH_MAX);
	struct frame_builder b;
	uint32_t inside;

	if (frame->captured <= ETHERNET_HEADER)
		return;
	frame_begin(&b, FRAME_ETHERNET);
	while (depth-- > 0)
		append_outside(faults, &b);
	frame_link_type(&b, frame->bytes[12] == 0x86 ? 0x86dd : 0x0800);
	inside = frame->captured - ETHERNET_HEADER;
	if (b.length + inside > ROOM)
		inside = ROOM - b.length;
	frame_payload_bytes(&b, frame->bytes + ETHERNET_HEADER, inside);
	frame_end(&b);
	memcpy(frame->bytes, b.bytes, b.length);
	frame->captured = frame->wire = b.length;
}

/* An error that quotes the frame, to who sent it. */
static void quote(struct faults *faults, struct changed *frame)
{
	struct frame_builder b;
	uint32_t quoted = 28 + dice_below(faults->dice, 8);

	if (frame->captured < ETHERNET_HEADER + quoted || frame->bytes[ETHERNET_HEADER] >> 4 != 4)
		return;
	frame_begin(&b, FRAME_ETHERNET);
	frame_ip(&b, "192.168.0.9", "192.168.0.1");
	memcpy(b.bytes + b.ip + 16, frame->bytes + ETHERNET_HEADER + 12, 4);
	frame_icmp(&b, DICE_PICK(faults->dice, ((const uint8_t[]){ 3, 4, 5, 11, 12 })), 1, 0);
	frame_payload_bytes(&b, frame->bytes + ETHERNET_HEADER, quoted);
	frame_end(&b);
	memcpy(frame->bytes, b.bytes, b.length);
	frame->captured = frame->wire = b.length;
}

static void cut(struct faults *faults, struct changed *frame)
{
	frame->captured = dice_below(faults->dice, frame->captured + 1);
}

static void grow(struct faults *faults, struct changed *frame)
{
	uint32_t more = dice_below(faults->dice, 300);

	if (frame->captured + more > ROOM)
		return;
	memset(frame->bytes + frame->captured, 0x5a, more);
	frame->captured += more;
}

static void leap(struct faults *faults, struct changed *frame)
{
	static const uint64_t second = UINT64_C(1000000000);

	frame->time =
		dice_one_in(faults->dice, 4)
			? dice_next(faults->dice)
			: frame->time + dice_below(faults->dice, 1000) * second - 500 * second;
}

static void change(struct faults *faults, struct changed *frame)
{
	static void (*const kinds[])(struct faults * faults, struct changed * frame) = {
		poke, poke, poke, poke, make_fragment, wrap, quote, cut, grow, leap,
	};

	do {
		DICE_PICK(faults->dice, kinds)(faults, frame);
	} while (dice_one_in(faults->dice, 2));
}

static void take_frame(struct faults *faults, size_t at, struct changed *out)
{
	const struct scene *scene = faults->scene;
	const struct weir_frame *frame = &scene->frames[at % scene->frame_count];

	out->captured = frame->captured < ROOM ? frame->captured : ROOM;
	out->wire = frame->wire;
	out->time = frame->time;
	memcpy(out->bytes, frame->bytes, out->captured);
	if (dice_one_in(faults->dice, faults->frame_rarity))
		change(faults, out);
}

/* Which frame is next: mostly the one behind, now and then one again, or one from anywhere. */
static size_t next_place(struct faults *faults, size_t at)
{
	if (!dice_one_in(faults->dice, 16))
		return at + 1;
	return dice_one_in(faults->dice, 2)
		       ? at
		       : dice_below(faults->dice, (uint32_t)faults->scene->frame_count);
}

/* pcap. */

static void write_pcap_header(struct faults *faults, uint32_t magic)
{
	struct trace_builder *t = &faults->trace;

	trace32(t, magic);
	trace32(t, field(faults, t->swapped ? 2 << 16 | 4 : 4 << 16 | 2));
	trace32(t, field(faults, 0));
	trace32(t, field(faults, 0));
	trace32(t, field(faults, 262144));
	trace32(t, dice_one_in(faults->dice, 16) ? DICE_PICK(faults->dice, link_types)
						 : field(faults, 1));
}

static void write_record(struct faults *faults, uint32_t magic, const struct changed *frame)
{
	uint64_t nanoseconds = frame->time % 1000000000;
	struct trace_builder *t = &faults->trace;

	trace32(t, field(faults, (uint32_t)(frame->time / 1000000000)));
	trace32(t,
		field(faults, (uint32_t)(magic == 0xa1b23c4d ? nanoseconds : nanoseconds / 1000)));
	trace32(t, field(faults, frame->captured));
	trace32(t, field(faults, frame->wire));
	if (magic == 0xa1b2cd34)
		trace64(t, 0);
	trace_bytes(t, frame->bytes, frame->captured);
}

static void write_pcap(struct faults *faults, uint32_t count)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34 };
	uint32_t magic = DICE_PICK(faults->dice, magics);
	size_t at = dice_next(faults->dice) % faults->scene->frame_count;

	write_pcap_header(faults, magic);
	for (uint32_t i = 0; i < count; i++) {
		struct changed frame;

		take_frame(faults, at, &frame);
		write_record(faults, magic, &frame);
		at = next_place(faults, at);
	}
}

/* pcapng. */

static void begin_block(struct faults *faults, uint32_t type)
{
	trace_block_begin(&faults->trace, type == 0x0a0d0d0a ? type : field(faults, type));
}

static void end_block(struct faults *faults)
{
	struct trace_builder *t = &faults->trace;
	uint32_t length;

	trace_block_end(t);
	length = (uint32_t)(t->length - t->block);
	trace_poke32(t, t->block + 4, field(faults, length));
	trace_poke32(t, t->length - 4, field(faults, length));
}

static void write_option(struct faults *faults, uint16_t code, const void *value, uint16_t length)
{
	struct trace_builder *t = &faults->trace;

	trace16(t, (uint16_t)field(faults, code));
	trace16(t, (uint16_t)field(faults, length));
	trace_bytes(t, value, length);
	trace_pad(t);
}

static void end_options(struct faults *faults)
{
	trace32(&faults->trace, field(faults, 0));
}

static void write_section(struct faults *faults)
{
	struct trace_builder *t = &faults->trace;

	t->swapped = dice_one_in(faults->dice, 2);
	begin_block(faults, 0x0a0d0d0a);
	trace32(t, field(faults, 0x1a2b3c4d));
	trace16(t, (uint16_t)field(faults, 1));
	trace16(t, (uint16_t)field(faults, 0));
	trace64(t, field64(faults, UINT64_MAX));
	if (dice_one_in(faults->dice, 2)) {
		write_option(faults, 4, "a mutation", 10);
		end_options(faults);
	}
	end_block(faults);
}

static void write_interface(struct faults *faults, uint32_t number)
{
	struct trace_builder *t = &faults->trace;
	char name[] = { 'e', 't', 'h', (char)('0' + number % 10), (char)dice_next(faults->dice) };
	uint8_t resolution = (uint8_t)field(faults, 9);
	uint64_t offset = field64(faults, 0);

	begin_block(faults, 1);
	trace16(t, (uint16_t)(number && dice_one_in(faults->dice, 3)
				      ? DICE_PICK(faults->dice, link_types)
				      : field(faults, 1)));
	trace16(t, 0);
	trace32(t, field(faults, 0));
	write_option(faults, 2, name, sizeof(name));
	write_option(faults, 9, &resolution, 1);
	if (offset) {
		trace16(t, 14);
		trace16(t, 8);
		trace64(t, offset);
	}
	end_options(faults);
	end_block(faults);
}

static void write_comments(struct faults *faults)
{
	static const char *const texts[] = { "weir: allow", "weir:", "seen", "" };

	if (!dice_one_in(faults->dice, 4))
		return;
	for (uint32_t i = dice_below(faults->dice, 4); i > 0; i--) {
		const char *text = DICE_PICK(faults->dice, texts);

		write_option(faults, 1, text, (uint16_t)strlen(text));
	}
	end_options(faults);
}

static void write_packet(struct faults *faults, uint32_t interfaces, const struct changed *frame)
{
	bool is_obsolete = dice_one_in(faults->dice, 16);
	uint32_t interface = field(faults, dice_below(faults->dice, interfaces));
	struct trace_builder *t = &faults->trace;
	uint64_t time = field64(faults, frame->time);

	begin_block(faults, is_obsolete ? 2 : 6);
	if (is_obsolete) {
		trace16(t, (uint16_t)interface);
		trace16(t, 0);
	} else {
		trace32(t, interface);
	}
	trace32(t, (uint32_t)(time >> 32));
	trace32(t, (uint32_t)time);
	trace32(t, field(faults, frame->captured));
	trace32(t, field(faults, frame->wire));
	trace_bytes(t, frame->bytes, frame->captured);
	trace_pad(t);
	write_comments(faults);
	end_block(faults);
}

static void write_simple_packet(struct faults *faults, const struct changed *frame)
{
	begin_block(faults, 3);
	trace32(&faults->trace, field(faults, frame->wire));
	trace_bytes(&faults->trace, frame->bytes, frame->captured);
	end_block(faults);
}

/* Names, statistics, secrets, journals, and what nobody knows. */
static void write_other_block(struct faults *faults)
{
	static const uint32_t types[] = { 4, 5, 9, 10, 0xbad, 0x40000bad, 0x80000001, 0 };

	begin_block(faults, DICE_PICK(faults->dice, types));
	for (uint32_t words = dice_below(faults->dice, 8); words > 0; words--)
		trace32(&faults->trace, field(faults, 8));
	end_block(faults);
}

static void write_blocks(struct faults *faults, uint32_t count)
{
	uint32_t interfaces = dice_between(faults->dice, 1, 4);
	size_t at = dice_next(faults->dice) % faults->scene->frame_count;

	write_section(faults);
	for (uint32_t i = 0; i < interfaces; i++)
		write_interface(faults, i);
	for (uint32_t i = 0; i < count; i++) {
		struct changed frame;

		take_frame(faults, at, &frame);
		at = next_place(faults, at);
		if (dice_one_in(faults->dice, 16))
			write_simple_packet(faults, &frame);
		else
			write_packet(faults, interfaces, &frame);
		if (dice_one_in(faults->dice, 16))
			write_other_block(faults);
		if (dice_one_in(faults->dice, 64))
			write_interface(faults, interfaces++);
	}
}

static void write_pcapng(struct faults *faults, uint32_t count)
{
	uint32_t sections = dice_one_in(faults->dice, 3) ? dice_between(faults->dice, 2, 4) : 1;

	for (uint32_t i = 0; i < sections; i++)
		write_blocks(faults, count / sections + 1);
}

/* Bytes of any kind. */

static void flip(struct dice *dice, struct faulty_file *file)
{
	size_t at = dice_next(dice) % file->length;

	if (dice_one_in(dice, 2))
		file->bytes[at] ^= (uint8_t)(1u << dice_below(dice, 8));
	else
		file->bytes[at] = (uint8_t)dice_next(dice);
}

static void cut_off(struct dice *dice, struct faulty_file *file)
{
	file->length = 1 + dice_next(dice) % file->length;
}

static void cut_out(struct dice *dice, struct faulty_file *file)
{
	size_t at = dice_next(dice) % file->length;
	size_t length = dice_next(dice) % (file->length - at);

	if (length > 64 && !dice_one_in(dice, 4))
		length = dice_below(dice, 64);
	memmove(file->bytes + at, file->bytes + at + length, file->length - at - length);
	file->length -= length;
}

static void repeat(struct dice *dice, struct faulty_file *file)
{
	size_t at = dice_next(dice) % file->length;
	size_t length = dice_next(dice) % (file->length - at);

	file->bytes = realloc(file->bytes, file->length + length + 1);
	NEED(file->bytes);
	memmove(file->bytes + at + length, file->bytes + at, file->length - at);
	file->length += length;
}

static void spoil(struct dice *dice, struct faulty_file *file)
{
	static void (*const kinds[])(struct dice * dice, struct faulty_file * file) = {
		flip, flip, flip, flip, cut_off, cut_out, repeat,
	};

	do {
		DICE_PICK(dice, kinds)(dice, file);
	} while (dice_one_in(dice, 2));
}

/* Compression. */

static size_t deflate_part(const uint8_t *bytes, size_t length, uint8_t *out, size_t room)
{
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)bytes,
			    .avail_in = (uInt)length,
			    .next_out = out,
			    .avail_out = (uInt)room };

	NEED(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	NEED(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&stream);
	return room - stream.avail_out;
}

static size_t zstd_part(const uint8_t *bytes, size_t length, uint8_t *out, size_t room)
{
	size_t size = ZSTD_compress(out, room, bytes, length, 1);

	NEED(!ZSTD_isError(size));
	return size;
}

/* In one member or two. */
static void compress_file(struct dice *dice, struct faulty_file *file,
			  size_t (*part)(const uint8_t *bytes, size_t length, uint8_t *out,
					 size_t room))
{
	size_t first = dice_one_in(dice, 4) ? dice_next(dice) % file->length : file->length;
	size_t room = file->length * 2 + 4096;
	uint8_t *out = malloc(room);
	size_t length;

	NEED(out);
	length = part(file->bytes, first, out, room);
	if (first < file->length)
		length += part(file->bytes + first, file->length - first, out + length,
			       room - length);
	free(file->bytes);
	*file = (struct faulty_file){ out, length };
}

void faulty_file_make(struct dice *dice, const struct scene *scene, struct faulty_file *out)
{
	static const uint32_t rarities[] = { NEVER, 2000, 400, 100, 20 };
	struct faults faults = {
		.dice = dice,
		.scene = scene,
		.field_rarity = DICE_PICK(dice, rarities),
		.frame_rarity = DICE_PICK(dice, ((const uint32_t[]){ NEVER, 16, 4, 1 })),
	};
	uint32_t count = dice_between(dice, 1, FRAMES_MAX);

	faults.trace.swapped = dice_one_in(dice, 2);
	if (dice_one_in(dice, 3))
		write_pcap(&faults, count);
	else
		write_pcapng(&faults, count);
	*out = (struct faulty_file){ faults.trace.bytes, faults.trace.length };
	if (dice_one_in(dice, 3))
		spoil(dice, out);
	switch (dice_below(dice, 5)) {
	case 0:
		compress_file(dice, out, deflate_part);
		break;
	case 1:
		compress_file(dice, out, zstd_part);
		break;
	default:
		return;
	}
	if (dice_one_in(dice, 3))
		spoil(dice, out);
}
