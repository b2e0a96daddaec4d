/*
 * A team of threads finds what one thread finds: the flows, their order and numbers, and what
 * became of each packet. Threads are for ThreadSanitizer too, what one thread does out of order is not.
 *
 *	test-trace-team [threads]
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "failing.h"
#include "frames.h"
#include "weir/trace.h"

enum { MANY = 40000, BYTES = 128, THREADS = 3, SEEDS = 2, INTERFACES = 5 };

static const char *const addresses[] = {
	"10.0.1.1", "10.0.1.2",  "10.0.2.1",  "10.0.9.9",    "8.8.8.8",   "10.0.2.2",
	"10.0.3.1", "10.96.0.1", "10.96.0.2", "192.168.0.2", "10.96.0.4", "fd00::11",
};
enum { ALL = COUNT(addresses) };

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

struct trace_bytes {
	uint8_t bytes[MANY][BYTES];
	struct weir_frame frames[MANY];
};

struct ends {
	const char *from, *to;
	uint16_t from_port, to_port;
};

/* One client, two services with one backend, and that backend. */
static struct ends crowded_ends(uint64_t *seed)
{
	static const struct {
		const char *address;
		uint16_t port;
	} servers[] = { { "10.96.0.1", 80 }, { "10.96.0.2", 80 }, { "10.0.2.1", 8080 } };
	unsigned server = next(seed) % COUNT(servers);

	return (struct ends){ "10.0.1.1", servers[server].address,
			      (uint16_t)(50000 + next(seed) % 8), servers[server].port };
}

static struct ends random_ends(uint64_t *seed)
{
	static const uint16_t servers[] = { 80, 53, 5000, 8080, 30080, 4789 };
	struct ends ends = {
		addresses[next(seed) % (ALL - 1)],
		addresses[next(seed) % (ALL - 1)],
		(uint16_t)(40000 + next(seed) % 64),
		servers[next(seed) % COUNT(servers)],
	};
	struct ends swapped = { ends.to, ends.from, ends.to_port, ends.from_port };

	if (next(seed) % 4 == 0)
		return crowded_ends(seed);
	/* IPv6 has one end only, which talks to itself */
	if (next(seed) % 16 == 0)
		ends.from = ends.to = swapped.from = swapped.to = addresses[ALL - 1];
	return next(seed) % 2 ? ends : swapped;
}

static void connection(struct frame_builder *b, uint64_t *seed)
{
	static const uint8_t flags[] = { WEIR_TCP_SYN, WEIR_TCP_SYN | WEIR_TCP_ACK,
					 WEIR_TCP_ACK, WEIR_TCP_FIN | WEIR_TCP_ACK,
					 WEIR_TCP_RST, 0 };
	struct ends ends = random_ends(seed);

	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, ends.from, ends.to);
	if (next(seed) % 3)
		frame_tcp(b, ends.from_port, ends.to_port, flags[next(seed) % COUNT(flags)]);
	else
		frame_udp(b, ends.from_port, ends.to_port);
}

/* What knows other connections' packets, what is nobody's, and an echo. */
static void exception(struct frame_builder *b, uint64_t *seed)
{
	struct ends ends = random_ends(seed);

	frame_begin(b, FRAME_ETHERNET);
	switch (next(seed) % 5) {
	case 0:
		frame_ip(b, addresses[0], addresses[2]);
		frame_ipv4_fragment(b, (uint16_t)(next(seed) % 3), 0, true);
		frame_udp(b, ends.from_port, ends.to_port);
		frame_payload(b, 8);
		break;
	case 1:
		frame_ip(b, addresses[0], addresses[2]);
		frame_ipv4_fragment(b, (uint16_t)(next(seed) % 3), 100, false);
		frame_other(b, 17);
		frame_payload(b, 8);
		break;
	case 2:
		frame_ip(b, addresses[next(seed) % 4], addresses[next(seed) % 4]);
		frame_icmp(b, 3, 3, 0);
		frame_ip(b, addresses[next(seed) % 4], addresses[next(seed) % 4]);
		frame_udp(b, ends.from_port, ends.to_port);
		break;
	case 3:
		frame_ethertype(b, 0x0806);
		frame_payload(b, 28);
		break;
	default:
		frame_ip(b, addresses[1], addresses[2]);
		frame_echo(b, next(seed) % 2, (uint16_t)(next(seed) % 8), 1);
		break;
	}
}

