/*
 * Sixteen keys a vector, with AVX-512.
 *
 * What plain order does of one key after the other is done of a group of keys step by step, as in
 * stages (staged.h), with sixteen of them in each instruction: their ends go down the trie
 * together, a level a step, by gathers, and ranks are counted in all lanes. So the misses of a
 * whole group are waited for together, and with a quarter of the instructions. A row is a cache
 * line, and stays one comparison for each end:
 *
 *	keys -> addresses -> nodes, three times -> leaves -> rows, classes -> lines     lanes
 *	     -> cells                                                              one by one
 *	     -> port sets, relations, verdicts                                          lanes
 *
 * Lanes of IPv6 are looked up by themselves and join at the leaves; those of special ends take no
 * part in what follows. A lane whose leaf is known goes on with harmless values.
 *
 * Offsets are gathered by signed 32 bits: larger blocks are judged in stages.
 */
#include <immintrin.h>

#include "kernel.h"

#include "staged.h"

enum {
	LANES = 16,
	VECTORS = 4, /* of keys in a group */
	GROUP = VECTORS * LANES,
	LEAST = 6, /* fewer keys are judged in plain order */
	DIRECTIONS = 2,
	NODE_WORDS = sizeof(struct layout_trie_node) / sizeof(uint32_t),
	PROFILE_WORDS = sizeof(struct layout_profile) / sizeof(uint32_t),
};
static_assert(NODE_WORDS == 6 && PROFILE_WORDS == 4, "multiplied by shifts");

/* What is known of a vector of ends, those of a direction's near ends. */
struct ends {
	__m512i addresses; /* 0 where they are of IPv6 */
	__m512i nodes;     /* the words that they begin at */
	__m512i places;    /* of the leaves, in lanes that are not going */
	__m512i leaves;
	__mmask16 going; /* the leaf is further down */
};

/* A vector of keys. */
struct lanes {
	const struct weir_key *keys;
	struct ends ends[DIRECTIONS];
	uint32_t others; /* bit by key: an end is of IPv6 */
	__mmask16 plain; /* no end is special */
};

static inline __m512i spread(uint32_t value)
{
	return _mm512_set1_epi32((int)value);
}

/* A word of each lane; 0 without asking where the mask has none. */
static inline __m512i gather_bytes(__mmask16 mask, __m512i offsets, const void *base)
{
	return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask, offsets, base, 1);
}

static inline __m512i gather_words(__mmask16 mask, __m512i indices, const void *base)
{
	return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask, indices, base, 4);
}

static const __mmask16 every = 0xffff;

/* The word of each key that lies so many bytes behind its beginning. */
static inline __m512i gather_keys(const struct weir_key *keys, size_t offset)
{
	const __m512i lanes =
		_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

	return gather_bytes(every, _mm512_mullo_epi32(lanes, spread(sizeof(*keys))),
			    (const char *)keys + offset);
}

static inline __m512i swap_bytes(__m512i words)
{
	return _mm512_shuffle_epi8(
		words, _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203));
}

/* Where the ends of a key differ from those of IPv4. */
static inline __m256i differences(const struct weir_key *key)
{
	const __m256i mapped = _mm256_setr_epi32(0, 0, -65536, 0, 0, 0, -65536, 0);
	const __m256i kept = _mm256_setr_epi32(-1, -1, -1, 0, -1, -1, -1, 0);
	__m256i ends = _mm256_loadu_si256((const void *)key);

	return _mm256_and_si256(_mm256_xor_si256(ends, mapped), kept);
}

static inline uint32_t find_others(const struct weir_key *keys)
{
	__m256i different = _mm256_setzero_si256();
	uint32_t others = 0;

	for (unsigned i = 0; i < LANES; i++)
		different = _mm256_or_si256(different, differences(&keys[i]));
	if (_mm256_testz_si256(different, different))
		return 0;
	for (unsigned i = 0; i < LANES; i++) {
		different = differences(&keys[i]);
		others |= (uint32_t)!_mm256_testz_si256(different, different) << i;
	}
	return others;
}

