#pragma once

/// Before a function with loops that the compiler vectorises: compiled for several instruction
/// sets; the loader picks the best at start-up. The levels, because AVX2 alone is without FMA.
#ifdef __x86_64__
#define KINEGRAPH_MULTIVERSION \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
/// The same in two parts, for functions that use registers of one size alone: of AVX-512, and of
/// the others.
#define KINEGRAPH_WIDE __attribute__((target("arch=x86-64-v4")))
#define KINEGRAPH_NARROW __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define KINEGRAPH_MULTIVERSION
#define KINEGRAPH_WIDE
#define KINEGRAPH_NARROW
#endif

/// Before a function that such functions call: compiled for the instruction set of each caller.
#define KINEGRAPH_INLINE __attribute__((always_inline)) inline
