/*
 * Lists of hostile clusters against the verdicts of classify: for pairs of addresses and ports on
 * the edges, a row covers the connection exactly when it is allowed, and an ambiguous one exactly
 * when it is ambiguous.
 *
 * What a list leaves out is not compared: equal addresses, pods and their own node, pairs without
 * a pod.
 */
#include "test.h"

#include <stdio.h>

#include "dice.h"
#include "hostile.h"
#include "keys.h"
#include "listed.h"
#include "subject.h"

enum {
	CLUSTERS = 150,
	PAIRS = 300,
	PORTS = 8,   /* of a pair */
	EDGES = 400, /* ports of a list */
	LEAST_COMPARED = 100000,
	LEAST_AMBIGUOUS = 100,
};

/* A list, and the ports to ask about. */
struct listing {
	struct listed listed;
	struct weir_array ports; /* uint16_t: on the edges */
	uint64_t *compared;      /* by action */
};

static void add_port(struct listing *listing, uint16_t port)
{
	uint16_t *added = weir_array_push(&listing->ports);

	assert_non_null(added);
	*added = port;
}

static struct weir_key draw_key(const struct listing *listing, struct dice *dice,
				const struct weir_address *from, const struct weir_address *to)
{
	static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP,
					     WEIR_PROTOCOL_TCP,
					     WEIR_PROTOCOL_UDP,
					     WEIR_PROTOCOL_SCTP,
					     WEIR_PROTOCOL_ICMP,
					     WEIR_PROTOCOL_ICMPV6,
					     47 };
	const uint16_t *ports = listing->ports.items;
	struct weir_key key = { .source = *from,
				.destination = *to,
				.flags = WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL };

	key.protocol = protocols[dice_below(dice, COUNT(protocols))];
	if (key.protocol == WEIR_PROTOCOL_TCP || key.protocol == WEIR_PROTOCOL_UDP ||
	    key.protocol == WEIR_PROTOCOL_SCTP)
		key.destination_port = ports[dice_below(dice, (uint32_t)listing->ports.count)];
	if (key.protocol == WEIR_PROTOCOL_ICMPV6)
		key.icmp_type = 128;
	return key;
}

static void compare_pair(const struct listing *listing, struct dice *dice, unsigned cluster,
			 const struct weir_address *from, const struct weir_address *to)
{
	char source[WEIR_ADDRESS_TEXT], target[WEIR_ADDRESS_TEXT];

	for (unsigned i = 0; i < PORTS; i++) {
		struct weir_key key = draw_key(listing, dice, from, to);
		enum weir_action says;
		struct weir_verdict verdict;

		if (listed_leaves_out(&listing->listed, &key))
			return;
		says = listed_says(&listing->listed, &key);
		weir_policy_classify(listing->listed.policy, &key, &verdict, 1);
		listing->compared[verdict.action]++;
		if (verdict.action == says)
			continue;
		weir_address_format(from, source);
		weir_address_format(to, target);
		fail_msg("cluster %u: %s -> %s protocol %u port %u: classify says %u, the list %u",
			 cluster, source, target, key.protocol, key.destination_port,
			 verdict.action, says);
	}
}

static const struct weir_address *draw_address(const struct keys *keys, struct dice *dice)
{
	const struct weir_array *arrays[] = { &keys->pods, &keys->pods, &keys->others,
					      &keys->edges };
	const struct weir_array *array = arrays[dice_below(dice, COUNT(arrays))];

	if (!array->count)
		return NULL;
	return (const struct weir_address *)array->items + dice_below(dice, (uint32_t)array->count);
}

static void compare_listing(const struct listing *listing, const struct keys *keys,
			    unsigned cluster)
{
	struct dice dice = { cluster };

	for (unsigned i = 0; i < PAIRS; i++) {
		const struct weir_address *source = draw_address(keys, &dice);
		const struct weir_address *target = draw_address(keys, &dice);

		if (source && target)
			compare_pair(listing, &dice, cluster, source, target);
	}
}

static void compare_policy(const struct subject *subject, const struct keys *keys, unsigned cluster,
			   uint64_t compared[3])
{
	for (unsigned by_pod = 0; by_pod < 2; by_pod++) {
		const struct weir_list_options options = { .by_pod = by_pod, .with_nodes = true };
		struct listing listing = { .listed = listed_open(subject->policy, &options),
					   .ports = weir_array_of(NULL, uint16_t),
					   .compared = compared };

		listing.listed.asks_own_node = subject->semantics.own_node == WEIR_OWN_NODE_POLICY;
		add_port(&listing, 0);
		add_port(&listing, 80);
		listed_edge_ports(&listing.listed, &listing.ports, EDGES);
		compare_listing(&listing, keys, cluster);
		weir_array_finish(&listing.ports);
		listed_close(&listing.listed);
	}
}

static void compare_cluster(unsigned cluster, uint64_t compared[3])
{
	struct hostile_shape shape = hostile_draw_shape(cluster);
	struct subject subject = { .semantics = subject_semantics(cluster) };
	struct weir_error error;
	struct hostile hostile;
	struct keys keys;

	assert_true(hostile_make(cluster, &shape, &hostile));
	subject.cluster = subject_read(&hostile, subject_problems);
	assert_non_null(subject.cluster);
	assert_true(subject_open(&subject, &error));
	assert_int_equal(keys_init(&keys, subject.cluster, cluster), 0);
	compare_policy(&subject, &keys, cluster, compared);
	keys_finish(&keys);
	subject_close(&subject);
	weir_cluster_destroy(subject.cluster);
	hostile_release(&hostile);
}

static void rows_cover_what_is_allowed(void **state)
{
	uint64_t compared[3] = { 0 };

	(void)state;
	for (unsigned cluster = 0; cluster < CLUSTERS; cluster++)
		compare_cluster(cluster, compared);
	print_message("denied %llu, allowed %llu, ambiguous %llu\n",
		      (unsigned long long)compared[WEIR_DENY],
		      (unsigned long long)compared[WEIR_ALLOW],
		      (unsigned long long)compared[WEIR_AMBIGUOUS]);
	assert_true(compared[WEIR_DENY] > LEAST_COMPARED);
	assert_true(compared[WEIR_ALLOW] > LEAST_COMPARED);
	assert_true(compared[WEIR_AMBIGUOUS] > LEAST_AMBIGUOUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_cover_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
