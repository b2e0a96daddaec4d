/*
 * What a worker answers, packet by packet: S10, S16, S18, C34, C36, C37 on the live path. Scripts
 * and the cluster are those of tests/trace.
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cluster.h"
#include "frames.h"
#include "policies.h"
#include "script.h"
#include "weir/directory.h"
#include "weir/worker.h"

enum { TEXT = 1024 };

static const struct weir_origin_of_frames both = { .halves = WEIR_KEY_BOTH };

static struct weir_slot *slot_with(struct weir_policy *policy, uint32_t readers)
{
	struct weir_slot *slot;

	assert_non_null(policy);
	assert_int_equal(weir_slot_create(policy, readers, NULL, &slot), 0);
	weir_policy_unref(policy);
	return slot;
}

static struct weir_worker *worker_with(struct weir_slot *slot,
				       const struct weir_worker_options *more)
{
	struct weir_worker_options options = *more;
	struct weir_worker *worker;

	options.slot = slot;
	options.flows.secret[0] = 5;
	options.flows.secret[1] = 6;
	if (!options.flows.max_ipv4_flows)
		options.flows.max_ipv4_flows = options.flows.max_ipv6_flows = 64;
	assert_int_equal(weir_worker_create(&options, &worker), 0);
	return worker;
}

/* "reply", "-judged" for a denied one, "wait", "to1". */
static void append(char *text, const struct weir_packet_verdict *verdict)
{
	size_t length = strlen(text);
	const char *why = weir_packet_why_name((enum weir_packet_why)verdict->why);

	if (verdict->action == WEIR_PACKET_WAIT)
		why = "wait";
	snprintf(text + length, TEXT - length, "%s%s", length ? " " : "",
		 verdict->action == WEIR_PACKET_DENY ? "-" : "");
	length = strlen(text);
	if (verdict->action == WEIR_PACKET_ELSEWHERE)
		snprintf(text + length, TEXT - length, "to%u", verdict->worker);
	else
		snprintf(text + length, TEXT - length, "%s", why);
}

static void play(struct weir_worker *worker, const char *script, char *answers)
{
	static struct frame_builder builders[SCRIPT_PACKETS];
	struct weir_frame frames[SCRIPT_PACKETS];
	struct weir_packet_verdict verdicts[SCRIPT_PACKETS];
	size_t count = script_read(script, builders, frames);
	struct weir_release releases[SCRIPT_PACKETS];
	size_t released;

	weir_worker_process(worker, &both, frames, count, verdicts);
	for (size_t i = 0; i < count; i++)
		append(answers, &verdicts[i]);
	released = weir_worker_released(worker, releases, SCRIPT_PACKETS);
	if (released)
		strcat(answers, " |");
	for (size_t i = 0; i < released; i++)
		append(answers, &releases[i].verdict);
}

struct row {
	const char *name;
	const char *script;
	const char *answers;
	struct weir_worker_options options;
};

