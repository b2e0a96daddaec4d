#include "trace_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROGRESS_EVERY = 128, /* bursts */
};

char *trace_input_filter(const struct invocation *invocation)
{
	struct report_text text = { 0 };

	for (size_t i = 0; i < invocation->operand_count; i++)
		report_text_format(&text, "%s%s", i ? " " : "", invocation->operands[i]);
	return text.bytes;
}

static enum exit_code open_paths(struct trace_input *input, const struct invocation *invocation,
				 const char **paths, size_t count)
{
	char *filter = trace_input_filter(invocation);
	struct weir_capture_options options = {
		.filter = filter,
		.sink = diagnostics_sink(&input->diagnostics),
	};
	struct weir_error error = { "" };
	bool bad_filter = false;
	int status =
		weir_capture_open(paths, count, &options, &input->capture, &bad_filter, &error);

	free(filter);
	if (!status)
		return EXIT_CLEAN;
	complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
	return bad_filter ? EXIT_USAGE : EXIT_DAMAGED;
}

enum exit_code trace_input_open(struct trace_input *input, const struct invocation *invocation)
{
	size_t count = option_times(invocation, OPTION_READ);
	const char **paths = calloc(count + 1, sizeof(*paths));
	enum exit_code code;

	if (!paths) {
		complain(invocation->command, "%s", strerror(ENOMEM));
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < count; i++)
		paths[i] = option_nth(invocation, OPTION_READ, i);
	input->diagnostics.color = invocation->color_err;
	code = open_paths(input, invocation, paths, count);
	free(paths);
	return code;
}

void trace_input_finish(struct trace_input *input)
{
	weir_capture_close(input->capture);
}

void trace_input_begin(struct trace_input *input, const char *label)
{
	report_progress_begin(&input->progress, stderr, label);
}

void trace_input_end(struct trace_input *input)
{
	report_progress_end(&input->progress);
	input->progress.file = NULL;
}

static void show_progress(struct trace_input *input)
{
	uint64_t done, total;

	if (!input->progress.file || ++input->bursts % PROGRESS_EVERY)
		return;
	weir_capture_progress(input->capture, &done, &total);
	report_progress_show(&input->progress, done, total);
}

size_t trace_input_next(struct trace_input *input, struct weir_frame frames[TRACE_BURST],
			int *status)
{
	int next = *status ? 0 : weir_capture_next(input->capture, frames, TRACE_BURST);

	if (next < 0)
		*status = next;
	show_progress(input);
	return next > 0 ? (size_t)next : 0;
}
