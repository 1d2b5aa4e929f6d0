#pragma once
// A feed-forward network: forward and backward passes over one flat parameter and one flat gradient
// vector, which belong to the caller.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "models/activations.h"
#include "models/gradient_plan.h"
#include "models/image_shape.h"
#include "models/layers/build.h"
#include "models/parameter_tensor.h"
#include "models/pass_watch.h"
#include "models/recorded_passes.h"
#include "runtime/result.h"

namespace models {

// What the outputs are compared with.
struct Targets {
  std::size_t count = 1;         // labels of a sample: one, or one for each place of the output
  double label_smoothing = 0.0;  // in [0, 1], in training only
};

struct NetworkSpec {
  std::string kind;  // a name of zoo/zoo.h, or "layers"
  ImageShape input;
  std::size_t classes = 0;
  std::vector<std::string> layers = {};  // kind "layers": see layers/parse.h
  Targets targets = {};
  std::size_t vocabulary = 0;  // samples are token numbers below this; 0: they are not tokens
};

// Samples and labels in the backend's memory: [size, height, width, channels] of the parameters'
// scalar type (f32 but in the laboratory), and i32 [size, targets], each in [0, classes).
struct Batch {
  kernels::ConstView samples;
  kernels::ConstView labels;
  std::size_t size = 0;
  std::uint64_t draw = 0;  // fixes what layers draw at random: the same for the same batch
};

// Sums over labels, so that the scores of several batches add up.
struct Score {
  double loss_sum = 0.0;
  std::size_t correct = 0;
  std::size_t count = 0;
};

// One thread at a time, the backend's. Parameters of f32 everywhere, of f64 on the reference
// backend: activations take the parameters' type. Views are of the backend's memory.
class Network {
 public:
  // A network of the zoo. Refused: an unknown kind, lines that are no layers, a sample that
  // does not fit them, as many outputs as there are not classes, no classes, tokens without an
  // embedding of as many, and an embedding without tokens. Plans memory for
  // batches of at most `batch_max` samples. The backend must outlive it.
  [[nodiscard]] static runtime::Result<std::unique_ptr<Network>> create(const NetworkSpec& spec,
                                                                        kernels::Backend& backend,
                                                                        std::size_t batch_max);
  // A network of any layers; its classes are the elements of the last one's output, or of each
  // place of it where each has a target: refused where places and targets differ in number.
  [[nodiscard]] static runtime::Result<std::unique_ptr<Network>> of_layers(
      const ImageShape& input, std::span<const LayerSpec> layers, kernels::Backend& backend,
      std::size_t batch_max, const Targets& targets = {});

  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network() = default;

  // All that is gossiped, in one flat vector: first what is learned, then running statistics.
  [[nodiscard]] std::size_t parameter_count() const { return learned_count_ + statistic_count_; }
  [[nodiscard]] std::size_t learned_count() const { return learned_count_; }
  [[nodiscard]] std::span<const ParameterTensor> tensors() const { return tensors_; }
  [[nodiscard]] std::size_t batch_max() const { return batch_max_; }
  [[nodiscard]] const ImageShape& input() const { return input_; }
  [[nodiscard]] std::size_t classes() const;
  [[nodiscard]] std::size_t targets() const { return targets_.count; }  // labels of a sample
  [[nodiscard]] std::size_t activation_count() const;  // numbers that one sample makes on its way

  // From the next pass on, so much of what is kept between the passes for weight gradients alone is
  // dropped: the smallest of each layer's input in a batch, as a share in [0, 1). Gradients of
  // inputs and biases stay exact, those of weights are as if what was dropped were zero (DropIT,
  // Chen et al. 2023). Refused: a share other than 0 on a device whose memory is not the host's.
  [[nodiscard]] runtime::Status drop_activations(double share);
  // Of activations and their gradients, as of the last pass; 0 before the first.
  [[nodiscard]] std::size_t activation_bytes() const;
  // What a pass in f32 over a batch of so many makes of that. All that a step takes beside vectors
  // as long as the parameters, and what the backend keeps of weights in orders of its own.
  [[nodiscard]] std::size_t planned_activation_bytes(std::size_t batch) const;
  // Multiply-adds of matrix products in one sample's forward and backward pass: each product is
  // taken once forward and twice backward, once in layers that read the samples.
  [[nodiscard]] std::size_t step_multiplications() const;

  // Equal where, and in practice only where, layers and shapes are equal.
  [[nodiscard]] std::uint64_t architecture_hash() const;
  [[nodiscard]] std::string summary() const;  // one line a layer: what, output, parameters

