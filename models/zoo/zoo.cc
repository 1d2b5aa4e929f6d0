#include "models/zoo/zoo.h"

#include <fmt/format.h>

#include <array>

#include "models/zoo/gpt.h"
#include "models/zoo/lenet5.h"
#include "models/zoo/logistic.h"
#include "models/zoo/mlp.h"
#include "models/zoo/resnet.h"
#include "models/zoo/vgg.h"
#include "models/zoo/vit.h"

namespace models {
namespace {

constexpr std::array<CatalogEntry, 10> kModels{{
    {"gpt-mini", "four blocks of causal attention on 128 channels, for texts"},
    {"lenet5", "two convolutions and three dense layers, for images of about 28x28"},
    {"logistic", "one dense layer: the linear baseline"},
    {"mlp", "dense layers of 512 and 256 with ReLU"},
    {"resnet18", "residual network of 64 to 512 channels, for small images"},
    {"resnet20", "residual network of 16 to 64 channels, for small images"},
    {"resnet50", "residual network of bottlenecks, 256 to 2048 channels, for small images"},
    {"vgg11", "eight convolutions with batch normalisation, for images of 32x32 and more"},
    {"vgg16", "thirteen convolutions with batch normalisation, for images of 32x32 and more"},
    {"vit-tiny", "six blocks of attention on 128 channels over patches of 4x4, for 32x32 images"},
}};

bool reads_text(std::string_view kind) { return kind.starts_with("gpt"); }

}  // namespace

std::span<const CatalogEntry> known_models() { return kModels; }

ImageShape usual_input(std::string_view kind) {
  if (reads_text(kind)) return {.height = 64};
  if (kind.starts_with("resnet") || kind.starts_with("vgg") || kind.starts_with("vit"))
    return {.height = 32, .width = 32, .channels = 3};
  return {.height = 28, .width = 28, .channels = 1};
}

NetworkSpec usual_spec(std::string_view kind) {
  NetworkSpec spec{.kind = std::string(kind), .input = usual_input(kind), .classes = 10};
  if (!reads_text(kind)) return spec;
  spec.vocabulary = spec.classes = 65;  // about what an English text has
  spec.targets.count = spec.input.height;
  return spec;
}

runtime::Result<std::vector<LayerSpec>> zoo_layers(std::string_view kind, std::size_t classes) {
  if (kind == "gpt-mini") return gpt_mini(classes);
  if (kind == "lenet5") return lenet5(classes);
  if (kind == "logistic") return logistic(classes);
  if (kind == "mlp") return mlp(classes);
  if (kind == "resnet18") return resnet18(classes);
  if (kind == "resnet20") return resnet20(classes);
  if (kind == "resnet50") return resnet50(classes);
  if (kind == "vgg11") return vgg11(classes);
  if (kind == "vgg16") return vgg16(classes);
  if (kind == "vit-tiny") return vit_tiny(classes);
  return runtime::Error{
      fmt::format("unknown model \"{}\": expected one of {}", kind, names_of(known_models()))};
}

}  // namespace models
