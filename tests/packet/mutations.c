/* Frames with random faults: nothing is read that was not captured (a sanitizer sees it), the
 * short cut says what the stages say, and less of a frame never says more. */
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bases.h"
#include "decode.h"
#include "seeded.h"
#include "tunnels.h"

enum {
	ROUNDS = 400000,
};

/* A packet behind a few tunnels. */
static void nest(struct frame_builder *b, uint64_t *random)
{
	frame_begin(b, FRAME_ETHERNET);
	for (uint64_t depth = next(random) % 3; depth < 3; depth++) {
		if (next(random) % 2)
			frame_ip(b, "192.168.0.1", "192.168.0.2");
		else
			frame_ip(b, "fd99::1", "fd99::2");
		tunnels[next(random) % COUNT(tunnels)].build(b);
	}
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	if (next(random) % 2)
		frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	else
		frame_echo(b, false, 777, 1);
	frame_end(b);
}

static void mutate(struct frame_builder *b, uint64_t *random)
{
	static const uint8_t edges[] = {
		0, 1, 4, 5, 6, 7, 8, 17, 43, 44, 51, 58, 59, 60, 127, 255
	};
	unsigned changes = next(random) % 4;

	if (next(random) % 4 == 0)
		nest(b, random);
	else
		bases[next(random) % COUNT(bases)](b);
	while (changes-- > 0) {
		uint32_t at = (uint32_t)(next(random) % b->length);

		b->bytes[at] = next(random) % 2 ? edges[next(random) % COUNT(edges)]
						: (uint8_t)next(random);
	}
	if (next(random) % 4 == 0)
		b->length = (uint32_t)(next(random) % (b->length + 1));
}

/* All tunnels are taken off; each step is into less of the frame. */
static void read_frame(const struct frame_builder *b, uint32_t captured, struct weir_packet *out)
{
	uint8_t *bytes = malloc(captured ? captured : 1);
	struct weir_frame frame = frame_cut(b, captured);
	struct weir_packet stages;
	uint32_t wire;

	assert_non_null(bytes);
	memcpy(bytes, b->bytes, captured);
	frame.bytes = bytes;
	weir_packet_decode(&frame, out);
	do {
		wire = frame.wire;
		weir_packet_decode_stages(&frame, &stages);
		assert_memory_equal(out, &stages, sizeof(stages));
	} while (out->is_tunnel && weir_packet_decode_inner(&frame, out) && frame.wire < wire &&
		 out->kind == WEIR_PACKET_OK);
	free(bytes);
}

static void mutated_frames_are_read_consistently(void **state)
{
	uint64_t start = seed();
	uint64_t random = start;
	uint64_t kinds[4] = { 0 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct frame_builder b;
		struct weir_packet whole;
		struct weir_packet cut;

		mutate(&b, &random);
		read_frame(&b, b.length, &whole);
		read_frame(&b, (uint32_t)(next(&random) % (b.length + 1)), &cut);
		kinds[whole.kind]++;
		if (whole.kind == WEIR_PACKET_OPAQUE ||
		    (cut.kind == WEIR_PACKET_MALFORMED && cut.malformed != whole.malformed) ||
		    (cut.kind == WEIR_PACKET_NOT_IP && whole.kind != WEIR_PACKET_NOT_IP) ||
		    (cut.kind == WEIR_PACKET_OK && whole.kind == WEIR_PACKET_OK &&
		     memcmp(&cut.tuple, &whole.tuple, sizeof(cut.tuple)) != 0))
			fail_msg("seed %" PRIu64 ", round %d: whole %d (%s), cut %d (%s)", start,
				 round, whole.kind, weir_malformed_name(whole.malformed), cut.kind,
				 weir_malformed_name(cut.malformed));
	}
	printf("seed %" PRIu64 ": %" PRIu64 " ok, %" PRIu64 " not IP, %" PRIu64 " malformed\n",
	       start, kinds[WEIR_PACKET_OK], kinds[WEIR_PACKET_NOT_IP],
	       kinds[WEIR_PACKET_MALFORMED]);
	assert_true(kinds[WEIR_PACKET_OK] > ROUNDS / 10);
	assert_true(kinds[WEIR_PACKET_MALFORMED] > ROUNDS / 10);
}

static void noise_is_read_without_harm(void **state)
{
	static const uint32_t link_types[] = { 0, 1, 12, 14, 101, 105, 108, 113, 228, 229, 276 };
	uint64_t random = seed();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct frame_builder b = {
			.length = (uint32_t)(next(&random) % 160),
			.link_type = link_types[next(&random) % COUNT(link_types)],
		};
		struct weir_packet packet;

		for (uint32_t i = 0; i < b.length; i++)
			b.bytes[i] = (uint8_t)next(&random);
		read_frame(&b, b.length, &packet);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_frames_are_read_consistently),
		cmocka_unit_test(noise_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
