/* The end of the acoustic model: the last block's feed-forward net and the postnet, a chunk at a time. See `postnet_run`.
 *
 * Compiled like `vocoder_layers.c`. All widths are padded to whole panels with weights of zero.
 */
#include "streams.h"

#define LAYERS 5 /* of the postnet */

typedef struct {
    const Layer *layers; /* expand, project, mel, and the postnet's */
    const float *scale, *shift; /* (channels) of the normalisation */
    float epsilon;
} Ending;

/* x n / (n + 2), where n = e^x (e^x + 2): x tanh(log(1 + e^x)). */
static void mish(float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const floats v = load(x + i);
        const floats bounded = larger(splat(-40.0f), splat(0) - larger(splat(-20.0f), splat(0) - v));
        const floats e = exponential(bounded), n = e * (e + splat(2.0f));
        store(x + i, v * (n / (n + splat(2.0f))));
    }
}

static float mean_of(floats sums, int channels) {
    float lanes[LANES], sum = 0;
    store(lanes, sums);
    for (int i = 0; i < LANES; i++) sum += lanes[i];
    return sum / channels;
}

/* y (count, channels) = the normalised sum of a (count, stride) and b (count, channels). */
static void normalise(const Ending *net, const float *a, int stride, const float *b, int count, int channels, float *y) {
    for (int t = 0; t < count; t++, a += stride, b += channels, y += channels) {
        floats sum = splat(0), squares = splat(0);
        for (int c = 0; c < channels; c += LANES) {
            const floats v = load(a + c) + load(b + c);
            store(y + c, v);
            sum = sum + v;
        }
        const floats mean = splat(mean_of(sum, channels));
        for (int c = 0; c < channels; c += LANES) {
            const floats v = load(y + c) - mean;
            squares = fused(v, v, squares);
        }
        const floats by = splat(1.0f / sqrtf(mean_of(squares, channels) + net->epsilon));
        for (int c = 0; c < channels; c += LANES)
            store(y + c, fused((load(y + c) - mean) * by, load(net->scale + c), load(net->shift + c)));
    }
}

/* A window with zeros at the edges, of rows that are there already. */
static int filled(Run *run, Window *window, float *room, const float *rows, int count, int channels, int around) {
    *window = opened(run, room, channels, around, 2 * around);
    memcpy(end_of(window), rows, sizeof(float) * count * channels);
    return closed(run, window, count, around, around, 2 * around, 0);
}

/* frames: (count, channels) of the decoder. kept: what all layers see of the chunk before, and then of this one. rooms: of
 * four signals and of a layer's scratch. mel: (frames, outputs). Gives how many there are, or -1 where a chunk is too
 * short. */
int NAME(postnet_run)(const Ending *net, const float *frames, int count, int is_first, int is_last, float *kept,
                      float *const rooms[5], float *mel) {
    const Layer *expand = net->layers, *project = expand + 1, *to_mel = expand + 2, *layer = expand + 3;
    const int channels = expand->inputs, bands = to_mel->outputs;
    float *scratch = rooms[4];
    Run run = {kept, is_first, is_last};
    Window around, wide, shortcut, direct, window;
    if (!filled(&run, &around, rooms[0], frames, count, channels, 1)) return -1;
    count = around.count - 2;
    wide = opened(&run, rooms[1], expand->outputs, 1, 2);
    convolve(expand, around.rows, count, 0, end_of(&wide), scratch);
    mish(end_of(&wide), (size_t)count * expand->outputs);
    if (!closed(&run, &wide, count, 1, 1, 2, 0)) return -1;
    if (!filled(&run, &shortcut, rooms[2], around.rows + channels, count, channels, 1)) return -1;
    count = wide.count - 2;
    if (count < 0) return -1;
    convolve(project, wide.rows, count, 0, rooms[3], scratch);
    normalise(net, rooms[3], project->outputs, shortcut.rows + channels, count, channels, rooms[0]);
    convolve(to_mel, rooms[0], count, 0, rooms[3], scratch);
    if (!filled(&run, &direct, rooms[2], rooms[3], count, bands, 2 * LAYERS)) return -1;
    if (!filled(&run, &window, rooms[0], rooms[3], count, bands, 2)) return -1;
    for (int index = 0; index < LAYERS - 1; index++, layer++) {
        count = window.count - 4;
        if (count < 0) return -1;
        Window next = opened(&run, rooms[1 - index % 2], layer->outputs, 2, 4);
        convolve(layer, window.rows, count, 0, end_of(&next), scratch);
        tanh_of(end_of(&next), (size_t)count * layer->outputs);
        if (!closed(&run, &next, count, 2, 2, 4, 0)) return -1;
        window = next;
    }
    count = window.count - 4;
    if (count < 0 || count != direct.count - 4 * LAYERS) return -1;
    convolve(layer, window.rows, count, 0, mel, scratch);
    const float *plain = direct.rows + 2 * LAYERS * bands;
    for (size_t i = 0; i < (size_t)count * bands; i += LANES) store(mel + i, load(mel + i) + load(plain + i));
    return count;
}
