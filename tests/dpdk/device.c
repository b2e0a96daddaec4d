/* Trials of devices whose verdicts and speed are known: what is right, wrong and lost. */
#include "test.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_tcp.h>

#include "gen_cluster.h"
#include "measure.h"
#include "peer_packet.h"

enum {
	PODS = 60,
	FLOWS = 600,
	PACKETS = 3000,
	SLOWLY = 5000, /* packets a second */
};

static struct fixture {
	struct wire wire;
	struct measure_work work;
	struct traffic *traffic;
	struct device_tester tester;
	struct clock clock;
	struct traffic_mix mix;
} fixture;

static const struct invocation invocation = { .command = &bench_command, .operand_count = 1 };

static int set_up(void **state)
{
	const struct measure_settings settings = {
		.seed = 1,
		.limits = { 1000000, (size_t)1 << 30 },
		.invocation = &invocation,
	};
	const struct traffic_options options = {
		.seed = 1, .flows = FLOWS, .connections = 200, .allowed = GEN_ALL * 8 / 10
	};
	const struct measure_cluster cluster = { .pods = PODS };
	struct weir_error error = { "" };

	(void)state;
	if (wire_start(&fixture.wire, &invocation, 1, 1500))
		return -1;
	fixture.clock = clock_begin();
	return measure_work_make(&fixture.work, &settings, &cluster) != EXIT_CLEAN ||
	       traffic_draw(fixture.work.input.cluster, fixture.work.resolved, &options,
			    &fixture.traffic, &error) ||
	       device_tester_create(&fixture.wire, fixture.traffic, &fixture.tester, &error) ||
	       traffic_mix_parse("64", &fixture.mix, &error);
}

static int tear_down(void **state)
{
	(void)state;
	device_tester_finish(&fixture.tester);
	traffic_destroy(fixture.traffic);
	measure_work_finish(&fixture.work);
	wire_finish(&fixture.wire);
	return 0;
}

/* Devices. */

static const struct peer *find(const char *name)
{
	for (size_t i = 0; peers[i].name; i++)
		if (strcmp(peers[i].name, name) == 0)
			return &peers[i];
	return NULL;
}

/* An honest judge, and what a liar makes of its answers. */
struct liar {
	struct loop_judge honest;
	void (*lie)(struct weir_packet_verdict *verdicts, uint16_t n);
};
static struct liar liar;

static void judge_lying(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
			struct weir_packet_verdict *verdicts)
{
	const struct liar *who = context;

	who->honest.judge(who->honest.context, packets, n, now, verdicts);
	who->lie(verdicts, n);
}

static void invert(struct weir_packet_verdict *verdicts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		verdicts[i].action = verdicts[i].action == WEIR_PACKET_ALLOW ? WEIR_PACKET_DENY
									     : WEIR_PACKET_ALLOW;
}

static void deny_all(struct weir_packet_verdict *verdicts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		verdicts[i].action = WEIR_PACKET_DENY;
}

static void allow_all(struct weir_packet_verdict *verdicts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		verdicts[i].action = WEIR_PACKET_ALLOW;
}

/* A burst takes as long as it takes at so many packets a second. Who sleeps is woken also where
 * others want the processor; who spins would be put aside, and be even slower. */
static void be_slow(struct weir_packet_verdict *verdicts, uint16_t n)
{
	(void)verdicts;
	rte_delay_us_sleep(n * 1000000u / SLOWLY);
}

static int create_liar(const struct peer_options *options, struct loop_judge *out)
{
	int status = find("rte_acl")->create(options, &liar.honest);

	*out = (struct loop_judge){ judge_lying, &liar };
	return status;
}

static void destroy_liar(struct loop_judge *judge)
{
	(void)judge;
	find("rte_acl")->destroy(&liar.honest);
}

static const struct peer lying = { "liar", "", true, false, create_liar, destroy_liar };

/* An honest judge who looks at the packets that it allows. */
static struct looker {
	struct loop_judge honest;
	uint64_t packets;
	uint64_t tcp;
	uint64_t syns; /* of them */
} looker;

static void judge_looking(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
			  struct weir_packet_verdict *verdicts)
{
	struct looker *who = context;

