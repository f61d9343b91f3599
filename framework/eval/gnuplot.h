// Charts, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

/// A chart as gnuplot commands, at the size in which a paper prints it.
struct Figure {
  std::string name;     // of its files
  std::string caption;  // a sentence
  double width_in, height_in;
  std::string commands;  // data, settings and plot; they choose no terminal
};

/// Size of letters in figures, unless a chart says otherwise.
constexpr double kFigureFontPt = 8;

/// Any text as a string constant for gnuplot that means just this text: quotes are doubled, control
/// characters become spaces.
std::string gnuplot_text(std::string_view text);

/// The same for labels of tics, which gnuplot would take for number formats.
std::string gnuplot_tic(std::string_view text);

/// Draws every figure into `folder` as NAME.svg, NAME.pdf and NAME.png (300 dpi), all of them or
/// none. Returns "", or why gnuplot drew nothing. Throws DataError when a file cannot be written.
std::string draw(const std::vector<Figure>& figures, const std::filesystem::path& folder);

}  // namespace kinegraph
