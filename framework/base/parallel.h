// Many independent pieces of work on several threads, their results in order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

namespace kinegraph {

/// Processors that this process may use, at least 1.
int usable_processors();

namespace detail {
/// The same for results that are kept elsewhere: make(i) has room for `window` of them at a time.
void run_ordered(int64_t count, int threads, int64_t window,
                 const std::function<void(int64_t)>& make,
                 const std::function<void(int64_t)>& take);
}  // namespace detail

/// For i = 0, 1, ..., count - 1: calls consume(i, produce(i)).
///
/// produce is called on `threads` threads (0: one for each processor; 1: the calling one), several
/// indices at once, and must be ready for that. consume is called on the calling thread alone, in
/// the order of i. At most four results a thread wait for their turn, so memory is bounded.
///
/// An exception of produce(i) is thrown here after consume has had all results before i, just as a
/// plain loop would; one of consume, at once. Then no thread is left and nothing more is called.
///
///   ordered_parallel(files.size(), 0, [&](int64_t i) { return read_clip(files[i]); },
///                    [&](int64_t i, Clip clip) { writer.add(clip); });
template <class Produce, class Consume>
void ordered_parallel(int64_t count, int threads, Produce&& produce, Consume&& consume) {
  using Result = std::invoke_result_t<Produce&, int64_t>;
  if (threads <= 0) threads = usable_processors();
  const int64_t window = 4 * static_cast<int64_t>(threads);
  std::vector<std::optional<Result>> results(static_cast<size_t>(window));
  const auto slot = [&](int64_t i) -> auto& { return results[static_cast<size_t>(i % window)]; };
  detail::run_ordered(
      count, threads, window, [&](int64_t i) { slot(i).emplace(produce(i)); },
      [&](int64_t i) {
        Result result = std::move(*slot(i));
        slot(i).reset();
        consume(i, std::move(result));
      });
}

}  // namespace kinegraph
