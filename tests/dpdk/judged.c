/*
 * Generated traffic through a worker with the compiled policy, where the verdicts are those of the
 * reference evaluator: nothing is lost, nothing leaks. Then the same of a generated trace.
 */
#include "test.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "weir/worker.h"

#include "exchange.h"
#include "gen_trace.h"
#include "subject.h"

enum { PACKETS = 8191, CLOCK_STEP = 1000 };

static struct exchange exchange;
static struct weir_worker *worker;
static uint64_t now; /* the worker's clock */

struct bench {
	struct traffic *traffic;
	struct weir_policy *policy;
	struct weir_slot *slot;
	struct generator *generator;
	struct checker *checker;
};

static void equip(struct bench *bench, struct weir_worker_options worker_options)
{
	struct generator_options generating = { .traffic = bench->traffic, .pool = exchange.pool };
	struct checker_options checking = { .traffic = bench->traffic };

	memcpy(generating.sides, exchange.sides, sizeof(exchange.sides));
	memcpy(checking.sides, exchange.sides, sizeof(exchange.sides));
	assert_int_equal(generator_create(&generating, &bench->generator, NULL), 0);
	assert_int_equal(checker_create(&checking, &bench->checker), 0);
	assert_int_equal(weir_slot_create(bench->policy, 1, NULL, &bench->slot), 0);
	worker_options.slot = bench->slot;
	assert_int_equal(weir_worker_create(&worker_options, &worker), 0);
}

static void end(struct bench *bench)
{
	weir_worker_destroy(worker);
	weir_slot_destroy(bench->slot);
	weir_policy_unref(bench->policy);
	generator_destroy(bench->generator);
	checker_destroy(bench->checker);
	traffic_destroy(bench->traffic);
	assert_int_equal(exchange_in_use(&exchange), 0);
}

static unsigned judge(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct weir_packet_verdict verdicts[EXCHANGE_BURST];
	struct weir_frame frames[EXCHANGE_BURST] = { 0 };
	unsigned carried = 0;

	now += CLOCK_STEP;
	for (unsigned i = 0; i < n; i++)
		frames[i] = (struct weir_frame){
			.bytes = rte_pktmbuf_mtod(in[i], const uint8_t *),
			.captured = rte_pktmbuf_data_len(in[i]),
			.wire = rte_pktmbuf_pkt_len(in[i]),
			.link_type = 1,
			.time = now,
		};
	weir_worker_process(worker, &origin, frames, n, verdicts);
	for (unsigned i = 0; i < n; i++) {
		if (verdicts[i].action == WEIR_PACKET_ALLOW)
			out[carried++] = in[i];
		else
			rte_pktmbuf_free(in[i]);
	}
	return carried;
}

static struct traffic_outcome run(struct bench *bench, const struct generator_trial *trial)
{
	struct traffic_outcome outcome;
	struct weir_error error = { "" };

	if (generator_begin(bench->generator, trial, rte_rdtsc(), &error))
		fail_msg("%s", error.text);
	checker_begin(bench->checker, trial->run);
	while (!generator_is_done(bench->generator)) {
		generator_step(bench->generator, rte_rdtsc());
		exchange_carry(&exchange, judge);
		while (checker_step(bench->checker, rte_rdtsc()))
			;
	}
	traffic_settle(&bench->generator, 1, &bench->checker, 1, &outcome);
	return outcome;
}

static void check_clean(const struct traffic_outcome *outcome)
{
	const struct checker_counters *received = &outcome->received;

	assert_int_equal(outcome->lost, 0);
	assert_int_equal(received->leaked, 0);
	assert_int_equal(received->duplicated + received->reordered + received->astray +
				 received->foreign,
			 0);
	assert_int_equal(outcome->silent_flows + outcome->leaky_flows, 0);
	assert_true(received->allowed > 0);
	assert_int_equal(received->allowed, outcome->sent.allowed);
}

