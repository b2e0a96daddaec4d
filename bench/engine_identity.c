/*
 * engine_identity.c - an identity map, the way Cilium enforces policies.
 *
 * The longest prefix of an address gives its identity: endpoints that no rule tells apart have one
 * in common, and each prefix that a rule names has its own. A policy is a hash of
 * (near identity, far identity, protocol, port); a connection is allowed when the entry of its
 * own, or one with wildcards in place of identity, port or protocol is there:
 *
 *	near  far  protocol  port  |  near  any  protocol  port
 *	near  far  protocol  any   |  near  any  protocol  any
 *	near  far  any       any   |  near  any  any       any
 *
 * Favours to the peer: identities are the near ends too, instead of endpoints, so that the table is
 * as much smaller as an app has pods; ranges of ports are an entry for each port, so that no lookup
 * is for a mask; only those of the six lookups are made that the table has entries for; the table
 * is open, eight bytes a key, half full; and first lines of a burst are fetched ahead. The prefixes
 * are DPDK's rte_fib (DIR-24-8), two memory accesses, where Cilium has a trie.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_fib.h>
#include <rte_prefetch.h>

#include "engines_dpdk.h"
#include "tuples.h"

enum kind {
	EXACT,
	ANY_IDENTITY,
	ANY_PORT,
	ANY_IDENTITY_AND_PORT,
	ANY_PROTOCOL,
	ANY,
	KINDS,
};

enum {
	IDENTITY_BITS = 21,
	WORLD = 1, /* an address that no prefix holds; 0 is the wildcard */
};

struct identity {
	uint32_t endpoint; /* one that has it, or WEIR_NONE */
	uint32_t prefix;   /* the innermost that holds it, or WEIR_NONE */
	uint32_t next;     /* of the same prefix, or WEIR_NONE */
};

struct prefix {
	uint32_t address;
	uint32_t length;
	uint32_t parent;   /* WEIR_NONE: none holds it */
	uint32_t last;     /* behind the prefixes that it holds */
	uint32_t identity; /* the first of a list */
};

struct table {
	uint64_t *entries; /* 0: free */
	unsigned shift;
	size_t count;
};

struct built {
	struct rte_fib *fib;
	struct table tables[2];
	uint8_t *isolated;      /* bit by direction, of each identity */
	uint8_t kinds[2];       /* bit by kind: which lookups are needed */
	unsigned identity_bits; /* of a next hop: what is above is the node, from 1 */
	uint32_t first_node;    /* identities from here on are nodes */
	uint32_t identity_count;
	size_t fib_bytes;
};

/* What is needed until it is built. */
struct making {
	const struct bench_policy *policy;
	struct built *built;
	struct prefix *prefixes;
	uint32_t prefix_count;
	struct identity *identities;
	uint32_t *of_owner; /* identity of each owner */
	uint64_t *seen;     /* far identities of the rule at hand, a bit each */
	uint32_t *far;
	uint32_t far_count;
	uint32_t *near;
	uint32_t near_count;
	size_t max_entries;
	int status;
};

static uint32_t mask_of(unsigned length)
{
	return length ? ~0u << (32 - length) : 0;
}

static bool prefix_holds(const struct prefix *prefix, uint32_t address)
{
	return ((prefix->address ^ address) & mask_of(prefix->length)) == 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *left = a;
	const struct prefix *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return (left->length > right->length) - (left->length < right->length);
}

static void add_prefix(struct making *making, const struct weir_prefix *prefix)
{
	if (weir_prefix_is_ipv4(prefix))
		making->prefixes[making->prefix_count++] =
			(struct prefix){ .address = bench_ipv4(&prefix->address),
					 .length = prefix->length - 96u };
}

