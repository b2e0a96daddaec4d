/*
 * engine_bpf_jit.c - the program of engine_bpf.c, made native code by DPDK's BPF compiler.
 *
 * DPDK makes extended BPF of classic BPF, checks it, and compiles it. The code loads from packets
 * in DPDK's buffers: each key is one.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_bpf_convert is one until it is not */
#include <errno.h>
#include <stdlib.h>

#include <pcap/bpf.h>
#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "bpf_program.h"
#include "by_direction.h"
#include "engines_dpdk.h"
#include "tuples.h"

enum {
	/* DPDK follows every path before it takes a program: one of 1,600 instructions takes it
	 * 0.1 s, one of 2,400 had not passed after 20 s. */
	MOST_INSTRUCTIONS = 1600,
};

struct built {
	struct rte_bpf *programs[2];
	struct rte_bpf_jit codes[2];
	size_t bytes;
};

struct taken {
	struct bench_taken *keys;
	struct rte_mbuf *packets;
};

static int load(struct built *built, unsigned direction, const struct rte_bpf_prm *parameters,
		struct weir_error *error)
{
	struct rte_bpf_jit *code = &built->codes[direction];

	built->programs[direction] = rte_bpf_load(parameters);
	if (!built->programs[direction])
		return bench_decline(error, rte_errno == ENOMEM ? -ENOMEM : -ENOTSUP,
				     "DPDK does not load %u instructions: %s", parameters->nb_ins,
				     rte_strerror(rte_errno));
	if (rte_bpf_get_jit(built->programs[direction], code) || !code->func)
		return bench_decline(error, -ENOTSUP, "DPDK compiles no BPF for this processor");
	built->bytes += code->sz + parameters->nb_ins * sizeof(struct ebpf_insn);
	return 0;
}

static int compile(struct built *built, unsigned direction, const struct bench_bpf_program *program,
		   struct weir_error *error)
{
	struct bpf_program classic = { (u_int)program->count, program->instructions };
	struct rte_bpf_prm *parameters = rte_bpf_convert(&classic);
	int status;

	if (!parameters)
		return bench_decline(error, rte_errno == ENOMEM ? -ENOMEM : -ENOTSUP,
				     "DPDK does not convert %zu instructions: %s", program->count,
				     rte_strerror(rte_errno));
	status = load(built, direction, parameters, error);
	rte_free(parameters);
	return status;
}

static int build_half(const struct bench_policy *policy, const struct bench_limits *limits,
		      enum weir_direction direction, void *built, struct weir_error *error)
{
	struct bench_bpf_program program = { 0 };
	int status = bench_bpf_make(policy, direction, &program, error);

	(void)limits;
	if (!status && program.count > MOST_INSTRUCTIONS)
		status = bench_decline(error, -ERANGE,
				       "more than %d instructions, whose check takes DPDK long",
				       MOST_INSTRUCTIONS);
	if (!status)
		status = compile(built, direction, &program, error);
	bench_bpf_finish(&program);
	return status;
}

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	for (unsigned d = 0; d < 2; d++)
		rte_bpf_destroy(built->programs[d]);
	free(built);
}

static const struct bench_by_direction form = { sizeof(struct built), build_half };

static void release(void *keys)
{
	struct taken *taken = keys;

	if (!taken)
		return;
	bench_tuples.release(taken->keys);
	free(taken->packets);
	free(taken);
}

static void fill_packets(struct taken *taken, size_t n)
{
	for (size_t i = 0; i < n; i++)
		taken->packets[i] = (struct rte_mbuf){ .buf_addr = &taken->keys->tuples[i],
						       .nb_segs = 1,
						       .pkt_len = sizeof(struct bench_tuple),
						       .data_len = sizeof(struct bench_tuple),
						       .buf_len = sizeof(struct bench_tuple) };
}

static int take(const void *built, const struct weir_key *keys, size_t n, void **out,
		struct weir_error *error)
{
	struct taken *taken = calloc(1, sizeof(*taken));
	void *tuples = NULL;
	int status;

	if (!taken)
		return bench_decline(error, -ENOMEM, "no memory");
	status = bench_tuples.take(built, keys, n, &tuples, error);
	taken->keys = tuples;
	taken->packets =
		aligned_alloc(_Alignof(struct rte_mbuf), (n + 1) * sizeof(struct rte_mbuf));
	if (!status && !taken->packets)
		status = bench_decline(error, -ENOMEM, "no memory");
	if (status) {
		release(taken);
		return status;
	}
	fill_packets(taken, n);
	*out = taken;
	return 0;
}

static void classify(const struct bench_engine *engine, const void *programs, void *keys,
		     size_t first, size_t n)
{
	const struct built *built = programs;
	struct taken *taken = keys;
	struct bench_taken *tuples = taken->keys;

	(void)engine;
	for (size_t i = first; i < first + n; i++) {
		bool allows = true;

		for (unsigned d = 0; d < 2 && allows && !tuples->tuples[i].is_same; d++)
			if (tuples->halves[d])
				allows =
					built->codes[d].func(&taken->packets[i]) == BENCH_BPF_ALLOW;
		tuples->actions[i] = allows;
	}
}

static uint8_t answer(const void *keys, size_t i)
{
	const struct taken *taken = keys;

	return bench_tuples.answer(taken->keys, i);
}

static const struct bench_intake intake = { take, answer, release };

static size_t bytes(const void *engine)
{
	const struct built *built = engine;

	return built->bytes;
}

const struct bench_engine bench_bpf_jit = {
	.name = "bpf-jit",
	.summary = "DPDK's BPF JIT, the same program as native code",
	.is_peer = true,
	.form = &form,
	.build = bench_build_by_direction,
	.intake = &intake,
	.classify = classify,
	.bytes = bytes,
	.destroy = destroy,
};
