// Process-wide settings that decide speed: malloc, threads, BLAS.
#pragma once

#include <string>

namespace kinegraph {

/// Call first in main(), before any tensor exists. glibc's malloc keeps freed memory in the process
/// then: training allocates and frees the same large blocks every step, and page faults would
/// dominate. A program that links jemalloc, as `kinegraph` does, sets that one in main.cpp's way
/// instead, and takes up to a quarter less memory.
void tune_allocator();

/// What set_up_threads() found and chose.
struct Runtime {
  int threads = 1;       // of OpenMP, which ATen and oneDNN use
  int blas_threads = 1;  // of OpenBLAS; 0 when the BLAS has no setting
  std::string blas;      // "OpenBLAS 0.3.21 SkylakeX", "unknown BLAS"
  std::string warning;   // empty, or what will make this run slow and how to mend it
};

/// `threads` 0 takes the processors this process may use. OpenBLAS gets one thread when OpenMP has
/// more: its own pool and OpenMP's would fight for the same processors.
Runtime set_up_threads(int threads);

/// Threads of OpenBLAS alone, to measure it; set_up_threads() knows what is good for work.
void set_blas_threads(int threads);

/// One line for the log.
std::string describe(const Runtime& runtime);

/// Call at the start of a worker thread: leaves interrupts to the main thread.
void prepare_worker_thread();

/// Resident memory of this process in MiB, and its peak so far.
double memory_mib();
double peak_memory_mib();

}  // namespace kinegraph
