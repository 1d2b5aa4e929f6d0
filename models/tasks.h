#pragma once
// One data set as a sequence of tasks, for learning that never ends: the same network is to learn
// each in its time (Lewandowski et al. 2025; Goodfellow et al. 2013). A task is the set seen
// through a change that the run's seed fixes, the same for all peers; the first is the set as it
// is, or its first classes.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/catalog.h"
#include "models/datasets/dataset.h"
#include "models/partition.h"
#include "runtime/result.h"

namespace models {

struct TaskOptions {
  std::string name = "none";
  std::size_t count = 1;
  std::uint64_t seed = 0;
};

// label-permutation   classes change their names: what was learned of the images stays useful
// pixel-permutation   pixels change places, all channels of one together: nothing stays useful
// class-incremental   classes come one group after another, in an order that is drawn, and stay
[[nodiscard]] std::span<const CatalogEntry> known_tasks();

// What a task makes of a data set, which outlives it. Immutable, as data sets are.
class TaskView final : public Dataset {
 public:
  struct Change {
    std::vector<std::int32_t> labels{};    // new for old; empty: they stay
    std::vector<std::uint32_t> places{};   // pixel i shows pixel places[i]; empty: they stay
    std::vector<std::uint32_t> samples{};  // those of the task, ascending; empty: all
  };
  TaskView(const Dataset& whole, Change change);

  [[nodiscard]] std::size_t size() const override;
  [[nodiscard]] ImageShape shape() const override { return whole_.shape(); }
  [[nodiscard]] std::size_t classes() const override { return whole_.classes(); }
  [[nodiscard]] std::int32_t label(std::size_t index) const override;
  void read(std::size_t index, std::span<float> out) const override;

 private:
  [[nodiscard]] std::size_t in_whole(std::size_t index) const {
    return change_.samples.empty() ? index : change_.samples[index];
  }

  const Dataset& whole_;
  Change change_;
};

struct Task {
  std::unique_ptr<Dataset> train;  // all samples of the set, by their numbers in it
  std::unique_ptr<Dataset> test;   // of this task alone
  Partition parts;                 // each part's samples of this task
};

// All tasks of a run, one at least; none where options.name is "none". `parts`: of the whole
// training set. Refused: an unknown name, a set that is no set of images, more groups of classes
// than classes, a part without any sample of some task.
[[nodiscard]] runtime::Result<std::vector<Task>> make_tasks(const DataSplit& data,
                                                            const Partition& parts,
                                                            const TaskOptions& options);

}  // namespace models
