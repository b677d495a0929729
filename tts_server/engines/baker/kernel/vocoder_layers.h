/* What `native.py` and `vocoder_layers.c` agree on. */
#pragma once
#include <stdint.h>

#define PANEL 48 /* outputs whose weights lie together; all widths of the net are multiples */
#define BLOCK 96 /* columns on which a unit does all its work before the next ones: they stay near */
#define BANDS 4  /* outputs of a narrow layer */

/* A convolution, in floats, 16-bit or 8-bit integers: a word is one, two or four of them. */
typedef struct {
    const void *weights;  /* (panels, taps, words of a column, PANEL) */
    const float *scales;  /* (panels, taps, PANEL), of integers */
    const int32_t *zeros; /* (panels, taps, PANEL), of 8 bits: what a sum begins with, since inputs are 128 too large */
    const float *bias;    /* (outputs) */
    const float *balance; /* (inputs), which inputs are multiplied by before they are rounded; or NULL */
    int32_t inputs, outputs, taps, dilation, in_a_word;
} Layer;

/* A convolution with few outputs, in floats: windows of `width` neighbouring floats, `step` apart. */
typedef struct {
    const float *weights; /* (BANDS, width) */
    const float *bias;    /* (BANDS) */
    int32_t width, step;
} Narrow;

typedef struct {
    const Layer *layers;    /* the first; then of each stage `up`, and of each unit dilated, pointwise, shortcut */
    const int32_t *factors; /* of each stage: how many columns become of one */
    Narrow last, filterbank;
    int32_t stages, units;
} Plan;