static inline __m512i words_of_nodes(__m512i nodes)
{
	return _mm512_add_epi32(_mm512_slli_epi32(nodes, 2), _mm512_slli_epi32(nodes, 1));
}

static inline void enter(const struct lookup *lookup, struct ends *ends, __m512i addresses)
{
	__m512i roots = _mm512_srli_epi32(addresses, 32 - LAYOUT_ROOT_BITS);

	ends->addresses = addresses;
	ends->nodes = words_of_nodes(gather_words(every, roots, lookup->root));
	ends->places = _mm512_setzero_si512();
	ends->going = every;
}

static inline void enter_all(const struct lookup *lookup, struct lanes *lanes)
{
	const struct weir_key *keys = lanes->keys;
	__m512i source =
		gather_keys(keys, offsetof(struct weir_key, source) + 3 * sizeof(uint32_t));
	__m512i destination =
		gather_keys(keys, offsetof(struct weir_key, destination) + 3 * sizeof(uint32_t));
	__mmask16 mapped;

	lanes->others = find_others(keys);
	mapped = (__mmask16)~lanes->others;
	enter(lookup, &lanes->ends[0], _mm512_maskz_mov_epi32(mapped, swap_bytes(source)));
	enter(lookup, &lanes->ends[1], _mm512_maskz_mov_epi32(mapped, swap_bytes(destination)));
}

static inline __m512i slots_at(const struct ends *ends, unsigned shift)
{
	return _mm512_and_si512(_mm512_srli_epi32(ends->addresses, shift), spread(63));
}

/* How many bits up to and including the slot are set in the 64 that begin at a word. What is
 * shifted out leaves all bits below. */
static inline __m512i ranks_at(const void *words, __m512i indices, __m512i slots)
{
	__mmask16 above = _mm512_cmpge_epu32_mask(slots, spread(32));
	__m512i low = gather_words(every, indices, words);
	__m512i high = gather_words(above, indices, (const uint32_t *)words + 1);
	__m512i low_mask = _mm512_sub_epi32(_mm512_sllv_epi32(spread(2), slots), spread(1));
	__m512i high_mask = _mm512_sub_epi32(
		_mm512_sllv_epi32(spread(2), _mm512_sub_epi32(slots, spread(32))), spread(1));

	return _mm512_add_epi32(_mm512_popcnt_epi32(_mm512_and_si512(low, low_mask)),
				_mm512_popcnt_epi32(_mm512_and_si512(high, high_mask)));
}

/* One level down, to a node or to the place of the leaf. A node's words are children, starts (two
 * each), first child, first leaf. */
static inline void descend(const struct lookup *lookup, struct ends *ends, unsigned shift)
{
	const uint32_t *words = (const uint32_t *)(const void *)lookup->nodes;
	__m512i slots = slots_at(ends, shift);
	__m512i half = _mm512_add_epi32(ends->nodes, _mm512_srli_epi32(slots, 5));
	__m512i children = gather_words(every, half, words);
	__mmask16 has_child = _mm512_test_epi32_mask(_mm512_rorv_epi32(children, slots), spread(1));
	__mmask16 has_leaf = (__mmask16)~has_child;
	__m512i bits = _mm512_mask_add_epi32(ends->nodes, has_leaf, ends->nodes, spread(2));
	__m512i first = _mm512_mask_add_epi32(ends->nodes, has_leaf, ends->nodes, spread(1));
	__m512i place = _mm512_add_epi32(gather_words(every, first, words + 4),
					 ranks_at(words, bits, slots));

	place = _mm512_sub_epi32(place, spread(1));
	ends->places = _mm512_mask_mov_epi32(ends->places, ends->going & has_leaf, place);
	ends->going &= has_child;
	ends->nodes = _mm512_mask_mov_epi32(ends->nodes, ends->going, words_of_nodes(place));
}

