#include "facts.h"

#include <errno.h>
#include <stdlib.h>

/* An address of a pod or of a node, before they are brought together. */
struct claim {
	struct weir_address address;
	uint32_t owner;
};

uint32_t facts_number(struct facts *facts, struct weir_map *map, const void *bytes, size_t length,
		      int *is_new)
{
	uint64_t hash = weir_hash_bytes(bytes, length, 0);
	struct weir_map_slot *slot = weir_map_slot(map, bytes, length, hash);
	char *copy;

	if (!slot)
		return WEIR_NONE;
	*is_new = !slot->key;
	if (slot->key)
		return slot->value;
	copy = weir_arena_copy(&facts->arena, bytes, length);
	if (!copy)
		return WEIR_NONE;
	weir_map_fill(map, slot, copy, length, hash, (uint32_t)map->count);
	return (uint32_t)map->count - 1;
}

/* Views. */

static uint32_t near_view(struct facts *facts, enum weir_direction direction,
			  const struct k8s_candidate *near)
{
	struct side_facts *side = &facts->sides[direction];
	const struct policy *policies = side->policies.items;
	struct selected *selected = side->selected;
	uint32_t count = 0;
	uint32_t number;
	int is_new;

	for (uint32_t i = 0; i < side->policies.count; i++) {
		enum k8s_match level =
			policies[i].network
				? k8s_reference_selects(policies[i].network, near)
				: k8s_reference_scope(facts->cluster, &policies[i].cluster->subject,
						      near);

		selected[count].policy = i;
		selected[count].level = (uint8_t)level;
		count += level != K8S_MATCH_NO;
	}
	number = facts_number(facts, &side->near_map, selected, count * sizeof(*selected), &is_new);
	if (number != WEIR_NONE && is_new) {
		struct near_view *view = weir_array_push(&side->nears);

		selected = weir_arena_array(&facts->arena, count + 1, struct selected);
		if (!view || !selected)
			return WEIR_NONE;
		memcpy(selected, side->selected, count * sizeof(*selected));
		*view = (struct near_view){ selected, count };
	}
	return number;
}

static uint8_t peer_level(const struct facts *facts, const struct peer *peer,
			  const struct k8s_candidate *far)
{
	return (uint8_t)(peer->peer ? k8s_reference_peer(facts->cluster, &facts->semantics,
							 peer->policy, peer->peer, far)
				    : k8s_reference_cluster_peer(facts->cluster, peer->cluster_peer,
								 far));
}

static const uint8_t *rule_levels(struct facts *facts, const struct side_facts *side,
				  const uint8_t *peers)
{
	const struct rule *rules = side->rules.items;
	uint8_t *levels = weir_arena_array(&facts->arena, side->rules.count + 1, uint8_t);

	for (size_t i = 0; i < side->rules.count && levels; i++) {
		/* A rule of a NetworkPolicy without peers is of every peer (S5); one of a cluster
		 * policy always has some. */
		const struct policy *policy = &facts_policies(side)[rules[i].policy];

		levels[i] =
			rules[i].peer_count || policy->cluster ? K8S_MATCH_NO : K8S_MATCH_CERTAIN;
		for (uint32_t j = 0; j < rules[i].peer_count; j++) {
			uint8_t level = peers[rules[i].first_peer + j];

			if (level > levels[i])
				levels[i] = level;
		}
	}
	return levels;
}

/* What the peers say of an end at the interval at hand. */
static void ask_peers(struct facts *facts, struct side_facts *side, const struct k8s_candidate *far,
		      const uint8_t *known)
{
	const struct peer *peers = side->peers.items;
	bool is_pod = far->kind == K8S_END_PODS || far->kind == K8S_END_UNKNOWN_POD;

	memcpy(side->scratch, known, side->peers.count);
	for (uint32_t i = 0; i < side->by_address_count; i++)
		side->scratch[side->by_address[i]] = side->inside[is_pod][side->by_address[i]];
	for (size_t i = 0; far->kind == K8S_END_NODE && i < side->peers.count; i++) {
		if (peers[i].by_node)
			side->scratch[i] = peer_level(facts, &peers[i], far);
	}
}

