/*
 * lanes.h - a key a lane, with vectors of eight or sixteen.
 *
 * What plain order does of one key after the other is done of a group of keys step by step, as in
 * stages (staged.h), with a vector of them in each instruction: their ends go down the trie
 * together, a level a step, and ranks are counted in all lanes. So the misses of a whole group are
 * waited for together, with a fraction of the instructions, and without a branch on how deep an
 * address ends.
 *
 * What lies together (a node's three words, a profile, a key's addresses) is loaded as one register
 * a lane, and transposed: gathers are slower. A row is a cache line, and stays one comparison for
 * each end.
 *
 *	keys -> addresses -> nodes, three times -> leaves -> rows, classes -> lines     lanes
 *	     -> cells                                                              one by one
 *	     -> port sets, relations, verdicts                                          lanes
 *
 * Lanes of IPv6 are looked up by themselves and join at the leaves; those of special ends take no
 * part in what follows. A lane whose leaf is known goes on at the first node, which does no harm.
 * Leaves and profiles are asked for ahead: from cold caches a tenth is won; for nodes that won
 * another tenth there, and lost as much from warm ones.
 *
 * Port sets are found by signed 32 bits: larger blocks are judged in stages.
 *
 * The kernel's own file includes the vectors of its instruction set first (vector_avx2.h,
 * vector_avx512.h), which are named alike.
 */
#ifndef WEIR_CLASSIFY_LANES_H
#define WEIR_CLASSIFY_LANES_H

#include "staged.h"

enum {
	HALVES = LANES / QUADS,
	GROUP = 64, /* keys */
	VECTORS = GROUP / LANES,
	LEAST = 6, /* fewer keys are judged in plain order */
	DIRECTIONS = 2,
};
static_assert(sizeof(struct layout_trie_node) == 3 * sizeof(uint64_t), "three words a node");
static_assert(sizeof(struct layout_profile) == 16, "a profile fills a quarter");
static_assert(HALVES == 2, "the steps down the trie go by direction and half");

#define ALIGNED __attribute__((aligned(64)))

/* What is known of a vector of ends, those of a direction's near ends. */
struct ends {
	vector addresses;              /* 0 where they are of IPv6 */
	uint64_t nodes[LANES] ALIGNED; /* 0 in lanes that are not going */
	vector places[HALVES];         /* of the leaves, in lanes that are not going */
	quad_mask going[HALVES];       /* the leaf is further down */
	uint32_t leaves[LANES] ALIGNED;
};

/* A vector of keys. */
struct lanes {
	struct ends ends[DIRECTIONS];
	const struct weir_key *keys;
	lane_mask plain; /* no end is special */
	uint32_t others; /* bits: an end is of IPv6 */
	vector kinds;    /* protocol, ICMP type, flags, and a byte more */
	vector port_classes;
};

/* Of a run of four words a lane: all first words, all second ones, and so on. */
struct words {
	vector at[4];
};

static inline struct words transpose(const void *const runs[LANES])
{
	vector a = load_runs(runs), b = load_runs(runs + 1);
	vector c = load_runs(runs + 2), d = load_runs(runs + 3);
	vector low = interleave_low(a, b), high = interleave_high(a, b);
	vector low_behind = interleave_low(c, d), high_behind = interleave_high(c, d);

	return (struct words){ { interleave_low_quads(low, low_behind),
				 interleave_high_quads(low, low_behind),
				 interleave_low_quads(high, high_behind),
				 interleave_high_quads(high, high_behind) } };
}

/* The four words of each key that begin at so many bytes. */
static inline struct words words_of_keys(const struct weir_key *keys, size_t offset)
{
	const void *runs[LANES];

	for (unsigned i = 0; i < LANES; i++)
		runs[i] = (const char *)&keys[i] + offset;
	return transpose(runs);
}

/* Lanes whose address is one of IPv4. */
static inline lane_mask are_mapped(const struct words *address)
{
	vector different = either(either(address->at[0], address->at[1]),
				  differing(address->at[2], spread(0xffff0000)));

	return are_equal(different, spread(0));
}

