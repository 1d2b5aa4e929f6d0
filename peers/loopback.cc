#include "peers/loopback.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "runtime/zmq_transport.h"

namespace peers {
namespace {

using runtime::Channel;
using runtime::Duration;
using runtime::Frame;
using runtime::Instant;
using runtime::PeerId;
using runtime::ZmqTransport;

constexpr PeerId kOne{1};
constexpr PeerId kOther{2};
constexpr std::size_t kMessageBytes = 1U << 20U;
constexpr std::size_t kSmallBytes = 64;
constexpr std::size_t kRoundTrips = 21;
constexpr Duration kPatience{2'000'000'000};
constexpr Duration kMoment{1'000'000};

Frame frame_of(std::size_t bytes) { return Frame::of(std::vector<std::byte>(bytes)); }

class Loopback {
 public:
  runtime::Status open() {
    for (const auto& [self, end] : {std::pair{kOne, &one_}, std::pair{kOther, &other_}}) {
      auto opened = ZmqTransport::open({.self = self});
      if (!opened) return opened.error();
      *end = std::move(opened).value();
    }
    if (auto dialled = one_->connect(kOther, other_->address()); !dialled) return dialled;
    return other_->connect(kOne, one_->address());
  }

  // False: it did not come within kPatience.
  bool pass(ZmqTransport& from, PeerId to_id, ZmqTransport& to) {
    const Instant begin = clock_.now();
    bool sent = false;
    while (clock_.now() - begin < kPatience) {
      // What is sent before the other end has been reached is not taken.
      if (!sent) sent = from.send(to_id, Channel::kControl, small_) == runtime::Sent::kQueued;
      if (to.receive(arrived_) > 0) return true;
      to.wait(kMoment);
    }
    return false;
  }

  bool there_and_back() { return pass(*one_, kOther, *other_) && pass(*other_, kOne, *one_); }

  double round_trip_seconds() {
    std::vector<double> seconds;
    while (seconds.size() < kRoundTrips) {
      const Instant begin = clock_.now();
      if (!there_and_back()) break;
      seconds.push_back(runtime::to_seconds(clock_.now() - begin));
    }
    std::ranges::sort(seconds);
    return seconds.empty() ? runtime::to_seconds(kPatience) : seconds[seconds.size() / 2];
  }

  double bytes_per_second(Duration span) {
    const std::array message{frame_of(kMessageBytes)};
    const Instant begin = clock_.now();
    double bytes = 0.0;
    while (clock_.now() - begin < span) {
      while (one_->send(kOther, Channel::kBulk, message) == runtime::Sent::kQueued) continue;
      const std::size_t count = other_->receive(arrived_);
      for (std::size_t i = 0; i < count; ++i) arrived_[i] = {};
      bytes += static_cast<double>(count * kMessageBytes);
      if (count == 0) other_->wait(kMoment);
    }
    return bytes / runtime::to_seconds(clock_.now() - begin);
  }

 private:
  runtime::WallClock clock_;
  std::unique_ptr<ZmqTransport> one_;
  std::unique_ptr<ZmqTransport> other_;
  const std::array<Frame, 1> small_{frame_of(kSmallBytes)};
  std::array<runtime::Delivery, 16> arrived_;
};

}  // namespace

runtime::Result<LoopbackSpeed> measure_loopback(Duration span) {
  Loopback loopback;
  if (auto opened = loopback.open(); !opened) return opened.error();
  const runtime::Error nothing{"what one end sends over 127.0.0.1 does not arrive at the other"};
  if (!loopback.there_and_back()) return nothing;
  LoopbackSpeed speed{.bytes_per_second = 0.0, .round_trip_seconds = loopback.round_trip_seconds()};
  speed.bytes_per_second = loopback.bytes_per_second(span);
  if (speed.bytes_per_second == 0.0) return nothing;
  return speed;
}

}  // namespace peers
