/*
 * load.h - numbers in network order, wherever they stand.
 */
#ifndef WEIR_PACKET_LOAD_H
#define WEIR_PACKET_LOAD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t weir_load16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return be16toh(value);
}

static inline uint32_t weir_load32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return be32toh(value);
}

static inline uint64_t weir_load64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return be64toh(value);
}

#endif
