/*
 * Endless traces: what is told of a flow, and when.
 */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "frames.h"
#include "script.h"
#include "weir/trace.h"

static const struct {
	const char *name;
	const char *script;
	const char *told;
} cases[] = {
	{ "TCP is over three seconds after both sides finished",
	  "0 tcp 10.0.1.1 5001 10.0.2.1 80 S\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 5001 SA\n"
	  "2 tcp 10.0.1.1 5001 10.0.2.1 80 FA\n"
	  "3 tcp 10.0.2.1 80 10.0.1.1 5001 FA\n"
	  "4 tcp 10.0.1.1 5001 10.0.2.1 80 A\n"
	  "6.9 arp\n"
	  "7 arp\n",
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n"
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow established 1+1 0.000-1.000\n"
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow closing 2+1 0.000-2.000\n"
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow closed 2+2 0.000-3.000\n"
	  "1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow closed 3+2 0.000-4.000\n" },
	{ "and after a reset",
	  "0 tcp 10.0.1.2 5001 10.0.2.1 80 S\n"
	  "1 tcp 10.0.2.1 80 10.0.1.2 5001 R\n"
	  "4 arp\n",
	  "~ 1 tcp 10.0.1.2:5001 > 10.0.2.1:80 deny new 1+0 0.000-0.000\n"
	  "1 tcp 10.0.1.2:5001 > 10.0.2.1:80 deny closed 1+1 0.000-1.000\n" },
	{ "what nobody answers is over after 180 seconds",
	  "0 tcp 10.0.1.2 5001 10.0.2.1 80 S\n"
	  "179 arp\n"
	  "180 arp\n",
	  "~ 1 tcp 10.0.1.2:5001 > 10.0.2.1:80 deny new 1+0 0.000-0.000\n"
	  "1 tcp 10.0.1.2:5001 > 10.0.2.1:80 deny new 1+0 0.000-0.000\n" },
	{ "TCP that lives is over after five days",
	  "0 tcp 10.0.1.1 5001 10.0.2.1 80 S\n"
	  "0 tcp 10.0.2.1 80 10.0.1.1 5001 SA\n"
	  "431999 arp\n"
	  "432000 arp\n",
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n"
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow established 1+1 0.000-0.000\n"
	  "1 tcp 10.0.1.1:5001 > 10.0.2.1:80 allow established 1+1 0.000-0.000\n" },
	{ "UDP is over after 180 seconds, and what comes then is another flow",
	  "0 udp 10.0.1.1 5001 10.0.2.1 53\n"
	  "100 udp 10.0.2.1 53 10.0.1.1 5001\n"
	  "280 udp 10.0.1.1 5001 10.0.2.1 53\n",
	  "~ 1 udp 10.0.1.1:5001 > 10.0.2.1:53 allow unreplied 1+0 0.000-0.000\n"
	  "1 udp 10.0.1.1:5001 > 10.0.2.1:53 allow replied 1+1 0.000-100.000\n"
	  "2 udp 10.0.1.1:5001 > 10.0.2.1:53 allow unreplied 1+0 280.000-280.000\n" },
	{ "the other side of a service joins, under the number that was told",
	  "0 tcp 10.0.1.1 5001 10.96.0.1 80 S @1\n"
	  "0.001 tcp 10.0.1.1 5001 10.0.2.1 8080 S @2\n"
	  "0.002 tcp 10.0.2.1 8080 10.0.1.1 5001 R @2\n"
	  "0.003 tcp 10.96.0.1 80 10.0.1.1 5001 R @1\n"
	  "3.002 arp\n"
	  "3.003 arp\n",
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:8080 allow new 1+0 0.000-0.000 "
	  "service=one@10.96.0.1 @1\n"
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:8080 allow new 2+0 0.000-0.001 "
	  "service=one@10.96.0.1 @1,2\n"
	  "~ 1 tcp 10.0.1.1:5001 > 10.0.2.1:8080 allow closed 2+1 0.000-0.002 "
	  "service=one@10.96.0.1 @1,2\n"
	  "1 tcp 10.0.1.1:5001 > 10.0.2.1:8080 allow closed 2+2 0.000-0.003 "
	  "service=one@10.96.0.1 @1,2\n" },
	{ "a later fragment waits for its first, and a minute at most",
	  "0 later 10.0.1.1 10.0.2.1 7\n"
	  "1 later 10.0.1.1 10.0.2.1 8\n"
	  "2 first 10.0.1.1 5001 10.0.2.1 53 7\n"
	  "50 arp\n"
	  "61 arp\n"
	  "62 arp\n"
	  "182 arp\n",
	  "~ 1 udp 10.0.1.1:5001 > 10.0.2.1:53 allow unreplied 2+0 0.000-2.000\n"
	  "~ 2 udp 10.0.1.1 > 10.0.2.1 ambiguous unreplied 1+0 1.000-1.000 orphan-fragment\n"
	  "1 udp 10.0.1.1:5001 > 10.0.2.1:53 allow unreplied 2+0 0.000-2.000\n"
	  "2 udp 10.0.1.1 > 10.0.2.1 ambiguous unreplied 1+0 1.000-1.000 orphan-fragment\n" },
	{ "an error has a flow of its own until what it quotes has come",
	  "0 error 10.0.2.1 10.0.1.1 3 3 udp 10.0.1.1 5001 10.0.2.1 53\n"
	  "100 udp 10.0.1.1 5001 10.0.2.1 53\n"
	  "101 arp\n",
	  "~ 1 icmp 10.0.2.1 > 10.0.1.1 allow unreplied 1+0 0.000-0.000\n"
	  "~ 2 udp 10.0.1.1:5001 > 10.0.2.1:53 allow unreplied 1+1 0.000-100.000\n"
	  "2 udp 10.0.1.1:5001 > 10.0.2.1:53 allow unreplied 1+1 0.000-100.000\n" },
	{ "T10 what a node sent stays suspect when the visit is forgotten that it may belong to",
	  "0.0 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0.1 tcp 192.168.0.2 50000 10.0.2.1 8080 S\n"
	  "0.2 tcp 192.168.0.2 30080 8.8.8.8 40000 R\n"
	  "4 arp\n"
	  "5 tcp 10.0.2.1 8080 192.168.0.2 50000 SA\n",
	  "~ 1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 "
	  "translated-source service=one@192.168.0.2\n"
	  "~ 2 tcp 192.168.0.2:50000 > 10.0.2.1:8080 ambiguous new 1+0 0.100-0.100 "
	  "translated-source\n"
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous closed 1+1 0.000-0.200 "
	  "translated-source service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:50000 > 10.0.2.1:8080 ambiguous established 1+1 0.100-5.000 "
	  "translated-source\n" },
	{ "what nothing was added to is told once",
	  "0 echo 10.0.1.1 10.0.2.1 9\n"
	  "1 arp\n"
	  "2 arp\n"
	  "3 answer 10.0.2.1 10.0.1.1 9\n"
	  "4 answer 10.0.2.1 10.0.1.1 9\n"
	  "5 arp\n",
	  "~ 1 icmp 10.0.1.1 > 10.0.2.1 allow unreplied 1+0 0.000-0.000\n"
	  "~ 1 icmp 10.0.1.1 > 10.0.2.1 allow replied 1+1 0.000-3.000\n"
	  "1 icmp 10.0.1.1 > 10.0.2.1 allow replied 1+2 0.000-4.000\n" },
};

