#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/fits.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

enum class Part : std::size_t { kQuery, kKey, kValue };

// Where the operands of one head of one sample lie.
class Head {
 public:
  Head(const AttentionShape& shape, std::size_t sample, std::size_t head)
      : shape_(shape), first_token_(sample * shape.tokens), head_(head) {}

  [[nodiscard]] std::size_t in(Part part, std::size_t token, std::size_t i) const {
    const std::size_t block = static_cast<std::size_t>(part) * shape_.heads + head_;
    return ((first_token_ + token) * 3 * shape_.heads + block) * shape_.width + i;
  }
  [[nodiscard]] std::size_t out(std::size_t token, std::size_t i) const {
    return ((first_token_ + token) * shape_.heads + head_) * shape_.width + i;
  }

 private:
  const AttentionShape& shape_;
  std::size_t first_token_;
  std::size_t head_;
};

template <typename Action>
void for_heads(const AttentionShape& shape, Action action) {
  for (std::size_t sample = 0; sample < shape.batch; ++sample)
    for (std::size_t head = 0; head < shape.heads; ++head) action(Head(shape, sample, head));
}

double scale_of(const AttentionShape& shape) {
  return 1.0 / std::sqrt(static_cast<double>(shape.width));
}

// How much of each token `token` takes in: as many numbers as it attends to, of sum 1.
template <typename T>
std::vector<double> shares(const AttentionShape& shape, const Head& head, std::span<const T> in,
                           std::size_t token) {
  std::vector<double> shares(shape.causal ? token + 1 : shape.tokens, 0.0);
  for (std::size_t other = 0; other < shares.size(); ++other)
    for (std::size_t i = 0; i < shape.width; ++i)
      shares[other] += scale_of(shape) * static_cast<double>(in[head.in(Part::kQuery, token, i)]) *
                       static_cast<double>(in[head.in(Part::kKey, other, i)]);
  const double top = *std::ranges::max_element(shares);
  double sum = 0.0;
  for (double& share : shares) sum += share = std::exp(share - top);
  for (double& share : shares) share /= sum;
  return shares;
}

template <typename T>
void forward(const AttentionShape& shape, const Head& head, std::span<const T> in,
             std::span<T> out) {
  for (std::size_t token = 0; token < shape.tokens; ++token) {
    const std::vector<double> p = shares(shape, head, in, token);
    for (std::size_t i = 0; i < shape.width; ++i) {
      double sum = 0.0;
      for (std::size_t other = 0; other < p.size(); ++other)
        sum += p[other] * static_cast<double>(in[head.in(Part::kValue, other, i)]);
      out[head.out(token, i)] = static_cast<T>(sum);
    }
  }
}

// What one token's output says of the operands it was made from. With p its shares, d_p = values
// d_out and s the scores: d_s = p (d_p - sum of p d_p), d_value = p d_out.
template <typename T>
void backward(const AttentionShape& shape, const Head& head, std::size_t token,
              std::span<const T> in, std::span<const T> d_out, std::vector<double>& d_in) {
  const std::vector<double> p = shares(shape, head, in, token);
  const auto number = [&](Part part, std::size_t at, std::size_t i) {
    return static_cast<double>(in[head.in(part, at, i)]);
  };
  std::vector<double> d_p(p.size(), 0.0);
  double sum = 0.0;
  for (std::size_t other = 0; other < p.size(); ++other) {
    for (std::size_t i = 0; i < shape.width; ++i) {
      const auto d = static_cast<double>(d_out[head.out(token, i)]);
      d_p[other] += d * number(Part::kValue, other, i);
      d_in[head.in(Part::kValue, other, i)] += p[other] * d;
    }
    sum += p[other] * d_p[other];
  }
  for (std::size_t other = 0; other < p.size(); ++other) {
    const double d_score = scale_of(shape) * p[other] * (d_p[other] - sum);
    for (std::size_t i = 0; i < shape.width; ++i) {
      d_in[head.in(Part::kQuery, token, i)] += d_score * number(Part::kKey, other, i);
      d_in[head.in(Part::kKey, other, i)] += d_score * number(Part::kQuery, token, i);
    }
  }
}

}  // namespace

void ReferenceBackend::attention_forward(const AttentionShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for_heads(shape, [&](const Head& head) { forward<T>(shape, head, in.as<T>(), out.as<T>()); });
  });
}

void ReferenceBackend::attention_backward(const AttentionShape& shape, ConstView in,
                                          ConstView d_out, View d_in) {
  CHECK(fits(shape, in, d_out) && fits(shape, d_in, d_out));
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    std::vector<double> sums(d_in.count(), 0.0);
    for_heads(shape, [&](const Head& head) {
      for (std::size_t token = 0; token < shape.tokens; ++token)
        backward<T>(shape, head, token, in.as<T>(), d_out.as<T>(), sums);
    });
    for (std::size_t i = 0; i < sums.size(); ++i) d_in.as<T>()[i] = static_cast<T>(sums[i]);
  });
}

}  // namespace kernels::reference
