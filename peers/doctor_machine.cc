// The part of doctor that looks at this machine.
#include <fmt/format.h>

#include <string>

#include "kernels/open_backend.h"
#include "peers/doctor.h"
#include "peers/loopback.h"
#include "runtime/advertise.h"
#include "runtime/interfaces.h"
#include "runtime/zmq_endpoint.h"
#include "runtime/zmq_transport.h"

namespace peers {
namespace {

using State = Finding::State;

constexpr runtime::Duration kMeasured{500'000'000};
// Slower than any network that peers would use: something is in the way.
constexpr double kBytesPerSecondMin = 20e6;

Finding look_at_device() {
  const auto opened = kernels::open_backend({.device = "auto", .threads = 1});
  if (!opened)
    return {.check = "device",
            .state = State::kWrong,
            .what = opened.error().message,
            .next = "nothing can be trained here before that is mended"};
  const std::string name(opened->backend->name());
  Finding found{.check = "device",
                .what = opened->backend->description(),
                .next = fmt::format("murmur bench train --device {} says how fast it is", name),
                .figures = {{"device", name}}};
  if (opened->notice.empty()) return found;
  found.what += "; " + opened->notice;
  found.next = "fine where no GPU is meant to be used; otherwise mend that, and " + found.next;
  return found;
}

Finding look_at_networks() {
  std::string all;
  std::string first;
  for (const runtime::Interface& each : runtime::interfaces()) {
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", each.name, each.address);
    if (!each.loopback && first.empty()) first = each.address;
  }
  Finding found{.check = "networks", .what = all, .figures = {{"address", first}}};
  if (all.empty()) {
    found.state = State::kWrong;
    found.what = "no network interface with an IPv4 address is up, not even the loopback";
    found.next = "ip link set lo up";
  } else if (first.empty()) {
    found.state = State::kNote;
    found.what += ": none but the loopback";
    found.next = "peers on this machine only; for others bring a network up (ip addr)";
  } else {
    found.next = fmt::format(
        "for peers on other machines set peer.listen = \"tcp://{}:7000\" and security.mode = "
        "\"curve\" (murmur keygen); without that they are on this machine only",
        first);
  }
  return found;
}

Finding look_at_ports(const std::string& listen) {
  const std::string wanted = listen.empty() ? "tcp://127.0.0.1:0" : listen;
  const auto opened = runtime::ZmqTransport::open({.self = runtime::PeerId{1}, .listen = wanted});
  if (!opened)
    return {.check = "ports",
            .state = State::kWrong,
            .what = opened.error().message,
            .next =
                "choose other ports (peer.listen), or port 0 for any that are free; ss -ltnp "
                "says who has one",
            .figures = {{"listen", wanted}}};
  const runtime::Address& bound = (*opened)->address();
  return {.check = "ports",
          .what = fmt::format("{} and {} can be listened at", bound.control, bound.bulk),
          .next = listen.empty()
                      ? "to have fixed ones, for a firewall: peer.listen = \"tcp://HOST:7000\" "
                        "takes 7000 and 7001; --listen tries them"
                      : fmt::format("murmur peer FILE --set peer.listen={}", listen),
          .figures = {{"listen", bound.control}, {"listen_bulk", bound.bulk}}};
}

Finding look_at_loopback() {
  const auto speed = measure_loopback(kMeasured);
  if (!speed)
    return {.check = "loopback",
            .state = State::kWrong,
            .what = speed.error().message,
            .next = "let 127.0.0.1 talk to itself: ip addr show lo, nft list ruleset"};
  const bool slow = speed->bytes_per_second < kBytesPerSecondMin;
  return {.check = "loopback",
          .state = slow ? State::kNote : State::kOk,
          .what = fmt::format("{:.2f} GB/s one way, {:.2f} ms there and back",
                              1e-9 * speed->bytes_per_second, 1e3 * speed->round_trip_seconds),
          .next = slow ? "look for what else is running here (top); peers of one machine share its "
                         "cores"
                       : "murmur bench gossip measures pushes as training makes them",
          .figures = {{"bytes_per_second", speed->bytes_per_second},
                      {"round_trip_seconds", speed->round_trip_seconds}}};
}

}  // namespace

std::vector<Finding> examine_machine(const DoctorOptions& options) {
  return {look_at_device(), look_at_networks(), look_at_ports(options.listen), look_at_loopback()};
}

}  // namespace peers
