/* Picks what this processor has. `decoder_steps.c` is compiled once for each. */
#include "decoder_steps.h"

#define VARIANT(name)                                                                                    \
    void enter_##name(const Plan *, State *, int, const float *);                                        \
    void run_##name(const Plan *, State *, int, int, const float *, const float *, const float *, int, float *);

#if defined(__x86_64__)
VARIANT(avx512)
VARIANT(avx2)
VARIANT(base)

static int level(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#define CALL(function, ...)                          \
    switch (level()) {                               \
        case 2: function##_avx512(__VA_ARGS__); break; \
        case 1: function##_avx2(__VA_ARGS__); break; \
        default: function##_base(__VA_ARGS__);       \
    }
const char *decoder_name(void) { return level() == 2 ? "AVX-512" : level() == 1 ? "AVX2" : "SSE2"; }
#else
VARIANT(base)
#define CALL(function, ...) function##_base(__VA_ARGS__)
const char *decoder_name(void) { return "NEON"; }
#endif

void decoder_enter(const Plan *plan, State *state, int slot, const float *row) { CALL(enter, plan, state, slot, row); }

void decoder_run(const Plan *plan, State *state, int first, int count, const float *frame, const float *given,
                 const float *entering, int entered, float *frames) {
    CALL(run, plan, state, first, count, frame, given, entering, entered, frames);
}
