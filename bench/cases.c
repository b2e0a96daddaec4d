#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "shapes.h"
#include "weir/packet.h"
#include "weir/policy.h"

enum {
	KEYS = 1 << 18,
	BURST = 64,
	FRAMES = 1024,
};

/* Verdicts of random keys, a burst after the other. */

struct classify {
	struct weir_policy *policy;
	struct weir_key *keys;
	struct weir_verdict *verdicts;
};

static void destroy_classify(void *work)
{
	struct classify *classify = work;

	if (!classify)
		return;
	weir_policy_unref(classify->policy);
	free(classify->keys);
	free(classify->verdicts);
	free(classify);
}

static void *make_classify(const void *shape)
{
	struct classify *classify = calloc(1, sizeof(*classify));

	if (!classify)
		return NULL;
	classify->policy = bench_shape_compile(shape);
	classify->keys = calloc(KEYS, sizeof(*classify->keys));
	classify->verdicts = calloc(KEYS, sizeof(*classify->verdicts));
	if (!classify->policy || !classify->keys || !classify->verdicts) {
		destroy_classify(classify);
		return NULL;
	}
	bench_shape_keys(shape, classify->keys, KEYS);
	return classify;
}

static size_t run_classify(void *work)
{
	struct classify *classify = work;

	for (size_t i = 0; i < KEYS; i += BURST)
		weir_policy_classify(classify->policy, classify->keys + i, classify->verdicts + i,
				     BURST);
	return KEYS;
}

/* Against the explanation, which walks the rules; and neither answer is the only one. */
static bool classify_is_right(void *work)
{
	struct classify *classify = work;
	size_t allowed = 0;

	run_classify(work);
	for (size_t i = 0; i < KEYS; i++) {
		struct weir_explanation explanation;

		weir_policy_explain(classify->policy, &classify->keys[i], &explanation);
		if (explanation.verdict.action != classify->verdicts[i].action)
			return false;
		allowed += classify->verdicts[i].action == WEIR_ALLOW;
	}
	return allowed > KEYS / 100 && allowed < KEYS - KEYS / 100;
}

static size_t classify_bytes(const void *work)
{
	const struct classify *classify = work;
	struct weir_policy_sizes sizes;

	weir_policy_measure(classify->policy, &sizes);
	return sizes.total_bytes;
}

/* Headers of TCP over IPv4 in Ethernet frames of 64 bytes. */

struct decode {
	uint8_t frames[FRAMES][64];
	struct weir_packet packets[FRAMES];
};

static void *make_decode(const void *shape)
{
	static const uint8_t header[34] = { 2, 0,  0,  0, 0, 1, 2,    0,
					    0, 0,  0,  2, 8, 0, 0x45, 0,
					    0, 46, 0,  0, 0, 0, 64,   WEIR_PROTOCOL_TCP,
					    0, 0,  10, 0, 0, 1, 10,   0,
					    0, 2 };
	struct decode *decode = calloc(1, sizeof(*decode));

	(void)shape;
	for (size_t i = 0; decode && i < FRAMES; i++) {
		uint8_t *frame = decode->frames[i];

		memcpy(frame, header, sizeof(header));
		frame[34] = (uint8_t)(i >> 8);
		frame[35] = (uint8_t)i;
		frame[37] = 80;
		frame[46] = 0x50;
		frame[47] = WEIR_TCP_ACK;
	}
	return decode;
}

static size_t run_decode(void *work)
{
	struct decode *decode = work;

	for (size_t i = 0; i < FRAMES; i++) {
		struct weir_frame frame = {
			.bytes = decode->frames[i],
			.captured = 60,
			.wire = 60,
			.link_type = 1,
		};

		weir_packet_decode(&frame, &decode->packets[i]);
	}
	return FRAMES;
}

static bool decode_is_right(void *work)
{
	struct decode *decode = work;

	run_decode(work);
	for (size_t i = 0; i < FRAMES; i++) {
		const struct weir_packet *packet = &decode->packets[i];

		if (packet->kind != WEIR_PACKET_OK || packet->tuple.source_port != i ||
		    packet->tuple.destination_port != 80 || packet->tcp_flags != WEIR_TCP_ACK)
			return false;
	}
	return true;
}

static size_t no_bytes(const void *work)
{
	(void)work;
	return 0;
}

static const struct bench_shape small = { 1000, 75 };
static const struct bench_shape medium = { 10000, 800 };
static const struct bench_shape large = { 100000, 8000 };

const struct bench_case bench_cases[] = {
	{ "classify/1k-pods-75-policies", make_classify, &small, classify_is_right, run_classify,
	  classify_bytes, destroy_classify },
	{ "classify/10k-pods-800-policies", make_classify, &medium, classify_is_right, run_classify,
	  classify_bytes, destroy_classify },
	{ "classify/100k-pods-8k-policies", make_classify, &large, classify_is_right, run_classify,
	  classify_bytes, destroy_classify },
	{ "decode/ethernet-ipv4-tcp", make_decode, NULL, decode_is_right, run_decode, no_bytes,
	  free },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
