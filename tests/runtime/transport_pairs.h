#pragma once
// Two connected peers in each of the worlds that runtime/transport.h promises the same of. A pair
// has the transports of Alice and Bob, lets time pass, and can end and restart Bob.

#include <memory>
#include <optional>
#include <string>

#include "runtime/sim_network.h"
#include "runtime/zmq_transport.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

inline constexpr runtime::PeerId kAlice{0};
inline constexpr runtime::PeerId kBob{1};
inline constexpr runtime::PeerId kNobody{99};

// Times a test lets pass before it gives up on what it waits for. With ZeroMQ each is at most
// kMoment, so this bounds a failure, not a success.
inline constexpr int kMomentsMax = 6000;
inline constexpr runtime::Duration kMoment = std::chrono::milliseconds(10);

inline runtime::ZmqOptions patient_options(runtime::PeerId self, const std::string& listen) {
  return {.self = self, .listen = listen, .queue_messages_max = 8};
}

inline std::unique_ptr<runtime::ZmqTransport> open_zmq(const runtime::ZmqOptions& options) {
  auto opened = runtime::ZmqTransport::open(options);
  INFO((opened ? std::string("open") : opened.error().message));
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

// Listens at a tcp port that was free a moment ago and whose successor is free too.
inline std::unique_ptr<runtime::ZmqTransport> open_zmq_at_given_port(
    runtime::PeerId self, const std::optional<runtime::CurveOptions>& curve = {}) {
  for (int attempt = 0; attempt < 200; ++attempt) {
    const std::string free =
        open_zmq(patient_options(self, "tcp://127.0.0.1:0"))->address().control;
    runtime::ZmqOptions options = patient_options(self, free);
    options.curve = curve;
    if (auto opened = runtime::ZmqTransport::open(options)) return std::move(opened).value();
  }
  FAIL("no two free ports in a row");
  return nullptr;
}

class ZmqPair {
 public:
  runtime::Transport& alice() { return *alice_; }
  runtime::Transport& bob() { return *bob_; }
  // Lets something happen, or a moment pass.
  void pass_time() {
    alice_->wait(kMoment / 2);
    if (bob_) bob_->wait(kMoment / 2);
  }
  void kill_bob() { bob_.reset(); }
  // At the address he had; nobody tells Alice.
  void restart_bob() {
    runtime::ZmqOptions options = patient_options(kBob, bob_address_.control);
    options.curve = curve_;
    bob_ = open_zmq(options);
    REQUIRE(bob_->connect(kAlice, alice_->address()).ok());
  }

 protected:
  ZmqPair(std::unique_ptr<runtime::ZmqTransport> alice, std::unique_ptr<runtime::ZmqTransport> bob,
          std::optional<runtime::CurveOptions> curve = {})
      : alice_(std::move(alice)),
        bob_(std::move(bob)),
        bob_address_(bob_->address()),
        curve_(std::move(curve)) {
    REQUIRE(alice_->connect(kBob, bob_address_).ok());
    REQUIRE(bob_->connect(kAlice, alice_->address()).ok());
  }

 private:
  std::unique_ptr<runtime::ZmqTransport> alice_;
  std::unique_ptr<runtime::ZmqTransport> bob_;
  runtime::Address bob_address_;
  std::optional<runtime::CurveOptions> curve_;
};

class TcpPair : public ZmqPair {
 public:
  TcpPair() : ZmqPair(open_zmq_at_given_port(kAlice), open_zmq_at_given_port(kBob)) {}
};

class IpcPair : private TemporaryFolder, public ZmqPair {
 public:
  IpcPair()
      : ZmqPair(open_zmq(patient_options(kAlice, "ipc://" + path() + "/alice")),
                open_zmq(patient_options(kBob, "ipc://" + path() + "/bob"))) {}
};

// Two peers that share a key.
class CurvePair : public ZmqPair {
 public:
  CurvePair() : CurvePair(runtime::CurveOptions{.keys = runtime::generate_keys()}) {}

 private:
  explicit CurvePair(const runtime::CurveOptions& curve)
      : ZmqPair(open_zmq_at_given_port(kAlice, curve), open_zmq_at_given_port(kBob, curve), curve) {
  }
};

class SimPair {
 public:
  runtime::Transport& alice() { return network_.transport_of(kAlice); }
  runtime::Transport& bob() { return network_.transport_of(kBob); }
  void pass_time() { (void)network_.run_next_event(); }
  void kill_bob() { network_.set_alive(kBob, false); }
  void restart_bob() { network_.set_alive(kBob, true); }

 private:
  runtime::SimNetwork network_{2, 1};
};
