#include "through.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ceiling.h"
#include "scene.h"
#include "weir/capture.h"
#include "weir/capture_writer.h"
#include "weir/slot.h"
#include "weir/tap.h"
#include "weir/worker.h"

enum {
	BURST = 64,
	SETTLED_EVERY = 16, /* frames of an endless trace; more when there are many */
	LIVE_FLOWS = 64,
	LIVE_WAITING = 16,
};

static const char mark[] = "weir: ";

struct run {
	const struct through_options *options;
	struct through_seen *seen;
	struct ceiling *ceiling;
	struct weir_policy *policy;
	struct weir_capture *capture;
	struct weir_trace *trace;
	struct weir_trace_summary summary;
	uint64_t packets;
	uint64_t over[2]; /* packets of flows that were over, of the endless trace: all, judged */
};

/* Copies, each as long as it is and no longer, so that a sanitizer sees what is read beyond. */
struct copies {
	struct weir_frame frames[BURST];
	uint8_t *bytes[BURST];
	size_t count;
};

static size_t size_of(const struct weir_frame *frame)
{
	size_t padded = frame->options ? (frame->captured + 3ul) & ~3ul : frame->captured;

	return padded + frame->options;
}

static bool take_burst(struct run *run, struct copies *copies)
{
	int count = weir_capture_next(run->capture, copies->frames, BURST);

	NEED(count >= 0);
	copies->count = (size_t)count;
	for (size_t i = 0; i < copies->count; i++) {
		struct weir_frame *frame = &copies->frames[i];

		copies->bytes[i] = malloc(size_of(frame) ? size_of(frame) : 1);
		NEED(copies->bytes[i]);
		memcpy(copies->bytes[i], frame->bytes, size_of(frame));
		frame->bytes = copies->bytes[i];
	}
	return count > 0;
}

static void drop_burst(struct copies *copies)
{
	for (size_t i = 0; i < copies->count; i++)
		free(copies->bytes[i]);
}

static void remember(void *context, const struct weir_diagnostic *diagnostic)
{
	struct through_seen *seen = context;

	snprintf(seen->told, sizeof(seen->told), "%s", diagnostic->text);
}

static uint64_t judged(const struct weir_trace_summary *summary)
{
	return summary->by_class[WEIR_TRACE_ALLOWED] + summary->by_class[WEIR_TRACE_DENIED] +
	       summary->by_class[WEIR_TRACE_AMBIGUOUS];
}

/* packets = allowed + denied + ambiguous + not_ip + opaque + malformed. */
static void check_identity(const struct run *run)
{
	uint64_t malformed = 0;
	uint64_t sum = 0;

	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		sum += run->summary.by_class[i];
	for (unsigned i = 0; i < WEIR_MALFORMED_REASONS; i++)
		malformed += run->summary.malformed_by[i];
	NEED(run->summary.packets == run->packets);
	NEED(sum == run->packets);
	NEED(malformed == run->summary.by_class[WEIR_TRACE_MALFORMED]);
}

static void count_over(struct run *run)
{
	for (uint64_t i = 0; i < weir_trace_flow_count(run->trace); i++) {
		struct weir_flow flow;

		if (weir_trace_flow_news(run->trace, i) != WEIR_TRACE_OVER)
			continue;
		weir_trace_flow(run->trace, i, &flow);
		run->over[0] += flow.packets[0] + flow.packets[1];
		run->over[1]++;
	}
}

static void first_pass(struct run *run)
{
	struct copies copies;
	uint64_t settled = 0;

	while (take_burst(run, &copies)) {
		NEED(!weir_trace_add(run->trace, copies.frames, copies.count));
		run->packets += copies.count;
		if (run->options->is_endless &&
		    run->packets - settled >= SETTLED_EVERY + run->packets / 8) {
			settled = run->packets;
			NEED(!weir_trace_settle(run->trace, copies.frames[0].time));
			count_over(run);
		}
		drop_burst(&copies);
	}
	NEED(!weir_trace_finish(run->trace));
	weir_trace_summarize(run->trace, &run->summary);
	check_identity(run);
	if (!run->options->is_endless)
		return;
	count_over(run);
	NEED(run->over[0] == judged(&run->summary));
}

/* Each flow's packets, as the second pass finds them and as the first counted them. */
static void check_flows(const struct run *run, const uint64_t (*found)[2])
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < weir_trace_flow_count(run->trace); i++) {
		struct weir_flow flow;

		weir_trace_flow(run->trace, i, &flow);
		NEED(flow.number == i + 1);
		NEED(flow.first <= flow.last);
		NEED(flow.packets[0] == found[i][0] && flow.packets[1] == found[i][1]);
		NEED(flow.packets[0] + flow.packets[1] > 0);
		NEED(flow.interface_count > 0);
		for (uint32_t j = 0; j < flow.interface_count; j++)
			NEED(strcmp(weir_capture_interface(run->capture, flow.interfaces[j]),
				    "unknown") != 0);
		sum += flow.packets[0] + flow.packets[1];
	}
	NEED(sum == judged(&run->summary));
}