static inline void enter(const struct lookup *lookup, struct ends *ends, vector addresses)
{
	uint32_t roots[LANES] ALIGNED;

	store(roots, shift_down(addresses, 32 - LAYOUT_ROOT_BITS));
	ends->addresses = addresses;
	for (unsigned i = 0; i < LANES; i++)
		ends->nodes[i] = lookup->root[roots[i]];
	for (size_t half = 0; half < HALVES; half++) {
		ends->places[half] = spread(0);
		ends->going[half] = quad_mask_all();
	}
}

static inline void enter_all(const struct lookup *lookup, struct lanes *lanes)
{
	struct words source = words_of_keys(lanes->keys, offsetof(struct weir_key, source));
	struct words destination =
		words_of_keys(lanes->keys, offsetof(struct weir_key, destination));
	lane_mask mapped = mask_both(are_mapped(&source), are_mapped(&destination));

	lanes->others = bits_of(mask_not(mapped));
	enter(lookup, &lanes->ends[0], only(mapped, swap_bytes(source.at[3])));
	enter(lookup, &lanes->ends[1], only(mapped, swap_bytes(destination.at[3])));
}

/* A half's nodes, a lane each. */
struct nodes {
	vector children;
	vector starts;
	vector firsts; /* the leaf's in the upper half */
};

/* Eight bytes more than a node's are loaded: in every trie something lies behind the last. In that
 * of a live policy it may be in the making; nobody looks at it. */
static inline struct nodes load_nodes(const struct lookup *lookup, const uint64_t *at)
{
	const void *places[QUADS];
	vector triples[3];

	for (unsigned i = 0; i < QUADS; i++)
		places[i] = &lookup->nodes[at[i]];
	load_triples(places, triples);
	return (struct nodes){ triples[0], triples[1], triples[2] };
}

/* How far the bit of each lane's slot is from the top. */
static inline vector above_slots(const struct ends *ends, size_t half, unsigned shift)
{
	vector slots = both(shift_down(ends->addresses, shift), spread(63));

	return widen(differing(slots, spread(63)), half);
}

/* The items of slots whose bit is at the top: as far behind the first as bits are set. */
static inline vector places_behind(vector first, vector bits)
{
	return add_quads(first, add_quads(count_bits(bits), spread_quad(UINT64_MAX)));
}

/* One level down, to a node or to the place of the leaf. */
static inline void descend(const struct lookup *lookup, struct ends *ends, size_t half,
			   unsigned shift)
{
	uint64_t *at = &ends->nodes[half * QUADS];
	struct nodes nodes = load_nodes(lookup, at);
	vector above = above_slots(ends, half, shift);
	vector children = shift_quads_up_each(nodes.children, above);
	vector starts = shift_quads_up_each(nodes.starts, above);
	quad_mask has_child = have_top_bit_quads(children);
	vector first = where_quads(has_child, both(nodes.firsts, spread_quad(UINT32_MAX)),
				   upper_halves(nodes.firsts));
	vector places = places_behind(first, where_quads(has_child, children, starts));

	ends->places[half] = where_quads(ends->going[half], places, ends->places[half]);
	ends->going[half] = quad_mask_both(ends->going[half], has_child);
	store(at, only_quads(ends->going[half], places));
}

/* The last level, where nothing has children; then the leaves. */
static inline void descend_last(const struct lookup *lookup, struct ends *ends, size_t half)
{
	uint64_t *at = &ends->nodes[half * QUADS];
	struct nodes nodes = load_nodes(lookup, at);
	vector starts = shift_quads_up_each(nodes.starts, above_slots(ends, half, 0));
	vector places = places_behind(upper_halves(nodes.firsts), starts);

	/* From here on the places of the leaves. */
	store(at, where_quads(ends->going[half], places, ends->places[half]));
	for (unsigned i = 0; i < QUADS; i++)
		__builtin_prefetch(&lookup->leaves[at[i]]);
}

static inline vector leaves_of(const struct lanes *lanes, enum weir_direction direction)
{
	return load(lanes->ends[direction].leaves);
}

