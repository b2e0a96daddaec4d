#include "test.h"

#include "listed.h"

#include <stdlib.h>
#include <string.h>

#include "weir/directory.h"

/* Keeping. */

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

static int keep(void *context, const struct weir_list_row *row)
{
	struct listed_row *kept = weir_array_push(context);

	assert_non_null(kept);
	kept->row = *row;
	kept->row.from = keep_end(&row->from, &kept->address[0]);
	kept->row.to = keep_end(&row->to, &kept->address[1]);
	return 0;
}

struct listed listed_open(struct weir_policy *policy, const struct weir_list_options *options)
{
	struct listed listed = { .policy = policy, .rows = weir_array_of(NULL, struct listed_row) };
	struct weir_error error;

	if (weir_list_create(policy, options, &listed.list, &error))
		fail_msg("%s", error.text);
	assert_int_equal(weir_list_each(listed.list, keep, &listed.rows), 0);
	return listed;
}

void listed_close(struct listed *listed)
{
	struct listed_row *rows = listed->rows.items;

	for (size_t i = 0; i < listed->rows.count; i++) {
		free((void *)(uintptr_t)rows[i].row.from.prefixes);
		free((void *)(uintptr_t)rows[i].row.to.prefixes);
	}
	weir_array_finish(&listed->rows);
	weir_list_destroy(listed->list);
}

static void add_port(struct weir_array *ports, int port)
{
	uint16_t *added = weir_array_push(ports);

	assert_non_null(added);
	*added = (uint16_t)port;
}

void listed_edge_ports(const struct listed *listed, struct weir_array *ports, size_t most)
{
	const struct listed_row *rows = listed->rows.items;

	for (size_t i = 0; i < listed->rows.count; i++) {
		const struct weir_list_ports *items;
		uint32_t count = weir_list_ports(listed->list, rows[i].row.ports, &items);

		assert_true(count >= 1);
		for (uint32_t j = 0; j < count; j++) {
			for (uint32_t k = 0; k < items[j].range_count && ports->count + 4 <= most;
			     k++) {
				const struct weir_list_range *range = &items[j].ranges[k];

				add_port(ports, range->first - 1);
				add_port(ports, range->first);
				add_port(ports, range->last);
				add_port(ports, range->last + 1);
			}
		}
	}
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

static bool end_covers(const struct weir_policy *policy, const struct weir_list_end *end,
		       const struct weir_address *address, const struct place *place)
{
	if (end->kind == WEIR_LIST_ADDRESS)
		return weir_address_equal(address, &place->address);
	if (end->kind == WEIR_LIST_NODE)
		return is_node(place) && node_has(policy, end->index, &place->address);
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
		if (end_has_pod(policy, end, place->owner.endpoints[i]))
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

bool listed_leaves_out(const struct listed *listed, const struct weir_key *key)
{
	struct place from = place_at(listed->policy, &key->source);
	struct place to = place_at(listed->policy, &key->destination);

	return weir_address_equal(&from.address, &to.address) || (!is_pod(&from) && !is_pod(&to)) ||
	       weir_address_is_ipv4(&from.address) != weir_address_is_ipv4(&to.address) ||
	       is_on(listed->policy, &to, &from) ||
	       (!listed->asks_own_node && is_on(listed->policy, &from, &to));
}

/* What rows cover. */

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

static bool ports_cover(const struct listed *listed, uint32_t number, const struct weir_key *key)
{
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(listed->list, number, &ports);

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

enum weir_action listed_says(const struct listed *listed, const struct weir_key *key)
{
	const struct listed_row *rows = listed->rows.items;
	struct place from = place_at(listed->policy, &key->source);
	struct place to = place_at(listed->policy, &key->destination);
	enum weir_action says = WEIR_DENY;

	for (size_t i = 0; i < listed->rows.count; i++) {
		enum weir_action row = rows[i].row.is_ambiguous ? WEIR_AMBIGUOUS : WEIR_ALLOW;

		if (!end_covers(listed->policy, &rows[i].row.from, &rows[i].address[0], &from) ||
		    !end_covers(listed->policy, &rows[i].row.to, &rows[i].address[1], &to) ||
		    !ports_cover(listed, rows[i].row.ports, key))
			continue;
		if (says != WEIR_DENY && says != row)
			fail_msg("two rows contradict each other");
		says = row;
	}
	return says;
}
