/* The loop over SAMBERT's decoder steps: what `NumpyStep` (../decoder.py) says of one step, for several in one call.
 *
 * One source for AVX-512, AVX2 and NEON, in the compiler's vector types; it is compiled once for each, with LANES floats
 * a vector and NAME(x) giving each its own names (`dispatch.c` picks one at run time). State and weights are the
 * caller's; nothing is allocated and nothing is shared between streams, so several threads may be inside.
 *
 * A matrix (inputs + 1, outputs), its last row the bias, is stored in panels of 64 outputs, each panel row after row:
 * read once from start to end. bf16 panels hold outputs k and 32 + k in the halves of one word.
 * Keys are kept turned round, (units, places), so that scores of many places are made at once, without sums across lanes.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "decoder_steps.h"

#ifndef LANES
#define LANES 4
#define NAME(x) x##_base
#endif
#define PANEL 64
#define VECTORS (PANEL / LANES)
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint32_t uvec __attribute__((vector_size(4 * LANES), aligned(4)));

INLINE vec splat(float value) { return value - (vec){0}; }
INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec value) { *(vec *)to = value; }
INLINE vec chosen(ivec which, vec a, vec b) { return (vec)((which & (ivec)a) | (~which & (ivec)b)); }
INLINE vec larger(vec a, vec b) { return chosen(a > b, a, b); }

INLINE float sum(vec v) {
    float lanes[LANES];
    store(lanes, v);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

INLINE float largest(vec v) {
    float lanes[LANES];
    store(lanes, v);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    return lanes[0];
}

/* e^x for x <= 0 to 2 units in the last place (Cephes' expf); below e^-87 it stays there, which is nothing. */
INLINE vec exponential(vec x) {
    x = larger(x, splat(-87.0f));
    vec shifted = x * 1.44269504088896341f + 12582912.0f; /* rounds to the nearest integer */
    vec n = shifted - 12582912.0f;
    vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec y = splat(1.9875691500e-4f);
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    return (vec)((ivec)y + ((ivec)shifted << 23)); /* the integer stands in the low bits of `shifted` */
}

INLINE void add_row(vec *y, const void *panel, int is_half, int row, float x) {
    vec by = splat(x);
    if (!is_half) {
        const float *weights = (const float *)panel + (size_t)row * PANEL;
        for (int i = 0; i < VECTORS; i++) y[i] += load(weights + i * LANES) * by;
    } else {
        const uint32_t *words = (const uint32_t *)panel + (size_t)row * (PANEL / 2);
        for (int i = 0; i < VECTORS / 2; i++) {
            uvec both = *(const uvec *)(words + i * LANES);
            y[i] += (vec)(both << 16) * by;
            y[VECTORS / 2 + i] += (vec)(both & 0xffff0000u) * by;
        }
    }
}

/* y (outputs, up to whole panels) = x * matrix + bias. rows: which of x are not 0, or NULL for all. */
INLINE void multiply(float *y, const Matrix *matrix, int is_half, const float *x, const int32_t *rows, int count) {
    size_t panel_bytes = (size_t)(matrix->inputs + 1) * PANEL * (is_half ? 2 : 4);
    const char *panel = matrix->weights;
    for (int at = 0; at < matrix->outputs; at += PANEL, panel += panel_bytes) {
        vec even[VECTORS] = {0}, odd[VECTORS] = {0}; /* two sums: a product does not wait for the one before it */
        add_row(even, panel, is_half, matrix->inputs, 1.0f);
        int i = 0;
        for (; i + 1 < count; i += 2) {
            int first = rows ? rows[i] : i, second = rows ? rows[i + 1] : i + 1;
            add_row(even, panel, is_half, first, x[first]);
            add_row(odd, panel, is_half, second, x[second]);
        }
        if (i < count) add_row(even, panel, is_half, rows ? rows[i] : i, x[rows ? rows[i] : i]);
        for (int j = 0; j < VECTORS; j++) store(y + at + j * LANES, even[j] + odd[j]);
    }
}

INLINE void dense(float *y, const Matrix *matrix, int is_half, const float *x) {
    multiply(y, matrix, is_half, x, NULL, matrix->inputs);
}

/* Half of what a ReLU gives is 0: those rows are passed over. */
INLINE void rectified(float *y, const Matrix *matrix, int is_half, const float *x, int32_t *rows) {
    int count = 0;
    for (int i = 0; i < matrix->inputs; i++) {
        rows[count] = i;
        count += x[i] > 0;
    }
    multiply(y, matrix, is_half, x, rows, count);
}

/* x, whose mean is 0, with a deviation of 1. */
INLINE void normalise(float *y, const float *x, int units, float epsilon) {
    double squares = 0;
    for (int i = 0; i < units; i++) squares += (double)x[i] * x[i];
    float by = 1.0f / sqrtf((float)(squares / units) + epsilon);
    for (int i = 0; i < units; i++) y[i] = x[i] * by;
}

/* Scores (places) become shares of 1. */
INLINE void soften(float *scores, int places) {
    vec top = load(scores);
    for (int p = LANES; p < places; p += LANES) top = larger(top, load(scores + p));
    vec peak = splat(largest(top)), total = {0};
    for (int p = 0; p < places; p += LANES) {
        vec share = exponential(load(scores + p) - peak);
        store(scores + p, share);
        total += share;
    }
    vec by = splat(1.0f / sum(total));
    for (int p = 0; p < places; p += LANES) store(scores + p, load(scores + p) * by);
}

