#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace runtime {

// Bytes of a message: immutable, shared, never copied on their way to a socket. A frame keeps
// whatever owns its bytes alive (a snapshot of a model, a buffer of the network library), so it may
// outlive the peer that built it and be dropped on any thread. Copying a frame copies a reference.
class Frame {
 public:
  Frame() = default;
  Frame(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  // Part of this frame, sharing its owner. The range must lie inside.
  [[nodiscard]] Frame slice(std::size_t offset, std::size_t count) const {
    return {owner_, bytes_.subspan(offset, count)};
  }

  // The same bytes, with an owner of their own.
  [[nodiscard]] Frame copy() const { return of({bytes_.begin(), bytes_.end()}); }

  // A frame that owns these bytes.
  [[nodiscard]] static Frame of(std::vector<std::byte> bytes) {
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    const std::span<const std::byte> view(*owner);
    return {std::move(owner), view};
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

}  // namespace runtime
