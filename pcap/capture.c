/*
 * capture.c - many trace files as one.
 *
 * Every file is a source (bytes in memory) with a reader over it and one frame read ahead. A heap
 * holds the files that have one, the earliest frame on top; equal times go by the files' order.
 * Within a file the file's order stands, even where its times go back.
 */
#include "weir/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "filter.h"
#include "inputs.h"
#include "interfaces.h"
#include "reader.h"
#include "source.h"
#include "tell.h"

enum {
	ETHERNET = 1,
};

struct input {
	char *path;
	struct weir_source source;
	struct weir_reader reader;
	struct weir_frame ahead;
	size_t order;
	uint32_t link_type; /* the latest that was looked at */
	bool damage_told;
	bool link_type_told;
	bool filter_told;
};

struct weir_capture {
	struct weir_sink sink;
	struct weir_filter filter;
	char *expression;
	struct weir_interfaces interfaces;
	struct input *inputs;
	size_t input_count;
	struct input **heap;
	size_t heap_count;
	uint64_t number;
	uint32_t link_type; /* of the first frame */
	bool damaged;
	bool others_told;
};

static void tell_damage(struct weir_capture *capture, struct input *input, size_t at,
			const char *what)
{
	capture->damaged = true;
	if (!input->damage_told)
		weir_tell(&capture->sink, WEIR_SEVERITY_ERROR, input->path, "%zu: %s", at, what);
	input->damage_told = true;
}

static void check_link_type(const struct weir_capture *capture, struct input *input,
			    uint32_t link_type)
{
	if (input->link_type == link_type || input->link_type_told)
		return;
	input->link_type = link_type;
	if (weir_link_type_supported(link_type))
		return;
	weir_tell(&capture->sink, WEIR_SEVERITY_WARNING, input->path,
		  "link type %u is not supported: its packets count as opaque", link_type);
	input->link_type_told = true;
}

static void tell_others(struct weir_capture *capture, const struct input *input)
{
	if (!capture->interfaces.has_others || capture->others_told)
		return;
	weir_tell(&capture->sink, WEIR_SEVERITY_WARNING, input->path,
		  "more than %d names of interfaces: those behind are called \"(others)\"",
		  WEIR_INTERFACE_NAMES_MAX - 1);
	capture->others_told = true;
}

/* Reads a file's next frame: 1, 0 when there is none any more, or -ENOMEM. */
static int read_frame(struct weir_capture *capture, struct input *input, struct weir_frame *out)
{
	int status = weir_reader_next(&input->reader, out);

	if (status == 1) {
		check_link_type(capture, input, out->link_type);
		return 1;
	}
	tell_others(capture, input);
	if (input->source.ends_early && (status == 0 || status == -EBADMSG)) {
		tell_damage(capture, input, input->source.length, input->source.ends_early);
		return 0;
	}
	if (status == -EBADMSG) {
		tell_damage(capture, input, input->reader.damage_at, input->reader.damage);
		return 0;
	}
	return status;
}

static bool comes_before(const struct input *a, const struct input *b)
{
	return a->ahead.time != b->ahead.time ? a->ahead.time < b->ahead.time : a->order < b->order;
}

