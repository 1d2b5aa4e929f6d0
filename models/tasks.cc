#include "models/tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "runtime/check.h"
#include "runtime/random.h"

namespace models {
namespace {

constexpr CatalogEntry kTasks[] = {
    {"none", "one task: the set as it is"},
    {"label-permutation", "classes change their names from task to task"},
    {"pixel-permutation", "pixels change places from task to task"},
    {"class-incremental", "classes come group by group, and stay"},
};

// This file's stream of the seed.
constexpr std::uint64_t kTaskStream = 0x7461736b73;  // "tasks"

template <typename Number>
std::vector<Number> drawn_order(std::size_t count, std::uint64_t seed, std::uint64_t task) {
  std::vector<Number> order(count);
  std::iota(order.begin(), order.end(), Number{0});
  runtime::Random random(runtime::mix_bits(seed ^ kTaskStream), task);
  random.shuffle(std::span(order));
  return order;
}

// Which classes a task has: those of its group and of all before.
std::vector<bool> classes_so_far(std::size_t classes, const TaskOptions& options,
                                 std::size_t task) {
  const auto order = drawn_order<std::uint32_t>(classes, options.seed, 0);
  std::vector<bool> known(classes, false);
  const std::size_t count = (task + 1) * classes / options.count;
  for (std::size_t i = 0; i < count; ++i) known[order[i]] = true;
  return known;
}

std::vector<std::uint32_t> of_classes(const Dataset& set, std::span<const std::uint32_t> samples,
                                      const std::vector<bool>& known) {
  std::vector<std::uint32_t> chosen;
  for (const std::uint32_t sample : samples)
    if (known[static_cast<std::size_t>(set.label(sample))]) chosen.push_back(sample);
  return chosen;
}

std::vector<std::uint32_t> all_of(const Dataset& set) {
  std::vector<std::uint32_t> samples(set.size());
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

TaskView::Change change_of(const Dataset& set, const TaskOptions& options, std::size_t task) {
  TaskView::Change change;
  if (task == 0) return change;
  if (options.name == "label-permutation")
    change.labels = drawn_order<std::int32_t>(set.classes(), options.seed, task);
  if (options.name == "pixel-permutation")
    change.places =
        drawn_order<std::uint32_t>(set.shape().height * set.shape().width, options.seed, task);
  return change;
}

runtime::Status check(const DataSplit& data, const TaskOptions& options) {
  if (!contains(known_tasks(), options.name))
    return runtime::Error{
        fmt::format("unknown tasks '{}'; there are {}", options.name, names_of(known_tasks()))};
  if (data.train->vocabulary() != 0 || data.train->targets() != 1)
    return runtime::Error{"data.tasks: tasks are made of images with one label each"};
  const bool too_many =
      options.name == "class-incremental" && options.count > data.train->classes();
  if (too_many)
    return runtime::Error{fmt::format("data.task_count: {} groups of classes, but the set has {}",
                                      options.count, data.train->classes())};
  return {};
}

runtime::Result<Task> make_task(const DataSplit& data, const Partition& parts,
                                const TaskOptions& options, std::size_t task) {
  const TaskView::Change change = change_of(*data.train, options, task);
  TaskView::Change of_test = change;
  Task made{.train = std::make_unique<TaskView>(*data.train, change), .test = {}, .parts = parts};
  if (options.name == "class-incremental") {
    const std::vector<bool> known = classes_so_far(data.train->classes(), options, task);
    for (std::size_t part = 0; part < parts.size(); ++part) {
      made.parts[part] = of_classes(*data.train, parts[part], known);
      if (made.parts[part].empty())
        return runtime::Error{fmt::format(
            "data.tasks: part {} of {} has no sample of the classes of task {}; a more even "
            "data.partition, or a smaller data.task_count",
            part, parts.size(), task)};
    }
    of_test.samples = of_classes(*data.test, all_of(*data.test), known);
    if (of_test.samples.empty())
      return runtime::Error{fmt::format("data.tasks: nothing to test task {} on", task)};
  }
  made.test = std::make_unique<TaskView>(*data.test, std::move(of_test));
  return made;
}

}  // namespace

std::span<const CatalogEntry> known_tasks() { return kTasks; }

TaskView::TaskView(const Dataset& whole, Change change)
    : whole_(whole), change_(std::move(change)) {}

std::size_t TaskView::size() const {
  return change_.samples.empty() ? whole_.size() : change_.samples.size();
}

std::int32_t TaskView::label(std::size_t index) const {
  const std::int32_t label = whole_.label(in_whole(index));
  return change_.labels.empty() ? label : change_.labels[static_cast<std::size_t>(label)];
}

void TaskView::read(std::size_t index, std::span<float> out) const {
  if (change_.places.empty()) return whole_.read(in_whole(index), out);
  const std::size_t channels = shape().channels;
  std::vector<float> image(out.size());
  whole_.read(in_whole(index), image);
  for (std::size_t place = 0; place < change_.places.size(); ++place)
    for (std::size_t channel = 0; channel < channels; ++channel)
      out[place * channels + channel] = image[change_.places[place] * channels + channel];
}

runtime::Result<std::vector<Task>> make_tasks(const DataSplit& data, const Partition& parts,
                                              const TaskOptions& options) {
  if (options.name == "none") return std::vector<Task>{};
  CHECK(options.count > 0);
  if (auto fits = check(data, options); !fits) return fits.error();
  std::vector<Task> tasks;
  for (std::size_t task = 0; task < options.count; ++task) {
    auto made = make_task(data, parts, options, task);
    if (!made) return made.error();
    tasks.push_back(std::move(made).value());
  }
  return tasks;
}

}  // namespace models
