/*
 * layout.h - the block that a compiled policy is.
 *
 * One run of bytes without a pointer: a header, then sections, each an array of one struct at a
 * multiple of 64 bytes, one behind the other, zeros between them. References are indices into
 * sections, so the block may be moved, saved and mapped. Numbers are in the machine's order, and
 * the preamble tells which that is; docs/format.md says what a reader may rely on. What the
 * lookups rely on is what validate.c makes sure of.
 *
 * Where an item has a run of items in another section the runs of consecutive items are
 * consecutive, and together they are that whole section.
 *
 * The hot sections come first. An address is found in the trie, whose leaf is a word:
 *
 *	0 | node number | profile     the usual case; bits are split by profile_bits
 *	1 0 | index                   a special: an unknown pod, several owners, or something
 *	                              outside whose names would decide
 *	1 1 | index                   a guard: skipped bits to compare, then the trie goes on (IPv6)
 *
 * The profile says which row an end has in each direction when it is the near end, and which
 * class it is in each direction when it is the far end. Whose rules it has, which groups that
 * allow the same differ in, is in a cold section beside it. A cell of a row names a port set, a bit
 * set over the port classes that are allowed. A row begins at a line of 64 bytes; its word is
 * (first line << 5 | bits), and bits tells its form:
 *
 *	31       dense: a cell for each class, in order
 *	others   sparse: 2^bits lines, a class is in the one that layout_bucket says; ten classes
 *	         that deviate from the row's defaults and their cells fit a line, so that most rows
 *	         are one cache line. There is a default for the classes of what is outside, which
 *	         have LAYOUT_OUTSIDE set in profiles and lines, and one for all others
 *
 * Relations of the two ends are no classes. Equal addresses are always allowed: a pod and itself,
 * a node, or something outside. So is an end whose node number is that of a node at the other
 * end (first_node_profile and following are nodes), but for what own_node says.
 *
 * An unknown pod is two rows and two classes, of the most favourable and of the least favourable
 * pod that it may be. What is outside is two classes of egress where a rule's domain names may
 * decide: with every name, and without any. Neighbour discovery is a port class that is in every
 * port set.
 */
#ifndef WEIR_CLASSIFY_LAYOUT_H
#define WEIR_CLASSIFY_LAYOUT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "weir/address.h"
#include "weir/directory.h"
#include "weir/resolved.h"

enum layout_section {
	/* What classify touches. */
	LAYOUT_ROOT,  /* uint32_t: the trie node of each of the 2^14 leading bits of IPv4 */
	LAYOUT_NODES, /* struct layout_trie_node */
	LAYOUT_LEAVES,
	LAYOUT_GUARDS,
	LAYOUT_PROFILES,
	LAYOUT_PORT_ROOTS,  /* uint16_t: the chunk of 64 ports, of each slot of protocols */
	LAYOUT_PORT_CHUNKS, /* uint16_t[64]: the port class of each */
	LAYOUT_EGRESS_ROWS, /* struct layout_line, or uint16_t in dense rows */
	LAYOUT_INGRESS_ROWS,
	LAYOUT_PORT_SETS, /* uint64_t[port_set_words] */
	LAYOUT_SPECIALS,
	LAYOUT_CANDIDATES,
	LAYOUT_HOT_SECTIONS,
	/* What explain touches. */
	LAYOUT_GROUPS = LAYOUT_HOT_SECTIONS, /* struct layout_group of each profile */
	LAYOUT_GROUP_RULES,                  /* struct layout_span, see layout_header */
	LAYOUT_RULE_LISTS,                   /* uint32_t: rules */
	LAYOUT_RULES,
	LAYOUT_PEERS,
	LAYOUT_PORTS,
	LAYOUT_SETS,        /* struct layout_set: two of each set, by direction */
	LAYOUT_SET_CLASSES, /* uint32_t */
	LAYOUT_BLOCKS,
	LAYOUT_PREFIXES,
	LAYOUT_NODE_NUMBERS, /* uint32_t: the endpoint of each node number */
	/* What the directory shows. */
	LAYOUT_TEXT,
	LAYOUT_ENDPOINTS,
	LAYOUT_ADDRESSES,
	LAYOUT_DECLARED,
	LAYOUT_OWNED,        /* struct layout_owned, by address */
	LAYOUT_OWNERS,       /* uint32_t: endpoints */
	LAYOUT_PODS_BY_NAME, /* uint32_t, here and below */
	LAYOUT_NODES_BY_NAME,
	LAYOUT_WORKLOADS,
	LAYOUT_WORKLOADS_BY_NAME,
	LAYOUT_SERVICES,
	LAYOUT_SERVICES_BY_NAME,
	LAYOUT_SERVICE_PORTS,
	LAYOUT_BACKENDS,
	LAYOUT_VIRTUAL,    /* struct layout_virtual, by (address, protocol, port) */
	LAYOUT_NODE_PORTS, /* struct layout_virtual with address zero, likewise */
	LAYOUT_ORIGINS,
	LAYOUT_SECTIONS,
};

