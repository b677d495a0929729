/* What a processor has, under one set of names: LANES `floats`, or as many `words`, which are floats,
 * pairs of 16-bit integers, or four of 8 bits. The innermost instructions stand as they are: compilers move sums out of registers otherwise.
 */
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef uint32_t word __attribute__((may_alias));

#if defined(__AVX512F__)
#include <immintrin.h>
#define VECTORS 3 /* of outputs, and */
#define COLUMNS 8 /* columns, whose sums fit into the registers */
#define HAS_QUADS 1
typedef __m512 floats;
typedef __m512i words;

INLINE floats load(const float *from) { return _mm512_loadu_ps(from); }
INLINE void store(float *to, floats v) { _mm512_storeu_ps(to, v); }
INLINE floats splat(float value) { return _mm512_set1_ps(value); }
INLINE floats larger(floats a, floats b) { return _mm512_max_ps(a, b); }
INLINE floats fused(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }
INLINE floats absolute(floats v) { return _mm512_abs_ps(v); }
INLINE float largest_of(floats v) { return _mm512_reduce_max_ps(v); }
INLINE words load_words(const word *from) { return _mm512_loadu_si512(from); }
INLINE words zero_words(void) { return _mm512_setzero_si512(); }
INLINE words spread(const word *from) {
    words x;
    __asm__("vpbroadcastd %1, %0" : "=v"(x) : "m"(*from));
    return x;
}
INLINE words add_quads(words sum, words w, words x) {
    __asm__("vpdpbusd %1, %2, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
}
INLINE words add_pairs(words sum, words w, words x) {
    __asm__("vpdpwssd %1, %2, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
}
INLINE words add_floats(words sum, words w, words x) {
    __asm__("vfmadd231ps %1, %2, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
}
INLINE floats as_floats(words sum) { return _mm512_castsi512_ps(sum); }
INLINE floats from_integers(words sum) { return _mm512_cvtepi32_ps(sum); }
INLINE words nearest(floats v) { return _mm512_cvtps_epi32(v); }
INLINE words exponents(words of) { return _mm512_slli_epi32(_mm512_add_epi32(of, _mm512_set1_epi32(127)), 23); }
INLINE void put_bytes(uint8_t *to, floats v) {
    const words moved = _mm512_add_epi32(_mm512_cvtps_epi32(v), _mm512_set1_epi32(128));
    _mm_storeu_si128((__m128i *)to, _mm512_cvtusepi32_epi8(_mm512_max_epi32(moved, _mm512_setzero_si512())));
}
INLINE void put_integers(int16_t *to, floats v) {
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(v)));
}

#else /* AVX2 */
#include <immintrin.h>
#define VECTORS 2
#define COLUMNS 6
typedef __m256 floats;
typedef __m256i words;

INLINE floats load(const float *from) { return _mm256_loadu_ps(from); }
INLINE void store(float *to, floats v) { _mm256_storeu_ps(to, v); }
INLINE floats splat(float value) { return _mm256_set1_ps(value); }
INLINE floats larger(floats a, floats b) { return _mm256_max_ps(a, b); }
INLINE floats fused(floats a, floats b, floats c) { return _mm256_fmadd_ps(a, b, c); }
INLINE floats absolute(floats v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }
INLINE float largest_of(floats v) {
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}
INLINE words load_words(const word *from) { return _mm256_loadu_si256((const __m256i *)from); }
INLINE words zero_words(void) { return _mm256_setzero_si256(); }
INLINE words spread(const word *from) {
    words x;
    __asm__("vpbroadcastd %1, %0" : "=x"(x) : "m"(*from));
    return x;
}
INLINE words add_pairs(words sum, words w, words x) {
    words products;
    __asm__("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(w), "x"(x));
    return sum;
}
INLINE words add_floats(words sum, words w, words x) {
    __asm__("vfmadd231ps %1, %2, %0" : "+x"(sum) : "x"(w), "x"(x));
    return sum;
}
INLINE floats as_floats(words sum) { return _mm256_castsi256_ps(sum); }
INLINE floats from_integers(words sum) { return _mm256_cvtepi32_ps(sum); }
INLINE words nearest(floats v) { return _mm256_cvtps_epi32(v); }
INLINE words exponents(words of) { return _mm256_slli_epi32(_mm256_add_epi32(of, _mm256_set1_epi32(127)), 23); }
INLINE void put_integers(int16_t *to, floats v) {
    const __m256i whole = _mm256_cvtps_epi32(v);
    _mm_storeu_si128((__m128i *)to, _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1)));
}

#endif

#if !HAS_QUADS
INLINE words add_quads(words sum, words w, words x) { return (void)w, (void)x, sum; }
INLINE void put_bytes(uint8_t *to, floats v) { (void)to, (void)v; }
#endif

/* e^x to 2 units in the last place (Cephes' expf), for x in -87 to 87. The same on both: each step is one instruction. */
INLINE floats exponential(floats x) {
    const words whole = nearest(x * splat(1.44269504088896341f));
    const floats n = from_integers(whole);
    const floats r = fused(n, splat(2.12194440e-4f), fused(n, splat(-0.693359375f), x));
    floats y = splat(1.9875691500e-4f);
    y = fused(y, r, splat(1.3981999507e-3f));
    y = fused(y, r, splat(8.3334519073e-3f));
    y = fused(y, r, splat(4.1665795894e-2f));
    y = fused(y, r, splat(1.6666665459e-1f));
    y = fused(y, r, splat(5.0000001201e-1f));
    y = fused(y * r, r, r + splat(1.0f));
    return y * as_floats(exponents(whole));
}
