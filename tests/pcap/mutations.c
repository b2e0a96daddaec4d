/* Readers over traces with random faults: every frame lies inside the file, every read ends, and a
 * second pass over the same bytes says the same. */
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "seeded.h"
#include "traces.h"

enum {
	ROUNDS = 60000,
};

static void build_pcap(struct trace_builder *t, uint64_t *random)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34 };

	t->swapped = next(random) % 2;
	trace_pcap(t, magics[next(random) % COUNT(magics)], 1);
	for (unsigned i = 0; i < 8; i++)
		trace_record(t, i, i, "0123456789abcdef", (uint32_t)(next(random) % 17), 60);
}

static void build_pcapng(struct trace_builder *t, uint64_t *random)
{
	for (unsigned section = 0; section < 2; section++) {
		t->swapped = next(random) % 2;
		trace_section(t);
		trace_interface(t, 1, "eth0", 9, 0);
		trace_interface(t, 113, "any", (uint8_t)next(random), (int64_t)next(random));
		for (unsigned i = 0; i < 4; i++)
			trace_packet(t, i % 2, next(random) << 20, "0123456789abcdef",
				     (uint32_t)(next(random) % 17), 60);
		trace_block_begin(t, 3);
		trace32(t, 60);
		trace_bytes(t, "0123456789abcdef", (uint32_t)(next(random) % 17));
		trace_block_end(t);
	}
}

static void mutate(struct trace_builder *t, uint64_t *random)
{
	static const uint8_t edges[] = { 0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 127, 128, 255 };

	for (uint64_t changes = next(random) % 4; changes > 0; changes--) {
		size_t at = 4 + next(random) % (t->length - 4);

		t->bytes[at] = next(random) % 2 ? edges[next(random) % COUNT(edges)]
						: (uint8_t)next(random);
	}
	if (next(random) % 8 == 0)
		t->length = 4 + next(random) % (t->length - 3);
}

/* The frames, and a digest of them. */
static unsigned read_all(struct weir_reader *reader, uint64_t *digest, int *end)
{
	struct weir_frame frame;
	unsigned count = 0;

	*digest = 0;
	while ((*end = weir_reader_next(reader, &frame)) == 1) {
		assert_true(frame.bytes >= reader->bytes);
		assert_true(frame.bytes + frame.captured <= reader->bytes + reader->length);
		assert_true(frame.captured <= WEIR_RECORD_MAX);
		assert_true(frame.interface < reader->names->count);
		*digest = *digest * 31 + frame.time + frame.wire + frame.interface;
		for (uint32_t i = 0; i < frame.captured; i++)
			*digest = *digest * 31 + frame.bytes[i];
		count++;
		assert_true(count <= 100);
	}
	return count;
}

static void mutated_traces_are_read_without_harm(void **state)
{
	uint64_t start = seed();
	uint64_t random = start;
	uint64_t damaged = 0;
	uint64_t frames = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct weir_interfaces names = { 0 };
		struct trace_builder t = { 0 };
		struct weir_reader reader;
		uint64_t digests[2];
		unsigned counts[2];
		int ends[2];
		uint8_t *bytes;

		if (round % 2)
			build_pcap(&t, &random);
		else
			build_pcapng(&t, &random);
		mutate(&t, &random);
		/* a copy of its own size, so that a sanitizer sees a read beyond it */
		bytes = malloc(t.length);
		assert_non_null(bytes);
		memcpy(bytes, t.bytes, t.length);
		weir_reader_init(&reader, bytes, t.length, "file", &names);
		for (int pass = 0; pass < 2; pass++) {
			counts[pass] = read_all(&reader, &digests[pass], &ends[pass]);
			assert_true(ends[pass] == 0 || ends[pass] == -EBADMSG);
			weir_reader_rewind(&reader);
		}
		if (counts[0] != counts[1] || digests[0] != digests[1] || ends[0] != ends[1])
			fail_msg("seed %" PRIu64 ", round %d: the passes differ", start, round);
		damaged += ends[0] != 0;
		frames += counts[0];
		weir_reader_finish(&reader);
		weir_interfaces_finish(&names);
		free(bytes);
		free(t.bytes);
	}
	printf("seed %" PRIu64 ": %" PRIu64 " frames, %" PRIu64 " of %d traces damaged\n", start,
	       frames, damaged, ROUNDS);
	assert_true(damaged > ROUNDS / 10 && damaged < ROUNDS * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_traces_are_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