/* Each once, inner ones behind the outer one that holds them. */
static bool list_prefixes(struct making *making)
{
	const struct weir_resolved *resolved = making->policy->resolved;
	size_t count = resolved->block_count;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < resolved->block_count; i++)
		count += resolved->blocks[i].hole_count;
	making->prefixes = calloc(count + 1, sizeof(*making->prefixes));
	if (!making->prefixes)
		return false;
	for (uint32_t i = 0; i < resolved->block_count; i++) {
		add_prefix(making, &resolved->blocks[i].prefix);
		for (uint32_t j = 0; j < resolved->blocks[i].hole_count; j++)
			add_prefix(making, &resolved->blocks[i].holes[j]);
	}
	qsort(making->prefixes, making->prefix_count, sizeof(*making->prefixes), compare_prefixes);
	for (uint32_t i = 0; i < making->prefix_count; i++)
		if (!kept || compare_prefixes(&making->prefixes[kept - 1], &making->prefixes[i]))
			making->prefixes[kept++] = making->prefixes[i];
	making->prefix_count = kept;
	return true;
}

static void nest_prefixes(struct making *making)
{
	uint32_t open = WEIR_NONE;

	for (uint32_t i = 0; i < making->prefix_count; i++) {
		struct prefix *prefix = &making->prefixes[i];

		while (open != WEIR_NONE &&
		       !prefix_holds(&making->prefixes[open], prefix->address)) {
			making->prefixes[open].last = i;
			open = making->prefixes[open].parent;
		}
		prefix->parent = open;
		prefix->identity = WEIR_NONE;
		open = i;
	}
	for (; open != WEIR_NONE; open = making->prefixes[open].parent)
		making->prefixes[open].last = making->prefix_count;
}

/* The innermost prefix that holds the address. */
static uint32_t innermost(const struct making *making, uint32_t address)
{
	uint32_t low = 0;
	uint32_t high = making->prefix_count;
	uint32_t found;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (making->prefixes[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	found = low ? low - 1 : WEIR_NONE;
	while (found != WEIR_NONE && !prefix_holds(&making->prefixes[found], address))
		found = making->prefixes[found].parent;
	return found;
}

static uint32_t add_identity(struct making *making, uint32_t endpoint, uint32_t prefix)
{
	uint32_t number = making->built->identity_count++;
	struct identity *identity = &making->identities[number];

	*identity = (struct identity){ endpoint, prefix, WEIR_NONE };
	if (prefix != WEIR_NONE) {
		identity->next = making->prefixes[prefix].identity;
		making->prefixes[prefix].identity = number;
	}
	return number;
}

/* What tells endpoints apart: two hashes of sets, ports and prefix, which rules have in common
 * what they do. Equal hashes of 64 bits are taken as equal; answers are checked. */
struct signature {
	uint64_t hash;
	uint32_t owner;
	uint32_t is_node;
};

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t hash_ports(const struct weir_endpoint *pod)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < pod->port_count; i++) {
		uint64_t hash = pod->ports[i].number * 256u + pod->ports[i].protocol;

		for (const char *at = pod->ports[i].name; at && *at; at++)
			hash = mix(hash * 256 + (unsigned char)*at);
		sum += mix(hash);
	}
	return sum;
}

static int compare_signatures(const void *a, const void *b)
{
	const struct signature *left = a;
	const struct signature *right = b;

	if (left->is_node != right->is_node)
		return left->is_node < right->is_node ? -1 : 1;
	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return (left->owner > right->owner) - (left->owner < right->owner);
}

static struct signature *list_signatures(const struct making *making)
{
	const struct weir_resolved *resolved = making->policy->resolved;
	uint32_t count = making->policy->owner_count;
	struct signature *list = calloc((size_t)count + 1, sizeof(*list));
	uint64_t *sets = calloc((size_t)resolved->endpoint_count + 1, sizeof(*sets));

	for (uint32_t i = 0; sets && i < resolved->set_count; i++)
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			sets[resolved->sets[i].endpoints[j]] += mix(i + 1);
	for (uint32_t i = 0; sets && list && i < count; i++) {
		const struct bench_owner *owner = &making->policy->owners[i];
		const struct weir_endpoint *endpoint = &resolved->endpoints[owner->endpoint];

		list[i] = (struct signature){
			mix(sets[owner->endpoint] + hash_ports(endpoint) * 3 +
			    mix(innermost(making, bench_ipv4(&owner->address)))),
			i, endpoint->kind == WEIR_ENDPOINT_NODE
		};
	}
	if (list && sets)
		qsort(list, count, sizeof(*list), compare_signatures);
	free(sets);
	return list;
}

