// What is drawn of a run. Colours are those of Okabe and Ito and a single-hue scale: both can be
// told apart by colour-blind people and in grey.
#pragma once

#include <vector>

#include "framework/eval/gnuplot.h"
#include "framework/eval/metric.h"
#include "framework/eval/training_log.h"

namespace kinegraph {

/// Loss, accuracy and learning rate over the epochs; what the log does not have is left out.
std::vector<Figure> training_charts(const TrainingLog& log);

/// The confusion matrix in shares of the true class, and the accuracy of each class.
std::vector<Figure> class_charts(const MetricReport& report);

/// "Top-1" for top1, "mean class" for mean_class.
std::string metric_title(const std::string& name);

}  // namespace kinegraph
