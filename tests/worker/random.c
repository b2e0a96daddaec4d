/*
 * A worker against a naive tracker: a list of connections, looked through for every packet, that
 * reads the rules as docs/semantics.md says them. Packets come from few addresses and ports, in any
 * order; policies change in between. Nothing expires and the table is large enough: how flows
 * leave it is the matter of tests/flow.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "policies.h"
#include "weir/worker.h"

enum {
	SEEDS = 150,
	PACKETS = 3000,
	BURST_MAX = 40,
	CONNECTIONS = 4096,
	HOSTS = 4,
};

static const char *const hosts[HOSTS] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "203.0.113.9" };

enum kind {
	SYN,
	SYN_ACK,
	ACK,
	FIN,
	RST,
	UDP,
	ASK,
	ANSWER,
	KINDS,
};

struct packet {
	enum kind kind;
	unsigned from, to;     /* hosts */
	uint16_t sport, dport; /* of an echo its identifier, in both */
};

/* The tracker. */

struct connection {
	struct packet first; /* as its opener would send it */
	bool finished[2];    /* by the opener, by the other */
	bool reset;
	bool open; /* accepted, or met after its beginning */
	bool revoked;
	bool is_there;
	uint64_t generation;
};

struct tracker {
	struct connection items[CONNECTIONS];
	size_t count;
	const struct weir_policy *policy;
	uint64_t generation;
	uint8_t at_change;
	bool strict;
};

static bool is_tcp(enum kind kind)
{
	return kind <= RST;
}

static bool is_echo(enum kind kind)
{
	return kind >= ASK;
}

static struct packet reversed(struct packet packet)
{
	struct packet out = packet;

	out.from = packet.to;
	out.to = packet.from;
	out.sport = packet.dport;
	out.dport = packet.sport;
	return out;
}

static bool is_allowed(const struct tracker *tracker, const struct packet *packet)
{
	struct weir_key key = { .flags = WEIR_KEY_BOTH,
				.protocol = is_tcp(packet->kind)  ? 6
					    : packet->kind == UDP ? 17
								  : 1 };
	struct weir_verdict verdict;

	weir_address_parse(hosts[packet->from], strlen(hosts[packet->from]), &key.source);
	weir_address_parse(hosts[packet->to], strlen(hosts[packet->to]), &key.destination);
	if (is_echo(packet->kind)) {
		key.icmp_type = packet->kind == ASK ? 8 : 0;
	} else {
		key.source_port = packet->sport;
		key.destination_port = packet->dport;
	}
	weir_policy_classify(tracker->policy, &key, &verdict, 1);
	return verdict.action == WEIR_ALLOW;
}

static bool same_ends(const struct packet *a, const struct packet *b)
{
	return a->from == b->from && a->to == b->to && a->sport == b->sport &&
	       a->dport == b->dport && is_tcp(a->kind) == is_tcp(b->kind) &&
	       is_echo(a->kind) == is_echo(b->kind);
}

/* Whether a packet is of a connection; *is_reply when it comes from the one that did not open. */
static bool belongs(const struct connection *connection, const struct packet *packet,
		    bool *is_reply)
{
	struct packet back = reversed(*packet);

	if (is_echo(packet->kind)) {
		*is_reply = packet->kind == ANSWER;
		return same_ends(&connection->first, *is_reply ? &back : packet);
	}
	*is_reply = !same_ends(&connection->first, packet);
	return !*is_reply || same_ends(&connection->first, &back);
}

static struct connection *find(struct tracker *tracker, const struct packet *packet, bool *is_reply)
{
	for (size_t i = 0; i < tracker->count; i++) {
		if (tracker->items[i].is_there && belongs(&tracker->items[i], packet, is_reply))
			return &tracker->items[i];
	}
	return NULL;
}

static void note(struct connection *connection, const struct packet *packet, bool is_reply)
{
	connection->finished[is_reply] |= packet->kind == FIN;
	connection->reset |= packet->kind == RST;
	connection->open |= packet->kind == SYN_ACK;
}