static bool list_identities(struct making *making)
{
	const struct bench_policy *policy = making->policy;
	struct signature *signatures = list_signatures(making);
	struct built *built = making->built;
	uint32_t number = 0;

	making->identities = calloc((size_t)making->prefix_count + policy->owner_count + 2,
				    sizeof(*making->identities));
	making->of_owner = calloc((size_t)policy->owner_count + 1, sizeof(*making->of_owner));
	if (!signatures || !making->identities || !making->of_owner) {
		free(signatures);
		return false;
	}
	built->identity_count = WORLD;
	add_identity(making, WEIR_NONE, WEIR_NONE);
	for (uint32_t i = 0; i < making->prefix_count; i++)
		add_identity(making, WEIR_NONE, i);
	built->first_node = UINT32_MAX;
	for (uint32_t i = 0; i < policy->owner_count; i++) {
		const struct signature *signature = &signatures[i];
		const struct bench_owner *owner = &policy->owners[signature->owner];

		if (!i || signatures[i - 1].hash != signature->hash ||
		    signatures[i - 1].is_node != signature->is_node)
			number = add_identity(making, owner->endpoint,
					      innermost(making, bench_ipv4(&owner->address)));
		if (signature->is_node && number < built->first_node)
			built->first_node = number;
		making->of_owner[signature->owner] = number;
	}
	free(signatures);
	return true;
}

/* The table. */

static size_t slot_of(const struct table *table, uint64_t key)
{
	return (size_t)(key * 0x9e3779b97f4a7c15u >> table->shift);
}

static bool has(const struct table *table, uint64_t key)
{
	size_t mask = ((size_t)1 << (64 - table->shift)) - 1;

	for (size_t i = slot_of(table, key); table->entries[i]; i = (i + 1) & mask)
		if (table->entries[i] == key)
			return true;
	return false;
}

static void put(struct table *table, uint64_t key)
{
	size_t mask = ((size_t)1 << (64 - table->shift)) - 1;
	size_t i = slot_of(table, key);

	while (table->entries[i] && table->entries[i] != key)
		i = (i + 1) & mask;
	table->count += !table->entries[i];
	table->entries[i] = key;
}

static bool make_table(struct table *table, unsigned bits)
{
	*table = (struct table){ calloc((size_t)1 << bits, sizeof(uint64_t)), 64 - bits, 0 };
	return table->entries;
}

static int insert(struct table *table, uint64_t key, size_t max_entries)
{
	size_t size = (size_t)1 << (64 - table->shift);
	struct table larger;

	if (table->count * 2 < size) {
		put(table, key);
		return 0;
	}
	if (table->count >= max_entries)
		return -ERANGE;
	if (!make_table(&larger, 65 - table->shift))
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		if (table->entries[i])
			put(&larger, table->entries[i]);
	put(&larger, key);
	free(table->entries);
	*table = larger;
	return 0;
}

/* Bits: 1 so that no key is 0, near, far, any port, protocol, port. */
static uint64_t key_of(uint32_t near, uint32_t far, unsigned protocol, bool any_port, uint16_t port)
{
	return (uint64_t)1 << 63 | (uint64_t)near << (IDENTITY_BITS + 19) | (uint64_t)far << 19 |
	       (uint64_t)any_port << 18 | (uint64_t)protocol << 16 | port;
}

/* 0: no rule with ports is about it. */
static unsigned protocol_number(uint8_t protocol)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return 1;
	case WEIR_PROTOCOL_UDP:
		return 2;
	case WEIR_PROTOCOL_SCTP:
		return 3;
	default:
		return 0;
	}
}

/* Rules into entries. */

static void note_far(struct making *making, uint32_t identity)
{
	uint64_t bit = (uint64_t)1 << identity % 64;

	if (making->seen[identity / 64] & bit)
		return;
	making->seen[identity / 64] |= bit;
	making->far[making->far_count++] = identity;
}

static uint32_t identity_of(const struct making *making, const struct weir_address *address,
			    uint32_t endpoint)
{
	const struct bench_policy *policy = making->policy;
	uint32_t low = 0;
	uint32_t high = policy->owner_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(address->bytes, policy->owners[middle].address.bytes, 16);

		if (!order)
			return policy->owners[middle].endpoint == endpoint
				       ? making->of_owner[middle]
				       : WEIR_NONE;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return WEIR_NONE;
}