static const struct row rows[] = {
	{ "S10 replies of an allowed connection, whatever the other direction's rules",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n0 tcp 10.0.2.1 80 10.0.1.1 40000 SA\n"
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 A",
	  "judged reply flow", .options = { 0 } },
	{ "a denied connection has no flow: each of its packets is judged",
	  "0 tcp 10.0.1.2 40000 10.0.2.1 80 S\n0 tcp 10.0.1.2 40000 10.0.2.1 80 S",
	  "-judged -judged", .options = { 0 } },
	{ "its reply, should one come, is taken for that of a connection in mid-stream",
	  "0 tcp 10.0.2.1 80 10.0.1.2 40000 SA", "-judged", .options = { 0 } },
	{ "UDP is replied to", "0 udp 10.0.1.1 5000 10.0.2.1 53\n0 udp 10.0.2.1 53 10.0.1.1 5000",
	  "judged reply", .options = { 0 } },
	{ "UDP expires",
	  "0 udp 10.0.2.2 53 10.0.1.1 5000\n0 udp 10.0.1.1 5000 10.0.2.2 53\n"
	  "31 udp 10.0.2.2 53 10.0.1.1 5000",
	  "-judged judged -judged", .options = { 0 } },
	{ "IPv6 has a table of its own",
	  "0 tcp fd00::11 40000 fd00::21 80 S\n"
	  "0 tcp fd00::21 80 fd00::11 40000 SA",
	  "judged reply", .options = { 0 } },
	{ "SCTP",
	  "0 sctp 10.0.1.1 4 10.0.2.1 3868 1\n0 sctp 10.0.2.1 3868 10.0.1.1 4 2\n"
	  "0 sctp 10.0.1.1 4 10.0.2.1 3868 10",
	  "judged reply flow", .options = { 0 } },
	{ "an echo and its answer",
	  "0 echo 10.0.1.1 10.0.2.1 7\n0 answer 10.0.2.1 10.0.1.1 7\n"
	  "0 answer 10.0.2.1 10.0.1.1 8",
	  "judged reply judged", .options = { 0 } },
	{ "an answer that nobody asked for is judged by itself",
	  "0 answer 10.0.1.2 10.0.2.1 7\n0 answer 10.0.1.2 10.0.2.1 7", "-judged -judged",
	  .options = { 0 } },
	{ "anything else by its addresses and protocol",
	  "0 ip 10.0.1.1 10.0.2.1 47\n0 ip 10.0.2.1 10.0.1.1 47\n0 ip 10.0.1.2 10.0.2.1 47",
	  "judged reply -judged", .options = { 0 } },
	{ "what is not IP", "0 arp", "not-ip", .options = { 0 } },
	{ "an error that does not go to the sender of what it quotes is judged by itself",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "0 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 80",
	  "judged -judged", .options = { 0 } },
	{ "C34 errors about an allowed connection, from anybody and either way",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "0 error 192.168.0.2 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 80\n"
	  "0 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 80 10.0.1.1 40000",
	  "judged related related", .options = { 0 } },
	{ "an error about nothing known is judged by itself",
	  "0 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 81 10.0.1.1 40000\n"
	  "0 error 10.0.1.2 10.0.1.1 3 4 tcp 10.0.1.1 81 10.0.2.1 40000",
	  "-judged judged", .options = { 0 } },
	{ "an error about an echo's answer",
	  "0 echo 10.0.1.1 10.0.2.1 7\n"
	  "0 error 10.0.1.2 10.0.2.1 3 1 answer 10.0.2.1 7 10.0.1.1 7",
	  "judged related", .options = { 0 } },
	{ "the same ports again after the end of both",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 S\n0 tcp 10.0.2.1 80 10.0.1.1 4 SA\n"
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 FA\n0 tcp 10.0.2.1 80 10.0.1.1 4 FA\n"
	  "1 tcp 10.0.1.1 4 10.0.2.1 80 S\n1 tcp 10.0.2.1 80 10.0.1.1 4 SA",
	  "judged reply flow reply judged reply", .options = { 0 } },
	{ "and opened by the other side, which is judged anew",
	  "0 tcp 10.0.1.2 4 10.0.2.2 80 S\n0 tcp 10.0.2.2 80 10.0.1.2 4 RA\n"
	  "1 tcp 10.0.2.2 80 10.0.1.2 4 S\n1 tcp 10.0.1.2 4 10.0.2.2 80 S",
	  "judged reply -judged judged", .options = { 0 } },
	{ "both open at once",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 S\n0 tcp 10.0.2.1 80 10.0.1.1 4 S\n"
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 SA",
	  "judged reply flow", .options = { 0 } },
	{ "a retransmitted opening is of the flow",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 S\n1 tcp 10.0.1.1 4 10.0.2.1 80 S", "judged flow",
	  .options = { 0 } },
	{ "TCP in mid-stream, found by its opener",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 A\n"
	  "0 tcp 10.0.2.1 80 10.0.1.1 4 A",
	  "midstream reply", .options = { 0 } },
	{ "by the other side: either orientation",
	  "0 tcp 10.0.2.1 80 10.0.1.1 4 SA\n"
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 A",
	  "midstream flow", .options = { 0 } },
	{ "neither orientation is allowed", "0 tcp 10.0.3.1 80 10.0.2.1 4 A", "-ambiguous",
	  .options = { 0 } },
	{ "the other orientation is",
	  "0 tcp 10.0.1.2 80 10.0.2.2 4 A\n0 tcp 10.0.2.2 4 10.0.1.2 80 A", "midstream reply",
	  .options = { 0 } },
	{ "strict: TCP must begin",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 A\n0 sctp 10.0.1.1 4 10.0.2.1 9 0\n"
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 S\n0 tcp 10.0.1.1 4 10.0.2.1 80 A",
	  "-unexpected -unexpected judged flow", .options = { .strict = true } },
	{ "strict: a reset, an answer and errors of nothing known are refused, whatever is allowed",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 R\n0 answer 10.0.1.1 10.0.2.1 7\n"
	  "0 error 10.0.1.2 10.0.1.1 3 4 tcp 10.0.1.1 81 10.0.2.1 40000\n"
	  "0 error 10.0.1.1 10.0.2.1 3 4 tcp 10.0.1.2 81 10.0.2.1 40000\n"
	  "0 sctp 10.0.1.1 4 10.0.2.1 9 6",
	  "-unexpected -unexpected -unexpected -unexpected -unexpected",
	  .options = { .strict = true } },
	{ "a SYN of who was asked is no reply once the connection is open",
	  "0 tcp 10.0.1.2 4 10.0.2.2 80 S\n0 tcp 10.0.2.2 80 10.0.1.2 4 S\n"
	  "0 tcp 10.0.2.2 80 10.0.1.2 4 SA\n0 tcp 10.0.2.2 80 10.0.1.2 4 S\n"
	  "0 tcp 10.0.2.2 80 10.0.1.2 4 A\n0 tcp 10.0.1.2 4 10.0.2.2 80 S",
	  "judged reply reply -judged reply flow", .options = { 0 } },
	{ "it is judged as what it would open, and the connection goes on",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n0 tcp 10.0.2.1 80 10.0.1.1 40000 SA\n"
	  "0 tcp 10.0.2.1 80 10.0.1.1 40000 S\n0 tcp 10.0.1.1 40000 10.0.2.1 80 A",
	  "judged reply judged flow", .options = { 0 } },
	{ "strict: so are messages that nobody answers, but for what neighbours say",
	  "0 icmp 10.0.1.1 10.0.2.1 9 0\n0 icmp fd00::11 fd00::21 144 0\n"
	  "0 icmp fd00::11 fd00::21 135 0\n0 icmp fd00::11 fd00::21 143 0",
	  "-unexpected -unexpected judged judged", .options = { .strict = true } },
	{ "strict: those of a connection pass",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "0 error 192.168.0.2 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 80\n"
	  "0 tcp 10.0.2.1 80 10.0.1.1 40000 R\n"
	  "0 echo 10.0.1.1 10.0.2.1 7\n0 answer 10.0.2.1 10.0.1.1 7",
	  "judged related reply judged reply", .options = { .strict = true } },
	{ "a reset of nothing known begins nothing",
	  "0 tcp 10.0.1.1 4 10.0.2.1 80 R\n0 tcp 10.0.2.1 80 10.0.1.1 4 R\n"
	  "0 tcp 10.0.1.2 4 10.0.2.1 80 R",
	  "judged judged -judged", .options = { 0 } },
	{ "S17 ambiguous: denied", "0 udp 10.0.1.1 4 10.0.3.1 80", "-ambiguous", .options = { 0 } },
	{ "ambiguous: allowed", "0 udp 10.0.1.1 4 10.0.3.1 80\n0 udp 10.0.3.1 80 10.0.1.1 4",
	  "ambiguous reply", .options = { .on_ambiguous = WEIR_ALLOW } },
	{ "S21 an unknown pod: denied, or outside", "0 udp 10.0.9.9 4 10.0.2.1 80", "-ambiguous",
	  .options = { 0 } },
	{ "S21 outside", "0 udp 10.0.9.9 4 10.0.2.1 80", "-judged",
	  .options = { .unknown_pods_external = true } },
	{ "S16 later fragments follow",
	  "0 first 10.0.1.1 5 10.0.2.1 53 9\n0 later 10.0.1.1 10.0.2.1 9", "judged fragment",
	  .options = { 0 } },
	{ "C36 of a denied one too",
	  "0 first 10.0.1.2 5 10.0.2.1 53 9\n0 later 10.0.1.2 10.0.2.1 9", "-judged -fragment",
	  .options = { 0 } },
	{ "one that comes before its first waits",
	  "0 later 10.0.1.1 10.0.2.1 9\n0 first 10.0.1.1 5 10.0.2.1 53 9", "wait judged | fragment",
	  .options = { .max_waiting = 2 } },
	{ "or is denied where none may wait",
	  "0 later 10.0.1.1 10.0.2.1 9\n0 first 10.0.1.1 5 10.0.2.1 53 9", "-orphan judged",
	  .options = { 0 } },
	{ "IPv6 fragments", "0 first fd00::11 5 fd00::21 53 9\n0 later fd00::11 fd00::21 9",
	  "judged fragment", .options = { 0 } },
	{ "tiny ones", "0 first 10.0.1.1 5 10.0.2.1 53 9\n0 later 10.0.1.1 10.0.2.1 9",
	  "-tiny -orphan", .options = { .least_fragment = 100 } },
	{ "a full table refuses, and says so",
	  "0 tcp 10.0.1.1 1 10.0.2.1 80 S\n0 tcp 10.0.2.1 80 10.0.1.1 1 SA\n"
	  "0 tcp 10.0.1.1 1 10.0.2.1 80 A\n0 tcp 10.0.1.1 2 10.0.2.1 80 S",
	  "judged reply flow -table-full", .options = { .flows = { .max_ipv4_flows = 1 } } },
	{ "the oldest that nobody answered gives way",
	  "0 tcp 10.0.1.1 1 10.0.2.1 80 S\n1 tcp 10.0.1.1 2 10.0.2.1 80 S\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 2 SA",
	  "judged judged reply", .options = { .flows = { .max_ipv4_flows = 1 } } },
	{ "a table for no IPv6 lets none begin", "0 tcp fd00::11 1 fd00::21 80 S", "-table-full",
	  .options = { .flows = { .max_ipv4_flows = 1 } } },
};

