#include "runtime/zmq_sockets.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/zmq_endpoint.h"
#include "runtime/zmq_gate.h"

namespace runtime {
namespace {

constexpr char kRoutingTag = 'p';
constexpr std::size_t kRoutingBytes = 1 + sizeof(std::uint64_t);
constexpr std::size_t kLaunchedRoutingBytes = kRoutingBytes + sizeof(std::uint64_t);
// Below this, copying costs less than the allocation and the callback of a lent frame.
constexpr std::size_t kLentBytesMin = 1024;
// Of an idle connection to a host that is gone: until the system notices. ZeroMQ's own heartbeats
// would be sooner, but a process that stood still for longer than they allow, and whose connections
// were closed meanwhile, is aborted by ZeroMQ 4.3.4 when its timers go on (its issues 4364, 4841).
// Whom to talk to is the membership's to know, not the socket's.
constexpr int kKeepAliveIdleSeconds = 10;
constexpr int kKeepAliveIntervalSeconds = 5;
constexpr int kKeepAlivesMax = 6;
constexpr int kRedialMillisecondsMin = 50;
constexpr int kRedialMillisecondsMax = 1000;
// Also how long who was turned away waits before it tries again.
constexpr int kHandshakeMillisecondsMax = 2000;

int milliseconds(Duration span) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<int>(std::clamp<std::int64_t>(count, 0, std::numeric_limits<int>::max()));
}

// What waits in queues is memory beside the models, and there is a queue for each sender: so it is
// bounded in bytes too. Two large messages are enough to keep a connection busy, since the system
// holds some more.
int queue_messages_max(Channel channel, const ZmqOptions& options) {
  constexpr std::size_t kQueueBytes = 2U << 20U;
  constexpr std::size_t kMessagesMin = 2;
  std::size_t messages = options.queue_messages_max;
  if (channel == Channel::kBulk)
    messages = std::min(messages, std::max(kMessagesMin, kQueueBytes / options.message_bytes_max));
  return static_cast<int>(messages);
}

// What CURVE wraps around a frame counts against the limit too.
std::int64_t frame_bytes_max(Channel channel, const ZmqOptions& options) {
  constexpr std::int64_t kCurveBytes = 64;
  const std::size_t bytes =
      channel == Channel::kControl ? options.control_bytes_max : options.message_bytes_max;
  return static_cast<std::int64_t>(bytes) + (options.curve ? kCurveBytes : 0);
}

void set_common_options(zmq::socket_t& socket, Channel channel, const ZmqOptions& options) {
  const int queue_max = queue_messages_max(channel, options);
  socket.set(zmq::sockopt::sndhwm, queue_max);
  socket.set(zmq::sockopt::rcvhwm, queue_max);
  socket.set(zmq::sockopt::maxmsgsize, frame_bytes_max(channel, options));
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMillisecondsMax);
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, kKeepAliveIdleSeconds);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, kKeepAliveIntervalSeconds);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, kKeepAlivesMax);
}

// Were there no gate, ZeroMQ would let everybody in, but nothing they say would carry a key.
void guard(zmq::socket_t& router, const CurveOptions& curve) {
  router.set(zmq::sockopt::curve_server, true);
  router.set(zmq::sockopt::curve_secretkey, curve.keys.secret_key);
  router.set(zmq::sockopt::zap_domain, std::string(ZmqGate::kDomain));
}

void prove(zmq::socket_t& dealer, const CurveOptions& curve, const std::string& server_key) {
  dealer.set(zmq::sockopt::curve_serverkey, server_key);
  dealer.set(zmq::sockopt::curve_publickey, curve.keys.public_key);
  dealer.set(zmq::sockopt::curve_secretkey, curve.keys.secret_key);
}

Error cannot_listen(const std::string& endpoint, int reason) {
  if (reason == EADDRINUSE)
    return Error{fmt::format("{} is already in use by another program or peer", endpoint)};
  if (reason == EADDRNOTAVAIL || reason == ENODEV)
    return Error{fmt::format("{} is not an address of this machine", endpoint)};
  return Error{fmt::format("cannot listen at {}: {}", endpoint, zmq_strerror(reason))};
}

void take_back(void* /*bytes*/, void* lent_frame) {
  auto* const lent = static_cast<LentFrame*>(lent_frame);
  CHECK(lent->lent.load(std::memory_order_acquire));  // before it is read: another thread wrote it
  const auto back = std::move(lent->self);
}

