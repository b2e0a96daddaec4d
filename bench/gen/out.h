/*
 * out.h - text and bytes that are written piece by piece through a function of the caller.
 */
#ifndef WEIR_GEN_OUT_H
#define WEIR_GEN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/address.h"

enum {
	GEN_OUT_SIZE = 65536,
	GEN_OUT_PIECE = 2048, /* no piece of text is longer */
};

struct gen_out {
	int (*write)(void *context, const char *bytes, size_t length);
	void *context;
	int status; /* the first failure; what is put after it is dropped */
	size_t filled;
	char buffer[GEN_OUT_SIZE];
};

void gen_put(struct gen_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In quotes where YAML wants them. */
void gen_put_address(struct gen_out *out, const struct weir_address *address);
void gen_put_prefix(struct gen_out *out, const struct weir_prefix *prefix);

/* Room for so many bytes, of which the first length are then taken. */
uint8_t *gen_out_room(struct gen_out *out, size_t room);
void gen_out_take(struct gen_out *out, size_t length);

/* What is held back goes out. 0, or the first failure. */
int gen_out_flush(struct gen_out *out);

#endif
