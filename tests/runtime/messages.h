#pragma once
// Messages whose content a test can foresee.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "runtime/frame.h"
#include "runtime/transport.h"

// `size` bytes that depend on their place and on `salt`.
inline std::vector<std::byte> pattern(std::size_t size, std::uint32_t salt) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = salt * 2654435761U + 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

inline runtime::Frame frame_of(std::size_t size, std::uint32_t salt) {
  return runtime::Frame::of(pattern(size, salt));
}

inline bool holds(const runtime::Frame& frame, const std::vector<std::byte>& expected) {
  return frame.size() == expected.size() &&
         (expected.empty() ||
          std::memcmp(frame.bytes().data(), expected.data(), expected.size()) == 0);
}

// A message of one frame of `size` bytes, at least 4, that starts with `number`.
inline std::vector<runtime::Frame> numbered(std::uint32_t number, std::size_t size = 4) {
  std::vector<std::byte> bytes(size);
  std::memcpy(bytes.data(), &number, sizeof number);
  return {runtime::Frame::of(std::move(bytes))};
}

inline std::uint32_t number_of(const runtime::Delivery& delivery) {
  std::uint32_t number = 0;
  std::memcpy(&number, delivery.frames.at(0).bytes().data(), sizeof number);
  return number;
}
