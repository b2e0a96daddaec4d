/*
 * replay_files.c - packets out to files, each with what was decided about it.
 *
 * A comment is "weir: VERDICT[, WHY][, DECISION]". The decision is the flow's; it is put into words
 * when the flow's first packet is written, and kept. A trace has few decisions and many flows, so
 * equal ones are one string, and a flow costs a pointer.
 */
#include "replay_files.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flow_text.h"
#include "folder.h"
#include "names.h"

static const char mark[] = "weir: ";

static const struct {
	enum option_id option;
	const char *name;
} options[] = {
	[REPLAY_FILE_ALL] = { OPTION_WRITE, "-w" },
	[REPLAY_FILE_ALLOWED] = { OPTION_ALLOWED, "--allowed" },
	[REPLAY_FILE_DENIED] = { OPTION_DENIED, "--denied" },
};

__attribute__((format(printf, 3, 4))) static int fail(struct weir_error *error, int status,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return status;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder that a path is in, and its name there. */
static bool stat_folder(const char *path, struct stat *folder, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *text = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	bool is_there = text && stat(text, folder) == 0;

	*name = slash ? slash + 1 : path;
	free(text);
	return is_there;
}

/* Whether two paths, of files that may not be there yet, mean one file. */
static bool is_same_path(const char *a, const char *b)
{
	struct stat of_a, of_b;
	const char *name_a, *name_b;
	bool has_a = stat(a, &of_a) == 0;
	bool has_b = stat(b, &of_b) == 0;

	if (has_a || has_b)
		return has_a && has_b && is_same_file(&of_a, &of_b);
	return stat_folder(a, &of_a, &name_a) && stat_folder(b, &of_b, &name_b) &&
	       of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino &&
	       strcmp(name_a, name_b) == 0;
}

static int visit_input(void *context, const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && is_same_file(&status, context) ? -EEXIST : 0;
}

/* Whether a path leads to a file of the policies or the expectations. */
static bool is_input(const struct invocation *invocation, const char *path)
{
	struct weir_error ignored;
	struct stat output;

	if (stat(path, &output))
		return false;
	for (size_t i = 0; i < invocation->use_count; i++) {
		const struct option_use *use = &invocation->uses[i];
		struct stat status;

		if ((use->id != OPTION_FILE && use->id != OPTION_EXPECT) ||
		    stat(use->value, &status))
			continue;
		if (is_same_file(&status, &output) ||
		    (S_ISDIR(status.st_mode) &&
		     folder_visit(use->value, visit_input, &output, &ignored) == -EEXIST))
			return true;
	}
	return false;
}

static bool ends_in(const char *path, const char *suffix)
{
	size_t length = strlen(path);
	size_t behind = strlen(suffix);

	return length >= behind && strcmp(path + length - behind, suffix) == 0;
}

static int check_path(const struct replay_files *files, const struct invocation *invocation,
		      unsigned file, struct weir_error *error)
{
	const char *path = files->paths[file];

	if (strcmp(path, "-") == 0)
		return fail(error, -EINVAL, "%s -: standard output has the verdicts; name a file",
			    options[file].name);
	if (ends_in(path, ".gz") || ends_in(path, ".zst"))
		return fail(error, -EINVAL,
			    "%s: files are not written compressed; name it .pcapng or .pcap", path);
	if (is_input(invocation, path))
		return fail(error, -EEXIST, "%s: it is one of the files that are read", path);
	for (unsigned i = 0; i < file; i++)
		if (files->paths[i] && is_same_path(files->paths[i], path))
			return fail(error, -EEXIST, "%s: it is the file of %s too", path,
				    options[i].name);
	return 0;
}

int replay_files_open(struct replay_files *files, const struct invocation *invocation,
		      const struct weir_capture *capture, struct weir_error *error)
{
	struct weir_capture_writer_options writer_options = { .mark = mark };
	int status = 0;

	for (unsigned i = 0; i < REPLAY_FILES; i++)
		files->paths[i] = option_value(invocation, options[i].option);
	for (unsigned i = 0; i < REPLAY_FILES && !status; i++)
		if (files->paths[i])
			status = check_path(files, invocation, i, error);
	for (unsigned i = 0; i < REPLAY_FILES && !status; i++)
		if (files->paths[i])
			status = weir_capture_writer_open(capture, files->paths[i], &writer_options,
							  &files->writers[i], error);
	return status;
}

bool replay_files_wanted(const struct replay_files *files)
{
	return files->writers[REPLAY_FILE_ALL] || files->writers[REPLAY_FILE_ALLOWED] ||
	       files->writers[REPLAY_FILE_DENIED];
}

void replay_files_note(struct replay_files *files, const struct weir_frame *frames, size_t n)
{
	for (size_t i = 0; i < n && files->link_type_count < 2; i++) {
		if (files->link_type_count && frames[i].link_type == files->link_types[0])
			continue;
		files->link_types[files->link_type_count++] = frames[i].link_type;
	}
}

int replay_files_begin(struct replay_files *files, const struct weir_policy *policy,
		       const struct weir_trace *trace, struct weir_error *error)
{
	for (unsigned i = 0; i < REPLAY_FILES; i++)
		if (files->writers[i] && files->link_type_count > 1 &&
		    !weir_capture_writer_is_pcapng(files->paths[i]))
			return fail(error, -EINVAL,
				    "%s: pcap holds packets of one link type, and the trace has %u "
				    "and %u; name it .pcapng",
				    files->paths[i], files->link_types[0], files->link_types[1]);
	for (unsigned i = 0; i < REPLAY_FILES; i++)
		if (files->writers[i] && weir_capture_writer_is_pcapng(files->paths[i]))
			files->has_comments = true;
	files->policy = policy;
	files->trace = trace;
	files->decisions = calloc(weir_trace_flow_count(trace) + 1, sizeof(*files->decisions));
	return files->decisions ? 0 : fail(error, -ENOMEM, "%s", strerror(ENOMEM));
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The one copy of a string that is kept, or NULL. */
static const char *keep(struct replay_files *files, const char *string)
{
	char *copy = strdup(string);
	char **known = copy ? tsearch(copy, &files->texts, compare) : NULL;

	if (!known || *known != copy)
		free(copy);
	return known ? *known : NULL;
}

static const char *decision_of(struct replay_files *files, uint64_t index)
{
	const char **decision = &files->decisions[index];
	struct weir_flow flow;

	if (*decision)
		return *decision;
	weir_trace_flow(files->trace, index, &flow);
	report_text_clear(&files->text);
	if (flow.verdict != WEIR_AMBIGUOUS)
		decision_in_terms(files->policy, &flow.explanation, &files->text);
	*decision = files->text.is_short ? NULL : keep(files, report_text_string(&files->text));
	return *decision;
}

static const char *verdict_word(const struct weir_trace_packet *packet)
{
	switch (packet->kind) {
	case WEIR_TRACE_ALLOWED:
		return action_name(WEIR_ALLOW);
	case WEIR_TRACE_DENIED:
		return action_name(WEIR_DENY);
	default:
		return weir_trace_class_name((enum weir_trace_class)packet->kind);
	}
}

static void add_part(struct report_text *text, const char *part)
{
	if (!part || !*part)
		return;
	report_text_add(text, ", ", 2);
	report_text_add_string(text, part);
}

/* NULL: memory ran out. */
static const char *comment_of(struct replay_files *files, const struct weir_trace_packet *packet)
{
	const char *decision = packet_has_flow(packet) ? decision_of(files, packet->flow) : "";
	struct report_text *text = &files->text;

	report_text_clear(text);
	report_text_add(text, mark, sizeof(mark) - 1);
	report_text_add_string(text, verdict_word(packet));
	add_part(text, packet_why(packet));
	add_part(text, decision);
	return decision && !text->is_short ? report_text_string(text) : NULL;
}

int replay_files_add(struct replay_files *files, const struct weir_frame *frame,
		     const struct weir_trace_packet *packet, struct weir_error *error)
{
	struct weir_capture_writer *const writers[] = {
		files->writers[REPLAY_FILE_ALL],
		packet->kind == WEIR_TRACE_ALLOWED ? files->writers[REPLAY_FILE_ALLOWED] : NULL,
		packet->kind == WEIR_TRACE_DENIED ? files->writers[REPLAY_FILE_DENIED] : NULL,
	};
	const char *comment = files->has_comments ? comment_of(files, packet) : NULL;
	int status = 0;

	if (files->has_comments && !comment)
		status = fail(error, -ENOMEM, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < REPLAY_FILES && !status; i++)
		if (writers[i])
			status = weir_capture_writer_add(writers[i], frame, comment, error);
	return status;
}

int replay_files_end(struct replay_files *files, struct weir_error *error)
{
	int status = 0;

	for (unsigned i = 0; i < REPLAY_FILES && !status; i++)
		if (files->writers[i])
			status = weir_capture_writer_finish(files->writers[i], error);
	for (unsigned i = 0; i < REPLAY_FILES && !status; i++)
		if (files->writers[i])
			status = weir_capture_writer_publish(files->writers[i], error);
	return status;
}

void replay_files_finish(struct replay_files *files)
{
	for (unsigned i = 0; i < REPLAY_FILES; i++)
		weir_capture_writer_destroy(files->writers[i]);
	tdestroy(files->texts, free);
	free(files->decisions);
	report_text_finish(&files->text);
	*files = (struct replay_files){ 0 };
}
