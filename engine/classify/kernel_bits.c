/* The same with the instructions of x86-64-v3's bit manipulation: the trie counts bits. */
#include "kernel.h"

#include "lookup.h"

void weir_kernel_bits(const struct lookup *lookup, const struct weir_key *keys,
		      struct weir_verdict *verdicts, size_t n)
{
	classify_burst(lookup, keys, verdicts, n);
}

void weir_locate_bits(const struct lookup *lookup, const struct weir_key *keys,
		      struct lookup_place *places, size_t n)
{
	locate_burst(lookup, keys, places, n);
}