/* One packet of so many is an exception; 0: none is. */
static void make_trace(struct trace_bytes *out, unsigned one_of, uint64_t seed)
{
	static struct frame_builder b;
	/* Many packets of one moment: then who began first decides what belongs together. */
	uint32_t moments = seed % 2 ? 1 : 9;
	uint64_t seconds = 0;

	for (size_t i = 0; i < MANY; i++) {
		if (one_of && next(&seed) % one_of == 0)
			exception(&b, &seed);
		else
			connection(&b, &seed);
		frame_end(&b);
		if (next(&seed) % 64 == 0)
			seconds += next(&seed) % 4 ? 1 : 200;
		out->frames[i] = frame_whole(&b);
		assert_true(out->frames[i].captured <= BYTES);
		memcpy(out->bytes[i], b.bytes, out->frames[i].captured);
		out->frames[i].bytes = out->bytes[i];
		out->frames[i].number = i + 1;
		out->frames[i].interface = next(&seed) % INTERFACES;
		out->frames[i].time =
			(1000 + seconds) * UINT64_C(1000000000) - next(&seed) % moments;
	}
}

struct job {
	void (*work)(void *argument, unsigned index);
	void *argument;
	unsigned count;
	atomic_uint next;
};

static void *serve(void *context)
{
	struct job *job = context;
	unsigned index;

	while ((index = atomic_fetch_add(&job->next, 1)) < job->count)
		job->work(job->argument, index);
	return NULL;
}

static void run_by_threads(void *context, void (*work)(void *argument, unsigned index),
			   void *argument, unsigned count)
{
	struct job job = { work, argument, count, 0 };
	pthread_t threads[THREADS];

	(void)context;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, serve, &job), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void run_backwards(void *context, void (*work)(void *argument, unsigned index),
			  void *argument, unsigned count)
{
	(void)context;
	while (count)
		work(argument, --count);
}

static const struct weir_team threads = { run_by_threads, NULL };
static const struct weir_team backwards = { run_backwards, NULL };

static struct weir_trace *play(const struct weir_team *team, bool stateless,
			       const struct trace_bytes *bytes, size_t piece)
{
	struct weir_trace_options options = { .team = team, .stateless = stateless };
	struct weir_trace *trace = cluster_trace(&options);

	for (size_t i = 0; i < MANY; i += piece)
		assert_int_equal(weir_trace_add(trace, &bytes->frames[i],
						MANY - i < piece ? MANY - i : piece),
				 0);
	assert_int_equal(weir_trace_finish(trace), 0);
	return trace;
}

static void assert_same_side(const struct weir_flow_side *a, const struct weir_flow_side *b)
{
	assert_memory_equal(&a->address, &b->address, sizeof(a->address));
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->has_port, b->has_port);
	assert_int_equal(a->pod, b->pod);
	assert_int_equal(a->node, b->node);
}

static void assert_same_flow(const struct weir_flow *a, const struct weir_flow *b)
{
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->last, b->last);
	assert_memory_equal(a->packets, b->packets, sizeof(a->packets));
	assert_memory_equal(a->bytes, b->bytes, sizeof(a->bytes));
	assert_same_side(&a->from, &b->from);
	assert_same_side(&a->to, &b->to);
	assert_int_equal(a->service, b->service);
	assert_int_equal(a->service_port, b->service_port);
	assert_memory_equal(&a->service_address, &b->service_address, sizeof(a->service_address));
	assert_int_equal(a->interface_count, b->interface_count);
	assert_memory_equal(a->interfaces, b->interfaces,
			    a->interface_count * sizeof(*a->interfaces));
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->why, b->why);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->midstream, b->midstream);
	assert_int_equal(a->orphan, b->orphan);
}

static void assert_same_flows(const struct weir_trace *a, const struct weir_trace *b)
{
	struct weir_trace_summary left, right;

	weir_trace_summarize(a, &left);
	weir_trace_summarize(b, &right);
	assert_memory_equal(&left, &right, sizeof(left));
	assert_int_equal(weir_trace_flow_count(a), weir_trace_flow_count(b));
	for (uint64_t i = 0; i < weir_trace_flow_count(a); i++) {
		struct weir_flow one, other;

		weir_trace_flow(a, i, &one);
		weir_trace_flow(b, i, &other);
		assert_same_flow(&one, &other);
	}
}

static struct weir_trace_packet *locate(struct weir_trace *trace, const struct trace_bytes *bytes)
{
	struct weir_trace_packet *packets = calloc(MANY, sizeof(*packets));

	assert_non_null(packets);
	assert_int_equal(weir_trace_rewind(trace), 0);
	assert_int_equal(weir_trace_locate(trace, bytes->frames, MANY, packets), 0);
	return packets;
}

