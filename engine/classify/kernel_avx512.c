/*
 * Sixteen keys a vector, with AVX-512.
 *
 * What plain order does of one key after the other is done of a group of keys step by step, as in
 * stages (staged.h), with eight or sixteen of them in each instruction: their ends go down the trie
 * together, a level a step, and ranks are counted in all lanes. So the misses of a whole group are
 * waited for together, and with a fraction of the instructions.
 *
 * There are gathers, but it is faster to load what lies together (a node's three words, a profile,
 * a key's addresses) as one register a lane, and to transpose. A row is a cache line, and stays one
 * comparison for each end.
 *
 *	keys -> addresses -> nodes, three times -> leaves -> rows, classes -> lines     lanes
 *	     -> cells                                                              one by one
 *	     -> port sets, relations, verdicts                                          lanes
 *
 * Lanes of IPv6 are looked up by themselves and join at the leaves; those of special ends take no
 * part in what follows. A lane whose leaf is known goes on at the first node, which does no harm.
 *
 * Port sets are gathered by signed 32 bits: larger blocks are judged in stages.
 */
#include <immintrin.h>

#include "kernel.h"

#include "staged.h"

enum {
	LANES = 16,
	EIGHT = 8,   /* lanes of a trie's words */
	VECTORS = 4, /* of keys in a group */
	GROUP = VECTORS * LANES,
	LEAST = 6, /* fewer keys are judged in plain order */
	DIRECTIONS = 2,
};
static_assert(sizeof(struct layout_trie_node) == 3 * sizeof(uint64_t), "three words a node");
static_assert(sizeof(struct layout_profile) == 16, "a profile fills a quarter");

#define ALIGNED __attribute__((aligned(64)))

/* What is known of a vector of ends, those of a direction's near ends. */
struct ends {
	__m512i addresses;             /* 0 where they are of IPv6 */
	uint64_t nodes[LANES] ALIGNED; /* 0 in lanes that are not going */
	__m512i places[LANES / EIGHT]; /* of the leaves, in lanes that are not going */
	__mmask8 going[LANES / EIGHT]; /* the leaf is further down */
	uint32_t leaves[LANES] ALIGNED;
};

/* A vector of keys. */
struct lanes {
	struct ends ends[DIRECTIONS];
	const struct weir_key *keys;
	__mmask16 others; /* an end is of IPv6 */
	__mmask16 plain;  /* no end is special */
};

static inline __m512i spread(uint32_t value)
{
	return _mm512_set1_epi32((int)value);
}

static inline __m512i spread_quad(uint64_t value)
{
	return _mm512_set1_epi64((long long)value);
}

static inline __m512i swap_bytes(__m512i words)
{
	return _mm512_shuffle_epi8(
		words, _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203));
}

/* Of sixteen runs of four words: all first words, all second ones, and so on. Run i is the quarter
 * i / 4 of lines[i % 4]. */
struct words {
	__m512i at[4];
};

static inline struct words transpose(const __m512i lines[4])
{
	__m512i low = _mm512_unpacklo_epi32(lines[0], lines[1]);
	__m512i high = _mm512_unpackhi_epi32(lines[0], lines[1]);
	__m512i low_behind = _mm512_unpacklo_epi32(lines[2], lines[3]);
	__m512i high_behind = _mm512_unpackhi_epi32(lines[2], lines[3]);

	return (struct words){ { _mm512_unpacklo_epi64(low, low_behind),
				 _mm512_unpackhi_epi64(low, low_behind),
				 _mm512_unpacklo_epi64(high, high_behind),
				 _mm512_unpackhi_epi64(high, high_behind) } };
}

static inline __m512i load_quarters(const void *a, const void *b, const void *c, const void *d)
{
	__m512i line = _mm512_castsi128_si512(_mm_loadu_si128(a));

	line = _mm512_inserti32x4(line, _mm_loadu_si128(b), 1);
	line = _mm512_inserti32x4(line, _mm_loadu_si128(c), 2);
	return _mm512_inserti32x4(line, _mm_loadu_si128(d), 3);
}

/* The four words of each key that begin at so many bytes. */
static inline struct words words_of_keys(const struct weir_key *keys, size_t offset)
{
	const char *at = (const char *)keys + offset;
	__m512i lines[4];

	for (unsigned i = 0; i < 4; i++)
		lines[i] =
			load_quarters(at + i * sizeof(*keys), at + (i + 4) * sizeof(*keys),
				      at + (i + 8) * sizeof(*keys), at + (i + 12) * sizeof(*keys));
	return transpose(lines);
}

/* Lanes whose address is not one of IPv4. */
static inline __mmask16 find_others(const struct words *address)
{
	const __m512i mapped = spread(0xffff0000);
	__m512i different = _mm512_or_si512(_mm512_or_si512(address->at[0], address->at[1]),
					    _mm512_xor_si512(address->at[2], mapped));

	return _mm512_test_epi32_mask(different, different);
}

