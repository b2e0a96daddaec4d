/*
 * weir/tap.h - frames while they come: of a trace file that is still written, a pipe, or a network
 * interface (libweir-pcap).
 *
 * Frames are numbered from 1, of a file also those that the filter leaves out; of an interface the
 * kernel keeps those to itself.
 *
 * Memory is the C library's. Threads. A tap is for one thread at a time.
 */
#ifndef WEIR_TAP_H
#define WEIR_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/capture.h"
#include "weir/error.h"
#include "weir/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_tap;

/* A pcap or pcapng file, from its first packet on, or "-": standard input. A file that is replaced
 * by another of its name is left for that one at its end, and one that becomes shorter is read from
 * its beginning; the sink is told. Failures are those of weir_capture_open; compressed files and
 * folders are -EINVAL. *out is owned by the caller (weir_tap_close). */
int weir_tap_follow(const char *path, const struct weir_capture_options *options,
		    struct weir_tap **out, bool *bad_filter, struct weir_error *error);

/* An interface of this machine, or "any"; *out is owned by the caller (weir_tap_close). -ENODEV:
 * there is none, -EPERM: not allowed, -ENETDOWN: it is not up, -EINVAL: a bad filter, -EIO:
 * anything else; error says more. */
int weir_tap_listen(const char *interface, const struct weir_capture_options *options,
		    struct weir_tap **out, bool *bad_filter, struct weir_error *error);

/* The end of a tap, and of the bytes of its frames. NULL is allowed. */
void weir_tap_close(struct weir_tap *tap);

/* Fills at most size frames with what is there, and returns how many: 0 when there is nothing at
 * the moment, -ENODATA when nothing will come any more. Their bytes are valid until the next call.
 * -ENOMEM, or the errno with which reading failed, after which nothing comes. Damage ends the
 * trace and is told to the sink. */
int weir_tap_next(struct weir_tap *tap, struct weir_frame *frames, int size);

/* Waits until there may be more, so long at most; a signal ends it earlier. */
void weir_tap_wait(struct weir_tap *tap, unsigned milliseconds);

/* No more is wanted: tells the sink when the last packet was not complete yet. */
void weir_tap_end(struct weir_tap *tap);

/* The name of an interface index. It lives as long as the tap. */
const char *weir_tap_interface(const struct weir_tap *tap, uint32_t index);

/* True once damage was met, or an interface failed. */
bool weir_tap_damaged(const struct weir_tap *tap);

/* How many packets the interface and the kernel lost because nobody took them in time. False for
 * files, which do not say. */
bool weir_tap_lost(const struct weir_tap *tap, uint64_t *lost);

#ifdef __cplusplus
}
#endif
#endif
