#pragma once
// Somebody in the middle of a tcp connection: passes everything on and keeps what the one who
// dialled said.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

// Of the first connection that comes; later ones are not answered.
class Wiretap {
 public:
  explicit Wiretap(const std::string& endpoint) : listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
    REQUIRE(::bind(listening_, loopback(0), sizeof(sockaddr_in)) == 0);
    REQUIRE(::listen(listening_, 1) == 0);
    socklen_t size = sizeof at_;
    void* const generic = &at_;
    REQUIRE(::getsockname(listening_, static_cast<sockaddr*>(generic), &size) == 0);
    port_ = ntohs(at_.sin_port);
    beyond_ = static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
    thread_ = std::thread([this] { run(); });
  }
  ~Wiretap() {
    (void)stop();
    ::close(listening_);
  }
  Wiretap(const Wiretap&) = delete;
  Wiretap& operator=(const Wiretap&) = delete;

  [[nodiscard]] std::string endpoint() const { return fmt::format("tcp://127.0.0.1:{}", port_); }
  // Ends the connection. What was said over it.
  std::string stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return said_;
  }

 private:
  const sockaddr* loopback(std::uint16_t port) {
    at_.sin_family = AF_INET;
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at_.sin_port = htons(port);
    const void* generic = &at_;
    return static_cast<const sockaddr*>(generic);
  }

  [[nodiscard]] bool waits(int descriptor) const {
    pollfd readable{descriptor, POLLIN, 0};
    return ::poll(&readable, 1, 10) > 0;
  }

  // False once one side has hung up.
  bool pass(int from, int to, std::string* record) {
    if (!waits(from)) return true;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    if (record != nullptr) record->append(bytes.data(), static_cast<std::size_t>(count));
    return ::send(to, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
  }

  void run() {
    while (!stopping_ && !waits(listening_)) continue;
    if (stopping_) return;
    const int dialler = ::accept(listening_, nullptr, nullptr);
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(server, loopback(beyond_), sizeof(sockaddr_in)) == 0)
      while (!stopping_ && pass(dialler, server, &said_) && pass(server, dialler, nullptr))
        continue;
    ::close(dialler);
    ::close(server);
  }

  int listening_;
  sockaddr_in at_{};
  std::uint16_t port_ = 0;
  std::uint16_t beyond_ = 0;
  std::atomic<bool> stopping_ = false;
  std::string said_;
  std::thread thread_;
};
