// Reads clips on several threads and writes them in order.
#pragma once

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "framework/base/parallel.h"
#include "framework/data/import_writer.h"

namespace kinegraph {

/// What read() gives or throws, to be had from get() on another thread.
template <class Read>
std::future<std::invoke_result_t<const Read&>> outcome_of(const Read& read) {
  std::packaged_task<std::invoke_result_t<const Read&>()> task([&] { return read(); });
  task();
  return task.get_future();
}

/// For a look at a clip before the import, which tells its faults: what read() gives, or nothing
/// when it throws a DataError. That one is thrown when `is_strict`.
template <class Read>
std::optional<std::invoke_result_t<const Read&>> peek(bool is_strict, const Read& read) {
  try {
    return read();
  } catch (const DataError&) {
    if (is_strict) throw;
    return std::nullopt;
  }
}

/// The first of read(0), ..., read(count - 1) that is not nothing. When there is none, throws the
/// first DataError that one of them threw; when `is_strict`, at once.
template <class Read>
std::invoke_result_t<const Read&, size_t> first_usable(size_t count, bool is_strict,
                                                       const Read& read) {
  std::optional<DataError> first_error;
  for (size_t i = 0; i < count; ++i) {
    try {
      if (auto found = read(i)) return found;
    } catch (const DataError& error) {
      if (is_strict) throw;
      if (!first_error) first_error = error;
    }
  }
  if (first_error) throw DataError(*first_error);
  return std::nullopt;
}

/// Adds read(i), a Clip, for each of `ids` that the writer wants; a DataError of it rejects the
/// clip. read is called on several threads at once; what it throws counts when its turn comes, so
/// that the outcome does not depend on the threads.
template <class Read>
void import_clips(ImportWriter& writer, const std::vector<std::string>& ids, int64_t threads,
                  const Read& read) {
  std::vector<size_t> wanted;
  for (size_t i = 0; i < ids.size(); ++i)
    if (writer.wants(ids[i])) wanted.push_back(i);
  std::atomic<bool> is_full{writer.is_full()};
  const auto produce = [&](int64_t i) -> std::future<Clip> {
    if (is_full) return {};
    return outcome_of([&] { return read(wanted[static_cast<size_t>(i)]); });
  };
  const auto consume = [&](int64_t i, std::future<Clip> outcome) {
    if (writer.is_full()) return;
    const std::string& id = ids[wanted[static_cast<size_t>(i)]];
    if (const auto clip = writer.try_read(id, [&] { return outcome.get(); })) writer.add(*clip);
    is_full = writer.is_full();
  };
  ordered_parallel(static_cast<int64_t>(wanted.size()), static_cast<int>(threads), produce,
                   consume);
}

}  // namespace kinegraph
