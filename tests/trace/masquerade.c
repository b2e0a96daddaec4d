/*
 * T10, T25 at random: visits and what nodes sent to backends, few ports and little time, so that
 * much may belong together; and a stupid twin that compares each with each. The cluster is in
 * cluster.h: both backends are on n2, only db is isolated.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster.h"
#include "frames.h"
#include "script.h"

enum { VISITS = 16, GUESTS = 16, SEEDS = 2000, FRAMES = VISITS + 2 * GUESTS, NOBODY = -1 };

static const char *const clients[] = { "172.16.0.9", "8.8.8.8", "10.0.1.1" };
static const bool is_admitted[] = { true, false, true };
static const char *const nodes[] = { "192.168.0.1", "192.168.0.2" };
static const char *const backends[] = { "10.0.2.1", "10.0.2.2" };
enum { DB, CACHE };
static const struct {
	const char *address;
	int node; /* whose port it is, or NOBODY */
	uint16_t port;
	bool has_cache;
} doors[] = {
	{ "192.168.0.1", 0, 30080, false },
	{ "192.168.0.2", 1, 30080, false },
	{ "10.96.0.1", NOBODY, 80, false },
	{ "10.96.0.2", NOBODY, 80, true },
};

/* One of a visit, from a client to a door, or of a guest, from a node to a backend. */
struct spec {
	uint64_t first;
	uint64_t last;
	size_t frame;
	unsigned from;
	unsigned to;
	int other; /* the guest of a visit, the visit of a guest, or NOBODY */
	uint16_t port;
	bool is_answered;
};

struct scene {
	struct spec visits[VISITS];
	struct spec guests[GUESTS];
	struct frame_builder builders[FRAMES];
	struct weir_frame frames[FRAMES];
	size_t frame_count;
};

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Every connection has ends of its own. */
static void make_specs(struct spec *specs, unsigned count, unsigned from_count, unsigned to_count,
		       uint64_t *seed)
{
	for (unsigned i = 0; i < count; i++) {
		bool is_new = true;

		specs[i] = (struct spec){
			.from = next(seed) % from_count,
			.to = next(seed) % to_count,
			.port = (uint16_t)(40000 + next(seed) % 8),
			.is_answered = next(seed) % 4 != 0,
			.first = 1000000000ul + next(seed) % 4000000000ul,
			.other = NOBODY,
		};
		for (unsigned j = 0; j < i; j++)
			is_new &= specs[i].from != specs[j].from || specs[i].to != specs[j].to ||
				  specs[i].port != specs[j].port;
		i -= !is_new;
	}
}

static void add_frame(struct scene *scene, uint64_t time)
{
	struct weir_frame *frame = &scene->frames[scene->frame_count];

	*frame = frame_whole(&scene->builders[scene->frame_count]);
	frame->time = time;
	frame->number = ++scene->frame_count;
}

static void make_scene(struct scene *scene, uint64_t seed)
{
	scene->frame_count = 0;
	make_specs(scene->visits, VISITS, COUNT(clients), COUNT(doors), &seed);
	make_specs(scene->guests, GUESTS, COUNT(nodes), COUNT(backends), &seed);
	for (unsigned i = 0; i < VISITS; i++) {
		struct spec *visit = &scene->visits[i];

		visit->last = visit->first;
		visit->frame = scene->frame_count;
		frame_tcp_packet(&scene->builders[scene->frame_count], clients[visit->from],
				 visit->port, doors[visit->to].address, doors[visit->to].port,
				 WEIR_TCP_SYN);
		add_frame(scene, visit->first);
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		struct spec *guest = &scene->guests[i];

		guest->last = guest->first + (guest->is_answered ? next(&seed) % 1000000000ul : 0);
		guest->frame = scene->frame_count;
		frame_tcp_packet(&scene->builders[scene->frame_count], nodes[guest->from],
				 guest->port, backends[guest->to], 8080, WEIR_TCP_SYN);
		add_frame(scene, guest->first);
		if (!guest->is_answered)
			continue;
		frame_tcp_packet(&scene->builders[scene->frame_count], backends[guest->to], 8080,
				 nodes[guest->from], guest->port, WEIR_TCP_SYN | WEIR_TCP_ACK);
		add_frame(scene, guest->last);
	}
}

static bool may_be_one(const struct spec *visit, const struct spec *guest)
{
	return (doors[visit->to].node == NOBODY || doors[visit->to].node == (int)guest->from) &&
	       (guest->to == DB || doors[visit->to].has_cache) &&
	       visit->last + 1000000000ul >= guest->first &&
	       guest->last + 1000000000ul >= visit->first;
}

static uint64_t distance(const struct spec *visit, const struct spec *guest)
{
	return visit->first > guest->first ? visit->first - guest->first
					   : guest->first - visit->first;
}

/* The visit that a guest would join. */
static int wish_of(const struct scene *scene, const struct spec *guest)
{
	int best = NOBODY;

	for (int i = 0; i < VISITS && guest->is_answered; i++) {
		const struct spec *visit = &scene->visits[i];

		if (visit->port == guest->port && may_be_one(visit, guest) &&
		    (best == NOBODY ||
		     distance(visit, guest) < distance(&scene->visits[best], guest)))
			best = i;
	}
	return best;
}

