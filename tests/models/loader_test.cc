#include "models/loader.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "runtime/random.h"
#include "tests/models/numbered_dataset.h"
#include "tests/support/catch.h"

namespace {

using models::HostBatch;
using models::Loader;
using models::LoaderOptions;
using Part = std::vector<std::uint32_t>;

LoaderOptions inline_options(std::size_t batch, std::uint64_t seed = 1) {
  return {.batch = batch, .seed = seed, .first_step = 0, .ahead = false};
}

// The samples that the next batches hold, by number.
Part take(Loader& loader, std::size_t batches) {
  Part taken;
  for (std::size_t i = 0; i < batches; ++i) {
    const HostBatch& batch = loader.next();
    for (std::size_t k = 0; k < batch.labels.size(); ++k) {
      const auto index = static_cast<std::uint32_t>(batch.samples[2 * k]);
      REQUIRE(batch.samples[2 * k + 1] == static_cast<float>(index));
      REQUIRE(batch.labels[k] == static_cast<std::int32_t>(index % 10));
      taken.push_back(index);
    }
  }
  return taken;
}

Part sorted(Part part) {
  std::ranges::sort(part);
  return part;
}

Part numbers(std::uint32_t first, std::size_t count) {
  Part part(count);
  std::iota(part.begin(), part.end(), first);
  return part;
}

}  // namespace

TEST_CASE("a part of one sample fills every batch with it") {
  const NumberedDataset dataset(10);
  Loader loader(dataset, {7}, inline_options(3));
  CHECK(take(loader, 2) == Part{7, 7, 7, 7, 7, 7});
}

TEST_CASE("a pass holds every sample of the part once, whatever the batch") {
  const NumberedDataset dataset(100);
  const Part part = numbers(20, 30);
  for (const std::size_t batch : {1U, 4U, 7U, 30U, 64U}) {
    CAPTURE(batch);
    Loader loader(dataset, part, inline_options(batch));
    const Part taken = take(loader, 90);
    for (std::size_t start = 0; start + 30 <= std::min<std::size_t>(taken.size(), 300); start += 30)
      CHECK(sorted(Part(taken.begin() + static_cast<std::ptrdiff_t>(start),
                        taken.begin() + static_cast<std::ptrdiff_t>(start + 30))) == part);
  }
}

TEST_CASE("each pass has an order of its own, and the batch size does not change it") {
  const NumberedDataset dataset(100);
  Loader by_ten(dataset, numbers(0, 40), inline_options(10));
  Loader by_four(dataset, numbers(0, 40), inline_options(4));
  const Part taken = take(by_ten, 8);
  CHECK(taken == take(by_four, 20));
  CHECK(Part(taken.begin(), taken.begin() + 40) != Part(taken.begin() + 40, taken.end()));
  Loader other(dataset, numbers(0, 40), inline_options(10, 2));
  CHECK(taken != take(other, 8));
}

TEST_CASE("a thread that prepares batches changes none") {
  const NumberedDataset dataset(200);
  LoaderOptions options = inline_options(16, 9);
  Loader inline_loader(dataset, numbers(0, 150), options);
  options.ahead = true;
  Loader threaded(dataset, numbers(0, 150), options);
  for (int i = 0; i < 100; ++i) {
    CHECK(inline_loader.step() == threaded.step());
    CHECK(take(inline_loader, 1) == take(threaded, 1));
  }
}

TEST_CASE("a batch stays as it is while the next ones are prepared") {
  const NumberedDataset dataset(1000);
  LoaderOptions options = inline_options(8, 3);
  options.ahead = true;
  Loader threaded(dataset, numbers(0, 1000), options);
  for (int i = 0; i < 200; ++i) {
    const HostBatch& batch = threaded.next();
    const HostBatch copy = batch;
    for (int spin = 0; spin < 50; ++spin) REQUIRE(batch.samples == copy.samples);
    REQUIRE(batch.labels == copy.labels);
  }
}

TEST_CASE("a loader that starts at a step goes on as one that came there") {
  const NumberedDataset dataset(50);
  runtime::Random random(21);
  for (int round = 0; round < 20; ++round) {
    const std::size_t batch = 1 + random.below(20);
    const std::size_t step = random.below(30);
    CAPTURE(batch, step);
    Loader walked(dataset, numbers(3, 17), inline_options(batch));
    take(walked, step);
    LoaderOptions options = inline_options(batch);
    options.first_step = step;
    Loader jumped(dataset, numbers(3, 17), options);
    CHECK(jumped.step() == walked.step());
    CHECK(take(jumped, 5) == take(walked, 5));
  }
}

TEST_CASE("a loader that is sent to a step goes on as one that came there, ahead or not") {
  const NumberedDataset dataset(100);
  for (const bool ahead : {false, true}) {
    LoaderOptions options = inline_options(7);
    options.ahead = ahead;
    Loader there(dataset, numbers(0, 40), options);
    Loader sent(dataset, numbers(0, 40), options);
    static_cast<void>(take(there, 9));
    static_cast<void>(take(sent, 2));
    sent.seek(9);
    CHECK(sent.step() == 9);
    CHECK(take(sent, 12) == take(there, 12));
    sent.seek(0);
    CHECK(take(sent, 3) == take(*std::make_unique<Loader>(dataset, numbers(0, 40), options), 3));
  }
}

TEST_CASE("a loader can be closed at any moment") {
  const NumberedDataset dataset(50);
  for (std::size_t taken = 0; taken < 8; ++taken) {
    Loader loader(dataset, numbers(0, 50), {.batch = 4, .seed = 1});
    take(loader, taken);
  }
}