static void a_packet_after_the_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct weir_slot *slot = slot_with(cluster_policy(), 1);
		struct weir_worker *worker = worker_with(slot, &rows[i].options);
		char answers[TEXT] = "";

		play(worker, rows[i].script, answers);
		if (strcmp(answers, rows[i].answers) != 0)
			fail_msg("%s: %s", rows[i].name, answers);
		weir_worker_destroy(worker);
		weir_slot_destroy(slot);
	}
}

/* S18, C37: what allows TCP 80 from client to server is replaced by what allows 81. */
static const char open_80[] = "0 tcp 10.0.0.1 4 10.0.0.2 80 S\n0 tcp 10.0.0.2 80 10.0.0.1 4 SA";
static const char more_of_80[] = "1 tcp 10.0.0.1 4 10.0.0.2 80 A\n1 tcp 10.0.0.2 80 10.0.0.1 4 A";
static const char reply_of_80[] = "1 tcp 10.0.0.2 80 10.0.0.1 4 A\n1 tcp 10.0.0.1 4 10.0.0.2 80 A";
static const char error_about_80[] = "1 error 10.0.0.9 10.0.0.2 3 4 tcp 10.0.0.2 80 10.0.0.1 4";

static const struct {
	const char *name;
	uint8_t at_change;
	uint16_t next; /* the port that the next policy allows */
	const char *script;
	const char *answers;
	uint64_t revoked;
} changes[] = {
	{ "revalidated, and denied", WEIR_AT_CHANGE_REVALIDATE, 81, more_of_80, "-judged -judged",
	  1 },
	{ "revalidated by a reply: judged as it was opened", WEIR_AT_CHANGE_REVALIDATE, 81,
	  reply_of_80, "-judged -judged", 1 },
	{ "revalidated, and allowed", WEIR_AT_CHANGE_REVALIDATE, 80, more_of_80, "flow reply", 0 },
	{ "revoked, and opened again", WEIR_AT_CHANGE_REVALIDATE, 81,
	  "1 tcp 10.0.0.1 4 10.0.0.2 80 A\n1 tcp 10.0.0.1 4 10.0.0.2 80 S\n"
	  "1 tcp 10.0.0.2 80 10.0.0.1 4 S\n1 tcp 10.0.0.1 4 10.0.0.2 80 SA",
	  "-judged -judged judged reply", 1 },
	{ "errors about what was revoked", WEIR_AT_CHANGE_REVALIDATE, 81,
	  "1 tcp 10.0.0.1 4 10.0.0.2 80 A\n"
	  "1 error 10.0.0.9 10.0.0.2 3 4 tcp 10.0.0.2 80 10.0.0.1 4",
	  "-judged -judged", 1 },
	{ "errors do not revalidate", WEIR_AT_CHANGE_REVALIDATE, 81, error_about_80, "-judged", 0 },
	{ "errors about what is still allowed", WEIR_AT_CHANGE_REVALIDATE, 80, error_about_80,
	  "related", 0 },
	{ "kept", WEIR_AT_CHANGE_KEEP, 81, more_of_80, "flow reply", 0 },
	{ "flushed, and taken up again", WEIR_AT_CHANGE_FLUSH, 80, more_of_80, "midstream reply",
	  0 },
	{ "flushed: the other orientation would do", WEIR_AT_CHANGE_FLUSH, 81, more_of_80,
	  "midstream flow", 0 },
};

