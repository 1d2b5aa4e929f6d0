#pragma once
// Small parts of gossip for tests: peers by number, snapshots and parcels of given numbers.

#include <cstddef>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "gossip/digest.h"
#include "gossip/layout.h"
#include "gossip/parcel.h"
#include "gossip/wire.h"
#include "runtime/peer_id.h"

namespace test {

inline std::vector<runtime::PeerId> peers(std::size_t count) {
  std::vector<runtime::PeerId> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(runtime::PeerId{i});
  return ids;
}

inline std::vector<std::uint32_t> all_blocks(const gossip::BlockLayout& layout) {
  std::vector<std::uint32_t> blocks(layout.block_count());
  std::iota(blocks.begin(), blocks.end(), 0U);
  return blocks;
}

template <typename T>
runtime::Frame frame_of(std::span<const T> numbers) {
  const std::span<const std::byte> bytes = std::as_bytes(numbers);
  return runtime::Frame::of({bytes.begin(), bytes.end()});
}

// A snapshot of the estimate `z` (as many numbers as the layout has) with one weight for all
// blocks.
template <typename T>
std::shared_ptr<const gossip::Snapshot> snapshot_of(const gossip::BlockLayout& layout,
                                                    const std::vector<T>& z, double weight = 1.0) {
  auto snapshot = std::make_shared<gossip::Snapshot>();
  snapshot->z = frame_of(std::span<const T>(z));
  snapshot->weights.assign(layout.block_count(), weight);
  for (std::uint32_t block = 0; block < layout.block_count(); ++block) {
    const gossip::BlockRange range = layout.range(block);
    snapshot->checksums.push_back(gossip::checksum(
        snapshot->z.slice(range.offset * sizeof(T), range.count * sizeof(T)).bytes()));
  }
  return snapshot;
}

template <typename T>
gossip::Parcel parcel_of(const std::vector<T>& z, double share = 0.5, double weight = 1.0) {
  gossip::Parcel parcel{
      .share = share, .weight = weight, .payload = frame_of(std::span<const T>(z))};
  parcel.checksum = gossip::checksum(parcel.payload.bytes());
  return parcel;
}

}  // namespace test
