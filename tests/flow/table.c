/* The live table: what a connection has lived through, how long it is kept, what is made room
 * for, collisions that somebody made. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "between.h"
#include "failing.h"
#include "shown.h"
#include "table.h"

#define SECOND UINT64_C(1000000000)

static struct weir_flow_table *table_of(uint32_t flows)
{
	struct weir_flow_options options = { .max_ipv4_flows = flows,
					     .max_ipv6_flows = flows,
					     .secret = { 1, 2 } };
	struct weir_flow_table *table;

	assert_int_equal(weir_flow_table_create(&options, NULL, &table), 0);
	return table;
}

static struct weir_flow_probe probe_of(const struct weir_flow_table *table,
				       const struct weir_packet *packet, unsigned *side)
{
	struct weir_flow_probe probe;
	struct weir_flow_key key;

	*side = weir_flow_key_of(packet, &key);
	weir_flow_probe_of(&key, &probe);
	weir_flow_table_prepare(table, &probe, 1);
	return probe;
}

/* Takes one packet as a worker that allows everything does. */
static struct weir_flow_entry *take(struct weir_flow_table *table, const struct weir_packet *packet)
{
	uint8_t signals = weir_flow_signals(packet);
	struct weir_flow_memo memo = { .marks = 1 };
	unsigned side;
	struct weir_flow_probe probe = probe_of(table, packet, &side);
	struct weir_flow_entry *entry = weir_flow_table_find(table, &probe);
	struct weir_flow_machine machine;

	if (!entry)
		return weir_flow_table_insert(table, &probe, side, signals, memo);
	machine = weir_flow_entry_machine(entry);
	if (weir_flow_is_succeeded(&machine, signals))
		weir_flow_table_restart(table, entry, side, signals, memo);
	else
		weir_flow_table_note(table, entry, side, signals);
	return entry;
}

/* Packets as letters, the opener's in capitals. TCP: S SYN, T SYN-ACK, A ACK, F FIN, R RST.
 * SCTP: I INIT, J INIT-ACK, C COOKIE, D DATA, H SHUTDOWN, K SHUTDOWN-ACK, E SHUTDOWN-COMPLETE,
 * X ABORT. Others: P, any. */
