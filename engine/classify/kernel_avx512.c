/* Sixteen keys a vector, with AVX-512. */
#include "kernel.h"

#include "vector_avx512.h"

#include "lanes.h"

void weir_kernel_avx512(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n)
{
	classify_in_lanes(lookup, keys, verdicts, n);
}
