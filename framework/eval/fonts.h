// Which letters the machine can draw.
#pragma once

#include <string>
#include <string_view>

namespace kinegraph {

/// UTF-8 text with "?" for each letter that is in no font of this machine.
std::string drawable_text(std::string_view text);

}  // namespace kinegraph
