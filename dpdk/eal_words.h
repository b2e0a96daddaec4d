/*
 * eal_words.h - DPDK's environment layer, as the words behind -- say.
 */
#ifndef WEIR_DPDK_EAL_WORDS_H
#define WEIR_DPDK_EAL_WORDS_H

#include "command.h"

/* Starts EAL with the operands, but for the first so many. False: says why not. */
bool eal_start(const struct invocation *invocation, size_t first);

#endif
