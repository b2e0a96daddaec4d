/*
 * stream.h - the bytes behind a file descriptor, decompressed when their magic says gzip or zstd.
 *
 * What a few bytes can be made to grow to is bounded by them: 64 MB are always given out, more only
 * as long as it is no more than 256 times of what was read. No trace and no manifest of that size
 * is so empty; memory is bounded by zstd's window of 128 MB.
 */
#ifndef WEIR_PCAP_STREAM_H
#define WEIR_PCAP_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct weir_stream;

/* Reads the first bytes to see what they are. The descriptor is borrowed. 0 or a negative errno. */
int weir_stream_open(int fd, struct weir_stream **out);
void weir_stream_close(struct weir_stream *stream); /* NULL is allowed */

/* Up to size bytes; 0 at the end; -EBADMSG when compressed data are damaged or end early, -EFBIG
 * when they grow too large, -E2BIG when zstd wants a larger window, any other negative errno when
 * reading failed. */
ssize_t weir_stream_read(struct weir_stream *stream, void *bytes, size_t size);

#endif
