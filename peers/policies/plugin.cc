#include "peers/policies/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace peers {
namespace {

std::string last_loading_error() {
  const char* text = dlerror();
  return text == nullptr ? "no reason given" : text;
}

float* data_of(kernels::View view) { return view.as<float>().data(); }

runtime::Result<const murmur_plugin*> load(const std::string& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return runtime::Error{fmt::format("cannot be loaded: {}", last_loading_error())};
  const auto entry =
      reinterpret_cast<decltype(&murmur_plugin_entry)>(dlsym(library, "murmur_plugin_entry"));
  if (entry == nullptr)
    return runtime::Error{
        fmt::format("{} has no murmur_plugin_entry: expected an optimizer as in "
                    "peers/policies/plugin_abi.h",
                    file)};
  const murmur_plugin* const plugin = entry();
  if (plugin == nullptr)
    return runtime::Error{fmt::format("{}: murmur_plugin_entry gave nothing", file)};
  // Before anything else: only this field is where it is in every version.
  if (plugin->abi != MURMUR_PLUGIN_ABI)
    return runtime::Error{fmt::format("{} was built for version {} of the interface, expected {}",
                                      file, plugin->abi, MURMUR_PLUGIN_ABI)};
  if (plugin->step == nullptr || plugin->name == nullptr)
    return runtime::Error{fmt::format("{} has no step or no name", file)};
  if (plugin->state_vectors > MURMUR_PLUGIN_STATE_VECTORS_MAX)
    return runtime::Error{fmt::format("{} asks for {} vectors, expected at most {}", file,
                                      plugin->state_vectors, MURMUR_PLUGIN_STATE_VECTORS_MAX)};
  return plugin;
}

}  // namespace

runtime::Result<std::unique_ptr<Optimizer>> Plugin::open(const std::string& file,
                                                         const OptimizerOptions& options,
                                                         const VectorSpace& space) {
  if (!space.backend->is_host() || space.scalar != kernels::Scalar::kF32)
    return runtime::Error{
        fmt::format("works on f32 in the host's memory: expected a run on the cpu in f32, got {}{}",
                    space.backend->name(), space.scalar == kernels::Scalar::kF32 ? "" : " in f64")};
  const auto plugin = load(file);
  if (!plugin) return plugin.error();
  return {std::make_unique<Plugin>(**plugin, options, space)};
}

Plugin::Plugin(const murmur_plugin& plugin, const OptimizerOptions& options,
               const VectorSpace& space)
    : plugin_(&plugin),
      momentum_(options.momentum),
      weight_decay_(options.weight_decay),
      gradient_(space.zeros()) {
  for (std::uint32_t i = 0; i < plugin.state_vectors; ++i) state_.push_back(space.zeros());
}

double Plugin::begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                     kernels::View delta) {
  const double loss = source.gradient_at(estimate, gradient_.view());
  std::array<float*, MURMUR_PLUGIN_STATE_VECTORS_MAX> state{};
  for (std::size_t i = 0; i < state_.size(); ++i) state[i] = data_of(state_[i].view());
  const murmur_plugin_step step{.step = steps_++,
                                .count = estimate.count(),
                                .learning_rate = learning_rate,
                                .momentum = momentum_,
                                .weight_decay = weight_decay_,
                                .estimate = estimate.as<float>().data(),
                                .gradient = data_of(gradient_.view()),
                                .state = state.data(),
                                .delta = data_of(delta)};
  plugin_->step(&step);
  return loss;
}

void Plugin::visit_state(StateVisitor& visitor) {
  visitor.count("steps", steps_);
  for (std::size_t i = 0; i < state_.size(); ++i)
    visitor.vector(fmt::format("vector.{}", i), state_[i].view());
}

}  // namespace peers
