#pragma once
// Messages as they come from a network, for tests of the wire: one sender, one layout, one run.

#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gossip/wire.h"
#include "tests/support/snapshots.h"

namespace test {

inline constexpr gossip::Sender kSender{
    .id = runtime::PeerId{3}, .incarnation = 17, .fingerprint = 0xFEEDFACECAFEBEEFULL};
inline constexpr std::size_t kSketchSize = 4;
inline constexpr double kWeightMax = 4.0;

// Three blocks: 2, 2 and 1 doubles.
inline const gossip::BlockLayout& small_layout() {
  static const gossip::BlockLayout layout(5, 16, kernels::Scalar::kF64);
  return layout;
}

inline gossip::Parcel a_parcel() {
  gossip::Parcel parcel = parcel_of<double>({1.5, -2.5}, 0.25, 0.75);
  parcel.round = 9;
  parcel.block = 1;
  parcel.sequence = 28;
  return parcel;
}

inline gossip::Hello a_hello() {
  return {.self = {.id = kSender.id,
                   .incarnation = kSender.incarnation,
                   .name = "anna",
                   .address = {.control = "tcp://10.0.0.1:7000", .bulk = "tcp://10.0.0.1:7001"}},
          .terms = "run = r\n",
          .ready = true};
}

inline gossip::Report a_report(std::size_t members) {
  gossip::Report report{
      .self = a_hello().self,
      .terms = "run = r\n",
      .progress = {.phase = gossip::Phase::kMixing, .step = 7, .step_seconds = 0.5},
      .steps = 9,
      .loss = std::numeric_limits<double>::quiet_NaN(),
      .precision = "f32 (bf16 asked)",
      .batch = 32,
      .noise = {{"all", 1.5, 0.0}, {"conv1 to conv3", 2.5, 3.5}},
      .parcels_clipped = 33,
      .leaving = true,
      .standing = gossip::Standing::kStarved,
      .members_living = 3,
      .members_known = 4};
  for (std::uint64_t i = 0; i < members; ++i)
    report.members.push_back({.id = runtime::PeerId{i},
                              .incarnation = 2,
                              .name = std::string(gossip::kNameBytesMax, 'n'),
                              .state = gossip::MemberState::kSuspect,
                              .progress = {.step = 5},
                              .frozen = true,
                              .silent_seconds = 0.25,
                              .edge = {.parcels_in_flight = 6, .refused = 8, .clipped = 9}});
  return report;
}

inline gossip::Donation a_donation() {
  const gossip::Parcel parcel = a_parcel();
  return {.block = 1, .checksum = parcel.checksum, .payload = parcel.payload};
}

inline runtime::Delivery delivery_of(const gossip::Body& body,
                                     const gossip::Sender& from = kSender) {
  return {.from = from.id, .frames = gossip::encode(from, body)};
}

inline std::variant<gossip::Message, gossip::Refusal> decode(const runtime::Delivery& delivery) {
  return gossip::decode(delivery, {.fingerprint = kSender.fingerprint,
                                   .layout = &small_layout(),
                                   .weight_max = kWeightMax,
                                   .sketch_size = kSketchSize});
}

inline std::vector<std::byte> bytes_of(const runtime::Frame& frame) {
  return {frame.bytes().begin(), frame.bytes().end()};
}

// The same bytes, `offset` bytes behind an aligned address.
inline runtime::Frame moved(const runtime::Frame& frame, std::size_t offset) {
  std::vector<std::byte> bytes(offset);
  bytes.insert(bytes.end(), frame.bytes().begin(), frame.bytes().end());
  return runtime::Frame::of(std::move(bytes)).slice(offset, frame.size());
}

}  // namespace test
