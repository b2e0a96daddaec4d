#include "bpf_program.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <pcap/bpf.h>

#include "expand.h"
#include "tuples.h"

enum {
	MOST_INSTRUCTIONS = 4096, /* as kernels bound it */
	RULE_INSTRUCTIONS = 14,   /* of one rule at most */
};

static void emit(struct bench_bpf_program *program, uint16_t code, uint32_t operand)
{
	program->instructions[program->count++] = (struct bpf_insn){ .code = code, .k = operand };
}

/* A comparison that goes on when it holds (or not, by goes_on_if), and else behind the rule. */
static void compare(struct bench_bpf_program *program, uint16_t kind, uint32_t operand,
		    bool goes_on_if)
{
	emit(program, (uint16_t)(BPF_JMP | BPF_K | kind), operand);
	/* Mended by end_rule: the one that is not zero leaves the rule. */
	program->instructions[program->count - 1].jt = !goes_on_if;
	program->instructions[program->count - 1].jf = goes_on_if;
}

static void add_prefix(struct bench_bpf_program *program, size_t offset,
		       const struct bench_prefix *prefix)
{
	if (!prefix->length)
		return;
	emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
	if (prefix->length < 32)
		emit(program, BPF_ALU | BPF_AND | BPF_K, ~0u << (32 - prefix->length));
	/* A comparison with such a number leaves it in a register when DPDK converts it, and its
	 * check of all paths would not find any two of them alike. */
	if (prefix->address > INT32_MAX) {
		emit(program, BPF_ALU | BPF_XOR | BPF_K, prefix->address);
		compare(program, BPF_JEQ, 0, true);
	} else {
		compare(program, BPF_JEQ, prefix->address, true);
	}
}

static void add_ports(struct bench_bpf_program *program, uint16_t first, uint16_t last)
{
	if (first == 0 && last == UINT16_MAX)
		return;
	emit(program, BPF_LD | BPF_H | BPF_ABS, offsetof(struct bench_tuple, destination_port));
	compare(program, BPF_JGE, first, true);
	compare(program, BPF_JGT, last, false);
}

static void end_rule(struct bench_bpf_program *program, size_t start, bool allows)
{
	emit(program, BPF_RET | BPF_K, allows ? BENCH_BPF_ALLOW : BENCH_BPF_DENY);
	for (size_t i = start; i < program->count; i++) {
		struct bpf_insn *instruction = &program->instructions[i];
		uint8_t behind = (uint8_t)(program->count - i - 1);

		instruction->jt = instruction->jt ? behind : 0;
		instruction->jf = instruction->jf ? behind : 0;
	}
}

static void add_rule(struct bench_bpf_program *program, const struct bench_acl_rule *rule)
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

static int make_program(const struct bench_acl *acl, struct bench_bpf_program *program,
			struct weir_error *error)
{
	program->instructions =
		calloc(acl->count * RULE_INSTRUCTIONS + 1, sizeof(*program->instructions));
	if (!program->instructions)
		return bench_decline(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < acl->count; i++)
		add_rule(program, &acl->rules[i]);
	emit(program, BPF_RET | BPF_K, BENCH_BPF_ALLOW);
	if (program->count > MOST_INSTRUCTIONS)
		return bench_decline(error, -ERANGE, "more than %d instructions",
				     MOST_INSTRUCTIONS);
	return 0;
}

int bench_bpf_make(const struct bench_policy *policy, enum weir_direction direction,
		   struct bench_bpf_program *program, struct weir_error *error)
{
	struct bench_acl acl;
	int status = bench_expand(policy, direction, BENCH_BY_PREFIX, MOST_INSTRUCTIONS, &acl);

	if (status)
		return bench_decline(error, status, "more than %d rules", MOST_INSTRUCTIONS);
	status = make_program(&acl, program, error);
	bench_acl_finish(&acl);
	return status;
}

void bench_bpf_finish(struct bench_bpf_program *program)
{
	free(program->instructions);
	*program = (struct bench_bpf_program){ 0 };
}
