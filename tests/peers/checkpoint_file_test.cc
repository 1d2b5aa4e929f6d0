// Checkpoints as files: whole or refused, the latest first.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "models/safetensors.h"
#include "peers/checkpoint_folder.h"
#include "peers/parameter_file.h"
#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

namespace fs = std::filesystem;
using peers::CheckpointFile;
using peers::CheckpointNote;
using peers::PeerState;

peers::SavedVector vector_of(const std::string& name, const std::vector<double>& numbers) {
  const auto bytes = std::as_bytes(std::span(numbers));
  return {name, kernels::Scalar::kF64, {bytes.begin(), bytes.end()}};
}

peers::SavedVector vector_of(const std::string& name, const std::vector<float>& numbers) {
  const auto bytes = std::as_bytes(std::span(numbers));
  return {name, kernels::Scalar::kF32, {bytes.begin(), bytes.end()}};
}

PeerState small_state(float first) {
  return {.estimate = vector_of("estimate", std::vector<float>{first, 2.0F, 3.0F}),
          .vectors = {vector_of("optimizer.momentum", std::vector<float>{4.0F, 5.0F, 6.0F}),
                      vector_of("correction.drift", std::vector<double>{0.1, 0.2, 0.3})},
          .numbers = {{"loss", 0.1}, {"optimizer.power1", 0.9 * 0.9 * 0.9}},
          .counts = {{"step", 7}, {"objective.random", 0xffff'ffff'ffff'fff1}}};
}

CheckpointNote note(std::uint64_t incarnation, std::uint64_t step) {
  return {.run = "r",
          .peer = "p0",
          .id = runtime::PeerId{0x7fff'ffff'ffff'ffff},
          .incarnation = incarnation,
          .step = step,
          .round = 3,
          .weight = 0.75,
          .fingerprint = 0xfedc'ba98'7654'3210,
          .terms = "run = r\nmodel.kind = \"xxh3\":\"0000000000000000\"\n",
          .policy = "policy.optimizer = momentum\n"};
}

fs::path written(const TemporaryFolder& folder, const CheckpointNote& note, float first = 1.0F) {
  const fs::path path = peers::checkpoint_path(folder.path(), note.step);
  const PeerState state = small_state(first);
  REQUIRE(peers::peer_checkpoint(note, state, peers::tensors_of(nullptr, 3)).write(path).ok());
  return path;
}

void change_byte(const fs::path& path, std::size_t at) {
  std::string bytes = text_of(path.string());
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a checkpoint reads back bit for bit") {
  const TemporaryFolder folder;
  const auto file = CheckpointFile::read(written(folder, note(2, 7)));
  REQUIRE(file.ok());
  CHECK(file->note().id == runtime::PeerId{0x7fff'ffff'ffff'ffff});
  CHECK(file->note().incarnation == 2);
  CHECK(file->note().weight == 0.75);
  CHECK(file->note().fingerprint == 0xfedc'ba98'7654'3210);
  CHECK(file->note().terms == note(2, 7).terms);
  const auto state = file->state(peers::tensors_of(nullptr, 3));
  REQUIRE(state.ok());
  const PeerState expected = small_state(1.0F);
  CHECK(state->estimate.bytes == expected.estimate.bytes);
  CHECK(state->numbers == expected.numbers);
  CHECK(state->counts == expected.counts);
  REQUIRE(state->vectors.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(state->vectors[i].name == expected.vectors[i].name);
    CHECK(state->vectors[i].scalar == expected.vectors[i].scalar);
    CHECK(state->vectors[i].bytes == expected.vectors[i].bytes);
  }
}

TEST_CASE("an estimate in f64 keeps its digits") {
  const TemporaryFolder folder;
  PeerState state = small_state(1.0F);
  state.estimate = vector_of("estimate", std::vector<double>{1.0 / 3.0, 2.0});
  const fs::path path = folder.path() + "/step-1.safetensors";
  REQUIRE(
      peers::peer_checkpoint(note(1, 1), state, peers::tensors_of(nullptr, 2)).write(path).ok());
  const auto file = CheckpointFile::read(path);
  REQUIRE(file.ok());
  CHECK(file->state(peers::tensors_of(nullptr, 2))->estimate.bytes == state.estimate.bytes);
}

TEST_CASE("a checkpoint of which any one byte changed, or that ends early, is refused by name") {
  const TemporaryFolder folder;
  const fs::path path = written(folder, note(1, 7));
  const auto size = static_cast<std::size_t>(fs::file_size(path));
  for (std::size_t at = 0; at < size; ++at) {
    change_byte(path, at);
    const auto file = CheckpointFile::read(path);
    CAPTURE(at);
    REQUIRE_FALSE(file.ok());
    CHECK_THAT(file.error().message, Catch::StartsWith(path.string() + ": "));
    change_byte(path, at);
  }
  REQUIRE(CheckpointFile::read(path).ok());
  for (std::size_t kept = 0; kept < size; ++kept) {
    fs::resize_file(path, kept);
    CHECK_FALSE(CheckpointFile::read(path).ok());
    written(folder, note(1, 7));
  }
}

TEST_CASE("the latest is taken; where it is damaged, loudly the one before it") {
  const TemporaryFolder folder;
  const runtime::Log log("test");
  CHECK_FALSE(peers::latest_checkpoint(folder.path(), log)->has_value());
  written(folder, note(1, 900));
  written(folder, note(2, 100));  // a later life, whatever its step
  const fs::path latest = written(folder, note(2, 200));
  const auto step = [&] { return (*peers::latest_checkpoint(folder.path(), log))->note().step; };
  CHECK(step() == 200);
  change_byte(latest, static_cast<std::size_t>(fs::file_size(latest)) - 1);
  CHECK(step() == 100);
  std::ofstream(folder.path() + "/step-000000300.safetensors") << "no checkpoint";
  CHECK(step() == 100);
  fs::remove(peers::checkpoint_path(folder.path(), 100));
  CHECK(step() == 900);
  fs::remove(peers::checkpoint_path(folder.path(), 900));
  const auto none = peers::latest_checkpoint(folder.path(), log);
  REQUIRE_FALSE(none.ok());
  CHECK_THAT(none.error().message, Catch::Contains("none of the 2 checkpoints can be read"));
}

TEST_CASE("the latest so many are kept; what is damaged or half written does not count") {
  const TemporaryFolder folder;
  for (const std::uint64_t step : {5U, 10U, 15U, 20U}) written(folder, note(1, step));
  written(folder, note(2, 1));
  std::ofstream(folder.path() + "/step-000000300.safetensors") << "no checkpoint";
  std::ofstream(folder.path() + "/step-000000016.safetensors.partial") << "half of one";
  std::ofstream(folder.path() + "/final.safetensors") << "another's";
  peers::remove_old_checkpoints(folder.path(), 2);
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    left.push_back(entry.path().filename().string());
  std::ranges::sort(left);
  CHECK(left == std::vector<std::string>{"final.safetensors", "step-000000001.safetensors",
                                         "step-000000020.safetensors"});
}

TEST_CASE("the parameters of a checkpoint are found without what else the peer keeps") {
  const TemporaryFolder folder;
  const auto file = peers::read_parameters(written(folder, note(1, 7)));
  REQUIRE(file.ok());
  REQUIRE(file->checkpoint.tensors.size() == 1);
  CHECK(file->checkpoint.tensors[0].name == "z");
  CHECK(file->checkpoint.tensors[0].values == std::vector<float>{1.0F, 2.0F, 3.0F});
  CHECK(file->checkpoint.others.empty());
  CHECK(file->weight == 0.75);
}