enum {
	LAYOUT_VERSION = 2,
	LAYOUT_ALIGNMENT = 64,

	LAYOUT_ROOT_BITS = 14,
	LAYOUT_STRIDE = 6,

	LAYOUT_LINE_SLOTS = 10,
	LAYOUT_ROW_BITS = 5, /* of a row's word that tell its form */
	LAYOUT_ROW_DENSE = 31,

	LAYOUT_PORTS_PER_CHUNK = 64,
	LAYOUT_CHUNKS = 65536 / LAYOUT_PORTS_PER_CHUNK,

	/* Slots of protocols in the port roots. */
	LAYOUT_SLOT_TCP = 0,
	LAYOUT_SLOT_UDP,
	LAYOUT_SLOT_SCTP,
	LAYOUT_SLOT_OTHER,
	LAYOUT_SLOT_ICMPV6, /* the number is the type */
	LAYOUT_SLOTS,

	LAYOUT_TEXT_MOST = 1024, /* bytes of a text in a file, with its NUL */

	/* The classes that no rule's ports are in. */
	LAYOUT_PORT_CLASS_ALWAYS = 0, /* neighbour discovery */
	LAYOUT_PORT_CLASS_OTHER = 1,
	LAYOUT_PORT_CLASSES_FIXED,
};

static const uint32_t LAYOUT_SPECIAL = 0x80000000u;
static const uint32_t LAYOUT_GUARD = 0xc0000000u;
static const uint32_t LAYOUT_INDEX = 0x3fffffffu;   /* of a special or a guard */
static const uint32_t LAYOUT_OUTSIDE = 0x80000000u; /* in a class */
static const uint32_t LAYOUT_NO_CLASS = 0xffffffffu;
static const uint32_t LAYOUT_NO_GROUP = 0xffffffffu;

struct layout_extent {
	uint64_t offset;
	uint64_t length;
};

/* What every version begins with. */
struct layout_preamble {
	uint8_t magic[8];
	uint32_t byte_order; /* LAYOUT_BYTE_ORDER, as the machine that wrote it has it */
	uint32_t version;
	uint64_t total_bytes;
	uint64_t
		checksum; /* XXH64 of all bytes behind it. Here and below: zero until it is saved */
	uint8_t content_hash[32]; /* SHA-256 of all bytes behind it */
};

/* What a reader must know to judge right. */
enum layout_feature {
	LAYOUT_HAS_DOMAINS = 1, /* some rule has domain names */
	LAYOUT_HAS_TIERS = 2,   /* some rule is of another tier than NetworkPolicy's */
	LAYOUT_FEATURES = LAYOUT_HAS_DOMAINS | LAYOUT_HAS_TIERS,
};

