/* Products of some columns of some outputs at a time: what fits into the registers. See `products.h`. */
#include "products.h"

/* Some columns of some outputs of a panel: y += scale of the column * scale of output and tap * (integers of column x
 * weights), or y += column x weights. Written as macros over columns and vectors, since compilers keep the sums in
 * registers only if each has a name of its own. */
#if VECTORS == 2
#define EACH_VECTOR(F, t) F(t, 0) F(t, 1)
#else
#define EACH_VECTOR(F, t) F(t, 0) F(t, 1) F(t, 2)
#endif
#define COLUMNS_1(F) F(0)
#define COLUMNS_2(F) F(0) F(1)
#define COLUMNS_4(F) F(0) F(1) F(2) F(3)
#define COLUMNS_6(F) COLUMNS_4(F) F(4) F(5)
#define COLUMNS_8(F) COLUMNS_6(F) F(6) F(7)
#define BEGIN_SUM(t, v) words sum_##t##_##v = in_a_word == 4 ? load_words(zeros + v * LANES) : zero_words();
#define BEGIN(t) EACH_VECTOR(BEGIN_SUM, t)
#define WEIGHTS(_, v) const words w##v = load_words(weights + v * LANES);
#define SUM(t, v) sum_##t##_##v = add_products(sum_##t##_##v, w##v, x, in_a_word);
#define STEP(t)                                \
    x = spread(column + (ptrdiff_t)(t) * width); \
    EACH_VECTOR(SUM, t)
#define SCALES(_, v) const floats by##v = in_a_word == 1 ? splat(1) : load(by + v * LANES);
#define END_SUM(t, v) end_sum(sum_##t##_##v, scale, by##v, from ? from + v * LANES : at + v * LANES, at + v * LANES, in_a_word == 1);
#define END(t)                                               \
    scale = in_a_word == 1 ? 1 : scales[(t) + (ptrdiff_t)tap * apart]; \
    at = y + (ptrdiff_t)(t) * outputs;                       \
    EACH_VECTOR(END_SUM, t)
#define PANEL_OF(name, EACH_COLUMN)                                                                          \
    INLINE void name(const Layer *layer, const word *columns, const float *scales, int first, float *y,      \
                     int is_added, int in_a_word) {                                                          \
        const int taps = layer->taps, apart = layer->dilation, outputs = layer->outputs;                     \
        const int width = layer->inputs / in_a_word, panel = first / PANEL;                                  \
        const word *weights = (const word *)layer->weights + (size_t)panel * taps * width * PANEL + first % PANEL; \
        const float *from = is_added ? NULL : layer->bias + first;                                           \
        for (int tap = 0; tap < taps; tap++, from = NULL) {                                                  \
            const word *column = columns + (size_t)tap * apart * width, *end = column + width;               \
            const size_t place = ((size_t)panel * taps + tap) * PANEL + first % PANEL;                       \
            const float *by = layer->scales + place;                                                         \
            const word *zeros = (const word *)layer->zeros + place;                                          \
            (void)zeros;                                                                                     \
            words x;                                                                                         \
            EACH_COLUMN(BEGIN)                                                                               \
            for (; column < end; column++, weights += PANEL) {                                               \
                EACH_VECTOR(WEIGHTS, _)                                                                      \
                EACH_COLUMN(STEP)                                                                            \
            }                                                                                                \
            EACH_VECTOR(SCALES, _)                                                                           \
            float scale, *at;                                                                                \
            EACH_COLUMN(END)                                                                                 \
        }                                                                                                    \
    }

INLINE words add_products(words sum, words w, words x, int in_a_word) {
    return in_a_word == 1 ? add_floats(sum, w, x) : in_a_word == 2 ? add_pairs(sum, w, x) : add_quads(sum, w, x);
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
                        int in_a_word) {
    const size_t width = layer->inputs / in_a_word, outputs = layer->outputs;
#define SOME(name, most)                                                                                      \
    for (; t + most <= count; t += most)                                                                      \
        name(layer, columns + t * width, scales + t, first, y + t * outputs + first, is_added, in_a_word);
    for (int first = 0; first < layer->outputs; first += VECTORS * LANES) {
        int t = 0;
        SOME(most_columns, COLUMNS)
        SOME(four_columns, 4)
        SOME(two_columns, 2)
        SOME(one_column, 1)
    }
}

void multiply(const Layer *layer, const void *columns, const float *scales, int count, float *y, int is_added) {
    switch (layer->in_a_word) {
        case 1: multiply_as(layer, columns, scales, count, y, is_added, 1); break;
        case 2: multiply_as(layer, columns, scales, count, y, is_added, 2); break;
        default: multiply_as(layer, columns, scales, count, y, is_added, 4);
    }
}
