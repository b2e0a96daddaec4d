/*
 * The interface of traces: names of sides, bytes, numbers, sums, misuse, and memory that runs
 * out. T1, T9, T17, T21, T22; the cluster is in cluster.h.
 */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "frames.h"
#include "script.h"
#include "weir/trace.h"

static void finish(struct weir_trace *trace, const struct weir_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(weir_trace_add(trace, &frames[i], 1), 0);
	assert_int_equal(weir_trace_finish(trace), 0);
}

static void an_empty_trace_has_no_flows(void **state)
{
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct weir_trace_summary summary;
	struct weir_trace_summary none;

	(void)state;
	memset(&none, 0, sizeof(none));
	finish(trace, NULL, 0);
	weir_trace_summarize(trace, &summary);
	assert_int_equal(weir_trace_flow_count(trace), 0);
	assert_memory_equal(&summary, &none, sizeof(none));
	script_check_identities(trace, NULL, 0);
	weir_trace_destroy(trace);
	weir_trace_destroy(NULL);
}

static struct weir_flow only_flow(struct frame_builder *b)
{
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct weir_frame frame = frame_whole(b);
	struct weir_flow flow;

	frame.number = 1;
	finish(trace, &frame, 1);
	assert_int_equal(weir_trace_flow_count(trace), 1);
	weir_trace_flow(trace, 0, &flow);
	weir_trace_destroy(trace);
	return flow;
}

/* Endpoints in cluster.c's order: web 0, client 1, db 2, cache 3, twins 4 and 5, n1 6, n2 7. */
static void t17_sides_name_pods_and_nodes(void **state)
{
	struct frame_builder b;
	struct weir_flow flow;

	(void)state;
	frame_tcp_packet(&b, "192.168.0.2", 40000, "10.0.2.1", 80, WEIR_TCP_SYN);
	flow = only_flow(&b);
	assert_int_equal(flow.from.node, 7);
	assert_int_equal(flow.from.pod, WEIR_NONE);
	assert_int_equal(flow.to.pod, 2);
	assert_int_equal(flow.to.node, WEIR_NONE);
	assert_int_equal(flow.service, WEIR_NONE);
	assert_int_equal(flow.explanation.ingress.reason, WEIR_REASON_OWN_NODE);
	frame_tcp_packet(&b, "8.8.8.8", 40000, "10.0.3.1", 80, WEIR_TCP_SYN);
	flow = only_flow(&b);
	assert_int_equal(flow.from.pod, WEIR_NONE);
	assert_int_equal(flow.to.pod, WEIR_NONE); /* either twin */
}

static void halves_name_the_rule(void **state)
{
	struct frame_builder b;
	struct weir_flow flow;

	(void)state;
	frame_tcp_packet(&b, "10.0.1.1", 40000, "10.96.0.1", 80, WEIR_TCP_SYN);
	flow = only_flow(&b);
	assert_int_equal(flow.explanation.verdict.action, WEIR_ALLOW);
	assert_int_equal(flow.explanation.ingress.reason, WEIR_REASON_RULE);
	assert_int_equal(flow.explanation.ingress.rule, 0);
	assert_int_equal(flow.explanation.ingress.peer, 0);
	assert_int_equal(flow.explanation.egress.reason, WEIR_REASON_NOT_ISOLATED);
	assert_int_equal(flow.to.pod, 2);
	assert_int_equal(flow.to.port, 8080);
	assert_int_equal(flow.service, 0);
	assert_int_equal(flow.service_port, 0);
	frame_tcp_packet(&b, "10.0.1.2", 40000, "10.0.2.1", 80, WEIR_TCP_SYN);
	flow = only_flow(&b);
	assert_int_equal(flow.explanation.ingress.reason, WEIR_REASON_NO_RULE);
	assert_true(flow.to.has_port);
	frame_echo_packet(&b, "10.0.1.2", "10.0.2.1", false, 7);
	flow = only_flow(&b);
	assert_false(flow.to.has_port); /* T6 */
	assert_false(flow.from.has_port);
	assert_int_equal(flow.to.port, 0);
}

