/*
 * gate.c - fixed work for the instruction counter: `gate CASE` does it once. Two cases print sizes.
 *
 * The counter collects only inside weir's own functions, so the making of the work is free. The
 * work comes from seeds, so that the count of one compiler on one architecture is one number.
 */
#include <stdio.h>
#include <string.h>

#include "fixed.h"
#include "frames.h"
#include "handle.h"
#include "weir/packet.h"

enum {
	KEYS = 40000,
	FRAMES = 20000,
};

static int classify_with(const struct weir_kernel *kernel)
{
	static struct weir_verdict verdicts[KEYS];
	static struct weir_key keys[KEYS];
	struct weir_policy *policy = compile_fixed();

	fill_keys(keys, KEYS);
	kernel->classify(&policy->lookup, keys, verdicts, KEYS);
	weir_policy_unref(policy);
	return 0;
}

static int classify(const char *name)
{
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(kernels[i].name, name) != 0)
			continue;
		if (!kernels[i].is_supported())
			return 77;
		return classify_with(&kernels[i]);
	}
	return 77;
}

/* Sizes of the compiled form: numbers that are counted as they are. */
static int print_bytes(bool only_hot)
{
	struct weir_policy *policy = compile_fixed();
	struct weir_policy_sizes sizes;

	weir_policy_measure(policy, &sizes);
	printf("%zu\n", only_hot ? sizes.hot_bytes : sizes.total_bytes);
	weir_policy_unref(policy);
	return 0;
}

static int decode(void)
{
	struct frame_builder frames[3];
	struct weir_packet packet;

	frame_tcp_packet(&frames[0], "10.0.0.1", 40000, "10.0.0.2", 80, WEIR_TCP_SYN);
	frame_udp_packet(&frames[1], "fd00::1", 40000, "fd00::2", 53, 64);
	frame_echo_packet(&frames[2], "10.0.0.1", "10.0.0.2", false, 7);
	for (size_t i = 0; i < FRAMES; i++) {
		struct weir_frame frame = frame_whole(&frames[i % 3]);

		weir_packet_decode(&frame, &packet);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "decode") == 0)
		return decode();
	if (strcmp(argv[1], "bytes") == 0 || strcmp(argv[1], "hot-bytes") == 0)
		return print_bytes(argv[1][0] == 'h');
	return classify(argv[1]);
}