/* The identities of a set, gathered among the far ones. */
static void note_set(struct making *making, const struct weir_set *set)
{
	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		uint32_t number = set->endpoints[i];
		const struct weir_endpoint *endpoint = &making->policy->resolved->endpoints[number];

		for (uint32_t j = 0; j < endpoint->address_count; j++) {
			uint32_t identity = identity_of(making, &endpoint->addresses[j], number);

			if (identity != WEIR_NONE)
				note_far(making, identity);
		}
	}
}

static bool is_in_hole(const struct weir_block *block, uint32_t address, uint32_t length)
{
	for (uint32_t i = 0; i < block->hole_count; i++) {
		const struct weir_prefix *hole = &block->holes[i];

		if (weir_prefix_is_ipv4(hole) && hole->length - 96u <= length &&
		    ((bench_ipv4(&hole->address) ^ address) & mask_of(hole->length - 96u)) == 0)
			return true;
	}
	return false;
}

static void note_block(struct making *making, const struct weir_block *block)
{
	struct prefix wanted;
	const struct prefix *found;

	if (!weir_prefix_is_ipv4(&block->prefix))
		return;
	wanted = (struct prefix){ .address = bench_ipv4(&block->prefix.address),
				  .length = block->prefix.length - 96u };
	found = bsearch(&wanted, making->prefixes, making->prefix_count, sizeof(wanted),
			compare_prefixes);
	for (const struct prefix *at = found; at && at < making->prefixes + found->last; at++)
		for (uint32_t i = at->identity;
		     i != WEIR_NONE && !is_in_hole(block, at->address, at->length);
		     i = making->identities[i].next)
			note_far(making, i);
}

static void note_peers(struct making *making, const struct weir_rule *rule)
{
	const struct weir_resolved *resolved = making->policy->resolved;

	for (uint32_t i = 0; i < rule->peer_count; i++)
		if (rule->peers[i].kind == WEIR_PEER_BLOCK)
			note_block(making, &resolved->blocks[rule->peers[i].index]);
		else
			note_set(making, &resolved->sets[rule->peers[i].index]);
}

static void forget_far(struct making *making)
{
	for (uint32_t i = 0; i < making->far_count; i++)
		making->seen[making->far[i] / 64] = 0;
	making->far_count = 0;
}

static void add_entry(struct making *making, unsigned direction, enum kind kind, uint64_t key)
{
	struct built *built = making->built;

	built->kinds[direction] |= (uint8_t)(1 << kind);
	if (!making->status)
		making->status = insert(&built->tables[direction], key, making->max_entries);
}

/* A pair of identities, the far one perhaps the wildcard, and one entry of the rule's ports. */
static void add_numbers(struct making *making, const struct weir_rule *rule, uint32_t near,
			uint32_t far, const struct weir_port *port)
{
	unsigned protocol = protocol_number(port->protocol);

	if (port->kind == WEIR_PORT_ANY) {
		add_entry(making, rule->direction, far ? ANY_PORT : ANY_IDENTITY_AND_PORT,
			  key_of(near, far, protocol, true, 0));
		return;
	}
	for (uint32_t number = port->first; number <= port->last; number++)
		add_entry(making, rule->direction, far ? EXACT : ANY_IDENTITY,
			  key_of(near, far, protocol, false, (uint16_t)number));
}

static void add_names(struct making *making, const struct weir_rule *rule, uint32_t near,
		      uint32_t far, const struct weir_port *port)
{
	uint32_t destination = rule->direction == WEIR_INGRESS ? near : far;
	uint32_t endpoint = making->identities[destination].endpoint;
	const struct weir_endpoint *pod;

	if (endpoint == WEIR_NONE)
		return;
	pod = &making->policy->resolved->endpoints[endpoint];
	for (uint32_t i = 0; i < pod->port_count; i++) {
		const struct weir_declared_port *declared = &pod->ports[i];
		struct weir_port number = { .first = declared->number,
					    .last = declared->number,
					    .protocol = declared->protocol,
					    .kind = WEIR_PORT_RANGE };

		if (declared->name && strcmp(declared->name, port->name) == 0 &&
		    (!port->protocol || port->protocol == declared->protocol))
			add_numbers(making, rule, near, far, &number);
	}
}

