/* The peers of the fast path against the compiled policy, packet by packet. */
#include "test.h"

#include <string.h>

#include <rte_hash.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "eal.h"
#include "keys.h"
#include "peers.h"
#include "shapes.h"
#include "weir/resolved.h"

enum {
	KEYS = 20000,
	MEBIBYTES = 512,
	PACKETS = 1023,
	FLOWS = 64,
	FLAGS = 14 + 20 + 13, /* where TCP has them */
};

struct fixture {
	struct bench_cluster *cluster;
	struct bench_policy policy;
	struct weir_policy *compiled;
	struct peer_rules *rules;
	struct rte_mempool *pool;
	uint64_t now; /* nanoseconds */
};

static const struct bench_limits limits = { 100000, (size_t)1 << 30 };

static int set_up(void **state)
{
	static const struct bench_shape shape = { 100, 8, BENCH_SPREAD, BENCH_TENS };
	static struct fixture fixture;
	const struct weir_resolved *resolved;
	struct weir_error error = { "" };

	if (!bench_start_dpdk(MEBIBYTES, NULL))
		return -1;
	fixture.cluster = bench_cluster_create(&shape);
	if (!fixture.cluster)
		return -1;
	resolved = bench_cluster_resolved(fixture.cluster);
	fixture.pool = rte_pktmbuf_pool_create("packets", PACKETS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					       (int)rte_socket_id());
	*state = &fixture;
	return !fixture.pool || weir_compile(resolved, NULL, &fixture.compiled, NULL) ||
	       bench_policy_init(&fixture.policy, resolved) ||
	       peer_rules_create(&fixture.policy, &limits, &fixture.rules, &error);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	peer_rules_destroy(fixture->rules);
	bench_policy_finish(&fixture->policy);
	weir_policy_unref(fixture->compiled);
	rte_mempool_free(fixture->pool);
	bench_cluster_destroy(fixture->cluster);
	bench_stop_dpdk();
	return 0;
}

static const struct peer *find(const char *name)
{
	for (size_t i = 0; peers[i].name; i++)
		if (strcmp(peers[i].name, name) == 0)
			return &peers[i];
	fail_msg("there is no peer %s", name);
	return NULL;
}

static struct loop_judge make(const struct fixture *fixture, const struct peer *peer)
{
	const struct peer_options options = { .rules = fixture->rules, .max_flows = FLOWS };
	struct loop_judge judge = { 0 };

	assert_int_equal(peer->create(&options, &judge), 0);
	assert_non_null(judge.judge);
	return judge;
}

static struct rte_mbuf *packet_of(const struct fixture *fixture, const struct weir_key *key)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(fixture->pool);
	struct rte_ether_hdr *link;
	struct rte_ipv4_hdr *header;
	uint16_t *ports;

	assert_non_null(packet);
	link = (struct rte_ether_hdr *)rte_pktmbuf_append(packet, 64);
	memset(link, 0, 64);
	link->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	header = (struct rte_ipv4_hdr *)(link + 1);
	header->version_ihl = RTE_IPV4_VHL_DEF;
	header->next_proto_id = key->protocol;
	memcpy(&header->src_addr, key->source.bytes + 12, 4);
	memcpy(&header->dst_addr, key->destination.bytes + 12, 4);
	ports = (uint16_t *)(header + 1);
	ports[0] = rte_cpu_to_be_16(key->source_port);
	ports[1] = rte_cpu_to_be_16(key->destination_port);
	return packet;
}

static struct weir_key turned(const struct weir_key *key)
{
	struct weir_key back = *key;

	back.source = key->destination;
	back.destination = key->source;
	back.source_port = key->destination_port;
	back.destination_port = key->source_port;
	return back;
}

/* Judges keys in bursts of some size. */
static void judge_keys(const struct fixture *fixture, const struct loop_judge *judge,
		       const struct weir_key *keys, uint16_t n, uint8_t *actions)
{
	struct rte_mbuf *packets[LOOP_BURST] = { NULL };
	struct weir_packet_verdict verdicts[LOOP_BURST];

	for (uint16_t i = 0; i < n; i++)
		packets[i] = packet_of(fixture, &keys[i]);
	judge->judge(judge->context, packets, n, fixture->now, verdicts);
	for (uint16_t i = 0; i < n; i++)
		actions[i] = verdicts[i].action;
	rte_pktmbuf_free_bulk(packets, n);
}

static uint8_t judge_one(const struct fixture *fixture, const struct loop_judge *judge,
			 const struct weir_key *key)
{
	uint8_t action;

	judge_keys(fixture, judge, key, 1, &action);
	return action;
}

