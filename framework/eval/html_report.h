// The report of a run as a web page and as figures for papers.
#pragma once

#include <filesystem>

namespace kinegraph {

/// Makes <run_dir>/report.html and <run_dir>/figures/ from what lies in the folder: report.json,
/// log.jsonl, config.yaml, environment.json. Each of them may be missing, but not both of the first
/// two. The page needs no other file and no network.
///
/// Without gnuplot there are no figures; a warning then says what to install. Throws DataError when
/// the folder is no run or one of its files is damaged.
///
/// Returns the path of the page.
std::filesystem::path write_html_report(const std::filesystem::path& run_dir);

}  // namespace kinegraph
