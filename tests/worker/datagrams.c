/* Fragments on a live path: who follows, who waits, and who is refused. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "datagrams.h"
#include "weir/key.h"

enum {
	ENTRIES = 64,
	TICKETS = 8,
	LEAST = 64,
};

static const uint64_t second = UINT64_C(1000000000);
static const struct weir_packet_verdict allowed = { .action = WEIR_PACKET_ALLOW,
						    .why = WEIR_PACKET_JUDGED };

static void set_up(struct weir_datagrams *datagrams, uint32_t entries, uint32_t tickets)
{
	static const uint64_t random[2] = { 7, 8 };

	assert_int_equal(weir_datagrams_init(datagrams, entries, tickets, LEAST, random, NULL), 0);
}

/* "f 0-79+" is a first fragment of bytes 0 to 79 with more to follow. */
static struct weir_packet packet_of(uint32_t id, uint8_t protocol, unsigned first, unsigned last,
				    char more)
{
	struct weir_packet packet = {
		.tuple.source.bytes = { 10, 1 },
		.tuple.destination.bytes = { 10, 2 },
		.tuple.protocol = protocol,
		.is_fragment = true,
		.is_later_fragment = first != 0,
		.has_more_fragments = more == '+',
		.fragment_offset = (uint16_t)first,
		.fragment_length = (uint16_t)(last + 1 - first),
		.fragment_id = id,
		.fragment_protocol = protocol,
	};

	return packet;
}

/* Sends a fragment as a worker does; the first one of a datagram is answered with verdict. */
static struct weir_packet_verdict send(struct weir_datagrams *datagrams,
				       const struct weir_packet *packet, uint64_t now,
				       const struct weir_packet_verdict *verdict)
{
	struct weir_packet_verdict out = *verdict;
	struct weir_datagram_key key;

	weir_datagram_key_of(packet, 0, &key);
	if (packet->is_later_fragment)
		weir_datagrams_follow(datagrams, &key, packet, now, &out);
	else if (weir_datagrams_admit_first(datagrams, &key, packet, now, &out))
		weir_datagrams_decide(datagrams, &key, &out);
	return out;
}

/* Scripts: fragments in order, each "first-last" with + or ., and what is answered: a allowed,
 * d denied, w wait, o overlap, t tiny, r orphan; behind ':' the releases, in any order. */
static const struct {
	const char *name;
	uint8_t protocol;
	const char *script;
	const char *answers;
	const char *released;
} cases[] = {
	{ "in order", 17, "0-79+ 80-159+ 160-170.", "aaa", "" },
	{ "any order before the first", 17, "160-170. 80-159+ 0-79+", "wwa", "aa" },
	{ "and behind it", 17, "80-159+ 0-79+ 160-170.", "waa", "a" },
	{ "the same again is denied by itself", 17, "0-79+ 80-159+ 80-159+ 160-170.", "aaoa", "" },
	{ "the first again", 17, "0-79+ 0-79+ 80-99.", "aoa", "" },
	{ "a part of what is there", 17, "0-159+ 80-159+ 160-170.", "aoa", "" },
	{ "over the end of what is there", 17, "0-79+ 72-159+ 160-170.", "aoo", "" },
	{ "over its beginning", 17, "0-79+ 160-239+ 88-167+ 80-159+", "aaoo", "" },
	{ "around it", 17, "0-79+ 160-239+ 80-300. 80-159+", "aaoo", "" },
	{ "an overlap condemns who waits", 17, "80-159+ 88-170. 0-79+", "woo", "o" },
	{ "behind the end", 17, "0-79+ 160-199. 240-319+ 204-250.", "aaoo", "" },
	{ "another end", 17, "0-79+ 160-199. 80-119.", "aao", "" },
	{ "an end before what is there", 17, "0-79+ 160-239+ 80-99.", "aao", "" },
	{ "more than there are pieces for", 17,
	  "0-79+ 160-239+ 320-399+ 480-559+ 640-719+ 800-879+ 960-1039+ 80-159+", "aaaaaaoo", "" },
	{ "pieces join", 17,
	  "0-79+ 160-239+ 320-399+ 480-559+ 640-719+ 80-159+ 240-319+ 800-879+ 960-1039+",
	  "aaaaaaaaa", "" },
	{ "beyond 64 KiB", 17, "0-79+ 65528-65540.", "ao", "" },
	{ "the last byte there can be", 17, "0-79+ 65528-65535.", "aa", "" },
	{ "a whole one, and another of its identification", 17, "0-79+ 80-99. 0-79+ 80-119.",
	  "aaaa", "" },
	{ "the other with its first at the end", 17, "80-99. 0-79+ 80-159+ 160-170. 0-79+", "wawwa",
	  "aaa" },
	{ "not whole: bytes are missing, or nobody said where it ends", 17,
	  "0-79+ 160-199. 0-79+ 80-159+ 0-79+", "aaoaa", "" },
	{ "an overlapping one is never whole", 17, "0-79+ 72-159+ 80-99. 0-79+", "aooo", "" },
	{ "small with more to follow", 17, "0-79+ 80-119+ 120-130.", "ata", "" },
	{ "small at the end", 17, "0-79+ 80-80.", "aa", "" },
	{ "no multiple of eight with more to follow", 17, "0-80+", "t", "" },
	{ "TCP's flags in the second", 6, "0-7+ 8-87.", "tt", "" },
	{ "TCP's flags written over", 6, "0-79+ 8-87+ 80-90.", "ata", "" },
	{ "the same for UDP is an overlap", 17, "0-79+ 8-87+ 80-90.", "aoo", "" },
};

