#pragma once
// What a program that is no peer may say to a socket that listens.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "runtime/random.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

// A plain tcp connection to the port of `endpoint`; -1: refused.
class RawConnection {
 public:
  explicit RawConnection(const std::string& endpoint) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto port = std::stoul(endpoint.substr(endpoint.rfind(':') + 1));
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const void* generic = &address;
    REQUIRE(::connect(socket_, static_cast<const sockaddr*>(generic), sizeof address) == 0);
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // Writes until done or until the other side has had enough.
  void write(const std::string& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count =
          ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count <= 0) return;
      done += static_cast<std::size_t>(count);
    }
  }

  // Reads until the other side has hung up; false: it said so much without doing so.
  bool is_hung_up_on() {
    std::array<char, 4096> bytes{};
    for (int reads = 0; reads < 1000; ++reads)
      if (::recv(socket_, bytes.data(), bytes.size(), 0) <= 0) return true;
    return false;
  }

 private:
  int socket_;
};

inline std::string random_bytes(runtime::Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}
