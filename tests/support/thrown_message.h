// Error texts are interface: tests compare them in full.
#pragma once

#include <string>

namespace kinegraph {

/// what() of the `Expected` that `action` throws, or a text that says that it threw none.
template <class Expected, class Action>
std::string thrown_message(Action&& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace kinegraph