static void second_pass(struct run *run)
{
	uint64_t(*found)[2] = calloc(weir_trace_flow_count(run->trace) + 1, sizeof(*found));
	uint64_t by_class[WEIR_TRACE_CLASSES] = { 0 };
	struct weir_trace_packet packets[BURST];
	struct copies copies;

	NEED(found);
	NEED(!weir_capture_rewind(run->capture) && !weir_trace_rewind(run->trace));
	while (take_burst(run, &copies)) {
		NEED(!weir_trace_locate(run->trace, copies.frames, copies.count, packets));
		for (size_t i = 0; i < copies.count; i++) {
			by_class[packets[i].kind]++;
			if (packets[i].flow == UINT64_MAX)
				continue;
			NEED(packets[i].flow < weir_trace_flow_count(run->trace));
			found[packets[i].flow][packets[i].is_reply]++;
		}
		drop_burst(&copies);
	}
	NEED(memcmp(by_class, run->summary.by_class, sizeof(by_class)) == 0);
	check_flows(run, (const uint64_t(*)[2])found);
	free(found);
}

/* Everything that a worker was given has one answer. */
static void live_pass(struct run *run)
{
	struct weir_worker_options options = {
		.allocator = &run->ceiling->allocator,
		.flows = { .max_ipv4_flows = LIVE_FLOWS, .max_ipv6_flows = LIVE_FLOWS },
		.max_waiting = LIVE_WAITING,
		.max_datagrams = LIVE_WAITING,
		.unknown_pods_external = run->options->unknown_pods_external,
	};
	const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct weir_packet_verdict verdicts[BURST];
	struct weir_release released[LIVE_WAITING];
	struct weir_worker_counters counters;
	struct weir_worker *worker;
	struct copies copies;
	uint64_t answered = 0;

	NEED(!weir_slot_create(run->policy, 1, options.allocator, &options.slot));
	NEED(!weir_worker_create(&options, &worker));
	NEED(!weir_capture_rewind(run->capture));
	while (take_burst(run, &copies)) {
		weir_worker_process(worker, &origin, copies.frames, copies.count, verdicts);
		while (weir_worker_released(worker, released, LIVE_WAITING))
			;
		drop_burst(&copies);
	}
	weir_worker_count(worker, &counters);
	for (unsigned i = 0; i < WEIR_PACKET_ACTIONS; i++)
		answered += counters.packets[i];
	NEED(answered == run->packets);
	NEED(counters.flows.flows[0] <= LIVE_FLOWS && counters.flows.flows[1] <= LIVE_FLOWS);
	weir_worker_destroy(worker);
	weir_slot_destroy(options.slot);
}

/* Teams. */

enum { SHARED_FRAMES = 3000 }; /* fewer are not shared */

/* The last piece first, all by the one who asks. */
static void run_backwards(void *context, void (*work)(void *argument, unsigned index),
			  void *argument, unsigned count)
{
	(void)context;
	while (count-- > 0)
		work(argument, count);
}

/* All frames of the capture, over and over. Their bytes stay as long as it is open. */
static struct weir_frame *repeat_frames(const struct run *run)
{
	struct weir_frame *frames = calloc(SHARED_FRAMES, sizeof(*frames));
	size_t count = 0;

	NEED(frames);
	NEED(!weir_capture_rewind(run->capture));
	while (count < SHARED_FRAMES) {
		int n = weir_capture_next(run->capture, &frames[count],
					  (int)(SHARED_FRAMES - count));

		NEED(n >= 0);
		count += (size_t)n;
		if (!n)
			NEED(!weir_capture_rewind(run->capture));
	}
	for (size_t i = 0; i < count; i++)
		frames[i].number = i + 1;
	return frames;
}

static struct weir_trace *judge_frames(const struct run *run, const struct weir_frame *frames,
				       const struct weir_team *team,
				       struct weir_trace_packet *packets)
{
	const struct weir_trace_options options = {
		.unknown_pods_external = run->options->unknown_pods_external,
		.stateless = run->options->stateless,
		.team = team,
	};
	struct weir_trace *trace;

	NEED(!weir_trace_create(run->policy, &options, &trace));
	NEED(!weir_trace_add(trace, frames, SHARED_FRAMES));
	NEED(!weir_trace_finish(trace));
	NEED(!weir_trace_rewind(trace));
	NEED(!weir_trace_locate(trace, frames, SHARED_FRAMES, packets));
	return trace;
}

