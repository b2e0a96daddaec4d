/* engine_bpf.c - the rules as a program of classic BPF, interpreted by libpcap. */
#include "engines.h"

#include <stdlib.h>

#include <pcap/bpf.h>

#include "bpf_program.h"
#include "by_direction.h"
#include "tuples.h"

struct built {
	struct bench_bpf_program programs[2];
};

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	for (unsigned d = 0; d < 2; d++)
		bench_bpf_finish(&built->programs[d]);
	free(built);
}

static int build_half(const struct bench_policy *policy, const struct bench_limits *limits,
		      enum weir_direction direction, void *engine, struct weir_error *error)
{
	struct built *built = engine;

	(void)limits;
	return bench_bpf_make(policy, direction, &built->programs[direction], error);
}

static const struct bench_by_direction form = { sizeof(struct built), build_half };

static void classify(const struct bench_engine *engine, const void *programs, void *keys,
		     size_t first, size_t n)
{
	const struct built *built = programs;
	struct bench_taken *taken = keys;

	(void)engine;
	for (size_t i = first; i < first + n; i++) {
		bool allows = true;

		for (unsigned d = 0; d < 2 && allows && !taken->tuples[i].is_same; d++)
			if (taken->halves[d])
				allows = bpf_filter(built->programs[d].instructions, taken->data[i],
						    sizeof(struct bench_tuple),
						    sizeof(struct bench_tuple)) == BENCH_BPF_ALLOW;
		taken->actions[i] = allows;
	}
}

static size_t bytes(const void *engine)
{
	const struct built *built = engine;

	return (built->programs[0].count + built->programs[1].count) * sizeof(struct bpf_insn);
}

const struct bench_engine bench_bpf = {
	.name = "bpf",
	.summary = "libpcap's BPF interpreter, rule after rule",
	.is_peer = true,
	.form = &form,
	.build = bench_build_by_direction,
	.intake = &bench_tuples,
	.classify = classify,
	.bytes = bytes,
	.destroy = destroy,
};