static void pair_up(struct scene *scene)
{
	for (int i = 0; i < GUESTS; i++) {
		int wish = wish_of(scene, &scene->guests[i]);
		struct spec *visit = wish == NOBODY ? NULL : &scene->visits[wish];

		if (visit && (visit->other == NOBODY ||
			      distance(visit, &scene->guests[i]) <
				      distance(visit, &scene->guests[visit->other])))
			visit->other = i;
	}
	for (int i = 0; i < VISITS; i++) {
		if (scene->visits[i].other != NOBODY)
			scene->guests[scene->visits[i].other].other = i;
	}
}

static bool is_suspect(const struct scene *scene, const struct spec *guest)
{
	if (guest->from != 1 || guest->to != DB)
		return false;
	for (int i = 0; i < VISITS; i++) {
		const struct spec *visit = &scene->visits[i];

		if (visit->other == NOBODY && !is_admitted[visit->from] && may_be_one(visit, guest))
			return true;
	}
	return false;
}

static struct weir_flow flow_of(const struct weir_trace *trace,
				const struct weir_trace_packet *packets, const struct spec *spec)
{
	struct weir_flow flow;

	weir_trace_flow(trace, packets[spec->frame].flow, &flow);
	return flow;
}

static void check_guest(const struct scene *scene, const struct weir_trace *trace,
			const struct weir_trace_packet *packets, const struct spec *guest)
{
	struct weir_flow flow = flow_of(trace, packets, guest);
	uint8_t verdict = guest->from == 0 && guest->to == DB ? WEIR_DENY : WEIR_ALLOW;
	bool is_joined = guest->other != NOBODY;
	char from[WEIR_ADDRESS_TEXT];
	char to[WEIR_ADDRESS_TEXT];

	if (!is_joined && is_suspect(scene, guest))
		verdict = WEIR_AMBIGUOUS;
	weir_address_format(&flow.from.address, from);
	weir_address_format(&flow.to.address, to);
	assert_string_equal(from, is_joined ? clients[scene->visits[guest->other].from]
					    : nodes[guest->from]);
	assert_string_equal(to, backends[guest->to]);
	assert_int_equal(flow.from.port, guest->port);
	assert_int_equal(flow.to.port, 8080);
	assert_int_equal(flow.service != WEIR_NONE, is_joined);
	assert_int_equal(flow.verdict, verdict);
	assert_int_equal(flow.why,
			 verdict == WEIR_AMBIGUOUS ? WEIR_TRACE_WHY_TRANSLATED_SOURCE : 0);
	if (verdict != WEIR_AMBIGUOUS)
		assert_int_equal(flow.explanation.verdict.action, verdict);
	assert_int_equal(flow.packets[0], 1 + is_joined);
	assert_int_equal(flow.packets[1], guest->is_answered);
}

static void check_visit(const struct scene *scene, const struct weir_trace *trace,
			const struct weir_trace_packet *packets, const struct spec *visit)
{
	struct weir_flow flow = flow_of(trace, packets, visit);

	if (visit->other == NOBODY)
		assert_int_equal(flow.packets[0] + flow.packets[1], 1);
	else
		assert_int_equal(packets[visit->frame].flow,
				 packets[scene->guests[visit->other].frame].flow);
}

static void check_scene(struct scene *scene, struct weir_policy *policy)
{
	const struct weir_trace_options options = { 0 };
	struct weir_trace_packet packets[FRAMES];
	struct weir_trace *trace;

	assert_int_equal(weir_trace_create(policy, &options, &trace), 0);
	assert_int_equal(weir_trace_add(trace, scene->frames, scene->frame_count), 0);
	assert_int_equal(weir_trace_finish(trace), 0);
	script_check_identities(trace, scene->frames, scene->frame_count);
	assert_int_equal(weir_trace_rewind(trace), 0);
	assert_int_equal(weir_trace_locate(trace, scene->frames, scene->frame_count, packets), 0);
	pair_up(scene);
	for (unsigned i = 0; i < GUESTS; i++)
		check_guest(scene, trace, packets, &scene->guests[i]);
	for (unsigned i = 0; i < VISITS; i++)
		check_visit(scene, trace, packets, &scene->visits[i]);
	weir_trace_destroy(trace);
}

static void t10_t25_nodes_stand_in_as_the_twin_says(void **state)
{
	struct weir_policy *policy = cluster_policy();
	struct scene *scene = malloc(sizeof(*scene));
	unsigned joined = 0;
	unsigned suspect = 0;

	(void)state;
	assert_non_null(policy);
	assert_non_null(scene);
	for (unsigned seed = 0; seed < SEEDS; seed++) {
		print_message("seed %u\n", seed);
		make_scene(scene, seed);
		check_scene(scene, policy);
		for (unsigned i = 0; i < GUESTS; i++) {
			joined += scene->guests[i].other != NOBODY;
			suspect += scene->guests[i].other == NOBODY &&
				   is_suspect(scene, &scene->guests[i]);
		}
	}
	/* Neither is rare. */
	assert_true(joined > SEEDS && suspect > SEEDS / 2);
	free(scene);
	weir_policy_unref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t10_t25_nodes_stand_in_as_the_twin_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