static char letter(const struct weir_packet_verdict *verdict)
{
	switch (verdict->why) {
	case WEIR_PACKET_OVERLAP:
		return 'o';
	case WEIR_PACKET_TINY:
		return 't';
	case WEIR_PACKET_ORPHAN:
		return 'r';
	default:
		return "daw"[verdict->action];
	}
}

static void append(char *text, char answer)
{
	size_t length = strlen(text);

	text[length] = answer;
	text[length + 1] = '\0';
}

static void append_released(struct weir_datagrams *datagrams, char *text)
{
	struct weir_release notes[TICKETS];
	uint32_t count = weir_datagrams_take_released(datagrams, notes, TICKETS);

	for (uint32_t i = 0; i < count; i++)
		append(text, letter(&notes[i].verdict));
}

static void fragments_of_one_datagram(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct weir_datagrams datagrams;
		char answers[32] = "", released[32] = "";
		const char *at = cases[i].script;
		unsigned first, last;
		int used;
		char more;

		set_up(&datagrams, ENTRIES, TICKETS);
		for (; sscanf(at, " %u-%u%c%n", &first, &last, &more, &used) == 3; at += used) {
			struct weir_packet packet =
				packet_of(1, cases[i].protocol, first, last, more);
			struct weir_packet_verdict verdict =
				send(&datagrams, &packet, second, &allowed);

			append(answers, letter(&verdict));
			append_released(&datagrams, released);
		}
		if (strcmp(answers, cases[i].answers) != 0 ||
		    strcmp(released, cases[i].released) != 0)
			fail_msg("%s: answers %s released %s", cases[i].name, answers, released);
		weir_datagrams_finish(&datagrams);
	}
}

static void c36_fragments_of_a_denied_first_are_denied(void **state)
{
	const struct weir_packet_verdict verdict = { .action = WEIR_PACKET_DENY,
						     .why = WEIR_PACKET_JUDGED };
	struct weir_packet early = packet_of(1, 17, 160, 200, '.');
	struct weir_packet first = packet_of(1, 17, 0, 79, '+');
	struct weir_packet later = packet_of(1, 17, 80, 159, '+');
	struct weir_datagrams datagrams;
	struct weir_packet_verdict out;
	char released[8] = "";

	(void)state;
	set_up(&datagrams, ENTRIES, TICKETS);
	send(&datagrams, &early, second, &verdict);
	send(&datagrams, &first, second, &verdict);
	out = send(&datagrams, &later, second, &verdict);
	assert_int_equal(out.action, WEIR_PACKET_DENY);
	assert_int_equal(out.why, WEIR_PACKET_FRAGMENT);
	append_released(&datagrams, released);
	assert_string_equal(released, "d");
	weir_datagrams_finish(&datagrams);
}

