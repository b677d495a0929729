/* Columns times weights, in floats or with products of 16-bit integers, of which processors add up two at once.
 *
 * A signal is (columns, channels): what a layer sees around a column lies beside it, and joining chunks is copying. Each
 * column is rounded to 13 bits by its own largest value, so that any chunks give the same, and quiet columns have as many
 * bits as loud ones. Weights have 12 bits, and a scale for each output and tap. Sums of a tap fit into 32 bits whatever
 * the inputs are.
 *
 * Panels hold 48 outputs: a word (two integers, or a float) of each lies together, then the next inputs, then the next
 * tap, then the next panel.
 */
#pragma once
#include <stddef.h>

#include "vectors.h"
#include "vocoder_layers.h"

#define LEAK 0.2f
#define LARGEST 4095 /* of a column's integers */

INLINE floats leaky_of(floats v) { return larger(v, v * splat(LEAK)); }

/* x (count, channels) becomes integers, rectified and plain; either may be NULL. scales: the largest value, a column. */
INLINE void round_columns(const float *x, int count, int channels, int16_t *leaky, int16_t *plain, float *scales) {
    for (int t = 0; t < count; t++, x += channels) {
        floats most = splat(1e-30f);
        for (int c = 0; c < channels; c += LANES) most = larger(most, absolute(load(x + c)));
        const float largest = largest_of(most);
        const floats by = splat(LARGEST / largest);
        for (int c = 0; c < channels; c += LANES) {
            const floats v = load(x + c);
            if (leaky) put_integers(leaky + (size_t)t * channels + c, leaky_of(v) * by);
            if (plain) put_integers(plain + (size_t)t * channels + c, v * by);
        }
        scales[t] = largest;
    }
}

INLINE void rectify(const float *x, size_t count, float *to) {
    for (size_t i = 0; i < count; i += LANES) store(to + i, leaky_of(load(x + i)));
}

/* Some columns of some outputs of a panel: y += scale of the column * scale of output and tap * (integers of column x
 * weights), or y += column x weights. Written as macros over columns and vectors, since compilers keep the sums in
 * registers only if each has a name of its own. */
#if VECTORS == 2
#define EACH_VECTOR(F, t) F(t, 0) F(t, 1)
#elif VECTORS == 3
#define EACH_VECTOR(F, t) F(t, 0) F(t, 1) F(t, 2)
#else
#define EACH_VECTOR(F, t) F(t, 0) F(t, 1) F(t, 2) F(t, 3)
#endif
#define COLUMNS_1(F) F(0)
#define COLUMNS_2(F) F(0) F(1)
#define COLUMNS_4(F) F(0) F(1) F(2) F(3)
#define COLUMNS_6(F) COLUMNS_4(F) F(4) F(5)
#define COLUMNS_8(F) COLUMNS_6(F) F(6) F(7)
#define BEGIN_SUM(t, v) words sum_##t##_##v = zero_words();
#define BEGIN(t) EACH_VECTOR(BEGIN_SUM, t)
#define WEIGHTS(_, v) const words w##v = load_words(weights + v * LANES);
#define SUM(t, v) sum_##t##_##v = is_float ? add_floats(sum_##t##_##v, w##v, x) : add_pairs(sum_##t##_##v, w##v, x);
#define STEP(t)                                \
    x = spread(column + (ptrdiff_t)(t) * width); \
    EACH_VECTOR(SUM, t)
#define SCALES(_, v) const floats by##v = is_float ? splat(1) : load(by + v * LANES);
#define END_SUM(t, v) end_sum(sum_##t##_##v, scale, by##v, from ? from + v * LANES : at + v * LANES, at + v * LANES, is_float);
#define END(t)                                               \
    scale = is_float ? 1 : scales[(t) + (ptrdiff_t)tap * apart]; \
    at = y + (ptrdiff_t)(t) * outputs;                       \
    EACH_VECTOR(END_SUM, t)
#define PANEL_OF(name, EACH_COLUMN)                                                                          \
    INLINE void name(const Layer *layer, const word *columns, const float *scales, int first, float *y,      \
                     int is_added, int is_float) {                                                           \
        const int taps = layer->taps, apart = layer->dilation, outputs = layer->outputs;                     \
        const int width = is_float ? layer->inputs : layer->inputs / 2, panel = first / PANEL;               \
        const word *weights = (const word *)layer->weights + (size_t)panel * taps * width * PANEL + first % PANEL; \
        const float *from = is_added ? NULL : layer->bias + first;                                           \
        for (int tap = 0; tap < taps; tap++, from = NULL) {                                                  \
            const word *column = columns + (size_t)tap * apart * width, *end = column + width;               \
            words x;                                                                                         \
            EACH_COLUMN(BEGIN)                                                                               \
            for (; column < end; column++, weights += PANEL) {                                               \
                EACH_VECTOR(WEIGHTS, _)                                                                      \
                EACH_COLUMN(STEP)                                                                            \
            }                                                                                                \
            const float *by = layer->scales + ((size_t)panel * taps + tap) * PANEL + first % PANEL;          \
            EACH_VECTOR(SCALES, _)                                                                           \
            float scale, *at;                                                                                \
            EACH_COLUMN(END)                                                                                 \
        }                                                                                                    \
    }

INLINE void end_sum(words sum, float scale, floats by, const float *before, float *to, int is_float) {
    if (is_float)
        store(to, as_floats(sum) + load(before));
    else
        store(to, fused(from_integers(sum), splat(scale) * by, load(before)));
}

#if COLUMNS == 8
PANEL_OF(most_columns, COLUMNS_8)
#else
PANEL_OF(most_columns, COLUMNS_6)
#endif
PANEL_OF(four_columns, COLUMNS_4)
PANEL_OF(two_columns, COLUMNS_2)
PANEL_OF(one_column, COLUMNS_1)

INLINE void multiply_as(const Layer *layer, const word *columns, const float *scales, int count, float *y, int is_added,
                        int is_float) {
    const size_t width = is_float ? layer->inputs : layer->inputs / 2, outputs = layer->outputs;
#define SOME(name, most)                                                                                      \
    for (; t + most <= count; t += most)                                                                      \
        name(layer, columns + t * width, scales + t, first, y + t * outputs + first, is_added, is_float);
    for (int first = 0; first < layer->outputs; first += VECTORS * LANES) {
        int t = 0;
        SOME(most_columns, COLUMNS)
        SOME(four_columns, 4)
        SOME(two_columns, 2)
        SOME(one_column, 1)
    }
}

/* y (count, outputs) = layer(columns), or y += it. columns: floats, or rounded to integers. */
static void multiply(const Layer *layer, const void *columns, const float *scales, int count, float *y, int is_added) {
    if (layer->scales)
        multiply_as(layer, columns, scales, count, y, is_added, 0);
    else
        multiply_as(layer, columns, scales, count, y, is_added, 1);
}
