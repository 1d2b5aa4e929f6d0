#include "gossip/mass.h"
#include "gossip/digest.h"

#include <set>
#include <thread>

#include "gossip/wire.h"
#include "kernels/precision.h"
#include "tests/support/far_backend.h"
#include "tests/support/gpus.h"
#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::BlockLayout;
using gossip::Mass;
using kernels::Scalar;

namespace {

std::vector<double> estimate_of(Mass& mass, kernels::Backend& backend, std::size_t count) {
  std::vector<double> host(count);
  backend.download(mass.estimate(), std::span(host));
  return host;
}

std::vector<double> z_of(const gossip::Snapshot& snapshot) {
  std::vector<double> z(snapshot.z.size() / sizeof(double));
  std::memcpy(z.data(), snapshot.z.bytes().data(), snapshot.z.size());
  return z;
}

std::vector<double> x_of(const Mass& mass, kernels::Backend& backend, std::size_t count) {
  kernels::Buffer x = backend.allocate(count, Scalar::kF64);
  mass.numerator(x.view());
  std::vector<double> host(count);
  backend.download(x.view(), std::span(host));
  return host;
}

struct Device {
  std::string name;
  std::unique_ptr<kernels::Backend> backend;
};
std::vector<Device> devices() {
  std::vector<Device> all;
  all.push_back({"host memory", test::reference_backend()});
  all.push_back({"memory of its own", std::make_unique<test::FarBackend>()});
  for (const std::string& name : test::gpus()) all.push_back({name, test::gpu(name)});
  return all;
}

// Far away, and multiplying in bf16.
class RoundingBackend final : public test::FarBackend {
 public:
  [[nodiscard]] bool takes_rounded() const override { return true; }
  void round(kernels::ConstView x, kernels::View rounded) override {
    std::vector<float> host(x.count());
    download(x, std::span(host));
    upload(std::span<const std::uint16_t>(bits_of(host)), rounded);
  }
  static std::vector<std::uint16_t> bits_of(const std::vector<float>& numbers) {
    std::vector<std::uint16_t> bits;
    for (const float x : numbers)
      bits.push_back(static_cast<std::uint16_t>(
          std::bit_cast<std::uint32_t>(kernels::nearest_bf16(x)) >> 16U));
    return bits;
  }
};

}  // namespace

TEST_CASE("a model without parameters has weight one") {
  const auto backend = test::reference_backend();
  const BlockLayout layout(0, 8, Scalar::kF32);
  Mass mass(layout, *backend, std::span<const float>());
  CHECK(mass.mean_weight() == 1.0);
  CHECK(mass.snapshot()->z.size() == 0);
}

TEST_CASE("a lone peer's estimate is its own model") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(3, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0, 3.0};
    Mass mass(layout, *backend, std::span(start));
    CHECK(mass.weight(0) == 1.0);
    CHECK(mass.weight(1) == 1.0);
    CHECK(estimate_of(mass, *backend, 3) == start);
  }
}

TEST_CASE("keeping less of a block moves its weight and not the estimate") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(3, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0, 3.0};
    Mass mass(layout, *backend, std::span(start));
    mass.keep(0, 0.25);
    CHECK(mass.weight(0) == 0.25);
    CHECK(mass.weight(1) == 1.0);
    CHECK(mass.mean_weight() == 0.625);
    CHECK(x_of(mass, *backend, 3) == std::vector{0.25, 0.5, 3.0});
    CHECK(z_of(*mass.snapshot()) == start);
    CHECK(estimate_of(mass, *backend, 3) == start);
  }
}

TEST_CASE("blocks that weigh the same are changed at once where they lie side by side") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(7, 16, Scalar::kF64);  // four blocks, the last of one number
    const std::vector start{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0};
    Mass mass(layout, *backend, std::span(start));
    mass.keep(1, 0.5);
    const std::uint32_t more = backend->is_host() ? 1 : 2;
    CHECK(mass.alike(0).end == 1);
    CHECK(mass.alike(1).end == 2);
    CHECK(mass.alike(2).end == 2 + more);
    kernels::Buffer delta = backend->allocate(7, Scalar::kF64);
    for (gossip::BlockRun blocks; blocks.begin < layout.block_count(); blocks.begin = blocks.end) {
      blocks = mass.alike(blocks.begin);
      const gossip::BlockRange range = layout.range(blocks);
      const kernels::View of_them = delta.view().slice(range.offset, range.count);
      mass.add_as_made(blocks, mass.weight(blocks.begin), of_them,
                       [&, &device = *backend](std::size_t first, std::size_t count) {
                         device.fill(1.0, of_them.slice(first, count));
                       });
    }
    CHECK(estimate_of(mass, *backend, 7) == std::vector{2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0});
    CHECK(x_of(mass, *backend, 7) == std::vector{2.0, 3.0, 2.0, 2.5, 6.0, 7.0, 8.0});
    CHECK(mass.weight(1) == 0.5);
  }
}

