#pragma once
// Who may connect: the thread that ZeroMQ asks about every CURVE handshake (ZAP,
// rfc.zeromq.org/spec/27), and that reads the folder of authorized keys again.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <zmq.hpp>

#include "runtime/authorized_keys.h"
#include "runtime/result.h"
#include "runtime/zmq_keys.h"

namespace runtime {

class ZmqGate {
 public:
  static constexpr std::string_view kDomain = "murmur";  // ZMQ_ZAP_DOMAIN of sockets it guards

  // Before the sockets that it guards listen; it must outlive them. `changed` is called on the
  // gate's thread once other keys are authorized. Refused: a folder that cannot be read.
  [[nodiscard]] static Result<std::unique_ptr<ZmqGate>> open(zmq::context_t& context,
                                                             const CurveOptions& options,
                                                             std::function<void()> changed);
  ~ZmqGate();
  ZmqGate(const ZmqGate&) = delete;
  ZmqGate& operator=(const ZmqGate&) = delete;

  [[nodiscard]] std::shared_ptr<const KeyNames> admitted() const { return authorized_->keys(); }
  [[nodiscard]] std::uint64_t turned_away_count() const { return turned_away_; }  // handshakes

 private:
  ZmqGate(zmq::socket_t door, CurveOptions options, std::unique_ptr<AuthorizedKeys> keys);
  void run();
  void answer();
  void look_again();
  void turn_away(const std::string& key, const std::string& address);
  void note(const std::string& line) const;

  zmq::socket_t door_;
  CurveOptions options_;
  std::function<void()> changed_;
  std::unique_ptr<AuthorizedKeys> authorized_;
  std::map<std::string, std::uint64_t> strangers_;  // keys turned away, and how often
  std::atomic<std::uint64_t> turned_away_ = 0;
  int stop_fd_;
  std::thread thread_;  // last: everything above is there before it runs
};

}  // namespace runtime