static void assert_same_packets(struct weir_trace *a, struct weir_trace *b,
				const struct trace_bytes *bytes)
{
	struct weir_trace_packet *left = locate(a, bytes);
	struct weir_trace_packet *right = locate(b, bytes);

	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(left[i].kind, right[i].kind);
		assert_int_equal(left[i].malformed, right[i].malformed);
		assert_int_equal(left[i].why, right[i].why);
		assert_int_equal(left[i].is_reply, right[i].is_reply);
		assert_int_equal(left[i].is_related, right[i].is_related);
		assert_int_equal(left[i].is_fragment, right[i].is_fragment);
		assert_int_equal(left[i].flow, right[i].flow);
	}
	free(left);
	free(right);
}

/* Without exceptions, with few, with more than a batch is cut at, and with nothing else. */
static const unsigned shares[] = { 0, 1500, 40, 1 };

static void compare(const struct weir_team *team, bool stateless)
{
	struct trace_bytes *bytes = malloc(sizeof(*bytes));

	assert_non_null(bytes);
	for (unsigned i = 0; i < COUNT(shares); i++) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct weir_trace *alone, *shared;

			make_trace(bytes, shares[i], seed);
			alone = play(NULL, stateless, bytes, 64);
			shared = play(team, stateless, bytes, seed % 2 ? MANY : 9999);
			assert_same_flows(alone, shared);
			assert_same_packets(alone, shared, bytes);
			/* a pass more is no other */
			assert_same_packets(alone, shared, bytes);
			weir_trace_destroy(alone);
			weir_trace_destroy(shared);
		}
	}
	free(bytes);
}

static void threads_find_what_one_finds(void **state)
{
	(void)state;
	compare(&threads, false);
}

static void the_order_of_the_work_does_not_matter(void **state)
{
	(void)state;
	compare(&backwards, false);
}

static void a_stateless_trace_is_shared_too(void **state)
{
	(void)state;
	compare(&backwards, true);
}

/* Sooner or later there are more connections than the first pass had. */
static void frames_that_were_never_added_lead_nowhere(void **state)
{
	static struct frame_builder b;
	struct trace_bytes *bytes = malloc(sizeof(*bytes));
	struct weir_trace_packet packet;
	struct weir_trace *trace;
	int status = 0;

	(void)state;
	assert_non_null(bytes);
	make_trace(bytes, 0, 1);
	trace = play(&backwards, false, bytes, MANY);
	assert_int_equal(weir_trace_rewind(trace), 0);
	for (uint32_t i = 0; i < 2 * MANY && !status; i++) {
		struct weir_frame frame;
		char text[32];

		snprintf(text, sizeof(text), "1.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		frame_udp_packet(&b, text, 9, "8.8.4.4", 9, 0);
		frame = frame_whole(&b);
		frame.number = i + 1;
		status = weir_trace_locate(trace, &frame, 1, &packet);
	}
	assert_int_equal(status, -EINVAL);
	weir_trace_destroy(trace);
	free(bytes);
}

static int try_with(struct failing *failing, struct weir_policy *policy,
		    const struct trace_bytes *bytes)
{
	struct weir_trace_options options = { .allocator = &failing->allocator,
					      .team = &backwards };
	struct weir_trace *trace = NULL;
	int status = weir_trace_create(policy, &options, &trace);

	if (!status)
		status = weir_trace_add(trace, bytes->frames, 2000);
	if (!status)
		status = weir_trace_finish(trace);
	weir_trace_destroy(trace);
	return status;
}

static void memory_that_runs_out_is_told_and_nothing_is_lost(void **state)
{
	struct trace_bytes *bytes = malloc(sizeof(*bytes));
	struct weir_policy *policy = cluster_policy();
	struct failing failing = failing_never();
	int status = -ENOMEM;

	(void)state;
	assert_non_null(bytes);
	make_trace(bytes, 40, 1);
	for (unsigned n = 0; status; n++) {
		failing_after(&failing, n);
		status = try_with(&failing, policy, bytes);
		assert_true(status == 0 || status == -ENOMEM);
		assert_int_equal(failing.live, 0);
	}
	weir_policy_unref(policy);
	free(bytes);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest by_threads[] = {
		cmocka_unit_test(threads_find_what_one_finds),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_the_work_does_not_matter),
		cmocka_unit_test(a_stateless_trace_is_shared_too),
		cmocka_unit_test(frames_that_were_never_added_lead_nowhere),
		cmocka_unit_test(memory_that_runs_out_is_told_and_nothing_is_lost),
	};

	if (argc > 1 && strcmp(argv[1], "threads") == 0)
		return cmocka_run_group_tests(by_threads, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