static inline void find_leaves(const struct lookup *lookup, struct lanes *lanes)
{
	for (unsigned d = 0; d < DIRECTIONS; d++)
		for (unsigned i = 0; i < LANES; i++) {
			uint32_t leaf = lookup->leaves[lanes->ends[d].nodes[i]];

			lanes->ends[d].leaves[i] = leaf;
			/* Of a special end this may lie anywhere, which does no harm. */
			__builtin_prefetch(profile_of(lookup, leaf));
		}
	for (uint32_t left = lanes->others; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		lanes->ends[0].leaves[i] = find_address(lookup, &lanes->keys[i].source);
		lanes->ends[1].leaves[i] = find_address(lookup, &lanes->keys[i].destination);
	}
	lanes->plain = mask_not(have_top_bit(
		either(leaves_of(lanes, WEIR_EGRESS), leaves_of(lanes, WEIR_INGRESS))));
}

/* As port_class_of. kinds: protocol, ICMP type, and two bytes more. */
static inline vector port_classes_of(const struct lookup *lookup, vector ports, vector kinds)
{
	static const struct {
		uint8_t protocol;
		uint8_t slot;
	} slots[] = {
		{ WEIR_PROTOCOL_TCP, LAYOUT_SLOT_TCP },
		{ WEIR_PROTOCOL_UDP, LAYOUT_SLOT_UDP },
		{ WEIR_PROTOCOL_SCTP, LAYOUT_SLOT_SCTP },
		{ WEIR_PROTOCOL_ICMPV6, LAYOUT_SLOT_ICMPV6 },
	};
	vector protocol = both(kinds, spread(0xff));
	vector type = both(shift_down(kinds, 8), spread(0xff));
	vector number = where(are_equal(protocol, spread(WEIR_PROTOCOL_ICMPV6)), type,
			      shift_down(ports, 16));
	vector slot = spread(LAYOUT_SLOT_OTHER);
	uint32_t numbers[LANES] ALIGNED;
	uint32_t classes[LANES] ALIGNED;

	for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		slot = where(are_equal(protocol, spread(slots[i].protocol)), spread(slots[i].slot),
			     slot);
	store(numbers, add(shift_up(slot, 16), number));
	for (unsigned i = 0; i < LANES; i++) {
		unsigned chunk = lookup->port_roots[numbers[i] / LAYOUT_PORTS_PER_CHUNK];

		classes[i] = lookup->port_chunks[chunk * LAYOUT_PORTS_PER_CHUNK +
						 numbers[i] % LAYOUT_PORTS_PER_CHUNK];
	}
	return load(classes);
}
static_assert(LAYOUT_CHUNKS * LAYOUT_PORTS_PER_CHUNK == 1 << 16, "a slot has all numbers");

/* The last four words of a key: of the destination, the zone, the ports, the kinds. First of all,
 * since nothing else is waited for. */
static inline void classify_ports(const struct lookup *lookup, struct lanes *lanes)
{
	struct words last = words_of_keys(lanes->keys, sizeof(*lanes->keys) - 4 * sizeof(uint32_t));

	lanes->kinds = last.at[3];
	lanes->port_classes = port_classes_of(lookup, last.at[2], last.at[3]);
}
static_assert(offsetof(struct weir_key, source_port) == 36 && sizeof(struct weir_key) == 44,
	      "ports and kinds are the last two words");

/* One direction's classes, and the lines to look in. */
struct looks {
	uint32_t lines[LANES] ALIGNED;
	uint32_t classes[LANES] ALIGNED;
	uint32_t defaults[LANES] ALIGNED;
	uint32_t dense; /* bits */
};

static inline struct words profiles_of(const struct lookup *lookup, const struct lanes *lanes,
				       enum weir_direction direction)
{
	uint32_t at[LANES] ALIGNED;
	const void *runs[LANES];

	store(at, only(lanes->plain, both(leaves_of(lanes, direction),
					  spread((1u << lookup->profile_bits) - 1))));
	for (unsigned i = 0; i < LANES; i++)
		runs[i] = &lookup->profiles[at[i]];
	return transpose(runs);
}

