/*
 * files.h - the bytes of trace files, little-endian on every machine.
 */
#ifndef WEIR_GEN_FILES_H
#define WEIR_GEN_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "gen_trace.h"
#include "out.h"

void gen_put_file_header(struct gen_out *out, enum gen_format format);

/* Adds a packet: what is in front of its bytes, which are then to be written to the place returned,
 * and what is behind them when their length is known. time is in nanoseconds since 1970. */
uint8_t *gen_begin_record(struct gen_out *out, enum gen_format format);
void gen_end_record(struct gen_out *out, enum gen_format format, uint64_t time, size_t length);

#endif
