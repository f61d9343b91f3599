#pragma once

#include <cstdint>

namespace kinegraph {

/// How many parts of `size` hold `count` things.
constexpr int64_t divide_up(int64_t count, int64_t size) { return (count + size - 1) / size; }

}  // namespace kinegraph
