// Messages as a stranger may send them. The first byte: the run's codec. The next four: how long
// the first frame is, little-endian; the rest is the second, if there is any.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "gossip/codec.h"
#include "gossip/decoder.h"
#include "gossip/wire.h"
#include "tests/fuzz/input.h"

namespace {

constexpr std::uint64_t kFingerprint = 0xFEEDFACECAFEBEEFULL;
constexpr std::size_t kHeadBytes = 5;

runtime::Frame frame_of(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::transform(data, data + size, bytes.begin(),
                 [](std::uint8_t byte) { return std::byte{byte}; });
  return runtime::Frame::of(std::move(bytes));
}

// What was not refused has to hold what the rest of the program takes for granted.
void check(const gossip::Message& message, const gossip::BlockLayout& layout) {
  if (const auto* parcel = std::get_if<gossip::Parcel>(&message.body)) {
    fuzz::expect(parcel->block < layout.block_count());
    fuzz::expect(parcel->payload.size() == layout.bytes(parcel->block));
    fuzz::expect(parcel->mass() > 0.0 && std::isfinite(parcel->mass()));
    fuzz::expect(std::isfinite(parcel->squared_norm));
  }
  if (const auto* roster = std::get_if<gossip::Roster>(&message.body))
    fuzz::expect(roster->contacts.size() <= gossip::kContactsMax);
  if (const auto* report = std::get_if<gossip::Report>(&message.body))
    fuzz::expect(report->members.size() <= gossip::kReportedMax);
  if (const auto* request = std::get_if<gossip::Request>(&message.body))
    fuzz::expect(request->block < layout.block_count());
  const std::vector<runtime::Frame> again = gossip::encode(message.from, message.body);
  fuzz::expect(!again.empty() && again.front().size() <= 2 * gossip::kHeaderBytesMax);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHeadBytes) return 0;
  const gossip::BlockLayout layout(5, 8, kernels::Scalar::kF32);
  const auto& names = gossip::codec_names();
  const auto codec = gossip::make_codec({.name = names[data[0] % names.size()].name});
  const gossip::Decoder decoder(**codec, layout);
  std::size_t first = 0;
  for (std::size_t i = 0; i < 4; ++i) first |= std::size_t{data[1 + i]} << (8 * i);
  first = std::min(first, size - kHeadBytes);
  data += kHeadBytes;
  size -= kHeadBytes;
  std::vector<runtime::Frame> frames{frame_of(data, first)};
  if (first < size) frames.push_back(frame_of(data + first, size - first));
  const auto decoded = gossip::decode({runtime::PeerId{3}, runtime::Channel::kBulk, frames},
                                      {.fingerprint = kFingerprint,
                                       .layout = &layout,
                                       .weight_max = 4.0,
                                       .sketch_size = 4,
                                       .decoder = &decoder,
                                       .norms = true});
  if (const auto* message = std::get_if<gossip::Message>(&decoded)) check(*message, layout);
  const auto answer = gossip::decode_answer(frames);
  if (const auto* message = std::get_if<gossip::Message>(&answer)) check(*message, layout);
  return 0;
}