static void add_pair(struct making *making, const struct weir_rule *rule, uint32_t near,
		     uint32_t far)
{
	for (uint32_t i = 0; i < rule->port_count; i++)
		if (rule->ports[i].kind == WEIR_PORT_NAMED)
			add_names(making, rule, near, far, &rule->ports[i]);
		else
			add_numbers(making, rule, near, far, &rule->ports[i]);
	if (!rule->port_count)
		add_entry(making, rule->direction, far ? ANY_PROTOCOL : ANY,
			  key_of(near, far, 0, true, 0));
}

/* A name asks each destination: everybody is then every identity of a pod. */
static bool asks_far(const struct weir_rule *rule)
{
	for (uint32_t i = 0; i < rule->port_count; i++)
		if (rule->ports[i].kind == WEIR_PORT_NAMED && rule->direction == WEIR_EGRESS)
			return true;
	return false;
}

static void note_everybody(struct making *making)
{
	for (uint32_t i = WORLD; i < making->built->identity_count; i++)
		note_far(making, i);
}

static void add_rule(struct making *making, const struct weir_rule *rule)
{
	struct built *built = making->built;

	note_set(making, &making->policy->resolved->sets[rule->subjects]);
	memcpy(making->near, making->far, making->far_count * sizeof(*making->far));
	making->near_count = making->far_count;
	forget_far(making);
	for (uint32_t i = 0; rule->action == WEIR_RULE_DENY && i < making->near_count; i++)
		built->isolated[making->near[i]] |= (uint8_t)(1 << rule->direction);
	if (rule->action == WEIR_RULE_DENY)
		return;
	note_peers(making, rule);
	if (!rule->peer_count && asks_far(rule))
		note_everybody(making);
	for (uint32_t i = 0; i < making->near_count && !making->status; i++) {
		for (uint32_t j = 0; j < making->far_count && !making->status; j++)
			add_pair(making, rule, making->near[i], making->far[j]);
		if (!rule->peer_count && !asks_far(rule))
			add_pair(making, rule, making->near[i], 0);
	}
	forget_far(making);
}

static unsigned bits_of(uint32_t number)
{
	return number ? 32 - (unsigned)__builtin_clz(number) : 0;
}

/* The prefixes of identities, and of endpoints with the node that they are or run on. */
static int fill_fib(struct making *making)
{
	const struct bench_policy *policy = making->policy;
	const struct built *built = making->built;
	int status = 0;

	for (uint32_t i = 0; i < making->prefix_count && !status; i++)
		status = rte_fib_add(built->fib, making->prefixes[i].address,
				     (uint8_t)making->prefixes[i].length, WORLD + 1 + i);
	for (uint32_t i = 0; i < policy->owner_count && !status; i++) {
		uint32_t number = policy->owners[i].endpoint;
		const struct weir_endpoint *endpoint = &policy->resolved->endpoints[number];
		uint32_t node = endpoint->kind == WEIR_ENDPOINT_NODE ? number : endpoint->node;

		if (weir_address_is_ipv4(&policy->owners[i].address))
			status = rte_fib_add(built->fib, bench_ipv4(&policy->owners[i].address), 32,
					     (uint64_t)(node == WEIR_NONE ? 0 : node + 1)
							     << built->identity_bits |
						     making->of_owner[i]);
	}
	return status;
}

/* How many of its second tables are filled: one for each /24 with longer prefixes. */
static uint32_t count_tables(const struct making *making)
{
	const struct bench_policy *policy = making->policy;
	uint32_t last = UINT32_MAX;
	uint32_t count = 16;

	for (uint32_t i = 0; i < making->prefix_count; i++)
		count += making->prefixes[i].length > 24;
	for (uint32_t i = 0; i < policy->owner_count; i++) {
		uint32_t network = bench_ipv4(&policy->owners[i].address) >> 8;

		count += network != last;
		last = network;
	}
	return count;
}

