/* The vocoder: a chunk of mel becomes samples, and what each layer has seen is left for the next chunk.
 *
 * One source for AVX-512 with VNNI and AVX2 (`vectors.h`), compiled once for each; NAME(x) gives each its own names.
 * With integers the samples are the same on both. Nothing is allocated and nothing shared but weights, which are only read:
 * several threads may be inside.
 */
#include "streams.h"

#define TOGETHER 16       /* partial sums of a narrow output, whatever a vector holds */

/* y = shortcut(x) + pointwise(leaky(dilated(leaky(x)))). x: (count + 2 * dilation, channels). y: (count, channels). The
 * shortcut's bias is of both terms. scratch: for each column of x a float and its values, for each of y `channels`
 * floats. */
static void unit(const Layer *dilated, const Layer *pointwise, const Layer *shortcut, const float *x, int count, float *y,
                 void *scratch) {
    const int columns = count + 2 * dilated->dilation, is_float = dilated->in_a_word == 1;
    const size_t channels = dilated->inputs;
    float *scales = scratch, *middle = scales + columns, *values = middle + count * channels;
    int16_t *leaky = (int16_t *)values, *plain = leaky + columns * channels;
    if (is_float)
        rectify(x, columns * channels, values);
    else
        round_columns(x, columns, channels, leaky, plain, scales);
    for (int start = 0; start < count; start += BLOCK) {
        const int some = count - start < BLOCK ? count - start : BLOCK;
        const size_t at = start * channels, centre = start + dilated->dilation;
        /* What it takes of `values` is not needed after it, and what it makes is needed only until `y` is. */
        void *again = is_float ? (void *)(values + at) : (void *)(leaky + at);
        multiply(dilated, again, scales + start, some, middle + at, 0);
        if (is_float) {
            multiply(shortcut, x + centre * channels, NULL, some, y + at, 0);
            rectify(middle + at, some * channels, again);
        } else {
            multiply(shortcut, plain + centre * channels, scales + centre, some, y + at, 0);
            round_columns(middle + at, some, channels, again, NULL, middle + at);
        }
        multiply(pointwise, again, middle + at, some, y + at, 1);
    }
}

static void narrow(const Narrow *layer, const float *x, int count, int is_leaky, float *y) {
    enum { PARTS = TOGETHER / LANES };
    const int width = layer->width;
    for (int t = 0; t < count; t++, x += layer->step, y += BANDS) {
        floats sums[BANDS][PARTS];
        for (int k = 0; k < BANDS; k++)
            for (int part = 0; part < PARTS; part++) sums[k][part] = splat(0);
        for (int i = 0; i < width; i += TOGETHER)
            for (int part = 0; part < PARTS; part++) {
                const float *at = layer->weights + i + part * LANES;
                floats v = load(x + i + part * LANES);
                if (is_leaky) v = leaky_of(v);
                for (int k = 0; k < BANDS; k++) sums[k][part] = fused(v, load(at + k * width), sums[k][part]);
            }
        for (int k = 0; k < BANDS; k++) {
            float lanes[TOGETHER];
            for (int part = 0; part < PARTS; part++) store(lanes + part * LANES, sums[k][part]);
            for (int half = TOGETHER / 2; half; half /= 2)
                for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
            y[k] = lanes[0] + layer->bias[k];
        }
    }
}

/* One layer, for tests. */
void NAME(vocoder_convolve)(const Layer *layer, const float *x, int count, int is_leaky, float *y, void *scratch) {
    convolve(layer, x, count, is_leaky, y, scratch);
}

/* mel: (frames, inputs of the first layer). kept: what all layers see of the chunk before, and then of this one. rooms: of
 * two windows and of a unit's scratch. Gives how many samples there are, or -1 where a chunk is too short. */
int NAME(vocoder_run)(const Plan *plan, const float *mel, int frames, int is_first, int is_last, float *kept,
                      float *const rooms[3], float *samples) {
    const Layer *layer = plan->layers;
    float *free_room = rooms[1], *used_room = rooms[0], *scratch = rooms[2];
    Run run = {kept, is_first, is_last};
    Window next, window = opened(&run, used_room, layer->inputs, 3, 6);
    memcpy(end_of(&window), mel, sizeof(float) * frames * layer->inputs);
    if (!closed(&run, &window, frames, 3, 3, 6, 1)) return -1;
#define SWAP                          \
    window = next;                    \
    next.rows = used_room;            \
    used_room = free_room, free_room = next.rows;
    next = opened(&run, free_room, layer->outputs, 1, 1);
    convolve(layer, window.rows, window.count - 6, 0, end_of(&next), scratch);
    if (!closed(&run, &next, window.count - 6, 1, 1, 1, 0)) return -1;
    SWAP
    layer++;
    for (int stage = 0; stage < plan->stages; stage++) {
        const int factor = plan->factors[stage], channels = layer->outputs / factor;
        int count = window.count - 1, reach = layer[1].dilation;
        if (count < 0) return -1;
        next = opened(&run, free_room, channels, reach, 2 * reach);
        const int cut = is_first ? factor / 2 : 0;
        convolve(layer, window.rows, count, 1, end_of(&next) - cut * channels, scratch);
        count = count * factor - cut - (is_last ? factor - factor / 2 : 0);
        if (!closed(&run, &next, count, reach, reach, 2 * reach, 1)) return -1;
        SWAP
        layer++;
        for (int u = 0; u < plan->units; u++, layer += 3) {
            const int is_end = u == plan->units - 1, is_out = is_end && stage == plan->stages - 1;
            count = window.count - 2 * layer->dilation;
            const int around = is_out ? 3 : is_end ? 1 : layer[3].dilation, keeps = is_end && !is_out ? 1 : 2 * around;
            if (count < 0) return -1;
            next = opened(&run, free_room, channels, around, keeps);
            unit(layer, layer + 1, layer + 2, window.rows, count, end_of(&next), scratch);
            if (!closed(&run, &next, count, around, around, keeps, !is_end || is_out)) return -1;
            SWAP
        }
    }
    const int before = plan->filterbank.width / BANDS - 1, left = before / 2, bands = window.count - 6;
    if (bands < 0) return -1;
    next = opened(&run, free_room, BANDS, left, before);
    narrow(&plan->last, window.rows, bands, 1, end_of(&next));
    tanh_of(end_of(&next), (size_t)bands * BANDS);
    if (!closed(&run, &next, bands, left, before - left, before, 0) || next.count < before) return -1;
    narrow(&plan->filterbank, next.rows, next.count - before, 0, samples);
    return (next.count - before) * BANDS;
}