struct layout_header {
	struct layout_preamble preamble;
	uint32_t header_bytes;
	uint32_t section_count;
	uint64_t features; /* bits of enum layout_feature */
	uint8_t profile_bits;
	uint8_t ipblock_pods;
	uint8_t own_node;
	uint8_t other_protocols;
	uint32_t ipv6;               /* the leaf that every IPv6 address starts from */
	uint32_t first_node_profile; /* this one and all behind it are nodes */
	uint32_t port_set_words;
	uint32_t port_classes;
	uint32_t classes[2];
	uint32_t groups[2];
	/* LAYOUT_GROUP_RULES holds, direction after direction, the rules of each group, then those
	 * that certainly hold for an unknown pod. */
	uint32_t group_rules[2];
	uint32_t rules;
	struct layout_extent sections[LAYOUT_SECTIONS];
};

/* A node of the trie: 64 slots, those with their bit in children going on in consecutive nodes,
 * the others ending in leaves, runs of equal ones kept once: starts has the bit of each run's
 * first slot. */
struct layout_trie_node {
	uint64_t children;
	uint64_t starts;
	uint32_t first_child;
	uint32_t first_leaf;
};

/* Bits in which all addresses below agree: those that do not agree have the leaf otherwise. */
struct layout_guard {
	uint64_t bits[2];
	uint64_t mask[2];
	uint32_t node;
	uint32_t level; /* of that node */
	uint32_t otherwise;
	uint32_t unused;
};

struct layout_profile {
	uint32_t row[2];   /* of the near end, by direction */
	uint32_t class[2]; /* of the far end, by direction */
};

struct layout_line {
	uint32_t classes[LAYOUT_LINE_SLOTS];
	/* Of the classes; then the defaults, of what is inside and of what is outside. */
	uint16_t cells[LAYOUT_LINE_SLOTS + 2];
};

enum layout_special_kind {
	LAYOUT_SHARED,       /* count candidates, by (namespace, name) */
	LAYOUT_UNKNOWN,      /* the favourable one, the unfavourable one, and what is outside: where
			      * has_domains, with the names and without */
	LAYOUT_NODES_SHARED, /* one candidate: several nodes have the address */
	LAYOUT_NAMED,        /* what is outside, with the domain names and without */
};

struct layout_special {
	uint32_t first; /* candidate */
	uint32_t count;
	uint32_t kind; /* enum layout_special_kind */
};

struct layout_span {
	uint32_t first;
	uint32_t count;
};

/* Whose rules an end has as the near one. Who is no pod is in none, in both directions; an unknown
 * pod has rules of its own. */
struct layout_group {
	uint32_t group[2]; /* by direction; or LAYOUT_NO_GROUP */
};

struct layout_rule {
	uint32_t peers;
	uint32_t peer_count;
	uint32_t ports;
	uint32_t port_count;
	uint32_t origin;
	uint8_t tier;
	uint8_t direction;
	uint8_t action;
	uint8_t unused;
};

struct layout_peer {
	uint32_t index;
	uint8_t kind;   /* enum weir_peer_kind */
	uint8_t joined; /* of the entry of the one before */
	uint8_t unused[2];
};

struct layout_port {
	uint32_t name; /* text */
	uint16_t first;
	uint16_t last;
	uint8_t protocol;
	uint8_t kind; /* enum weir_port_kind */
	uint8_t unused[2];
};

/* The far classes in a set: ascending, or bit i of a bit set when is_bits. */
struct layout_set {
	uint32_t first;
	uint32_t count; /* of words */
	uint8_t is_bits;
	uint8_t unknown_pods; /* enum weir_certainty */
	uint8_t unused[2];
};

struct layout_block {
	struct weir_prefix prefix;
	uint8_t always_pods;
	uint8_t unused[2];
	uint32_t holes; /* prefixes */
	uint32_t hole_count;
};

struct layout_endpoint {
	uint32_t namespace_name;
	uint32_t name;
	uint32_t addresses;
	uint32_t address_count;
	uint32_t declared;
	uint32_t declared_count;
	uint32_t node;
	uint32_t workload;
	uint8_t kind;
	uint8_t rank;
	uint8_t host_network;
	uint8_t unused;
};

