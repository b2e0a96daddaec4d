/*
 * replay.c - weir replay: a verdict for every flow or packet of a trace.
 *
 * The trace is read once for its flows. A second time it is read only where single packets are
 * asked about, because a packet's class is its flow's verdict, which the whole trace decides.
 */
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/query.h"

#include "command.h"
#include "input.h"
#include "progress.h"

enum {
	PROGRESS_EVERY = 128, /* bursts */
	BURST = 64,
};

enum fail_on {
	FAIL_ON_DENY = 1,
	FAIL_ON_AMBIGUOUS = 2,
	FAIL_ON_MALFORMED = 4,
};

struct replay {
	const struct invocation *invocation;
	struct input input;
	struct diagnostics diagnostics; /* of the trace */
	struct weir_querier *querier;
	struct expectations expectations;
	struct weir_capture *capture;
	struct weir_trace *trace;
	struct replay_view view;
	unsigned fail_on; /* enum fail_on */
};

static enum exit_code fail(const struct replay *replay, int status)
{
	complain(replay->invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static unsigned fail_on_word(const char *word, size_t length)
{
	static const struct {
		const char *word;
		unsigned value;
	} words[] = { { "deny", FAIL_ON_DENY },
		      { "ambiguous", FAIL_ON_AMBIGUOUS },
		      { "malformed", FAIL_ON_MALFORMED } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == length && memcmp(words[i].word, word, length) == 0)
			return words[i].value;
	return 0;
}

static enum exit_code read_fail_on(struct replay *replay)
{
	const char *list;

	for (size_t i = 0; (list = option_nth(replay->invocation, OPTION_FAIL_ON, i)); i++) {
		const char *word = list;

		for (;;) {
			size_t length = strcspn(word, ",");
			unsigned value = fail_on_word(word, length);

			if (!value) {
				complain(replay->invocation->command,
					 "--fail-on %s: must be deny, ambiguous or malformed, "
					 "several with commas",
					 list);
				return EXIT_USAGE;
			}
			replay->fail_on |= value;
			if (!word[length])
				break;
			word += length + 1;
		}
	}
	return EXIT_CLEAN;
}

static enum exit_code read_expectations(struct replay *replay)
{
	const char *path = option_value(replay->invocation, OPTION_EXPECT);
	int status;

	if (!path)
		return EXIT_CLEAN;
	status = weir_querier_create(replay->input.policy, NULL, &replay->querier);
	if (status)
		return fail(replay, status);
	replay->expectations.policy = replay->input.policy;
	replay->expectations.querier = replay->querier;
	replay->view.expectations = &replay->expectations;
	return expectations_read(&replay->expectations, replay->invocation, path);
}

/* The words behind the options are one filter, as with tcpdump. */
static char *join_filter(const struct invocation *invocation)
{
	struct report_text text = { 0 };

	for (size_t i = 0; i < invocation->operand_count; i++)
		report_text_format(&text, "%s%s", i ? " " : "", invocation->operands[i]);
	return text.bytes;
}

static enum exit_code open_paths(struct replay *replay, const char **paths, size_t count)
{
	const struct command *command = replay->invocation->command;
	char *filter = join_filter(replay->invocation);
	struct weir_capture_options options = {
		.filter = filter,
		.sink = diagnostics_sink(&replay->diagnostics),
	};
	struct weir_error error = { "" };
	bool bad_filter = false;
	int status =
		weir_capture_open(paths, count, &options, &replay->capture, &bad_filter, &error);

	free(filter);
	if (!status)
		return EXIT_CLEAN;
	complain(command, "%s", error.text[0] ? error.text : strerror(-status));
	return bad_filter ? EXIT_USAGE : EXIT_DAMAGED;
}

static enum exit_code open_trace(struct replay *replay)
{
	size_t count = option_times(replay->invocation, OPTION_READ);
	const char **paths = calloc(count + 1, sizeof(*paths));
	enum exit_code code;

	if (!paths)
		return fail(replay, -ENOMEM);
	for (size_t i = 0; i < count; i++)
		paths[i] = option_nth(replay->invocation, OPTION_READ, i);
	replay->diagnostics.color = replay->invocation->color_err;
	code = open_paths(replay, paths, count);
	free(paths);
	return code;
}

static void show_progress(const struct replay *replay, struct report_progress *progress)
{
	uint64_t done, total;

	if (!progress->file)
		return;
	weir_capture_progress(replay->capture, &done, &total);
	report_progress_show(progress, done, total);
}

/* How many frames came next: none at the end, and when *status is or becomes negative: what was not
 * read has no verdict. */
static size_t next_frames(const struct replay *replay, struct weir_frame *frames, int *status)
{
	int next = *status ? 0 : weir_capture_next(replay->capture, frames, BURST);

	if (next < 0)
		*status = next;
	return next > 0 ? (size_t)next : 0;
}

/* The first pass. */
static enum exit_code find_flows(struct replay *replay)
{
	struct weir_trace_options options = {
		.unknown_pods_external =
			option_choice(replay->invocation, OPTION_UNKNOWN_PODS) == 1,
		.stateless = option_given(replay->invocation, OPTION_STATELESS),
	};
	struct report_progress progress;
	struct weir_frame frames[BURST];
	uint64_t bursts = 0;
	size_t n;
	int status = weir_trace_create(replay->input.policy, &options, &replay->trace);

	report_progress_begin(&progress, stderr, "reading");
	while ((n = next_frames(replay, frames, &status))) {
		status = weir_trace_add(replay->trace, frames, n);
		replay->view.last_packet = frames[n - 1].number;
		if (++bursts % PROGRESS_EVERY == 0)
			show_progress(replay, &progress);
	}
	report_progress_end(&progress);
	if (!status)
		status = weir_trace_finish(replay->trace);
	if (status)
		return fail(replay, status);
	weir_trace_summarize(replay->trace, &replay->view.summary);
	return EXIT_CLEAN;
}

/* The second pass: what became of each packet. */
static enum exit_code visit_packets(struct replay *replay,
				    void (*visit)(struct replay *replay,
						  const struct weir_frame *frame,
						  const struct weir_trace_packet *packet))
{
	struct weir_trace_packet packets[BURST];
	struct weir_frame frames[BURST];
	size_t n;
	int status = weir_capture_rewind(replay->capture);

	if (!status)
		status = weir_trace_rewind(replay->trace);
	while ((n = next_frames(replay, frames, &status))) {
		status = weir_trace_locate(replay->trace, frames, n, packets);
		for (size_t i = 0; i < n && !status; i++)
			visit(replay, &frames[i], &packets[i]);
	}
	return status ? fail(replay, status) : EXIT_CLEAN;
}

static void note_packet(struct replay *replay, const struct weir_frame *frame,
			const struct weir_trace_packet *packet)
{
	expectations_note_packet(&replay->expectations, frame->number, packet->flow);
}

static void print_packet(struct replay *replay, const struct weir_frame *frame,
			 const struct weir_trace_packet *packet)
{
	replay->view.format->packet(&replay->view, frame, packet);
}

static enum exit_code compare(struct replay *replay)
{
	enum exit_code code = EXIT_CLEAN;

	if (!replay->view.expectations)
		return EXIT_CLEAN;
	if (replay->expectations.packet_count)
		code = visit_packets(replay, note_packet);
	if (code == EXIT_CLEAN)
		expectations_compare(&replay->expectations, replay->trace);
	return code;
}

static void print_flows(struct replay *replay)
{
	uint64_t count = weir_trace_flow_count(replay->trace);

	for (uint64_t i = 0; i < count; i++) {
		struct weir_flow flow;

		weir_trace_flow(replay->trace, i, &flow);
		replay->view.format->flow(&replay->view, &flow);
	}
}

static enum exit_code print_parts(struct replay *replay)
{
	struct replay_view *view = &replay->view;
	enum exit_code code = EXIT_CLEAN;

	view->format->begin(view);
	if (view->shows_packets)
		code = visit_packets(replay, print_packet);
	else
		print_flows(replay);
	view->format->end(view);
	return code;
}

static enum exit_code print(struct replay *replay)
{
	static const struct replay_format *const formats[] = {
		&replay_table, &replay_wide, &replay_json, &replay_jsonl, &replay_csv,
	};
	struct replay_view *view = &replay->view;
	enum exit_code code = EXIT_CLEAN;

	view->format = formats[option_choice(replay->invocation, OPTION_OUTPUT)];
	view->policy = replay->input.policy;
	view->capture = replay->capture;
	view->trace = replay->trace;
	view->color = replay->invocation->color_out;
	view->shows_packets = option_given(replay->invocation, OPTION_PACKETS);
	if (option_given(replay->invocation, OPTION_SUMMARY))
		view->format->summary(view);
	else
		code = print_parts(replay);
	if (view->is_short || view->text.is_short)
		return fail(replay, -ENOMEM);
	return code;
}

static bool hits_fail_on(const struct replay *replay)
{
	const struct weir_trace_summary *summary = &replay->view.summary;

	return ((replay->fail_on & FAIL_ON_DENY) && summary->by_class[WEIR_TRACE_DENIED]) ||
	       ((replay->fail_on & FAIL_ON_AMBIGUOUS) && summary->by_class[WEIR_TRACE_AMBIGUOUS]) ||
	       ((replay->fail_on & FAIL_ON_MALFORMED) && summary->by_class[WEIR_TRACE_MALFORMED]);
}

/* The exit code of results that are complete. */
static enum exit_code judge(const struct replay *replay)
{
	const struct expectations *expectations = &replay->expectations;
	enum exit_code code = EXIT_CLEAN;

	if (expectations->mismatched || expectations->unseen) {
		expectations_complain(expectations, replay->trace);
		code = EXIT_DIFFERENT;
	}
	if (hits_fail_on(replay))
		code = exit_code_worse(code, EXIT_DIFFERENT);
	if (weir_capture_damaged(replay->capture))
		code = exit_code_worse(code, EXIT_DAMAGED);
	return code;
}

static enum exit_code check_usage(const struct replay *replay)
{
	const struct invocation *invocation = replay->invocation;

	if (!option_given(invocation, OPTION_READ)) {
		complain(invocation->command, "-r TRACE is missing: the capture to replay");
		return EXIT_USAGE;
	}
	if (option_given(invocation, OPTION_PACKETS) && option_given(invocation, OPTION_SUMMARY)) {
		complain(invocation->command, "--packets and --summary exclude each other");
		return EXIT_USAGE;
	}
	return EXIT_CLEAN;
}

/* Each step runs only after the one before went well. */
static enum exit_code run_steps(struct replay *replay)
{
	static enum exit_code (*const steps[])(struct replay * replay) = {
		read_expectations, open_trace, find_flows, compare, print,
	};
	enum exit_code code = check_usage(replay);

	if (code == EXIT_CLEAN)
		code = read_fail_on(replay);
	if (code == EXIT_CLEAN)
		code = input_compile(&replay->input, replay->invocation);
	for (size_t i = 0; code == EXIT_CLEAN && i < sizeof(steps) / sizeof(steps[0]); i++)
		code = steps[i](replay);
	return code == EXIT_CLEAN ? judge(replay) : code;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct replay replay = { .invocation = invocation };
	enum exit_code code = run_steps(&replay);

	report_table_destroy(replay.view.table);
	report_text_finish(&replay.view.text);
	weir_trace_destroy(replay.trace);
	weir_capture_close(replay.capture);
	expectations_finish(&replay.expectations);
	weir_querier_destroy(replay.querier);
	input_finish(&replay.input);
	return code;
}

static const struct option_spec trace_specs[] = {
	{ OPTION_READ, 'r', "read", "TRACE", NULL,
	  "a trace: pcap or pcapng, also .gz and .zst; a file, a folder, or - for standard input. "
	  "Repeatable: many files are one trace in time order." },
	{ OPTION_UNKNOWN_PODS, 0, "unknown-pods", "WHAT", "ambiguous|external",
	  "an address in a range of pods that no object owns: its flows are ambiguous, or it is "
	  "taken as outside the cluster" },
	{ OPTION_STATELESS, 0, "stateless", NULL, NULL,
	  "judge every packet by itself, replies too, as a network ACL would" },
};
static const struct option_group trace_options = { "Trace", trace_specs, 3 };

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|wide|json|jsonl|csv", "how to print" },
	{ OPTION_PACKETS, 0, "packets", NULL, NULL,
	  "a line for every packet instead of every flow" },
	{ OPTION_SUMMARY, 0, "summary", NULL, NULL, "the summary alone, no flows" },
	{ OPTION_EXPECT, 0, "expect", "FILE", NULL,
	  "compare with expected verdicts: JSON lines or CSV with any of from, to, protocol, port, "
	  "sourcePort, verdict, packet" },
	{ OPTION_FAIL_ON, 0, "fail-on", "LIST", NULL,
	  "exit 1 when there is any of: deny, ambiguous, malformed; several with commas" },
};
static const struct option_group output_options = { "Output", output_specs, 5 };

static const char *const absent[] = { "at-change", "w", "allowed", "denied", "live", NULL };

const struct command replay_command = {
	.name = "replay",
	.summary = "a verdict for every flow of a captured trace, and the rule that decided",
	.synopsis = "-f PATH -r TRACE [options] [filter]",
	.description =
		"Replays a trace against the policies. A flow has one verdict, found over the "
		"whole "
		"trace; replies and related ICMP errors follow it. Words behind the options are a "
		"pcap-filter, as with tcpdump. Exits 0 whatever the verdicts are; 1 when an "
		"expectation "
		"failed or --fail-on hit; 3 when the trace was damaged: the results are then those "
		"of "
		"its readable part.",
	.examples = "  weir replay -f manifests/ -r capture.pcapng\n"
		    "  weir replay -f dump.yaml.gz -r traces/ -o jsonl 'tcp port 5432'\n"
		    "  weir replay -f manifests/ -r capture.pcap --expect expected.jsonl\n",
	.operands = "filter",
	.groups = { &trace_options, &output_options, &policy_options, &semantics_options,
		    &common_options },
	.absent = absent,
	.run = run,
};
