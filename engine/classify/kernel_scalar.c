/* The kernel of every machine. */
#include "kernel.h"

#include "lookup.h"

void weir_kernel_scalar(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n)
{
	classify_burst(lookup, keys, verdicts, n);
}

void weir_locate_scalar(const struct lookup *lookup, const struct weir_key *keys,
			struct lookup_place *places, size_t n)
{
	locate_burst(lookup, keys, places, n);
}
