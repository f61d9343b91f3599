// Where the checkout and the program under test are.
#pragma once

#include <filesystem>

namespace kinegraph {

std::filesystem::path source_dir();
std::filesystem::path program_path();

}  // namespace kinegraph
