#include "framework/base/parallel.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>

namespace kinegraph {
namespace {

/// Interrupts are for the main thread.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

/// The threads that make results, and who may go on when.
class OrderedWork {
 public:
  OrderedWork(int64_t count, int64_t window, const std::function<void(int64_t)>& make)
      : count_(count), make_(make), states_(static_cast<size_t>(window)) {}

  ~OrderedWork() {
    {
      const std::lock_guard lock(mutex_);
      is_stopped_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;

  void start(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  void run(const std::function<void(int64_t)>& take) {
    for (int64_t i = 0; i < count_; ++i) {
      wait_for(i);
      take(i);
      {
        const std::lock_guard lock(mutex_);
        taken_ = i + 1;
      }
      changed_.notify_all();
    }
  }

 private:
  struct State {
    bool is_made = false;
    std::exception_ptr error;
  };

  State& state(int64_t i) { return states_[static_cast<size_t>(i) % states_.size()]; }

  void wait_for(int64_t i) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return state(i).is_made; });
    state(i).is_made = false;
    if (state(i).error) std::rethrow_exception(state(i).error);
  }

  /// The next index there is room for, or count_ when there is nothing more to do.
  int64_t claim() {
    std::unique_lock lock(mutex_);
    const auto window = static_cast<int64_t>(states_.size());
    changed_.wait(lock, [&] { return is_stopped_ || next_ >= count_ || next_ < taken_ + window; });
    return is_stopped_ || next_ >= count_ ? count_ : next_++;
  }

  void work() {
    block_signals();
    for (int64_t i = claim(); i < count_; i = claim()) {
      std::exception_ptr error;
      try {
        make_(i);
      } catch (...) {
        error = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        state(i).is_made = true;
        state(i).error = error;
      }
      changed_.notify_all();
    }
  }

  int64_t count_;
  const std::function<void(int64_t)>& make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<State> states_;
  int64_t next_ = 0, taken_ = 0;
  bool is_stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

namespace detail {

void run_ordered(int64_t count, int threads, int64_t window,
                 const std::function<void(int64_t)>& make,
                 const std::function<void(int64_t)>& take) {
  threads = static_cast<int>(std::min<int64_t>(threads, count));
  if (threads <= 1) {
    for (int64_t i = 0; i < count; ++i) {
      make(i);
      take(i);
    }
    return;
  }
  OrderedWork work(count, window, make);
  work.start(threads);
  work.run(take);
}

}  // namespace detail
}  // namespace kinegraph
