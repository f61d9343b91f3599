// Damaged copies of sound files.
#pragma once

#include <string>

#include "framework/base/random.h"

namespace kinegraph {

/// `content` after one to four random changes, mostly one. Half of the copies are damaged anywhere:
/// flipped bits, extreme bytes and integers, blocks that are cut out, repeated or moved, an early
/// end. In the other half a number, a word or a line of text is changed, dropped, repeated or
/// exchanged for another one of the file, so that the copy is often still of the format.
std::string mutate(std::string content, Rng& rng);

}  // namespace kinegraph