static void t21_bytes_are_original_lengths(void **state)
{
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct frame_builder there;
	struct frame_builder back;
	struct weir_frame frames[2];
	struct weir_flow flow;

	(void)state;
	frame_udp_packet(&there, "10.0.1.1", 2000, "10.0.2.1", 99, 1000);
	frame_udp_packet(&back, "10.0.2.1", 99, "10.0.1.1", 2000, 500);
	frames[0] = frame_cut(&there, 64);
	frames[1] = frame_cut(&back, 64);
	frames[0].number = 1;
	frames[1].number = 2;
	finish(trace, frames, 2);
	weir_trace_flow(trace, 0, &flow);
	assert_int_equal(flow.bytes[0], there.length);
	assert_int_equal(flow.bytes[1], back.length);
	weir_trace_destroy(trace);
}

/* A filter leaves gaps between the packets' numbers, and none between the flows'. */
static void t22_flows_are_numbered_by_first_packet(void **state)
{
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct frame_builder builders[3];
	struct weir_frame frames[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		frame_tcp_packet(&builders[i], "10.0.1.1", (uint16_t)(3000 - i), "10.0.2.1", 80,
				 WEIR_TCP_SYN);
		frames[i] = frame_whole(&builders[i]);
		frames[i].number = 10 + 100 * i;
	}
	finish(trace, frames, 3);
	for (unsigned i = 0; i < 3; i++) {
		struct weir_flow flow;

		weir_trace_flow(trace, i, &flow);
		assert_int_equal(flow.number, i + 1);
		assert_int_equal(flow.from.port, 3000 - i);
	}
	weir_trace_destroy(trace);
}

static void t1_t9_every_packet_has_one_class(void **state)
{
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct frame_builder builders[5];
	struct weir_frame frames[5];
	struct weir_trace_packet packet;
	struct weir_trace_summary summary;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		frame_tcp_packet(&builders[i], i ? "10.0.1.1" : "10.0.1.2", 4000, "10.0.2.1", 80,
				 WEIR_TCP_SYN);
		frames[i] = frame_whole(&builders[i]);
		frames[i].number = i + 1;
	}
	frame_poke8(&builders[2], builders[2].ip, 0x44); /* IHL below 5 */
	frames[3] = frame_cut(&builders[3], builders[3].ip + 10);
	frame_poke16(&builders[4], 12, 0x0806);
	finish(trace, frames, 5);
	weir_trace_summarize(trace, &summary);
	assert_int_equal(summary.packets, 5);
	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		assert_int_equal(summary.by_class[i], i != WEIR_TRACE_AMBIGUOUS);
	assert_int_equal(summary.malformed_by[WEIR_MALFORMED_IP_HEADER_LENGTH], 1);
	assert_int_equal(summary.flows[WEIR_DENY], 1);
	assert_int_equal(summary.flows[WEIR_ALLOW], 1);
	script_check_identities(trace, frames, 5);
	assert_int_equal(weir_trace_rewind(trace), 0);
	assert_int_equal(weir_trace_locate(trace, &frames[2], 1, &packet), 0);
	assert_int_equal(packet.kind, WEIR_TRACE_MALFORMED);
	assert_int_equal(packet.malformed, WEIR_MALFORMED_IP_HEADER_LENGTH);
	assert_true(packet.flow == UINT64_MAX);
	weir_trace_destroy(trace);
}

static void t9_interfaces_are_named_in_order(void **state)
{
	static const uint32_t seen[] = { 7, 100000, 3, 7, 64, 3, 0 };
	static const uint32_t wanted[] = { 0, 3, 7, 64, 100000 };
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct frame_builder b;
	struct weir_frame frame;
	struct weir_flow flow;

	(void)state;
	frame_udp_packet(&b, "10.0.1.1", 2000, "10.0.2.1", 99, 0);
	frame = frame_whole(&b);
	for (unsigned i = 0; i < COUNT(seen); i++) {
		frame.number = i + 1;
		frame.interface = seen[i];
		assert_int_equal(weir_trace_add(trace, &frame, 1), 0);
	}
	assert_int_equal(weir_trace_finish(trace), 0);
	weir_trace_flow(trace, 0, &flow);
	assert_int_equal(flow.interface_count, COUNT(wanted));
	assert_memory_equal(flow.interfaces, wanted, sizeof(wanted));
	weir_trace_destroy(trace);
}

