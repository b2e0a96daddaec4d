/*
 * batches.h - the frames of a trace in batches; where there are threads for it, read ahead.
 */
#ifndef WEIR_CLI_BATCHES_H
#define WEIR_CLI_BATCHES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "weir/packet.h"

#include "trace_input.h"

enum {
	BATCH_AHEAD = 32768, /* frames of a batch that is read ahead */
};

struct batch_buffer {
	struct weir_frame *frames;
	size_t count;
	int status;
	bool is_full; /* read, and not worked on yet */
};

struct batches {
	struct trace_input *input;
	size_t size;
	bool is_ahead;
	bool is_over;                   /* nobody wants more */
	bool has_taken;                 /* the current buffer is full */
	unsigned current;               /* the buffer that is worked on */
	struct batch_buffer buffers[2]; /* the second only ahead */
	pthread_t reader;
	pthread_mutex_t lock;
	pthread_cond_t change;
};

/* Of an input at its beginning. Ahead means by a thread of its own, which is then the only one that
 * may use the input until the end. 0 or a negative errno: then there is nothing to end. */
int batches_begin(struct batches *batches, struct trace_input *input, bool is_ahead);
/* Returns, at the end of the trace or earlier, to the thread that called. */
void batches_end(struct batches *batches);

/* How many frames come next, and where they are until the next call; none as with
 * trace_input_next. */
size_t batches_next(struct batches *batches, const struct weir_frame **frames, int *status);

#endif