static int make_fib(struct making *making)
{
	struct built *built = making->built;
	size_t before = bench_dpdk_bytes();
	struct rte_fib_conf conf = { .type = RTE_FIB_DIR24_8,
				     .default_nh = WORLD,
				     .max_routes = (int)(making->prefix_count +
							 making->policy->owner_count + 16),
				     .dir24_8 = { RTE_FIB_DIR24_8_4B, count_tables(making) } };

	built->identity_bits = bits_of(built->identity_count);
	/* Four bytes hold 31 bits. */
	if (built->identity_bits + bits_of(making->policy->resolved->endpoint_count + 1) > 31)
		conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_8B;
	built->fib = rte_fib_create("identities", 0, &conf);
	if (!built->fib)
		return -ENOMEM;
	built->fib_bytes = bench_dpdk_bytes() - before;
	return fill_fib(making);
}

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	rte_fib_free(built->fib);
	free(built->tables[0].entries);
	free(built->tables[1].entries);
	free(built->isolated);
	free(built);
}

static bool allocate(struct making *making)
{
	size_t count = making->built->identity_count;

	making->seen = calloc(count / 64 + 1, sizeof(*making->seen));
	making->far = calloc(count, sizeof(*making->far));
	making->near = calloc(count, sizeof(*making->near));
	making->built->isolated = calloc(count, 1);
	return making->seen && making->far && making->near && making->built->isolated &&
	       make_table(&making->built->tables[0], 10) &&
	       make_table(&making->built->tables[1], 10);
}

static int make(struct making *making)
{
	const struct weir_resolved *resolved = making->policy->resolved;

	if (!list_prefixes(making))
		return -ENOMEM;
	nest_prefixes(making);
	if (!list_identities(making) || !allocate(making))
		return -ENOMEM;
	if (making->built->identity_count >> IDENTITY_BITS)
		return -ERANGE;
	for (uint32_t i = 0; i < resolved->rule_count && !making->status; i++)
		add_rule(making, &resolved->rules[i]);
	return making->status ? making->status : make_fib(making);
}

static void finish(struct making *making)
{
	free(making->prefixes);
	free(making->identities);
	free(making->of_owner);
	free(making->seen);
	free(making->far);
	free(making->near);
}

/* Allows, and the isolation of NetworkPolicy behind them; nothing of other tiers. */
static bool is_network_policy(const struct weir_rule *rule)
{
	return rule->tier == WEIR_TIER_NETWORK_POLICY &&
	       (rule->action == WEIR_RULE_ALLOW ||
		(rule->origin == WEIR_NONE && !rule->peer_count && !rule->port_count));
}

static int build(const struct bench_engine *engine, const struct bench_policy *policy,
		 const struct bench_limits *limits, void **out, struct weir_error *error)
{
	struct making making = { .policy = policy,
				 .max_entries = limits->max_bytes / sizeof(uint64_t) / 8 };
	int status = bench_require_plain(policy, error);

	(void)engine;
	for (uint32_t i = 0; i < policy->resolved->rule_count && !status; i++)
		if (!is_network_policy(&policy->resolved->rules[i]))
			status = bench_decline(error, -ENOTSUP, "rules of other tiers");
	if (status)
		return status;
	making.built = calloc(1, sizeof(*making.built));
	if (!making.built)
		return bench_decline(error, -ENOMEM, "no memory");
	status = make(&making);
	finish(&making);
	if (status) {
		destroy(making.built);
		return bench_decline(error, status, "%s",
				     status == -ERANGE ? "too many identities or entries"
						       : strerror(-status));
	}
	*out = making.built;
	return 0;
}

/* One key, as identities. */
struct asked {
	uint32_t identities[2]; /* source, destination */
	uint32_t nodes[2];
	unsigned protocol;
	uint16_t port;
};

