#pragma once

#include <algorithm>

#include "models/datasets/dataset.h"

// Samples whose two pixels are their own index, in classes that take turns.
class NumberedDataset final : public models::Dataset {
 public:
  explicit NumberedDataset(std::size_t size, std::size_t classes = 10)
      : size_(size), classes_(classes) {}

  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] models::ImageShape shape() const override {
    return {.height = 1, .width = 2, .channels = 1};
  }
  [[nodiscard]] std::size_t classes() const override { return classes_; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return static_cast<std::int32_t>(index % classes_);
  }
  void read(std::size_t index, std::span<float> out) const override {
    std::ranges::fill(out, static_cast<float>(index));
  }

 private:
  std::size_t size_;
  std::size_t classes_;
};