struct layout_declared {
	uint32_t name; /* text; empty when it has none */
	uint16_t number;
	uint8_t protocol;
	uint8_t unused;
};

/* An address that pods own or a node has. */
struct layout_owned {
	struct weir_address address;
	uint32_t owners; /* the first of the owning pods; or, without any, the node */
	uint32_t owner_count;
};

struct layout_workload {
	uint32_t kind;
	uint32_t namespace_name;
	uint32_t name;
	uint32_t parent;
};

struct layout_service {
	uint32_t namespace_name;
	uint32_t name;
	uint32_t addresses;
	uint32_t address_count;
	uint32_t ports;
	uint32_t port_count;
};

struct layout_service_port {
	uint32_t name;
	uint32_t backends;
	uint32_t backend_count;
	uint16_t port;
	uint16_t node_port;
	uint8_t protocol;
	uint8_t unused[3];
};

struct layout_virtual {
	struct weir_address address;
	uint32_t service;
	uint32_t service_port; /* WEIR_NONE: the service has the address, and no ports */
	uint16_t port;
	uint8_t protocol;
	uint8_t unused;
};

struct layout_origin {
	uint32_t kind;
	uint32_t namespace_name;
	uint32_t name;
	uint32_t action;
	uint32_t index;
	uint32_t direction;
};

static_assert(sizeof(struct layout_preamble) == 64, "the content begins at byte 64");
static_assert(sizeof(struct layout_header) == 128 + LAYOUT_SECTIONS * sizeof(struct layout_extent),
	      "no padding in the header");
static_assert(sizeof(struct layout_trie_node) == 24, "nodes are dense");
static_assert(sizeof(struct layout_profile) == 16, "four profiles a cache line");
static_assert(sizeof(struct layout_line) == 64, "a line is a cache line");
static_assert(sizeof(struct layout_rule) == 24, "no padding in a rule");
static_assert(sizeof(struct layout_port) == 12, "no padding in a port");
static_assert(sizeof(struct layout_peer) == 8, "no padding in a peer");
static_assert(sizeof(struct layout_set) == 12, "no padding in a set");
static_assert(sizeof(struct layout_block) == 28, "no padding in a block");
static_assert(sizeof(struct layout_endpoint) == 36, "no padding in an endpoint");
static_assert(sizeof(struct layout_declared) == 8, "no padding in a declared port");
static_assert(sizeof(struct layout_owned) == 24, "no padding in an owned address");
static_assert(sizeof(struct layout_service_port) == 20, "no padding in a service port");
static_assert(sizeof(struct layout_virtual) == 28, "no padding in a virtual address");
static_assert(sizeof(struct weir_backend_view) == 24, "backends are shown as they lie");
static_assert(LAYOUT_ROOT_BITS + 3 * LAYOUT_STRIDE == 32, "three levels below IPv4's root");

/* A text that transfers as text would change. */
static const uint8_t LAYOUT_MAGIC[8] = { 'w', 'e', 'i', 'r', '\r', '\n', 0x1a, '\n' };
static const uint32_t LAYOUT_BYTE_ORDER = 0x01020304u;

/* What a section is an array of. */
struct layout_kind {
	const char *name; /* of the items, as errors call them */
	uint32_t item_bytes;
};
extern const struct layout_kind layout_kinds[LAYOUT_SECTIONS];

static inline bool layout_has(const struct layout_header *header, enum layout_feature feature)
{
	return header->features & feature;
}

static inline const void *layout_section(const struct layout_header *header,
					 enum layout_section section)
{
	return (const char *)header + header->sections[section].offset;
}

#define LAYOUT_ITEMS(header, section, type) ((const type *)layout_section((header), (section)))
#define LAYOUT_COUNT(header, section, type) ((header)->sections[section].length / sizeof(type))

/* Which bucket of a row a class is in. */
static inline uint32_t layout_bucket(uint32_t class, uint32_t bits)
{
	return (uint32_t)((uint64_t)(class * 0x9e3779b1u) >> (32 - bits));
}

#endif