static inline void enter(const struct lookup *lookup, struct ends *ends, __m512i addresses)
{
	uint32_t roots[LANES] ALIGNED;

	_mm512_store_si512(roots, _mm512_srli_epi32(addresses, 32 - LAYOUT_ROOT_BITS));
	ends->addresses = addresses;
	for (unsigned i = 0; i < LANES; i++)
		ends->nodes[i] = lookup->root[roots[i]];
	for (size_t half = 0; half < LANES / EIGHT; half++) {
		ends->places[half] = _mm512_setzero_si512();
		ends->going[half] = 0xff;
	}
}

static inline void enter_all(const struct lookup *lookup, struct lanes *lanes)
{
	struct words source = words_of_keys(lanes->keys, offsetof(struct weir_key, source));
	struct words destination =
		words_of_keys(lanes->keys, offsetof(struct weir_key, destination));
	__mmask16 mapped;

	lanes->others = find_others(&source) | find_others(&destination);
	mapped = (__mmask16)~lanes->others;
	enter(lookup, &lanes->ends[0], _mm512_maskz_mov_epi32(mapped, swap_bytes(source.at[3])));
	enter(lookup, &lanes->ends[1],
	      _mm512_maskz_mov_epi32(mapped, swap_bytes(destination.at[3])));
}

/* Eight nodes, a lane each. */
struct nodes {
	__m512i children;
	__m512i starts;
	__m512i firsts; /* the leaf's in the upper half */
};

/* Two nodes, with eight bytes more: in every trie something lies behind the last. */
static inline __m512i load_nodes(const struct lookup *lookup, uint64_t a, uint64_t b)
{
	__m256i low = _mm256_loadu_si256((const void *)&lookup->nodes[a]);
	__m256i high = _mm256_loadu_si256((const void *)&lookup->nodes[b]);

	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

static inline struct nodes load_eight(const struct lookup *lookup, const uint64_t *at)
{
	__m512i a = load_nodes(lookup, at[0], at[2]);
	__m512i b = load_nodes(lookup, at[1], at[3]);
	__m512i c = load_nodes(lookup, at[4], at[6]);
	__m512i d = load_nodes(lookup, at[5], at[7]);
	__m512i low = _mm512_unpacklo_epi64(a, b);
	__m512i low_behind = _mm512_unpacklo_epi64(c, d);

	return (struct nodes){
		.children = _mm512_shuffle_i64x2(low, low_behind, 0x88),
		.starts = _mm512_shuffle_i64x2(_mm512_unpackhi_epi64(a, b),
					       _mm512_unpackhi_epi64(c, d), 0x88),
		.firsts = _mm512_shuffle_i64x2(low, low_behind, 0xdd),
	};
}

static inline __m512i slots_at(const struct ends *ends, size_t half, unsigned shift)
{
	__m512i slots = _mm512_and_si512(_mm512_srli_epi32(ends->addresses, shift), spread(63));

	return _mm512_cvtepu32_epi64(half ? _mm512_extracti64x4_epi64(slots, 1)
					  : _mm512_castsi512_si256(slots));
}

/* The items of slots whose bits are set: as far behind the first as bits below are set. */
static inline __m512i places_behind(__m512i first, __m512i bits, __m512i slots)
{
	__m512i above = _mm512_xor_si512(slots, spread_quad(63));
	__m512i rank = _mm512_popcnt_epi64(_mm512_sllv_epi64(bits, above));

	return _mm512_sub_epi64(_mm512_add_epi64(first, rank), spread_quad(1));
}

/* One level down, to a node or to the place of the leaf. */
static inline void descend(const struct lookup *lookup, struct ends *ends, size_t half,
			   unsigned shift)
{
	uint64_t *at = &ends->nodes[half * EIGHT];
	struct nodes nodes = load_eight(lookup, at);
	__m512i slots = slots_at(ends, half, shift);
	__mmask8 has_child =
		_mm512_test_epi64_mask(_mm512_srlv_epi64(nodes.children, slots), spread_quad(1));
	__mmask8 has_leaf = (__mmask8)~has_child;
	__m512i bits = _mm512_mask_mov_epi64(nodes.starts, has_child, nodes.children);
	__m512i first = _mm512_mask_srli_epi64(nodes.firsts, has_leaf, nodes.firsts, 32);
	__m512i places =
		places_behind(_mm512_and_si512(first, spread_quad(UINT32_MAX)), bits, slots);

	ends->places[half] =
		_mm512_mask_mov_epi64(ends->places[half], ends->going[half] & has_leaf, places);
	ends->going[half] &= has_child;
	_mm512_store_si512(at, _mm512_maskz_mov_epi64(ends->going[half], places));
}

/* The last level, where nothing has children; then the leaves. */
static inline void descend_last(const struct lookup *lookup, struct ends *ends, size_t half)
{
	uint64_t *at = &ends->nodes[half * EIGHT];
	struct nodes nodes = load_eight(lookup, at);
	__m512i places = places_behind(_mm512_srli_epi64(nodes.firsts, 32), nodes.starts,
				       slots_at(ends, half, 0));

	/* From here on the places of the leaves. */
	_mm512_store_si512(at,
			   _mm512_mask_mov_epi64(ends->places[half], ends->going[half], places));
}

static inline __m512i leaves_of(const struct lanes *lanes, enum weir_direction direction)
{
	return _mm512_load_si512(lanes->ends[direction].leaves);
}

static inline void find_leaves(const struct lookup *lookup, struct lanes *lanes)
{
	for (unsigned d = 0; d < DIRECTIONS; d++)
		for (unsigned i = 0; i < LANES; i++)
			lanes->ends[d].leaves[i] = lookup->leaves[lanes->ends[d].nodes[i]];
	for (uint32_t left = lanes->others; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		lanes->ends[0].leaves[i] = find_address(lookup, &lanes->keys[i].source);
		lanes->ends[1].leaves[i] = find_address(lookup, &lanes->keys[i].destination);
	}
	lanes->plain = (__mmask16)~_mm512_movepi32_mask(
		_mm512_or_si512(leaves_of(lanes, WEIR_EGRESS), leaves_of(lanes, WEIR_INGRESS)));
}

/* As port_class_of. kinds: protocol, ICMP type, and two bytes more. */
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
	uint32_t numbers[LANES] ALIGNED;
	uint32_t classes[LANES] ALIGNED;

	number = _mm512_mask_and_epi32(number, icmpv6, _mm512_srli_epi32(kinds, 8), spread(0xff));
	for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		slot = _mm512_mask_mov_epi32(
			slot, _mm512_cmpeq_epi32_mask(protocol, spread(slots[i].protocol)),
			spread(slots[i].slot));
	_mm512_store_si512(numbers, _mm512_add_epi32(_mm512_slli_epi32(slot, 16), number));
	for (unsigned i = 0; i < LANES; i++) {
		unsigned chunk = lookup->port_roots[numbers[i] / LAYOUT_PORTS_PER_CHUNK];

		classes[i] = lookup->port_chunks[chunk * LAYOUT_PORTS_PER_CHUNK +
						 numbers[i] % LAYOUT_PORTS_PER_CHUNK];
	}
	return _mm512_load_si512(classes);
}
static_assert(LAYOUT_CHUNKS * LAYOUT_PORTS_PER_CHUNK == 1 << 16, "a slot has all numbers");