static bool has_kind(const struct table *table, enum kind kind, uint32_t near, uint32_t far,
		     const struct asked *asked)
{
	switch (kind) {
	case EXACT:
		return has(table, key_of(near, far, asked->protocol, false, asked->port));
	case ANY_IDENTITY:
		return has(table, key_of(near, 0, asked->protocol, false, asked->port));
	case ANY_PORT:
		return has(table, key_of(near, far, asked->protocol, true, 0));
	case ANY_IDENTITY_AND_PORT:
		return has(table, key_of(near, 0, asked->protocol, true, 0));
	case ANY_PROTOCOL:
		return has(table, key_of(near, far, 0, true, 0));
	default:
		return has(table, key_of(near, 0, 0, true, 0));
	}
}

static bool half_allows(const struct built *built, unsigned direction, const struct asked *asked)
{
	uint32_t near = asked->identities[direction];
	uint32_t far = asked->identities[!direction];
	unsigned kinds = built->kinds[direction];

	if (!(built->isolated[near] >> direction & 1))
		return true;
	if (!asked->protocol)
		kinds &= 1u << ANY_PROTOCOL | 1u << ANY;
	for (; kinds; kinds &= kinds - 1)
		if (has_kind(&built->tables[direction], (enum kind)__builtin_ctz(kinds), near, far,
			     asked))
			return true;
	return false;
}

static bool is_own_node(const struct built *built, const struct asked *asked)
{
	bool has_node = (asked->identities[0] >= built->first_node) |
			(asked->identities[1] >= built->first_node);

	return has_node && asked->nodes[0] == asked->nodes[1];
}

static void find_identities(const struct built *built, const struct bench_tuple *tuples,
			    struct asked *asked, size_t n)
{
	uint32_t addresses[2 * BENCH_BURST_MAX];
	uint64_t hops[2 * BENCH_BURST_MAX];
	uint32_t mask = (uint32_t)((1u << built->identity_bits) - 1);

	for (size_t i = 0; i < n; i++) {
		addresses[2 * i] = ntohl(tuples[i].source);
		addresses[2 * i + 1] = ntohl(tuples[i].destination);
	}
	rte_fib_lookup_bulk(built->fib, addresses, hops, (int)(2 * n));
	for (size_t i = 0; i < n; i++) {
		asked[i].protocol = protocol_number(tuples[i].protocol);
		asked[i].port = ntohs(tuples[i].destination_port);
		for (unsigned end = 0; end < 2; end++) {
			asked[i].identities[end] = (uint32_t)hops[2 * i + end] & mask;
			asked[i].nodes[end] = (uint32_t)(hops[2 * i + end] >> built->identity_bits);
		}
	}
}

static void fetch(const struct built *built, const struct bench_taken *taken,
		  const struct asked *asked)
{
	for (unsigned d = 0; d < 2; d++) {
		uint64_t key = key_of(asked->identities[d], asked->identities[!d], asked->protocol,
				      false, asked->port);

		if (taken->halves[d])
			rte_prefetch0(&built->tables[d].entries[slot_of(&built->tables[d], key)]);
	}
}

static void classify(const struct bench_engine *engine, const void *maps, void *keys, size_t first,
		     size_t n)
{
	const struct built *built = maps;
	struct asked asked[BENCH_BURST_MAX];
	struct bench_taken *taken = keys;

	(void)engine;
	find_identities(built, taken->tuples + first, asked, n);
	for (size_t i = 0; i < n; i++)
		fetch(built, taken, &asked[i]);
	for (size_t i = 0; i < n; i++) {
		bool allows = true;

		for (unsigned d = 0; d < 2 && allows; d++)
			if (taken->halves[d])
				allows = half_allows(built, d, &asked[i]);
		taken->actions[first + i] =
			allows || taken->tuples[first + i].is_same || is_own_node(built, &asked[i]);
	}
}

static size_t bytes(const void *engine)
{
	const struct built *built = engine;
	size_t total = built->fib_bytes + built->identity_count;

	for (unsigned d = 0; d < 2; d++)
		total += ((size_t)1 << (64 - built->tables[d].shift)) * sizeof(uint64_t);
	return total;
}

const struct bench_engine bench_identity = {
	.name = "identity-map",
	.summary =
		"identities by longest prefix, then hash lookups with wildcards, as Cilium has it",
	.is_peer = true,
	.build = build,
	.intake = &bench_tuples,
	.classify = classify,
	.bytes = bytes,
	.destroy = destroy,
};