/* One head in one ring: y (size) = values weighed by how well their keys fit the query. */
INLINE void attend(float *y, const float *query, const float *keys, const float *values, const float *hidden,
                   float *scores, int size, int units, int width, int places) {
    for (int p = 0; p < places; p += LANES) {
        vec score = load(hidden + p);
        for (int i = 0; i < size; i++) score += load(keys + (size_t)i * places + p) * query[i];
        store(scores + p, score);
    }
    soften(scores, places);
    for (int i = 0; i < size; i++) y[i] = 0;
    for (int p = 0; p < width; p++)
        for (int i = 0; i < size; i++) y[i] += scores[p] * values[(size_t)p * units + i];
}

INLINE void put(const Plan *plan, State *state, int layer, int ring, int slot, const float *row) {
    size_t at = (size_t)(layer * 2 + ring) * plan->units;
    float *keys = state->keys + at * state->places + slot, *values = state->values + (at * state->width);
    for (int i = 0; i < plan->units; i++) keys[(size_t)i * state->places] = row[i];
    memcpy(values + (size_t)slot * plan->units, row + plan->units, sizeof(float) * plan->units);
}

INLINE void block(const Plan *plan, State *state, int is_half, int layer, int slot, float *x) {
    const Matrix *matrix = plan->matrices + plan->prenet + 4 * layer;
    const int units = plan->units, size = units / plan->heads;
    float *normed = x + PADDED(units), *attended = normed + PADDED(units), *mixed = attended + PADDED(3 * units);
    float *inner = mixed + PADDED(2 * units), *added = inner + PADDED(plan->inner), *scores = added + PADDED(units);
    normalise(normed, x, units, plan->epsilon);
    dense(attended, matrix, is_half, normed);
    put(plan, state, layer, 0, slot, attended + units);
    for (int ring = 0; ring < 2; ring++)
        for (int head = 0; head < plan->heads; head++) {
            size_t at = (size_t)(layer * 2 + ring) * units;
            const float *keys = state->keys + (at + (size_t)head * size) * state->places;
            const float *values = state->values + at * state->width + head * size;
            float *y = mixed + ring * units + head * size;
            const float *query = attended + head * size, *hidden = state->hidden + ring * state->places;
            if (size == 16) /* all published voices: a loop of known length */
                attend(y, query, keys, values, hidden, scores, 16, units, state->width, state->places);
            else
                attend(y, query, keys, values, hidden, scores, size, units, state->width, state->places);
        }
    dense(added, matrix + 1, is_half, mixed);
    for (int i = 0; i < units; i++) x[i] += added[i];
    normalise(normed, x, units, plan->epsilon);
    dense(inner, matrix + 2, is_half, normed);
    rectified(added, matrix + 3, is_half, inner, state->rows);
    for (int i = 0; i < units; i++) x[i] += added[i];
}

/* One step: frame (n_mels) and given (units) -> frames (outputs). */
INLINE void step(const Plan *plan, State *state, int is_half, int slot, const float *frame, const float *given,
                 float *frames) {
    float *from = state->scratch, *to = state->scratch + plan->widest, *x = state->scratch + 2 * plan->widest;
    dense(to, plan->matrices, is_half, frame);
    for (int i = 1; i < plan->prenet; i++) {
        float *swapped = from;
        from = to, to = swapped;
        rectified(to, plan->matrices + i, is_half, from, state->rows);
    }
    for (int i = 0; i < plan->units; i++) x[i] = given[i] + to[i];
    for (int layer = 0; layer < plan->layers; layer++) block(plan, state, is_half, layer, slot, x);
    normalise(state->scratch, x, plan->units, plan->epsilon);
    const Matrix *last = plan->matrices + plan->prenet + 4 * plan->layers;
    dense(state->scratch + plan->widest, last, is_half, state->scratch);
    memcpy(frames, state->scratch + plan->widest, sizeof(float) * plan->outputs);
}

INLINE void steps(const Plan *plan, State *state, int is_half, int first, int count, const float *frame,
                  const float *given, const float *entering, int entered, float *frames) {
    const int width = state->width;
    for (int k = 0; k < count; k++) {
        int last = (first + k + width - 1) % width, slot = (first + k) % width;
        if (k < entered)
            for (int layer = 0; layer < plan->layers; layer++)
                put(plan, state, layer, 1, last, entering + ((size_t)k * plan->layers + layer) * 2 * plan->units);
        state->hidden[state->places + last] = k < entered ? 0.0f : HIDDEN;
        state->hidden[slot] = 0;
        step(plan, state, is_half, slot, frame, given + (size_t)k * plan->units, frames + (size_t)k * plan->outputs);
        frame = frames + (size_t)(k + 1) * plan->outputs - plan->n_mels;
    }
}

void NAME(enter)(const Plan *plan, State *state, int slot, const float *row) {
    for (int layer = 0; layer < plan->layers; layer++)
        put(plan, state, layer, 1, slot, row + (size_t)layer * 2 * plan->units);
    state->hidden[state->places + slot] = 0;
}

void NAME(run)(const Plan *plan, State *state, int first, int count, const float *frame, const float *given,
               const float *entering, int entered, float *frames) {
    if (plan->is_half)
        steps(plan, state, 1, first, count, frame, given, entering, entered, frames);
    else
        steps(plan, state, 0, first, count, frame, given, entering, entered, frames);
}
