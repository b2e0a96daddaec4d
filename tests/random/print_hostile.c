/*
 * Prints the manifests of a hostile cluster; and on standard error the options that weir needs with
 * them.
 *
 *	print-hostile SEED
 */
#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"
#include "weir/address.h"

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	struct hostile_shape shape = hostile_draw_shape(seed);
	struct hostile hostile;

	if (!hostile_make(seed, &shape, &hostile)) {
		fprintf(stderr, "out of memory\n");
		return 1;
	}
	fwrite(hostile.yaml, 1, hostile.length, stdout);
	for (size_t i = 0; i < hostile.cluster_cidr_count; i++) {
		char text[WEIR_PREFIX_TEXT];

		weir_prefix_format(&hostile.cluster_cidrs[i], text);
		fprintf(stderr, "--cluster-cidr %s\n", text);
	}
	hostile_release(&hostile);
	return ferror(stdout) ? 1 : 0;
}
