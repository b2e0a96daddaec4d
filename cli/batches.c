#include "batches.h"

#include <errno.h>
#include <stdlib.h>

/* Fills a buffer as far as the trace goes. */
static void fill(struct batches *batches, struct batch_buffer *buffer)
{
	size_t n = 1;

	buffer->count = 0;
	buffer->status = 0;
	while (n && buffer->count + TRACE_BURST <= batches->size) {
		n = trace_input_next(batches->input, buffer->frames + buffer->count,
				     &buffer->status);
		buffer->count += n;
	}
}

static void *read_ahead(void *context)
{
	struct batches *batches = context;
	unsigned at = 0;
	bool is_more = true;

	while (is_more) {
		struct batch_buffer *buffer = &batches->buffers[at];

		pthread_mutex_lock(&batches->lock);
		while (buffer->is_full && !batches->is_over)
			pthread_cond_wait(&batches->change, &batches->lock);
		is_more = !batches->is_over;
		pthread_mutex_unlock(&batches->lock);
		if (!is_more)
			break;
		fill(batches, buffer);
		is_more = buffer->count && !buffer->status;
		pthread_mutex_lock(&batches->lock);
		buffer->is_full = true;
		pthread_cond_signal(&batches->change);
		pthread_mutex_unlock(&batches->lock);
		at = !at;
	}
	return NULL;
}

static void release(struct batches *batches)
{
	free(batches->buffers[0].frames);
	free(batches->buffers[1].frames);
	pthread_cond_destroy(&batches->change);
	pthread_mutex_destroy(&batches->lock);
}

int batches_begin(struct batches *batches, struct trace_input *input, bool is_ahead)
{
	int status = 0;

	*batches = (struct batches){
		.input = input,
		.size = is_ahead ? BATCH_AHEAD : TRACE_BURST,
		.is_ahead = is_ahead,
		.current = 1,
	};
	pthread_mutex_init(&batches->lock, NULL);
	pthread_cond_init(&batches->change, NULL);
	for (unsigned i = 0; i <= is_ahead; i++) {
		batches->buffers[i].frames = calloc(batches->size, sizeof(struct weir_frame));
		if (!batches->buffers[i].frames)
			status = -ENOMEM;
	}
	if (!status && is_ahead)
		status = -pthread_create(&batches->reader, NULL, read_ahead, batches);
	if (status)
		release(batches);
	return status;
}

void batches_end(struct batches *batches)
{
	if (batches->is_ahead) {
		pthread_mutex_lock(&batches->lock);
		batches->is_over = true;
		pthread_cond_signal(&batches->change);
		pthread_mutex_unlock(&batches->lock);
		pthread_join(batches->reader, NULL);
	}
	release(batches);
}

/* Gives the last buffer back, and waits for the other one. */
static struct batch_buffer *exchange(struct batches *batches)
{
	struct batch_buffer *next = &batches->buffers[!batches->current];

	pthread_mutex_lock(&batches->lock);
	if (batches->has_taken)
		batches->buffers[batches->current].is_full = false;
	batches->has_taken = true;
	pthread_cond_signal(&batches->change);
	while (!next->is_full)
		pthread_cond_wait(&batches->change, &batches->lock);
	pthread_mutex_unlock(&batches->lock);
	batches->current = !batches->current;
	return next;
}

size_t batches_next(struct batches *batches, const struct weir_frame **frames, int *status)
{
	struct batch_buffer *buffer = &batches->buffers[0];

	if (*status)
		return 0;
	if (batches->is_ahead)
		buffer = exchange(batches);
	else
		fill(batches, buffer);
	*frames = buffer->frames;
	*status = buffer->status;
	return buffer->status ? 0 : buffer->count;
}