// Copies or lends. `const` is cast away for an interface that knows no reader. Out of memory, the
// only failure, ends the process.
zmq::message_t message_of(const Frame& frame, MessageParts& parts) noexcept {
  if (frame.size() < kLentBytesMin) return {frame.bytes().data(), frame.size()};
  const auto lent = parts.lent.take();
  lent->frame = frame;
  lent->self = lent;
  lent->lent.store(true, std::memory_order_release);
  void* bytes = const_cast<std::byte*>(frame.bytes().data());
  return {bytes, frame.size(), take_back, lent.get()};
}

Frame frame_of(std::shared_ptr<ReceivedPart> part) {
  const std::span bytes(part->message.data<const std::byte>(), part->message.size());
  return {std::move(part), bytes};
}

// The C calls, because theirs are return values where the C++ ones throw at a mere signal.
bool send_part(zmq::socket_t& socket, zmq::message_t part, bool last) {
  const int flags = ZMQ_DONTWAIT | (last ? 0 : ZMQ_SNDMORE);
  while (true) {
    if (zmq_msg_send(part.handle(), socket.handle(), flags) >= 0) return true;
    if (errno == EINTR) continue;
    CHECK(errno == EAGAIN);
    return false;
  }
}

bool receive_part(zmq::socket_t& socket, zmq::message_t& part) {
  while (true) {
    if (zmq_msg_recv(part.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0) return true;
    if (errno == EINTR) continue;
    CHECK(errno == EAGAIN);
    return false;
  }
}

// What ZeroMQ says of the connection, and the gate of who is at its end.
Origin origin_of(zmq::message_t& part) {
  Origin origin;
  if (const char* key = zmq_msg_gets(part.handle(), "User-Id")) origin.key = key;
  origin.descriptor = zmq_msg_get(part.handle(), ZMQ_SRCFD);
  return origin;
}

void append(std::string& routing_id, std::uint64_t number) {
  for (std::size_t i = sizeof number; i-- > 0;)
    routing_id.push_back(static_cast<char>((number >> (8 * i)) & 0xffU));
}

std::uint64_t number_at(std::span<const std::byte> routing_id, std::size_t offset) {
  std::uint64_t number = 0;
  for (const std::byte byte : routing_id.subspan(offset, sizeof number))
    number = (number << 8U) | std::to_integer<std::uint64_t>(byte);
  return number;
}

std::uint32_t host_of(const sockaddr_storage& name) {
  sockaddr_in internet{};
  std::memcpy(&internet, &name, sizeof internet);
  return internet.sin_addr.s_addr;
}

}  // namespace

std::string routing_id_of(PeerId id, std::uint64_t launch) {
  std::string routing_id(1, kRoutingTag);
  append(routing_id, value_of(id));
  if (launch != 0) append(routing_id, launch);
  return routing_id;
}

std::optional<PeerId> peer_of(std::span<const std::byte> routing_id, std::uint64_t launch) {
  const bool launched = routing_id.size() == kLaunchedRoutingBytes;
  if (!launched && routing_id.size() != kRoutingBytes) return std::nullopt;
  if (std::to_integer<char>(routing_id.front()) != kRoutingTag) return std::nullopt;
  const bool elsewhere = launched && launch != 0 && launch != number_at(routing_id, kRoutingBytes);
  if (elsewhere) return std::nullopt;
  return PeerId{number_at(routing_id, 1)};
}

const std::string& endpoint_for(const Address& address, Channel channel) {
  return channel == Channel::kControl ? address.control : address.bulk;
}

Result<zmq::socket_t> listen_at(zmq::context_t& context, const Address& address, Channel channel,
                                const ZmqOptions& options) {
  const std::string& endpoint = endpoint_for(address, channel);
  if (is_ipc_in_use(endpoint)) return cannot_listen(endpoint, EADDRINUSE);
  try {
    zmq::socket_t router(context, zmq::socket_type::router);
    set_common_options(router, channel, options);
    if (options.curve) guard(router, *options.curve);
    router.set(zmq::sockopt::linger, 0);  // it says nothing that would be worth waiting for
    // A peer that was restarted takes over from the connection of its former self.
    router.set(zmq::sockopt::router_handover, true);
    router.bind(endpoint);
    return router;
  } catch (const zmq::error_t& error) {
    return cannot_listen(endpoint, error.num());
  }
}

