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
#include <sys/random.h>

#include "weir/query.h"

#include "batches.h"
#include "big_pages.h"
#include "command.h"
#include "input.h"
#include "numbers.h"
#include "replay_files.h"
#include "replay_follow.h"
#include "replay_live.h"
#include "team.h"
#include "trace_input.h"

enum fail_on {
	FAIL_ON_DENY = 1,
	FAIL_ON_AMBIGUOUS = 2,
	FAIL_ON_MALFORMED = 4,
};

enum {
	WORTH_THREADS = 4 << 20, /* bytes */
};

struct replay {
	const struct invocation *invocation;
	struct input input;
	struct trace_input trace_input;
	struct weir_querier *querier;
	struct expectations expectations;
	struct big_pages memory; /* of the trace */
	struct team *team;       /* NULL: this thread does it all */
	struct weir_trace *trace;
	struct replay_view view;
	struct replay_files files;
	struct weir_error error; /* what went wrong, where more is known than an errno */
	unsigned fail_on;        /* enum fail_on */
};

static enum exit_code fail(const struct replay *replay, int status)
{
	complain(replay->invocation->command, "%s",
		 replay->error.text[0] ? replay->error.text : strerror(-status));
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

static enum exit_code open_trace(struct replay *replay)
{
	return trace_input_open(&replay->trace_input, replay->invocation);
}

static enum exit_code open_files(struct replay *replay)
{
	int status = replay_files_open(&replay->files, replay->invocation,
				       replay->trace_input.capture, &replay->error);

	return status ? fail(replay, status) : EXIT_CLEAN;
}

/* Threads take longer to begin than a small trace takes. */
static bool is_worth_threads(const struct replay *replay)
{
	uint64_t done;
	uint64_t total;

	weir_capture_progress(replay->trace_input.capture, &done, &total);
	return total >= WORTH_THREADS;
}

static enum exit_code hire_team(struct replay *replay)
{
	bool is_told = option_given(replay->invocation, OPTION_THREADS);
	uint32_t threads = team_processors();

	if (!option_small_number(replay->invocation, OPTION_THREADS, 1, TEAM_MAX, &threads))
		return EXIT_USAGE;
	if (threads == 1 || (!is_told && !is_worth_threads(replay)))
		return EXIT_CLEAN;
	replay->team = team_create(threads);
	return replay->team ? EXIT_CLEAN : fail(replay, -ENOMEM);
}

static int add_frames(struct replay *replay)
{
	const struct weir_frame *frames;
	struct batches batches;
	size_t n;
	int status;

	trace_input_begin(&replay->trace_input, "reading");
	status = batches_begin(&batches, &replay->trace_input, replay->team);
	if (status)
		return status;
	while ((n = batches_next(&batches, &frames, &status))) {
		status = weir_trace_add(replay->trace, frames, n);
		replay->view.last_packet = frames[n - 1].number;
		if (replay_files_wanted(&replay->files))
			replay_files_note(&replay->files, frames, n);
	}
	batches_end(&batches);
	trace_input_end(&replay->trace_input);
	return status;
}

/* The first pass. */
static enum exit_code find_flows(struct replay *replay)
{
	struct weir_trace_options options = {
		.allocator = &replay->memory.allocator,
		.unknown_pods_external =
			option_choice(replay->invocation, OPTION_UNKNOWN_PODS) == 1,
		.stateless = option_given(replay->invocation, OPTION_STATELESS),
		.team = replay->team ? team_for_library(replay->team) : NULL,
	};
	int status = 0;

	big_pages_init(&replay->memory);
	if (getrandom(options.secret, sizeof(options.secret), 0) != sizeof(options.secret))
		status = -errno;
	if (!status)
		status = weir_trace_create(replay->input.policy, &options, &replay->trace);
	if (!status)
		status = add_frames(replay);
	if (!status)
		status = weir_trace_finish(replay->trace);
	if (status)
		return fail(replay, status);
	weir_trace_summarize(replay->trace, &replay->view.summary);
	return EXIT_CLEAN;
}

/* What is done about a packet, once it is known what became of it. */
typedef int visit_packet(struct replay *replay, const struct weir_frame *frame,
			 const struct weir_trace_packet *packet);

static int visit_batches(struct replay *replay, struct batches *batches,
			 struct weir_trace_packet *packets, visit_packet *visit)
{
	const struct weir_frame *frames;
	size_t n;
	int status = 0;