/* The last level, where nothing has children. */
static inline void descend_last(const struct lookup *lookup, struct ends *ends)
{
	const uint32_t *words = (const uint32_t *)(const void *)lookup->nodes;
	__m512i place = _mm512_add_epi32(gather_words(every, ends->nodes, words + 5),
					 ranks_at(words + 2, ends->nodes, slots_at(ends, 0)));

	place = _mm512_sub_epi32(place, spread(1));
	ends->places = _mm512_mask_mov_epi32(ends->places, ends->going, place);
}

static inline void join_others(const struct lookup *lookup, struct lanes *lanes)
{
	uint32_t leaves[DIRECTIONS][LANES] __attribute__((aligned(64)));

	_mm512_store_si512(leaves[0], lanes->ends[0].leaves);
	_mm512_store_si512(leaves[1], lanes->ends[1].leaves);
	for (uint32_t left = lanes->others; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		leaves[0][i] = find_address(lookup, &lanes->keys[i].source);
		leaves[1][i] = find_address(lookup, &lanes->keys[i].destination);
	}
	lanes->ends[0].leaves = _mm512_load_si512(leaves[0]);
	lanes->ends[1].leaves = _mm512_load_si512(leaves[1]);
}

static inline void find_leaves(const struct lookup *lookup, struct lanes *lanes)
{
	for (unsigned d = 0; d < DIRECTIONS; d++)
		lanes->ends[d].leaves = gather_words(every, lanes->ends[d].places, lookup->leaves);
	if (lanes->others)
		join_others(lookup, lanes);
	lanes->plain = (__mmask16)~_mm512_movepi32_mask(
		_mm512_or_si512(lanes->ends[0].leaves, lanes->ends[1].leaves));
}

/* As port_class_of, in all lanes. kinds: protocol, ICMP type, and two bytes more. */
static inline __m512i port_classes_of(const struct lookup *lookup, __m512i ports, __m512i kinds)
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
	__m512i protocol = _mm512_and_si512(kinds, spread(0xff));
	__mmask16 icmpv6 = _mm512_cmpeq_epi32_mask(protocol, spread(WEIR_PROTOCOL_ICMPV6));
	__m512i number = _mm512_srli_epi32(ports, 16);
	__m512i slot = spread(LAYOUT_SLOT_OTHER);
	__m512i root, place;

	number = _mm512_mask_and_epi32(number, icmpv6, _mm512_srli_epi32(kinds, 8), spread(0xff));
	for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		slot = _mm512_mask_mov_epi32(
			slot, _mm512_cmpeq_epi32_mask(protocol, spread(slots[i].protocol)),
			spread(slots[i].slot));
	root = _mm512_add_epi32(_mm512_slli_epi32(slot, 10), _mm512_srli_epi32(number, 6));
	root = gather_bytes(every, _mm512_slli_epi32(root, 1), lookup->port_roots);
	root = _mm512_and_si512(root, spread(0xffff));
	place = _mm512_add_epi32(_mm512_slli_epi32(root, 6),
				 _mm512_and_si512(number, spread(LAYOUT_PORTS_PER_CHUNK - 1)));
	place = gather_bytes(every, _mm512_slli_epi32(place, 1), lookup->port_chunks);
	return _mm512_and_si512(place, spread(0xffff));
}
static_assert(LAYOUT_CHUNKS == 1 << 10 && LAYOUT_PORTS_PER_CHUNK == 1 << 6, "shifts");

/* One direction's rows, classes, and the lines to look in. */
struct looks {
	uint32_t lines[LANES] __attribute__((aligned(64)));
	uint32_t classes[LANES] __attribute__((aligned(64)));
	uint32_t defaults[LANES] __attribute__((aligned(64)));
	__mmask16 dense;
};

