#include "tests/support/paths.h"

namespace kinegraph {

// The only file compiled with absolute paths, so that ccache serves all others to any checkout.
std::filesystem::path source_dir() { return KINEGRAPH_SOURCE_DIR; }
std::filesystem::path program_path() { return KINEGRAPH_BINARY; }

}  // namespace kinegraph
