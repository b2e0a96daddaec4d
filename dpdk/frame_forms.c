#include "frame_forms.h"

enum {
	LINK = 14,
	IPV6 = 40,
	NEXT_HOPS = 0,
	NEXT_FRAGMENT = 44,
	NEXT_DESTINATION = 60,
	PADDING = 1,
	MORE = 0x2000,
	STAMP_SKIPPED = 8, /* bytes of zeros before a later fragment's */
};

/* Lengths. */

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void set_length(const struct frame_template *from, unsigned length, uint8_t *bytes)
{
	frame_put16(bytes + from->length_at, frame_order(length));
}

static void sum_ipv4(const struct frame_template *from, uint8_t *bytes)
{
	if (!from->is_ipv4)
		return;
	frame_put16(bytes + LINK + 10, 0);
	frame_put16(bytes + LINK + 10, frame_fold(frame_sum(bytes + LINK, 20)));
}

/* Moves what is behind IPv6's header, as far as it was written. */
static void make_room(uint8_t *bytes, unsigned room)
{
	uint8_t *behind = bytes + LINK + IPV6;

	memmove(behind + room, behind, FRAME_HEADERS - LINK - IPV6 - room);
	memset(behind, 0, room);
}

/* Extended. */

/* Eight bytes of options that are padding. */
static void put_options(uint8_t *at, uint8_t next)
{
	const uint8_t options[8] = { next, 0, PADDING, 4 };

	memcpy(at, options, sizeof(options));
}

void frame_extend(const struct frame_template *from, uint8_t *bytes)
{
	uint8_t *behind = bytes + LINK + IPV6;

	make_room(bytes, FRAME_EXTENSIONS);
	bytes[LINK + 6] = NEXT_HOPS;
	put_options(behind, NEXT_DESTINATION);
	put_options(behind + 8, from->protocol);
	set_length(from, get16(bytes + from->length_at) + FRAME_EXTENSIONS, bytes);
}

/* Malformed. */

static void claim_more(const struct frame_template *from, uint8_t *bytes)
{
	set_length(from, get16(bytes + from->length_at) + 1u, bytes);
	sum_ipv4(from, bytes);
}

void frame_spoil(const struct frame_template *from, uint32_t sequence, uint8_t *bytes)
{
	uint8_t *transport = bytes + from->transport;

	if (sequence % 2 && from->protocol == WEIR_PROTOCOL_TCP)
		transport[12] = 4 << 4; /* four words of header */
	else if (sequence % 2 && from->protocol == WEIR_PROTOCOL_UDP)
		frame_put16(transport + 4, frame_order(7));
	else if (sequence % 2 && from->protocol == WEIR_PROTOCOL_SCTP)
		frame_put16(transport + 14, frame_order(3)); /* less than a chunk's header */
	else
		claim_more(from, bytes);
}

/* Halved. */

uint16_t frame_fragment_headers(const struct frame_template *from)
{
	return from->transport + (from->is_ipv4 ? 0 : FRAME_FRAGMENT);
}

struct frame_halves frame_halve(const struct frame_template *from, uint16_t size)
{
	unsigned headers = frame_fragment_headers(from);
	unsigned most = (FRAME_MOST - FRAME_CHECK - headers) / 8 * 8;
	unsigned stamped = stamp_places(from->protocol, 0).tail + STAMP_TAIL;
	unsigned wanted = size > headers + FRAME_CHECK ? size - FRAME_CHECK - headers : 0;
	struct frame_halves halves;

	halves.later = (uint16_t)(wanted > FRAME_LATER_LEAST ? wanted : FRAME_LATER_LEAST);
	wanted = (wanted > stamped ? wanted : stamped) + 7;
	halves.first = (uint16_t)(wanted / 8 * 8 < most ? wanted / 8 * 8 : most);
	halves.identification = 0;
	return halves;
}

/* IPv4's are marked in its header, IPv6's by a header between. */
static void mark_fragment(const struct frame_template *from, const struct frame_halves *halves,
			  bool is_first, uint8_t *bytes)
{
	unsigned carried = is_first ? halves->first : halves->later;
	unsigned offset = is_first ? 0 : halves->first;
	uint8_t *between = bytes + LINK + IPV6;

	set_length(from, frame_fragment_headers(from) + carried - from->length_without, bytes);
	if (from->is_ipv4) {
		frame_put16(bytes + LINK + 4, frame_order(halves->identification));
		frame_put16(bytes + LINK + 6, frame_order((is_first ? MORE : 0) | offset / 8));
		sum_ipv4(from, bytes);
		return;
	}
	bytes[LINK + 6] = NEXT_FRAGMENT;
	between[0] = from->protocol;
	frame_put16(between + 2, frame_order(offset | is_first));
	frame_put16(between + 6, frame_order(halves->identification));
}

/* The transport's sum is over both halves. */
static void add_to_sum(const struct frame_template *from, const struct stamp *later, uint8_t *bytes)
{
	uint16_t sum;

	memcpy(&sum, bytes + from->sum_at, sizeof(sum));
	sum = frame_fold((uint16_t)~sum + frame_sum_stamp(later));
	frame_put16(bytes + from->sum_at, sum ? sum : 0xffff);
}

void frame_write_first(const struct frame_template *from, const struct frame *frame,
		       const struct frame_halves *halves, const struct stamp *later, uint8_t *out)
{
	struct frame whole = *frame;

	whole.length = (uint16_t)(from->transport + halves->first + halves->later);
	frame_write(from, &whole, out);
	add_to_sum(from, later, out);
	if (!from->is_ipv4)
		make_room(out, FRAME_FRAGMENT);
	mark_fragment(from, halves, true, out);
}

void frame_write_later(const struct frame_template *from, const struct frame_halves *halves,
		       const struct stamp *later, uint8_t *out)
{
	unsigned payload = frame_fragment_headers(from) + STAMP_SKIPPED;
	const struct stamp_places places = { (uint8_t)payload, (uint8_t)(payload + STAMP_HEAD) };

	memcpy(out, from->bytes, from->transport);
	memset(out + from->transport, 0, FRAME_HEADERS - from->transport);
	mark_fragment(from, halves, false, out);
	stamp_write(later, places, out);
}
