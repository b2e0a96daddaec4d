/* judge.h - the exit code of what was measured. */
#ifndef WEIR_BENCH_JUDGE_H
#define WEIR_BENCH_JUDGE_H

#include "command.h"
#include "run.h"

/* A wrong answer is a difference; rounds that do not agree which engine is faster leave it open. */
enum exit_code bench_judge(const struct bench_groups *groups);

#endif