	while ((n = batches_next(batches, &frames, &status))) {
		status = weir_trace_locate(replay->trace, frames, n, packets);
		for (size_t i = 0; i < n && !status; i++)
			status = visit(replay, &frames[i], &packets[i]);
	}
	return status;
}

/* The second pass. */
static enum exit_code visit_packets(struct replay *replay, visit_packet *visit)
{
	struct weir_trace_packet *packets;
	struct batches batches;
	int status = weir_capture_rewind(replay->trace_input.capture);

	if (!status)
		status = weir_trace_rewind(replay->trace);
	if (!status)
		status = batches_begin(&batches, &replay->trace_input, replay->team);
	if (status)
		return fail(replay, status);
	packets = calloc(batches.size, sizeof(*packets));
	status = packets ? visit_batches(replay, &batches, packets, visit) : -ENOMEM;
	batches_end(&batches);
	free(packets);
	return status ? fail(replay, status) : EXIT_CLEAN;
}

static int note_packet(struct replay *replay, const struct weir_frame *frame,
		       const struct weir_trace_packet *packet)
{
	expectations_note_packet(&replay->expectations, frame->number, packet->flow);
	return 0;
}

static int print_packet(struct replay *replay, const struct weir_frame *frame,
			const struct weir_trace_packet *packet)
{
	replay->view.format->packet(&replay->view, frame, packet);
	return 0;
}

static int file_packet(struct replay *replay, const struct weir_frame *frame,
		       const struct weir_trace_packet *packet)
{
	return replay_files_add(&replay->files, frame, packet, &replay->error);
}

/* Before anything is printed: a reader of the output that goes away does not cost the files. */
static enum exit_code write_files(struct replay *replay)
{
	enum exit_code code;
	int status;

	if (!replay_files_wanted(&replay->files))
		return EXIT_CLEAN;
	status = replay_files_begin(&replay->files, replay->input.policy, replay->trace,
				    &replay->error);
	if (status)
		return fail(replay, status);
	trace_input_begin(&replay->trace_input, "writing");
	code = visit_packets(replay, file_packet);
	trace_input_end(&replay->trace_input);
	if (code != EXIT_CLEAN)
		return code;
	status = replay_files_end(&replay->files, &replay->error);
	return status ? fail(replay, status) : EXIT_CLEAN;
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

static void set_up_view(struct replay *replay)
{
	static const struct replay_format *const formats[] = {
		&replay_table, &replay_wide, &replay_json, &replay_jsonl, &replay_csv,
	};

	replay->view.format = formats[option_choice(replay->invocation, OPTION_OUTPUT)];
	replay->view.policy = replay->input.policy;
	replay->view.color = replay->invocation->color_out;
}

static enum exit_code print(struct replay *replay)
{
	struct replay_view *view = &replay->view;
	enum exit_code code = EXIT_CLEAN;