static uint32_t far_view(struct facts *facts, enum weir_direction direction,
			 const struct k8s_candidate *far, const uint8_t *known)
{
	struct side_facts *side = &facts->sides[direction];
	struct far_view *view;
	uint32_t number;
	int is_new;

	ask_peers(facts, side, far, known);
	number = facts_number(facts, &side->far_map, side->scratch, side->peers.count, &is_new);
	if (number == WEIR_NONE || !is_new)
		return number;
	view = weir_array_push(&side->fars);
	if (!view)
		return WEIR_NONE;
	view->peers = (const uint8_t *)weir_arena_copy(&facts->arena, (const char *)side->scratch,
						       side->peers.count);
	view->rules = view->peers ? rule_levels(facts, side, view->peers) : NULL;
	return view->rules ? number : WEIR_NONE;
}

static bool is_used(const struct facts *facts, const char *name)
{
	return name && weir_map_find(&facts->names, name, strlen(name));
}

/* The first view is of what declares nothing. */
static uint32_t named_view(struct facts *facts, const struct k8s_pod *pod)
{
	struct weir_array used = weir_array_of(facts->allocator, struct k8s_container_port);
	const struct k8s_pod **example;
	uint32_t number;
	int is_new = 0;

	for (uint32_t i = 0; pod && i < pod->port_count; i++) {
		struct k8s_container_port *port;

		if (!is_used(facts, pod->ports[i].name))
			continue;
		port = weir_array_push(&used);
		if (!port) {
			weir_array_finish(&used);
			return WEIR_NONE;
		}
		port->name = pod->ports[i].name;
		port->number = pod->ports[i].number;
		port->protocol = pod->ports[i].protocol;
	}
	number = facts_number(facts, &facts->named_map, used.count ? used.items : "",
			      used.count * sizeof(struct k8s_container_port), &is_new);
	weir_array_finish(&used);
	if (number == WEIR_NONE || !is_new)
		return number;
	example = weir_array_push(&facts->named);
	if (!example)
		return WEIR_NONE;
	*example = pod;
	return number;
}

/* What selectors say. */
static int fill_identity(struct facts *facts, const struct k8s_candidate *as,
			 struct identity *identity)
{
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		const struct side_facts *side = &facts->sides[i];
		const struct peer *peers = side->peers.items;
		uint8_t *levels = weir_arena_array(&facts->arena, side->peers.count + 1, uint8_t);

		identity->near[i] = near_view(facts, (enum weir_direction)i, as);
		if (!levels || identity->near[i] == WEIR_NONE)
			return -ENOMEM;
		for (size_t j = 0; j < side->peers.count; j++) {
			if (!peers[j].by_address && !peers[j].by_node)
				levels[j] = peer_level(facts, &peers[j], as);
		}
		identity->peers[i] = levels;
	}
	return 0;
}

/* Of all pods like this one. */
static const struct identity *identity_of(struct facts *facts, const struct k8s_pod *pod)
{
	const struct k8s_labels *labels = &pod->meta.labels;
	const char *namespace_name = pod->meta.namespace_name;
	size_t length = sizeof(namespace_name) + labels->count * sizeof(*labels->items);
	char *key = weir_arena_allocate(&facts->arena, length, 1);
	struct k8s_candidate as = { .kind = K8S_END_PODS, .address = pod->addresses, .pod = pod };
	struct identity *identity;
	uint32_t number;
	int is_new;

	if (!key)
		return NULL;
	memcpy(key, &namespace_name, sizeof(namespace_name));
	if (labels->count)
		memcpy(key + sizeof(namespace_name), labels->items,
		       length - sizeof(namespace_name));
	number = facts_number(facts, &facts->identity_map, key, length, &is_new);
	if (number == WEIR_NONE)
		return NULL;
	if (!is_new)
		return (const struct identity *)facts->identities.items + number;
	identity = weir_array_push(&facts->identities);
	return identity && !fill_identity(facts, &as, identity) ? identity : NULL;
}

