#include "peers/checkpoint_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <utility>

#include "models/checkpoint.h"
#include "peers/seal.h"
#include "peers/version.h"

namespace peers {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using Metadata = std::map<std::string, std::string>;

// Before the names of what is no parameter.
constexpr std::string_view kState = "state.";
constexpr std::string_view kNumber = "number.";  // as hexadecimal digits: the same bits again
constexpr std::string_view kCount = "count.";

std::string joined(std::string_view prefix, std::string_view name) {
  return std::string(prefix) + std::string(name);
}

std::string_view type_name(kernels::Scalar scalar) {
  return scalar == kernels::Scalar::kF64 ? "F64" : "F32";
}

Metadata metadata_of(const CheckpointNote& note, const PeerState& state) {
  Metadata metadata{{"format", "pt"},
                    {"murmur_version", std::string(kVersion)},
                    {"run", note.run},
                    {"peer", note.peer},
                    {"id", std::to_string(runtime::value_of(note.id))},
                    {"incarnation", std::to_string(note.incarnation)},
                    {"step", std::to_string(note.step)},
                    {"round", std::to_string(note.round)},
                    {"weight", fmt::format("{:.17g}", note.weight)},
                    {"fingerprint", fmt::format("{:016x}", note.fingerprint)},
                    {"terms", note.terms},
                    {"policy", note.policy},
                    seal_to_come()};
  for (const auto& [name, number] : state.numbers)
    metadata[joined(kNumber, name)] = fmt::format("{:a}", number);
  for (const auto& [name, count] : state.counts)
    metadata[joined(kCount, name)] = std::to_string(count);
  return metadata;
}

std::string text_in(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

std::uint64_t count_in(const Metadata& metadata, const std::string& key, int base = 10) {
  const std::string text = text_in(metadata, key);
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count, base);
  return count;
}

double number_of(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

SavedVector saved_vector(std::string_view name, const models::TensorBytes& tensor) {
  return {std::string(name),
          tensor.type == "F64" ? kernels::Scalar::kF64 : kernels::Scalar::kF32,
          std::vector<std::byte>(tensor.bytes.begin(), tensor.bytes.end()),
          {}};
}

// From the file's order of elements to ours.
Result<SavedVector> estimate_of(const models::Safetensors& content,
                                std::span<const models::ParameterTensor> tensors) {
  models::Checkpoint checkpoint;
  for (const models::TensorBytes& tensor : content.tensors) {
    if (tensor.name.starts_with(kState)) continue;
    if (tensor.type == "F64") return saved_vector("estimate", tensor);
    models::NamedTensor named{tensor.name, tensor.shape,
                              std::vector<float>(tensor.bytes.size() / sizeof(float))};
    std::memcpy(named.values.data(), tensor.bytes.data(), tensor.bytes.size());
    checkpoint.tensors.push_back(std::move(named));
  }
  std::size_t count = 0;
  for (const models::ParameterTensor& tensor : tensors) count += tensor.count;
  std::vector<float> numbers(count);
  if (auto restored = models::restore(checkpoint, tensors, numbers); !restored)
    return restored.error();
  const auto bytes = std::as_bytes(std::span(numbers));
  return SavedVector{"estimate", kernels::Scalar::kF32, {bytes.begin(), bytes.end()}, {}};
}

}  // namespace

bool is_state_name(std::string_view name) { return name.starts_with(kState); }

bool CheckpointNote::operator<(const CheckpointNote& other) const {
  return std::tie(incarnation, step, round) < std::tie(other.incarnation, other.step, other.round);
}

std::vector<models::ParameterTensor> tensors_of(const models::Network* network,
                                                std::size_t parameter_count) {
  if (network != nullptr) return {network->tensors().begin(), network->tensors().end()};
  return {models::ParameterTensor{.name = "z",
                                  .shape = {parameter_count},
                                  .offset = 0,
                                  .count = parameter_count,
                                  .storage = {}}};
}

models::SafetensorsFile peer_checkpoint(const CheckpointNote& note, const PeerState& state,
                                        std::span<const models::ParameterTensor> tensors) {
  std::vector<models::TensorSource> sources;
  const kernels::ConstView estimate = state.estimate.view();
  if (estimate.scalar() == kernels::Scalar::kF32)
    sources = models::sources_of(tensors, estimate.as<float>());
  else
    sources.push_back(
        models::source_of({"z", "F64", {estimate.count()}, std::as_bytes(estimate.as<double>())}));
  for (const SavedVector& vector : state.vectors)
    sources.push_back(models::source_of({joined(kState, vector.name),
                                         std::string(type_name(vector.scalar)),
                                         {vector.view().count()},
                                         vector.bytes}));
  models::SafetensorsFile file(std::move(sources), metadata_of(note, state));
  seal(file);
  return file;
}

Result<CheckpointFile> CheckpointFile::read(const fs::path& path) {
  auto bytes = models::read_bytes(path);
  if (!bytes) return bytes.error();
  return of(std::move(bytes).value(), path);
}

Result<CheckpointFile> CheckpointFile::of(std::vector<std::byte> bytes, const fs::path& path) {
  const auto refusal = [&](const std::string& what) {
    return Error{fmt::format("{}: {}", path.string(), what)};
  };
  CheckpointFile file;
  file.path_ = path;
  file.bytes_ = std::move(bytes);
  auto content = models::parse_safetensors(file.bytes_);
  if (!content) return refusal("damaged: " + content.error().message);
  file.content_ = std::move(content).value();
  const Metadata& metadata = file.content_.metadata;
  if (const auto whole = check_seal(file.bytes_, metadata); !whole)
    return refusal(whole.error().message);
  if (!metadata.contains("terms") || !metadata.contains(seal_to_come().first))
    return refusal("not a checkpoint of a peer, to go on from: expected checkpoints/step-*");
  file.note_ = note_of(metadata);
  return file;
}

CheckpointNote note_of(const Metadata& metadata) {
  return {.run = text_in(metadata, "run"),
          .peer = text_in(metadata, "peer"),
          .id = runtime::PeerId{count_in(metadata, "id")},
          .incarnation = count_in(metadata, "incarnation"),
          .step = count_in(metadata, "step"),
          .round = count_in(metadata, "round"),
          .weight = number_of(text_in(metadata, "weight")),
          .fingerprint = count_in(metadata, "fingerprint", 16),
          .terms = text_in(metadata, "terms"),
          .policy = text_in(metadata, "policy")};
}

Result<PeerState> CheckpointFile::state(std::span<const models::ParameterTensor> tensors) const {
  auto estimate = estimate_of(content_, tensors);
  if (!estimate) return Error{fmt::format("{}: {}", path_.string(), estimate.error().message)};
  PeerState state{.estimate = std::move(estimate).value()};
  for (const models::TensorBytes& tensor : content_.tensors) {
    if (tensor.name.starts_with(kState))
      state.vectors.push_back(
          saved_vector(std::string_view(tensor.name).substr(kState.size()), tensor));
  }
  for (const auto& [key, text] : content_.metadata) {
    if (key.starts_with(kNumber)) state.numbers[key.substr(kNumber.size())] = number_of(text);
    if (key.starts_with(kCount))
      state.counts[key.substr(kCount.size())] = count_in(content_.metadata, key);
  }
  return state;
}

}  // namespace peers