TEST_CASE("folding adds x and w of each block that came") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(3, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0, 3.0};
    Mass mass(layout, *backend, std::span(start));
    const std::vector first{10.0, 20.0};
    const std::vector second{7.0};
    mass.fold({.block = 0, .weight = 1.0, .numbers = std::span(first)});
    mass.fold({.block = 1, .weight = 3.0, .factor = 0.5, .numbers = std::span(second)});
    CHECK(mass.weight(0) == 2.0);
    CHECK(mass.weight(1) == 4.0);
    CHECK(x_of(mass, *backend, 3) == std::vector{11.0, 22.0, 6.5});
    CHECK(z_of(*mass.snapshot()) == std::vector{5.5, 11.0, 1.625});
  }
}

TEST_CASE("a snapshot carries the weights and checksums of its blocks") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(3, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0, 3.0};
    Mass mass(layout, *backend, std::span(start));
    mass.keep(1, 0.5);
    const auto snapshot = mass.snapshot();
    CHECK(snapshot->weights == std::vector{1.0, 0.5});
    REQUIRE(snapshot->checksums.size() == 2);
    CHECK(snapshot->checksums[0] == gossip::checksum(snapshot->z.slice(0, 16).bytes()));
    CHECK(snapshot->checksums[1] == gossip::checksum(snapshot->z.slice(16, 8).bytes()));
  }
}

TEST_CASE("a snapshot stays as it is when the mass moves on") {
  const auto backend = test::reference_backend();
  const BlockLayout layout(1, 8, Scalar::kF64);
  const std::vector start{4.0};
  Mass mass(layout, *backend, std::span(start));
  const auto before = mass.snapshot();
  mass.keep(0, 0.5);
  const std::vector delta{3.0};
  mass.add(0, 1.0, std::span(delta));
  const auto after = mass.snapshot();
  CHECK(z_of(*before) == std::vector{4.0});
  CHECK(before->weights[0] == 1.0);
  CHECK(z_of(*after) == std::vector{10.0});
  CHECK(after->weights[0] == 0.5);
}

TEST_CASE("what is added as it is made is what is added once it was made") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(3, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0, 3.0};
    Mass mass(layout, *backend, std::span(start));
    mass.keep(0, 0.5);
    const auto before = mass.snapshot();  // so that the first change is made elsewhere
    kernels::Buffer delta = backend->allocate(2, Scalar::kF64);
    for (int i = 0; i < 2; ++i)
      mass.add_as_made({0, 1}, 0.25, delta.view(),
                       [&, &device = *backend](std::size_t first, std::size_t count) {
                         device.fill(4.0, delta.view().slice(first, count));
                       });
    CHECK(mass.weight(0) == 0.5);
    CHECK(estimate_of(mass, *backend, 3) == std::vector{5.0, 6.0, 3.0});
    CHECK(z_of(*before) == start);
  }
}

TEST_CASE("for who multiplies in bf16 the estimate is there rounded too, whatever changed it") {
  RoundingBackend backend;
  const BlockLayout layout(3, 8, Scalar::kF32, 1);
  const std::vector start{1.001F, 2.002F, 3.003F};
  Mass mass(layout, backend, std::span(start));
  const auto check = [&](const std::vector<float>& expected) {
    const kernels::ConstView z = mass.estimate();
    std::vector<float> numbers(3);
    std::vector<std::uint16_t> rounded(3);
    backend.download(z, std::span(numbers));
    REQUIRE(z.rounded().count() == 3);
    backend.download(z.rounded(), std::span(rounded));
    CHECK(numbers == expected);
    CHECK(rounded == RoundingBackend::bits_of(expected));
  };
  check(start);
  kernels::Buffer delta = backend.allocate(2, Scalar::kF32);
  backend.fill(0.5, delta.view());
  const auto snapshot = mass.snapshot();
  mass.add(0, 2.0, delta.view());
  check({2.001F, 3.002F, 3.003F});
  const std::vector arrived{1.5F};
  mass.fold({.block = 1, .weight = 1.0, .numbers = std::span(arrived)});
  check({2.001F, 3.002F, 0.5F * (3.003F + 1.5F)});
  mass.add(2, 1.0, delta.view());  // a companion's block
  check({2.001F, 3.002F, 0.5F * (3.003F + 1.5F)});
  mass.restart(std::span(start));
  check(start);
}