static inline void find_lines(const struct lookup *lookup, enum weir_direction direction,
			      vector rows, vector classes, struct looks *looks)
{
	vector form = both(rows, spread(LAYOUT_ROW_DENSE));
	lane_mask dense = are_equal(form, spread(LAYOUT_ROW_DENSE));
	/* As layout_bucket: shifted by 32, all is 0. */
	vector bucket =
		shift_down_each(multiply(classes, spread(0x9e3779b1u)), subtract(spread(32), form));
	vector number = both(classes, spread(~LAYOUT_OUTSIDE));

	bucket = where(dense, shift_down(number, 5), bucket);
	looks->dense = bits_of(dense);
	store(looks->lines, add(shift_down(rows, LAYOUT_ROW_BITS), bucket));
	store(looks->classes, classes);
	store(looks->defaults,
	      shift_up_each(spread(1u << LAYOUT_LINE_SLOTS), shift_down(classes, 31)));
	for (unsigned i = 0; i < LANES; i++)
		__builtin_prefetch(&lookup->rows[direction][looks->lines[i]]);
}

/* A profile's words are its rows, then its classes, by direction. */
static inline void find_all_lines(const struct lookup *lookup, const struct lanes *lanes,
				  struct looks looks[DIRECTIONS])
{
	struct words source = profiles_of(lookup, lanes, WEIR_EGRESS);
	struct words destination = profiles_of(lookup, lanes, WEIR_INGRESS);
	lane_mask plain = lanes->plain;

	find_lines(lookup, WEIR_EGRESS, only(plain, source.at[WEIR_EGRESS]),
		   only(plain, destination.at[2 + WEIR_EGRESS]), &looks[WEIR_EGRESS]);
	find_lines(lookup, WEIR_INGRESS, only(plain, destination.at[WEIR_INGRESS]),
		   only(plain, source.at[2 + WEIR_INGRESS]), &looks[WEIR_INGRESS]);
}

static inline vector cells_of(const struct lookup *lookup, enum weir_direction direction,
			      const struct looks *looks)
{
	const struct layout_line *lines = lookup->rows[direction];
	uint32_t cells[LANES] ALIGNED;

	for (unsigned i = 0; i < LANES; i++) {
		const struct layout_line *line = &lines[looks->lines[i]];
		uint32_t found = find_in_line(line, looks->classes[i]) | looks->defaults[i];

		cells[i] = line->cells[__builtin_ctz(found)];
	}
	for (uint32_t left = looks->dense; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		const uint16_t *line = (const uint16_t *)&lines[looks->lines[i]];

		cells[i] = line[looks->classes[i] & 31];
	}
	return load(cells);
}

/* Which lanes' sides allow: a bit of each port set. */
static inline lane_mask sides_allow(const struct lookup *lookup, lane_mask plain, vector cells,
				    vector port_classes)
{
	vector places = add(multiply(cells, spread(2 * lookup->port_set_words)),
			    shift_down(port_classes, 5));
	vector words = gather_words(lookup->port_sets, only(plain, places));

	return have_top_bit(
		shift_up_each(words, both(differing(port_classes, spread(31)), spread(31))));
}

/* As is_own_node. */
static inline lane_mask are_own_nodes(const struct lookup *lookup, vector source,
				      vector destination)
{
	vector bits = spread((1u << lookup->profile_bits) - 1);
	lane_mask same = are_at_most(differing(source, destination), bits);
	lane_mask numbered = mask_not(are_at_most(source, bits));
	lane_mask from = are_at_most(spread(lookup->first_source_node), both(source, bits));
	lane_mask to = are_at_most(spread(lookup->first_destination_node), both(destination, bits));

	return mask_both(mask_both(same, numbered), mask_either(from, to));
}

static inline lane_mask are_same(const struct lanes *lanes)
{
	lane_mask mapped = are_equal(lanes->ends[0].addresses, lanes->ends[1].addresses);
	uint32_t same = bits_of(mapped);

	if (!lanes->others)
		return mapped;
	for (uint32_t left = lanes->others; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		same = (same & ~(1u << i)) | is_same_address(&lanes->keys[i]) << i;
	}
	return mask_of(same);
}