static void s18_c37_policies_change_under_connections(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct weir_slot *slot = slot_with(policy_of_port(80), 1);
		struct weir_worker *worker = worker_with(
			slot, &(struct weir_worker_options){ .at_change = changes[i].at_change });
		struct weir_policy *next = policy_of_port(changes[i].next);
		struct weir_worker_counters counters;
		char answers[TEXT] = "";

		assert_non_null(next);
		play(worker, open_80, answers);
		assert_string_equal(answers, "judged reply");
		assert_int_equal(weir_slot_publish(slot, next), 0);
		weir_policy_unref(next);
		answers[0] = '\0';
		play(worker, changes[i].script, answers);
		if (strcmp(answers, changes[i].answers) != 0)
			fail_msg("%s: %s", changes[i].name, answers);
		weir_worker_count(worker, &counters);
		assert_int_equal(counters.revoked, changes[i].revoked);
		weir_worker_destroy(worker);
		weir_slot_destroy(slot);
	}
}

static void everything_is_counted(void **state)
{
	static const char script[] =
		"0 tcp 10.0.0.1 4 10.0.0.2 80 S\n0 tcp 10.0.0.2 80 10.0.0.1 4 SA\n"
		"0 tcp 10.0.0.1 5 10.0.0.2 80 S\n0 tcp 10.0.0.1 4 10.0.0.2 81 S\n"
		"0 tcp 10.0.0.9 4 10.0.0.2 80 S\n0 arp";
	struct weir_slot *slot = slot_with(policy_of_port(80), 1);
	struct weir_worker *worker = worker_with(slot, &(struct weir_worker_options){ 0 });
	struct weir_worker_counters counters;
	uint64_t rules[4] = { 9, 9, 9, 9 };
	char answers[TEXT] = "";

	(void)state;
	play(worker, script, answers);
	assert_string_equal(answers, "judged reply judged -judged -judged not-ip");
	weir_worker_count(worker, &counters);
	assert_int_equal(counters.packets[WEIR_PACKET_ALLOW], 4);
	assert_int_equal(counters.packets[WEIR_PACKET_DENY], 2);
	assert_int_equal(counters.bytes[WEIR_PACKET_DENY], 2 * 54);
	assert_int_equal(counters.why[WEIR_PACKET_JUDGED], 4);
	assert_int_equal(counters.halves[WEIR_INGRESS][WEIR_REASON_RULE][WEIR_ALLOW], 2);
	assert_int_equal(counters.halves[WEIR_INGRESS][WEIR_REASON_NO_RULE][WEIR_DENY], 2);
	assert_int_equal(counters.halves[WEIR_EGRESS][WEIR_REASON_NOT_A_POD][WEIR_ALLOW], 1);
	assert_int_equal(counters.flows.flows[0], 2);
	assert_int_equal(weir_slot_count_rules(slot, rules, 4), 1);
	assert_int_equal(rules[0], 2);
	assert_int_equal(rules[1], 9);
	weir_worker_destroy(worker);
	weir_slot_destroy(slot);
}

