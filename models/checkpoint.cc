#include "models/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "models/safetensors_header.h"
#include "runtime/check.h"

namespace models {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using runtime::Status;

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");
constexpr std::size_t kHeaderBytesMax = 100'000'000;  // the format's own bound

Error failure(const fs::path& path, const char* what) {
  return {fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(errno))};
}

// An open file descriptor, closed at the end of its scope.
class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags, 0644)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] bool sync() const { return ::fsync(descriptor_) == 0; }
  [[nodiscard]] bool write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
  }

 private:
  int descriptor_;
};

SafetensorsHeader header_of(std::span<const ParameterTensor> tensors,
                            const std::map<std::string, std::string>& metadata) {
  SafetensorsHeader header{.tensors = {}, .metadata = metadata};
  std::size_t begin = 0;
  for (const ParameterTensor& tensor : tensors) {
    const std::size_t end = begin + tensor.count * sizeof(float);
    header.tensors.push_back(
        {.name = tensor.name, .shape = tensor.shape, .begin = begin, .end = end});
    begin = end;
  }
  return header;
}

std::vector<float> in_file_order(std::span<const ParameterTensor> tensors,
                                 std::span<const float> parameters) {
  std::vector<float> values;
  values.reserve(parameters.size());
  for (const ParameterTensor& tensor : tensors)
    for (std::size_t i = 0; i < tensor.count; ++i)
      values.push_back(parameters[tensor.offset + stored_index(tensor, i)]);
  return values;
}

Status write_all(const fs::path& path, const std::string& json, std::span<const float> values) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  if (!file.is_open()) return failure(path, "cannot be written");
  const auto length = static_cast<std::uint64_t>(json.size());
  const bool written = file.write(std::as_bytes(std::span(&length, 1))) &&
                       file.write(std::as_bytes(std::span(json))) &&
                       file.write(std::as_bytes(values)) && file.sync();
  if (!written) return failure(path, "cannot be written");
  return {};
}

Result<SafetensorsHeader> read_header(std::istream& in, std::size_t file_bytes) {
  std::uint64_t length = 0;
  if (file_bytes < sizeof length)
    return Error{fmt::format("expected a header length of 8 bytes, the file has {}", file_bytes)};
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  const std::size_t rest = file_bytes - sizeof length;
  if (length > rest || length > kHeaderBytesMax)
    return Error{fmt::format("a header of {} bytes in a file of {} bytes", length, file_bytes)};
  std::string json(length, ' ');
  in.read(json.data(), static_cast<std::streamsize>(length));
  if (!in) return Error{"cannot be read"};
  return parse_header(json, rest - length);
}

Result<Checkpoint> read_all(std::istream& in, std::size_t file_bytes) {
  auto header = read_header(in, file_bytes);
  if (!header) return header.error();
  Checkpoint checkpoint{.tensors = {}, .others = {}, .metadata = std::move(header->metadata)};
  for (TensorEntry& entry : header->tensors) {
    if (entry.type != "F32") {
      in.seekg(static_cast<std::streamoff>(entry.end - entry.begin), std::ios::cur);
      checkpoint.others.push_back({.name = std::move(entry.name), .type = std::move(entry.type)});
      continue;
    }
    std::vector<float> values((entry.end - entry.begin) / sizeof(float));
    in.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(entry.end - entry.begin));
    if (!in) return Error{fmt::format("tensor \"{}\" cannot be read", entry.name)};
    checkpoint.tensors.push_back({.name = std::move(entry.name),
                                  .shape = std::move(entry.shape),
                                  .values = std::move(values)});
  }
  return checkpoint;
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

Status write_checkpoint(const fs::path& path, std::span<const ParameterTensor> tensors,
                        std::span<const float> parameters,
                        const std::map<std::string, std::string>& metadata) {
  fs::path partial = path;
  partial += ".partial";
  const std::string json = format_header(header_of(tensors, metadata));
  const Status written = write_all(partial, json, in_file_order(tensors, parameters));
  if (!written) return written;
  if (::rename(partial.c_str(), path.c_str()) != 0) return failure(path, "cannot be replaced");
  // The new name itself is on disk only when its folder is.
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const File listing(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!listing.is_open() || !listing.sync()) return failure(folder, "cannot be synchronised");
  return {};
}

Result<Checkpoint> read_checkpoint(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  if (error) return Error{fmt::format("{}: {}", path.string(), error.message())};
  std::ifstream in(path, std::ios::binary);
  if (!in) return failure(path, "cannot be opened");
  auto checkpoint = read_all(in, bytes);
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
