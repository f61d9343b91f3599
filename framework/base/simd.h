// Loops that are worth wider registers than every processor has.
#pragma once

/// Compiles a function for AVX2 as well; when the program starts, the version that the processor
/// can run is chosen. AVX2 does not bring fused multiplication and addition along, so both give the
/// same bits.
#ifdef __x86_64__
#define KINEGRAPH_SIMD __attribute__((target_clones("avx2", "default")))
#else
#define KINEGRAPH_SIMD
#endif