/* Whatever is sent, and however strict the worker. */
static void verdicts_are_the_references(void **state)
{
	static const struct {
		const char *name;
		bool strict;
		uint16_t openings, replies, least;
		const char *mix;
	} cases[] = {
		{ "forward only", false, 0, 0, 64, "64" },
		{ "with replies", false, 0, 5000, 64, "imix" },
		{ "with new connections", false, 2000, 5000, 84, "84:3,1518:1" },
		{ "strict", true, 2000, 5000, 84, "84,256" },
		{ "nothing but new connections", true, 6000, 0, 64, "64" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct traffic_options options = {
			.seed = i, .flows = 1000, .allowed = 6000, .least_frame = cases[i].least
		};
		struct generator_trial trial = { .packets = 20000,
						 .openings = cases[i].openings,
						 .replies = cases[i].replies };
		struct weir_worker_options working = { .flows.max_ipv4_flows = 1 << 16,
						       .flows.max_ipv6_flows = 1 << 16,
						       .strict = cases[i].strict };
		struct bench bench = { .traffic = NULL };
		struct traffic_outcome outcome;

		print_message("%s\n", cases[i].name);
		bench.traffic = exchange_traffic(&options, &bench.policy);
		equip(&bench, working);
		assert_int_equal(traffic_mix_parse(cases[i].mix, &trial.mix, NULL), 0);
		outcome = run(&bench, &trial);
		check_clean(&outcome);
		if (cases[i].replies)
			assert_true(outcome.sent.sent[FRAME_REPLY] > 5000);
		trial.run++;
		outcome = run(&bench, &trial);
		check_clean(&outcome);
		end(&bench);
	}
}

/* A fifth is SCTP, a tenth echoes, of those allowed and of those denied. */
static void check_protocols(const struct traffic *traffic)
{
	unsigned counts[2][2] = { { 0 } };

	for (uint32_t flow = 0; flow < traffic->flow_count; flow++) {
		uint32_t place = traffic_flow_connection(traffic, flow);
		const struct traffic_connection *connection = &traffic->connections[place];
		bool is_allowed = traffic_flow_is_allowed(traffic, flow);

		assert_int_equal(connection->is_allowed, is_allowed);
		counts[is_allowed][0] += connection->key.protocol == WEIR_PROTOCOL_SCTP;
		counts[is_allowed][1] += connection->key.icmp_type != 0;
	}
	assert_int_equal(counts[true][0], 120);
	assert_int_equal(counts[false][0], 80);
	assert_int_equal(counts[true][1], 60);
	assert_int_equal(counts[false][1], 40);
}

/* Fragments follow their first, extensions change nothing, and what is malformed does not pass;
 * strict or not. */
static void other_forms_have_their_verdicts(void **state)
{
	const struct traffic_options options = { .seed = 3,
						 .flows = 1000,
						 .allowed = 6000,
						 .sctp = 2000,
						 .echoes = 1000,
						 .least_frame = 110 };
	struct generator_trial trial = { .packets = 20000,
					 .openings = 1000,
					 .replies = 4000,
					 .fragments = 2000,
					 .extensions = 5000,
					 .malformed = 1000,
					 .run = 1 };
	struct weir_worker_options working = { .flows.max_ipv4_flows = 1 << 12,
					       .flows.max_ipv6_flows = 1 << 12 };

	(void)state;
	assert_int_equal(traffic_mix_parse("110:3,1518:1", &trial.mix, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct traffic_outcome outcome;
		struct bench bench;
		uint64_t visits;

		working.strict = i;
		bench.traffic = exchange_traffic(&options, &bench.policy);
		check_protocols(bench.traffic);
		equip(&bench, working);
		outcome = run(&bench, &trial);
		check_clean(&outcome);
		/* Shares of visits, each of which is a packet, or two fragments. */
		visits = trial.packets - outcome.sent.fragments / 2;
		assert_in_range(outcome.sent.fragments / 2, visits * 19 / 100, visits * 20 / 100);
		assert_in_range(outcome.sent.malformed, visits * 99 / 1000, visits / 10);
		assert_true(outcome.sent.extended > 0);
		assert_int_equal(outcome.sent.allowed + outcome.sent.denied, trial.packets);
		end(&bench);
	}
}

/* What the worker counts is what was sent. */
static void the_worker_saw_as_many_new_connections(void **state)
{
	const struct traffic_options options = { .seed = 9, .flows = 500, .allowed = GEN_ALL };
	struct generator_trial trial = { .packets = 10000,
					 .openings = 1000,
					 .mix = { { { 64, 1 } }, 1 } };
	struct weir_worker_options working = { .flows.max_ipv4_flows = 1 << 16 };
	struct bench bench = { .traffic = NULL };
	struct weir_worker_counters counters;
	struct traffic_outcome outcome;

	(void)state;
	bench.traffic = exchange_traffic(&options, &bench.policy);
	equip(&bench, working);
	outcome = run(&bench, &trial);
	check_clean(&outcome);
	weir_worker_count(worker, &counters);
	assert_int_equal(counters.flows.inserted, outcome.sent.opened);
	assert_int_equal(counters.why[WEIR_PACKET_JUDGED], outcome.sent.opened);
	end(&bench);
}

/*
 * A flood of new connections, many times what the table holds and faster than it forgets: it is
 * survived, every packet has a verdict, each connection that found no room or lost it is counted,
 * and no memory is taken.
 */
static void a_flood_of_new_connections_is_survived(void **state)
{
	const struct traffic_options options = { .seed = 10, .flows = 20000, .allowed = GEN_ALL };
	struct generator_trial trial = { .packets = 20000, .mix = { { { 64, 1 } }, 1 } };
	struct weir_worker_options working = { .flows.max_ipv4_flows = 4096 };
	struct bench bench = { .traffic = NULL };
	struct weir_worker_counters first;
	struct weir_worker_counters counters;
	struct traffic_outcome outcome;
	size_t before;

	(void)state;
	bench.traffic = exchange_traffic(&options, &bench.policy);
	equip(&bench, working);
	run(&bench, &trial);
	weir_worker_count(worker, &first);
	before = mallinfo2().uordblks;
	trial.packets = 200000;
	trial.openings = GEN_ALL;
	trial.run = 1;
	outcome = run(&bench, &trial);
	assert_int_equal(mallinfo2().uordblks, before);
	weir_worker_count(worker, &counters);
	assert_int_equal(outcome.sent.opened, 200000);
	assert_int_equal(outcome.received.received + outcome.lost, 200000);
	assert_int_equal(counters.why[WEIR_PACKET_TABLE_FULL] - first.why[WEIR_PACKET_TABLE_FULL],
			 outcome.lost);
	assert_int_equal(counters.flows.inserted - counters.flows.evicted - counters.flows.expired -
				 counters.flows.removed,
			 counters.flows.flows[0]);
	assert_true(counters.flows.evicted + counters.flows.refused > 190000);
	assert_true(counters.flows.flows[0] <= 4096);
	assert_int_equal(outcome.received.leaked + outcome.received.foreign, 0);
	end(&bench);
}

/* Of a trace. */

struct sink {
	FILE *file;
	unsigned flows[2]; /* of TCP and UDP, directly: denied, allowed */
};

static int write_out(void *context, const char *bytes, size_t length)
{
	struct sink *sink = context;

	return fwrite(bytes, 1, length, sink->file) == length ? 0 : -EIO;
}

static int begin_flow(void *context, const struct gen_flow *flow)
{
	struct sink *sink = context;
	uint8_t protocol = flow->connection->key.protocol;

	if (protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP)
		sink->flows[gen_class_verdict(flow->kind) == WEIR_ALLOW]++;
	return 0;
}

struct recording {
	char path[32];
	struct weir_policy *policy;
	unsigned flows[2];
	struct subject subject;
};

static struct recording record(void)
{
	struct gen_trace_options options = { .seed = 12,
					     .flows = { [GEN_ALLOWED] = 120, [GEN_DENIED] = 60 },
					     .packets = 2000,
					     .rate = 10000,
					     .payload = 1400,
					     .noise = 500 };
	struct recording recording = { .path = "/tmp/weir-judged-XXXXXX" };
	struct gen_connections_options drawing = {
		.seed = 12, .wanted = { [GEN_ALLOWED] = 40, [GEN_DENIED] = 20 }
	};
	struct gen_cluster_options cluster;
	struct gen_connections connections;
	struct sink sink = { NULL, { 0, 0 } };
	const struct gen_trace_sink writing = { write_out, &sink, begin_flow, &sink };
	int file = mkstemp(recording.path);

	assert_true(file >= 0);
	sink.file = fdopen(file, "w");
	gen_cluster_defaults(7, 60, GEN_MIX_EVERYTHING, &cluster);
	cluster.family = GEN_DUAL_STACK;
	recording.subject = subject_make(&cluster);
	assert_int_equal(gen_connections_draw(recording.subject.cluster, recording.subject.resolved,
					      &drawing, &connections, NULL),
			 0);
	assert_int_equal(gen_trace_write(&connections, &options, &writing, NULL), 0);
	assert_int_equal(fclose(sink.file), 0);
	assert_int_equal(weir_compile(recording.subject.resolved, NULL, &recording.policy, NULL),
			 0);
	gen_connections_finish(&connections);
	memcpy(recording.flows, sink.flows, sizeof(sink.flows));
	return recording;
}

static struct weir_capture *open_capture(const char *path)
{
	const struct weir_capture_options options = { .filter = NULL };
	struct weir_capture *capture = NULL;

	assert_int_equal(weir_capture_open(&path, 1, &options, &capture, NULL, NULL), 0);
	return capture;
}

/* Packets as the decoder reads them, beside those that were taken of the trace. */
static void check_packets(const struct traffic *traffic, struct weir_capture *capture)
{
	struct weir_frame frame;
	uint32_t at = 0;
	uint64_t others = 0;

	assert_int_equal(weir_capture_rewind(capture), 0);
	while (weir_capture_next(capture, &frame, 1) == 1) {
		struct weir_packet packet;
		const struct traffic_packet *taken = &traffic->packets[at];
		const struct traffic_connection *connection;
		bool is_reply;

		weir_packet_decode(&frame, &packet);
		if (packet.kind != WEIR_PACKET_OK || (packet.tuple.protocol != WEIR_PROTOCOL_TCP &&
						      packet.tuple.protocol != WEIR_PROTOCOL_UDP)) {
			others++;
			continue;
		}
		assert_true(at < traffic->packet_count);
		connection = &traffic->connections[taken->flow & STAMP_FLOW];
		is_reply = taken->flow & STAMP_REPLY;
		assert_memory_equal(
			&packet.tuple.source,
			is_reply ? &connection->key.destination : &connection->key.source, 16);
		assert_int_equal(packet.tuple.source_port,
				 is_reply ? connection->key.destination_port
					  : connection->key.source_port);
		assert_int_equal(packet.tuple.protocol, connection->key.protocol);
		if (frame.wire + FRAME_CHECK >= frame_least(&connection->key))
			assert_int_equal(taken->size, frame.wire + FRAME_CHECK);
		else
			assert_int_equal(taken->size, frame_least(&connection->key));
		at++;
	}
	assert_int_equal(at, traffic->packet_count);
	assert_int_equal(others, traffic->left_out);
	assert_true(others > 100);
}

static int read_recording(struct weir_capture *capture, const struct recording *recording,
			  const struct traffic_options *options, struct traffic **out,
			  struct weir_error *error)
{
	return traffic_read(capture, recording->subject.cluster, recording->subject.resolved,
			    recording->policy, options, out, error);
}

static void a_trace_is_sent_as_it_was(void **state)
{
	struct recording recording = record();
	struct weir_capture *capture = open_capture(recording.path);
	const struct traffic_options options = { .least_frame = 64 };
	struct weir_worker_options working = { .flows.max_ipv4_flows = 1 << 12,
					       .flows.max_ipv6_flows = 1 << 12 };
	struct bench bench = { .policy = recording.policy };
	struct generator_trial trial = { .run = 1 };
	struct traffic_outcome outcome;
	struct weir_error error = { "" };

	(void)state;
	if (read_recording(capture, &recording, &options, &bench.traffic, &error))
		fail_msg("%s", error.text);
	assert_int_equal(bench.traffic->allowed_count, recording.flows[true]);
	assert_int_equal(bench.traffic->flow_count, recording.flows[true] + recording.flows[false]);
	check_packets(bench.traffic, capture);
	equip(&bench, working);
	trial.packets = bench.traffic->packet_count;
	run(&bench, &trial);
	outcome = run(&bench, &trial);
	check_clean(&outcome);
	assert_int_equal(outcome.sent.skipped, 0);
	/* Sizes of one's own instead of the trace's. */
	trial.mix = (struct traffic_mix){ { { 100, 1 } }, 1 };
	outcome = run(&bench, &trial);
	check_clean(&outcome);
	assert_int_equal(outcome.sent.sent_bytes, 100 * trial.packets);
	/* Which have to hold every stamp; and shares are the trace's. */
	trial.mix.sizes[0].bytes = 64;
	assert_int_equal(generator_begin(bench.generator, &trial, 0, &error), -EINVAL);
	assert_string_equal(error.text, "frames of 64 bytes: 84 to 1518 here");
	trial.mix.count = 0;
	trial.replies = 1;
	assert_int_equal(generator_begin(bench.generator, &trial, 0, &error), -EINVAL);
	assert_string_equal(error.text, "a trace has its own connections and replies");
	weir_capture_close(capture);
	unlink(recording.path);
	end(&bench);
	subject_finish(&recording.subject);
}

static void a_trace_without_flows_is_refused(void **state)
{
	struct recording recording = record();
	const struct weir_capture_options only_others = { .filter = "not tcp and not udp" };
	const char *path = recording.path;
	struct weir_capture *capture = NULL;
	struct traffic *traffic = NULL;
	struct weir_error error = { "" };

	(void)state;
	assert_int_equal(weir_capture_open(&path, 1, &only_others, &capture, NULL, NULL), 0);
	assert_int_equal(read_recording(capture, &recording, &(struct traffic_options){ 0 },
					&traffic, &error),
			 -EINVAL);
	assert_string_equal(error.text, "the trace has no packet of TCP or UDP that was judged");
	assert_null(traffic);
	weir_capture_close(capture);
	unlink(recording.path);
	weir_policy_unref(recording.policy);
	subject_finish(&recording.subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_the_references),
		cmocka_unit_test(other_forms_have_their_verdicts),
		cmocka_unit_test(the_worker_saw_as_many_new_connections),
		cmocka_unit_test(a_flood_of_new_connections_is_survived),
		cmocka_unit_test(a_trace_is_sent_as_it_was),
		cmocka_unit_test(a_trace_without_flows_is_refused),
	};
	int failures;

	exchange_start_eal("test-dpdk-judged");
	exchange_make(&exchange, PACKETS);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	exchange_finish(&exchange);
	rte_eal_cleanup();
	return failures;
}