static const struct {
	const char *name;
	const char *packets;
	enum weir_flow_timeout timeout;
	uint8_t protocol;
} lives[] = {
	{ "a SYN", "S", WEIR_FLOW_TIMEOUT_TCP_SYN_SENT, 6 },
	{ "a SYN sent again", "SSS", WEIR_FLOW_TIMEOUT_TCP_SYN_SENT, 6 },
	{ "half-open", "St", WEIR_FLOW_TIMEOUT_TCP_SYN_RECEIVED, 6 },
	{ "half-open, the server speaks", "Sta", WEIR_FLOW_TIMEOUT_TCP_SYN_RECEIVED, 6 },
	{ "handshake", "StA", WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED, 6 },
	{ "simultaneous open", "Ss", WEIR_FLOW_TIMEOUT_TCP_SYN_SENT, 6 },
	{ "simultaneous open, accepted", "SsTt", WEIR_FLOW_TIMEOUT_TCP_SYN_RECEIVED, 6 },
	{ "simultaneous open, established", "SsTtAa", WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED, 6 },
	{ "mid-stream, one side", "AA", WEIR_FLOW_TIMEOUT_TCP_UNACKNOWLEDGED, 6 },
	{ "mid-stream, both", "Aa", WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED, 6 },
	{ "a SYN in an established one", "StAaS", WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED, 6 },
	{ "FIN of the opener", "StAF", WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT, 6 },
	{ "FIN of the server", "StAf", WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT, 6 },
	{ "FIN of one, data of the other", "StAFaa", WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT, 6 },
	{ "FIN of both", "StAFfA", WEIR_FLOW_TIMEOUT_TCP_TIME_WAIT, 6 },
	{ "refused", "Sr", WEIR_FLOW_TIMEOUT_TCP_CLOSE, 6 },
	{ "reset", "StAR", WEIR_FLOW_TIMEOUT_TCP_CLOSE, 6 },
	{ "reset after FIN", "StAFfr", WEIR_FLOW_TIMEOUT_TCP_CLOSE, 6 },
	{ "opened again after reset", "StArS", WEIR_FLOW_TIMEOUT_TCP_SYN_SENT, 6 },
	{ "opened again after FIN, by the other", "StAFfs", WEIR_FLOW_TIMEOUT_TCP_SYN_SENT, 6 },
	{ "INIT", "I", WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT, 132 },
	{ "INIT-ACK", "Ij", WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT, 132 },
	{ "COOKIE-ECHO", "IjC", WEIR_FLOW_TIMEOUT_SCTP_COOKIE_ECHOED, 132 },
	{ "COOKIE-ACK", "IjCc", WEIR_FLOW_TIMEOUT_SCTP_ESTABLISHED, 132 },
	{ "SHUTDOWN", "IjCcDH", WEIR_FLOW_TIMEOUT_SCTP_SHUTDOWN, 132 },
	{ "SHUTDOWN-ACK", "IjCcHk", WEIR_FLOW_TIMEOUT_SCTP_SHUTDOWN, 132 },
	{ "SHUTDOWN-COMPLETE", "IjCcHkE", WEIR_FLOW_TIMEOUT_SCTP_CLOSED, 132 },
	{ "ABORT", "Ijx", WEIR_FLOW_TIMEOUT_SCTP_CLOSED, 132 },
	{ "INIT again after ABORT", "IjxI", WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT, 132 },
	{ "UDP unreplied", "PP", WEIR_FLOW_TIMEOUT_UDP, 17 },
	{ "UDP replied", "Pp", WEIR_FLOW_TIMEOUT_UDP_STREAM, 17 },
	{ "echo", "P", WEIR_FLOW_TIMEOUT_ICMP, 1 },
	{ "echo replied", "Pp", WEIR_FLOW_TIMEOUT_ICMP, 1 },
	{ "echo, IPv6", "Pp", WEIR_FLOW_TIMEOUT_ICMPV6, 58 },
	{ "GRE", "Pp", WEIR_FLOW_TIMEOUT_GENERIC, 47 },
	{ "ESP", "P", WEIR_FLOW_TIMEOUT_GENERIC, 50 },
};

static uint8_t tcp_flags_of(char letter)
{
	switch (letter & ~0x20) {
	case 'S':
		return WEIR_TCP_SYN;
	case 'T':
		return WEIR_TCP_SYN | WEIR_TCP_ACK;
	case 'F':
		return WEIR_TCP_FIN | WEIR_TCP_ACK;
	case 'R':
		return WEIR_TCP_RST;
	default:
		return WEIR_TCP_ACK;
	}
}

static uint8_t sctp_chunk_of(char letter)
{
	static const char letters[] = "DIJ...XHK.C...E";
	const char *at = strchr(letters, letter & ~0x20);

	return (uint8_t)(at ? at - letters : 0);
}

static struct weir_packet packet_of(uint8_t protocol, char letter)
{
	static const char *const ends[2][2] = { { "10.0.0.9", "10.0.0.1" },
						{ "2001:db8::9", "2001:db8::1" } };
	bool is_ipv6 = protocol == 58;
	unsigned side = letter >= 'a';
	bool has_ports = weir_flow_has_ports(protocol);
	uint16_t ports[2] = { has_ports ? 40000 : 7, has_ports ? 80 : 7 };
	struct weir_packet packet = between(ends[is_ipv6][side], ports[side], ends[is_ipv6][!side],
					    ports[!side], protocol);

	packet.tcp_flags = tcp_flags_of(letter);
	packet.sctp_chunk = sctp_chunk_of(letter);
	packet.tcp_flags_known = packet.sctp_chunk_known = true;
	packet.icmp_type = (uint8_t)(is_ipv6 ? 128 + side : side ? 0 : 8);
	return packet;
}

