/* vector_avx512.h - what lanes.h asks of a vector, with AVX-512: sixteen lanes, masks apart. */
#ifndef WEIR_CLASSIFY_VECTOR_AVX512_H
#define WEIR_CLASSIFY_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "weir/key.h"

enum {
	LANES = 16,
	QUADS = 8,
};

typedef __m512i vector;
typedef __mmask16 lane_mask;
typedef __mmask8 quad_mask;

static inline vector spread(uint32_t value)
{
	return _mm512_set1_epi32((int)value);
}

static inline vector spread_quad(uint64_t value)
{
	return _mm512_set1_epi64((long long)value);
}

static inline vector load(const void *words)
{
	return _mm512_load_si512(words);
}

static inline void store(void *words, vector value)
{
	_mm512_store_si512(words, value);
}

static inline vector both(vector a, vector b)
{
	return _mm512_and_si512(a, b);
}

static inline vector either(vector a, vector b)
{
	return _mm512_or_si512(a, b);
}

static inline vector differing(vector a, vector b)
{
	return _mm512_xor_si512(a, b);
}

static inline vector add(vector a, vector b)
{
	return _mm512_add_epi32(a, b);
}

static inline vector subtract(vector a, vector b)
{
	return _mm512_sub_epi32(a, b);
}

static inline vector multiply(vector a, vector b)
{
	return _mm512_mullo_epi32(a, b);
}

static inline vector shift_up(vector value, unsigned by)
{
	return _mm512_slli_epi32(value, by);
}

static inline vector shift_down(vector value, unsigned by)
{
	return _mm512_srli_epi32(value, by);
}

static inline vector shift_up_each(vector value, vector by)
{
	return _mm512_sllv_epi32(value, by);
}

static inline vector shift_down_each(vector value, vector by)
{
	return _mm512_srlv_epi32(value, by);
}

static inline vector add_quads(vector a, vector b)
{
	return _mm512_add_epi64(a, b);
}

static inline vector upper_halves(vector quads)
{
	return _mm512_srli_epi64(quads, 32);
}

static inline vector shift_quads_up_each(vector value, vector by)
{
	return _mm512_sllv_epi64(value, by);
}

static inline vector count_bits(vector quads)
{
	return _mm512_popcnt_epi64(quads);
}

static inline vector swap_bytes(vector words)
{
	return _mm512_shuffle_epi8(
		words, _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203));
}

static inline lane_mask are_equal(vector a, vector b)
{
	return _mm512_cmpeq_epi32_mask(a, b);
}

static inline lane_mask are_at_most(vector a, vector b)
{
	return _mm512_cmple_epu32_mask(a, b);
}

static inline lane_mask have_top_bit(vector words)
{
	return _mm512_movepi32_mask(words);
}

static inline quad_mask have_top_bit_quads(vector quads)
{
	return _mm512_movepi64_mask(quads);
}

static inline lane_mask mask_both(lane_mask a, lane_mask b)
{
	return a & b;
}

static inline lane_mask mask_either(lane_mask a, lane_mask b)
{
	return a | b;
}

static inline lane_mask mask_not(lane_mask a)
{
	return (lane_mask)~a;
}

static inline quad_mask quad_mask_all(void)
{
	return 0xff;
}

static inline quad_mask quad_mask_both(quad_mask a, quad_mask b)
{
	return a & b;
}

/* Bit i is lane i. */
static inline uint32_t bits_of(lane_mask lanes)
{
	return lanes;
}

static inline lane_mask mask_of(uint32_t bits)
{
	return (lane_mask)bits;
}

static inline vector where(lane_mask lanes, vector there, vector elsewhere)
{
	return _mm512_mask_mov_epi32(elsewhere, lanes, there);
}

static inline vector only(lane_mask lanes, vector value)
{
	return _mm512_maskz_mov_epi32(lanes, value);
}

static inline vector where_quads(quad_mask lanes, vector there, vector elsewhere)
{
	return _mm512_mask_mov_epi64(elsewhere, lanes, there);
}

static inline vector only_quads(quad_mask lanes, vector value)
{
	return _mm512_maskz_mov_epi64(lanes, value);
}

static inline vector widen(vector words, size_t half)
{
	return _mm512_cvtepu32_epi64(half ? _mm512_extracti64x4_epi64(words, 1)
					  : _mm512_castsi512_si256(words));
}

static inline vector interleave_low(vector a, vector b)
{
	return _mm512_unpacklo_epi32(a, b);
}

static inline vector interleave_high(vector a, vector b)
{
	return _mm512_unpackhi_epi32(a, b);
}

static inline vector interleave_low_quads(vector a, vector b)
{
	return _mm512_unpacklo_epi64(a, b);
}

static inline vector interleave_high_quads(vector a, vector b)
{
	return _mm512_unpackhi_epi64(a, b);
}

/* Sixteen bytes each of every fourth place. */
static inline vector load_runs(const void *const places[])
{
	vector line = _mm512_castsi128_si512(_mm_loadu_si128(places[0]));

	line = _mm512_inserti32x4(line, _mm_loadu_si128(places[4]), 1);
	line = _mm512_inserti32x4(line, _mm_loadu_si128(places[8]), 2);
	return _mm512_inserti32x4(line, _mm_loadu_si128(places[12]), 3);
}

/* Eight times three quads. */
static inline vector load_two(const void *a, const void *b)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(a)),
				  _mm256_loadu_si256(b), 1);
}

static inline void load_triples(const void *const places[QUADS], vector triples[3])
{
	vector a = load_two(places[0], places[2]);
	vector b = load_two(places[1], places[3]);
	vector c = load_two(places[4], places[6]);
	vector d = load_two(places[5], places[7]);
	vector low = _mm512_unpacklo_epi64(a, b);
	vector low_behind = _mm512_unpacklo_epi64(c, d);

	triples[0] = _mm512_shuffle_i64x2(low, low_behind, 0x88);
	triples[1] = _mm512_shuffle_i64x2(_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d),
					  0x88);
	triples[2] = _mm512_shuffle_i64x2(low, low_behind, 0xdd);
}

/* Which of ten words that begin at 64 aligned bytes are a value. */
static inline uint32_t find_in_line(const void *line, uint32_t value)
{
	return _mm512_mask_cmpeq_epi32_mask(0x3ff, _mm512_load_si512(line), spread(value));
}

static inline void store_verdicts(struct weir_verdict *verdicts, lane_mask allowed)
{
	_mm256_storeu_si256((void *)verdicts, _mm256_maskz_set1_epi16(allowed, WEIR_ALLOW));
}

static inline vector gather_words(const void *words, vector places)
{
	return _mm512_i32gather_epi32(places, words, 4);
}

#endif
