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
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "dice.h"
#include "hostile.h"
#include "keys.h"
#include "subject.h"
#include "weir/directory.h"
#include "weir/list.h"

enum {
	CLUSTERS = 150,
	PAIRS = 300,
	PORTS = 8, /* of a pair */
	LEAST_COMPARED = 100000,
	LEAST_AMBIGUOUS = 100,
};

struct kept {
	struct weir_list_row row;
	struct weir_address address[2]; /* of ends that are one */
};

struct listing {
	const struct weir_policy *policy;
	struct weir_list *list;
	struct weir_array rows;  /* struct kept */
	struct weir_array ports; /* uint16_t: on the edges */
	uint64_t *compared;      /* by action */
};

static struct weir_list_end keep_end(const struct weir_list_end *end, struct weir_address *address)
{
	struct weir_list_end kept = *end;
	struct weir_prefix *prefixes = malloc(end->prefix_count * sizeof(*prefixes) + 1);

	assert_non_null(prefixes);
	if (end->prefix_count)
		memcpy(prefixes, end->prefixes, end->prefix_count * sizeof(*prefixes));
	kept.prefixes = prefixes;
	if (end->kind == WEIR_LIST_ADDRESS)
		assert_int_equal(weir_address_parse(end->text, strlen(end->text), address), 0);
	return kept;
}

static void add_port(struct listing *listing, int port)
{
	uint16_t *added = weir_array_push(&listing->ports);

	assert_non_null(added);
	*added = (uint16_t)port;
}

static int keep(void *context, const struct weir_list_row *row)
{
	struct listing *listing = context;
	struct kept *kept = weir_array_push(&listing->rows);
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(listing->list, row->ports, &ports);

	assert_non_null(kept);
	assert_true(count >= 1);
	kept->row = *row;
	kept->row.from = keep_end(&row->from, &kept->address[0]);
	kept->row.to = keep_end(&row->to, &kept->address[1]);
	for (uint32_t i = 0; i < count && listing->ports.count < 400; i++) {
		for (uint32_t j = 0; j < ports[i].range_count; j++) {
			add_port(listing, ports[i].ranges[j].first - 1);
			add_port(listing, ports[i].ranges[j].first);
			add_port(listing, ports[i].ranges[j].last);
			add_port(listing, ports[i].ranges[j].last + 1);
		}
	}
	return 0;
}

static void forget(struct listing *listing)
{
	struct kept *rows = listing->rows.items;

	for (size_t i = 0; i < listing->rows.count; i++) {
		free((void *)(uintptr_t)rows[i].row.from.prefixes);
		free((void *)(uintptr_t)rows[i].row.to.prefixes);
	}
	weir_array_finish(&listing->rows);
	weir_array_finish(&listing->ports);
}

/* What an address is. */

struct place {
	struct weir_address address;
	struct weir_owner owner;
};

static bool is_pod(const struct place *place)
{
	return place->owner.kind == WEIR_OWNER_POD;
}

static bool is_node(const struct place *place)
{
	return place->owner.kind == WEIR_OWNER_NODE;
}

static struct place place_at(const struct weir_policy *policy, const struct weir_address *address)
{
	struct place place = { .address = *address };

	weir_policy_owner(policy, address, &place.owner);
	return place;
}

static bool has_workload(const struct weir_policy *policy, uint32_t pod, uint32_t workload)
{
	struct weir_endpoint_view view;
	uint32_t above;

	weir_policy_endpoint(policy, pod, &view);
	for (above = view.workload; above != WEIR_NONE && above != workload;) {
		struct weir_workload_view owner;

		weir_policy_workload(policy, above, &owner);
		above = owner.parent;
	}
	return above != WEIR_NONE;
}

static bool node_has(const struct weir_policy *policy, uint32_t node,
		     const struct weir_address *address)
{
	struct weir_endpoint_view view;

	weir_policy_endpoint(policy, node, &view);
	for (uint32_t i = 0; i < view.address_count; i++) {
		if (weir_address_equal(&view.addresses[i], address))
			return true;
	}
	return false;
}

static bool end_has_pod(const struct weir_policy *policy, const struct weir_list_end *end,
			uint32_t pod)
{
	return end->kind == WEIR_LIST_WORKLOAD ? has_workload(policy, pod, end->index)
					       : end->index == pod;
}

static bool end_covers(const struct listing *listing, const struct weir_list_end *end,
		       const struct weir_address *address, const struct place *place)
{
	if (end->kind == WEIR_LIST_ADDRESS)
		return weir_address_equal(address, &place->address);
	if (end->kind == WEIR_LIST_NODE)
		return is_node(place) && node_has(listing->policy, end->index, &place->address);
	if (end->kind == WEIR_LIST_OUTSIDE) {
		for (uint32_t i = 0; i < end->prefix_count && !is_pod(place) && !is_node(place);
		     i++) {
			if (weir_prefix_is_ipv4(&end->prefixes[i]) ==
				    weir_address_is_ipv4(&place->address) &&
			    weir_prefix_contains(&end->prefixes[i], &place->address))
				return true;
		}
		return false;
	}
	for (uint32_t i = 0; i < place->owner.endpoint_count; i++) {
		if (end_has_pod(listing->policy, end, place->owner.endpoints[i]))
			return true;
	}
	return false;
}

/* Whether any of a place's pods is on a node that has the address. */
static bool is_on(const struct weir_policy *policy, const struct place *pods,
		  const struct place *node)
{
	for (uint32_t i = 0; i < pods->owner.endpoint_count && is_node(node); i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(policy, pods->owner.endpoints[i], &view);
		if (view.node != WEIR_NONE && node_has(policy, view.node, &node->address))
			return true;
	}
	return false;
}

