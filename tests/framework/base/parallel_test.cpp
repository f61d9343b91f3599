#include "framework/base/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;

Integers first_numbers(int64_t count) {
  Integers numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

/// Later work is done first.
void hurry_at_the_end(int64_t i) {
  std::this_thread::sleep_for(std::chrono::microseconds((50 - i) * 20));
}

class OrderedParallel : public testing::TestWithParam<int> {};

TEST_P(OrderedParallel, ConsumesInOrderWhateverIsReadyFirst) {
  Integers indices, results;
  ordered_parallel(
      50, GetParam(),
      [](int64_t i) {
        hurry_at_the_end(i);
        return std::make_unique<int64_t>(i * i);
      },
      [&](int64_t i, std::unique_ptr<int64_t> result) {
        indices.push_back(i);
        results.push_back(*result);
      });
  EXPECT_EQ(indices, first_numbers(50));
  for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(results[static_cast<size_t>(i)], i * i);
}

TEST_P(OrderedParallel, ConsumesOnTheCallingThread) {
  std::set<std::thread::id> threads;
  ordered_parallel(
      20, GetParam(), [](int64_t i) { return i; },
      [&](int64_t, int64_t) { threads.insert(std::this_thread::get_id()); });
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_P(OrderedParallel, ThrowsTheFirstFailureAfterAllResultsBeforeIt) {
  Integers consumed;
  const auto produce = [](int64_t i) {
    if (i == 17) hurry_at_the_end(0);
    if (i >= 17) throw std::runtime_error("item " + std::to_string(i));
    return i;
  };
  EXPECT_EQ(thrown_message<std::runtime_error>([&] {
              ordered_parallel(50, GetParam(), produce,
                               [&](int64_t, int64_t result) { consumed.push_back(result); });
            }),
            "item 17");
  EXPECT_EQ(consumed, first_numbers(17));
}

TEST_P(OrderedParallel, AFailureOfTheConsumerEndsTheWork) {
  std::atomic<int64_t> produced{0};
  EXPECT_EQ(thrown_message<std::runtime_error>([&] {
              ordered_parallel(
                  100'000, GetParam(), [&](int64_t i) { return ++produced, i; },
                  [](int64_t i, int64_t) {
                    if (i == 3) throw std::runtime_error("full");
                  });
            }),
            "full");
  EXPECT_LE(produced, 4 + 4 * std::max(1, GetParam() ? GetParam() : usable_processors()));
}

TEST_P(OrderedParallel, KeepsFewResultsWaiting) {
  std::atomic<int64_t> waiting{0}, most{0};
  ordered_parallel(
      200, GetParam(),
      [&](int64_t i) {
        const int64_t now = ++waiting;
        for (int64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        return i;
      },
      [&](int64_t, int64_t) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        --waiting;
      });
  EXPECT_LE(most, 4 * (GetParam() ? GetParam() : usable_processors()));
}

TEST_P(OrderedParallel, DoesNothingForNoItems) {
  ordered_parallel(
      0, GetParam(), [](int64_t) -> int64_t { throw std::logic_error("called"); },
      [](int64_t, int64_t) { throw std::logic_error("called"); });
}

INSTANTIATE_TEST_SUITE_P(Threads, OrderedParallel, testing::Values(0, 1, 2, 7));

TEST(OrderedParallelThreads, ProducesOnSeveralAtOnce) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  ordered_parallel(
      40, 4,
      [&](int64_t i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
        return i;
      },
      [](int64_t, int64_t) {});
  EXPECT_GT(threads.size(), 1U);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 0U);
}

}  // namespace
}  // namespace kinegraph
