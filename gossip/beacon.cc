#include "gossip/beacon.h"

#include <algorithm>
#include <string_view>

#include "gossip/contact.h"
#include "gossip/digest.h"
#include "runtime/check.h"

namespace gossip {
namespace {

constexpr std::string_view kMagic = "MMRB";

void put(std::vector<std::byte>& bytes, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    bytes.push_back(static_cast<std::byte>(value >> (8 * i) & 0xFFU));
}

// Takes numbers and texts off the front; what is not there makes all that follows nothing.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    const std::span<const std::byte> taken = take(count);
    for (std::size_t i = 0; i < taken.size(); ++i)
      value |= std::uint64_t{std::to_integer<std::uint8_t>(taken[i])} << (8 * i);
    return value;
  }
  std::string text(std::size_t count) {
    std::string read;
    for (const std::byte each : take(count)) read.push_back(static_cast<char>(each));
    return read;
  }
  [[nodiscard]] bool ended() const { return whole_ && rest_.empty(); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> take(std::size_t count) {
    whole_ = whole_ && count <= rest_.size();
    if (!whole_) return {};
    const std::span<const std::byte> taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  std::span<const std::byte> rest_;
  bool whole_ = true;
};

// Letters that stand for themselves in a log.
bool is_plain(const std::string& text) {
  return std::ranges::all_of(text, [](char letter) { return letter > ' ' && letter <= '~'; });
}

void put(std::vector<std::byte>& bytes, std::string_view text) {
  put(bytes, text.size(), 1);
  for (const char letter : text) bytes.push_back(static_cast<std::byte>(letter));
}

// Takes a decimal number up to `most` off the front, without superfluous zeros.
std::optional<unsigned> take_number(std::string_view& text, unsigned most) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > 5 || (digits > 1 && text.front() == '0')) return std::nullopt;
  unsigned number = 0;
  for (const char digit : text.substr(0, digits))
    number = 10 * number + static_cast<unsigned>(digit - '0');
  text.remove_prefix(digits);
  return number <= most ? std::optional(number) : std::nullopt;
}

// The first number of the host of what is_beacon_address().
constexpr std::string_view kTcp = "tcp://";
unsigned network_of(std::string_view control) {
  control.remove_prefix(kTcp.size());
  return take_number(control, 255).value_or(0);
}

}  // namespace

bool is_beacon_address(std::string_view control) {
  if (!control.starts_with(kTcp)) return false;
  control.remove_prefix(kTcp.size());
  for (const char end : {'.', '.', '.', ':'}) {
    if (!take_number(control, 255) || !control.starts_with(end)) return false;
    control.remove_prefix(1);
  }
  const auto port = take_number(control, 65535);
  return port && *port > 0 && control.empty();
}

std::vector<std::byte> encode_beacon(const Beacon& beacon) {
  CHECK(is_beacon_address(beacon.control) && beacon.key.size() <= kKeyBytesMax);
  std::vector<std::byte> bytes;
  for (const char letter : kMagic) bytes.push_back(static_cast<std::byte>(letter));
  put(bytes, kBeaconVersion, 1);
  put(bytes, static_cast<std::uint64_t>(beacon.kind), 1);
  put(bytes, beacon.fingerprint, 8);
  put(bytes, runtime::value_of(beacon.id), 8);
  put(bytes, beacon.control);
  put(bytes, beacon.key);
  put(bytes, checksum(bytes), 8);
  return bytes;
}

std::optional<Beacon> decode_beacon(std::span<const std::byte> datagram) {
  constexpr std::size_t kChecksumBytes = 8;
  if (datagram.size() > kBeaconBytesMax || datagram.size() < kChecksumBytes) return std::nullopt;
  const auto said = datagram.first(datagram.size() - kChecksumBytes);
  Reader last(datagram.last(kChecksumBytes));
  if (last.number(kChecksumBytes) != checksum(said)) return std::nullopt;
  Reader reader(said);
  if (reader.text(kMagic.size()) != kMagic) return std::nullopt;
  if (reader.number(1) != kBeaconVersion) return std::nullopt;
  const std::uint64_t kind = reader.number(1);
  Beacon beacon{.kind = static_cast<Beacon::Kind>(kind),
                .fingerprint = reader.number(8),
                .id = runtime::PeerId{reader.number(8)},
                .control = reader.text(reader.number(1)),
                .key = reader.text(reader.number(1))};
  const bool known = kind <= static_cast<std::uint64_t>(Beacon::Kind::kMember);
  if (!known || !reader.ended() || !is_beacon_address(beacon.control)) return std::nullopt;
  if (beacon.key.size() > kKeyBytesMax || !is_plain(beacon.key)) return std::nullopt;
  return beacon;
}

