/* In stages, with the instructions of x86-64-v3's bit manipulation. */
#include "kernel.h"

#include "staged.h"

void weir_kernel_staged_bits(const struct lookup *lookup, const struct weir_key *keys,
			     struct weir_verdict *verdicts, size_t n)
{
	classify_in_stages(lookup, keys, verdicts, n);
}

void weir_locate_staged_bits(const struct lookup *lookup, const struct weir_key *keys,
			     struct lookup_place *places, size_t n)
{
	locate_in_stages(lookup, keys, places, n);
}