static void check_same_flows(const struct weir_trace *alone, const struct weir_trace *shared)
{
	NEED(weir_trace_flow_count(alone) == weir_trace_flow_count(shared));
	for (uint64_t i = 0; i < weir_trace_flow_count(alone); i++) {
		struct weir_flow a;
		struct weir_flow b;

		weir_trace_flow(alone, i, &a);
		weir_trace_flow(shared, i, &b);
		NEED(a.number == b.number && a.first == b.first && a.last == b.last);
		NEED(a.verdict == b.verdict && a.why == b.why && a.state == b.state);
		NEED(a.packets[0] == b.packets[0] && a.packets[1] == b.packets[1]);
		NEED(a.bytes[0] == b.bytes[0] && a.bytes[1] == b.bytes[1]);
		NEED(weir_address_equal(&a.from.address, &b.from.address));
		NEED(weir_address_equal(&a.to.address, &b.to.address));
		NEED(a.interface_count == b.interface_count);
	}
}

/* A team finds what one finds. */
static void share(struct run *run)
{
	const struct weir_team team = { run_backwards, NULL };
	struct weir_frame *frames = repeat_frames(run);
	struct weir_trace_packet *packets = calloc(2ul * SHARED_FRAMES, sizeof(*packets));
	struct weir_trace *alone;
	struct weir_trace *shared;

	NEED(packets);
	alone = judge_frames(run, frames, NULL, packets);
	shared = judge_frames(run, frames, &team, packets + SHARED_FRAMES);
	check_same_flows(alone, shared);
	for (size_t i = 0; i < SHARED_FRAMES; i++) {
		const struct weir_trace_packet *a = &packets[i];
		const struct weir_trace_packet *b = &packets[SHARED_FRAMES + i];

		NEED(a->kind == b->kind && a->malformed == b->malformed && a->flow == b->flow &&
		     a->why == b->why && a->is_reply == b->is_reply &&
		     a->is_related == b->is_related && a->is_fragment == b->is_fragment);
	}
	weir_trace_destroy(alone);
	weir_trace_destroy(shared);
	free(packets);
	free(frames);
	run->seen->shared++;
}

/* Growing files. */

enum { TRIES = 3 }; /* a file that has no more says so once for each of its states */

/* How many frames came with the ones that are there now. */
static uint64_t drain(struct weir_tap *tap, uint64_t count)
{
	struct weir_frame frames[BURST];

	for (unsigned tries = 0; tries < TRIES; tries++) {
		int n = weir_tap_next(tap, frames, BURST);

		if (n == -ENODATA)
			break;
		NEED(n >= 0);
		for (int i = 0; i < n; i++)
			NEED(frames[i].number == ++count);
		if (n)
			tries = 0;
	}
	return count;
}

static void append(FILE *from, FILE *to, size_t size)
{
	int byte;

	while (size-- > 0 && (byte = getc(from)) != EOF)
		NEED(putc(byte, to) == byte);
	NEED(fflush(to) == 0);
}

static bool is_compressed(const char *path)
{
	unsigned char magic[2] = { 0 };
	FILE *file = fopen(path, "rb");
	bool is_long;

	NEED(file);
	is_long = fread(magic, 1, 2, file) == 2;
	fclose(file);
	return is_long && (magic[0] == 0x1f || magic[0] == 0x28 || (magic[0] & 0xf0) == 0x50);
}

static uint64_t read_growing(struct weir_tap *tap, FILE *from, FILE *to, size_t piece)
{
	uint64_t count = 0;

	while (!feof(from)) {
		append(from, to, piece);
		piece *= 2;
		count = drain(tap, count);
	}
	weir_tap_end(tap);
	return count;
}

/* What is followed while it grows has the frames of the whole, whatever the pieces. */
static void follow(struct run *run, const char *path)
{
	static const char growing[] = "growing";
	size_t piece = 1 + run->options->secret[0] % 1000;
	FILE *from = fopen(path, "rb");
	FILE *to = fopen(growing, "wb");
	struct weir_tap *tap;
	int status;

	NEED(from && to);
	append(from, to, piece % 32);
	status = weir_tap_follow(growing, NULL, &tap, NULL, NULL);
	NEED(!status || (status == -EINVAL && is_compressed(path)));
	if (!status) {
		uint64_t count = read_growing(tap, from, to, piece);

		NEED(count == run->packets || is_compressed(path));
		weir_tap_close(tap);
		run->seen->followed++;
	}
	fclose(from);
	fclose(to);
	NEED(!unlink(growing));
}

/* The comments of ours at a packet that was read back: one, whatever the input had. */
static void check_comments(const struct weir_frame *frame)
{
	const char *text;
	size_t length;
	size_t at = 0;
	unsigned ours = 0;

	while (weir_capture_comment(frame, &at, &text, &length))
		ours += length >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0;
	NEED(ours == 1);
}

