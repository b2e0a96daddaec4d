/* engines.h - the engines, in files of their own. */
#ifndef WEIR_BENCH_ENGINES_H
#define WEIR_BENCH_ENGINES_H

#include "engine.h"

/* This engine with each of its kernels. */
size_t bench_list_ours(struct bench_engine *out, size_t size);
extern const struct bench_engine bench_linear;
extern const struct bench_engine bench_bpf;

/* Those that need DPDK: none in a build without it. */
size_t bench_list_dpdk(struct bench_engine *out, size_t size);

#endif
