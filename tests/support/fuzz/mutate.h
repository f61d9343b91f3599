// Damaged copies of sound files.
#pragma once

#include <string>

#include "framework/base/random.h"

namespace kinegraph {

/// `content` after one to four random changes: flipped bits, extreme bytes and integers, numbers
/// that are no numbers, blocks that are cut out, repeated or moved, an early end.
std::string mutate(std::string content, Rng& rng);

}  // namespace kinegraph
