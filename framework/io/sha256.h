// SHA-256 of a stream of bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace kinegraph {

class Sha256 {
 public:
  Sha256();

  void update(const void* data, size_t size);
  void update(std::string_view text) { update(text.data(), text.size()); }

  /// The digest of everything so far, 64 lower-case hexadecimal digits; more may follow.
  std::string hex() const;

 private:
  std::unique_ptr<void, void (*)(void*)> context_;
};

}  // namespace kinegraph
