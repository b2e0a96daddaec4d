/* engines_dpdk.h - what engines made of DPDK share. */
#ifndef WEIR_BENCH_ENGINES_DPDK_H
#define WEIR_BENCH_ENGINES_DPDK_H

#include "engines.h"

/* Up to one without a name. */
extern const struct bench_engine bench_acl_engines[];
extern const struct bench_engine bench_bpf_jit;
extern const struct bench_engine bench_identity;

/* What is taken of DPDK's heap. */
size_t bench_dpdk_bytes(void);

#endif
