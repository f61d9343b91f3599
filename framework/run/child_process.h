// Work in a process of its own, for what a process has only one of: its threads, its peak memory.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace kinegraph {

using SendMessage = std::function<void(const nlohmann::json&)>;
using ReceiveMessage = std::function<void(const nlohmann::json&)>;

/// Runs `work` in a forked copy of this process and passes on to `receive`, here and in order, what
/// it sends. Call while this process has run no parallel loop and used no GPU: the copy would
/// inherit their state without their threads.
///
/// Throws Error, led by `name`, when `work` threw or its process was killed; Interrupted after a
/// signal (the caller holds the InterruptGuard). The copy is gone in any case.
void run_in_child(const std::string& name, const std::function<void(const SendMessage&)>& work,
                  const ReceiveMessage& receive);

}  // namespace kinegraph