static void filters_say_what_the_policy_says(void **state)
{
	static const uint16_t bursts[] = { 1, 31, 32, 7 };
	static const char *const names[] = { "rte_acl", "rte_acl+hash", "rte_acl+state" };
	struct fixture *fixture = *state;
	static struct weir_key keys[KEYS];
	static struct weir_verdict wanted[KEYS];

	bench_keys(&fixture->policy, 1, WEIR_KEY_BOTH, keys, KEYS);
	weir_policy_classify(fixture->compiled, keys, wanted, KEYS);
	for (size_t p = 0; p < COUNT(names); p++) {
		const struct peer *peer = find(names[p]);
		struct loop_judge judge = make(fixture, peer);
		size_t allowed = 0;

		assert_true(peer->is_filter);
		for (size_t i = 0, b = 0; i < KEYS; b++) {
			uint16_t n = bursts[b % COUNT(bursts)];
			uint8_t actions[LOOP_BURST];

			if (n > KEYS - i)
				n = (uint16_t)(KEYS - i);
			judge_keys(fixture, &judge, keys + i, n, actions);
			for (uint16_t j = 0; j < n; j++, i++) {
				if (actions[j] != wanted[i].action)
					fail_msg("%s: key %zu is answered %u", names[p], i,
						 actions[j]);
				allowed += actions[j] == WEIR_PACKET_ALLOW;
			}
		}
		assert_true(allowed > KEYS / 20 && allowed < KEYS - KEYS / 20);
		peer->destroy(&judge);
	}
}

/* A connection that is allowed one way only. */
static struct weir_key one_way(const struct fixture *fixture, uint64_t seed, uint8_t protocol)
{
	struct weir_key keys[256];

	for (;; seed++) {
		bench_keys(&fixture->policy, seed, WEIR_KEY_BOTH, keys, COUNT(keys));
		for (size_t i = 0; i < COUNT(keys); i++) {
			struct weir_key both[2] = { keys[i], turned(&keys[i]) };
			struct weir_verdict verdicts[2];

			weir_policy_classify(fixture->compiled, both, verdicts, 2);
			if (verdicts[0].action == WEIR_ALLOW && verdicts[1].action == WEIR_DENY &&
			    keys[i].protocol == protocol)
				return keys[i];
		}
	}
}

static void replies_pass_only_with_memory(void **state)
{
	struct fixture *fixture = *state;
	struct weir_key key = one_way(fixture, 2, WEIR_PROTOCOL_TCP);
	struct weir_key reply = turned(&key);

	for (size_t p = 0; peers[p].name; p++) {
		struct loop_judge judge = make(fixture, &peers[p]);

		if (peers[p].is_filter) {
			assert_int_equal(judge_one(fixture, &judge, &reply), WEIR_PACKET_DENY);
			assert_int_equal(judge_one(fixture, &judge, &key), WEIR_PACKET_ALLOW);
			assert_int_equal(judge_one(fixture, &judge, &reply),
					 peers[p].is_stateful ? WEIR_PACKET_ALLOW
							      : WEIR_PACKET_DENY);
		}
		peers[p].destroy(&judge);
	}
}

static void the_oldest_connection_makes_room(void **state)
{
	struct fixture *fixture = *state;
	struct weir_key key = one_way(fixture, 3, WEIR_PROTOCOL_TCP);
	struct loop_judge judge = make(fixture, find("rte_acl+hash"));
	struct weir_key first = key, reply = turned(&key), second, last;

	for (unsigned i = 0; i <= FLOWS; i++) {
		last = key;
		last.source_port = (uint16_t)(key.source_port + i);
		if (i == 1)
			second = last;
		assert_int_equal(judge_one(fixture, &judge, &last), WEIR_PACKET_ALLOW);
		/* A connection that is known takes no place again. */
		assert_int_equal(judge_one(fixture, &judge, &last), WEIR_PACKET_ALLOW);
	}
	assert_int_equal(judge_one(fixture, &judge, &reply), WEIR_PACKET_DENY);
	reply = turned(&second);
	assert_int_equal(judge_one(fixture, &judge, &reply), WEIR_PACKET_ALLOW);
	reply = turned(&last);
	assert_int_equal(judge_one(fixture, &judge, &reply), WEIR_PACKET_ALLOW);
	assert_int_equal(judge_one(fixture, &judge, &first), WEIR_PACKET_ALLOW);
	find("rte_acl+hash")->destroy(&judge);
}

/* The filter that knows when connections are over. */

static void pass_seconds(struct fixture *fixture, uint64_t seconds)
{
	fixture->now += seconds * UINT64_C(1000000000);
}