/* One direction's classes, and the lines to look in. */
struct looks {
	uint32_t lines[LANES] ALIGNED;
	uint32_t classes[LANES] ALIGNED;
	uint32_t defaults[LANES] ALIGNED;
	__mmask16 dense;
};

static inline struct words profiles_of(const struct lookup *lookup, const struct lanes *lanes,
				       enum weir_direction direction)
{
	const struct layout_profile *profiles = lookup->profiles;
	uint32_t at[LANES] ALIGNED;
	__m512i lines[4];

	_mm512_store_si512(at, _mm512_maskz_and_epi32(lanes->plain, leaves_of(lanes, direction),
						      spread((1u << lookup->profile_bits) - 1)));
	for (unsigned i = 0; i < 4; i++)
		lines[i] = load_quarters(&profiles[at[i]], &profiles[at[i + 4]],
					 &profiles[at[i + 8]], &profiles[at[i + 12]]);
	return transpose(lines);
}

static inline void find_lines(const struct lookup *lookup, enum weir_direction direction,
			      __m512i rows, __m512i classes, struct looks *looks)
{
	__m512i form = _mm512_and_si512(rows, spread(LAYOUT_ROW_DENSE));
	__mmask16 dense = _mm512_cmpeq_epi32_mask(form, spread(LAYOUT_ROW_DENSE));
	/* As layout_bucket: shifted by 32, all is 0. */
	__m512i bucket = _mm512_srlv_epi32(_mm512_mullo_epi32(classes, spread(0x9e3779b1u)),
					   _mm512_sub_epi32(spread(32), form));
	__m512i number = _mm512_andnot_si512(spread(LAYOUT_OUTSIDE), classes);

	bucket = _mm512_mask_srli_epi32(bucket, dense, number, 5);
	looks->dense = dense;
	_mm512_store_si512(looks->lines,
			   _mm512_add_epi32(_mm512_srli_epi32(rows, LAYOUT_ROW_BITS), bucket));
	_mm512_store_si512(looks->classes, classes);
	_mm512_store_si512(looks->defaults, _mm512_sllv_epi32(spread(1u << LAYOUT_LINE_SLOTS),
							      _mm512_srli_epi32(classes, 31)));
	for (unsigned i = 0; i < LANES; i++)
		__builtin_prefetch(&lookup->rows[direction][looks->lines[i]]);
}