TEST_CASE("the memory of a snapshot serves again once its last frame was dropped") {
  const auto backend = test::reference_backend();
  const BlockLayout layout(1000, 800, Scalar::kF64);
  const std::vector<double> start(1000, 1.0);
  Mass mass(layout, *backend, std::span(start));
  auto snapshot = mass.snapshot();
  const auto* const memory = snapshot->z.bytes().data();
  runtime::Frame parcel = snapshot->z.slice(0, 800);
  snapshot.reset();
  CHECK(mass.snapshot()->z.bytes().data() != memory);
  parcel = {};
  std::set<const std::byte*> seen;
  for (int turn = 0; turn < 10; ++turn) seen.insert(mass.snapshot()->z.bytes().data());
  CHECK(seen.size() == 2);  // the one that is x and the one that is the snapshot, in turn
}

TEST_CASE("a snapshot lends its memory to the mass until each block has changed") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(3, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0, 3.0};
    const std::vector delta{10.0, 20.0};
    kernels::Buffer on_device = backend->allocate(2, Scalar::kF64);
    backend->upload(std::span(delta), on_device.view());
    Mass mass(layout, *backend, std::span(start));
    const auto before = mass.snapshot();
    CHECK(estimate_of(mass, *backend, 3) == start);
    mass.keep(0, 0.5);
    mass.add(0, 0.25, on_device.view());
    CHECK(mass.weight(0) == 0.5);
    CHECK(estimate_of(mass, *backend, 3) == std::vector{6.0, 12.0, 3.0});
    const auto after = mass.snapshot();
    CHECK(z_of(*before) == start);
    CHECK(z_of(*after) == std::vector{6.0, 12.0, 3.0});
    CHECK(after->weights == std::vector{0.5, 1.0});
  }
}

TEST_CASE("an x that weighs nothing is kept, and what comes next is added to it") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(2, 16, Scalar::kF64);
    const std::vector start{1.0, 2.0};
    const std::vector numbers{10.0, 20.0};
    Mass mass(layout, *backend, std::span(start));
    mass.keep(0, 0.0);
    CHECK(mass.weight(0) == 0.0);
    CHECK(x_of(mass, *backend, 2) == std::vector{0.0, 0.0});
    CHECK(estimate_of(mass, *backend, 2) == start);  // what it was
    mass.fold({.block = 0, .factor = 0.5, .numbers = std::span(numbers)});
    CHECK(x_of(mass, *backend, 2) == std::vector{5.0, 10.0});
    mass.fold({.block = 0, .weight = 2.0, .numbers = std::span(numbers)});
    CHECK(x_of(mass, *backend, 2) == std::vector{15.0, 30.0});
    CHECK(estimate_of(mass, *backend, 2) == std::vector{7.5, 15.0});
  }
}

TEST_CASE("what a codec lost of a share stays, also of the last one") {
  for (const auto& [name, backend] : devices()) {
    CAPTURE(name);
    const BlockLayout layout(2, 16, Scalar::kF64);
    const std::vector start{4.0, 8.0};
    const std::vector said{3.0, 8.5};
    Mass mass(layout, *backend, std::span(start));
    kernels::Buffer numbers = backend->allocate(2, Scalar::kF64);
    backend->upload(std::span(said), numbers.view());
    mass.give(0, 0.25, 1.0, numbers.view());  // 0.75 of it left
    CHECK(mass.weight(0) == 0.25);
    CHECK(x_of(mass, *backend, 2) == std::vector{1.75, 1.625});
    CHECK(estimate_of(mass, *backend, 2) == std::vector{7.0, 6.5});
    mass.give(0, 0.0, 0.25, numbers.view());
    CHECK(mass.weight(0) == 0.0);
    CHECK(x_of(mass, *backend, 2) == std::vector{1.0, -0.5});
  }
}

TEST_CASE("frames of a snapshot may outlive the mass") {
  runtime::Frame frame;
  {
    const auto backend = test::reference_backend();
    const BlockLayout layout(2, 8, Scalar::kF64);
    const std::vector start{1.5, 2.5};
    Mass mass(layout, *backend, std::span(start));
    frame = mass.snapshot()->z;
  }
  double last = 0.0;
  std::memcpy(&last, frame.bytes().data() + sizeof last, sizeof last);
  CHECK(last == 2.5);
}

TEST_CASE("frames of a snapshot may be dropped on another thread while the next one is taken") {
  const auto backend = test::reference_backend();
  const BlockLayout layout(4096, 4096, Scalar::kF32);
  const std::vector<float> start(4096, 1.0F);
  Mass mass(layout, *backend, std::span(start));
  for (int turn = 0; turn < 50; ++turn) {
    std::thread reader([snapshot = mass.snapshot()]() mutable {
      const std::uint64_t sum = gossip::checksum(snapshot->z.slice(0, 4096).bytes());
      if (sum != snapshot->checksums[0]) std::abort();
      snapshot.reset();
    });
    const auto mine = mass.snapshot();
    reader.join();
  }
  CHECK(mass.weight(0) == 1.0);
}