/* Each is a packet, or time that passes. */
struct moment {
	char what; /* '>' a packet of the opener's, '<' of the other side's, 's' seconds, 0 the end */
	unsigned number; /* TCP's flags, or how many seconds */
	bool is_denied;
};

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static const struct {
	const char *name;
	uint8_t protocol;
	struct moment moments[12];
} lives[] = {
	{ "an answered connection goes on for days",
	  WEIR_PROTOCOL_TCP,
	  { { '>', SYN }, { '<', SYN | ACK }, { '>', ACK }, { 's', 400000 }, { '<', ACK } } },
	{ "one that nobody answered is over after two minutes",
	  WEIR_PROTOCOL_TCP,
	  { { '>', SYN }, { 's', 110 }, { '>', SYN }, { 's', 140 }, { '<', SYN | ACK, true } } },
	{ "each packet begins the time again",
	  WEIR_PROTOCOL_UDP,
	  { { '>' }, { 's', 25 }, { '>' }, { 's', 25 }, { '<' }, { 's', 100 }, { '<' } } },
	{ "what is asked only is over after half a minute",
	  WEIR_PROTOCOL_UDP,
	  { { '>' }, { 's', 35 }, { '<', 0, true }, { '>' }, { '<' } } },
	{ "an answer makes it two minutes",
	  WEIR_PROTOCOL_UDP,
	  { { '>' }, { '<' }, { 's', 110 }, { '<' }, { 's', 140 }, { '<', 0, true } } },
	{ "a closed connection takes what is late, and is judged again by a SYN",
	  WEIR_PROTOCOL_TCP,
	  { { '>', SYN },
	    { '<', SYN | ACK },
	    { '>', FIN | ACK },
	    { '<', SYN },
	    { '<', FIN | ACK },
	    { '>', ACK },
	    { '<', SYN, true },
	    { '<', ACK, true },
	    { '>', SYN },
	    { '<', SYN | ACK } } },
	{ "so is one that was reset, which goes within seconds",
	  WEIR_PROTOCOL_TCP,
	  { { '>', SYN },
	    { '<', RST | ACK },
	    { '>', SYN },
	    { '<', SYN | ACK },
	    { '<', RST },
	    { '<', ACK },
	    { 's', 15 },
	    { '<', ACK, true } } },
	{ "half of it closed lasts two minutes",
	  WEIR_PROTOCOL_TCP,
	  { { '>', SYN },
	    { '<', SYN | ACK },
	    { '>', FIN | ACK },
	    { 's', 110 },
	    { '<', ACK },
	    { 's', 140 },
	    { '<', ACK, true } } },
};

static uint8_t judge_moment(const struct fixture *fixture, const struct loop_judge *judge,
			    const struct weir_key *key, const struct moment *moment)
{
	struct weir_key back = turned(key);
	struct rte_mbuf *packet = packet_of(fixture, moment->what == '>' ? key : &back);
	struct weir_packet_verdict verdict;

	if (key->protocol == WEIR_PROTOCOL_TCP)
		*rte_pktmbuf_mtod_offset(packet, uint8_t *, FLAGS) = (uint8_t)moment->number;
	judge->judge(judge->context, &packet, 1, fixture->now, &verdict);
	rte_pktmbuf_free(packet);
	return verdict.action;
}

static void connections_end(void **state)
{
	struct fixture *fixture = *state;
	const struct peer *peer = find("rte_acl+state");

	for (size_t i = 0; i < COUNT(lives); i++) {
		struct loop_judge judge = make(fixture, peer);
		struct weir_key key = one_way(fixture, 5, lives[i].protocol);

		for (const struct moment *moment = lives[i].moments; moment->what; moment++) {
			if (moment->what == 's')
				pass_seconds(fixture, moment->number);
			else if (judge_moment(fixture, &judge, &key, moment) !=
				 (moment->is_denied ? WEIR_PACKET_DENY : WEIR_PACKET_ALLOW))
				fail_msg("%s: moment %zu", lives[i].name,
					 (size_t)(moment - lives[i].moments));
		}
		peer->destroy(&judge);
	}
}

/* Opens as many connections as there are and one more, seconds apart; says of how many replies
 * pass. */
static unsigned fill(struct fixture *fixture, const struct loop_judge *judge, struct weir_key key)
{
	unsigned known = 0;

	for (unsigned i = 0; i <= FLOWS; i++, key.source_port++) {
		pass_seconds(fixture, 1);
		assert_int_equal(judge_one(fixture, judge, &key), WEIR_PACKET_ALLOW);
	}
	for (unsigned i = 0; i <= FLOWS; i++) {
		struct weir_key reply;

		key.source_port--;
		reply = turned(&key);
		known += judge_one(fixture, judge, &reply) == WEIR_PACKET_ALLOW;
		/* The latest is not the one that gave way. */
		assert_true(i > 0 || known);
	}
	return known;
}

