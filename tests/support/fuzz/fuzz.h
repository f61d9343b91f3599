// Readers on damaged files: they take them or say where they are damaged. They never crash, hang or
// take memory without bound.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/support/fuzz/damaged_source.h"

namespace kinegraph {

/// In memory where that can be: thousands of files are written, each safely.
void choose_temporary_folder();

/// Calls `read` for the sound source, which it must take, and for damaged ones: 1000, or as many as
/// $KINEGRAPH_FUZZ_MUTANTS says. It returns, or throws an Error whose message names a file of the
/// source; anything else fails the test. Prints a line of figures under `name`, and the folder in
/// which the source that made the program crash is left.
void fuzz(const std::string& name, DamagedSource& source, const std::function<void()>& read);

}  // namespace kinegraph