static int make_strangers(struct facts *facts)
{
	static const struct weir_address nowhere;
	static const struct k8s_candidate strangers[STRANGERS] = {
		[STRANGER_NODE] = { .kind = K8S_END_NODE, .address = &nowhere },
		[STRANGER_UNKNOWN] = { .kind = K8S_END_UNKNOWN_POD, .address = &nowhere },
		[STRANGER_OUTSIDE] = { .kind = K8S_END_EXTERNAL, .address = &nowhere },
		[STRANGER_NAMED] = { .kind = K8S_END_EXTERNAL,
				     .address = &nowhere,
				     .has_names = true },
	};
	int status = 0;

	for (unsigned i = 0; i < STRANGERS && !status; i++)
		status = fill_identity(facts, &strangers[i], &facts->strangers[i]);
	return status;
}

static const struct identity *stranger_of(const struct facts *facts, enum k8s_end_kind kind)
{
	switch (kind) {
	case K8S_END_NODE:
		return &facts->strangers[STRANGER_NODE];
	case K8S_END_UNKNOWN_POD:
		return &facts->strangers[STRANGER_UNKNOWN];
	default:
		return &facts->strangers[STRANGER_OUTSIDE];
	}
}

/* Candidates. */

static uint32_t node_of(const struct facts *facts, const struct k8s_pod *pod)
{
	const struct k8s_node *node =
		pod->node_name ? k8s_find_node(facts->cluster, pod->node_name) : NULL;

	return node ? (uint32_t)(node - (const struct k8s_node *)facts->cluster->nodes.items)
		    : WEIR_NONE;
}

static struct candidate *push_candidate(struct facts *facts, const struct end *end,
					enum k8s_end_kind kind)
{
	struct candidate *candidate = weir_array_push(&facts->candidates);

	if (candidate)
		*candidate = (struct candidate){ .as = { .kind = kind, .address = &end->first },
						 .node = WEIR_NONE };
	return candidate;
}

static int set_views(struct facts *facts, struct candidate *candidate,
		     const struct identity *identity)
{
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		candidate->near[i] = identity->near[i];
		candidate->far[i] =
			far_view(facts, (enum weir_direction)i, &candidate->as, identity->peers[i]);
		if (candidate->far[i] == WEIR_NONE)
			return -ENOMEM;
	}
	candidate->far_named = candidate->far[WEIR_EGRESS];
	return 0;
}

static int add_pod(struct facts *facts, const struct end *end, const struct k8s_pod *pod)
{
	struct candidate *candidate = push_candidate(facts, end, K8S_END_PODS);
	const struct identity *identity = candidate ? identity_of(facts, pod) : NULL;

	if (!identity)
		return -ENOMEM;
	candidate->as.pod = pod;
	candidate->node = node_of(facts, pod);
	candidate->named = named_view(facts, pod);
	if (candidate->named == WEIR_NONE)
		return -ENOMEM;
	return set_views(facts, candidate, identity);
}

static int add_stranger(struct facts *facts, const struct end *end, enum k8s_end_kind kind)
{
	const struct identity *identity = stranger_of(facts, kind);
	struct candidate *candidate = push_candidate(facts, end, kind);

	if (!candidate || set_views(facts, candidate, identity))
		return -ENOMEM;
	if (kind == K8S_END_EXTERNAL)
		candidate->far_named =
			far_view(facts, WEIR_EGRESS, &candidate->as,
				 facts->strangers[STRANGER_NAMED].peers[WEIR_EGRESS]);
	return candidate->far_named == WEIR_NONE ? -ENOMEM : 0;
}

/* Who claims what, in order. */

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left;
	const struct claim *b = right;
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	return order ? order : (a->owner > b->owner) - (a->owner < b->owner);
}

static int push_claims(struct weir_array *claims, const struct weir_address *addresses,
		       uint32_t count, uint32_t owner)
{
	for (uint32_t i = 0; i < count; i++) {
		struct claim *claim = weir_array_push(claims);

		if (!claim)
			return -ENOMEM;
		*claim = (struct claim){ addresses[i], owner };
	}
	return 0;
}

static void sort_claims(struct weir_array *claims)
{
	if (claims->count)
		qsort(claims->items, claims->count, sizeof(struct claim), compare_claims);
}

