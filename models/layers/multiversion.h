#pragma once

/// Before a function with loops that the compiler vectorises: compiled for several instruction
/// sets; the loader picks the best at start-up.
#define KINEGRAPH_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