static void frames_of_another_trace_lead_nowhere(void **state)
{
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct frame_builder b;
	struct weir_frame frame;
	struct weir_trace_packet packet;

	(void)state;
	frame_udp_packet(&b, "10.0.1.1", 2000, "10.0.2.1", 99, 0);
	frame = frame_whole(&b);
	assert_int_equal(weir_trace_finish(trace), 0);
	assert_int_equal(weir_trace_rewind(trace), 0);
	assert_int_equal(weir_trace_locate(trace, &frame, 1, &packet), -EINVAL);
	weir_trace_destroy(trace);
}

/* Fails the n-th allocation and those after it. */
struct budget {
	size_t left;
	size_t held;
};

static void *budget_allocate(void *context, size_t size)
{
	struct budget *budget = context;
	void *memory;

	if (!budget->left)
		return NULL;
	budget->left--;
	memory = malloc(size);
	budget->held += memory != NULL;
	return memory;
}

static void budget_release(void *context, void *memory)
{
	struct budget *budget = context;

	budget->held -= memory != NULL;
	free(memory);
}

enum { MANY = 3000 };

/* Frames that make every structure grow: flows, joins, fragments both ways, early errors. */
static void many_frames(struct frame_builder *builders, struct weir_frame *frames)
{
	for (unsigned i = 0; i < MANY; i++) {
		struct frame_builder *b = &builders[i];
		uint16_t port = (uint16_t)(10000 + i);

		/* Visits to a node port, and what the node sent on for them. */
		if (i % 60 >= 54) {
			bool is_visit = i % 2;

			frame_tcp_packet(b, is_visit ? "8.8.8.8" : "192.168.0.2", port | 1,
					 is_visit ? "192.168.0.2" : "10.0.2.1",
					 is_visit ? 30080 : 8080, WEIR_TCP_ACK);
			frames[i] = frame_whole(b);
			frames[i].number = i + 1;
			continue;
		}
		switch (i % 6) {
		case 0:
			frame_tcp_packet(b, "10.0.1.1", port, "10.96.0.1", 80, WEIR_TCP_SYN);
			break;
		case 1:
			frame_tcp_packet(b, "10.0.1.1", (uint16_t)(port - 1), "10.0.2.1", 8080,
					 WEIR_TCP_SYN);
			break;
		case 2:
		case 3:
			frame_begin(b, FRAME_RAW);
			frame_ip(b, "10.0.1.1", "10.0.2.1");
			frame_ipv4_fragment(b, (uint16_t)(i / 6), i % 6 == 2 ? 9 : 0, i % 6 == 3);
			if (i % 6 == 2)
				frame_other(b, 17);
			else
				frame_udp(b, port, 99);
			frame_payload(b, 72);
			frame_end(b);
			break;
		default:
			frame_begin(b, FRAME_RAW);
			frame_ip(b, "8.8.8.8", "10.0.1.1");
			frame_icmp(b, 3, 3, 0);
			frame_ip(b, "10.0.1.1", "10.0.2.1");
			frame_udp(b, port, (uint16_t)(i % 6 == 4 ? 99 : 98));
			frame_end(b);
			break;
		}
		frames[i] = frame_whole(b);
		frames[i].number = i + 1;
		frames[i].interface = i % 90;
	}
}