static int claims_of_pods(const struct weir_cluster *cluster, struct weir_array *claims)
{
	const struct k8s_pod *pods = cluster->pods.items;
	int status = 0;

	for (uint32_t i = 0; i < cluster->pods.count && !status; i++)
		status = push_claims(claims, pods[i].addresses, pods[i].address_count, i);
	sort_claims(claims);
	return status;
}

static int claims_of_nodes(const struct weir_cluster *cluster, struct weir_array *claims)
{
	const struct k8s_node *nodes = cluster->nodes.items;
	int status = 0;

	for (uint32_t i = 0; i < cluster->nodes.count && !status; i++)
		status = push_claims(claims, nodes[i].addresses, nodes[i].address_count, i);
	sort_claims(claims);
	return status;
}

/* The claims of an address; next is moved behind them. */
static const struct claim *claims_at(const struct weir_array *claims, size_t *next,
				     const struct weir_address *address, size_t *count)
{
	const struct claim *items = claims->items;
	size_t begin;

	while (*next < claims->count &&
	       memcmp(&items[*next].address, address, sizeof(*address)) < 0)
		++*next;
	begin = *next;
	while (*next < claims->count && weir_address_equal(&items[*next].address, address))
		++*next;
	*count = *next - begin;
	return items + begin;
}

/* A pod that says an address twice owns it once. */
static bool is_again(const struct claim *claims, size_t i)
{
	return i > 0 && claims[i].owner == claims[i - 1].owner;
}

/* The owners are those of the highest rank that claim it, in their order (S17). */
static int add_owners(struct facts *facts, struct end *end, const struct claim *claims,
		      size_t count)
{
	const struct k8s_pod *pods = facts->cluster->pods.items;
	bool running = false;
	int status = 0;

	for (size_t i = 0; i < count; i++)
		running |= pods[claims[i].owner].phase == K8S_RUNNING &&
			   k8s_reference_claims(&pods[claims[i].owner], &end->first);
	for (size_t i = 0; i < count && !status; i++) {
		const struct k8s_pod *pod = &pods[claims[i].owner];

		if (is_again(claims, i) || !k8s_reference_claims(pod, &end->first) ||
		    (running && pod->phase != K8S_RUNNING))
			continue;
		status = add_pod(facts, end, pod);
		end->candidate_count++;
	}
	return status;
}

static int add_nodes(struct facts *facts, struct end *end, const struct claim *claims, size_t count)
{
	end->nodes = (uint32_t)facts->node_lists.count;
	for (size_t i = 0; i < count; i++) {
		uint32_t *node;

		if (is_again(claims, i))
			continue;
		node = weir_array_push(&facts->node_lists);
		if (!node)
			return -ENOMEM;
		*node = claims[i].owner;
		end->node_count++;
	}
	return 0;
}

/* What kind of thing an address is: as reference.c asks, in that order. */
static int add_nobody(struct facts *facts, struct end *end)
{
	int status;

	end->candidate_count = 1;
	end->kind = K8S_END_EXTERNAL;
	if (end->node_count)
		end->kind = K8S_END_NODE;
	else if (k8s_reference_in_pod_range(facts->cluster, &end->first))
		end->kind = K8S_END_UNKNOWN_POD;
	status = add_stranger(facts, end, end->kind);
	if (!status && end->kind == K8S_END_UNKNOWN_POD)
		status = add_stranger(facts, end, K8S_END_EXTERNAL);
	return status;
}

/* The beginnings of intervals where what a peer says of addresses may change. */
struct change {
	uint32_t end;
	uint32_t peer;
	uint32_t direction;
};

struct changes {
	struct weir_array items; /* struct change, in order */
	size_t next;
};

static int compare_changes(const void *left, const void *right)
{
	const struct change *a = left;
	const struct change *b = right;

	return (a->end > b->end) - (a->end < b->end);
}

static uint32_t interval_of(const struct cuts *cuts, const struct weir_address *address)
{
	const struct weir_address *items = cuts->items.items;
	size_t low = 0;
	size_t high = cuts->items.count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&items[middle], address, sizeof(*address)) <= 0)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