static void rules_that_say_the_same_are_counted_apart(void **state)
{
	static const char script[] = "0 tcp 10.0.0.9 4 10.0.0.1 80 S\n"
				     "0 tcp 10.0.0.9 4 10.0.0.2 80 S\n"
				     "0 tcp 10.0.0.9 5 10.0.0.2 80 S";
	struct weir_slot *slot = slot_with(policy_of_twins(), 1);
	struct weir_worker *worker = worker_with(slot, &(struct weir_worker_options){ 0 });
	uint64_t rules[2];
	char answers[TEXT] = "";

	(void)state;
	play(worker, script, answers);
	assert_string_equal(answers, "judged judged judged");
	assert_int_equal(weir_slot_count_rules(slot, rules, 2), 2);
	assert_int_equal(rules[0], 1);
	assert_int_equal(rules[1], 2);
	weir_worker_destroy(worker);
	weir_slot_destroy(slot);
}

static void zones_are_kept_apart_and_halves_as_asked(void **state)
{
	static struct frame_builder builders[SCRIPT_PACKETS];
	static const struct weir_origin_of_frames elsewhere = { .zone = 7,
								.halves = WEIR_KEY_BOTH };
	static const struct weir_origin_of_frames source_node = { .zone = 8,
								  .halves = WEIR_KEY_EGRESS };
	struct weir_slot *slot = slot_with(policy_of_port(80), 1);
	struct weir_worker *worker = worker_with(slot, &(struct weir_worker_options){ 0 });
	struct weir_frame frames[SCRIPT_PACKETS];
	struct weir_packet_verdict verdict;

	(void)state;
	script_read("0 tcp 10.0.0.1 4 10.0.0.2 80 S\n0 tcp 10.0.0.2 80 10.0.0.1 4 A\n"
		    "0 tcp 10.0.0.1 4 10.0.0.2 81 S",
		    builders, frames);
	weir_worker_process(worker, &both, &frames[0], 1, &verdict);
	weir_worker_process(worker, &both, &frames[1], 1, &verdict);
	assert_int_equal(verdict.why, WEIR_PACKET_REPLY);
	weir_worker_process(worker, &elsewhere, &frames[1], 1, &verdict);
	assert_int_equal(verdict.why, WEIR_PACKET_MIDSTREAM);
	weir_worker_process(worker, &both, &frames[2], 1, &verdict);
	assert_int_equal(verdict.action, WEIR_PACKET_DENY);
	weir_worker_process(worker, &source_node, &frames[2], 1, &verdict);
	assert_int_equal(verdict.action, WEIR_PACKET_ALLOW);
	weir_worker_destroy(worker);
	weir_slot_destroy(slot);
}

