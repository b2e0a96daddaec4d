/* kernel.h - the kernels, each in a file of its own. */
#ifndef WEIR_CLASSIFY_KERNEL_H
#define WEIR_CLASSIFY_KERNEL_H

#include "handle.h"

void weir_kernel_scalar(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n);
void weir_kernel_bits(const struct lookup *lookup, const struct weir_key *keys,
		      struct weir_verdict *verdicts, size_t n);
void weir_kernel_staged(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n);
void weir_kernel_staged_bits(const struct lookup *lookup, const struct weir_key *keys,
			     struct weir_verdict *verdicts, size_t n);
void weir_kernel_avx512(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n);

#endif
