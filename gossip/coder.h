#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gossip/aligned_memory.h"
#include "gossip/device_cells.h"
#include "gossip/encoder.h"
#include "kernels/backend.h"

namespace gossip {

// From numbers where a backend has them to the payloads of one push, and back to what these stand
// for, in the same place: on a device by itself where it can, else on the host. The trainer's.
class Coder {
 public:
  // All outlive it.
  Coder(const Codec& codec, const BlockLayout& layout, kernels::Backend& backend);

  // A push: as Encoder's.
  void begin(std::uint64_t seed, ParcelKind kind);
  // False: not all of x is finite, and nothing of this push may be handed over.
  [[nodiscard]] bool add(std::uint32_t block, kernels::ConstView x, double weight);
  void say(std::uint32_t block, runtime::Frame x);
  [[nodiscard]] std::shared_ptr<const Snapshot> finish();

  // What a block that was added stands for, also after finish(); good until the next call.
  [[nodiscard]] kernels::ConstView read(std::uint32_t block);

 private:
  [[nodiscard]] kernels::View host_numbers(std::uint32_t block) const;

  const Codec* codec_;
  const BlockLayout* layout_;
  kernels::Backend* backend_;
  std::optional<DeviceCells> cells_;  // or else ...
  std::optional<Encoder> encoder_;
  std::vector<std::span<const std::byte>> payloads_;  // ... whose they are, kept by ...
  std::shared_ptr<const Snapshot> made_;
  bool finite_ = true;
  AlignedMemory host_numbers_;  // a block: on its way between a device and the host
  kernels::Buffer numbers_;     // a block: what it stands for
};

}  // namespace gossip
