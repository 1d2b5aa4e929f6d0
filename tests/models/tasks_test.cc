// A set as a sequence of tasks: what changes, what stays, and that it follows from the seed alone.
#include "models/tasks.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

// Samples whose pixels are all different.
class Gradients final : public models::Dataset {
 public:
  [[nodiscard]] std::size_t size() const override { return 12; }
  [[nodiscard]] models::ImageShape shape() const override {
    return {.height = 3, .width = 4, .channels = 2};
  }
  [[nodiscard]] std::size_t classes() const override { return 4; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return static_cast<std::int32_t>(index % 4);
  }
  void read(std::size_t index, std::span<float> out) const override {
    std::iota(out.begin(), out.end(), static_cast<float>(100 * index));
  }
};

models::DataSplit gradients() {
  return {.train = std::make_unique<Gradients>(), .test = std::make_unique<Gradients>()};
}

models::Partition halves() { return {{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11}}; }

std::vector<models::Task> made(const models::DataSplit& data, const std::string& name,
                               std::size_t count, std::uint64_t seed = 1) {
  auto tasks = models::make_tasks(data, halves(), {.name = name, .count = count, .seed = seed});
  if (!tasks) FAIL(tasks.error().message);
  return std::move(tasks).value();
}

std::vector<float> sample(const models::Dataset& set, std::size_t index) {
  std::vector<float> pixels(set.shape().count());
  set.read(index, pixels);
  return pixels;
}

std::vector<std::int32_t> labels(const models::Dataset& set) {
  std::vector<std::int32_t> all;
  for (std::size_t i = 0; i < set.size(); ++i) all.push_back(set.label(i));
  return all;
}

}  // namespace

TEST_CASE("one task is none, and the first of several is the set as it is") {
  const models::DataSplit data = gradients();
  CHECK(made(data, "none", 5).empty());
  for (const std::string name : {"label-permutation", "pixel-permutation"}) {
    const auto tasks = made(data, name, 3);
    REQUIRE(tasks.size() == 3);
    CHECK(labels(*tasks[0].train) == labels(*data.train));
    CHECK(sample(*tasks[0].train, 5) == sample(*data.train, 5));
    CHECK(tasks[2].parts == halves());
  }
}

TEST_CASE("classes change their names, images and groups stay") {
  const models::DataSplit data = gradients();
  const auto tasks = made(data, "label-permutation", 4);
  for (const models::Task& task : tasks) {
    CHECK(sample(*task.train, 7) == sample(*data.train, 7));
    CHECK(labels(*task.train) == labels(*task.test));  // trained and tested by one name
    std::set<std::int32_t> names;
    for (std::size_t i = 0; i < 4; ++i) {
      names.insert(task.train->label(i));
      CHECK(task.train->label(i) == task.train->label(i + 4));
      std::int32_t read = -1;
      task.train->read_labels(i, {&read, 1});
      CHECK(read == task.train->label(i));
    }
    CHECK(names.size() == 4);
  }
  const bool changes = std::ranges::any_of(
      tasks, [&](const auto& task) { return labels(*task.train) != labels(*data.train); });
  CHECK(changes);
}

TEST_CASE("pixels change places alike in every image and channel, and none is lost") {
  const models::DataSplit data = gradients();
  const auto tasks = made(data, "pixel-permutation", 3);
  const std::vector<float> plain = sample(*data.train, 0);
  for (std::size_t task = 1; task < 3; ++task) {
    const std::vector<float> seen = sample(*tasks[task].train, 0);
    CHECK(seen != plain);
    std::vector<float> sorted = seen;
    std::ranges::sort(sorted);
    CHECK(sorted == plain);
    for (std::size_t i = 0; i < seen.size(); i += 2) CHECK(seen[i + 1] == seen[i] + 1.0F);
    const std::vector<float> other = sample(*tasks[task].test, 3);
    for (std::size_t i = 0; i < seen.size(); ++i) CHECK(other[i] == seen[i] + 300.0F);
    CHECK(labels(*tasks[task].train) == labels(*data.train));
  }
  CHECK(sample(*tasks[1].train, 0) != sample(*tasks[2].train, 0));
}

TEST_CASE("classes come group by group and stay, at every part and in the test") {
  const models::DataSplit data = gradients();
  const auto tasks = made(data, "class-incremental", 2);
  const auto classes_of = [&](const std::vector<std::uint32_t>& part) {
    std::set<std::int32_t> classes;
    for (const std::uint32_t i : part) classes.insert(data.train->label(i));
    return classes;
  };
  CHECK(classes_of(tasks[0].parts[0]).size() == 2);
  CHECK(classes_of(tasks[0].parts[0]) == classes_of(tasks[0].parts[1]));
  CHECK(tasks[1].parts == halves());
  CHECK(tasks[0].test->size() == 6);
  CHECK(tasks[1].test->size() == 12);
  for (const std::int32_t label : labels(*tasks[0].test))
    CHECK(classes_of(tasks[0].parts[0]).contains(label));
}

TEST_CASE("tasks follow from the seed, whoever asks") {
  const models::DataSplit data = gradients();
  const models::DataSplit again = gradients();
  const auto here = made(data, "pixel-permutation", 3, 7);
  const auto there = made(again, "pixel-permutation", 3, 7);
  const auto other = made(again, "pixel-permutation", 3, 8);
  for (std::size_t task = 0; task < 3; ++task)
    CHECK(sample(*here[task].train, 1) == sample(*there[task].train, 1));
  CHECK(sample(*here[1].train, 1) != sample(*other[1].train, 1));
}

TEST_CASE("tasks that cannot be made are refused with the reason") {
  const models::DataSplit data = gradients();
  const auto refused = [&](const models::Partition& parts, const models::TaskOptions& options) {
    const auto tasks = models::make_tasks(data, parts, options);
    return tasks ? "" : tasks.error().message;
  };
  CHECK(refused(halves(), {.name = "pixels", .count = 2}) ==
        "unknown tasks 'pixels'; there are none, label-permutation, pixel-permutation, "
        "class-incremental");
  CHECK(refused(halves(), {.name = "class-incremental", .count = 5}) ==
        "data.task_count: 5 groups of classes, but the set has 4");
  CHECK_THAT(refused({{0, 4}, {1, 5}, {2, 6}, {3, 7}}, {.name = "class-incremental", .count = 4}),
             Catch::Contains("has no sample of the classes of task 0"));
}