Discovery::Discovery(Options options, runtime::Instant now)
    : options_(std::move(options)), since_(now), say_at_(now) {}

Discovery::State Discovery::state(runtime::Instant now) const {
  if (!found(now).empty()) return State::kFound;
  if (now - since_ < options_.patience) return State::kSeeking;
  // Who was heard lately will be the first, or hears of one who is; who fell silent will not, and
  // who says it for so long only says it.
  const bool yields = lower_heard_at_ && is_recent(*lower_heard_at_, now);
  return yields && now - since_ < options_.yield_max ? State::kSeeking : State::kFirst;
}

void Discovery::seek_again(runtime::Instant now) {
  since_ = now;
  found_.clear();
  lower_heard_at_.reset();
}

std::vector<Discovery::Found> Discovery::found(runtime::Instant now) const {
  std::vector<Found> recent;
  for (const Found& each : found_)
    if (is_recent(each.heard_at, now)) recent.push_back(each);
  return recent;
}

bool Discovery::is_believed(const Beacon& beacon) const {
  constexpr unsigned kLoopback = 127;
  constexpr unsigned kMulticast = 224;  // from there on no host has an address
  const unsigned network = network_of(beacon.control);
  // Another machine's loopback leads nowhere but to our own.
  if (options_.local_only != (network == kLoopback)) return false;
  if (network == 0 || network >= kMulticast) return false;
  return authorized_ == nullptr ? beacon.key.empty() : authorized_->contains(beacon.key);
}

// Of one peer the last address holds.
void Discovery::note(const Beacon& beacon, runtime::Instant now) {
  const Found heard{beacon.id, {.control = beacon.control, .bulk = "", .key = beacon.key}, now};
  std::erase_if(found_, [&](const Found& each) { return !is_recent(each.heard_at, now); });
  const auto known = std::ranges::find(found_, beacon.id, &Found::peer);
  if (known != found_.end())
    *known = heard;
  else if (found_.size() < kFoundMax)
    found_.push_back(heard);
}

void Discovery::hear(std::span<const std::byte> datagram, runtime::Instant now) {
  const std::optional<Beacon> beacon = decode_beacon(datagram);
  if (!beacon) return static_cast<void>(++dropped_.malformed);
  if (beacon->fingerprint != options_.fingerprint) return static_cast<void>(++dropped_.other_run);
  if (beacon->id == options_.self) return;  // our own, come back
  if (!is_believed(*beacon)) return static_cast<void>(++dropped_.not_believed);
  if (beacon->kind == Beacon::Kind::kSeeking) {
    if (beacon->id < options_.self) lower_heard_at_ = now;
    return;
  }
  if (tellers_.size() < kTellersMax && std::ranges::count(tellers_, beacon->id) == 0)
    tellers_.push_back(beacon->id);
  note(*beacon, now);
}

std::optional<std::vector<std::byte>> Discovery::take_beacon(runtime::Instant now) {
  if (now < say_at_) return std::nullopt;
  say_at_ = now + options_.interval;
  const bool told = tellers_.size() >= kTellersMax;
  tellers_.clear();
  if (member_ && told && silent_ < kSilentMax) {
    ++silent_;
    return std::nullopt;
  }
  silent_ = 0;
  return encode_beacon({.kind = member_ ? Beacon::Kind::kMember : Beacon::Kind::kSeeking,
                        .fingerprint = options_.fingerprint,
                        .id = options_.self,
                        .control = options_.address.control,
                        .key = options_.address.key});
}

}  // namespace gossip
