// The set of a text: samples, vocabulary, split, and every file that is none.

#include "models/datasets/text.h"

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/batch.h"
#include "models/evaluate.h"
#include "models/loader.h"
#include "models/network.h"
#include "models/partition.h"
#include "tests/models/scratch_folder.h"
#include "tests/models/zipped.h"
#include "tests/support/catch.h"

namespace {

using models::DataSplit;

DataSplit opened(const std::filesystem::path& file, std::size_t context) {
  auto split = models::open_text(file, context);
  if (!split) FAIL(split.error().message);
  return std::move(split).value();
}

std::string refusal(const std::filesystem::path& file, std::size_t context) {
  const auto split = models::open_text(file, context);
  return split ? "" : split.error().message;
}

std::vector<float> sample(const models::Dataset& set, std::size_t index) {
  std::vector<float> tokens(set.shape().count());
  set.read(index, tokens);
  return tokens;
}

std::vector<std::int32_t> labels(const models::Dataset& set, std::size_t index) {
  std::vector<std::int32_t> labels(set.targets());
  set.read_labels(index, labels);
  return labels;
}

// 30 characters: the last three are the test set.
constexpr const char* kText = "abcabcabcabcabcabcabcabcabcabd";

}  // namespace

TEST_CASE("a sample is a run of characters, its labels the run one further on") {
  const ScratchFolder folder;
  const DataSplit split = opened(folder.write("a.txt", kText), 2);
  CHECK(split.train->vocabulary() == 4);
  CHECK(split.train->classes() == 4);
  CHECK(split.train->targets() == 2);
  CHECK(split.train->shape() == models::ImageShape{.height = 2, .width = 1, .channels = 1});
  CHECK(split.train->size() == 13);  // 27 characters: 13 times 2 and one more to be told
  CHECK(sample(*split.train, 0) == std::vector<float>{0, 1});
  CHECK(labels(*split.train, 0) == std::vector<std::int32_t>{1, 2});
  CHECK(split.train->label(0) == 1);
  CHECK(sample(*split.train, 12) == std::vector<float>{0, 1});
  CHECK(labels(*split.train, 12) == std::vector<std::int32_t>{1, 2});
  CHECK(split.test->size() == 1);
  CHECK(sample(*split.test, 0) == std::vector<float>{0, 1});
  CHECK(labels(*split.test, 0) == std::vector<std::int32_t>{1, 3});
}

TEST_CASE("characters are code points, numbered in their order, gzipped or not") {
  const ScratchFolder folder;
  std::string text;
  for (int i = 0; i < 8; ++i)
    text +=
        "z\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
        "A";  // z ä € 😀 A
  const DataSplit split = opened(folder.write("a.txt", text), 2);
  CHECK(split.train->vocabulary() == 5);
  CHECK(sample(*split.train, 0) == std::vector<float>{1, 2});
  CHECK(sample(*split.train, 1) == std::vector<float>{3, 4});
  CHECK(sample(*split.train, 2) == std::vector<float>{0, 1});
  const DataSplit again = opened(folder.write("a.txt.gz", zipped(folder, text)), 2);
  CHECK(labels(*again.train, 1) == labels(*split.train, 1));
}

TEST_CASE("texts of the same characters have one vocabulary, others another") {
  const ScratchFolder folder;
  const auto hash_of = [&](const std::string& text) {
    return opened(folder.write("a.txt", text), 2).train->vocabulary_hash();
  };
  const std::string text = kText;
  CHECK(hash_of(text) == hash_of("d" + text));
  CHECK(hash_of(text) != hash_of("e" + text));
  CHECK(hash_of(text.substr(0, 29) + "e") != hash_of(text));
}

TEST_CASE("what is no text of enough characters is refused by name") {
  const ScratchFolder folder;
  const auto refused = [&](const std::string& bytes) {
    const auto file = folder.write("a.txt", bytes);
    const std::string said = refusal(file, 2);
    REQUIRE_THAT(said, Catch::StartsWith(file.string() + ": "));
    return said.substr(file.string().size() + 2);
  };
  CHECK(refused("") == "is empty");
  CHECK(refused("abc") ==
        "expected at least 30 characters, so that a tenth holds data.context = 2 and one more, "
        "found 3");
  CHECK_THAT(refused(std::string(29, 'a')), Catch::Contains("found 29"));
  CHECK(refused(std::string(30, 'a')) == "one character over and over teaches nothing");
  // A lone follower, a cut-off sequence, a longer form than need be, half of a pair, beyond the
  // end.
  for (const std::string bad : {"\x80", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                                "\xe0\x80\xaf", "\xf4\x90\x80\x80", "\xff"})
    CHECK(refused("ab" + bad) == "expected text in UTF-8, byte 2 is not");
  const auto damaged = zipped(folder, kText).substr(0, 20);
  CHECK_THAT(refused(damaged), Catch::Contains("cannot be read"));
}

