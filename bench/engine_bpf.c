/*
 * engine_bpf.c - the rules as a program of classic BPF, interpreted by libpcap.
 *
 * What filters without a classifier do: rule after rule, the first match returns. A rule's
 * comparisons jump behind it when they fail. Keys lie as in struct bench_tuple, which is the
 * packet.
 */
#include "engines.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <pcap/bpf.h>

#include "expand.h"
#include "tuples.h"

enum {
	MOST_INSTRUCTIONS = 4096, /* as kernels bound it */
	RULE_INSTRUCTIONS = 12,   /* of one rule at most */
	ALLOW = 1,
	DENY = 2,
};

struct program {
	struct bpf_insn *instructions;
	size_t count;
};

struct built {
	struct program programs[2];
};

static void emit(struct program *program, uint16_t code, uint32_t operand)
{
	program->instructions[program->count++] = (struct bpf_insn){ .code = code, .k = operand };
}

/* A comparison that goes on when it holds (or not, by goes_on_if), and else behind the rule. */
static void compare(struct program *program, uint16_t kind, uint32_t operand, bool goes_on_if)
{
	emit(program, (uint16_t)(BPF_JMP | BPF_K | kind), operand);
	/* Mended by end_rule: the one that is not zero leaves the rule. */
	program->instructions[program->count - 1].jt = !goes_on_if;
	program->instructions[program->count - 1].jf = goes_on_if;
}

static void add_prefix(struct program *program, size_t offset, const struct bench_prefix *prefix)
{
	if (!prefix->length)
		return;
	emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
	if (prefix->length < 32)
		emit(program, BPF_ALU | BPF_AND | BPF_K, ~0u << (32 - prefix->length));
	compare(program, BPF_JEQ, prefix->address, true);
}

static void add_ports(struct program *program, uint16_t first, uint16_t last)
{
	if (first == 0 && last == UINT16_MAX)
		return;
	emit(program, BPF_LD | BPF_H | BPF_ABS, offsetof(struct bench_tuple, destination_port));
	compare(program, BPF_JGE, first, true);
	compare(program, BPF_JGT, last, false);
}

static void end_rule(struct program *program, size_t start, bool allows)
{
	emit(program, BPF_RET | BPF_K, allows ? ALLOW : DENY);
	for (size_t i = start; i < program->count; i++) {
		struct bpf_insn *instruction = &program->instructions[i];
		uint8_t behind = (uint8_t)(program->count - i - 1);

		instruction->jt = instruction->jt ? behind : 0;
		instruction->jf = instruction->jf ? behind : 0;
	}
}

static void add_rule(struct program *program, const struct bench_acl_rule *rule)
{
	size_t start = program->count;

	add_prefix(program, offsetof(struct bench_tuple, source), &rule->source);
	add_prefix(program, offsetof(struct bench_tuple, destination), &rule->destination);
	if (rule->protocol) {
		emit(program, BPF_LD | BPF_B | BPF_ABS, offsetof(struct bench_tuple, protocol));
		compare(program, BPF_JEQ, rule->protocol, true);
	}
	add_ports(program, rule->first_port, rule->last_port);
	end_rule(program, start, rule->allows);
}

static int make_program(const struct bench_acl *acl, struct program *program,
			struct weir_error *error)
{
	program->instructions =
		calloc(acl->count * RULE_INSTRUCTIONS + 1, sizeof(*program->instructions));
	if (!program->instructions)
		return bench_decline(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < acl->count; i++)
		add_rule(program, &acl->rules[i]);
	emit(program, BPF_RET | BPF_K, ALLOW);
	if (program->count > MOST_INSTRUCTIONS)
		return bench_decline(error, -ERANGE, "more than %d instructions",
				     MOST_INSTRUCTIONS);
	return 0;
}

static int build_half(const struct bench_policy *policy, enum weir_direction direction,
		      struct program *program, struct weir_error *error)
{
	struct bench_acl acl;
	int status = bench_expand(policy, direction, BENCH_BY_PREFIX, MOST_INSTRUCTIONS, &acl);

	if (status)
		return bench_decline(error, status, "more than %d rules", MOST_INSTRUCTIONS);
	status = make_program(&acl, program, error);
	bench_acl_finish(&acl);
	return status;
}

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	free(built->programs[0].instructions);
	free(built->programs[1].instructions);
	free(built);
}

static int build(const struct bench_engine *engine, const struct bench_policy *policy,
		 const struct bench_limits *limits, void **out, struct weir_error *error)
{
	struct built *built;
	int status = bench_require_plain(policy, error);

	(void)engine;
	(void)limits;
	if (status)
		return status;
	built = calloc(1, sizeof(*built));
	if (!built)
		return bench_decline(error, -ENOMEM, "no memory");
	for (unsigned d = 0; d < 2 && !status; d++)
		status = build_half(policy, (enum weir_direction)d, &built->programs[d], error);
	if (status) {
		destroy(built);
		return status;
	}
	*out = built;
	return 0;
}

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
						    sizeof(struct bench_tuple)) == ALLOW;
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
	.build = build,
	.take = bench_take_tuples,
	.classify = classify,
	.answer = bench_tuple_answer,
	.release = bench_release_tuples,
	.bytes = bytes,
	.destroy = destroy,
};
