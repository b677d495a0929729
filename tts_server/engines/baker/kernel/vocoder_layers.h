/* What `native.py` and `vocoder_layers.c` agree on. */
#pragma once
#include <stdint.h>

#define PANEL 48 /* outputs whose weights lie together; all widths of the net are multiples */
#define BLOCK 96 /* columns on which a unit does all its work before the next ones: they stay near */
#define BANDS 4  /* outputs of a narrow layer */

/* A convolution, in floats or in pairs of 16-bit integers: a word is one of the first or two of the second. */
typedef struct {
    const void *weights; /* (panels, taps, words of a column, PANEL) */
    const float *scales; /* (panels, taps, PANEL); NULL: all is floats */
    const float *bias;   /* (outputs) */
    int32_t inputs, outputs, taps, dilation;
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
