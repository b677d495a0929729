/* The layers of a vocoder with products of 16-bit integers, for processors that add up two of them at once.
 *
 * A signal is (columns, channels): what a layer sees around a column lies beside it, and joining chunks is copying. Each
 * column is rounded to 13 bits by its own largest value, so that any chunks give the same, and quiet columns have as many
 * bits as loud ones. Weights have 12 bits, and a scale for each output and tap. Sums of a tap fit into 32 bits whatever
 * the inputs are.
 *
 * Panels hold 48 outputs: PANEL x 2 inputs lie together, then the next two, then the next tap, then the next panel.
 * Nothing is allocated and nothing shared but weights, which are only read: several threads may be inside.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vocoder_layers.h"

#define INLINE static inline __attribute__((always_inline))
#define LEAK 0.2f
#define LARGEST 4095 /* of a column's integers */

INLINE void put(int16_t *to, __m512 v, __m512 by) {
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(_mm512_mul_ps(v, by))));
}

/* x (count, channels) becomes integers, rectified and plain; either may be NULL. scales: the largest value, a column. */
INLINE void round_columns(const float *x, int count, int channels, int16_t *leaky, int16_t *plain, float *scales) {
    for (int t = 0; t < count; t++, x += channels) {
        __m512 most = _mm512_set1_ps(1e-30f);
        for (int c = 0; c < channels; c += 16) most = _mm512_max_ps(most, _mm512_abs_ps(_mm512_loadu_ps(x + c)));
        const float largest = _mm512_reduce_max_ps(most);
        const __m512 by = _mm512_set1_ps(LARGEST / largest);
        for (int c = 0; c < channels; c += 16) {
            const __m512 v = _mm512_loadu_ps(x + c);
            if (leaky) put(leaky + (size_t)t * channels + c, _mm512_max_ps(v, v * LEAK), by);
            if (plain) put(plain + (size_t)t * channels + c, v, by);
        }
        scales[t] = largest;
    }
}

/* Some columns of one panel: y += scale of the column * scale of output and tap * (integers of column x weights). Written
 * as macros over the columns, since compilers keep the sums in registers only if each has a name of its own; and with the
 * instruction as it is, since some move the sums about otherwise. */
