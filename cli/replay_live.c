/*
 * replay_live.c - weir replay --live.
 *
 * Every packet has a class when it comes, but for fragments that wait for their first: theirs
 * comes later, or never. So what becomes of each packet is noted in a temporary file, two bytes a
 * packet, where it can be changed; what is printed about packets is printed from there, in a
 * second pass over the trace.
 */
#include "replay_live.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "weir/worker.h"

#include "csv.h"
#include "json.h"
#include "names.h"
#include "numbers.h"
#include "table.h"
#include "timestamp.h"
#include "worker_counters.h"

enum format {
	FORMAT_TABLE,
	FORMAT_WIDE,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_CSV,
};

enum {
	MAX_FLOWS = 1 << 20, /* unless told */
	MAX_WAITING = 4096,

};

/* What is noted of a packet. */
struct noted {
	uint8_t class; /* enum weir_trace_class */
	uint8_t why;   /* enum weir_packet_why */
};

struct live {
	const struct invocation *invocation;
	const struct weir_policy *policy;
	struct trace_input *input;
	struct weir_trace_summary *summary;
	struct weir_slot *slot;
	struct weir_worker *worker;
	FILE *notes;                   /* struct noted, in order of frames */
	uint64_t waiting[MAX_WAITING]; /* place in the notes, by ticket */
	uint64_t frames;
	uint64_t time; /* the latest */
	enum format format;
	struct report_json json;
	struct report_csv csv;
	struct report_table *table;
};

