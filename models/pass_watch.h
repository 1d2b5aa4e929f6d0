#pragma once

#include <string_view>

namespace models {

// Looks on while a network computes, layer by layer: for a trace. On the network's thread.
class PassWatch {
 public:
  PassWatch() = default;
  virtual ~PassWatch() = default;
  PassWatch(const PassWatch&) = delete;
  PassWatch& operator=(const PassWatch&) = delete;

  // `pass`: "forward" or "backward". What the device was given before has been done.
  virtual void begin(std::string_view pass, std::string_view layer) = 0;
  virtual void end() = 0;
};

}  // namespace models
