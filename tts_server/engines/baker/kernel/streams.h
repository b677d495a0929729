/* Signals that come in chunks: what a layer sees around a chunk, what it keeps for the next one, and the layer itself. */
#pragma once
#include "products.h"

#define SLACK (8 * PANEL) /* floats before a window, for columns that an utterance's start cuts off */

/* x: (count + span, inputs), rectified first if `is_leaky`. y: (count, outputs).
 * scratch: for each column of x a float and its values. */
static void convolve(const Layer *layer, const float *x, int count, int is_leaky, float *y, void *scratch) {
    const int columns = count + (layer->taps - 1) * layer->dilation, channels = layer->inputs;
    float *scales = scratch, *values = scales + columns;
    int16_t *integers = (int16_t *)values;
    if (layer->in_a_word == 1) {
        if (is_leaky) rectify(x, (size_t)columns * channels, values);
    } else if (is_leaky)
        round_columns(x, columns, channels, integers, NULL, scales);
    else
        round_balanced(x, columns, channels, layer->balance, layer->in_a_word == 4, values, scales);
    multiply(layer, layer->in_a_word > 1 || is_leaky ? values : x, scales, count, y, 0);
}

/* A signal with what the next layer sees around it. */
typedef struct {
    float *rows;
    int channels, count, before; /* before: rows that come from earlier, or are an utterance's left edge */
} Window;

/* Where a call stands in the utterance, and what the layers keep, in their order. */
typedef struct {
    float *kept;
    int is_first, is_last;
} Run;

/* A window in that room; rows of the signal are then written behind those before. */
static Window opened(const Run *run, float *room, int channels, int left, int kept) {
    Window window = {room + SLACK, channels, 0, run->is_first ? left : kept};
    if (!run->is_first) memcpy(window.rows, run->kept, sizeof(float) * kept * channels);
    return window;
}

static float *end_of(const Window *window) { return window->rows + (size_t)window->before * window->channels; }

/* `count` rows were written: the edges get zeros, or the signal reflected. False: there are too few. */
static int closed(Run *run, Window *window, int count, int left, int right, int kept, int is_reflected) {
    const size_t size = sizeof(float) * window->channels;
    const int channels = window->channels;
    float *rows = window->rows;
    window->count = window->before + count;
    if (count < 0 || (is_reflected && window->count <= 2 * (left > right ? left : right) && (run->is_first || run->is_last)))
        return 0;
    for (int i = 0; i < left && run->is_first; i++)
        if (is_reflected)
            memcpy(rows + (left - 1 - i) * channels, rows + (left + 1 + i) * channels, size);
        else
            memset(rows + i * channels, 0, size);
    for (int i = 0; i < right && run->is_last; i++, window->count++)
        if (is_reflected)
            memcpy(rows + window->count * channels, rows + (window->count - 2 - 2 * i) * channels, size);
        else
            memset(rows + window->count * channels, 0, size);
    if (window->count < kept) return 0;
    memcpy(run->kept, rows + (size_t)(window->count - kept) * channels, size * kept);
    run->kept += kept * channels;
    return 1;
}

/* 1 - 2 / (e^2x + 1). count: x has room up to the next vector. */
static void tanh_of(float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const floats bounded = larger(splat(-40.0f), splat(0) - larger(splat(-40.0f), splat(0) - load(x + i) * splat(2.0f)));
        store(x + i, splat(1.0f) - splat(2.0f) / (exponential(bounded) + splat(1.0f)));
    }
}
