#include "runtime/zmq_gate.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/check.h"

namespace runtime {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
// The folder is looked at so often: who is taken out is out well within a second.
constexpr long kLookMilliseconds = 200;
constexpr std::size_t kStrangersMax = 64;  // told apart; more are counted only
constexpr std::size_t kKeyBytes = 32;

// A request: version, number, domain, address, routing id, mechanism, and the client's key.
enum Part : std::size_t { kVersion, kNumber, kDomainPart, kAddress, kRoutingId, kMechanism, kKey };

std::vector<std::string> receive_parts(zmq::socket_t& door) {
  std::vector<std::string> parts;
  zmq::message_t part;
  do {
    if (zmq_msg_recv(part.handle(), door.handle(), ZMQ_DONTWAIT) < 0) return {};
    parts.push_back(part.to_string());
  } while (part.more());
  return parts;
}

void send_parts(zmq::socket_t& door, const std::array<std::string, 6>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int flags = i + 1 < parts.size() ? ZMQ_SNDMORE : 0;
    while (zmq_send(door.handle(), parts[i].data(), parts[i].size(), flags) < 0)
      CHECK(errno == EINTR);
  }
}

std::string written(const std::string& key_bytes) {
  std::array<char, 41> text{};
  std::array<std::uint8_t, kKeyBytes> bytes{};
  std::memcpy(bytes.data(), key_bytes.data(), kKeyBytes);
  return zmq_z85_encode(text.data(), bytes.data(), bytes.size());
}

}  // namespace

Result<std::unique_ptr<ZmqGate>> ZmqGate::open(zmq::context_t& context, const CurveOptions& options,
                                               std::function<void()> changed) {
  auto keys = AuthorizedKeys::open(options.keys.public_key, options.authorized);
  if (!keys) return keys.error();
  try {
    zmq::socket_t door(context, zmq::socket_type::rep);
    door.set(zmq::sockopt::linger, 0);
    door.bind(kEndpoint);
    std::unique_ptr<ZmqGate> gate(
        new ZmqGate(std::move(door), options, std::move(keys).value()));  // NOLINT: private
    gate->look_again();                                                   // before anybody asks
    gate->changed_ = std::move(changed);
    gate->thread_ = std::thread([self = gate.get()] { self->run(); });
    return gate;
  } catch (const zmq::error_t& error) {
    return Error{fmt::format("cannot guard connections: {}", error.what())};
  }
}

ZmqGate::ZmqGate(zmq::socket_t door, CurveOptions options, std::unique_ptr<AuthorizedKeys> keys)
    : door_(std::move(door)),
      options_(std::move(options)),
      authorized_(std::move(keys)),
      stop_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHECK(stop_fd_ >= 0);
}

ZmqGate::~ZmqGate() {
  const std::uint64_t one = 1;
  CHECK(::write(stop_fd_, &one, sizeof one) > 0);
  thread_.join();
  ::close(stop_fd_);
}

void ZmqGate::run() {
  while (true) {
    std::array<zmq_pollitem_t, 2> items{{{door_.handle(), 0, ZMQ_POLLIN, 0},  //
                                         {nullptr, stop_fd_, ZMQ_POLLIN, 0}}};
    const int count = zmq_poll(items.data(), static_cast<int>(items.size()), kLookMilliseconds);
    CHECK(count >= 0 || errno == EINTR);
    if (items[1].revents != 0) return;
    look_again();
    if (items[0].revents != 0) answer();
  }
}

// 200 lets in; 300 hangs up without a word, and who is turned away may try again: its key may have
// been authorized since. ZeroMQ never dials again after any other.
void ZmqGate::answer() {
  const std::vector<std::string> asked = receive_parts(door_);
  if (asked.size() <= kNumber) return;
  const bool curve =
      asked.size() == kKey + 1 && asked[kMechanism] == "CURVE" && asked[kKey].size() == kKeyBytes;
  const std::string key = curve ? written(asked[kKey]) : "";
  const bool admits = curve && admitted()->contains(key);
  if (!admits) turn_away(key, asked.size() > kAddress ? asked[kAddress] : "");
  // What is sent over the connection carries the user id: receive_message() reads it.
  send_parts(door_, {asked[kVersion], asked[kNumber], admits ? "200" : "300",
                     admits ? "OK" : "not authorized", admits ? key : "", ""});
}

void ZmqGate::look_again() {
  const auto before = admitted();
  for (const std::string& line : authorized_->refresh()) note(line);
  if (admitted() != before && changed_) changed_();
}

void ZmqGate::turn_away(const std::string& key, const std::string& address) {
  ++turned_away_;
  if (!strangers_.contains(key) && strangers_.size() == kStrangersMax) return;
  const std::uint64_t count = ++strangers_[key];
  if (std::has_single_bit(count))
    note(fmt::format("turned away {} ({} times): its key {} is not authorized", address, count,
                     key));
}

void ZmqGate::note(const std::string& line) const {
  if (options_.note) options_.note(line);
}

}  // namespace runtime