	who->honest.judge(who->honest.context, packets, n, now, verdicts);
	for (uint16_t i = 0; i < n; i++) {
		const struct rte_ipv4_hdr *header = peer_ipv4(packets[i]);
		const struct rte_tcp_hdr *tcp = (const struct rte_tcp_hdr *)(header + 1);
		bool is_tcp = header->next_proto_id == IPPROTO_TCP;

		if (verdicts[i].action != WEIR_PACKET_ALLOW)
			continue;
		who->packets++;
		who->tcp += is_tcp;
		who->syns += is_tcp && tcp->tcp_flags == RTE_TCP_SYN_FLAG;
		assert_true(!is_tcp || tcp->tcp_flags == RTE_TCP_SYN_FLAG ||
			    tcp->tcp_flags == RTE_TCP_ACK_FLAG);
	}
}

static int create_looker(const struct peer_options *options, struct loop_judge *out)
{
	int status = find("rte_acl")->create(options, &looker.honest);

	*out = (struct loop_judge){ judge_looking, &looker };
	return status;
}

static void destroy_looker(struct loop_judge *judge)
{
	(void)judge;
	find("rte_acl")->destroy(&looker.honest);
}

static const struct peer looking = { "looker", "", true, false, create_looker, destroy_looker };

static void make(struct device *device, const struct peer *peer)
{
	const struct device_options options = { .tester = &fixture.tester,
						.clock = &fixture.clock,
						.peer = peer,
						.rules = fixture.work.rules,
						.policy = fixture.work.input.policy,
						.max_flows = 2 * FLOWS };

	assert_non_null(fixture.work.rules);
	assert_int_equal(device_create(device, &options), 0);
}

static void make_liar(struct device *device,
		      void (*lie)(struct weir_packet_verdict *verdicts, uint16_t n))
{
	liar.lie = lie;
	make(device, &lying);
}

static struct device_load load_of(uint64_t rate, uint64_t packets)
{
	return (struct device_load){ .rate = rate, .packets = packets, .mix = &fixture.mix };
}

static struct device_trial take_turns(struct device *device, uint64_t packets)
{
	struct device_load load = load_of(0, packets);
	struct device_trial trial;

	assert_int_equal(device_try_by_turns(device, &load, &trial), 0);
	assert_true(trial.counted.offered >= packets);
	assert_int_equal(trial.counted.offered,
			 trial.outcome.sent.allowed + trial.outcome.sent.denied);
	assert_int_equal(trial.packets, trial.counted.offered);
	return trial;
}

static void engines_are_right_and_lose_nothing_by_turns(void **state)
{
	(void)state;
	for (int i = -1; i < 0 || peers[i].name; i++) {
		const struct peer *peer = i < 0 ? NULL : &peers[i];
		bool is_filter = !peer || peer->is_filter;
		struct device_trial trial;
		struct device device;

		make(&device, peer);
		trial = take_turns(&device, PACKETS);
		assert_null(device_find_strays(&trial));
		assert_null(device_find_silence(&trial));
		assert_int_equal(device_find_leaks(&trial) == NULL, is_filter);
		assert_int_equal(trial.counted.lost, 0);
		assert_true(trial.outcome.sent.denied > PACKETS / 10);
		assert_int_equal(trial.outcome.received.leaked,
				 is_filter ? 0 : trial.outcome.sent.denied);
		assert_true(trial.busy > 0 && trial.bursts >= PACKETS / LOOP_BURST);
		assert_true(trial.latency.count > 0);
		device_finish(&device);
	}
}

/* What the first trial opened goes on in the next: no connection begins unless it is to. */
static void connections_that_are_open_go_on(void **state)
{
	static const uint16_t shares[] = { 0, GEN_ALL / 10 };
	struct device_load load = load_of(0, FLOWS);
	struct device_trial trial;
	struct device device;
	uint64_t opened;

	(void)state;
	make(&device, &looking);
	take_turns(&device, FLOWS);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		looker = (struct looker){ .honest = looker.honest };
		load.openings = shares[i];
		assert_int_equal(device_try_by_turns(&device, &load, &trial), 0);
		opened = trial.outcome.sent.opened;
		assert_int_equal(opened, (uint64_t)FLOWS * shares[i] / GEN_ALL);
		assert_int_equal(looker.packets, trial.outcome.sent.allowed);
		assert_true(looker.tcp > looker.packets / 4);
		assert_true(looker.syns <= opened && looker.syns >= opened / 4);
	}
	device_finish(&device);
}

static void a_judge_that_inverts_is_wrong(void **state)
{
	struct device device;
	struct device_trial trial;

	(void)state;
	make_liar(&device, invert);
	trial = take_turns(&device, PACKETS);
	assert_string_equal(device_find_leaks(&trial),
			    "packets came through that the policies deny");
	assert_non_null(device_find_silence(&trial));
	device_finish(&device);
}

