// Reads clips on several threads and writes them in order.
#pragma once

#include <atomic>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "framework/base/parallel.h"
#include "framework/data/import_writer.h"

namespace kinegraph {

/// Why a clip is left out; see ImportWriter::reject().
struct Rejection {
  std::string id, reason;
  Fault fault;
};

using ClipOrRejection = std::variant<Clip, Rejection>;

/// Adds read(i), a ClipOrRejection, for each of `ids` that the writer wants. read is called on
/// several threads at once; what it throws is thrown here when its turn comes, so that the outcome
/// does not depend on the threads.
template <class Read>
void import_clips(ImportWriter& writer, const std::vector<std::string>& ids, int64_t threads,
                  const Read& read) {
  using Outcome = std::variant<std::monostate, ClipOrRejection, std::exception_ptr>;
  std::vector<size_t> wanted;
  for (size_t i = 0; i < ids.size(); ++i)
    if (writer.wants(ids[i])) wanted.push_back(i);
  std::atomic<bool> is_full{writer.is_full()};
  const auto produce = [&](int64_t i) -> Outcome {
    if (is_full) return {};
    try {
      return Outcome(ClipOrRejection(read(wanted[static_cast<size_t>(i)])));
    } catch (...) {
      return std::current_exception();
    }
  };
  const auto consume = [&](int64_t, Outcome outcome) {
    if (writer.is_full()) return;
    if (auto* error = std::get_if<std::exception_ptr>(&outcome)) std::rethrow_exception(*error);
    auto& result = std::get<ClipOrRejection>(outcome);
    if (auto* clip = std::get_if<Clip>(&result)) {
      writer.add(*clip);
    } else {
      const auto& rejection = std::get<Rejection>(result);
      writer.reject(rejection.id, rejection.reason, rejection.fault);
    }
    is_full = writer.is_full();
  };
  ordered_parallel(static_cast<int64_t>(wanted.size()), static_cast<int>(threads), produce,
                   consume);
}

}  // namespace kinegraph
