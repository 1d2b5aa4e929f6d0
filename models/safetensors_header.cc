#include "models/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

namespace models {
namespace {

using nlohmann::json;
using runtime::Error;
using runtime::Result;
using runtime::Status;

constexpr const char* kMetadata = "__metadata__";

std::optional<std::vector<std::size_t>> sizes_of(const json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::size_t> sizes;
  for (const json& size : value) {
    if (!size.is_number_unsigned()) return std::nullopt;
    sizes.push_back(size.get<std::size_t>());
  }
  return sizes;
}

struct Type {
  std::string_view name;
  std::size_t bytes;  // of one number
};
constexpr std::array kTypes{Type{"F64", 8},     Type{"F32", 4},     Type{"F16", 2}, Type{"BF16", 2},
                            Type{"F8_E4M3", 1}, Type{"F8_E5M2", 1}, Type{"I64", 8}, Type{"I32", 4},
                            Type{"I16", 2},     Type{"I8", 1},      Type{"U64", 8}, Type{"U32", 4},
                            Type{"U16", 2},     Type{"U8", 1},      Type{"BOOL", 1}};

// The bytes of a tensor whose numbers take `bytes` each, if they can be among `data_bytes`.
std::optional<std::size_t> bytes_of_shape(std::size_t bytes, const std::vector<std::size_t>& shape,
                                          std::size_t data_bytes) {
  for (const std::size_t size : shape) {
    if (size != 0 && bytes > data_bytes / size) return std::nullopt;
    bytes *= size;
  }
  return bytes;
}

Result<TensorEntry> parse_tensor(const std::string& name, const json& value,
                                 std::size_t data_bytes) {
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets"))
    return Error{fmt::format("tensor \"{}\": expected dtype, shape and data_offsets", name)};
  const auto type =
      std::ranges::find_if(kTypes, [&](const Type& known) { return value["dtype"] == known.name; });
  if (type == kTypes.end())
    return Error{fmt::format("tensor \"{}\": unknown dtype {}", name, value["dtype"].dump())};
  const auto shape = sizes_of(value["shape"]);
  const auto offsets = sizes_of(value["data_offsets"]);
  if (!shape || !offsets || offsets->size() != 2)
    return Error{fmt::format("tensor \"{}\": shape or data_offsets are not lists of sizes", name)};
  const std::size_t begin = offsets->front();
  const std::size_t end = offsets->back();
  if (begin > end || end > data_bytes)
    return Error{fmt::format("tensor \"{}\": bytes {} to {} of data that are {} bytes long", name,
                             begin, end, data_bytes)};
  const auto bytes = bytes_of_shape(type->bytes, *shape, data_bytes);
  if (!bytes || *bytes != end - begin)
    return Error{fmt::format("tensor \"{}\": its shape {} does not make {} bytes", name,
                             value["shape"].dump(), end - begin)};
  return TensorEntry{
      .name = name, .type = std::string(type->name), .shape = *shape, .begin = begin, .end = end};
}

Status parse_metadata(const json& value, std::map<std::string, std::string>& metadata) {
  if (!value.is_object()) return Error{"__metadata__ is not a map of texts"};
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) return Error{fmt::format("__metadata__: \"{}\" is not a text", key)};
    metadata[key] = text.get<std::string>();
  }
  return {};
}

// Each tensor's data begin where the last one's end, and the last ones end with the file.
Status check_coverage(const std::vector<TensorEntry>& tensors, std::size_t data_bytes) {
  std::size_t covered = 0;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != covered)
      return Error{fmt::format("tensor \"{}\": expected its data to begin at byte {}, found {}",
                               tensor.name, covered, tensor.begin)};
    covered = tensor.end;
  }
  if (covered != data_bytes)
    return Error{
        fmt::format("tensors of {} bytes in all, but {} bytes of data", covered, data_bytes)};
  return {};
}

}  // namespace

std::string format_header(const SafetensorsHeader& header) {
  json root = json::object();
  if (!header.metadata.empty()) root[kMetadata] = header.metadata;
  for (const TensorEntry& tensor : header.tensors)
    root[tensor.name] = {{"dtype", tensor.type},
                         {"shape", tensor.shape},
                         {"data_offsets", {tensor.begin, tensor.end}}};
  // A text that is not UTF-8 (a host's name) must not cost the run its checkpoint.
  std::string text = root.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

Result<SafetensorsHeader> parse_header(std::string_view text, std::size_t data_bytes) {
  const json root = json::parse(text, nullptr, false);
  if (!root.is_object()) return Error{"the header is not a JSON object"};
  SafetensorsHeader header;
  for (const auto& [name, value] : root.items()) {
    if (name == kMetadata) {
      if (const Status status = parse_metadata(value, header.metadata); !status)
        return status.error();
      continue;
    }
    auto tensor = parse_tensor(name, value, data_bytes);
    if (!tensor) return tensor.error();
    header.tensors.push_back(std::move(tensor).value());
  }
  std::ranges::sort(header.tensors, [](const TensorEntry& a, const TensorEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  if (const Status status = check_coverage(header.tensors, data_bytes); !status)
    return status.error();
  return header;
}

}  // namespace models
