#include "models/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace models {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using runtime::Status;

constexpr std::size_t kPourNumbers = 16384;

void pour_in_file_order(const ParameterTensor& tensor, std::span<const float> numbers,
                        const runtime::ByteSink& sink) {
  std::vector<float> piece;
  for (std::size_t begin = 0; begin < tensor.count; begin += kPourNumbers) {
    piece.resize(std::min(kPourNumbers, tensor.count - begin));
    for (std::size_t i = 0; i < piece.size(); ++i)
      piece[i] = numbers[stored_index(tensor, begin + i)];
    sink(std::as_bytes(std::span(piece)));
  }
}

NamedTensor named(const TensorBytes& tensor) {
  NamedTensor named{tensor.name, tensor.shape,
                    std::vector<float>(tensor.bytes.size() / sizeof(float))};
  std::memcpy(named.values.data(), tensor.bytes.data(), tensor.bytes.size());
  return named;
}

Status compare(const Checkpoint& checkpoint, std::span<const ParameterTensor> tensors) {
  const auto has = [&](const std::string& name) {
    return std::ranges::find(tensors, name, &ParameterTensor::name) != tensors.end();
  };
  if (!checkpoint.others.empty()) {
    const OtherTensor& other = checkpoint.others.front();
    if (!has(other.name)) return Error{fmt::format("the model has no tensor \"{}\"", other.name)};
    return Error{fmt::format("tensor \"{}\": expected type F32, found {}", other.name, other.type)};
  }
  for (const ParameterTensor& tensor : tensors) {
    const NamedTensor* named = find(checkpoint, tensor.name);
    if (named == nullptr)
      return Error{fmt::format("the checkpoint has no tensor \"{}\"", tensor.name)};
    if (named->shape != tensor.shape || named->values.size() != tensor.count)
      return Error{fmt::format("tensor \"{}\": expected shape [{}], found [{}]", tensor.name,
                               fmt::join(tensor.shape, ", "), fmt::join(named->shape, ", "))};
  }
  for (const NamedTensor& named : checkpoint.tensors)
    if (!has(named.name)) return Error{fmt::format("the model has no tensor \"{}\"", named.name)};
  return {};
}

}  // namespace

const NamedTensor* find(const Checkpoint& checkpoint, const std::string& name) {
  const auto found = std::ranges::find(checkpoint.tensors, name, &NamedTensor::name);
  return found == checkpoint.tensors.end() ? nullptr : &*found;
}

std::vector<TensorSource> sources_of(std::span<const ParameterTensor> tensors,
                                     std::span<const float> parameters) {
  std::vector<TensorSource> sources;
  for (const ParameterTensor& tensor : tensors) {
    const auto numbers = parameters.subspan(tensor.offset, tensor.count);
    const auto bytes = std::as_bytes(numbers);
    TensorSource source = source_of({tensor.name, "F32", tensor.shape, bytes});
    if (tensor.storage.order != Order::kPlain)
      source.pour = [tensor, numbers](const runtime::ByteSink& sink) {
        pour_in_file_order(tensor, numbers, sink);
      };
    sources.push_back(std::move(source));
  }
  return sources;
}

Status write_checkpoint(const fs::path& path, std::span<const ParameterTensor> tensors,
                        std::span<const float> parameters,
                        const std::map<std::string, std::string>& metadata) {
  return SafetensorsFile(sources_of(tensors, parameters), metadata).write(path);
}

Result<Checkpoint> parse_checkpoint(std::span<const std::byte> file) {
  auto found = parse_safetensors(file);
  if (!found) return found.error();
  Checkpoint checkpoint{.tensors = {}, .others = {}, .metadata = std::move(found->metadata)};
  for (const TensorBytes& tensor : found->tensors) {
    if (tensor.type == "F32")
      checkpoint.tensors.push_back(named(tensor));
    else
      checkpoint.others.push_back({.name = tensor.name, .type = tensor.type});
  }
  return checkpoint;
}

Result<Checkpoint> read_checkpoint(const fs::path& path) {
  const auto bytes = read_bytes(path);
  if (!bytes) return bytes.error();
  auto checkpoint = parse_checkpoint(*bytes);
  if (!checkpoint) return Error{fmt::format("{}: {}", path.string(), checkpoint.error().message)};
  return checkpoint;
}

Status restore(const Checkpoint& checkpoint, std::span<const ParameterTensor> tensors,
               std::span<float> parameters) {
  if (const Status status = compare(checkpoint, tensors); !status) return status;
  for (const ParameterTensor& tensor : tensors) {
    const NamedTensor& named = *find(checkpoint, tensor.name);
    for (std::size_t i = 0; i < tensor.count; ++i)
      parameters[tensor.offset + stored_index(tensor, i)] = named.values[i];
  }
  return {};
}

}  // namespace models
