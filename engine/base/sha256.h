/* sha256.h - SHA-256 (FIPS 180-4): a name for bytes that no other bytes have. */
#ifndef WEIR_BASE_SHA256_H
#define WEIR_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum {
	WEIR_SHA256_BYTES = 32,
};

void weir_sha256(const void *bytes, size_t length, uint8_t out[WEIR_SHA256_BYTES]);

#endif