/* Two workers: what comes to the wrong one is moved, and answered as one worker would. */
struct pair {
	struct weir_worker *workers[2];
	uint16_t first; /* whoever gets the frame */
};

static uint16_t by_port(void *context, const struct weir_tuple *tuple)
{
	(void)context;
	return (uint16_t)((tuple->source_port + tuple->destination_port) & 1);
}

static void play_pair(const struct pair *pair, const struct weir_frame *frame, char *answers)
{
	struct weir_release releases[4];
	struct weir_packet_verdict verdict;

	weir_worker_process(pair->workers[pair->first], &both, frame, 1, &verdict);
	append(answers, &verdict);
	if (verdict.action == WEIR_PACKET_ELSEWHERE) {
		weir_worker_take(pair->workers[verdict.worker], &both, frame, 1, &verdict);
		strcat(answers, ":");
		append(answers, &verdict);
	}
	for (unsigned i = 0; i < 2; i++) {
		size_t count = weir_worker_released(pair->workers[i], releases, 4);

		for (size_t j = 0; j < count; j++)
			append(answers, &releases[j].verdict);
	}
}

static const struct {
	const char *name;
	const char *script;
	const char *answers;
} moves[] = {
	{ "an error goes to the worker of its connection",
	  "0 tcp 10.0.1.1 1 10.0.2.1 80 S\n"
	  "0 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 80 10.0.1.1 1",
	  "judged to1: related" },
	{ "or stays",
	  "0 tcp 10.0.1.1 2 10.0.2.1 80 S\n"
	  "0 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 80 10.0.1.1 2",
	  "judged related" },
	{ "fragments go where their ports belong",
	  "0 first 10.0.1.1 6 10.0.2.1 53 9\n0 later 10.0.1.1 10.0.2.1 9",
	  "to1: judged to1: fragment" },
	{ "in any order", "0 later 10.0.1.1 10.0.2.1 9\n0 first 10.0.1.1 6 10.0.2.1 53 9",
	  "wait to1: judged to1" },
};

