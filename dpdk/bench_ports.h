/*
 * bench_ports.h - weir bench ports.
 */
#ifndef WEIR_DPDK_BENCH_PORTS_H
#define WEIR_DPDK_BENCH_PORTS_H

#include "command.h"

enum exit_code bench_ports(const struct invocation *invocation);

#endif