/* And each is kept as long as its state says, to a step. */
static void s10_lives_and_how_long_they_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		struct weir_flow_table *table = table_of(8);
		uint64_t now = 1000 * SECOND + 1;
		uint64_t timeout = weir_flow_timeout_default(lives[i].timeout);
		struct weir_packet packet = { 0 };
		struct weir_flow_probe probe;
		struct shown_flow flow;
		uint64_t cursor = 0;
		unsigned side;

		weir_flow_table_advance(table, now);
		for (const char *at = lives[i].packets; *at; at++) {
			packet = packet_of(lives[i].protocol, *at);
			assert_non_null(take(table, &packet));
		}
		assert_true(next_flow(table, &cursor, &flow));
		if (flow.timeout != lives[i].timeout)
			fail_msg("%s: %s", lives[i].name, weir_flow_timeout_name(flow.timeout));
		assert_false(next_flow(table, &cursor, &flow));
		probe = probe_of(table, &packet, &side);
		assert_in_range(flow.expires, now + timeout, now + timeout + (1 << 27) - 1);
		weir_flow_table_advance(table, flow.expires - 1);
		assert_non_null(weir_flow_table_find(table, &probe));
		weir_flow_table_advance(table, flow.expires);
		if (weir_flow_table_find(table, &probe))
			fail_msg("%s: still kept", lives[i].name);
		weir_flow_table_destroy(table);
	}
}

static void timeouts_can_be_set(void **state)
{
	struct weir_flow_options options = { .max_ipv4_flows = 1 };
	struct weir_packet packet = packet_of(17, 'P');
	struct weir_flow_table *table;
	struct weir_flow_probe probe;
	unsigned side;

	(void)state;
	options.timeouts[WEIR_FLOW_TIMEOUT_UDP] = 5 * SECOND;
	assert_int_equal(weir_flow_table_create(&options, NULL, &table), 0);
	take(table, &packet);
	probe = probe_of(table, &packet, &side);
	weir_flow_table_advance(table, 5 * SECOND - 1);
	assert_non_null(weir_flow_table_find(table, &probe));
	weir_flow_table_advance(table, 6 * SECOND);
	assert_null(weir_flow_table_find(table, &probe));
	weir_flow_table_destroy(table);
}

static void zones_keep_apart(void **state)
{
	struct weir_flow_table *table = table_of(8);
	struct weir_packet packet = packet_of(6, 'S');
	struct weir_flow_memo memo = { .marks = 3 };
	struct weir_flow_entry *entries[2];
	struct weir_flow_probe probes[2];
	struct weir_flow_key keys[2];

	(void)state;
	weir_flow_key_of(&packet, &keys[0]);
	keys[1] = keys[0];
	keys[1].zone = 7;
	weir_flow_probe_of(&keys[0], &probes[0]);
	weir_flow_probe_of(&keys[1], &probes[1]);
	weir_flow_table_prepare(table, probes, 2);
	weir_flow_table_insert(table, &probes[0], 0, WEIR_FLOW_OPENS, memo);
	weir_flow_table_find_burst(table, probes, entries, 2);
	assert_non_null(entries[0]);
	assert_null(entries[1]);
	assert_int_equal(weir_flow_entry_memo(entries[0]).marks, 3);
	weir_flow_table_destroy(table);
}

/* The second comes into the first one's entry. */
static void find_again_of(const struct weir_flow_key keys[2])
{
	struct weir_flow_table *table = table_of(1);
	struct weir_flow_memo memo = { .marks = 1 };
	struct weir_flow_probe probes[2];
	struct weir_flow_entry *first, *second;

	weir_flow_probe_of(&keys[0], &probes[0]);
	weir_flow_probe_of(&keys[1], &probes[1]);
	weir_flow_table_prepare(table, probes, 2);
	first = weir_flow_table_insert(table, &probes[0], 0, WEIR_FLOW_OPENS, memo);
	assert_ptr_equal(weir_flow_table_find_again(table, &probes[0], first), first);
	assert_ptr_equal(weir_flow_table_find_again(table, &probes[0], NULL), first);
	weir_flow_table_remove(table, first);
	assert_null(weir_flow_table_find_again(table, &probes[0], first));
	second = weir_flow_table_insert(table, &probes[1], 0, WEIR_FLOW_OPENS, memo);
	assert_ptr_equal(second, first);
	assert_null(weir_flow_table_find_again(table, &probes[0], first));
	assert_ptr_equal(weir_flow_table_find_again(table, &probes[1], NULL), second);
	weir_flow_table_destroy(table);
}

