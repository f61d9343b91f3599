// What happens beside training: progress, logs, checkpoints.
#pragma once

#include "framework/registry/registry.h"

namespace kinegraph {

class Trainer;

class Hook {
 public:
  static constexpr const char* kKind = "hook";
  struct Context {};

  virtual ~Hook() = default;
  virtual void before_run(Trainer&) {}
  virtual void after_iteration(Trainer&) {}
  /// After each evaluation on val; the trainer's last_validation() is fresh.
  virtual void after_validation(Trainer&) {}
  /// After each epoch, and its validation if there was one.
  virtual void after_epoch(Trainer&) {}
  /// At the end, also of an interrupted run.
  virtual void after_run(Trainer&) {}
};

}  // namespace kinegraph