static inline void find_lines(const struct lookup *lookup, enum weir_direction direction,
			      const struct lanes *lanes, struct looks *looks)
{
	const __m512i profiles = spread((1u << lookup->profile_bits) - 1);
	const uint32_t *words = (const uint32_t *)(const void *)lookup->profiles + direction;
	__m512i near = _mm512_and_si512(lanes->ends[direction].leaves, profiles);
	__m512i far = _mm512_and_si512(lanes->ends[!direction].leaves, profiles);
	__m512i rows = gather_words(lanes->plain, _mm512_slli_epi32(near, 2), words);
	__m512i classes = gather_words(lanes->plain, _mm512_slli_epi32(far, 2), words + 2);
	__m512i form = _mm512_and_si512(rows, spread(LAYOUT_ROW_DENSE));
	__mmask16 dense = _mm512_cmpeq_epi32_mask(form, spread(LAYOUT_ROW_DENSE));
	/* As layout_bucket: shifted by 32, all is 0. */
	__m512i bucket = _mm512_maskz_srlv_epi32((__mmask16)~dense,
						 _mm512_mullo_epi32(classes, spread(0x9e3779b1u)),
						 _mm512_sub_epi32(spread(32), form));

	looks->dense = dense;
	_mm512_store_si512(looks->lines,
			   _mm512_add_epi32(_mm512_srli_epi32(rows, LAYOUT_ROW_BITS), bucket));
	_mm512_store_si512(looks->classes, classes);
	_mm512_store_si512(looks->defaults, _mm512_sllv_epi32(spread(1u << LAYOUT_LINE_SLOTS),
							      _mm512_srli_epi32(classes, 31)));
	for (unsigned i = 0; i < LANES; i++)
		__builtin_prefetch(&lookup->rows[direction][looks->lines[i]]);
}

static inline __m512i cells_of(const struct lookup *lookup, enum weir_direction direction,
			       const struct looks *looks)
{
	const __mmask16 slots = (1u << LAYOUT_LINE_SLOTS) - 1;
	const struct layout_line *lines = lookup->rows[direction];
	uint32_t cells[LANES] __attribute__((aligned(64)));

	for (unsigned i = 0; i < LANES; i++) {
		const struct layout_line *line = &lines[looks->lines[i]];
		uint32_t found = _mm512_mask_cmpeq_epi32_mask(slots, _mm512_load_si512(line),
							      spread(looks->classes[i]));

		cells[i] = line->cells[__builtin_ctz(found | looks->defaults[i])];
	}
	for (uint32_t left = looks->dense; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		const void *row = &lines[looks->lines[i]];

		cells[i] = ((const uint16_t *)row)[looks->classes[i] & ~LAYOUT_OUTSIDE];
	}
	return _mm512_load_si512(cells);
}

/* Which lanes' sides allow: a bit of each port set. */
static inline __mmask16 sides_allow(const struct lookup *lookup, __mmask16 plain, __m512i cells,
				    __m512i port_classes)
{
	__m512i places =
		_mm512_add_epi32(_mm512_mullo_epi32(cells, spread(2 * lookup->port_set_words)),
				 _mm512_srli_epi32(port_classes, 5));
	__m512i words = gather_words(plain, places, lookup->port_sets);

	return _mm512_test_epi32_mask(_mm512_rorv_epi32(words, port_classes), spread(1));
}

/* As is_own_node. */
static inline __mmask16 are_own_nodes(const struct lookup *lookup, __m512i source,
				      __m512i destination)
{
	__m512i mask = spread((1u << lookup->profile_bits) - 1);
	__mmask16 same = _mm512_cmple_epu32_mask(_mm512_xor_si512(source, destination), mask);
	__mmask16 numbered = _mm512_cmpgt_epu32_mask(source, mask);
	__mmask16 from = _mm512_cmpge_epu32_mask(_mm512_and_si512(source, mask),
						 spread(lookup->first_source_node));
	__mmask16 to = _mm512_cmpge_epu32_mask(_mm512_and_si512(destination, mask),
					       spread(lookup->first_destination_node));

	return (__mmask16)(same & numbered & (from | to));
}

