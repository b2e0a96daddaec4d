/* In stages, for large policies, on every machine. */
#include "kernel.h"

#include "staged.h"

void weir_kernel_staged(const struct lookup *lookup, const struct weir_key *keys,
			struct weir_verdict *verdicts, size_t n)
{
	classify_in_stages(lookup, keys, verdicts, n);
}

void weir_locate_staged(const struct lookup *lookup, const struct weir_key *keys,
			struct lookup_place *places, size_t n)
{
	locate_in_stages(lookup, keys, places, n);
}