/* -ENOMEM from whatever call it is, or 0. */
static int replay(struct weir_policy *policy, struct budget *budget,
		  const struct weir_frame *frames)
{
	const struct weir_allocator allocator = { budget_allocate, budget_release, budget };
	const struct weir_trace_options options = { .allocator = &allocator };
	struct weir_trace *trace;
	struct weir_trace_packet packet;
	int status = weir_trace_create(policy, &options, &trace);

	if (status)
		return status;
	for (unsigned i = 0; i < MANY && !status; i++)
		status = weir_trace_add(trace, &frames[i], 1);
	if (!status)
		status = weir_trace_finish(trace);
	if (!status)
		status = weir_trace_rewind(trace);
	for (unsigned i = 0; i < MANY && !status; i++)
		status = weir_trace_locate(trace, &frames[i], 1, &packet);
	weir_trace_destroy(trace);
	return status;
}

static void memory_that_runs_out_is_told_and_given_back(void **state)
{
	struct frame_builder *builders = malloc(MANY * sizeof(*builders));
	struct weir_frame *frames = malloc(MANY * sizeof(*frames));
	struct weir_policy *policy = cluster_policy();
	size_t allocations = 0;
	int status;

	(void)state;
	assert_non_null(builders);
	assert_non_null(frames);
	many_frames(builders, frames);
	do {
		struct budget budget = { .left = allocations };

		status = replay(policy, &budget, frames);
		assert_int_equal(budget.held, 0);
		assert_true(status == 0 || status == -ENOMEM);
		allocations++;
	} while (status);
	assert_true(allocations > 40);
	weir_policy_unref(policy);
	free(builders);
	free(frames);
}

/* More datagrams than the window holds wait for their first: the oldest give up. */
static void t13_the_window_of_fragments_is_bounded(void **state)
{
	enum { DATAGRAMS = 40000 };
	struct weir_trace *trace = cluster_trace(&(struct weir_trace_options){ 0 });
	struct weir_trace_packet packet;
	struct weir_flow flow;
	uint64_t number = 0;

	(void)state;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < DATAGRAMS + 2; i++) {
			/* The firsts of the latest and of the oldest datagram come at the end. */
			unsigned id = i == DATAGRAMS ? DATAGRAMS - 1 : i == DATAGRAMS + 1 ? 0 : i;
			struct frame_builder b;
			struct weir_frame frame;

			frame_begin(&b, FRAME_RAW);
			frame_ip(&b, "10.0.1.1", "10.0.2.1");
			frame_ipv4_fragment(&b, (uint16_t)id, i < DATAGRAMS ? 9 : 0,
					    i >= DATAGRAMS);
			if (i < DATAGRAMS)
				frame_other(&b, 17);
			else
				frame_udp(&b, (uint16_t)(1000 + id), 99);
			frame_payload(&b, 72);
			frame_end(&b);
			frame = frame_whole(&b);
			frame.number = ++number;
			if (!pass)
				assert_int_equal(weir_trace_add(trace, &frame, 1), 0);
			else
				assert_int_equal(weir_trace_locate(trace, &frame, 1, &packet), 0);
			if (pass && i == DATAGRAMS - 1)
				assert_int_equal(packet.flow, 1);
			else if (pass)
				assert_int_equal(packet.flow, i <= DATAGRAMS - 1 ? 0
							      : i == DATAGRAMS   ? 1
										 : 2);
		}
		if (!pass)
			assert_int_equal(weir_trace_finish(trace), 0);
		assert_int_equal(weir_trace_rewind(trace), 0);
	}
	assert_int_equal(weir_trace_flow_count(trace), 3);
	weir_trace_flow(trace, 0, &flow);
	assert_true(flow.orphan);
	assert_int_equal(flow.packets[0], DATAGRAMS - 1);
	weir_trace_destroy(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_trace_has_no_flows),
		cmocka_unit_test(t17_sides_name_pods_and_nodes),
		cmocka_unit_test(halves_name_the_rule),
		cmocka_unit_test(t21_bytes_are_original_lengths),
		cmocka_unit_test(t22_flows_are_numbered_by_first_packet),
		cmocka_unit_test(t1_t9_every_packet_has_one_class),
		cmocka_unit_test(t9_interfaces_are_named_in_order),
		cmocka_unit_test(frames_of_another_trace_lead_nowhere),
		cmocka_unit_test(memory_that_runs_out_is_told_and_given_back),
		cmocka_unit_test(t13_the_window_of_fragments_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