#define ONE_COLUMN(F) F(0)
#define EIGHT_COLUMNS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
#define BEGIN(t) __m512i a##t = _mm512_setzero_si512(), b##t = a##t, c##t = a##t;
#define DOT(sum, w) __asm__("vpdpwssd %1, %2, %0" : "+v"(sum) : "v"(w), "v"(x));
#define STEP(t)                                                                                          \
    __asm__("vpbroadcastd %1, %0" : "=v"(x) : "m"(*(const pair *)(column + (size_t)(t) * channels))); \
    DOT(a##t, w0) DOT(b##t, w1) DOT(c##t, w2)
#define END(t)                                                            \
    scale = _mm512_set1_ps(scales[t + tap * apart]);                      \
    at = y + (size_t)(t) * stride;                                        \
    add(at, a##t, _mm512_mul_ps(scale, by0), from);                       \
    add(at + 16, b##t, _mm512_mul_ps(scale, by1), from ? from + 16 : NULL); \
    add(at + 32, c##t, _mm512_mul_ps(scale, by2), from ? from + 32 : NULL);
#define PANEL_OF(name, COLUMNS)                                                                                   \
    INLINE void name(const Layer *layer, const int16_t *integers, const float *scales, int panel, float *y,       \
                     int is_added) {                                                                              \
        const int channels = layer->inputs, taps = layer->taps, apart = layer->dilation, stride = layer->outputs; \
        const int16_t *weights = layer->weights + (size_t)panel * taps * channels * PANEL;                        \
        const float *from = is_added ? NULL : layer->bias + panel * PANEL;                                        \
        for (int tap = 0; tap < taps; tap++, from = NULL) {                                                       \
            const int16_t *column = integers + (size_t)tap * apart * channels, *end = column + channels;          \
            __m512i x;                                                                                            \
            COLUMNS(BEGIN)                                                                                        \
            for (; column < end; column += 2, weights += 2 * PANEL) {                                             \
                const __m512i w0 = _mm512_loadu_si512(weights), w1 = _mm512_loadu_si512(weights + 32);            \
                const __m512i w2 = _mm512_loadu_si512(weights + 64);                                              \
                COLUMNS(STEP)                                                                                     \
            }                                                                                                     \
            const float *by = layer->scales + ((size_t)panel * taps + tap) * PANEL;                               \
            const __m512 by0 = _mm512_loadu_ps(by), by1 = _mm512_loadu_ps(by + 16), by2 = _mm512_loadu_ps(by + 32); \
            __m512 scale;                                                                                         \
            float *at;                                                                                            \
            COLUMNS(END)                                                                                          \
        }                                                                                                         \
    }

/* Two neighbouring inputs, read at once. */
typedef int32_t pair __attribute__((may_alias, aligned(2)));

/* y = from + sum * by, where `from` is y itself if it is NULL. */
INLINE void add(float *y, __m512i sum, __m512 by, const float *from) {
    _mm512_storeu_ps(y, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), by, _mm512_loadu_ps(from ? from : y)));
}

PANEL_OF(eight_columns, EIGHT_COLUMNS)
PANEL_OF(one_column, ONE_COLUMN)

/* y (count, outputs) = layer(rounded columns), or y += it. */
INLINE void multiply(const Layer *layer, const int16_t *integers, const float *scales, int count, float *y, int is_added) {
    const size_t inputs = layer->inputs, outputs = layer->outputs;
    for (int panel = 0; panel < layer->outputs / PANEL; panel++) {
        float *to = y + panel * PANEL;
        int t = 0;
        for (; t + 8 <= count; t += 8)
            eight_columns(layer, integers + t * inputs, scales + t, panel, to + t * outputs, is_added);
        for (; t < count; t++)
            one_column(layer, integers + t * inputs, scales + t, panel, to + t * outputs, is_added);
    }
}

/* x: (count + span, inputs), rectified first if `is_leaky`. y: (count, outputs).
 * scratch: for each column of x a float and its integers. */
void vocoder_convolve(const Layer *layer, const float *x, int count, int is_leaky, float *y, void *scratch) {
    const int columns = count + (layer->taps - 1) * layer->dilation;
    float *scales = scratch;
    int16_t *integers = (int16_t *)(scales + columns);
    round_columns(x, columns, layer->inputs, is_leaky ? integers : NULL, is_leaky ? NULL : integers, scales);
    multiply(layer, integers, scales, count, y, 0);
}

/* y = shortcut(x) + pointwise(leaky(dilated(leaky(x)))). x: (count + 2 * dilation, channels). y: (count, channels). The
 * shortcut's bias is of both terms. scratch: for each column of x a float and twice its integers, for each of y `channels`
 * floats. Where memory is nearer, work is quicker: some columns at a time. */
void vocoder_unit(const Layer *dilated, const Layer *pointwise, const Layer *shortcut, const float *x, int count, float *y,
                  void *scratch) {
    const int columns = count + 2 * dilated->dilation;
    const size_t channels = dilated->inputs;
    float *scales = scratch, *middle = scales + columns;
    int16_t *leaky = (int16_t *)(middle + count * channels), *plain = leaky + columns * channels;
    round_columns(x, columns, channels, leaky, plain, scales);
    for (int start = 0; start < count; start += BLOCK) {
        const int some = count - start < BLOCK ? count - start : BLOCK;
        const size_t at = start * channels, centre = start + dilated->dilation;
        multiply(dilated, leaky + at, scales + start, some, middle + at, 0);
        multiply(shortcut, plain + centre * channels, scales + centre, some, y + at, 0);
        int16_t *again = leaky + at; /* its columns up to here have been used, and soon each of `middle` */
        round_columns(middle + at, some, channels, again, NULL, middle + at);
        multiply(pointwise, again, middle + at, some, y + at, 1);
    }
}

/* Few outputs, in floats: y (count, 4) = windows of `width` neighbouring floats, `step` apart, times 4 rows of weights. */
void vocoder_narrow(const float *x, const float *weights, const float *bias, int count, int width, int step, int is_leaky,
                    float *y) {
    for (int t = 0; t < count; t++, x += step) {
        __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
        for (int i = 0; i < width; i += 16) {
            __m512 v = _mm512_loadu_ps(x + i);
            if (is_leaky) v = _mm512_max_ps(v, v * LEAK);
            for (int k = 0; k < 4; k++) sum[k] = _mm512_fmadd_ps(v, _mm512_loadu_ps(weights + k * width + i), sum[k]);
        }
        for (int k = 0; k < 4; k++) y[4 * t + k] = _mm512_reduce_add_ps(sum[k]) + bias[k];
    }
}

int vocoder_is_possible(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw");
}