static void a_full_table_keeps_all_but_one(void **state)
{
	struct fixture *fixture = *state;
	struct loop_judge judge = make(fixture, find("rte_acl+state"));

	assert_int_equal(fill(fixture, &judge, one_way(fixture, 6, WEIR_PROTOCOL_TCP)), FLOWS);
	assert_int_equal(rte_hash_count(rte_hash_find_existing("weir-peer-state-0")), FLOWS);
	find("rte_acl+state")->destroy(&judge);
}

static void what_is_over_is_swept(void **state)
{
	struct fixture *fixture = *state;
	struct weir_key key = one_way(fixture, 7, WEIR_PROTOCOL_UDP);
	struct loop_judge judge = make(fixture, find("rte_acl+state"));

	fill(fixture, &judge, one_way(fixture, 7, WEIR_PROTOCOL_UDP));
	pass_seconds(fixture, 200);
	for (unsigned i = 0; i < FLOWS; i++)
		judge_one(fixture, &judge, &key);
	assert_int_equal(rte_hash_count(rte_hash_find_existing("weir-peer-state-0")), 1);
	assert_int_equal(fill(fixture, &judge, one_way(fixture, 8, WEIR_PROTOCOL_TCP)), FLOWS);
	find("rte_acl+state")->destroy(&judge);
}

static void packets_of_a_burst_open_one_connection(void **state)
{
	struct fixture *fixture = *state;
	struct weir_key key = one_way(fixture, 9, WEIR_PROTOCOL_TCP);
	struct loop_judge judge = make(fixture, find("rte_acl+state"));
	struct weir_key keys[3] = { key, key, key };
	uint8_t actions[3];

	keys[1].source_port++;
	judge_keys(fixture, &judge, keys, COUNT(keys), actions);
	assert_int_equal(rte_hash_count(rte_hash_find_existing("weir-peer-state-0")), 2);
	find("rte_acl+state")->destroy(&judge);
}

static void what_is_not_ip_passes_and_what_is_not_read_does_not(void **state)
{
	struct fixture *fixture = *state;
	struct weir_key key = one_way(fixture, 4, WEIR_PROTOCOL_TCP);

	for (size_t p = 0; peers[p].name; p++) {
		struct loop_judge judge = make(fixture, &peers[p]);
		struct rte_mbuf *packets[5];
		struct weir_packet_verdict verdicts[5];
		uint8_t unread = peers[p].is_filter ? WEIR_PACKET_DENY : WEIR_PACKET_ALLOW;

		for (unsigned i = 0; i < COUNT(packets); i++)
			packets[i] = packet_of(fixture, &key);
		rte_pktmbuf_mtod(packets[0], struct rte_ether_hdr *)->ether_type =
			RTE_BE16(RTE_ETHER_TYPE_ARP);
		rte_pktmbuf_mtod(packets[1], struct rte_ether_hdr *)->ether_type =
			RTE_BE16(RTE_ETHER_TYPE_IPV6);
		*rte_pktmbuf_mtod_offset(packets[2], uint8_t *, 14) = 0x46;
		rte_pktmbuf_trim(packets[3], 64 - 37);
		judge.judge(judge.context, packets, COUNT(packets), fixture->now, verdicts);
		assert_int_equal(verdicts[0].action, WEIR_PACKET_ALLOW);
		for (unsigned i = 1; i < 4; i++)
			assert_int_equal(verdicts[i].action, unread);
		assert_int_equal(verdicts[4].action, WEIR_PACKET_ALLOW);
		rte_pktmbuf_free_bulk(packets, COUNT(packets));
		peers[p].destroy(&judge);
	}
}

static void too_many_rules_are_declined(void **state)
{
	struct fixture *fixture = *state;
	const struct bench_limits few = { 10, (size_t)1 << 30 };
	struct peer_rules *rules = NULL;
	struct weir_error error = { "" };

	assert_true(peer_rules_create(&fixture->policy, &few, &rules, &error) < 0);
	assert_null(rules);
	assert_string_equal(error.text, "more than 10 rules");
	peer_rules_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_say_what_the_policy_says),
		cmocka_unit_test(replies_pass_only_with_memory),
		cmocka_unit_test(the_oldest_connection_makes_room),
		cmocka_unit_test(connections_end),
		cmocka_unit_test(a_full_table_keeps_all_but_one),
		cmocka_unit_test(what_is_over_is_swept),
		cmocka_unit_test(packets_of_a_burst_open_one_connection),
		cmocka_unit_test(what_is_not_ip_passes_and_what_is_not_read_does_not),
		cmocka_unit_test(too_many_rules_are_declined),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
