#include "peers/policies/fedaware.h"

#include <cmath>
#include <utility>

#include "gossip/sketch.h"
#include "peers/policies/min_norm.h"

namespace peers {
namespace {

constexpr gossip::SketchOptions kSketch{.width = gossip::kNoteSketchMax,
                                        .seed = gossip::kNoteSketchSeed};
constexpr double kNoDirection = 1e-12;  // |d|^2 of unit vectors that point every way

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

FedAware::FedAware(const CorrectionOptions& options, const VectorSpace& space)
    : memory_(options.memory),
      rate_(options.rate),
      projected_(options.projected),
      learned_(space.count - options.statistics),
      momentum_(space.zeros()),
      anchor_(space.zeros()),
      moved_(space.zeros()),
      backend_(space.backend),
      host_(*space.backend) {}

// m / |m|, or m where that is nothing, in a thousand sums.
FedAware::Direction FedAware::own_direction() {
  const kernels::ConstView m = momentum_.view().slice(0, learned_);
  Direction own{.length = std::sqrt(backend_->dot(m, m)), .sketch = {}};
  std::vector<double> sums(kSketch.width, 0.0);
  gossip::add_to_sketch(kSketch, 0, own.length > 0.0 ? 1.0 / own.length : 1.0, host_.of(m), sums);
  own.sketch.assign(sums.begin(), sums.end());
  return own;
}

void FedAware::hear(const Heard& heard) {
  scale_ = -1.0;
  if (!stepped_ || !known_) return;
  // In the order of their numbers, so that all add up alike.
  std::vector<Direction> all;
  std::size_t self = 0;
  bool own = false;
  const auto add_own = [&] {
    self = all.size();
    all.push_back(own_direction());
    own = true;
  };
  for (const gossip::SharedNote& note : heard.notes) {
    if (note->about == heard.self) continue;  // one's own memory is of this very moment
    if (note->numbers.size() != 1 || note->sketch.size() != kSketch.width) continue;
    if (!own && heard.self < note->about) add_own();
    all.push_back({note->numbers[0], note->sketch});
  }
  if (!own) add_own();
  if (all.size() != heard.peers) return;
  std::vector<double> gram(all.size() * all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < all.size(); ++j)
      gram[i * all.size() + j] = dot(all[i].sketch, all[j].sketch);
  const std::vector<double> lambda = min_norm_weights(gram, all.size());
  const double scale =
      rate_ * gain(all, gram, lambda) * static_cast<double>(all.size()) * lambda[self];
  if (std::isfinite(scale)) scale_ = scale;  // a note may say lengths without bound
}

double FedAware::gain(std::span<const Direction> all, std::span<const double> gram,
                      std::span<const double> lambda) {
  const std::size_t n = all.size();
  double shortest = 0.0;  // |d|^2
  double along = 0.0;     // <d0, d>
  double plain = 0.0;     // |d0|^2
  double squares = 0.0;   // mean |m_c|^2
  for (std::size_t i = 0; i < n; ++i) {
    const double share = all[i].length / static_cast<double>(n);
    squares += share * all[i].length;
    for (std::size_t j = 0; j < n; ++j) {
      const double product = gram[i * n + j];
      shortest += lambda[i] * lambda[j] * product;
      along += share * lambda[j] * product;
      plain += share * all[j].length / static_cast<double>(n) * product;
    }
  }
  diversity_ = plain > 0.0 ? std::sqrt(squares / plain) : 0.0;
  if (!projected_) return 1.0;
  return shortest > kNoDirection ? along / shortest : 0.0;
}

void FedAware::before_push(gossip::Mass& mass) {
  if (!std::exchange(stepped_, false)) return;
  mass.numerator(moved_.view());
  backend_->scale(-1.0, moved_.view());
  backend_->axpy(1.0, anchor_.view(), moved_.view());
  // Statistics follow batches and mixes, and have no direction.
  backend_->fill(0.0, moved_.view().slice(learned_, moved_.count() - learned_));
  remember();
  if (scale_ < 0.0) return;
  const double length = std::sqrt(backend_->dot(momentum_.view(), momentum_.view()));
  backend_->axpy(-scale_ / (length > 0.0 ? length : 1.0), momentum_.view(), moved_.view());
  mass.move(1.0, moved_.view());
}

void FedAware::remember() {
  backend_->scale(1.0 - memory_, momentum_.view());
  backend_->axpy(memory_, moved_.view(), momentum_.view());
  known_ = true;
  said_ = false;
}

void FedAware::after_mix(gossip::Mass& mass, double /*learning_rate_sum*/) {
  mass.numerator(anchor_.view());
  stepped_ = false;
}

std::optional<gossip::Note> FedAware::note() {
  if (std::exchange(said_, true)) return std::nullopt;
  Direction own = own_direction();
  if (!std::isfinite(own.length)) return std::nullopt;
  return gossip::Note{.topic = gossip::Note::Topic::kDirection,
                      .numbers = {own.length},
                      .sketch = std::move(own.sketch)};
}

void FedAware::visit_state(StateVisitor& visitor) {
  visitor.vector("momentum", momentum_.view());
  visitor.vector("anchor", anchor_.view());
  visitor.flag("known", known_);
  visitor.flag("stepped", stepped_);
}

}  // namespace peers
