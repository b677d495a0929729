/* What `native.py` and `vocoder_layers.c` agree on. */
#pragma once
#include <stdint.h>

#define PANEL 48 /* outputs whose weights lie together; all widths of the net are multiples */
#define BLOCK 96 /* columns on which a unit does all its work before the next ones: they stay near */

/* A convolution. */
typedef struct {
    const int16_t *weights; /* (panels, taps, inputs / 2, PANEL, 2) */
    const float *scales;    /* (panels, taps, PANEL) */
    const float *bias;      /* (outputs) */
    int32_t inputs, outputs, taps, dilation;
} Layer;