static void a_judge_that_allows_all_leaks_and_silences_nothing(void **state)
{
	struct device device;
	struct device_trial trial;

	(void)state;
	make_liar(&device, allow_all);
	trial = take_turns(&device, PACKETS);
	assert_non_null(device_find_leaks(&trial));
	assert_null(device_find_silence(&trial));
	assert_null(device_find_strays(&trial));
	device_finish(&device);
}

static void a_judge_that_denies_all_silences_connections(void **state)
{
	struct device device;
	struct device_trial trial;

	(void)state;
	make_liar(&device, deny_all);
	trial = take_turns(&device, PACKETS);
	assert_string_equal(device_find_silence(&trial),
			    "connections did not come through that the policies allow");
	assert_null(device_find_leaks(&trial));
	device_finish(&device);
}

static void what_a_slow_device_cannot_carry_is_lost(void **state)
{
	struct device device;
	/* Forty times as fast as it is, for longer than rings can hold. */
	struct device_load load = load_of(40 * SLOWLY, 6000);
	struct device_trial trial;
	uint64_t carried;

	(void)state;
	make_liar(&device, be_slow);
	assert_int_equal(device_start(&device), 0);
	assert_int_equal(device_try(&device, &load, &trial), 0);
	device_stop(&device);
	carried = trial.counted.offered - trial.counted.lost;
	assert_true(trial.counted.offered > 5900);
	assert_true(trial.counted.lost > trial.counted.offered / 4);
	assert_true(carried > 0);
	assert_null(device_find_leaks(&trial));
	assert_null(device_find_strays(&trial));
	assert_int_equal(trial.outcome.sent.unsent + trial.packets, trial.counted.offered);
	device_finish(&device);
}

static void a_new_policy_that_says_the_same_changes_no_verdict(void **state)
{
	struct device_load load = load_of(SLOWLY, 600);
	struct device_trial trial;
	struct device device;

	(void)state;
	make(&device, NULL);
	take_turns(&device, FLOWS);
	load.replacement = fixture.work.again;
	assert_int_equal(device_start(&device), 0);
	assert_int_equal(device_try(&device, &load, &trial), 0);
	device_stop(&device);
	assert_null(device_find_leaks(&trial));
	assert_null(device_find_silence(&trial));
	/* So few that a ring holds all of them. */
	assert_int_equal(trial.counted.lost, 0);
	device_finish(&device);
}

/* Judging a measurement. */

static enum exit_code judge(enum measure_outcome outcome, bool is_unclear, double cycles)
{
	const struct measure_settings settings = { .rounds = 2, .invocation = &invocation };
	struct measure_case one = {
		.results = { { .is_ours = true,
			       .outcome = MEASURE_MEASURED,
			       .cycles = { 100, 110 } },
			     { .outcome = outcome,
			       .cycles = { 120, cycles },
			       .no_drop = { .is_unclear = is_unclear } } },
		.result_count = 2,
	};
	const struct measurement measurement = { .settings = &settings,
						 .cases = &one,
						 .case_count = 1 };

	return measure_judge(&measurement);
}

static void the_exit_code_says_what_is_wrong_or_unclear(void **state)
{
	(void)state;
	assert_int_equal(judge(MEASURE_MEASURED, false, 130), EXIT_CLEAN);
	assert_int_equal(judge(MEASURE_DECLINED, false, 0), EXIT_CLEAN);
	assert_int_equal(judge(MEASURE_WRONG, false, 130), EXIT_DIFFERENT);
	assert_int_equal(judge(MEASURE_MEASURED, true, 130), EXIT_INCONCLUSIVE);
	/* One round says that it is faster, the other that it is slower. */
	assert_int_equal(judge(MEASURE_MEASURED, false, 90), EXIT_INCONCLUSIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_are_right_and_lose_nothing_by_turns),
		cmocka_unit_test(connections_that_are_open_go_on),
		cmocka_unit_test(a_judge_that_inverts_is_wrong),
		cmocka_unit_test(a_judge_that_allows_all_leaks_and_silences_nothing),
		cmocka_unit_test(a_judge_that_denies_all_silences_connections),
		cmocka_unit_test(what_a_slow_device_cannot_carry_is_lost),
		cmocka_unit_test(a_new_policy_that_says_the_same_changes_no_verdict),
		cmocka_unit_test(the_exit_code_says_what_is_wrong_or_unclear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
