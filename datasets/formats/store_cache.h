// Stores that are made from other files once and then kept.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace kinegraph {

/// The path of a store that `make(path)` has made from `source`, now or earlier.
///
/// It lies beside the source as `<name>.<key>.h5` or, where that folder cannot be written to, in
/// $XDG_CACHE_HOME/kinegraph (~/.cache/kinegraph); `key` stands for the options that `make`
/// follows. It is made again when size or time of the source have changed and its SHA-256 too.
/// Processes that want the same store wait for the one that makes it. Throws DataError for a
/// missing source and where nothing can be written; whatever make() throws leaves no store.
std::filesystem::path cached_store(const std::filesystem::path& source, const std::string& options,
                                   const std::function<void(const std::filesystem::path&)>& make);

}  // namespace kinegraph