static bool is_left_out(const struct weir_policy *policy, const struct place *from,
			const struct place *to)
{
	return weir_address_equal(&from->address, &to->address) || (!is_pod(from) && !is_pod(to)) ||
	       weir_address_is_ipv4(&from->address) != weir_address_is_ipv4(&to->address) ||
	       is_on(policy, from, to) || is_on(policy, to, from);
}

/* Comparing. */

static enum weir_list_protocol protocol_of(uint8_t protocol)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return WEIR_LIST_TCP;
	case WEIR_PROTOCOL_UDP:
		return WEIR_LIST_UDP;
	case WEIR_PROTOCOL_SCTP:
		return WEIR_LIST_SCTP;
	default:
		return WEIR_LIST_OTHER;
	}
}

static bool ports_cover(const struct listing *listing, uint32_t number, const struct weir_key *key)
{
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(listing->list, number, &ports);

	for (uint32_t i = 0; i < count; i++) {
		if (ports[i].protocol != WEIR_LIST_ANY &&
		    ports[i].protocol != protocol_of(key->protocol))
			continue;
		for (uint32_t j = 0; j < ports[i].range_count; j++) {
			if (ports[i].ranges[j].first <= key->destination_port &&
			    key->destination_port <= ports[i].ranges[j].last)
				return true;
		}
	}
	return false;
}

/* What the rows say. */
static enum weir_action look_up(const struct listing *listing, const struct place *from,
				const struct place *to, const struct weir_key *key)
{
	const struct kept *rows = listing->rows.items;

	for (size_t i = 0; i < listing->rows.count; i++) {
		if (end_covers(listing, &rows[i].row.from, &rows[i].address[0], from) &&
		    end_covers(listing, &rows[i].row.to, &rows[i].address[1], to) &&
		    ports_cover(listing, rows[i].row.ports, key))
			return rows[i].row.is_ambiguous ? WEIR_AMBIGUOUS : WEIR_ALLOW;
	}
	return WEIR_DENY;
}

static struct weir_key draw_key(const struct listing *listing, struct dice *dice,
				const struct place *from, const struct place *to)
{
	static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP,
					     WEIR_PROTOCOL_TCP,
					     WEIR_PROTOCOL_UDP,
					     WEIR_PROTOCOL_SCTP,
					     WEIR_PROTOCOL_ICMP,
					     WEIR_PROTOCOL_ICMPV6,
					     47 };
	const uint16_t *ports = listing->ports.items;
	struct weir_key key = { .source = from->address,
				.destination = to->address,
				.flags = WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL };

	key.protocol = protocols[dice_below(dice, COUNT(protocols))];
	if (protocol_of(key.protocol) != WEIR_LIST_OTHER)
		key.destination_port = ports[dice_below(dice, (uint32_t)listing->ports.count)];
	if (key.protocol == WEIR_PROTOCOL_ICMPV6)
		key.icmp_type = 128;
	return key;
}

static void compare_pair(const struct listing *listing, struct dice *dice, unsigned cluster,
			 const struct place *from, const struct place *to)
{
	char source[WEIR_ADDRESS_TEXT], target[WEIR_ADDRESS_TEXT];

	for (unsigned i = 0; i < PORTS; i++) {
		struct weir_key key = draw_key(listing, dice, from, to);
		enum weir_action listed = look_up(listing, from, to, &key);
		struct weir_verdict verdict;

		weir_policy_classify(listing->policy, &key, &verdict, 1);
		listing->compared[verdict.action]++;
		if (verdict.action == listed)
			continue;
		weir_address_format(&from->address, source);
		weir_address_format(&to->address, target);
		fail_msg("cluster %u: %s -> %s protocol %u port %u: classify says %u, the list %u",
			 cluster, source, target, key.protocol, key.destination_port,
			 verdict.action, listed);
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
		struct place from, to;

		if (!source || !target)
			continue;
		from = place_at(listing->policy, source);
		to = place_at(listing->policy, target);
		if (!is_left_out(listing->policy, &from, &to))
			compare_pair(listing, &dice, cluster, &from, &to);
	}
}

static void compare_policy(struct weir_policy *policy, const struct keys *keys, unsigned cluster,
			   uint64_t compared[3])
{
	for (unsigned by_pod = 0; by_pod < 2; by_pod++) {
		const struct weir_list_options options = { .by_pod = by_pod, .with_nodes = true };
		struct listing listing = { .policy = policy,
					   .rows = weir_array_of(NULL, struct kept),
					   .ports = weir_array_of(NULL, uint16_t),
					   .compared = compared };

		assert_int_equal(weir_list_create(policy, &options, &listing.list, NULL), 0);
		add_port(&listing, 0);
		add_port(&listing, 80);
		assert_int_equal(weir_list_each(listing.list, keep, &listing), 0);
		compare_listing(&listing, keys, cluster);
		forget(&listing);
		weir_list_destroy(listing.list);
	}
}

static void ignore(void *context, const struct weir_diagnostic *diagnostic)
{
	(void)context;
	(void)diagnostic;
}

static void compare_cluster(unsigned cluster, uint64_t compared[3])
{
	struct hostile_shape shape = hostile_draw_shape(cluster);
	struct subject subject = { .semantics = { .ipblock_pods = cluster % 2,
						  .own_node = cluster / 2 % 2,
						  .other_protocols = cluster / 4 % 3 } };
	struct weir_error error;
	struct hostile hostile;
	struct keys keys;

	assert_true(hostile_make(cluster, &shape, &hostile));
	subject.cluster = subject_read(&hostile, (struct weir_sink){ ignore, NULL });
	assert_non_null(subject.cluster);
	assert_true(subject_open(&subject, &error));
	assert_int_equal(keys_init(&keys, subject.cluster, cluster), 0);
	compare_policy(subject.policy, &keys, cluster, compared);
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
