/*
 * checksum.h - XXH64 with seed 0: whether bytes came through unharmed.
 *
 * It finds damage, not malice: whoever wants to can make bytes for any sum. Bytes may be told in
 * several runs, of which all but the last are whole stripes. (Collet, XXH64 specification 0.1.1.)
 */
#ifndef WEIR_BASE_CHECKSUM_H
#define WEIR_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum {
	WEIR_CHECKSUM_STRIPE = 32,
};

struct weir_checksum {
	uint64_t lanes[4];
	uint64_t length; /* of the runs so far */
};

void weir_checksum_begin(struct weir_checksum *checksum);

/* length is a multiple of a stripe. */
void weir_checksum_add(struct weir_checksum *checksum, const void *bytes, size_t length);

/* The sum of the runs and these last bytes, of any length. */
uint64_t weir_checksum_end(struct weir_checksum *checksum, const void *bytes, size_t length);

#endif