	set_up_view(replay);
	view->capture = replay->trace_input.capture;
	view->trace = replay->trace;
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
	if (replay->trace_input.capture && weir_capture_damaged(replay->trace_input.capture))
		code = exit_code_worse(code, EXIT_DAMAGED);
	return code;
}

static const struct {
	enum option_id one;
	enum option_id other;
	const char *text;
} exclusive[] = {
	{ OPTION_PACKETS, OPTION_SUMMARY, "--packets and --summary exclude each other" },
	{ OPTION_LIVE, OPTION_EXPECT,
	  "--live and --expect exclude each other: expectations are about flows, and --live judges "
	  "packets" },
	{ OPTION_LIVE, OPTION_STATELESS, "--live and --stateless exclude each other" },
	{ OPTION_LIVE, OPTION_THREADS,
	  "--live and --threads exclude each other: --live is one worker, packet by packet" },
	{ OPTION_LIVE, OPTION_WRITE, "--live and -w exclude each other: --live writes no files" },
	{ OPTION_LIVE, OPTION_ALLOWED,
	  "--live and --allowed exclude each other: --live writes no files" },
	{ OPTION_LIVE, OPTION_DENIED,
	  "--live and --denied exclude each other: --live writes no files" },
};

static const struct {
	enum option_id id;
	const char *name;
} only_live[] = { { OPTION_STRICT, "--strict" },
		  { OPTION_MAX_FLOWS, "--max-flows" },
		  { OPTION_ON_AMBIGUOUS, "--on-ambiguous" } };

/* What would be without effect. */
static enum exit_code check_live_options(const struct invocation *invocation)
{
	if (option_given(invocation, OPTION_LIVE))
		return EXIT_CLEAN;
	for (size_t i = 0; i < sizeof(only_live) / sizeof(only_live[0]); i++) {
		if (!option_given(invocation, only_live[i].id))
			continue;
		complain(invocation->command, "%s goes with --live", only_live[i].name);
		return EXIT_USAGE;
	}
	return EXIT_CLEAN;
}

static enum exit_code check_usage(const struct replay *replay)
{
	const struct invocation *invocation = replay->invocation;
	enum exit_code code = check_live_options(invocation);

	if (!option_given(invocation, OPTION_READ) && !option_given(invocation, OPTION_INTERFACE)) {
		complain(invocation->command, "-r TRACE is missing: the capture to replay");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++) {
		if (!option_given(invocation, exclusive[i].one) ||
		    !option_given(invocation, exclusive[i].other))
			continue;
		complain(invocation->command, "%s", exclusive[i].text);
		return EXIT_USAGE;
	}
	return code == EXIT_CLEAN ? replay_follow_check(invocation) : code;
}

/* Each step runs only after the one before went well. */
static enum exit_code run_steps(struct replay *replay)
{
	static enum exit_code (*const steps[])(struct replay * replay) = {
		read_expectations, open_trace, open_files,  hire_team,
		find_flows,        compare,    write_files, print,
	};
	enum exit_code code = read_fail_on(replay);

	if (code == EXIT_CLEAN)
		code = input_policy(&replay->input, replay->invocation);
	for (size_t i = 0; code == EXIT_CLEAN && i < sizeof(steps) / sizeof(steps[0]); i++)
		code = steps[i](replay);
	return code == EXIT_CLEAN ? judge(replay) : code;
}

/* The trace as a live dataplane would have met it. */
static enum exit_code run_live(struct replay *replay)
{
	enum exit_code code = read_fail_on(replay);

	if (code == EXIT_CLEAN)
		code = input_policy(&replay->input, replay->invocation);
	if (code == EXIT_CLEAN)
		code = open_trace(replay);
	if (code == EXIT_CLEAN)
		code = replay_live(replay->invocation, replay->input.policy, &replay->trace_input,
				   &replay->view.summary);
	return code == EXIT_CLEAN ? judge(replay) : code;
}

/* The trace while it is captured. */
static enum exit_code run_follow(struct replay *replay)
{
	enum exit_code code = read_fail_on(replay);

	if (code == EXIT_CLEAN)
		code = input_compile(&replay->input, replay->invocation);
	if (code != EXIT_CLEAN)
		return code;
	set_up_view(replay);
	code = replay_follow(replay->invocation, replay->input.policy, &replay->view);
	return code == EXIT_USAGE ? code : exit_code_worse(code, judge(replay));
}

static enum exit_code run(const struct invocation *invocation)
{
	struct replay replay = { .invocation = invocation };
	enum exit_code code = check_usage(&replay);

