#include "models/layers/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace models {
namespace {

using runtime::Error;
using runtime::Result;
using Parsed = Result<LayerSpec>;

constexpr std::string_view kLayers =
    "conv, dense, linear, maxpool, avgpool, globalpool, batchnorm, layernorm, relu, gelu, dropout, "
    "embedding, positions, attention, residual";
// No image is so large, and no product of a few of these overflows.
constexpr std::size_t kNumberMax = 1U << 20U;
constexpr std::size_t kDepthMax = 16;  // of residual blocks in residual blocks

bool is_mark(char letter) { return letter == '{' || letter == '}' || letter == ','; }

// Words, and the marks "{", "}" and ",".
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const auto space = [&] { return line[at] == ' ' || line[at] == '\t' || line[at] == '\n'; };
    if (space()) {
      ++at;
      continue;
    }
    const std::size_t begin = at++;
    if (!is_mark(line[begin]))
      while (at < line.size() && !space() && !is_mark(line[at])) ++at;
    words.push_back(line.substr(begin, at - begin));
  }
  return words;
}

class Reader {
 public:
  explicit Reader(std::span<const std::string_view> words) : words_(words) {}

  Result<LayerSpec> layer(std::size_t depth) {
    const std::string_view kind = next();
    if (kind == "conv") return conv();
    if (kind == "dense") {
      const auto outputs = number("dense: the number of outputs");
      if (!outputs) return outputs.error();
      return LayerSpec(DenseSpec{*outputs});
    }
    if (kind == "maxpool" || kind == "avgpool") {
      const auto window = number(fmt::format("{}: the size of the window", kind));
      if (!window) return window.error();
      return LayerSpec(PoolSpec{
          kind == "maxpool" ? kernels::PoolKind::kMax : kernels::PoolKind::kAverage, *window});
    }
    if (kind == "globalpool") return LayerSpec(GlobalPoolSpec{});
    if (kind == "batchnorm") return LayerSpec(BatchNormSpec{});
    if (kind == "relu") return LayerSpec(ReluSpec{});
    if (kind == "residual") return residual(depth);
    return token_layer(kind);
  }
  [[nodiscard]] bool done() const { return at_ == words_.size(); }
  [[nodiscard]] std::string_view peek() const { return done() ? "" : words_[at_]; }

 private:
  std::string_view next() { return done() ? "" : words_[at_++]; }

  // What networks of tokens are made of.
  Parsed token_layer(std::string_view kind) {
    if (kind == "layernorm") return LayerSpec(LayerNormSpec{});
    if (kind == "gelu") return LayerSpec(GeluSpec{});
    if (kind == "positions") return LayerSpec(PositionsSpec{});
    if (kind == "dropout") return dropout();
    if (kind == "linear") {
      const auto outputs = number("linear: the number of outputs");
      if (!outputs) return outputs.error();
      return LayerSpec(LinearSpec{.outputs = *outputs, .bias = !take("nobias")});
    }
    if (kind == "embedding") {
      const auto vocabulary = number("embedding: the size of the vocabulary");
      if (!vocabulary) return vocabulary.error();
      const auto width = number("embedding: the width");
      if (!width) return width.error();
      return LayerSpec(EmbeddingSpec{.vocabulary = *vocabulary, .width = *width});
    }
    if (kind == "attention") {
      const auto heads = number("attention: the number of heads");
      if (!heads) return heads.error();
      return LayerSpec(AttentionSpec{.heads = {.heads = *heads, .causal = take("causal")}});
    }
    return Error{fmt::format("unknown layer \"{}\"; there are {}", kind, kLayers)};
  }

  // Whether `word` comes next; if so, it is taken.
  bool take(std::string_view word) {
    if (peek() != word) return false;
    next();
    return true;
  }

  Parsed dropout() {
    const std::string_view word = next();
    double probability = 0.0;
    const auto [stop, problem] =
        std::from_chars(word.data(), word.data() + word.size(), probability);
    if (problem != std::errc{} || stop != word.data() + word.size())
      return Error{fmt::format("dropout: expected a probability, got \"{}\"", word)};
    return LayerSpec(DropoutSpec{probability});
  }

  static std::optional<std::size_t> whole(std::string_view word) {
    std::size_t value = 0;
    const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (problem != std::errc{} || stop != word.data() + word.size() || value > kNumberMax)
      return std::nullopt;
    return value;
  }

  Result<std::size_t> number(const std::string& what) {
    const std::string_view word = next();
    if (const auto value = whole(word)) return *value;
    return Error{fmt::format("{}: expected a whole number, got \"{}\"", what, word)};
  }

  Parsed conv() {
    const auto channels = number("conv: the number of channels");
    if (!channels) return channels.error();
    ConvSpec spec{.channels = *channels};
    const std::string_view window = next();
    const auto cross = window.find('x');
    const auto height = whole(window.substr(0, cross));
    const auto width = cross == std::string_view::npos ? height : whole(window.substr(cross + 1));
    if (!height || cross == std::string_view::npos || height != width)
      return Error{fmt::format("conv: expected a square window like 3x3, got \"{}\"", window)};
    spec.kernel = *height;
    while (!done() && !is_mark(peek().front())) {
      const std::string_view option = next();
      if (option == "nobias") {
        spec.bias = false;
        continue;
      }
      std::size_t* const value = option == "stride"   ? &spec.stride
                                 : option == "pad"    ? &spec.padding
                                 : option == "groups" ? &spec.groups
                                                      : nullptr;
      if (value == nullptr)
        return Error{
            fmt::format("conv: expected stride, pad, groups or nobias, got \"{}\"", option)};
      const auto given = number(fmt::format("conv: {}", option));
      if (!given) return given.error();
      *value = *given;
    }
    return LayerSpec(spec);
  }

  Parsed residual(std::size_t depth) {
    if (depth == kDepthMax) return Error{"residual: blocks in blocks, too deep"};
    auto body = list("residual", depth);
    if (!body) return body.error();
    ResidualSpec spec{.body = std::move(body).value(), .shortcut = {}};
    if (peek() == "shortcut") {
      next();
      auto shortcut = list("shortcut", depth);
      if (!shortcut) return shortcut.error();
      spec.shortcut = std::move(shortcut).value();
    }
    return LayerSpec(std::move(spec));
  }

  Result<std::vector<LayerSpec>> list(std::string_view what, std::size_t depth) {
    if (const auto word = next(); word != "{")
      return Error{fmt::format("{}: expected {{, got \"{}\"", what, word)};
    std::vector<LayerSpec> layers;
    while (true) {
      auto one = layer(depth + 1);
      if (!one) return Error{fmt::format("{}: {}", what, one.error().message)};
      layers.push_back(std::move(one).value());
      const std::string_view mark = next();
      if (mark == "}") return layers;
      if (mark != ",") return Error{fmt::format("{}: expected , or }}, got \"{}\"", what, mark)};
    }
  }

  std::span<const std::string_view> words_;
  std::size_t at_ = 0;
};

}  // namespace

runtime::Result<std::vector<LayerSpec>> parse_layers(std::span<const std::string> lines) {
  std::vector<LayerSpec> layers;
  for (const std::string& line : lines) {
    const auto words = words_of(line);
    Reader reader(words);
    auto layer = reader.layer(0);
    const std::string place = fmt::format("layer {}, \"{}\": ", layers.size() + 1, line);
    if (!layer) return Error{place + layer.error().message};
    if (!reader.done())
      return Error{fmt::format("{}nothing was expected at \"{}\"", place, reader.peek())};
    layers.push_back(std::move(layer).value());
  }
  return layers;
}

}  // namespace models