  // What each layer starts from: weights drawn, statistics of nothing. Same seed, same bits, on
  // every machine. `parameters`: host memory, parameter_count() long.
  void initialise(std::uint64_t seed, std::span<float> parameters) const;

  // The batch's mean loss (softmax cross-entropy), and its gradient over `gradient`: zero for
  // statistics. Waits for the device.
  [[nodiscard]] double loss_and_gradient(kernels::ConstView parameters, const Batch& batch,
                                         kernels::View gradient);
  // Writes how far the batch of the last loss_and_gradient() moves the running statistics to the
  // end of `delta`, which is parameter_count() long; the rest stays.
  void move_statistics(kernels::ConstView parameters, kernels::View delta);

  // From the next pass on `watch`, which outlives that, sees each layer by itself, and the device
  // is waited for after each. Null: nobody does.
  void let_watch(PassWatch* watch) { watch_ = watch; }

  // Forward only, by the running statistics. Waits for the device.
  [[nodiscard]] Score score(kernels::ConstView parameters, const Batch& batch);
  // What score() compares with the labels: [labels, classes], before the softmax. Valid until the
  // next pass.
  [[nodiscard]] kernels::ConstView outputs(kernels::ConstView parameters, const Batch& batch);

 private:
  struct Slice {
    std::size_t offset = 0;
    std::size_t count = 0;
  };
  // A node, its slices of the flat vector, and what it saves of the batch that passed last.
  struct Stage {
    Node node;
    Slice learned;
    Slice statistics;
    std::size_t out_count = 0;  // of one sample
    kernels::Buffer saved;
    std::size_t draw = 0;  // where in draws_, if it draws
  };

  Network(const ImageShape& input, std::vector<Node> nodes, kernels::Backend& backend,
          std::size_t batch_max, const Targets& targets);

  void plan(kernels::Scalar scalar, std::size_t batch);
  [[nodiscard]] Slice add_tensors(const std::vector<ParameterTensor>& tensors,
                                  const std::string& name, std::size_t start);
  [[nodiscard]] std::vector<PlannedNode> planned_nodes() const;
  [[nodiscard]] std::size_t count_of(std::size_t place) const;  // of one sample; 0: no place
  [[nodiscard]] kernels::ConstView output_of(std::size_t place, const Batch& batch);
  [[nodiscard]] kernels::ConstView rounded_input(const Node& node, const Batch& batch);
  [[nodiscard]] kernels::ConstView input_of(const Node& node, const Batch& batch);
  [[nodiscard]] kernels::ConstView input_again(std::size_t number, const Batch& batch);
  [[nodiscard]] kernels::ConstView output_again(std::size_t number, const Batch& batch);
  [[nodiscard]] kernels::View gradient_of(std::size_t place, std::size_t number,
                                          const Batch& batch);
  void find_winners(std::size_t number, const Batch& batch);
  [[nodiscard]] kernels::View slot(std::size_t number, std::size_t count);
  // Before every pass: checks, memory.
  void prepare(kernels::ConstView parameters, const Batch& batch);
  void draw(const Batch& batch);  // before a pass of training
  [[nodiscard]] kernels::ConstView draw_of(const Stage& stage);
  [[nodiscard]] bool may_record() const;
  void forward(kernels::ConstView parameters, const Batch& batch, bool training);
  void backward(kernels::ConstView parameters, const Batch& batch, kernels::View gradient);
  void step_back(std::size_t number, kernels::ConstView parameters, const Batch& batch,
                 kernels::View gradient);
  // Outputs with labels, in training if somebody asks for d_logits.
  void compare(const Batch& batch, kernels::View d_logits);
  [[nodiscard]] Score read_score(std::size_t labels);

  ImageShape input_;
  kernels::Backend& backend_;
  std::size_t batch_max_;
  Targets targets_;
  std::size_t learned_count_ = 0;
  std::size_t statistic_count_ = 0;
  std::vector<Stage> stages_;
  std::vector<ParameterTensor> tensors_;
  GradientPlan gradients_;
  Activations activations_;
  PassWatch* watch_ = nullptr;
  RecordedPasses passes_;

  // Planned at the first pass, for its scalar type and batch; again if another type or a larger
  // batch comes.
  kernels::Scalar scalar_ = kernels::Scalar::kI32;  // of no pass
  std::size_t planned_batch_ = 0;
  std::size_t last_batch_ = 0;               // of the last pass forward
  std::vector<kernels::Buffer> slots_;       // gradients_.slots
  kernels::Buffer outcome_;                  // a loss and a verdict per label
  std::vector<std::int32_t> draws_of_pass_;  // of all layers that draw; and there:
  kernels::Buffer draws_;
};

}  // namespace models