static void datagrams_are_told_apart(void **state)
{
	struct weir_packet first = packet_of(1, 17, 0, 79, '+');
	struct weir_packet other_id = packet_of(2, 17, 80, 159, '.');
	struct weir_packet other_protocol = packet_of(1, 132, 80, 159, '.');
	struct weir_packet other_zone = packet_of(1, 17, 80, 159, '.');
	struct weir_datagrams datagrams;
	struct weir_packet_verdict out;
	struct weir_datagram_key key;

	(void)state;
	set_up(&datagrams, ENTRIES, TICKETS);
	send(&datagrams, &first, second, &allowed);
	out = send(&datagrams, &other_id, second, &allowed);
	assert_int_equal(out.action, WEIR_PACKET_WAIT);
	out = send(&datagrams, &other_protocol, second, &allowed);
	assert_int_equal(out.action, WEIR_PACKET_WAIT);
	weir_datagram_key_of(&other_zone, 9, &key);
	weir_datagrams_follow(&datagrams, &key, &other_zone, second, &out);
	assert_int_equal(out.action, WEIR_PACKET_WAIT);
	weir_datagrams_finish(&datagrams);
}

static void who_waits_too_long_is_denied(void **state)
{
	struct weir_packet later = packet_of(1, 17, 80, 159, '.');
	struct weir_packet first = packet_of(1, 17, 0, 79, '+');
	struct weir_packet later6 = packet_of(2, 17, 80, 159, '.');
	struct weir_datagrams datagrams;
	struct weir_packet_verdict out;
	char released[8] = "";

	(void)state;
	later6.fragment_protocol = 0;
	set_up(&datagrams, ENTRIES, TICKETS);
	send(&datagrams, &later, second, &allowed);
	send(&datagrams, &later6, second, &allowed);
	for (unsigned i = 0; i < ENTRIES; i++)
		weir_datagrams_expire(&datagrams, 31 * second);
	append_released(&datagrams, released);
	assert_string_equal(released, "");
	for (unsigned i = 0; i < ENTRIES; i++)
		weir_datagrams_expire(&datagrams, 32 * second);
	append_released(&datagrams, released);
	assert_string_equal(released, "r");
	for (unsigned i = 0; i < ENTRIES; i++)
		weir_datagrams_expire(&datagrams, 62 * second);
	append_released(&datagrams, released);
	assert_string_equal(released, "rr");
	send(&datagrams, &first, 62 * second, &allowed);
	out = send(&datagrams, &later, 93 * second, &allowed);
	assert_int_equal(out.action, WEIR_PACKET_WAIT);
	weir_datagrams_finish(&datagrams);
}

static void without_tickets_nobody_waits(void **state)
{
	struct weir_datagrams datagrams;

	(void)state;
	for (unsigned tickets = 0; tickets < 3; tickets++) {
		set_up(&datagrams, ENTRIES, tickets);
		for (unsigned i = 0; i < 4; i++) {
			struct weir_packet later = packet_of(i, 17, 80, 159, '.');
			struct weir_packet_verdict out = send(&datagrams, &later, second, &allowed);

			assert_int_equal(letter(&out), i < tickets ? 'w' : 'r');
		}
		weir_datagrams_finish(&datagrams);
	}
}

static void a_ticket_is_one_packet_until_its_answer_is_taken(void **state)
{
	struct weir_datagrams datagrams;
	struct weir_release note;
	bool taken[2] = { false, false };

	(void)state;
	set_up(&datagrams, ENTRIES, 2);
	for (unsigned i = 0; i < 20; i++) {
		struct weir_packet later = packet_of(i, 17, 80, 159, '.');
		struct weir_packet first = packet_of(i, 17, 0, 79, '+');
		struct weir_packet_verdict out = send(&datagrams, &later, second, &allowed);

		if (out.action == WEIR_PACKET_WAIT) {
			assert_in_range(out.ticket, 0, 1);
			assert_false(taken[out.ticket]);
			taken[out.ticket] = true;
		}
		send(&datagrams, &first, second, &allowed);
		if (i % 3 == 2 && weir_datagrams_take_released(&datagrams, &note, 1)) {
			assert_true(taken[note.ticket]);
			taken[note.ticket] = false;
		}
	}
	weir_datagrams_finish(&datagrams);
}