static void what_was_found_is_found_again_while_it_is_there(void **state)
{
	struct weir_packet packet = packet_of(6, 'S');
	struct weir_flow_key keys[2];

	(void)state;
	weir_flow_key_of(&packet, &keys[0]);
	keys[1] = keys[0];
	keys[1].ends[1].bytes[15] ^= 1;
	find_again_of(keys);
	for (unsigned i = 0; i < 4; i++)
		keys[i / 2].ends[i % 2].bytes[0] = 0xfd;
	find_again_of(keys);
}

/* S10: both families; a quoted reply belongs as well, somebody else's error does not. */
static void s10_errors_are_related_by_what_they_quote(void **state)
{
	(void)state;
	for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		static const char *const pods[2][3] = { { "10.0.0.9", "10.0.0.1", "192.0.2.1" },
							{ "2001:db8::9", "2001:db8::1",
							  "2001:db8:1::1" } };
		const char *const *who = pods[is_ipv6];
		uint8_t icmp = is_ipv6 ? 58 : 1;
		struct weir_packet there = between(who[0], 40000, who[1], 53, 17);
		struct weir_packet back = between(who[1], 53, who[0], 40000, 17);
		struct weir_packet ping = between(who[1], 9, who[0], 9, icmp);
		struct weir_packet error = between(who[2], 0, who[0], 0, icmp);
		struct weir_flow_key want;
		struct weir_flow_key got;
		unsigned want_side;
		unsigned side;

		assert_false(weir_flow_key_of_related(&error, &got, &side));
		error.has_quote = true;
		error.quote = there.tuple;
		want_side = weir_flow_key_of(&there, &want);
		assert_true(weir_flow_key_of_related(&error, &got, &side));
		assert_true(weir_flow_key_equal(&want, &got));
		assert_int_equal(side, want_side);
		error.quote = back.tuple; /* not sent by who is told */
		assert_false(weir_flow_key_of_related(&error, &got, &side));
		ping.icmp_type = is_ipv6 ? 128 : 8;
		weir_flow_key_of(&ping, &want);
		error.quote = ping.tuple; /* the answer to it, quoted back to who answered */
		error.quote.source = ping.tuple.destination;
		error.quote.destination = ping.tuple.source;
		error.quote_icmp_type = is_ipv6 ? 129 : 0;
		assert_true(weir_flow_key_of_related(&error, &got, &side));
		assert_true(weir_flow_key_equal(&want, &got));
		assert_int_equal(side, 1);
	}
}

static struct weir_flow_probe numbered(const struct weir_flow_table *table, uint32_t number)
{
	struct weir_packet packet = { .tuple.protocol = 17, .tuple.destination_port = 53 };
	unsigned side;

	packet.tuple.source = weir_address_from_ipv4((const uint8_t *)&number);
	packet.tuple.destination = weir_address_from_ipv4((const uint8_t[4]){ 10, 0, 0, 1 });
	return probe_of(table, &packet, &side);
}

static struct weir_flow_entry *insert(struct weir_flow_table *table,
				      const struct weir_flow_probe *probe, uint32_t number)
{
	struct weir_flow_memo memo = { .source_generation = number };

	return weir_flow_table_insert(table, probe, 0, WEIR_FLOW_TALKS, memo);
}

/* Who knows the secret makes them meet: all are told apart, the sequence's end is the bound. */
static void crafted_collisions_are_bounded(void **state)
{
	enum { FLOWS = 4000, MET = 72, ROOM = 64 };
	struct weir_flow_table *table = table_of(FLOWS);
	uint32_t home = numbered(table, 0).bucket;
	struct weir_flow_counters before;
	struct weir_flow_counters after;
	struct weir_flow_probe met[MET];
	uint32_t count = 0;

	(void)state;
	for (uint32_t i = 0; count < MET; i++) {
		met[count] = numbered(table, i);
		count += met[count].bucket == home;
	}
	for (uint32_t i = 0; i < ROOM; i++)
		assert_non_null(insert(table, &met[i], i));
	for (uint32_t i = 0; i < ROOM; i++) {
		struct weir_flow_entry *entry = weir_flow_table_find(table, &met[i]);

		assert_non_null(entry);
		assert_int_equal(weir_flow_entry_memo(entry).source_generation, i);
	}
	assert_null(weir_flow_table_find(table, &met[ROOM]));
	weir_flow_table_count(table, &before);
	for (uint32_t i = ROOM; i < MET; i++)
		assert_non_null(insert(table, &met[i], i));
	weir_flow_table_count(table, &after);
	assert_int_equal(after.evicted, MET - ROOM);
	assert_int_equal(after.flows[0], ROOM);
	assert_true(after.steps - before.steps <= (MET - ROOM) * 3 * 32);
	weir_flow_table_destroy(table);
}