static void what_comes_to_another_worker_is_handed_over(void **state)
{
	static struct frame_builder builders[SCRIPT_PACKETS];

	(void)state;
	for (size_t i = 0; i < COUNT(moves); i++) {
		struct weir_slot *slot = slot_with(cluster_policy(), 2);
		struct pair pair = { .first = 0 };
		struct weir_frame frames[SCRIPT_PACKETS];
		size_t count = script_read(moves[i].script, builders, frames);
		char answers[TEXT] = "";

		for (uint16_t j = 0; j < 2; j++)
			pair.workers[j] = worker_with(
				slot, &(struct weir_worker_options){ .index = j,
								     .count = 2,
								     .owner = by_port,
								     .max_waiting = 4 });
		for (size_t j = 0; j < count; j++) {
			/* Whole packets come to their own worker. */
			bool is_whole = j == 0 && moves[i].script[2] == 't';

			pair.first = is_whole && strstr(moves[i].script, " 1 10.0.2.1") ? 1 : 0;
			play_pair(&pair, &frames[j], answers);
		}
		if (strcmp(answers, moves[i].answers) != 0)
			fail_msg("%s: %s", moves[i].name, answers);
		weir_worker_destroy(pair.workers[0]);
		weir_worker_destroy(pair.workers[1]);
		weir_slot_destroy(slot);
	}
}

/* Where nothing spreads packets each is looked at, wherever it comes. */
static void any_packet_may_come_to_any_worker(void **state)
{
	static const char script[] = "0 tcp 10.0.1.1 1 10.0.2.1 80 S\n"
				     "0 tcp 10.0.2.1 80 10.0.1.1 1 SA\n"
				     "0 tcp 10.0.1.1 2 10.0.2.1 80 S\n"
				     "0 first 10.0.1.1 6 10.0.2.1 53 9\n"
				     "0 later 10.0.1.1 10.0.2.1 9\n"
				     "0 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 80 10.0.1.1 1";
	static struct frame_builder builders[SCRIPT_PACKETS];
	struct weir_slot *slot = slot_with(cluster_policy(), 2);
	struct pair pair = { .first = 0 };
	struct weir_worker_counters counters;
	struct weir_frame frames[SCRIPT_PACKETS];
	size_t count = script_read(script, builders, frames);
	char answers[TEXT] = "";

	(void)state;
	for (uint16_t j = 0; j < 2; j++)
		pair.workers[j] = worker_with(
			slot, &(struct weir_worker_options){ .index = j,
							     .count = 2,
							     .owner = by_port,
							     .arrival = WEIR_ARRIVAL_ANY,
							     .max_waiting = 4 });
	for (size_t j = 0; j < count; j++)
		play_pair(&pair, &frames[j], answers);
	assert_string_equal(answers, "to1: judged to1: reply judged to1: judged to1: fragment "
				     "to1: related");
	weir_worker_count(pair.workers[0], &counters);
	assert_int_equal(counters.packets[WEIR_PACKET_ELSEWHERE], 5);
	assert_int_equal(counters.why[WEIR_PACKET_FLOW], 0);
	assert_int_equal(counters.why[WEIR_PACKET_FRAGMENT], 0);
	weir_worker_destroy(pair.workers[0]);
	weir_worker_destroy(pair.workers[1]);
	weir_slot_destroy(slot);
}

