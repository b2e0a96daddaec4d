/* The machines of connections: signals, states, ends (T15), openers (T4). */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "between.h"
#include "key.h"
#include "machine.h"

static uint8_t tcp(uint8_t flags)
{
	struct weir_packet packet = { .tuple.protocol = 6,
				      .tcp_flags = flags,
				      .tcp_flags_known = true };

	return weir_flow_signals(&packet);
}

static uint8_t sctp(uint8_t chunk)
{
	struct weir_packet packet = { .tuple.protocol = 132,
				      .sctp_chunk = chunk,
				      .sctp_chunk_known = true };

	return weir_flow_signals(&packet);
}

static void tcp_flags_are_signals(void **state)
{
	struct weir_packet cut = { .tuple.protocol = 6, .tcp_flags = WEIR_TCP_SYN };

	(void)state;
	assert_int_equal(tcp(WEIR_TCP_SYN), WEIR_FLOW_OPENS);
	assert_int_equal(tcp(WEIR_TCP_SYN | 0xc0), WEIR_FLOW_OPENS); /* ECN */
	assert_int_equal(tcp(WEIR_TCP_SYN | WEIR_TCP_ACK), WEIR_FLOW_ACCEPTS);
	assert_int_equal(tcp(WEIR_TCP_ACK), WEIR_FLOW_TALKS);
	assert_int_equal(tcp(0), WEIR_FLOW_TALKS);
	assert_int_equal(tcp(WEIR_TCP_FIN | WEIR_TCP_ACK), WEIR_FLOW_FINISHES);
	assert_int_equal(tcp(WEIR_TCP_SYN | WEIR_TCP_FIN), WEIR_FLOW_FINISHES);
	assert_int_equal(tcp(WEIR_TCP_RST | WEIR_TCP_ACK), WEIR_FLOW_ABORTS);
	assert_int_equal(tcp(WEIR_TCP_RST | WEIR_TCP_SYN), WEIR_FLOW_ABORTS);
	assert_int_equal(weir_flow_signals(&cut), WEIR_FLOW_TALKS);
}

static void sctp_chunks_are_signals(void **state)
{
	(void)state;
	assert_int_equal(sctp(1), WEIR_FLOW_OPENS);
	assert_int_equal(sctp(2), WEIR_FLOW_ACCEPTS);
	assert_int_equal(sctp(0), WEIR_FLOW_TALKS);
	assert_int_equal(sctp(7), WEIR_FLOW_FINISHES);
	assert_int_equal(sctp(8), WEIR_FLOW_FINISHES);
	assert_int_equal(sctp(6), WEIR_FLOW_ABORTS);
	assert_int_equal(sctp(14), WEIR_FLOW_ABORTS);
}

/* Packets as letters: the opener's in capitals, the other side's small. S SYN, T SYN-ACK, A ACK,
 * F FIN, R RST. */
static const struct {
	const char *packets;
	enum weir_flow_state state;
	bool is_succeeded; /* by a lone SYN, T15 */
} lives[] = {
	{ "S", WEIR_FLOW_NEW, false },          { "SSS", WEIR_FLOW_NEW, false },
	{ "St", WEIR_FLOW_ESTABLISHED, false }, { "StA", WEIR_FLOW_ESTABLISHED, false },
	{ "SA", WEIR_FLOW_ESTABLISHED, false }, { "A", WEIR_FLOW_ESTABLISHED, false },
	{ "StAF", WEIR_FLOW_CLOSING, false },   { "StAFF", WEIR_FLOW_CLOSING, false },
	{ "StAFa", WEIR_FLOW_CLOSING, false },  { "StAFf", WEIR_FLOW_CLOSED, true },
	{ "StAfFa", WEIR_FLOW_CLOSED, true },   { "Sr", WEIR_FLOW_CLOSED, true },
	{ "StAR", WEIR_FLOW_CLOSED, true },     { "SrA", WEIR_FLOW_CLOSED, true },
};

static void play(struct weir_flow_machine *machine, const char *packets)
{
	for (const char *at = packets; *at; at++) {
		unsigned side = *at >= 'a';
		uint8_t flags;

		switch (*at & ~0x20) {
		case 'S':
			flags = WEIR_TCP_SYN;
			break;
		case 'T':
			flags = WEIR_TCP_SYN | WEIR_TCP_ACK;
			break;
		case 'F':
			flags = WEIR_TCP_FIN | WEIR_TCP_ACK;
			break;
		case 'R':
			flags = WEIR_TCP_RST;
			break;
		default:
			flags = WEIR_TCP_ACK;
			break;
		}
		if (at == packets)
			weir_flow_begin(machine, side, tcp(flags));
		else
			weir_flow_advance(machine, side, tcp(flags));
	}
}

static void t15_tcp_lives_and_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		struct weir_flow_machine machine;

		play(&machine, lives[i].packets);
		if (weir_flow_state(&machine, 6, 0) != lives[i].state ||
		    weir_flow_is_succeeded(&machine, WEIR_FLOW_OPENS) != lives[i].is_succeeded)
			fail_msg("%s: %s", lives[i].packets,
				 weir_flow_state_name(weir_flow_state(&machine, 6, 0)));
		assert_false(weir_flow_is_succeeded(&machine, WEIR_FLOW_ACCEPTS));
		assert_false(weir_flow_is_succeeded(&machine, WEIR_FLOW_TALKS));
	}
}

