#include "framework/io/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <new>
#include <stdexcept>

namespace kinegraph {
namespace {

using Context = std::unique_ptr<void, void (*)(void*)>;

Context new_context() {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (!context) throw std::bad_alloc();
  return {context, [](void* pointer) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(pointer)); }};
}

EVP_MD_CTX* as_context(const Context& pointer) { return static_cast<EVP_MD_CTX*>(pointer.get()); }

void require(int is_success) {
  if (!is_success) throw std::runtime_error("libcrypto cannot compute SHA-256");
}

}  // namespace

Sha256::Sha256() : context_(new_context()) {
  require(EVP_DigestInit_ex(as_context(context_), EVP_sha256(), nullptr));
}

void Sha256::update(const void* data, size_t size) {
  require(EVP_DigestUpdate(as_context(context_), data, size));
}

std::string Sha256::hex() const {
  const auto copy = new_context();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  require(EVP_MD_CTX_copy_ex(as_context(copy), as_context(context_)));
  require(EVP_DigestFinal_ex(as_context(copy), digest, &size));
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace kinegraph
