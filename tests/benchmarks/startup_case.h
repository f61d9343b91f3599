// The time and memory from the start of a process to its first batch of a large store.
#pragma once

#include <functional>
#include <memory>

#include "framework/data/loader.h"

namespace kinegraph {

/// First word of the command line, before the store, of the process that is measured.
inline constexpr char kFirstBatch[] = "--first-batch";

/// Writes a store of the size of NTU60-3D, starts this program anew for every measurement, and
/// prints the median.
void measure_startup();

/// What the new process does: opens the store, waits for the first batch and writes its anonymous
/// memory in MiB, above that at its start, to standard output.
void give_first_batch(const std::function<std::unique_ptr<Loader>()>& open);

}  // namespace kinegraph