static void told_as_it_happens(void **state)
{
	static const struct weir_trace_options endless = { .endless = true };
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char told[SCRIPT_TEXT];

		script_settle(cases[i].script, &endless, told);
		if (!strcmp(told, cases[i].told))
			continue;
		print_error("%s:\nwanted\n%s\ngot\n%s\n", cases[i].name, cases[i].told, told);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void traces_that_end_are_not_settled(void **state)
{
	static const struct weir_trace_options defaults;
	struct weir_trace *trace = cluster_trace(&defaults);

	(void)state;
	assert_int_equal(weir_trace_settle(trace, 0), -EINVAL);
	assert_int_equal(weir_trace_finish(trace), 0);
	weir_trace_destroy(trace);
}

static void endless_traces_have_no_second_pass(void **state)
{
	static const struct weir_trace_options endless = { .endless = true };
	struct weir_trace *trace = cluster_trace(&endless);

	(void)state;
	assert_int_equal(weir_trace_settle(trace, 0), 0);
	assert_int_equal(weir_trace_rewind(trace), -EINVAL);
	assert_int_equal(weir_trace_finish(trace), 0);
	assert_int_equal(weir_trace_rewind(trace), -EINVAL);
	weir_trace_destroy(trace);
}

/* Memory that is counted. */
struct purse {
	size_t held;
	size_t most;
};

enum { HEADER = 16 };

static void *purse_allocate(void *context, size_t size)
{
	struct purse *purse = context;
	char *memory = malloc(size + HEADER);

	assert_non_null(memory);
	memcpy(memory, &size, sizeof(size));
	purse->held += size;
	if (purse->held > purse->most)
		purse->most = purse->held;
	return memory + HEADER;
}

static void purse_release(void *context, void *memory)
{
	struct purse *purse = context;
	size_t size;

	if (!memory)
		return;
	memcpy(&size, (char *)memory - HEADER, sizeof(size));
	purse->held -= size;
	free((char *)memory - HEADER);
}

/* One connection a second that is reset: five live at a time, whatever came before. */
static size_t most_memory_of(unsigned connections)
{
	struct purse purse = { 0 };
	const struct weir_allocator allocator = { purse_allocate, purse_release, &purse };
	const struct weir_trace_options options = { .allocator = &allocator, .endless = true };
	struct weir_trace *trace = cluster_trace(&options);
	struct weir_trace_summary summary;

	for (unsigned i = 0; i < connections; i++) {
		static struct frame_builder b;
		struct weir_frame frame;

		frame_begin(&b, FRAME_RAW);
		frame_ip(&b, "10.0.1.2", "10.0.2.1");
		frame_tcp(&b, (uint16_t)(i % 60000 + 1), 80, WEIR_TCP_RST);
		frame_end(&b);
		frame = frame_whole(&b);
		frame.time = i * UINT64_C(1000000000);
		frame.number = i + 1;
		assert_int_equal(weir_trace_add(trace, &frame, 1), 0);
		assert_int_equal(weir_trace_settle(trace, frame.time), 0);
		assert_true(weir_trace_flow_count(trace) <= 5);
	}
	assert_int_equal(weir_trace_finish(trace), 0);
	weir_trace_summarize(trace, &summary);
	assert_int_equal(summary.flows[WEIR_DENY], connections);
	weir_trace_destroy(trace);
	assert_int_equal(purse.held, 0);
	return purse.most;
}

static void memory_grows_with_what_lives_and_not_with_what_was(void **state)
{
	(void)state;
	assert_int_equal(most_memory_of(100), most_memory_of(3000));
}

static void due_when_settling_costs_little_beside_adding(void **state)
{
	static const struct weir_trace_options endless = { .endless = true };
	struct weir_trace *trace = cluster_trace(&endless);
	struct weir_frame frame = { .link_type = 1, .wire = 14 };
	unsigned added = 0;

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (added = 0; !weir_trace_is_due(trace); added++)
			assert_int_equal(weir_trace_add(trace, &frame, 1), 0);
		assert_int_equal(added, 65536);
		assert_int_equal(weir_trace_settle(trace, 0), 0);
		assert_false(weir_trace_is_due(trace));
	}
	weir_trace_destroy(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_as_it_happens),
		cmocka_unit_test(traces_that_end_are_not_settled),
		cmocka_unit_test(endless_traces_have_no_second_pass),
		cmocka_unit_test(memory_grows_with_what_lives_and_not_with_what_was),
		cmocka_unit_test(due_when_settling_costs_little_beside_adding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