static void another_secret_scatters_them(void **state)
{
	struct weir_flow_options options = { .max_ipv4_flows = 4000, .secret = { 8, 9 } };
	struct weir_flow_table *table = table_of(4000);
	struct weir_flow_table *other;
	uint32_t home = numbered(table, 0).bucket;
	unsigned together = 0;
	unsigned met = 0;

	(void)state;
	assert_int_equal(weir_flow_table_create(&options, NULL, &other), 0);
	for (uint32_t i = 1; met < 20; i++) {
		if (numbered(table, i).bucket != home)
			continue;
		met++;
		together += numbered(other, i).bucket == numbered(other, 0).bucket;
	}
	assert_true(together < 2);
	weir_flow_table_destroy(table);
	weir_flow_table_destroy(other);
}

/* The oldest that nobody answered goes; what was answered stays, and then nothing more fits. */
static void full_tables_give_up_the_oldest_unreplied(void **state)
{
	struct weir_flow_table *table = table_of(4);
	struct weir_flow_counters counters;
	struct weir_flow_probe probes[10];

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		probes[i] = numbered(table, i);
	for (uint32_t i = 0; i < 4; i++) {
		weir_flow_table_advance(table, (i + 1) * SECOND);
		insert(table, &probes[i], i);
	}
	weir_flow_table_note(table, weir_flow_table_find(table, &probes[0]), 1, WEIR_FLOW_TALKS);
	assert_non_null(insert(table, &probes[4], 4));
	assert_non_null(weir_flow_table_find(table, &probes[0]));
	assert_null(weir_flow_table_find(table, &probes[1]));
	assert_non_null(weir_flow_table_find(table, &probes[2]));
	for (uint32_t i = 2; i < 5; i++)
		weir_flow_table_note(table, weir_flow_table_find(table, &probes[i]), 1,
				     WEIR_FLOW_TALKS);
	assert_null(insert(table, &probes[5], 5));
	weir_flow_table_count(table, &counters);
	assert_int_equal(counters.evicted, 1);
	assert_int_equal(counters.refused, 1);
	assert_int_equal(counters.flows[0], 4);
	weir_flow_table_advance(table, 200 * SECOND);
	assert_non_null(insert(table, &probes[5], 5));
	weir_flow_table_flush(table);
	assert_null(weir_flow_table_find(table, &probes[5]));
	weir_flow_table_destroy(table);
}

/* A flood: of eight that nobody answered one goes, and what has expired goes before all of them. */
static void room_in_a_full_table_takes_few_steps(void **state)
{
	enum { FLOWS = 4000, EXPIRED = 100 };
	struct weir_flow_table *table = table_of(FLOWS);
	struct weir_flow_counters full;
	struct weir_flow_counters after;

	(void)state;
	for (uint32_t i = 0; i < 2 * FLOWS; i++) {
		struct weir_flow_probe probe = numbered(table, i);

		if (i == FLOWS)
			weir_flow_table_count(table, &full);
		assert_non_null(insert(table, &probe, i));
	}
	weir_flow_table_count(table, &after);
	assert_int_equal(full.evicted, 0);
	assert_int_equal(after.evicted, FLOWS);
	assert_true(after.steps - full.steps <= FLOWS * 12);
	weir_flow_table_advance(table, 200 * SECOND);
	for (uint32_t i = 0; i < EXPIRED; i++) {
		struct weir_flow_probe probe = numbered(table, 2 * FLOWS + i);

		assert_non_null(insert(table, &probe, i));
	}
	weir_flow_table_count(table, &after);
	assert_int_equal(after.evicted, FLOWS);
	assert_true(after.expired >= EXPIRED);
	weir_flow_table_destroy(table);
}