static void both_directions_have_one_owner(void **state)
{
	unsigned seen[4] = { 0 };

	(void)state;
	for (uint16_t i = 0; i < 1000; i++) {
		struct weir_tuple there = { .source.bytes = { 10, 1, (uint8_t)i },
					    .destination.bytes = { 10, 2 },
					    .source_port = i,
					    .destination_port = 80,
					    .protocol = i % 2 ? 6 : 1 };
		struct weir_tuple back = { there.destination, there.source, 80, i, there.protocol };
		uint16_t owner;

		if (there.protocol == 1)
			there.destination_port = back.source_port = i;
		owner = weir_worker_owner(&there, 4);
		assert_int_equal(owner, weir_worker_owner(&back, 4));
		assert_in_range(owner, 0, 3);
		assert_int_equal(weir_worker_owner(&there, 1), 0);
		seen[owner]++;
	}
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(seen[i], 150, 350);
}

static void bursts_of_any_size_are_answered_alike(void **state)
{
	static const size_t sizes[] = { 1, 2, 31, 32, 33, 64 };
	static struct frame_builder builders[SCRIPT_PACKETS];
	struct weir_frame frames[SCRIPT_PACKETS];
	char script[4096] = "", wanted[TEXT * 2] = "";
	size_t count;

	(void)state;
	for (unsigned i = 0; i < SCRIPT_PACKETS; i++) {
		static const char *const lines[] = {
			"0 tcp 10.0.1.1 4 10.0.2.1 80 S\n",  "0 tcp 10.0.2.1 80 10.0.1.1 4 SA\n",
			"0 tcp 10.0.1.1 4 10.0.2.1 80 RA\n", "0 udp 10.0.1.2 4 10.0.2.1 80\n",
			"0 udp 10.0.1.1 4 10.0.2.1 53\n",
		};

		strcat(script, lines[i * 7 % 11 % COUNT(lines)]);
	}
	count = script_read(script, builders, frames);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct weir_slot *slot = slot_with(cluster_policy(), 1);
		struct weir_worker *worker = worker_with(slot, &(struct weir_worker_options){ 0 });
		struct weir_packet_verdict verdicts[SCRIPT_PACKETS];
		char answers[TEXT * 2] = "";

		weir_worker_process(worker, &both, frames, 0, verdicts);
		for (size_t done = 0; done < count; done += sizes[i])
			weir_worker_process(worker, &both, &frames[done],
					    count - done < sizes[i] ? count - done : sizes[i],
					    &verdicts[done]);
		for (size_t j = 0; j < count; j++)
			append(answers, &verdicts[j]);
		if (i == 0)
			strcpy(wanted, answers);
		assert_string_equal(answers, wanted);
		weir_worker_destroy(worker);
		weir_slot_destroy(slot);
	}
}

static void a_worker_needs_a_place_in_a_slot(void **state)
{
	struct weir_worker_options options = { .slot = NULL };
	struct weir_worker *first, *second = NULL;

	(void)state;
	assert_int_equal(weir_worker_create(&options, &first), -EINVAL);
	options.slot = slot_with(policy_of_port(80), 1);
	assert_int_equal(weir_worker_create(&options, &first), 0);
	assert_int_equal(weir_worker_create(&options, &second), -ENOSPC);
	weir_worker_rest(first, 5);
	weir_worker_destroy(first);
	assert_int_equal(weir_worker_create(&options, &second), 0);
	weir_worker_destroy(second);
	weir_worker_destroy(NULL);
	weir_slot_destroy(options.slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_after_the_other),
		cmocka_unit_test(s18_c37_policies_change_under_connections),
		cmocka_unit_test(everything_is_counted),
		cmocka_unit_test(rules_that_say_the_same_are_counted_apart),
		cmocka_unit_test(zones_are_kept_apart_and_halves_as_asked),
		cmocka_unit_test(what_comes_to_another_worker_is_handed_over),
		cmocka_unit_test(any_packet_may_come_to_any_worker),
		cmocka_unit_test(both_directions_have_one_owner),
		cmocka_unit_test(bursts_of_any_size_are_answered_alike),
		cmocka_unit_test(a_worker_needs_a_place_in_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