static void begin(struct tracker *tracker, const struct packet *packet, bool is_reply)
{
	struct connection *connection = &tracker->items[tracker->count++];

	assert_true(tracker->count <= CONNECTIONS);
	*connection = (struct connection){ .first = is_reply ? reversed(*packet) : *packet,
					   .is_there = true,
					   .open = packet->kind != SYN,
					   .generation = tracker->generation };
	note(connection, packet, is_reply);
}

static bool answer_unknown(struct tracker *tracker, const struct packet *packet)
{
	struct packet back = reversed(*packet);

	if (packet->kind == RST || packet->kind == ANSWER)
		return !tracker->strict && is_allowed(tracker, packet);
	if (is_tcp(packet->kind) && packet->kind != SYN && tracker->strict)
		return false;
	if (packet->kind != SYN_ACK && is_allowed(tracker, packet)) {
		begin(tracker, packet, false);
		return true;
	}
	if (!is_tcp(packet->kind) || packet->kind == SYN || !is_allowed(tracker, &back))
		return false;
	begin(tracker, packet, true);
	return true;
}

static bool is_over(const struct connection *connection)
{
	return connection->reset || (connection->finished[0] && connection->finished[1]);
}

static bool answer_stale(struct tracker *tracker, struct connection *connection)
{
	connection->revoked = !is_allowed(tracker, &connection->first);
	connection->generation = tracker->generation;
	if (connection->revoked && !is_tcp(connection->first.kind))
		connection->is_there = false;
	return !connection->revoked;
}

static bool answer(struct tracker *tracker, const struct packet *packet)
{
	bool is_reply = false;
	struct connection *connection = find(tracker, packet, &is_reply);
	bool is_stale = connection && connection->generation != tracker->generation;

	if (is_stale && tracker->at_change == WEIR_AT_CHANGE_FLUSH) {
		connection->is_there = false;
		connection = NULL;
	}
	if (!connection)
		return answer_unknown(tracker, packet);
	if (packet->kind == SYN && is_over(connection)) {
		connection->is_there = false;
		return answer_unknown(tracker, packet);
	}
	if (is_stale && tracker->at_change == WEIR_AT_CHANGE_REVALIDATE &&
	    !answer_stale(tracker, connection)) {
		connection->finished[0] = connection->finished[1] = true;
		return false;
	}
	if (connection->revoked)
		return false;
	if (packet->kind == SYN && is_reply && connection->open)
		return is_allowed(tracker, packet);
	note(connection, packet, is_reply);
	return true;
}

/* Packets. */

static uint32_t next(uint64_t *seed, uint32_t limit)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % limit;
}

static struct packet draw(uint64_t *seed)
{
	static const uint16_t ports[] = { 80, 81, 5000, 5001 };
	struct packet packet = { .kind = (enum kind)next(seed, KINDS),
				 .from = next(seed, HOSTS),
				 .sport = ports[next(seed, 4)],
				 .dport = ports[next(seed, 4)] };

	packet.to = (packet.from + 1 + next(seed, HOSTS - 1)) % HOSTS;
	if (is_echo(packet.kind))
		packet.sport = packet.dport = (uint16_t)(1 + next(seed, 3));
	return packet;
}

static struct weir_frame frame_of(struct frame_builder *b, const struct packet *packet,
				  uint64_t time)
{
	static const uint8_t flags[] = { [SYN] = WEIR_TCP_SYN,
					 [SYN_ACK] = WEIR_TCP_SYN | WEIR_TCP_ACK,
					 [ACK] = WEIR_TCP_ACK,
					 [FIN] = WEIR_TCP_FIN | WEIR_TCP_ACK,
					 [RST] = WEIR_TCP_RST };
	const char *from = hosts[packet->from], *to = hosts[packet->to];
	struct weir_frame frame;

	if (is_tcp(packet->kind))
		frame_tcp_packet(b, from, packet->sport, to, packet->dport, flags[packet->kind]);
	else if (packet->kind == UDP)
		frame_udp_packet(b, from, packet->sport, to, packet->dport, 8);
	else
		frame_echo_packet(b, from, to, packet->kind == ANSWER, packet->sport);
	frame = frame_whole(b);
	frame.time = time;
	return frame;
}

