/*
 * public.c - the same work through the public interface, linked to the static libraries and to the
 * shared ones: `public CASE` does it in one function, whose instructions are counted, the calls
 * into the library among them.
 */
#include <stdlib.h>
#include <string.h>

#include "fixed.h"
#include "frames.h"
#include "weir/worker.h"

enum {
	BURST = 32,
	BURSTS = 200,
	ROUNDS = 4, /* of packets of the same connections */
};

__attribute__((noipa)) static void classify_bursts(const struct weir_policy *policy,
						   const struct weir_key *keys,
						   struct weir_verdict *verdicts)
{
	for (int i = 0; i < BURSTS; i++)
		weir_policy_classify(policy, keys + i * BURST, verdicts + i * BURST, BURST);
}

static int classify(const struct weir_policy *policy)
{
	static struct weir_verdict verdicts[BURSTS * BURST];
	static struct weir_key keys[BURSTS * BURST];

	fill_keys(keys, BURSTS * BURST);
	classify_bursts(policy, keys, verdicts);
	return 0;
}

__attribute__((noipa)) static void process_bursts(struct weir_worker *worker,
						  const struct weir_frame *frames,
						  struct weir_packet_verdict *verdicts)
{
	const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };

	for (int i = 0; i < BURSTS; i++)
		weir_worker_process(worker, &origin, frames + i % (BURSTS / ROUNDS) * BURST, BURST,
				    verdicts);
}

static int process(struct weir_policy *policy)
{
	static struct frame_builder builders[BURSTS / ROUNDS * BURST];
	static struct weir_frame frames[BURSTS / ROUNDS * BURST];
	struct weir_worker_options options = { .flows = { .max_ipv4_flows = 1 << 14,
							  .secret = { 1, 2 } } };
	struct weir_packet_verdict verdicts[BURST];
	struct weir_worker *worker;

	if (weir_slot_create(policy, 1, NULL, &options.slot) ||
	    weir_worker_create(&options, &worker))
		return 2;
	fill_frames(builders, frames, BURSTS / ROUNDS * BURST);
	process_bursts(worker, frames, verdicts);
	weir_worker_destroy(worker);
	weir_slot_destroy(options.slot);
	return 0;
}

int main(int argc, char **argv)
{
	struct weir_policy *policy = compile_fixed();
	int status = 2;

	if (argc == 2 && strcmp(argv[1], "classify") == 0)
		status = classify(policy);
	if (argc == 2 && strcmp(argv[1], "process") == 0)
		status = process(policy);
	weir_policy_unref(policy);
	return status;
}