/* Where a peer's own prefixes begin and end; and the families, since none is of both. */
static int cuts_of_peer(struct cuts *cuts, const struct peer *peer)
{
	static const struct weir_prefix ipv4 = { { { [10] = 0xff, [11] = 0xff } }, 96 };
	uint32_t count =
		peer->peer ? peer->peer->block.except_count : peer->cluster_peer->network_count;
	const struct weir_prefix *prefixes =
		peer->peer ? peer->peer->block.except : peer->cluster_peer->networks;
	int status = cuts_add_prefix(cuts, &ipv4);

	if (!status && peer->peer)
		status = cuts_add_prefix(cuts, &peer->peer->block.prefix);

	for (uint32_t i = 0; i < count && !status; i++)
		status = cuts_add_prefix(cuts, &prefixes[i]);
	return status;
}

static int push_change(struct changes *changes, uint32_t end, unsigned direction, uint32_t peer)
{
	struct change *change = weir_array_push(&changes->items);

	if (!change)
		return -ENOMEM;
	*change = (struct change){ end, peer, direction };
	return 0;
}

/* Every peer is asked of the first interval, and where it may change. */
static int list_changes_of(struct changes *changes, const struct side_facts *side,
			   unsigned direction, const struct cuts *cuts)
{
	const struct peer *peers = side->peers.items;
	struct cuts own;
	int status = 0;

	cuts_init(&own, changes->items.allocator);
	for (uint32_t i = 0; i < side->by_address_count && !status; i++) {
		uint32_t peer = side->by_address[i];

		own.items.count = 0;
		status = cuts_of_peer(&own, &peers[peer]);
		if (!status)
			status = push_change(changes, 0, direction, peer);
		for (size_t j = 0; j < own.items.count && !status; j++)
			status = push_change(
				changes,
				interval_of(cuts, (const struct weir_address *)own.items.items + j),
				direction, peer);
	}
	cuts_finish(&own);
	return status;
}

static int list_changes(const struct facts *facts, const struct cuts *cuts, struct changes *changes)
{
	int status = 0;

	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = list_changes_of(changes, &facts->sides[i], i, cuts);
	if (changes->items.count)
		qsort(changes->items.items, changes->items.count, sizeof(struct change),
		      compare_changes);
	return status;
}

/* Asks those again that may say something else of this interval than of the one before. */
static void take_changes(struct facts *facts, struct changes *changes, uint32_t index)
{
	const struct end *end = &facts_ends(facts)[index];
	struct k8s_candidate as[2] = {
		{ .kind = K8S_END_EXTERNAL, .address = &end->first },
		{ .kind = K8S_END_UNKNOWN_POD, .address = &end->first },
	};

	for (; changes->next < changes->items.count; changes->next++) {
		const struct change *change =
			(const struct change *)changes->items.items + changes->next;
		struct side_facts *side = &facts->sides[change->direction];
		const struct peer *peer = (const struct peer *)side->peers.items + change->peer;

		if (change->end != index)
			break;
		for (unsigned i = 0; i < 2; i++)
			side->inside[i][change->peer] = peer_level(facts, peer, &as[i]);
	}
}

/* What is walked through beside the intervals. */
struct walk {
	struct weir_array pods; /* struct claim */
	struct weir_array nodes;
	size_t next_pod;
	size_t next_node;
	struct changes changes;
};

static int make_end(struct facts *facts, struct end *end, struct walk *walk)
{
	const struct claim *claims;
	size_t count;
	int status;

	end->candidates = (uint32_t)facts->candidates.count;
	claims = claims_at(&walk->nodes, &walk->next_node, &end->first, &count);
	status = add_nodes(facts, end, claims, count);
	claims = claims_at(&walk->pods, &walk->next_pod, &end->first, &count);
	if (!status)
		status = add_owners(facts, end, claims, count);
	end->kind = K8S_END_PODS;
	if (!status && !end->candidate_count)
		status = add_nobody(facts, end);
	return status;
}

static int walk_ends(struct facts *facts, const struct cuts *cuts, struct walk *walk)
{
	int status = 0;

	for (uint32_t i = 0; i < cuts->items.count && !status; i++) {
		struct end *end = (struct end *)facts->ends.items + i;

		end->first = ((const struct weir_address *)cuts->items.items)[i];
		end->last = cuts_last(cuts, i);
		take_changes(facts, &walk->changes, i);
		status = make_end(facts, end, walk);
	}
	return status;
}