static inline __mmask16 are_same(const struct lanes *lanes)
{
	uint32_t same = _mm512_cmpeq_epi32_mask(lanes->ends[0].addresses, lanes->ends[1].addresses);

	for (uint32_t left = lanes->others; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		same = (same & ~(1u << i)) | is_same_address(&lanes->keys[i]) << i;
	}
	return (__mmask16)same;
}

static inline void judge(const struct lookup *lookup, const struct lanes *lanes,
			 const struct looks looks[DIRECTIONS], struct weir_verdict *verdicts)
{
	const struct weir_key *keys = lanes->keys;
	__m512i kinds = gather_keys(keys, offsetof(struct weir_key, protocol));
	__m512i ports = gather_keys(keys, offsetof(struct weir_key, source_port));
	__m512i classes = port_classes_of(lookup, ports, kinds);
	__m512i source = lanes->ends[0].leaves;
	__m512i destination = lanes->ends[1].leaves;
	__mmask16 sides[DIRECTIONS];
	__mmask16 allowed;

	for (unsigned d = 0; d < DIRECTIONS; d++)
		sides[d] =
			sides_allow(lookup, lanes->plain,
				    cells_of(lookup, (enum weir_direction)d, &looks[d]), classes) |
			_mm512_testn_epi32_mask(kinds,
						spread((uint32_t)WEIR_KEY_EGRESS << (24 + d)));
	allowed = (__mmask16)((sides[0] & sides[1]) | are_same(lanes) |
			      are_own_nodes(lookup, source, destination));
	_mm256_storeu_si256((void *)verdicts, _mm256_maskz_set1_epi16(allowed, WEIR_ALLOW));
}
static_assert(WEIR_KEY_INGRESS == WEIR_KEY_EGRESS << 1, "one flag behind the other");

static void judge_specials(const struct lookup *lookup, const struct lanes *lanes,
			   struct weir_verdict *verdicts)
{
	uint32_t leaves[DIRECTIONS][LANES] __attribute__((aligned(64)));

	_mm512_store_si512(leaves[0], lanes->ends[0].leaves);
	_mm512_store_si512(leaves[1], lanes->ends[1].leaves);
	for (uint32_t left = (__mmask16)~lanes->plain; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		verdicts[i] =
			weir_classify_special(lookup, &lanes->keys[i], leaves[0][i], leaves[1][i]);
	}
}

static inline void classify_vectors(const struct lookup *lookup, const struct weir_key *keys,
				    struct weir_verdict *verdicts, size_t n)
{
	struct lanes lanes[VECTORS];
	struct looks looks[VECTORS][DIRECTIONS];

	for (size_t i = 0; i < n; i++) {
		lanes[i].keys = keys + i * LANES;
		enter_all(lookup, &lanes[i]);
	}
	for (int shift = 2 * LAYOUT_STRIDE; shift; shift -= LAYOUT_STRIDE)
		for (size_t i = 0; i < DIRECTIONS * n; i++)
			descend(lookup, &lanes[i / 2].ends[i % 2], (unsigned)shift);
	for (size_t i = 0; i < DIRECTIONS * n; i++)
		descend_last(lookup, &lanes[i / 2].ends[i % 2]);
	for (size_t i = 0; i < n; i++)
		find_leaves(lookup, &lanes[i]);
	for (size_t i = 0; i < n; i++) {
		find_lines(lookup, WEIR_EGRESS, &lanes[i], &looks[i][WEIR_EGRESS]);
		find_lines(lookup, WEIR_INGRESS, &lanes[i], &looks[i][WEIR_INGRESS]);
	}
	for (size_t i = 0; i < n; i++) {
		judge(lookup, &lanes[i], looks[i], verdicts + i * LANES);
		if (lanes[i].plain != every)
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

void weir_kernel_avx512(const struct lookup *lookup, const struct weir_key *keys,
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