	if (code == EXIT_CLEAN && replay_follow_wanted(invocation))
		code = run_follow(&replay);
	else if (code == EXIT_CLEAN)
		code = option_given(invocation, OPTION_LIVE) ? run_live(&replay)
							     : run_steps(&replay);
	report_table_destroy(replay.view.table);
	report_text_finish(&replay.view.text);
	replay_files_finish(&replay.files);
	weir_trace_destroy(replay.trace);
	team_destroy(replay.team);
	trace_input_finish(&replay.trace_input);
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
	{ OPTION_THREADS, 0, "threads", "N", NULL,
	  "share the work among N threads, connection by connection; what is printed does not "
	  "depend on N. As many as there are processors unless told, for traces of 4 MiB and "
	  "more" },
};
static const struct option_group trace_options = OPTION_GROUP("Trace", trace_specs);

static const struct option_spec follow_specs[] = {
	{ OPTION_INTERFACE, 'i', "interface", "NAME", NULL,
	  "instead of -r: capture at an interface of this machine, or any; packets that the filter "
	  "leaves out get no number" },
	{ OPTION_FOLLOW, 0, "follow", NULL, NULL,
	  "-r is still written, or a pipe: go on when its end is reached. A flow is printed at its "
	  "end, and let go: when it was closed, or nothing came for so long as conntrack waits" },
	{ OPTION_PROVISIONAL, 0, "provisional", NULL, NULL,
	  "with --follow or -i: print flows when they begin and when something about them becomes "
	  "different, too" },
	{ OPTION_FOR, 0, "for", "SECONDS", NULL,
	  "with --follow or -i: end after so long, as SIGINT and SIGTERM end it" },
};
static const struct option_group follow_options =
	OPTION_GROUP("While it is captured", follow_specs);

static const struct option_spec live_specs[] = {
	{ OPTION_LIVE, 0, "live", NULL, NULL,
	  "judge packet by packet, as a live dataplane does with a bounded flow table, instead of "
	  "flow by flow with the whole trace known" },
	{ OPTION_MAX_FLOWS, 0, "max-flows", "N", NULL,
	  "with --live: how many connections of each address family are kept; 1048576 unless "
	  "told" },
	{ OPTION_STRICT, 0, "strict", NULL, NULL,
	  "with --live: TCP and SCTP must begin with their opening, none is taken up in "
	  "mid-stream; resets, answers and errors of nothing known are denied" },
	{ OPTION_ON_AMBIGUOUS, 0, "on-ambiguous", "WHAT", "deny|allow",
	  "with --live: what becomes of connections about which the objects do not say" },
};
static const struct option_group live_options = OPTION_GROUP("Live", live_specs);

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
static const struct option_group output_options = OPTION_GROUP("Output", output_specs);

static const struct option_spec files_specs[] = {
	{ OPTION_WRITE, 'w', "write", "FILE", NULL,
	  "write all packets to FILE: pcapng with verdict and rule as a comment at each packet "
	  "when "
	  "the name ends in .pcapng, else pcap" },
	{ OPTION_ALLOWED, 0, "allowed", "FILE", NULL,
	  "write the packets of allowed flows to FILE, in the same way" },
	{ OPTION_DENIED, 0, "denied", "FILE", NULL, "write those of denied flows" },
};
static const struct option_group files_options = OPTION_GROUP("Files out", files_specs);

static const char *const absent[] = { "at-change", NULL };

const struct command replay_command = {
	.name = "replay",
	.summary = "a verdict for every flow of a captured trace, and the rule that decided",
	.synopsis = "-f PATH {-r TRACE | -i NAME} [options] [filter]",
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
		    "  weir replay -f manifests/ -r capture.pcap --expect expected.jsonl\n"
		    "  weir replay -f manifests/ -r capture.pcap -w judged.pcapng --denied "
		    "denied.pcap\n",
	.operands = "filter",
	.groups = { &trace_options, &follow_options, &live_options, &output_options, &files_options,
		    &policy_options, &semantics_options, &common_options },
	.absent = absent,
	.run = run,
};