static int make_ends(struct facts *facts, const struct cuts *cuts)
{
	struct walk walk = {
		.pods = weir_array_of(facts->allocator, struct claim),
		.nodes = weir_array_of(facts->allocator, struct claim),
		.changes = { .items = weir_array_of(facts->allocator, struct change) },
	};
	int status = claims_of_pods(facts->cluster, &walk.pods);

	if (!status)
		status = claims_of_nodes(facts->cluster, &walk.nodes);
	if (!status)
		status = list_changes(facts, cuts, &walk.changes);
	/* Candidates point to the ends, so these do not move. */
	if (!status)
		status = weir_array_resize(&facts->ends, cuts->items.count);
	if (!status)
		status = walk_ends(facts, cuts, &walk);
	weir_array_finish(&walk.changes.items);
	weir_array_finish(&walk.pods);
	weir_array_finish(&walk.nodes);
	return status;
}

static void init_side(struct side_facts *side, const struct weir_allocator *allocator)
{
	side->policies = weir_array_of(allocator, struct policy);
	side->rules = weir_array_of(allocator, struct rule);
	side->peers = weir_array_of(allocator, struct peer);
	side->ports = weir_array_of(allocator, const struct k8s_port *);
	side->nears = weir_array_of(allocator, struct near_view);
	side->fars = weir_array_of(allocator, struct far_view);
	weir_map_init(&side->near_map, allocator);
	weir_map_init(&side->far_map, allocator);
}

static void init(struct facts *facts)
{
	const struct weir_allocator *allocator = facts->allocator;

	weir_arena_init(&facts->arena, allocator);
	for (unsigned i = 0; i < DIRECTIONS; i++)
		init_side(&facts->sides[i], allocator);
	facts->sides[WEIR_INGRESS].is_ingress = true;
	weir_map_init(&facts->names, allocator);
	weir_map_init(&facts->named_map, allocator);
	weir_map_init(&facts->identity_map, allocator);
	facts->named = weir_array_of(allocator, const struct k8s_pod *);
	facts->ports = weir_array_of(allocator, struct port_class);
	facts->ranges = weir_array_of(allocator, struct port_range);
	facts->ends = weir_array_of(allocator, struct end);
	facts->candidates = weir_array_of(allocator, struct candidate);
	facts->node_lists = weir_array_of(allocator, uint32_t);
	facts->identities = weir_array_of(allocator, struct identity);
}

int facts_make(struct facts *facts, const struct weir_cluster *cluster,
	       const struct weir_semantics *semantics, const struct lookup *lookup,
	       const struct cuts *cuts, const struct weir_allocator *allocator)
{
	int status = 0;

	*facts = (struct facts){ .allocator = weir_allocator_or_default(allocator),
				 .cluster = cluster,
				 .semantics = *semantics,
				 .lookup = lookup };
	init(facts);
	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = facts_make_side(facts, (enum weir_direction)i);
	if (!status && named_view(facts, NULL) == WEIR_NONE)
		status = -ENOMEM;
	if (!status)
		status = make_strangers(facts);
	if (!status)
		status = make_ends(facts, cuts);
	return status ? status : facts_make_ports(facts);
}

static void finish_side(struct side_facts *side)
{
	weir_array_finish(&side->policies);
	weir_array_finish(&side->rules);
	weir_array_finish(&side->peers);
	weir_array_finish(&side->ports);
	weir_array_finish(&side->nears);
	weir_array_finish(&side->fars);
	weir_map_finish(&side->near_map);
	weir_map_finish(&side->far_map);
}

void facts_finish(struct facts *facts)
{
	for (unsigned i = 0; i < DIRECTIONS; i++)
		finish_side(&facts->sides[i]);
	weir_map_finish(&facts->names);
	weir_map_finish(&facts->named_map);
	weir_map_finish(&facts->identity_map);
	weir_array_finish(&facts->named);
	weir_array_finish(&facts->ports);
	weir_array_finish(&facts->ranges);
	weir_array_finish(&facts->ends);
	weir_array_finish(&facts->candidates);
	weir_array_finish(&facts->node_lists);
	weir_array_finish(&facts->identities);
	weir_arena_finish(&facts->arena);
}