static enum exit_code fail(const struct live *live, int status)
{
	complain(live->invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

/* Set-up. */

static enum exit_code make_worker(struct live *live, struct weir_policy *policy)
{
	const struct invocation *invocation = live->invocation;
	struct weir_worker_options options = {
		.max_waiting = MAX_WAITING,
		.on_ambiguous = option_choice(invocation, OPTION_ON_AMBIGUOUS) == 1 ? WEIR_ALLOW
										    : WEIR_DENY,
		.strict = option_given(invocation, OPTION_STRICT),
		.unknown_pods_external = option_choice(invocation, OPTION_UNKNOWN_PODS) == 1,
	};
	uint32_t max_flows = MAX_FLOWS;
	int status;

	if (!option_small_number(invocation, OPTION_MAX_FLOWS, 1, UINT32_C(1) << 30, &max_flows))
		return EXIT_USAGE;
	options.flows.max_ipv4_flows = max_flows;
	options.flows.max_ipv6_flows = max_flows;
	if (getrandom(options.flows.secret, sizeof(options.flows.secret), 0) !=
	    sizeof(options.flows.secret))
		return fail(live, -errno);
	status = weir_slot_create(policy, 1, NULL, &live->slot);
	options.slot = live->slot;
	if (!status)
		status = weir_worker_create(&options, &live->worker);
	live->notes = tmpfile();
	if (!status && !live->notes)
		status = -errno;
	return status ? fail(live, status) : EXIT_CLEAN;
}

/* The first pass. */

static enum weir_trace_class class_of_unreadable(const struct weir_frame *frame)
{
	struct weir_packet packet;

	weir_packet_decode(frame, &packet);
	return packet.kind == WEIR_PACKET_MALFORMED ? WEIR_TRACE_MALFORMED : WEIR_TRACE_OPAQUE;
}

static enum weir_trace_class class_of(const struct weir_frame *frame,
				      const struct weir_packet_verdict *verdict)
{
	if (verdict->why == WEIR_PACKET_UNJUDGED)
		return WEIR_TRACE_NOT_IP;
	if (verdict->why == WEIR_PACKET_UNREADABLE)
		return class_of_unreadable(frame);
	return verdict->action == WEIR_PACKET_ALLOW ? WEIR_TRACE_ALLOWED : WEIR_TRACE_DENIED;
}

/* Who never heard of a first fragment stays denied. */
static void note(struct live *live, const struct weir_frame *frame,
		 const struct weir_packet_verdict *verdict)
{
	struct noted noted = { (uint8_t)class_of(frame, verdict), verdict->why };

	if (verdict->action == WEIR_PACKET_WAIT) {
		live->waiting[verdict->ticket] = live->frames;
		noted.why = WEIR_PACKET_ORPHAN;
	}
	fwrite(&noted, sizeof(noted), 1, live->notes);
	live->summary->by_class[noted.class]++;
	live->summary->packets++;
	live->frames++;
	if (frame->time > live->time)
		live->time = frame->time;
}

static void take_released(struct live *live)
{
	struct weir_release release;

	while (weir_worker_released(live->worker, &release, 1)) {
		bool allowed = release.verdict.action == WEIR_PACKET_ALLOW;
		struct noted noted = { allowed ? WEIR_TRACE_ALLOWED : WEIR_TRACE_DENIED,
				       release.verdict.why };

		live->summary->by_class[WEIR_TRACE_DENIED]--;
		live->summary->by_class[noted.class]++;
		fseek(live->notes, (long)(live->waiting[release.ticket] * sizeof(noted)), SEEK_SET);
		fwrite(&noted, sizeof(noted), 1, live->notes);
		fseek(live->notes, 0, SEEK_END);
	}
}

static enum exit_code judge_packets(struct live *live)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct weir_packet_verdict verdicts[TRACE_BURST];
	struct weir_frame frames[TRACE_BURST];
	int status = 0;
	size_t n;

	trace_input_begin(live->input, "reading");
	while ((n = trace_input_next(live->input, frames, &status))) {
		weir_worker_process(live->worker, &origin, frames, n, verdicts);
		for (size_t i = 0; i < n; i++)
			note(live, &frames[i], &verdicts[i]);
		take_released(live);
	}
	trace_input_end(live->input);
	if (!status && (fflush(live->notes) || ferror(live->notes)))
		status = -EIO;
	return status ? fail(live, status) : EXIT_CLEAN;
}

/* Packets, in the second pass. */

static void packet_line(struct live *live, const struct weir_frame *frame,
			const struct noted *noted)
{
	const char *class = weir_trace_class_name((enum weir_trace_class)noted->class);
	const char *why = weir_packet_why_name((enum weir_packet_why)noted->why);
	char time[REPORT_TIME_TEXT];

	report_time_format(frame->time, time);
	switch (live->format) {
	case FORMAT_JSON:
		report_json_new_line(&live->json);
		/* fall through */
	case FORMAT_JSONL:
		report_json_open(&live->json, '{');
		report_json_number_field(&live->json, "packet", frame->number);
		report_json_string_field(&live->json, "time", time);
		report_json_string_field(&live->json, "class", class);
		report_json_string_field(&live->json, "why", why);
		report_json_close(&live->json, '}');
		if (live->format == FORMAT_JSONL)
			report_json_end_line(&live->json);
		break;
	case FORMAT_CSV:
		report_csv_number(&live->csv, frame->number);
		report_csv_string(&live->csv, time);
		report_csv_string(&live->csv, class);
		report_csv_string(&live->csv, why);
		report_csv_end_row(&live->csv);
		break;
	case FORMAT_TABLE:
	case FORMAT_WIDE:
		report_table_cell_format(live->table, REPORT_PLAIN, "%" PRIu64, frame->number);
		report_table_cell(live->table, REPORT_PLAIN, time);
		report_table_cell(live->table,
				  noted->class == WEIR_TRACE_ALLOWED ? REPORT_GOOD : REPORT_BAD,
				  class);
		report_table_cell(live->table, REPORT_PLAIN, why);
		break;
	}
}

static void begin_packets(struct live *live)
{
	static const char *const names[] = { "packet", "time", "class", "why" };

	if (live->format == FORMAT_JSON) {
		report_json_key(&live->json, "packets");
		report_json_open(&live->json, '[');
	}
	for (size_t i = 0; live->format == FORMAT_CSV && i < 4; i++)
		report_csv_string(&live->csv, names[i]);
	if (live->format == FORMAT_CSV)
		report_csv_end_row(&live->csv);
}

static enum exit_code print_packets(struct live *live)
{
	static const struct report_column columns[] = { { "PACKET", REPORT_RIGHT, 0 },
							{ "TIME", REPORT_LEFT, 0 },
							{ "CLASS", REPORT_LEFT, 0 },
							{ "WHY", REPORT_LEFT, 0 } };
	const struct report_table_look look = { .color = live->invocation->color_out };
	struct weir_frame frames[TRACE_BURST];
	struct noted noted;
	int status = weir_capture_rewind(live->input->capture);
	size_t n;

