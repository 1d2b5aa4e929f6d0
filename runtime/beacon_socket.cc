#include "runtime/beacon_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/interfaces.h"

namespace runtime {
namespace {

// All of this machine, and nobody else. What is sent there reaches every socket that shares the
// port, as a datagram to 127.0.0.1 would not.
constexpr const char* kThisMachine = "127.255.255.255";

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  static_cast<void>(::inet_pton(AF_INET, host, &address.sin_addr));  // all are of our own making
  return address;
}

bool allow(int descriptor, int option) {
  const int yes = 1;
  return ::setsockopt(descriptor, SOL_SOCKET, option, &yes, sizeof yes) == 0;
}

bool bind_to(int descriptor, const sockaddr_in& address) {
  const void* const generic = &address;
  return ::bind(descriptor, static_cast<const sockaddr*>(generic), sizeof address) == 0;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in bound{};
  void* const generic = &bound;
  socklen_t size = sizeof bound;
  const bool found = ::getsockname(descriptor, static_cast<sockaddr*>(generic), &size) == 0;
  return found ? ntohs(bound.sin_port) : std::uint16_t{0};
}

}  // namespace

Result<std::unique_ptr<BeaconSocket>> BeaconSocket::open(const BeaconSocketOptions& options) {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Error{fmt::format("no UDP socket: {}", std::strerror(errno))};
  // Bound to its broadcast address, a socket hears what is broadcast on this machine and nothing
  // of any network.
  const char* const host = options.local_only ? kThisMachine : "0.0.0.0";
  if (!allow(descriptor, SO_REUSEADDR) || !allow(descriptor, SO_BROADCAST) ||
      !bind_to(descriptor, address_of(host, options.port))) {
    const Error error{fmt::format("UDP port {}: {}", options.port, std::strerror(errno))};
    ::close(descriptor);
    return error;
  }
  return std::unique_ptr<BeaconSocket>(
      new BeaconSocket(descriptor, port_of(descriptor), options.local_only));
}

BeaconSocket::~BeaconSocket() { ::close(descriptor_); }

bool BeaconSocket::send(std::span<const std::byte> datagram) {
  std::vector<std::string> hosts{kThisMachine};
  if (!local_only_)
    for (const Interface& each : interfaces())
      if (!each.broadcast.empty()) hosts.push_back(each.broadcast);
  bool sent = false;
  for (const std::string& host : hosts) {
    const sockaddr_in to = address_of(host.c_str(), port_);
    const void* const generic = &to;
    const ssize_t size = ::sendto(descriptor_, datagram.data(), datagram.size(), 0,
                                  static_cast<const sockaddr*>(generic), sizeof to);
    sent = sent || size == static_cast<ssize_t>(datagram.size());
  }
  return sent;
}

std::vector<std::byte> BeaconSocket::receive(std::size_t bytes_max) {
  // So many at a time: who floods the port keeps nobody here from other work.
  constexpr int kSkippedMax = 64;
  std::vector<std::byte> datagram(bytes_max + 1);
  for (int i = 0; i < kSkippedMax; ++i) {
    const ssize_t size = ::recv(descriptor_, datagram.data(), datagram.size(), 0);
    if (size < 0) return {};
    if (size == 0 || size > static_cast<ssize_t>(bytes_max)) continue;
    datagram.resize(static_cast<std::size_t>(size));
    return datagram;
  }
  return {};
}

}  // namespace runtime