/* Every packet seen twice changes nothing. */
static void t9_second_sightings_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		struct weir_flow_machine once;
		struct weir_flow_machine twice;
		char doubled[32] = "";

		for (const char *at = lives[i].packets; *at; at++) {
			size_t length = strlen(doubled);

			doubled[length] = doubled[length + 1] = *at;
		}
		play(&once, lives[i].packets);
		play(&twice, doubled);
		assert_memory_equal(&once, &twice, sizeof(once));
	}
}

static const struct {
	const char *packets;
	bool is_midstream;
	unsigned opener;
} openings[] = {
	{ "S", false, 0 },
	{ "s", false, 1 },
	{ "Ss", false, 0 }, /* both at once: the first */
	{ "ST", false, 0 }, /* the first packet opens, whoever accepts later */
	{ "t", true, 0 },   /* the receiver of a SYN-ACK */
	{ "T", true, 1 },
	{ "AaT", true, 1 },
	{ "tT", true, 0 }, /* the first SYN-ACK */
	{ "tsT", true, 0 },
	{ "As", true, 1 }, /* a SYN later than the first packet */
	{ "sA", false, 1 },
	{ "a", true, WEIR_FLOW_SIDE_UNKNOWN },
	{ "RaF", true, WEIR_FLOW_SIDE_UNKNOWN },
};

static void t4_packets_show_the_opener(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(openings); i++) {
		struct weir_flow_machine machine;

		play(&machine, openings[i].packets);
		if (weir_flow_is_midstream(&machine) != openings[i].is_midstream ||
		    weir_flow_shown_opener(&machine) != openings[i].opener)
			fail_msg("%s: %u", openings[i].packets, weir_flow_shown_opener(&machine));
		assert_int_equal(weir_flow_first_side(&machine), openings[i].packets[0] >= 'a');
	}
}

static void others_are_replied_or_not(void **state)
{
	struct weir_flow_machine machine;

	(void)state;
	weir_flow_begin(&machine, 0, WEIR_FLOW_TALKS);
	assert_int_equal(weir_flow_state(&machine, 17, 0), WEIR_FLOW_UNREPLIED);
	assert_int_equal(weir_flow_state(&machine, 17, 1), WEIR_FLOW_REPLIED);
	weir_flow_advance(&machine, 1, WEIR_FLOW_TALKS);
	assert_int_equal(weir_flow_state(&machine, 17, 0), WEIR_FLOW_REPLIED);
}

static void both_directions_have_one_key(void **state)
{
	struct weir_packet there = between("10.0.0.2", 1000, "10.0.0.1", 80, 6);
	struct weir_packet back = between("10.0.0.1", 80, "10.0.0.2", 1000, 6);
	struct weir_packet other = between("10.0.0.1", 1000, "10.0.0.2", 80, 6);
	struct weir_flow_secret secrets[2];
	struct weir_flow_key a;
	struct weir_flow_key b;

	(void)state;
	weir_flow_secret_make((const uint64_t[]){ 5, 0 }, &secrets[0]);
	weir_flow_secret_make((const uint64_t[]){ 6, 0 }, &secrets[1]);
	assert_int_equal(weir_flow_key_of(&there, &a), 1);
	assert_int_equal(weir_flow_key_of(&back, &b), 0);
	assert_true(weir_flow_key_equal(&a, &b));
	assert_true(weir_flow_hash(&a, &secrets[0]) == weir_flow_hash(&b, &secrets[0]));
	assert_true(weir_flow_hash(&a, &secrets[0]) != weir_flow_hash(&a, &secrets[1]));
	weir_flow_key_of(&other, &b);
	assert_false(weir_flow_key_equal(&a, &b));
	there = between("10.0.0.1", 1000, "10.0.0.1", 80, 6);
	back = between("10.0.0.1", 80, "10.0.0.1", 1000, 6);
	assert_int_equal(weir_flow_key_of(&there, &a), 1);
	assert_int_equal(weir_flow_key_of(&back, &b), 0);
	assert_true(weir_flow_key_equal(&a, &b));
}

static void t6_who_asks_is_part_of_an_echo(void **state)
{
	struct weir_packet request = between("10.0.0.2", 7, "10.0.0.1", 7, 1);
	struct weir_packet reply = between("10.0.0.1", 7, "10.0.0.2", 7, 1);
	struct weir_flow_key a;
	struct weir_flow_key b;

	(void)state;
	request.icmp_type = 8;
	assert_int_equal(weir_flow_key_of(&request, &a), 0);
	assert_int_equal(weir_flow_key_of(&reply, &b), 1);
	assert_true(weir_flow_key_equal(&a, &b));
	assert_int_equal(weir_flow_signals(&request), WEIR_FLOW_OPENS);
	assert_int_equal(weir_flow_signals(&reply), WEIR_FLOW_ACCEPTS);
	reply.icmp_type = 8;
	assert_int_equal(weir_flow_key_of(&reply, &b), 0);
	assert_false(weir_flow_key_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_flags_are_signals),
		cmocka_unit_test(sctp_chunks_are_signals),
		cmocka_unit_test(t15_tcp_lives_and_ends),
		cmocka_unit_test(t9_second_sightings_change_nothing),
		cmocka_unit_test(t4_packets_show_the_opener),
		cmocka_unit_test(others_are_replied_or_not),
		cmocka_unit_test(both_directions_have_one_key),
		cmocka_unit_test(t6_who_asks_is_part_of_an_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
