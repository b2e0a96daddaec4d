/*
 * bpf_program.h - the rules of one direction as a program of classic BPF.
 *
 * What filters without a classifier do: rule after rule, the first match returns. A rule's
 * comparisons jump behind it when they fail. Keys lie as in struct bench_tuple, which is the
 * packet.
 */
#ifndef WEIR_BENCH_BPF_PROGRAM_H
#define WEIR_BENCH_BPF_PROGRAM_H

#include "engine.h"

/* What a program returns. */
enum bench_bpf_answer {
	BENCH_BPF_ALLOW = 1,
	BENCH_BPF_DENY = 2,
};

struct bench_bpf_program {
	struct bpf_insn *instructions;
	size_t count;
};

/* To be finished whatever came out, zeroed before. -ERANGE, -ENOMEM: the error says why. */
int bench_bpf_make(const struct bench_policy *policy, enum weir_direction direction,
		   struct bench_bpf_program *program, struct weir_error *error);
void bench_bpf_finish(struct bench_bpf_program *program);

#endif