static uint64_t given_up_by_filling(uint32_t flows)
{
	struct weir_flow_table *table = table_of(flows);
	struct weir_flow_counters counters;

	for (uint32_t i = 0; i < flows; i++) {
		char source[16];
		struct weir_packet packet;

		snprintf(source, sizeof(source), "fd00:%x::%x", i >> 16, i & 0xffff);
		packet = between(source, 1000, "fd01::1", 53, 17);
		assert_non_null(take(table, &packet));
	}
	weir_flow_table_count(table, &counters);
	assert_int_equal(counters.inserted, flows);
	weir_flow_table_destroy(table);
	return counters.evicted;
}

/* Below the bound a flow finds a place: however unlucky the number of buckets (a sequence that came
 * back to its first bucket early would be full early), and in tables so large that the unluckiest
 * of their flows have very little luck. */
static void no_flow_is_given_up_below_the_bound(void **state)
{
	(void)state;
	for (uint32_t flows = 40; flows < 840; flows++)
		assert_int_equal(given_up_by_filling(flows), 0);
	assert_int_equal(given_up_by_filling(2000000), 0);
}

static void memory_is_bounded_and_taken_at_once(void **state)
{
	struct weir_flow_options options = { .max_ipv4_flows = 1 << 16 };
	struct weir_flow_counters counters;
	struct weir_flow_table *table;

	(void)state;
	assert_int_equal(weir_flow_table_create(&options, NULL, &table), 0);
	weir_flow_table_count(table, &counters);
	assert_true(counters.bytes <= 64 << 16);
	weir_flow_table_destroy(table);
	options = (struct weir_flow_options){ .max_ipv6_flows = 1 << 16 };
	assert_int_equal(weir_flow_table_create(&options, NULL, &table), 0);
	weir_flow_table_count(table, &counters);
	assert_true(counters.bytes <= 96 << 16);
	weir_flow_table_destroy(table);
	weir_flow_table_destroy(NULL);
	for (unsigned i = 0; i < 3; i++) {
		struct failing failing = failing_never();

		failing_after(&failing, i);
		assert_int_equal(weir_flow_table_create(&options, &failing.allocator, &table), -12);
		assert_int_equal(failing.live, 0);
	}
}

static void tables_of_nothing_refuse(void **state)
{
	struct weir_flow_table *table = table_of(0);
	struct weir_flow_probe probe = numbered(table, 1);

	(void)state;
	assert_null(insert(table, &probe, 1));
	assert_null(weir_flow_table_find(table, &probe));
	weir_flow_table_destroy(table);
}

static void assert_same_key(const struct weir_flow_probe *short_way, unsigned side,
			    const struct weir_packet *packet)
{
	struct weir_flow_probe probe;
	struct weir_flow_key key;

	assert_int_equal(weir_flow_key_of(packet, &key), side);
	weir_flow_probe_of(&key, &probe);
	assert_int_equal(short_way->family, probe.family);
	assert_int_equal(short_way->words[WEIR_FLOW_META], probe.words[WEIR_FLOW_META]);
	assert_int_equal(short_way->words[WEIR_FLOW_PORTS], probe.words[WEIR_FLOW_PORTS]);
	assert_memory_equal(&short_way->words[WEIR_FLOW_ADDRESSES],
			    &probe.words[WEIR_FLOW_ADDRESSES], probe.family ? 32 : 8);
}

/* The short ways of a family. */
struct short_ways {
	uint8_t icmp;
	uint8_t request;
	uint8_t reply;
	unsigned (*of_ports)(const uint8_t *addresses, uint32_t ports, uint8_t protocol,
			     struct weir_flow_probe *out);
	unsigned (*of_echo)(const uint8_t *addresses, uint16_t identifier, bool is_reply,
			    struct weir_flow_probe *out);
};

static uint64_t ipv4_pair(const uint8_t *addresses)
{
	uint64_t word;

	memcpy(&word, addresses, sizeof(word));
	return be64toh(word);
}

static unsigned ports_ipv4(const uint8_t *addresses, uint32_t ports, uint8_t protocol,
			   struct weir_flow_probe *out)
{
	return weir_flow_probe_ipv4(ipv4_pair(addresses), ports, protocol, 0, out);
}

static unsigned echo_ipv4(const uint8_t *addresses, uint16_t identifier, bool is_reply,
			  struct weir_flow_probe *out)
{
	return weir_flow_probe_echo_ipv4(ipv4_pair(addresses), identifier, is_reply, 0, out);
}