Status dial(zmq::socket_t& dealer, const Address& address, Channel channel,
            const ZmqOptions& options) {
  const std::string& endpoint = endpoint_for(address, channel);
  try {
    set_common_options(dealer, channel, options);
    if (options.curve) prove(dealer, *options.curve, address.key);
    dealer.set(zmq::sockopt::linger, milliseconds(options.linger));
    dealer.set(zmq::sockopt::routing_id, routing_id_of(options.self, options.launch));
    dealer.set(zmq::sockopt::immediate, true);
    dealer.set(zmq::sockopt::reconnect_ivl, kRedialMillisecondsMin);
    dealer.set(zmq::sockopt::reconnect_ivl_max, kRedialMillisecondsMax);
    dealer.set(zmq::sockopt::connect_timeout, kHandshakeMillisecondsMax);
    dealer.connect(endpoint);
    return {};
  } catch (const zmq::error_t& error) {
    return Error{fmt::format("cannot dial {}: {}", endpoint, error.what())};
  }
}

std::string endpoint_of(const zmq::socket_t& socket) {
  return socket.get(zmq::sockopt::last_endpoint);
}

void close_now(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.close();
}

bool send_message(zmq::socket_t& dealer, std::span<const Frame> frames, MessageParts& parts) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool last = i + 1 == frames.size();
    if (send_part(dealer, message_of(frames[i], parts), last)) continue;
    // The connection broke between two frames. ZeroMQ has taken back the first ones and drops
    // everything up to the end of this message, so that end has to come.
    if (i > 0 && !last) CHECK(send_part(dealer, zmq::message_t(), true));
    return false;
  }
  return true;
}

Received receive_message(zmq::socket_t& router, std::uint64_t launch, Delivery& delivery,
                         Origin& origin, MessageParts& parts) {
  delivery.frames.clear();
  origin = {};
  zmq::message_t routing_id;
  if (!receive_part(router, routing_id)) return Received::kNothing;
  const auto from = peer_of({routing_id.data<const std::byte>(), routing_id.size()}, launch);
  bool more = routing_id.more();
  bool whole = from.has_value() && more;
  while (more) {
    std::shared_ptr<ReceivedPart> part = parts.received.take();
    if (!receive_part(router, part->message)) return Received::kRefused;
    more = part->message.more();
    if (!more) origin = origin_of(part->message);
    whole = whole && delivery.frames.size() < kMessageFramesMax;
    if (whole) delivery.frames.push_back(frame_of(std::move(part)));
  }
  if (!whole) return Received::kRefused;
  delivery.from = *from;
  return Received::kMessage;
}

bool receive_frames(zmq::socket_t& socket, std::vector<Frame>& frames, MessageParts& parts) {
  frames.clear();
  for (bool more = true; more;) {
    std::shared_ptr<ReceivedPart> part = parts.received.take();
    if (!receive_part(socket, part->message)) return false;
    more = part->message.more();
    if (frames.size() < kMessageFramesMax) frames.push_back(frame_of(std::move(part)));
  }
  return true;
}

bool came_from_here(const Origin& origin) {
  if (origin.descriptor < 0) return false;
  sockaddr_storage theirs{};
  sockaddr_storage ours{};
  const auto name_with = [&](auto* ask, sockaddr_storage& name) {
    socklen_t size = sizeof name;
    void* generic = &name;
    return ask(origin.descriptor, static_cast<sockaddr*>(generic), &size) == 0;
  };
  if (!name_with(::getpeername, theirs) || !name_with(::getsockname, ours)) return false;
  if (theirs.ss_family == AF_UNIX) return true;
  return theirs.ss_family == AF_INET && host_of(theirs) == host_of(ours);
}

void cut(const Origin& origin) {
  if (origin.descriptor >= 0) ::shutdown(origin.descriptor, SHUT_RDWR);
}

void wait_for_any(std::span<zmq::pollitem_t> items, Duration timeout) {
  const int count = zmq_poll(items.data(), static_cast<int>(items.size()), milliseconds(timeout));
  CHECK(count >= 0 || errno == EINTR);
}

}  // namespace runtime
