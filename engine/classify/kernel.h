/* kernel.h - the kernels, each in a file of its own. */
#ifndef WEIR_CLASSIFY_KERNEL_H
#define WEIR_CLASSIFY_KERNEL_H

#include "handle.h"

enum {
	/* Hot bytes. Below, plain order is up to 1.4 times as fast from warm caches; from here on
	 * the two are alike there, and from cold ones stages are twice as fast. */
	KERNEL_STAGED_FROM = 256 << 10,
	/* Below, plain order is up to 1.2 times as fast from warm caches. */
	KERNEL_AVX2_FROM = 160 << 10,
	/* Below, plain order is as fast from warm caches and faster from cold ones; from here on
	 * vectors are, and soon 1.5 times as fast. */
	KERNEL_AVX512_FROM = 96 << 10,
};

void weir_kernel_scalar(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n);
void weir_kernel_bits(const struct lookup *lookup, const struct weir_key *keys,
		      struct weir_verdict *verdicts, size_t n);
void weir_kernel_staged(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n);
void weir_kernel_staged_bits(const struct lookup *lookup, const struct weir_key *keys,
			     struct weir_verdict *verdicts, size_t n);
void weir_locate_scalar(const struct lookup *lookup, const struct weir_key *keys,
			struct lookup_place *places, size_t n);
void weir_locate_bits(const struct lookup *lookup, const struct weir_key *keys,
		      struct lookup_place *places, size_t n);
void weir_locate_staged(const struct lookup *lookup, const struct weir_key *keys,
			struct lookup_place *places, size_t n);
void weir_locate_staged_bits(const struct lookup *lookup, const struct weir_key *keys,
			     struct lookup_place *places, size_t n);

void weir_kernel_avx2(const struct lookup *lookup, const struct weir_key *keys,
		      struct weir_verdict *verdicts, size_t n);
void weir_kernel_avx512(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n);

#endif