struct bout {
	struct weir_slot *slot;
	struct weir_worker *worker;
	struct tracker tracker;
	struct weir_policy *policies[2];
	uint64_t seed;
	uint64_t packets;
	uint64_t allowed;
};

static void change_policy(struct bout *bout)
{
	struct weir_policy *policy = bout->policies[bout->tracker.generation % 2];

	assert_int_equal(weir_slot_publish(bout->slot, policy), 0);
	bout->tracker.policy = policy;
	bout->tracker.generation++;
}

static void play_burst(struct bout *bout)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	static struct frame_builder builders[BURST_MAX];
	struct weir_packet_verdict verdicts[BURST_MAX];
	struct weir_frame frames[BURST_MAX];
	struct packet packets[BURST_MAX];
	uint32_t size = 1 + next(&bout->seed, BURST_MAX);

	for (uint32_t i = 0; i < size; i++) {
		packets[i] = draw(&bout->seed);
		frames[i] = frame_of(&builders[i], &packets[i], bout->packets * 1000);
	}
	weir_worker_process(bout->worker, &origin, frames, size, verdicts);
	for (uint32_t i = 0; i < size; i++) {
		bool wanted = answer(&bout->tracker, &packets[i]);

		if ((verdicts[i].action == WEIR_PACKET_ALLOW) != wanted)
			fail_msg("packet %llu, kind %d, %s:%u > %s:%u: %s, and the worker says %s",
				 (unsigned long long)bout->packets + i, packets[i].kind,
				 hosts[packets[i].from], packets[i].sport, hosts[packets[i].to],
				 packets[i].dport, wanted ? "allowed" : "denied",
				 weir_packet_why_name((enum weir_packet_why)verdicts[i].why));
		bout->allowed += wanted;
	}
	bout->packets += size;
}

static void workers_agree_with_a_naive_tracker(void **state)
{
	static struct bout bout;
	uint64_t allowed = 0, packets = 0;

	(void)state;
	for (unsigned seed = 0; seed < SEEDS; seed++) {
		struct weir_worker_options options = {
			.flows = { .max_ipv4_flows = CONNECTIONS,
				   .max_ipv6_flows = 1,
				   .secret = { seed, 2 } },
			.at_change = (uint8_t)(seed % 3),
			.strict = seed % 5 == 0,
		};

		memset(&bout, 0, sizeof(bout));
		bout.seed = seed + 1;
		bout.policies[0] = policy_of_port(80);
		bout.policies[1] = policy_of_port(81);
		assert_int_equal(weir_slot_create(bout.policies[0], 1, NULL, &bout.slot), 0);
		options.slot = bout.slot;
		assert_int_equal(weir_worker_create(&options, &bout.worker), 0);
		bout.tracker.policy = bout.policies[0];
		bout.tracker.generation = 1;
		bout.tracker.at_change = options.at_change;
		bout.tracker.strict = options.strict;
		while (bout.packets < PACKETS) {
			play_burst(&bout);
			if (next(&bout.seed, 12) == 0)
				change_policy(&bout);
		}
		allowed += bout.allowed;
		packets += bout.packets;
		weir_worker_destroy(bout.worker);
		weir_slot_destroy(bout.slot);
		weir_policy_unref(bout.policies[0]);
		weir_policy_unref(bout.policies[1]);
	}
	printf("%llu packets, %llu allowed\n", (unsigned long long)packets,
	       (unsigned long long)allowed);
	assert_in_range(allowed, packets / 10, packets * 95 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_agree_with_a_naive_tracker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