/* A profile's words are its rows, then its classes, by direction. */
static inline void find_all_lines(const struct lookup *lookup, const struct lanes *lanes,
				  struct looks looks[DIRECTIONS])
{
	struct words source = profiles_of(lookup, lanes, WEIR_EGRESS);
	struct words destination = profiles_of(lookup, lanes, WEIR_INGRESS);
	__mmask16 plain = lanes->plain;

	find_lines(lookup, WEIR_EGRESS, _mm512_maskz_mov_epi32(plain, source.at[WEIR_EGRESS]),
		   _mm512_maskz_mov_epi32(plain, destination.at[2 + WEIR_EGRESS]),
		   &looks[WEIR_EGRESS]);
	find_lines(
		lookup, WEIR_INGRESS, _mm512_maskz_mov_epi32(plain, destination.at[WEIR_INGRESS]),
		_mm512_maskz_mov_epi32(plain, source.at[2 + WEIR_INGRESS]), &looks[WEIR_INGRESS]);
}

/* Cells of dense rows: 32 a line. */
static inline __m512i merge_dense(const struct layout_line *lines, const struct looks *looks,
				  __m512i cells)
{
	__m512i line = _mm512_slli_epi32(_mm512_load_si512(looks->lines), 6);
	__m512i place = _mm512_and_si512(_mm512_load_si512(looks->classes), spread(31));
	__m512i words = _mm512_mask_i32gather_epi32(
		cells, looks->dense, _mm512_add_epi32(line, _mm512_slli_epi32(place, 1)), lines, 1);

	return _mm512_mask_and_epi32(cells, looks->dense, words, spread(UINT16_MAX));
}

static inline __m512i cells_of(const struct lookup *lookup, enum weir_direction direction,
			       const struct looks *looks)
{
	const __mmask16 slots = (1u << LAYOUT_LINE_SLOTS) - 1;
	const struct layout_line *lines = lookup->rows[direction];
	uint32_t cells[LANES] ALIGNED;

	for (unsigned i = 0; i < LANES; i++) {
		const struct layout_line *line = &lines[looks->lines[i]];
		uint32_t found = _mm512_mask_cmpeq_epi32_mask(slots, _mm512_load_si512(line),
							      spread(looks->classes[i]));

		cells[i] = line->cells[__builtin_ctz(found | looks->defaults[i])];
	}
	if (looks->dense)
		return merge_dense(lines, looks, _mm512_load_si512(cells));
	return _mm512_load_si512(cells);
}

/* Which lanes' sides allow: a bit of each port set. */
static inline __mmask16 sides_allow(const struct lookup *lookup, __mmask16 plain, __m512i cells,
				    __m512i port_classes)
{
	__m512i places =
		_mm512_add_epi32(_mm512_mullo_epi32(cells, spread(2 * lookup->port_set_words)),
				 _mm512_srli_epi32(port_classes, 5));
	__m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), plain, places,
						    lookup->port_sets, 4);

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
	/* The last four words: of the destination, the zone, the ports, the kinds. */
	struct words last = words_of_keys(lanes->keys, sizeof(*lanes->keys) - 4 * sizeof(uint32_t));
	__m512i kinds = last.at[3];
	__m512i classes = port_classes_of(lookup, last.at[2], kinds);
	__mmask16 sides[DIRECTIONS];
	__mmask16 allowed;

	for (unsigned d = 0; d < DIRECTIONS; d++)
		sides[d] =
			sides_allow(lookup, lanes->plain,
				    cells_of(lookup, (enum weir_direction)d, &looks[d]), classes) |
			_mm512_testn_epi32_mask(kinds,
						spread((uint32_t)WEIR_KEY_EGRESS << (24 + d)));
	allowed = (__mmask16)((sides[0] & sides[1]) | are_same(lanes) |
			      are_own_nodes(lookup, leaves_of(lanes, WEIR_EGRESS),
					    leaves_of(lanes, WEIR_INGRESS)));
	_mm256_storeu_si256((void *)verdicts, _mm256_maskz_set1_epi16(allowed, WEIR_ALLOW));
}
static_assert(WEIR_KEY_INGRESS == WEIR_KEY_EGRESS << 1, "one flag behind the other");
static_assert(offsetof(struct weir_key, source_port) == 36 && sizeof(struct weir_key) == 44,
	      "ports and kinds are the last two words");

static void judge_specials(const struct lookup *lookup, const struct lanes *lanes,
			   struct weir_verdict *verdicts)
{
	for (uint32_t left = (__mmask16)~lanes->plain; left; left &= left - 1) {
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
		if (lanes[i].plain != 0xffff)
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
