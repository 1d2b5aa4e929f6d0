// What stands between frames and ZeroMQ's messages is used again: what a steady run allocates is
// bounded by what can be under way at once, and does not grow with the messages.

#include "tests/support/count_allocations.h"

#include <array>
#include <vector>

#include "runtime/zmq_transport.h"
#include "tests/runtime/messages.h"
#include "tests/runtime/transport_pairs.h"

#include "tests/support/catch.h"

using runtime::Channel;
using runtime::Delivery;
using runtime::Frame;
using runtime::Sent;

namespace {

// Two frames as a parcel has them: one that is copied, one that is lent.
class Traffic {
 public:
  Traffic()
      : alice_(open_zmq(patient_options(kAlice, "tcp://127.0.0.1:0"))),
        bob_(open_zmq(patient_options(kBob, "tcp://127.0.0.1:0"))) {
    REQUIRE(alice_->connect(kBob, bob_->address()).ok());
  }

  void pass(int messages) {
    for (int i = 0; i < messages; ++i) {
      for (int moment = 0; alice_->send(kBob, Channel::kBulk, frames_) != Sent::kQueued; ++moment) {
        REQUIRE(moment < kMomentsMax);
        bob_->wait(kMoment);
      }
      for (int moment = 0; bob_->receive(deliveries_) == 0; ++moment) {
        REQUIRE(moment < kMomentsMax);
        bob_->wait(kMoment);
      }
      deliveries_[0].frames.clear();
    }
  }

 private:
  std::unique_ptr<runtime::ZmqTransport> alice_;
  std::unique_ptr<runtime::ZmqTransport> bob_;
  std::vector<Frame> frames_{Frame::of(std::vector<std::byte>(200)),
                             Frame::of(std::vector<std::byte>(100'000))};
  std::array<Delivery, 1> deliveries_;
};

}  // namespace

TEST_CASE("messages of a steady run allocate nothing of ours") {
  Traffic traffic;
  traffic.pass(200);
  // ZeroMQ's thread may have a few more in its hands at once than it had before.
  constexpr std::size_t kUnderWayMax = 100;
  CHECK(count_allocations::in([&] { traffic.pass(2000); }) < kUnderWayMax);
}