static inline void judge(const struct lookup *lookup, const struct lanes *lanes,
			 const struct looks looks[DIRECTIONS], struct weir_verdict *verdicts)
{
	lane_mask sides[DIRECTIONS];
	lane_mask related =
		mask_either(are_same(lanes), are_own_nodes(lookup, leaves_of(lanes, WEIR_EGRESS),
							   leaves_of(lanes, WEIR_INGRESS)));

	for (unsigned d = 0; d < DIRECTIONS; d++) {
		vector asked = both(lanes->kinds, spread((uint32_t)WEIR_KEY_EGRESS << (24 + d)));
		vector cells = cells_of(lookup, (enum weir_direction)d, &looks[d]);

		sides[d] =
			mask_either(sides_allow(lookup, lanes->plain, cells, lanes->port_classes),
				    are_equal(asked, spread(0)));
	}
	store_verdicts(verdicts, mask_either(mask_both(sides[0], sides[1]), related));
}
static_assert(WEIR_KEY_INGRESS == WEIR_KEY_EGRESS << 1, "one flag behind the other");

static void judge_specials(const struct lookup *lookup, const struct lanes *lanes,
			   struct weir_verdict *verdicts)
{
	for (uint32_t left = bits_of(mask_not(lanes->plain)); left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		verdicts[i] =
			weir_classify_special(lookup, &lanes->keys[i], lanes->ends[0].leaves[i],
					      lanes->ends[1].leaves[i]);
	}
}

/* Out of line: a key by itself needs no room for them. */
static __attribute__((noinline)) void classify_vectors(const struct lookup *lookup,
						       const struct weir_key *keys,
						       struct weir_verdict *verdicts, size_t n)
{
	struct lanes lanes[VECTORS];
	struct looks looks[VECTORS][DIRECTIONS];

	for (size_t i = 0; i < n; i++) {
		lanes[i].keys = keys + i * LANES;
		enter_all(lookup, &lanes[i]);
		classify_ports(lookup, &lanes[i]);
	}
	for (int shift = 2 * LAYOUT_STRIDE; shift; shift -= LAYOUT_STRIDE)
		for (size_t i = 0; i < 4 * n; i++)
			descend(lookup, &lanes[i / 4].ends[i / 2 % 2], i % 2, (unsigned)shift);
	for (size_t i = 0; i < 4 * n; i++)
		descend_last(lookup, &lanes[i / 4].ends[i / 2 % 2], i % 2);
	for (size_t i = 0; i < n; i++)
		find_leaves(lookup, &lanes[i]);
	for (size_t i = 0; i < n; i++)
		find_all_lines(lookup, &lanes[i], looks[i]);
	for (size_t i = 0; i < n; i++) {
		judge(lookup, &lanes[i], looks[i], verdicts + i * LANES);
		if (bits_of(mask_not(lanes[i].plain)))
			judge_specials(lookup, &lanes[i], verdicts + i * LANES);
	}
}

/* Fewer keys than lanes: the others repeat the first. */
static void classify_few(const struct lookup *lookup, const struct weir_key *keys,
			 struct weir_verdict *verdicts, size_t n)
{
	struct weir_key all[LANES];
	struct weir_verdict judged[LANES];

	memcpy(all, keys, n * sizeof(*keys));
	for (size_t i = n; i < LANES; i++)
		all[i] = keys[0];
	classify_vectors(lookup, all, judged, 1);
	memcpy(verdicts, judged, n * sizeof(*verdicts));
}

static inline void classify_in_lanes(const struct lookup *lookup, const struct weir_key *keys,
				     struct weir_verdict *verdicts, size_t n)
{
	size_t i = 0;

	if (lookup->header->preamble.total_bytes > INT32_MAX) {
		classify_in_stages(lookup, keys, verdicts, n);
		return;
	}
	for (; n - i >= LANES; i += n - i < GROUP ? (n - i) / LANES * LANES : GROUP)
		classify_vectors(lookup, keys + i, verdicts + i,
				 n - i < GROUP ? (n - i) / LANES : VECTORS);
	if (n - i >= LEAST)
		classify_few(lookup, keys + i, verdicts + i, n - i);
	else
		classify_burst(lookup, keys + i, verdicts + i, n - i);
}

#endif