	live->table = report_table_create(columns, 4);
	if (!live->table)
		return fail(live, -ENOMEM);
	rewind(live->notes);
	begin_packets(live);
	while ((n = trace_input_next(live->input, frames, &status))) {
		for (size_t i = 0; i < n && fread(&noted, sizeof(noted), 1, live->notes) == 1; i++)
			packet_line(live, &frames[i], &noted);
	}
	if (live->format == FORMAT_TABLE || live->format == FORMAT_WIDE) {
		report_table_print(live->table, stdout, &look);
		putchar('\n');
	}
	if (live->format == FORMAT_JSON) {
		report_json_close(&live->json, ']');
		report_json_new_line(&live->json);
	}
	return status ? fail(live, status) : EXIT_CLEAN;
}

/* The summary. */

static enum exit_code each_rule(const struct live *live, counter_teller *tell, void *context)
{
	int status = worker_rules_each(live->slot, live->policy, tell, context);

	return status ? fail(live, status) : EXIT_CLEAN;
}

static enum exit_code print_json_summary(struct live *live)
{
	const uint64_t *classes = live->summary->by_class;
	struct report_json *json = &live->json;
	struct weir_worker_counters counters;
	enum exit_code code;

	weir_worker_count(live->worker, &counters);
	report_json_object_field(json, "summary");
	report_json_number_field(json, "packets", live->summary->packets);
	report_json_number_field(json, "allowed", classes[WEIR_TRACE_ALLOWED]);
	report_json_number_field(json, "denied", classes[WEIR_TRACE_DENIED]);
	report_json_number_field(json, "ambiguous", 0);
	report_json_number_field(json, "not_ip", classes[WEIR_TRACE_NOT_IP]);
	report_json_number_field(json, "opaque", classes[WEIR_TRACE_OPAQUE]);
	report_json_number_field(json, "malformed", classes[WEIR_TRACE_MALFORMED]);
	report_json_object_field(json, "live");
	worker_counters_each(&counters, tell_json, json);
	report_json_close(json, '}');
	report_json_object_field(json, "rules");
	code = each_rule(live, tell_json, json);
	report_json_close(json, '}');
	report_json_close(json, '}');
	return code;
}

static enum exit_code print_text_summary(const struct live *live, FILE *file)
{
	const uint64_t *classes = live->summary->by_class;
	struct weir_worker_counters counters;

	weir_worker_count(live->worker, &counters);
	fprintf(file,
		"packets    %" PRIu64 " = %" PRIu64 " allowed + %" PRIu64 " denied + %" PRIu64
		" not_ip + %" PRIu64 " opaque + %" PRIu64 " malformed\n\n",
		live->summary->packets, classes[WEIR_TRACE_ALLOWED], classes[WEIR_TRACE_DENIED],
		classes[WEIR_TRACE_NOT_IP], classes[WEIR_TRACE_OPAQUE],
		classes[WEIR_TRACE_MALFORMED]);
	fputs("by why they were answered so, and flows\n", file);
	worker_counters_each(&counters, tell_line, file);
	fputs("connections by the rule that decided\n", file);
	return each_rule(live, tell_line, file);
}

static enum exit_code print_summary(struct live *live)
{
	switch (live->format) {
	case FORMAT_JSONL:
		report_json_open(&live->json, '{');
		/* fall through */
	case FORMAT_JSON: {
		enum exit_code code = print_json_summary(live);

		report_json_close(&live->json, '}');
		report_json_end_line(&live->json);
		return code;
	}
	case FORMAT_CSV:
		fflush(stdout);
		return print_text_summary(live, stderr);
	case FORMAT_TABLE:
	case FORMAT_WIDE:
		break;
	}
	return print_text_summary(live, stdout);
}

static enum exit_code print(struct live *live)
{
	enum exit_code code = EXIT_CLEAN;

	live->format = (enum format)option_choice(live->invocation, OPTION_OUTPUT);
	live->json = report_json_to(stdout);
	live->csv = report_csv_to(stdout);
	if (live->format == FORMAT_JSON)
		report_json_open(&live->json, '{');
	if (option_given(live->invocation, OPTION_PACKETS))
		code = print_packets(live);
	return code == EXIT_CLEAN ? print_summary(live) : code;
}

enum exit_code replay_live(const struct invocation *invocation, struct weir_policy *policy,
			   struct trace_input *input, struct weir_trace_summary *summary)
{
	static enum exit_code (*const steps[])(struct live * live) = { judge_packets, print };
	struct live live = {
		.invocation = invocation, .policy = policy, .input = input, .summary = summary
	};
	enum exit_code code = make_worker(&live, policy);

	for (size_t i = 0; code == EXIT_CLEAN && i < sizeof(steps) / sizeof(steps[0]); i++)
		code = steps[i](&live);
	weir_worker_destroy(live.worker);
	weir_slot_destroy(live.slot);
	if (live.notes)
		fclose(live.notes);
	report_table_destroy(live.table);
	return code;
}
