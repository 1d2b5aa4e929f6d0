#pragma once
// Datagrams to all who listen at a port of this network, and theirs: UDP broadcast over IPv4.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace runtime {

struct BeaconSocketOptions {
  std::uint16_t port = 0;  // that all use; sockets of one machine share it. 0: a free one
  // This machine only: 127.255.255.255, and nothing that comes from elsewhere. Otherwise the
  // networks of all interfaces as well.
  bool local_only = true;
};

// One thread. No call waits.
class BeaconSocket {
 public:
  // Refused: a port that somebody holds for themselves.
  [[nodiscard]] static Result<std::unique_ptr<BeaconSocket>> open(
      const BeaconSocketOptions& options);
  ~BeaconSocket();
  BeaconSocket(const BeaconSocket&) = delete;
  BeaconSocket& operator=(const BeaconSocket&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // To every network, the sender's own socket included. Best effort; the networks are looked up
  // anew each time, since they come and go. False: it got onto none.
  bool send(std::span<const std::byte> datagram);

  // The oldest datagram that has come, up to `bytes_max` of it; longer ones are skipped. Empty:
  // there is none.
  [[nodiscard]] std::vector<std::byte> receive(std::size_t bytes_max);

  [[nodiscard]] int descriptor() const { return descriptor_; }  // readable: something has come

 private:
  BeaconSocket(int descriptor, std::uint16_t port, bool local_only)
      : descriptor_(descriptor), port_(port), local_only_(local_only) {}

  int descriptor_;
  std::uint16_t port_;
  bool local_only_;
};

}  // namespace runtime