static unsigned ports_ipv6(const uint8_t *addresses, uint32_t ports, uint8_t protocol,
			   struct weir_flow_probe *out)
{
	return weir_flow_probe_ipv6(addresses, ports, protocol, 0, out);
}

static unsigned echo_ipv6(const uint8_t *addresses, uint16_t identifier, bool is_reply,
			  struct weir_flow_probe *out)
{
	return weir_flow_probe_echo_ipv6(addresses, identifier, is_reply, 0, out);
}

static const struct short_ways ipv4_ways = { WEIR_PROTOCOL_ICMP, 8, 0, ports_ipv4, echo_ipv4 };
static const struct short_ways ipv6_ways = { WEIR_PROTOCOL_ICMPV6, 128, 129, ports_ipv6,
					     echo_ipv6 };

/* Between two ends, as TCP and UDP, and as a ping and its answer. */
static void compare_short_ways(const struct short_ways *ways, const uint8_t *addresses,
			       struct weir_address source, struct weir_address destination,
			       uint32_t ports)
{
	static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_UDP };
	uint16_t identifier = (uint16_t)ports;
	struct weir_packet packet = { .tuple = { .source = source,
						 .destination = destination,
						 .source_port = (uint16_t)(ports >> 16),
						 .destination_port = (uint16_t)ports } };
	struct weir_flow_probe probe;

	for (unsigned i = 0; i < 2; i++) {
		packet.tuple.protocol = protocols[i];
		assert_same_key(&probe, ways->of_ports(addresses, ports, protocols[i], &probe),
				&packet);
	}
	packet.tuple.protocol = ways->icmp;
	packet.tuple.source_port = identifier;
	for (unsigned is_reply = 0; is_reply < 2; is_reply++) {
		packet.icmp_type = is_reply ? ways->reply : ways->request;
		assert_same_key(&probe, ways->of_echo(addresses, identifier, is_reply, &probe),
				&packet);
	}
}

/* IPv4, and IPv6 that differs from it in one word or the other. */
static void compare_families(uint32_t source, uint32_t destination, uint32_t ports)
{
	const uint32_t words[2] = { htobe32(source), htobe32(destination) };
	uint8_t addresses[32];

	memcpy(addresses, words, sizeof(words));
	compare_short_ways(&ipv4_ways, addresses, weir_flow_ipv4(source),
			   weir_flow_ipv4(destination), ports);
	for (unsigned at = 4; at <= 12; at += 4) {
		struct weir_address ends[2] = { { { 0xfd } }, { { 0xfd } } };

		memcpy(&ends[0].bytes[at], &words[0], 4);
		memcpy(&ends[1].bytes[at], &words[1], 4);
		memcpy(addresses, ends, sizeof(ends));
		compare_short_ways(&ipv6_ways, addresses, ends[0], ends[1], ports);
	}
}

static void plain_packets_have_the_same_keys(void **state)
{
	static const uint32_t addresses[] = { 0, 1, 0x0a000001, 0x80000000, UINT32_MAX };
	static const uint16_t ports[] = { 0, 255, 256, UINT16_MAX };

	(void)state;
	for (unsigned a = 0; a < 5 * 5; a++)
		for (unsigned p = 0; p < 4 * 4; p++)
			compare_families(addresses[a / 5], addresses[a % 5],
					 (uint32_t)ports[p / 4] << 16 | ports[p % 4]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s10_lives_and_how_long_they_are_kept),
		cmocka_unit_test(timeouts_can_be_set),
		cmocka_unit_test(zones_keep_apart),
		cmocka_unit_test(what_was_found_is_found_again_while_it_is_there),
		cmocka_unit_test(s10_errors_are_related_by_what_they_quote),
		cmocka_unit_test(crafted_collisions_are_bounded),
		cmocka_unit_test(another_secret_scatters_them),
		cmocka_unit_test(full_tables_give_up_the_oldest_unreplied),
		cmocka_unit_test(room_in_a_full_table_takes_few_steps),
		cmocka_unit_test(no_flow_is_given_up_below_the_bound),
		cmocka_unit_test(memory_is_bounded_and_taken_at_once),
		cmocka_unit_test(tables_of_nothing_refuse),
		cmocka_unit_test(plain_packets_have_the_same_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
