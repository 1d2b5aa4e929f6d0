#pragma once
// Flat buffers of numbers on one device, and windows into them. A view knows where, how many and of
// which type; it owns nothing. Shapes are said where they matter, by the operator
// (kernels/shapes.h).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "runtime/check.h"

namespace kernels {

// f32 is what networks train in; f64 is for the laboratory (vector algebra and the reference
// operators only); i32 holds labels; bf16, as its bits, what is read as a factor of products alone
// (Backend::takes_rounded()).
enum class Scalar : std::uint8_t { kF32, kF64, kI32, kBf16 };

[[nodiscard]] constexpr std::size_t bytes_of(Scalar scalar) {
  if (scalar == Scalar::kBf16) return 2;
  return scalar == Scalar::kF64 ? 8 : 4;
}
// What operators compute in.
[[nodiscard]] constexpr bool is_real(Scalar scalar) {
  return scalar == Scalar::kF32 || scalar == Scalar::kF64;
}

template <typename T>
inline constexpr Scalar kScalarOf = Scalar::kF32;
template <>
inline constexpr Scalar kScalarOf<double> = Scalar::kF64;
template <>
inline constexpr Scalar kScalarOf<std::int32_t> = Scalar::kI32;
template <>
inline constexpr Scalar kScalarOf<std::uint16_t> = Scalar::kBf16;

// A read-only window. The memory may be a device's: only a backend may look inside, unless the view
// is of host memory.
class ConstView {
 public:
  ConstView() = default;
  ConstView(const void* data, std::size_t count, Scalar scalar)
      : data_(data), count_(count), scalar_(scalar) {}
  template <typename T>
  // NOLINTNEXTLINE(google-explicit-constructor): host memory is a view of itself
  ConstView(std::span<T> host)
      : data_(host.data()), count_(host.size()), scalar_(kScalarOf<std::remove_const_t<T>>) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return count_ * bytes_of(scalar_); }
  [[nodiscard]] Scalar scalar() const { return scalar_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const void* data() const { return data_; }

  // The numbers themselves, of the type that the view says (a CHECK otherwise).
  template <typename T>
  [[nodiscard]] std::span<const T> as() const {
    CHECK(scalar_ == kScalarOf<T>);
    return {static_cast<const T*>(data_), count_};
  }
  [[nodiscard]] ConstView slice(std::size_t offset, std::size_t count) const {
    CHECK(offset <= count_ && count <= count_ - offset);
    ConstView part(static_cast<const std::byte*>(data_) + offset * bytes_of(scalar_), count,
                   scalar_);
    if (rounded_ != nullptr) part.rounded_ = rounded_ + offset;
    return part;
  }

  // The same window for who reads these numbers as factors only, with them rounded to bf16 beside
  // it, which whoever writes them keeps up to date (Backend::round()).
  [[nodiscard]] ConstView beside(ConstView rounded) const {
    CHECK(rounded.count() == count_);
    ConstView both = *this;
    both.rounded_ = rounded.as<std::uint16_t>().data();
    return both;
  }
  // Those; empty where nobody keeps them.
  [[nodiscard]] ConstView rounded() const {
    return rounded_ == nullptr ? ConstView() : ConstView(rounded_, count_, Scalar::kBf16);
  }

 private:
  const void* data_ = nullptr;
  const std::uint16_t* rounded_ = nullptr;
  std::size_t count_ = 0;
  Scalar scalar_ = Scalar::kF32;
};

// A window that may be written through. A const View still writes: like a pointer, it is the window
// that is const.
class View {
 public:
  View() = default;
  View(void* data, std::size_t count, Scalar scalar)
      : data_(data), count_(count), scalar_(scalar) {}
  template <typename T>
  // NOLINTNEXTLINE(google-explicit-constructor): host memory is a view of itself
  View(std::span<T> host) : data_(host.data()), count_(host.size()), scalar_(kScalarOf<T>) {}
  // NOLINTNEXTLINE(google-explicit-constructor): what may be written may be read
  operator ConstView() const { return {data_, count_, scalar_}; }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return count_ * bytes_of(scalar_); }
  [[nodiscard]] Scalar scalar() const { return scalar_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] void* data() const { return data_; }

  template <typename T>
  [[nodiscard]] std::span<T> as() const {
    CHECK(scalar_ == kScalarOf<T>);
    return {static_cast<T*>(data_), count_};
  }
  [[nodiscard]] View slice(std::size_t offset, std::size_t count) const {
    CHECK(offset <= count_ && count <= count_ - offset);
    return {static_cast<std::byte*>(data_) + offset * bytes_of(scalar_), count, scalar_};
  }

 private:
  void* data_ = nullptr;
  std::size_t count_ = 0;
  Scalar scalar_ = Scalar::kF32;
};

// Memory of one device, aligned to 64 bytes. Moves, does not copy; must not outlive the backend
// that allocated it.
class Buffer {
 public:
  Buffer() = default;
  Buffer(std::shared_ptr<void> memory, std::size_t count, Scalar scalar)
      : memory_(std::move(memory)), view_(memory_.get(), count, scalar) {}
  Buffer(Buffer&&) = default;
  Buffer& operator=(Buffer&&) = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() = default;

  [[nodiscard]] View view() { return view_; }
  [[nodiscard]] ConstView view() const { return view_; }
  [[nodiscard]] std::size_t count() const { return view_.count(); }

 private:
  std::shared_ptr<void> memory_;
  View view_;
};

}  // namespace kernels