static void a_full_cache_gives_up_its_oldest(void **state)
{
	struct weir_datagrams datagrams;
	unsigned orphans = 0;

	(void)state;
	set_up(&datagrams, 4, TICKETS);
	for (unsigned i = 0; i < 6; i++) {
		struct weir_packet later = packet_of(i, 17, 80, 159, '.');
		struct weir_release note;

		send(&datagrams, &later, (i + 1) * second, &allowed);
		while (weir_datagrams_take_released(&datagrams, &note, 1)) {
			assert_int_equal(letter(&note.verdict), 'r');
			orphans++;
		}
	}
	assert_int_equal(orphans, 2);
	weir_datagrams_finish(&datagrams);
}

/* The stupid twin: a map of bytes. */
struct twin {
	unsigned char bytes[1024];
	unsigned end;
	bool condemned;
};

static unsigned next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33);
}

static bool twin_admits(struct twin *twin, unsigned first, unsigned last, bool more)
{
	unsigned there = 0, beyond = 0, pieces = 0;

	for (unsigned i = first; i <= last; i++)
		there += twin->bytes[i];
	for (unsigned i = last + 1; i < sizeof(twin->bytes); i++)
		beyond += twin->bytes[i];
	if (twin->condemned)
		return false;
	twin->condemned =
		(twin->end && (last + 1 > twin->end || (!more && last + 1 != twin->end))) ||
		(!more && beyond) || (there && there != last + 1 - first);
	if (twin->condemned || there)
		return false;
	memset(twin->bytes + first, 1, last + 1 - first);
	if (!more)
		twin->end = last + 1;
	for (unsigned i = 0; i < sizeof(twin->bytes); i++)
		pieces += twin->bytes[i] && !(i && twin->bytes[i - 1]);
	twin->condemned = pieces > WEIR_DATAGRAM_RANGES;
	return !twin->condemned;
}

/* The next fragment would begin another datagram. */
static bool twin_is_whole(const struct twin *twin)
{
	unsigned there = 0;

	for (unsigned i = 0; i < twin->end; i++)
		there += twin->bytes[i];
	return twin->end && there == twin->end && !twin->condemned;
}

static void what_is_admitted_never_overlaps(void **state)
{
	enum { DATAGRAMS = 20000, FRAGMENTS = 24 };
	struct weir_datagrams datagrams;
	uint64_t seed = 1;
	unsigned admitted = 0, refused = 0;

	(void)state;
	set_up(&datagrams, ENTRIES, TICKETS);
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct twin twin = { .end = 0 };

		for (unsigned j = 0; j < FRAGMENTS && !twin_is_whole(&twin); j++) {
			unsigned first = j ? next(&seed) % 12 * 64 : 0;
			unsigned length = next(&seed) % 8 ? 64 : 128;
			bool more = next(&seed) % 16 > 0;
			struct weir_packet packet =
				packet_of(i, 17, first, first + length - 1, more ? '+' : '.');
			struct weir_packet_verdict out =
				send(&datagrams, &packet, second, &allowed);
			bool wanted = twin_admits(&twin, first, first + length - 1, more);

			if ((out.action == WEIR_PACKET_ALLOW) != wanted)
				fail_msg("datagram %u fragment %u: %u-%u %s: %c", i, j, first,
					 first + length - 1, more ? "more" : "last", letter(&out));
			admitted += wanted;
			refused += !wanted;
		}
	}
	assert_in_range(admitted, DATAGRAMS, DATAGRAMS * FRAGMENTS);
	assert_in_range(refused, DATAGRAMS, DATAGRAMS * FRAGMENTS);
	weir_datagrams_finish(&datagrams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_of_one_datagram),
		cmocka_unit_test(c36_fragments_of_a_denied_first_are_denied),
		cmocka_unit_test(datagrams_are_told_apart),
		cmocka_unit_test(who_waits_too_long_is_denied),
		cmocka_unit_test(without_tickets_nobody_waits),
		cmocka_unit_test(a_ticket_is_one_packet_until_its_answer_is_taken),
		cmocka_unit_test(a_full_cache_gives_up_its_oldest),
		cmocka_unit_test(what_is_admitted_never_overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
