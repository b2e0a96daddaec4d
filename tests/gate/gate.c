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
#include "weir/worker.h"

enum {
	KEYS = 40000,
	FRAMES = 20000,
	BURST = 32,
	BURSTS = 500,
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
static struct weir_policy_sizes measure_fixed(void)
{
	struct weir_policy *policy = compile_fixed();
	struct weir_policy_sizes sizes;

	weir_policy_measure(policy, &sizes);
	weir_policy_unref(policy);
	return sizes;
}

static int print_bytes(void)
{
	printf("%zu\n", measure_fixed().total_bytes);
	return 0;
}

static int print_hot_bytes(void)
{
	printf("%zu\n", measure_fixed().hot_bytes);
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

/* Every frame opens a connection, of which the table holds so many; the counters of it all. */
static int open_each(struct weir_policy *policy, const struct weir_frame *frames,
		     uint32_t max_flows, struct weir_flow_counters *out)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	static struct weir_packet_verdict verdicts[FRAMES];
	struct weir_worker_options options = { .flows = { .max_ipv4_flows = max_flows,
							  .secret = { 1, 2 } } };
	struct weir_worker_counters counters;
	struct weir_worker *worker;

	if (weir_slot_create(policy, 1, NULL, &options.slot) ||
	    weir_worker_create(&options, &worker))
		return 2;
	weir_worker_process(worker, &origin, frames, FRAMES, verdicts);
	weir_worker_count(worker, &counters);
	*out = counters.flows;
	weir_worker_destroy(worker);
	weir_slot_destroy(options.slot);
	weir_policy_unref(policy);
	return 0;
}

static struct {
	struct frame_builder builders[FRAMES];
	struct weir_frame frames[FRAMES];
} openings;

/* 15,000 of them are denied, and remembered by no table; 5,000 are allowed. */
static int open_any(void)
{
	struct weir_flow_counters flows;

	fill_frames(openings.builders, openings.frames, FRAMES);
	return open_each(compile_fixed(), openings.frames, FRAMES, &flows);
}

/* All are allowed, and each goes into the table, which has room. */
static int open_allowed(void)
{
	struct weir_flow_counters flows;

	fill_allowed_frames(openings.builders, openings.frames, FRAMES);
	return open_each(compile_fixed(), openings.frames, FRAMES, &flows) ||
	       flows.inserted != FRAMES || flows.evicted;
}

/* All are allowed; the table holds a thousand, and all behind them push out an older one. */
static int open_into_full(void)
{
	enum { ROOM = 1000 };
	struct weir_flow_counters flows;

	fill_allowed_frames(openings.builders, openings.frames, FRAMES);
	return open_each(compile_fixed(), openings.frames, ROOM, &flows) ||
	       flows.inserted != FRAMES || flows.evicted != FRAMES - ROOM;
}

/* Connections that one burst opens, and 499 go on. */
static int established(void)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct weir_worker_options options = { .flows = { .max_ipv4_flows = 1024,
							  .secret = { 1, 2 } } };
	struct weir_policy *policy = compile_fixed();
	struct weir_packet_verdict verdicts[BURST];
	struct frame_builder builders[BURST];
	struct weir_frame frames[BURST];
	struct weir_worker *worker;

	if (weir_slot_create(policy, 1, NULL, &options.slot) ||
	    weir_worker_create(&options, &worker))
		return 2;
	for (unsigned i = 0; i < BURSTS; i++) {
		for (unsigned j = 0; j < BURST; j++) {
			frame_tcp_packet(&builders[j], "192.168.0.1", (uint16_t)(40000 + j),
					 "10.244.0.0", 8000, i ? WEIR_TCP_ACK : WEIR_TCP_SYN);
			frames[j] = frame_whole(&builders[j]);
		}
		weir_worker_process(worker, &origin, frames, BURST, verdicts);
	}
	for (unsigned j = 0; j < BURST; j++)
		if (verdicts[j].why != WEIR_PACKET_FLOW)
			return 1;
	weir_worker_destroy(worker);
	weir_slot_destroy(options.slot);
	weir_policy_unref(policy);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "decode") == 0)
		return decode();
	if (strcmp(argv[1], "established") == 0)
		return established();
	if (strcmp(argv[1], "open") == 0)
		return open_any();
	if (strcmp(argv[1], "allowed") == 0)
		return open_allowed();
	if (strcmp(argv[1], "full") == 0)
		return open_into_full();
	if (strcmp(argv[1], "bytes") == 0)
		return print_bytes();
	if (strcmp(argv[1], "hot-bytes") == 0)
		return print_hot_bytes();
	return classify(argv[1]);
}
