#include "framework/base/runtime.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <malloc.h>
#include <omp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "framework/base/parallel.h"

namespace kinegraph {
namespace {

template <class Function>
Function* find_symbol(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

/// OpenBLAS picks its kernels by CPU; the variable overrides it, and some shells preset old ones.
std::string core_type_warning(const char* core) {
  const char* forced = std::getenv("OPENBLAS_CORETYPE");
  if (!forced || !__builtin_cpu_supports("avx512f")) return "";
  if (std::strcmp(forced, "Haswell") != 0 && std::strcmp(forced, "Zen") != 0 &&
      std::strcmp(forced, "Sandybridge") != 0)
    return "";
  return fmt::format(
      "OPENBLAS_CORETYPE={} holds OpenBLAS to {} kernels although this CPU has "
      "AVX-512; unset it for about twice the speed",
      forced, core);
}

}  // namespace

void tune_allocator() {
  // M_MMAP_THRESHOLD is an int, so 1 GiB is as far as it goes.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
}

Runtime set_up_threads(int threads) {
  Runtime runtime;
  runtime.threads = threads > 0 ? threads : usable_processors();
  at::set_num_threads(runtime.threads);
  omp_set_num_threads(runtime.threads);
  if (auto* set_threads = find_symbol<void(int)>("openblas_set_num_threads")) {
    set_threads(1);
    runtime.blas_threads = 1;
    auto* config = find_symbol<char*()>("openblas_get_config");
    auto* core = find_symbol<char*()>("openblas_get_corename");
    const std::string version = config ? std::string(config()).substr(0, 15) : "OpenBLAS";
    runtime.blas = fmt::format("{} {}", version, core ? core() : "");
    runtime.warning = core_type_warning(core ? core() : "old");
  } else {
    runtime.blas_threads = 0;
    const bool is_mkl = find_symbol<void(int)>("MKL_Set_Num_Threads") != nullptr;
    runtime.blas = is_mkl ? "MKL" : "unknown BLAS";
    const bool is_reference = !is_mkl && find_symbol<void()>("sgemm_") != nullptr;
    if (is_reference)
      runtime.warning =
          "no OpenBLAS in this process: matrix products may be 27 times slower; "
          "install libopenblas0-pthread";
  }
  return runtime;
}

void set_blas_threads(int threads) {
  if (auto* set_threads = find_symbol<void(int)>("openblas_set_num_threads")) set_threads(threads);
}

std::string describe(const Runtime& runtime) {
  return fmt::format("{} threads (OpenMP), {} with {} thread{}, freed memory kept for reuse",
                     runtime.threads, runtime.blas,
                     runtime.blas_threads ? std::to_string(runtime.blas_threads) : "its own",
                     runtime.blas_threads == 1 ? "" : "s");
}

void prepare_worker_thread() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

double memory_mib() {
  int64_t pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  return static_cast<double>(resident_pages * sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

double peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace kinegraph
