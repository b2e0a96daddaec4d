/* vector_avx2.h - what lanes.h asks of a vector, with AVX2: eight lanes; masks are vectors, and of
 * a quad's only the top bit counts. */
#ifndef WEIR_CLASSIFY_VECTOR_AVX2_H
#define WEIR_CLASSIFY_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#include "weir/key.h"

enum {
	LANES = 8,
	QUADS = 4,
};

typedef __m256i vector;
typedef __m256i lane_mask;
typedef __m256i quad_mask;

static inline vector spread(uint32_t value)
{
	return _mm256_set1_epi32((int)value);
}

static inline vector spread_quad(uint64_t value)
{
	return _mm256_set1_epi64x((long long)value);
}

static inline vector load(const void *words)
{
	return _mm256_load_si256(words);
}

static inline void store(void *words, vector value)
{
	_mm256_store_si256(words, value);
}

static inline vector both(vector a, vector b)
{
	return _mm256_and_si256(a, b);
}

static inline vector either(vector a, vector b)
{
	return _mm256_or_si256(a, b);
}

static inline vector differing(vector a, vector b)
{
	return _mm256_xor_si256(a, b);
}

static inline vector add(vector a, vector b)
{
	return _mm256_add_epi32(a, b);
}

static inline vector subtract(vector a, vector b)
{
	return _mm256_sub_epi32(a, b);
}

static inline vector multiply(vector a, vector b)
{
	return _mm256_mullo_epi32(a, b);
}

static inline vector shift_up(vector value, unsigned by)
{
	return _mm256_slli_epi32(value, (int)by);
}

static inline vector shift_down(vector value, unsigned by)
{
	return _mm256_srli_epi32(value, (int)by);
}

static inline vector shift_up_each(vector value, vector by)
{
	return _mm256_sllv_epi32(value, by);
}

static inline vector shift_down_each(vector value, vector by)
{
	return _mm256_srlv_epi32(value, by);
}

static inline vector add_quads(vector a, vector b)
{
	return _mm256_add_epi64(a, b);
}

static inline vector upper_halves(vector quads)
{
	return _mm256_srli_epi64(quads, 32);
}

static inline vector shift_quads_up_each(vector value, vector by)
{
	return _mm256_sllv_epi64(value, by);
}

/* Mula's: four bits at a time, from a table. */
static inline vector count_bits(vector quads)
{
	const vector counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1,
					       1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
	const vector nibbles = _mm256_set1_epi8(0x0f);
	vector low = _mm256_shuffle_epi8(counts, both(quads, nibbles));
	vector high = _mm256_shuffle_epi8(counts, both(_mm256_srli_epi16(quads, 4), nibbles));

	return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}

static inline vector swap_bytes(vector words)
{
	const __m128i order = _mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);

	return _mm256_shuffle_epi8(words, _mm256_broadcastsi128_si256(order));
}

static inline lane_mask are_equal(vector a, vector b)
{
	return _mm256_cmpeq_epi32(a, b);
}

static inline lane_mask are_at_most(vector a, vector b)
{
	return _mm256_cmpeq_epi32(_mm256_min_epu32(a, b), a);
}

static inline lane_mask have_top_bit(vector words)
{
	return _mm256_srai_epi32(words, 31);
}

static inline quad_mask have_top_bit_quads(vector quads)
{
	return quads;
}

static inline lane_mask mask_both(lane_mask a, lane_mask b)
{
	return both(a, b);
}

static inline lane_mask mask_either(lane_mask a, lane_mask b)
{
	return either(a, b);
}

static inline lane_mask mask_not(lane_mask a)
{
	return differing(a, spread(UINT32_MAX));
}

static inline quad_mask quad_mask_all(void)
{
	return spread(UINT32_MAX);
}

static inline quad_mask quad_mask_both(quad_mask a, quad_mask b)
{
	return both(a, b);
}

/* Bit i is lane i. */
static inline uint32_t bits_of(lane_mask lanes)
{
	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}

static inline lane_mask mask_of(uint32_t bits)
{
	const vector own = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);

	return _mm256_cmpeq_epi32(both(spread(bits), own), own);
}

static inline vector where(lane_mask lanes, vector there, vector elsewhere)
{
	return _mm256_blendv_epi8(elsewhere, there, lanes);
}

static inline vector only(lane_mask lanes, vector value)
{
	return both(lanes, value);
}

static inline vector where_quads(quad_mask lanes, vector there, vector elsewhere)
{
	return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(elsewhere),
						    _mm256_castsi256_pd(there),
						    _mm256_castsi256_pd(lanes)));
}

static inline vector only_quads(quad_mask lanes, vector value)
{
	return where_quads(lanes, value, _mm256_setzero_si256());
}

static inline vector widen(vector words, size_t half)
{
	return _mm256_cvtepu32_epi64(half ? _mm256_extracti128_si256(words, 1)
					  : _mm256_castsi256_si128(words));
}

static inline vector interleave_low(vector a, vector b)
{
	return _mm256_unpacklo_epi32(a, b);
}

static inline vector interleave_high(vector a, vector b)
{
	return _mm256_unpackhi_epi32(a, b);
}

static inline vector interleave_low_quads(vector a, vector b)
{
	return _mm256_unpacklo_epi64(a, b);
}

static inline vector interleave_high_quads(vector a, vector b)
{
	return _mm256_unpackhi_epi64(a, b);
}

/* Sixteen bytes each of every fourth place. */
static inline vector load_runs(const void *const places[])
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(places[0])),
				       _mm_loadu_si128(places[4]), 1);
}

/* Four times three quads. */
static inline void load_triples(const void *const places[QUADS], vector triples[3])
{
	vector a = _mm256_loadu_si256(places[0]);
	vector b = _mm256_loadu_si256(places[1]);
	vector c = _mm256_loadu_si256(places[2]);
	vector d = _mm256_loadu_si256(places[3]);
	vector low = _mm256_unpacklo_epi64(a, b);
	vector low_behind = _mm256_unpacklo_epi64(c, d);

	triples[0] = _mm256_permute2x128_si256(low, low_behind, 0x20);
	triples[1] = _mm256_permute2x128_si256(_mm256_unpackhi_epi64(a, b),
					       _mm256_unpackhi_epi64(c, d), 0x20);
	triples[2] = _mm256_permute2x128_si256(low, low_behind, 0x31);
}

/* Which of ten words that begin at 64 aligned bytes are a value. */
static inline uint32_t find_in_line(const void *line, uint32_t value)
{
	const char *words = line;
	vector eight = _mm256_cmpeq_epi32(_mm256_load_si256(line), spread(value));
	__m128i two = _mm_cmpeq_epi32(_mm_loadl_epi64((const void *)(words + 32)),
				      _mm_set1_epi32((int)value));

	return bits_of(eight) | ((uint32_t)_mm_movemask_ps(_mm_castsi128_ps(two)) & 3) << 8;
}

static inline void store_verdicts(struct weir_verdict *verdicts, lane_mask allowed)
{
	__m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(allowed),
					 _mm256_extracti128_si256(allowed, 1));

	_mm_storeu_si128((void *)verdicts, _mm_and_si128(halves, _mm_set1_epi16(WEIR_ALLOW)));
}

static inline vector gather_words(const void *words, vector places)
{
	const uint32_t *at = words;
	uint32_t numbers[LANES] __attribute__((aligned(64)));
	uint32_t found[LANES] __attribute__((aligned(64)));

	store(numbers, places);
	for (unsigned i = 0; i < LANES; i++)
		found[i] = at[numbers[i]];
	return load(found);
}

#endif
