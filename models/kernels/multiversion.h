#pragma once

/// Before a function with loops that the compiler vectorises: compiled for several instruction
/// sets; the loader picks the best at start-up. The levels, because AVX2 alone is without FMA.
#ifdef __x86_64__
#define KINEGRAPH_MULTIVERSION \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KINEGRAPH_MULTIVERSION
#endif

/// Before a function that such functions call: compiled for the instruction set of each caller.
#define KINEGRAPH_INLINE __attribute__((always_inline)) inline
