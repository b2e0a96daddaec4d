/*
 * replay.h - what weir replay prints, in its formats.
 */
#ifndef WEIR_CLI_REPLAY_H
#define WEIR_CLI_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/capture.h"
#include "weir/packet.h"
#include "weir/policy.h"
#include "weir/tap.h"
#include "weir/trace.h"

#include "csv.h"
#include "expect.h"
#include "json.h"
#include "table.h"
#include "text.h"

struct replay_format;

/* Everything that a format may look at, and what it keeps between calls. */
struct replay_view {
	const struct replay_format *format;
	const struct weir_policy *policy;
	const struct weir_capture *capture;
	const struct weir_tap *tap; /* instead, while it is captured */
	const struct weir_trace *trace;
	const struct expectations *expectations; /* NULL without --expect */
	struct weir_trace_summary summary;
	uint64_t last_packet; /* the highest number of a packet */
	bool shows_packets;   /* instead of flows */
	bool color;
	struct report_json json;
	struct report_csv csv;
	struct report_table *table;
	struct report_text text;
	uint64_t rows;
	size_t pending; /* rows of the table that are not printed yet */
	bool is_short;  /* memory ran out */

	/* A trace that is followed. */
	bool follows;
	bool shows_nothing;     /* but the summary */
	bool shows_provisional; /* flows before their end, too, */
	bool is_provisional;    /* and the one that is printed now is one */
	bool has_lost;
	uint64_t lost; /* packets */
};

struct replay_format {
	const char *name; /* of -o */
	void (*begin)(struct replay_view *view);
	void (*flow)(struct replay_view *view, const struct weir_flow *flow);
	void (*packet)(struct replay_view *view, const struct weir_frame *frame,
		       const struct weir_trace_packet *packet);
	void (*end)(struct replay_view *view);
	void (*summary)(struct replay_view *view); /* alone, without begin and end */
	void (*flush)(struct replay_view *view);   /* what waits to be printed; or NULL */
};

extern const struct replay_format replay_table;
extern const struct replay_format replay_wide;
extern const struct replay_format replay_json;
extern const struct replay_format replay_jsonl;
extern const struct replay_format replay_csv;

static inline const char *replay_interface(const struct replay_view *view, uint32_t index)
{
	return view->tap ? weir_tap_interface(view->tap, index)
			 : weir_capture_interface(view->capture, index);
}

/* The summary in words, whose lines add up. */
void replay_summary(const struct replay_view *view, FILE *file);

#endif