TEST_CASE("a text that is not there, or is a folder, is refused by name") {
  const ScratchFolder folder;
  CHECK(refusal("", 2) == "data.path is empty: expected a text file");
  CHECK(refusal(folder.path() / "no.txt", 2) ==
        (folder.path() / "no.txt").string() + ": no such file");
  CHECK(refusal(folder.path(), 2) ==
        folder.path().string() + ": expected a text file, found a folder");
}

TEST_CASE("parts of a text share no sample, and batches carry a label for each token") {
  const ScratchFolder folder;
  const DataSplit split = opened(folder.write("a.txt", kText), 2);
  const auto parts =
      models::partition(models::labels_of(*split.train), {.name = "contiguous", .parts = 3});
  REQUIRE(parts.ok());
  CHECK((*parts)[0].size() + (*parts)[1].size() + (*parts)[2].size() == split.train->size());
  models::Loader loader(*split.train, (*parts)[1], {.batch = 3, .seed = 5, .ahead = false});
  const models::HostBatch first = loader.next();
  CHECK(first.samples.size() == 6);
  CHECK(first.labels.size() == 6);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(first.samples[2 * i + 1] == static_cast<float>(first.labels[2 * i]));
  CHECK(loader.next().draw != first.draw);
  models::Loader again(*split.train, (*parts)[1], {.batch = 3, .seed = 5, .ahead = false});
  CHECK(again.next().draw == first.draw);
  models::Loader other(*split.train, (*parts)[1], {.batch = 3, .seed = 6, .ahead = false});
  CHECK(other.next().draw != first.draw);
}

TEST_CASE("a set cut off keeps what its samples are") {
  const ScratchFolder folder;
  const auto split = models::open_data(
      {.set = "text", .path = folder.write("a.txt", kText), .limit = 3, .context = 2});
  REQUIRE(split.ok());
  CHECK(split->train->size() == 3);
  CHECK(split->train->targets() == 2);
  CHECK(split->train->vocabulary() == 4);
  CHECK(split->train->vocabulary_hash() != 0);
  CHECK(labels(*split->train, 2) == std::vector<std::int32_t>{2, 0});
}

TEST_CASE("gpt-mini learns what comes next, and is judged by every character") {
  const ScratchFolder folder;
  std::string text;
  while (text.size() < 2000) text += "the cat sat on my mat, ";  // 23: samples begin anywhere in it
  const DataSplit split = opened(folder.write("a.txt", text), 16);
  auto backend = kernels::open_backend({.device = "cpu", .threads = 1});
  REQUIRE(backend.ok());
  kernels::Backend& cpu = *backend->backend;
  auto created = models::Network::create({.kind = "gpt-mini",
                                          .input = split.train->shape(),
                                          .classes = split.train->classes(),
                                          .targets = {.count = split.train->targets()},
                                          .vocabulary = split.train->vocabulary()},
                                         cpu, 32);
  REQUIRE(created.ok());
  models::Network& network = **created;
  std::vector<float> parameters(network.parameter_count());
  std::vector<float> gradient(parameters.size());
  std::vector<float> velocity(parameters.size());
  network.initialise(1, parameters);
  const std::span<float> x(parameters);
  const std::span<float> m(velocity);
  models::TestSet test(cpu, *split.test);
  const double before = models::evaluate(network, x, test, 32).accuracy;
  const auto parts = models::partition(models::labels_of(*split.train), {});
  models::Loader loader(*split.train, (*parts)[0], {.batch = 8, .seed = 1});
  models::BatchStage stage(cpu, *split.train, 8);
  for (std::size_t step = 0; step < 120; ++step) {
    static_cast<void>(
        network.loss_and_gradient(x, stage.stage(loader.next()), std::span<float>(gradient)));
    cpu.scale(0.9, m);
    cpu.axpy(1.0, std::span<float>(gradient), m);
    cpu.axpy(-0.02, m, x);
  }
  const models::Evaluation after = models::evaluate(network, x, test, 32);
  CAPTURE(before, after.loss);
  CHECK(before < 0.3);
  CHECK(after.accuracy > 0.8);
}
