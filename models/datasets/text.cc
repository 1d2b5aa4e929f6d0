#include "models/datasets/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "models/datasets/byte_file.h"
#include "runtime/check.h"

namespace models {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;

constexpr std::size_t kBytesMax = std::size_t{1} << 30U;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;
constexpr std::size_t kTestShare = 10;  // one in so many characters

struct Text {
  std::vector<std::int32_t> tokens;
  std::size_t vocabulary = 0;
};

// Tokens [first, first + count) of a text, in samples.
class TextDataset final : public Dataset {
 public:
  struct Range {
    std::size_t first;
    std::size_t count;
  };
  TextDataset(std::shared_ptr<const Text> text, const Range& range, std::size_t context)
      : text_(std::move(text)),
        tokens_(std::span(text_->tokens).subspan(range.first, range.count)),
        context_(context) {}

  [[nodiscard]] std::size_t size() const override { return (tokens_.size() - 1) / context_; }
  [[nodiscard]] ImageShape shape() const override { return {.height = context_}; }
  [[nodiscard]] std::size_t classes() const override { return text_->vocabulary; }
  [[nodiscard]] std::size_t vocabulary() const override { return text_->vocabulary; }
  [[nodiscard]] std::size_t targets() const override { return context_; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return tokens_[index * context_ + 1];
  }
  void read_labels(std::size_t index, std::span<std::int32_t> out) const override {
    CHECK(index < size() && out.size() == context_);
    std::ranges::copy(tokens_.subspan(index * context_ + 1, context_), out.begin());
  }
  void read(std::size_t index, std::span<float> out) const override {
    CHECK(index < size() && out.size() == context_);
    for (std::size_t i = 0; i < context_; ++i)
      out[i] = static_cast<float>(tokens_[index * context_ + i]);
  }

 private:
  std::shared_ptr<const Text> text_;
  std::span<const std::int32_t> tokens_;
  std::size_t context_;
};

Result<std::string> read_bytes(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return Error{fmt::format("{}: no such file", path.string())};
  if (fs::is_directory(path, ignored))
    return Error{fmt::format("{}: expected a text file, found a folder", path.string())};
  auto file = ByteFile::open(path);
  if (!file) return file.error();
  std::string bytes;
  std::vector<std::uint8_t> chunk(kChunkBytes);
  while (bytes.size() <= kBytesMax) {
    const auto got = file->read(chunk);
    if (!got) return got.error();
    if (*got == 0) return bytes;
    bytes.append(reinterpret_cast<const char*>(chunk.data()), *got);
  }
  return Error{
      fmt::format("{}: expected at most {} bytes of text, found more", path.string(), kBytesMax)};
}

// The code point that begins at bytes[at], which is moved behind it; -1: there is none. Only the
// shortest form of each is one, and halves of UTF-16 are not.
std::int32_t next_code_point(std::span<const unsigned char> bytes, std::size_t& at) {
  const unsigned first = bytes[at++];
  if (first < 0x80U) return static_cast<std::int32_t>(first);
  const std::size_t more = first >= 0xf0U ? 3 : first >= 0xe0U ? 2 : 1;
  if (first < 0xc2U || first > 0xf4U || bytes.size() - at < more) return -1;
  std::uint32_t code = first & (0x3fU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const unsigned next = bytes[at++];
    if ((next & 0xc0U) != 0x80U) return -1;
    code = (code << 6U) | (next & 0x3fU);
  }
  const std::uint32_t least = more == 3 ? 0x10000U : more == 2 ? 0x800U : 0x80U;
  if (code < least || code > 0x10ffffU || (code >= 0xd800U && code < 0xe000U)) return -1;
  return static_cast<std::int32_t>(code);
}

Result<Text> tokens_of(const std::string& text) {
  const std::span bytes(reinterpret_cast<const unsigned char*>(text.data()), text.size());
  Text result;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t begin = at;
    const std::int32_t code = next_code_point(bytes, at);
    if (code < 0) return Error{fmt::format("expected text in UTF-8, byte {} is not", begin)};
    result.tokens.push_back(code);
  }
  std::vector<std::int32_t> characters = result.tokens;
  std::ranges::sort(characters);
  characters.erase(std::unique(characters.begin(), characters.end()), characters.end());
  for (std::int32_t& token : result.tokens)
    token =
        static_cast<std::int32_t>(std::ranges::lower_bound(characters, token) - characters.begin());
  result.vocabulary = characters.size();
  return result;
}

}  // namespace

Result<DataSplit> open_text(const fs::path& file, std::size_t context) {
  CHECK(context > 0);
  if (file.empty()) return Error{"data.path is empty: expected a text file"};
  const auto bytes = read_bytes(file);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return Error{fmt::format("{}: is empty", file.string())};
  auto tokens = tokens_of(*bytes);
  if (!tokens) return Error{fmt::format("{}: {}", file.string(), tokens.error().message)};
  const auto text = std::make_shared<const Text>(std::move(tokens).value());
  const std::size_t test = text->tokens.size() / kTestShare;
  const std::size_t train = text->tokens.size() - test;
  if (test < context + 1)
    return Error{
        fmt::format("{}: expected at least {} characters, so that a tenth holds "
                    "data.context = {} and one more, found {}",
                    file.string(), kTestShare * (context + 1), context, text->tokens.size())};
  if (text->vocabulary < 2)
    return Error{fmt::format("{}: one character over and over teaches nothing", file.string())};
  DataSplit split;
  split.train =
      std::make_unique<TextDataset>(text, TextDataset::Range{.first = 0, .count = train}, context);
  split.test = std::make_unique<TextDataset>(
      text, TextDataset::Range{.first = train, .count = test}, context);
  return split;
}

}  // namespace models
