/* What the caller lays out (`native.py` has the same structures). All floats are 32 bit. */
#ifndef DECODER_STEPS_H
#define DECODER_STEPS_H
#include <stdint.h>

#define PADDED(count) (((count) + 63) / 64 * 64)
#define HIDDEN -1e30f

typedef struct {
    const void *weights; /* panels */
    int32_t inputs, outputs;
} Matrix;

typedef struct { /* a voice's; shared by its streams */
    const Matrix *matrices; /* prenet (its last brings to `units`); attend, mix, widen, narrow of each layer; frames */
    int32_t prenet, layers, heads, units, inner, n_mels, outputs, widest, is_half;
    float epsilon;
} Plan;

typedef struct { /* a stream's */
    float *keys;    /* (layers, 2, units, places): own steps, memory steps */
    float *values;  /* (layers, 2, width, units) */
    float *hidden;  /* (2, places): HIDDEN where a place of a ring holds nothing, 0 elsewhere */
    float *scratch;
    int32_t *rows;  /* (widest) */
    int32_t width, places; /* of a ring; up to a multiple of 16 */
} State;

/* A memory step comes into its ring before the first step. row: (layers, 2 units), keys and values. */
void decoder_enter(const Plan *plan, State *state, int slot, const float *row);

/* `count` steps from step `first` on. frame: the last one (n_mels). given: (count, units). entering: (entered, layers,
 * 2 units), the memory steps that come into sight with the first `entered` steps. frames: (count, outputs). */
void decoder_run(const Plan *plan, State *state, int first, int count, const float *frame, const float *given,
                 const float *entering, int entered, float *frames);

/* What was chosen for this processor. */
const char *decoder_name(void);
#endif
