#include "models/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace models {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");
constexpr std::size_t kHeaderBytesMax = 100'000'000;  // the format's own bound

// Of the header, behind the eight bytes that say it.
Result<std::size_t> header_length(std::span<const std::byte> head, std::size_t file_bytes) {
  std::uint64_t length = 0;
  if (head.size() < sizeof length)
    return Error{fmt::format("expected a header length of 8 bytes, the file has {}", head.size())};
  std::memcpy(&length, head.data(), sizeof length);
  if (length > file_bytes - sizeof length || length > kHeaderBytesMax)
    return Error{fmt::format("a header of {} bytes in a file of {} bytes", length, file_bytes)};
  return std::size_t{length};
}

Result<SafetensorsHeader> header_in(std::span<const std::byte> file, std::size_t length,
                                    std::size_t file_bytes) {
  const std::size_t data = sizeof(std::uint64_t) + length;
  const auto* const json = reinterpret_cast<const char*>(file.data()) + sizeof(std::uint64_t);
  return parse_header({json, length}, file_bytes - data);
}

Result<std::vector<std::byte>> read_first(const fs::path& path, std::size_t count) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::byte> bytes(count);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
  if (!in) return Error{fmt::format("{}: cannot be read", path.string())};
  return bytes;
}

Result<std::size_t> size_of(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  if (error) return Error{fmt::format("{}: {}", path.string(), error.message())};
  return std::size_t{bytes};
}

}  // namespace

TensorSource source_of(TensorBytes tensor) {
  return {.name = std::move(tensor.name),
          .type = std::move(tensor.type),
          .shape = std::move(tensor.shape),
          .bytes = tensor.bytes.size(),
          .pour = [bytes = tensor.bytes](const runtime::ByteSink& sink) { sink(bytes); }};
}

SafetensorsFile::SafetensorsFile(std::vector<TensorSource> tensors,
                                 const std::map<std::string, std::string>& metadata)
    : tensors_(std::move(tensors)) {
  SafetensorsHeader header{.tensors = {}, .metadata = metadata};
  std::size_t end = 0;
  for (const TensorSource& tensor : tensors_) {
    const std::size_t begin = std::exchange(end, end + tensor.bytes);
    header.tensors.push_back({tensor.name, tensor.type, tensor.shape, begin, end});
  }
  data_bytes_ = end;
  const std::string json = format_header(header);
  const auto length = static_cast<std::uint64_t>(json.size());
  head_.resize(sizeof length + json.size());
  auto out = std::ranges::copy(std::as_bytes(std::span(&length, 1)), head_.begin()).out;
  std::ranges::copy(std::as_bytes(std::span(json)), out);
}

void SafetensorsFile::pour(const runtime::ByteSink& sink) const {
  sink(head_);
  for (const TensorSource& tensor : tensors_) tensor.pour(sink);
}

runtime::Status SafetensorsFile::write(const fs::path& path) const {
  return runtime::replace_file(path, [this](const runtime::ByteSink& sink) { pour(sink); });
}

Result<Safetensors> parse_safetensors(std::span<const std::byte> file) {
  const auto length = header_length(file, file.size());
  if (!length) return length.error();
  auto header = header_in(file, *length, file.size());
  if (!header) return header.error();
  const auto data = file.subspan(sizeof(std::uint64_t) + *length);
  Safetensors found{.tensors = {}, .metadata = std::move(header->metadata)};
  for (TensorEntry& entry : header->tensors)
    found.tensors.push_back({std::move(entry.name), std::move(entry.type), std::move(entry.shape),
                             data.subspan(entry.begin, entry.end - entry.begin)});
  return found;
}

Result<std::map<std::string, std::string>> read_metadata(const fs::path& path) {
  const auto refusal = [&](const Error& error) {
    return Error{fmt::format("{}: {}", path.string(), error.message)};
  };
  const auto size = size_of(path);
  if (!size) return size.error();
  const auto first = read_first(path, std::min(*size, sizeof(std::uint64_t)));
  if (!first) return first.error();
  const auto length = header_length(*first, *size);
  if (!length) return refusal(length.error());
  const auto head = read_first(path, sizeof(std::uint64_t) + *length);
  if (!head) return head.error();
  auto header = header_in(*head, *length, *size);
  if (!header) return refusal(header.error());
  return std::move(header->metadata);
}

Result<std::vector<std::byte>> read_bytes(const fs::path& path) {
  const auto size = size_of(path);
  if (!size) return size.error();
  return read_first(path, *size);
}

}  // namespace models