/* The written file is whole, and has the packets that went in. */
static void read_back(const struct run *run, const char *path)
{
	struct run back = { .options = run->options, .seen = run->seen };
	struct copies copies;
	uint64_t count = 0;

	NEED(!weir_capture_open(&path, 1, NULL, &back.capture, NULL, NULL));
	while (take_burst(&back, &copies)) {
		for (size_t i = 0; i < copies.count && weir_capture_writer_is_pcapng(path); i++)
			check_comments(&copies.frames[i]);
		count += copies.count;
		drop_burst(&copies);
	}
	NEED(!weir_capture_damaged(back.capture));
	NEED(count == run->packets);
	weir_capture_close(back.capture);
}

/* 0, or why the format cannot hold this. */
static int write_all(struct run *run, struct weir_capture_writer *writer, struct weir_error *error)
{
	struct weir_trace_packet packets[BURST];
	struct copies copies;
	int status = 0;

	NEED(!weir_capture_rewind(run->capture) && !weir_trace_rewind(run->trace));
	while (take_burst(run, &copies)) {
		NEED(!weir_trace_locate(run->trace, copies.frames, copies.count, packets));
		for (size_t i = 0; i < copies.count && !status; i++) {
			char comment[64];

			snprintf(comment, sizeof(comment), "%s%s", mark,
				 weir_trace_class_name((enum weir_trace_class)packets[i].kind));
			status = weir_capture_writer_add(writer, &copies.frames[i], comment, error);
		}
		drop_burst(&copies);
	}
	return status;
}

static void write_file(struct run *run)
{
	const struct weir_capture_writer_options options = { .mark = mark };
	const char *path = run->options->output;
	struct weir_capture_writer *writer;
	struct weir_error error = { "" };
	int status;

	NEED(!weir_capture_writer_open(run->capture, path, &options, &writer, &error));
	status = write_all(run, writer, &error);
	if (status) {
		NEED(status == -EINVAL || status == -ERANGE);
		NEED(*error.text);
		run->seen->unwritten++;
	} else {
		NEED(!weir_capture_writer_finish(writer, &error));
		NEED(!weir_capture_writer_publish(writer, &error));
		run->seen->written++;
	}
	weir_capture_writer_destroy(writer);
	if (!status)
		read_back(run, path);
	NEED((access(path, F_OK) == 0) == !status);
	if (!status)
		NEED(!unlink(path));
}

static void judge(struct run *run)
{
	const struct weir_trace_options options = {
		.allocator = &run->ceiling->allocator,
		.unknown_pods_external = run->options->unknown_pods_external,
		.stateless = run->options->stateless,
		.endless = run->options->is_endless,
		.secret = { run->options->secret[0], run->options->secret[1] },
	};

	NEED(!weir_trace_create(run->policy, &options, &run->trace));
	first_pass(run);
	if (!run->options->is_endless) {
		second_pass(run);
		if (run->options->output)
			write_file(run);
	}
	run->seen->flows +=
		run->options->is_endless ? run->over[1] : weir_trace_flow_count(run->trace);
	weir_trace_destroy(run->trace);
	if (run->options->is_live)
		live_pass(run);
}

static void count(const struct run *run)
{
	struct through_seen *seen = run->seen;

	seen->packets += run->packets;
	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		seen->by_class[i] += run->summary.by_class[i];
	seen->damaged += weir_capture_damaged(run->capture);
	if (weir_capture_damaged(run->capture))
		NEED(*seen->told);
	if (run->ceiling->most > seen->most_bytes)
		seen->most_bytes = run->ceiling->most;
}

void through(struct weir_policy *policy, const char *const *paths, size_t path_count,
	     const struct through_options *options, struct through_seen *seen)
{
	const struct weir_capture_options capture_options = {
		.filter = options->filter,
		.sink = { remember, seen },
	};
	struct ceiling ceiling;
	struct run run = {
		.options = options, .seen = seen, .ceiling = &ceiling, .policy = policy
	};
	bool is_bad_filter;
	int status;

	seen->traces++;
	seen->why.text[0] = seen->told[0] = '\0';
	ceiling_init(&ceiling, options->max_bytes);
	status = weir_capture_open(paths, path_count, &capture_options, &run.capture,
				   &is_bad_filter, &seen->why);
	if (status) {
		NEED(status == -EINVAL || status == -E2BIG);
		NEED(*seen->why.text);
		seen->refused++;
		return;
	}
	judge(&run);
	if (options->is_growing && path_count == 1 && !options->filter)
		follow(&run, paths[0]);
	if (options->is_shared && run.packets)
		share(&run);
	count(&run);
	weir_capture_close(run.capture);
	NEED(ceiling.held == 0);
}
