/* Columns times weights, in floats or with products of integers, of which processors add up two (16 bits) or four (8 bits)
 * at once.
 *
 * A signal is (columns, channels): what a layer sees around a column lies beside it, and joining chunks is copying. Each
 * column is rounded to 13 (or 8) bits by its own largest value, so that any chunks give the same, and quiet columns have as
 * many bits as loud ones. Weights have 12 (or 8) bits, and a scale for each output and tap. Sums of a tap fit into 32 bits whatever
 * the inputs are.
 *
 * Panels hold 48 outputs: a word (integers, or a float) of each lies together, then the next inputs, then the next
 * tap, then the next panel.
 */
#pragma once
#include <stddef.h>

#include "vectors.h"
#include "vocoder_layers.h"

#define LEAK 0.2f
#define LARGEST 4095 /* of a column's 16-bit integers */
#define LARGEST_BYTE 127

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

/* x (count, channels) times `balance`, if that is not NULL, becomes integers of 16 or 8 bits. */
INLINE void round_balanced(const float *x, int count, int channels, const float *balance, int is_byte, void *to,
                           float *scales) {
    for (int t = 0; t < count; t++, x += channels) {
        floats most = splat(1e-30f);
        for (int c = 0; c < channels; c += LANES) {
            floats v = load(x + c);
            if (balance) v = v * load(balance + c);
            most = larger(most, absolute(v));
        }
        const float largest = largest_of(most);
        const floats by = splat((is_byte ? LARGEST_BYTE : LARGEST) / largest);
        for (int c = 0; c < channels; c += LANES) {
            floats v = load(x + c);
            if (balance) v = v * load(balance + c);
            if (is_byte)
                put_bytes((uint8_t *)to + (size_t)t * channels + c, v * by);
            else
                put_integers((int16_t *)to + (size_t)t * channels + c, v * by);
        }
        scales[t] = largest;
    }
}

INLINE void rectify(const float *x, size_t count, float *to) {
    for (size_t i = 0; i < count; i += LANES) store(to + i, leaky_of(load(x + i)));
}

/* y (count, outputs) = layer(columns), or y += it. columns: as the layer multiplies them. scales: of rounded ones. */
void NAME(multiply)(const Layer *layer, const void *columns, const float *scales, int count, float *y, int is_added);
#define multiply NAME(multiply)
