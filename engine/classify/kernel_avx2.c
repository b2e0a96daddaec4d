/* Eight keys a vector, with AVX2. */
#include "kernel.h"

#include "vector_avx2.h"

#include "lanes.h"

void weir_kernel_avx2(const struct lookup *lookup, const struct weir_key *keys,
		      struct weir_verdict *verdicts, size_t n)
{
	classify_in_lanes(lookup, keys, verdicts, n);
}