static void sink_down(struct weir_capture *capture, size_t at)
{
	struct input **heap = capture->heap;
	struct input *moved = heap[at];

	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= capture->heap_count)
			break;
		if (child + 1 < capture->heap_count && comes_before(heap[child + 1], heap[child]))
			child++;
		if (!comes_before(heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static int fill_heap(struct weir_capture *capture)
{
	capture->heap_count = 0;
	for (size_t i = 0; i < capture->input_count; i++) {
		struct input *input = &capture->inputs[i];
		int status = read_frame(capture, input, &input->ahead);

		if (status < 0)
			return status;
		if (status == 1)
			capture->heap[capture->heap_count++] = input;
	}
	for (size_t i = capture->heap_count / 2; i-- > 0;)
		sink_down(capture, i);
	return 0;
}

/* The interface of formats without names: what a person calls the file. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return "stdin";
	return slash ? slash + 1 : path;
}

static bool is_regular(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int open_input(struct weir_capture *capture, const struct weir_input_path *path,
		      struct weir_error *error)
{
	struct input *input = &capture->inputs[capture->input_count];
	struct weir_source source;
	int status = -EINVAL;

	/* opening a pipe that lies about in a folder would wait for its writer */
	if (!path->in_folder || is_regular(path->path))
		status = weir_source_open(path->path, weir_reader_recognizes, &source, error);
	if (status == -EINVAL && path->in_folder) {
		weir_tell(&capture->sink, WEIR_SEVERITY_WARNING, path->path,
			  "not a pcap or pcapng trace, skipped");
		return 0;
	}
	if (status == -EINVAL && error)
		snprintf(error->text, sizeof(error->text), "%s: not a pcap or pcapng trace",
			 path->path);
	if (status)
		return status;
	*input = (struct input){
		.source = source,
		.order = capture->input_count,
		.link_type = UINT32_MAX,
	};
	capture->input_count++;
	input->path = strdup(path->path);
	if (!input->path)
		return -ENOMEM;
	weir_reader_init(&input->reader, source.bytes, source.length, base_name(input->path),
			 &capture->interfaces);
	return 0;
}

static int open_inputs(struct weir_capture *capture, const struct weir_input_paths *paths,
		       struct weir_error *error)
{
	int status = 0;

	capture->inputs = calloc(paths->count + 1, sizeof(*capture->inputs));
	capture->heap = calloc(paths->count + 1, sizeof(struct input *));
	if (!capture->inputs || !capture->heap)
		return -ENOMEM;
	for (size_t i = 0; i < paths->count && !status; i++)
		status = open_input(capture, &paths->items[i], error);
	if (!status && capture->input_count == 0) {
		if (error)
			snprintf(error->text, sizeof(error->text),
				 "no pcap or pcapng trace to read");
		return -EINVAL;
	}
	return status;
}

static int collect_and_open(struct weir_capture *capture, const char *const *paths,
			    size_t path_count, struct weir_error *error)
{
	struct weir_input_paths all = { 0 };
	int status = 0;

	for (size_t i = 0; i < path_count && !status; i++)
		status = weir_input_paths_add(&all, paths[i], error);
	if (!status)
		status = open_inputs(capture, &all, error);
	weir_input_paths_finish(&all);
	return status;
}

/* A filter is bad when it means nothing for any link type that the files begin with; without
 * frames Ethernet stands in. */
static int check_filter(struct weir_capture *capture, struct weir_error *error)
{
	int status = 0;

	if (capture->heap_count == 0)
		return weir_filter_check(&capture->filter, ETHERNET, error);
	for (size_t i = 0; i < capture->heap_count; i++) {
		status = weir_filter_check(&capture->filter, capture->heap[i]->ahead.link_type,
					   error);
		if (status != -EINVAL)
			break;
	}
	return status;
}

static int set_up(struct weir_capture *capture, const char *const *paths, size_t path_count,
		  const struct weir_capture_options *options, bool *bad_filter,
		  struct weir_error *error)
{
	int status;

	if (options && options->filter) {
		capture->expression = strdup(options->filter);
		if (!capture->expression)
			return -ENOMEM;
	}
	weir_filter_init(&capture->filter, capture->expression);
	status = collect_and_open(capture, paths, path_count, error);
	if (!status)
		status = fill_heap(capture);
	if (status)
		return status;
	capture->link_type = capture->heap_count ? capture->heap[0]->ahead.link_type : ETHERNET;
	status = check_filter(capture, error);
	*bad_filter = status == -EINVAL;
	return status;
}

int weir_capture_open(const char *const *paths, size_t path_count,
		      const struct weir_capture_options *options, struct weir_capture **out,
		      bool *bad_filter, struct weir_error *error)
{
	struct weir_capture *capture = calloc(1, sizeof(*capture));
	struct weir_error why = { "out of memory" };
	bool is_bad = false;
	int status = -ENOMEM;

	if (capture) {
		if (options)
			capture->sink = options->sink;
		status = set_up(capture, paths, path_count, options, &is_bad, &why);
	}
	if (bad_filter)
		*bad_filter = is_bad;
	if (status) {
		if (error)
			*error = why;
		weir_capture_close(capture);
		return status;
	}
	*out = capture;
	return 0;
}

void weir_capture_close(struct weir_capture *capture)
{
	if (!capture)
		return;
	for (size_t i = 0; i < capture->input_count; i++) {
		weir_reader_finish(&capture->inputs[i].reader);
		weir_source_close(&capture->inputs[i].source);
		free(capture->inputs[i].path);
	}
	weir_filter_finish(&capture->filter);
	weir_interfaces_finish(&capture->interfaces);
	free(capture->inputs);
	free(capture->heap);
	free(capture->expression);
	free(capture);
}

/* Whether a frame passes the filter: 1, 0, or -ENOMEM. A link type for which the filter has no
 * meaning lets nothing through. */
static int filter(struct weir_capture *capture, struct input *input, const struct weir_frame *frame)
{
	struct weir_error error;
	int status = weir_filter_passes(&capture->filter, frame);

	if (status != -EINVAL)
		return status;
	if (!input->filter_told && weir_filter_check(&capture->filter, frame->link_type, &error))
		weir_tell(&capture->sink, WEIR_SEVERITY_WARNING, input->path,
			  "packets of link type %u are left out: %s", frame->link_type, error.text);
	input->filter_told = true;
	return 0;
}

/* Takes the earliest frame and reads its file ahead: 1, 0 or -ENOMEM. */
static int take(struct weir_capture *capture, struct input **from, struct weir_frame *out)
{
	struct input *first;
	int status;

	if (capture->heap_count == 0)
		return 0;
	first = capture->heap[0];
	*from = first;
	*out = first->ahead;
	out->number = ++capture->number;
	status = read_frame(capture, first, &first->ahead);
	if (status < 0)
		return status;
	if (status == 0)
		capture->heap[0] = capture->heap[--capture->heap_count];
	if (capture->heap_count > 1)
		sink_down(capture, 0);
	return 1;
}

/* Takes frames of the only file that is left, without a detour over the one read ahead; what is
 * not 1 ends it, as in take. */
static int take_many(struct weir_capture *capture, struct weir_frame *frames, int size)
{
	struct input *input = capture->heap[0];
	int status = 1;
	int count = 0;

	frames[count++] = input->ahead;
	while (count < size && status == 1) {
		status = read_frame(capture, input, &frames[count]);
		count += status == 1;
	}
	if (status == 1)
		status = read_frame(capture, input, &input->ahead);
	if (status < 0)
		return status;
	if (status == 0)
		capture->heap_count = 0;
	for (int i = 0; i < count; i++)
		frames[i].number = ++capture->number;
	return count;
}

int weir_capture_next(struct weir_capture *capture, struct weir_frame *frames, int size)
{
	struct input *input;
	int count = 0;

	if (size > 0 && capture->heap_count == 1 && !capture->expression)
		return take_many(capture, frames, size);

	while (count < size) {
		int status = take(capture, &input, &frames[count]);

		if (status == 0)
			break;
		if (status == 1)
			status = filter(capture, input, &frames[count]);
		if (status < 0)
			return status;
		count += status;
	}
	return count;
}

int weir_capture_rewind(struct weir_capture *capture)
{
	capture->number = 0;
	for (size_t i = 0; i < capture->input_count; i++)
		weir_reader_rewind(&capture->inputs[i].reader);
	return fill_heap(capture);
}

bool weir_capture_damaged(const struct weir_capture *capture)
{
	return capture->damaged;
}

const char *weir_capture_interface(const struct weir_capture *capture, uint32_t index)
{
	return index < capture->interfaces.count ? capture->interfaces.names[index] : "unknown";
}

bool weir_capture_reads(const struct weir_capture *capture, const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return false;
	for (size_t i = 0; i < capture->input_count; i++) {
		const struct weir_source *source = &capture->inputs[i].source;

		if (source->is_file && source->device == status.st_dev &&
		    source->inode == status.st_ino)
			return true;
	}
	return false;
}

uint32_t weir_capture_link_type(const struct weir_capture *capture)
{
	return capture->link_type;
}

void weir_capture_progress(const struct weir_capture *capture, uint64_t *done, uint64_t *total)
{
	*done = 0;
	*total = 0;
	for (size_t i = 0; i < capture->input_count; i++) {
		*done += capture->inputs[i].reader.at;
		*total += capture->inputs[i].source.length;
	}
}
