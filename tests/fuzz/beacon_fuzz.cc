// Datagrams as anybody on a network may send them, as they are and with a checksum that fits.
#include "gossip/beacon.h"

#include <span>
#include <vector>

#include "gossip/digest.h"
#include "tests/fuzz/input.h"

namespace {

// What is taken for a beacon says what it says in one way, and leads to an address in numbers.
void try_to_read(const std::vector<std::byte>& datagram) {
  const auto beacon = gossip::decode_beacon(datagram);
  if (!beacon) return;
  fuzz::expect(gossip::encode_beacon(*beacon) == datagram);
  fuzz::expect(datagram.size() <= gossip::kBeaconBytesMax);
  fuzz::expect(gossip::is_beacon_address(beacon->control));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> datagram;
  for (const std::uint8_t each : std::span(data, size)) datagram.push_back(std::byte{each});
  try_to_read(datagram);
  const std::uint64_t sum = gossip::checksum(datagram);
  for (std::size_t i = 0; i < 8; ++i) datagram.push_back(static_cast<std::byte>(sum >> (8 * i)));
  try_to_read(datagram);
  return 0;
}
