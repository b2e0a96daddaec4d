/*
 * traces.h - trace files written by hand, field by field, in either byte order.
 *
 *	struct trace_builder t = { .swapped = true };
 *	trace_pcap(&t, 0xa1b2c3d4, 1);                    the file header, link type Ethernet
 *	trace_record(&t, 12, 345678, bytes, 60, 1514);    seconds, fraction, captured, wire
 *
 *	trace_section(&t);
 *	trace_interface(&t, 1, "eth0", 9, 0);             link type, name, if_tsresol, if_tsoffset
 *	trace_packet(&t, 0, time, bytes, 60, 1514);       an enhanced packet block
 *
 * The caller frees t.bytes.
 */
#ifndef WEIR_TESTS_TRACES_H
#define WEIR_TESTS_TRACES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trace_builder {
	uint8_t *bytes;
	size_t length;
	size_t capacity;
	bool swapped; /* written by a machine of the other byte order */
	size_t block; /* where the pcapng block that is being written begins */
};

static inline void trace_bytes(struct trace_builder *t, const void *bytes, size_t length)
{
	if (t->length + length > t->capacity) {
		t->capacity = (t->length + length) * 2;
		t->bytes = realloc(t->bytes, t->capacity);
		assert(t->bytes);
	}
	if (length)
		memcpy(t->bytes + t->length, bytes, length);
	t->length += length;
}

static inline void trace16(struct trace_builder *t, uint16_t value)
{
	if (t->swapped)
		value = __builtin_bswap16(value);
	trace_bytes(t, &value, sizeof(value));
}

static inline void trace32(struct trace_builder *t, uint32_t value)
{
	if (t->swapped)
		value = __builtin_bswap32(value);
	trace_bytes(t, &value, sizeof(value));
}

static inline void trace64(struct trace_builder *t, uint64_t value)
{
	if (t->swapped)
		value = __builtin_bswap64(value);
	trace_bytes(t, &value, sizeof(value));
}

static inline void trace_poke32(struct trace_builder *t, size_t at, uint32_t value)
{
	size_t length = t->length;

	t->length = at;
	trace32(t, value);
	t->length = length;
}

static inline void trace_pcap(struct trace_builder *t, uint32_t magic, uint32_t link_type)
{
	trace32(t, magic);
	trace16(t, 2);
	trace16(t, 4);
	trace32(t, 0);
	trace32(t, 0);
	trace32(t, 64); /* the snaplen lies: it is not trusted */
	trace32(t, link_type);
}

static inline void trace_record(struct trace_builder *t, uint32_t seconds, uint32_t fraction,
				const void *bytes, uint32_t captured, uint32_t wire)
{
	trace32(t, seconds);
	trace32(t, fraction);
	trace32(t, captured);
	trace32(t, wire);
	trace_bytes(t, bytes, captured);
}

static inline void trace_pad(struct trace_builder *t)
{
	static const uint8_t zeros[4];

	trace_bytes(t, zeros, (4 - t->length % 4) % 4);
}

static inline void trace_block_begin(struct trace_builder *t, uint32_t type)
{
	t->block = t->length;
	trace32(t, type);
	trace32(t, 0);
}

static inline void trace_block_end(struct trace_builder *t)
{
	uint32_t length;

	trace_pad(t);
	length = (uint32_t)(t->length - t->block) + 4;
	trace32(t, length);
	trace_poke32(t, t->block + 4, length);
}

static inline void trace_section(struct trace_builder *t)
{
	trace_block_begin(t, 0x0a0d0d0a);
	trace32(t, 0x1a2b3c4d);
	trace16(t, 1);
	trace16(t, 0);
	trace64(t, UINT64_MAX);
	trace_block_end(t);
}

static inline void trace_option(struct trace_builder *t, uint16_t code, const void *value,
				uint16_t length)
{
	trace16(t, code);
	trace16(t, length);
	trace_bytes(t, value, length);
	trace_pad(t);
}

/* name NULL, resolution 6, offset 0: what they are when they are not given. */
static inline void trace_interface(struct trace_builder *t, uint16_t link_type, const char *name,
				   uint8_t resolution, int64_t offset)
{
	trace_block_begin(t, 1);
	trace16(t, link_type);
	trace16(t, 0);
	trace32(t, 0);
	if (name)
		trace_option(t, 2, name, (uint16_t)strlen(name));
	if (resolution != 6)
		trace_option(t, 9, &resolution, 1);
	if (offset) {
		trace16(t, 14);
		trace16(t, 8);
		trace64(t, (uint64_t)offset);
	}
	trace32(t, 0); /* end of options */
	trace_block_end(t);
}

static inline void trace_packet(struct trace_builder *t, uint32_t interface, uint64_t time,
				const void *bytes, uint32_t captured, uint32_t wire)
{
	trace_block_begin(t, 6);
	trace32(t, interface);
	trace32(t, (uint32_t)(time >> 32));
	trace32(t, (uint32_t)time);
	trace32(t, captured);
	trace32(t, wire);
	trace_bytes(t, bytes, captured);
	trace_block_end(t);
}

static inline void trace_write(const struct trace_builder *t, const char *path)
{
	FILE *file = fopen(path, "wb");

	assert(file);
	if (t->length && fwrite(t->bytes, 1, t->length, file) != t->length)
		assert(!"written");
	fclose(file);
}

#endif
