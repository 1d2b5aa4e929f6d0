#pragma once
// Messages as values, and as frames: one Cap'n Proto header frame, then raw payload frames that are
// never copied. The only files that name capnp are gossip/wire*. Decoding refuses before it trusts.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "gossip/contact.h"
#include "gossip/decoder.h"
#include "gossip/layout.h"
#include "gossip/list.h"
#include "gossip/members.h"
#include "gossip/membership/prober.h"
#include "gossip/membership/rumours.h"
#include "gossip/membership/view_message.h"
#include "gossip/parcel.h"
#include "gossip/report.h"
#include "gossip/sketch.h"
#include "runtime/frame.h"
#include "runtime/pool.h"
#include "runtime/transport.h"

namespace gossip {

struct Acknowledgement {
  std::uint64_t incarnation = 0;  // of the peer whose parcels these are
  List<std::uint64_t> sequences;  // at most kAcknowledgedMax
  // False: they have arrived, and will be acknowledged once more when they have been folded.
  bool folded = true;
  // Of the mass that the one who acknowledges pushed last; null: said before, or none is used.
  std::shared_ptr<const Sketch> sketch = nullptr;
};
struct Heartbeat {
  Progress progress;
  std::uint64_t roster = 0;       // hash of the members that the sender believes alive
  Probe probe{};                  // of whether somebody is there; or nothing is asked
  std::vector<Rumour> rumours{};  // at most kRumoursMax
};
struct Goodbye {};  // the sender is leaving, with nothing under way

inline constexpr std::size_t kAcknowledgedMax = 1024;
inline constexpr std::size_t kHeaderBytesMax = 64U << 10U;  // a larger header frame is malformed
inline constexpr std::uint16_t kProtocolVersion = 2;

using Body = std::variant<Parcel, Acknowledgement, Heartbeat, Goodbye, Hello, Roster, Rejection,
                          Request, Donation, Inquiry, Report, ViewMessage>;

// Who says it. A message of another run or another layout has another fingerprint and is refused,
// but for a Hello or an Inquiry, which are answered, and the Rejection or Report that answers it.
struct Sender {
  runtime::PeerId id{};
  std::uint64_t incarnation = 0;  // grows with each start of the same peer
  std::uint64_t fingerprint = 0;  // of the run: name, architecture, block layout
};

struct Message {
  Sender from;
  Body body;
};

// Why a message was dropped. Counted per peer and reason; never a crash, never a change of mass.
enum class Refusal : std::uint8_t {
  kMalformed,         // the header does not parse, or the frames do not match it
  kWrongVersion,      // another protocol version
  kOtherRun,          // another fingerprint
  kWrongSender,       // the header names another peer than the connection
  kUnknownPeer,       // not a member of this run
  kFromTheDead,       // of a peer that is dead or has left, or of another incarnation than we know
  kWrongBlock,        // no such block, or a payload of another size
  kWrongCodec,        // codec or kind not the run's, or a payload that it never made
  kImpossibleWeight,  // share outside (0, 1], weight not finite, not positive, or more than the run
                      // holds
  kWrongChecksum,
  kNotFinite,     // NaN or infinity in the payload
  kOutOfWindow,   // numbered further ahead than an honest sender can be
  kUnauthorized,  // would be a member, but its key is not authorized here
  kOutlier,       // parameters far larger than one's own (NormLimit)
  kShutOut,       // of somebody who said too much that was refused (ShutOut)
  kTooOften,      // one message too many of its sender within a second (RateLimit)
};
[[nodiscard]] std::string_view to_string(Refusal refusal);  // "wrong block"

// What a valid message must agree with.
struct Terms {
  std::uint64_t fingerprint = 0;
  const BlockLayout* layout = nullptr;
  double weight_max = 0.0;           // no block of any peer can weigh more
  std::size_t sketch_size = 0;       // numbers of a sketch
  const Decoder* decoder = nullptr;  // of the run's codec; none: f32
  ParcelKind kind = ParcelKind::kMass;
  bool norms = false;              // measure parcels: Parcel::squared_norm
  ListMemory memory = heap();      // of what is read; outlives it
  SketchPool* sketches = nullptr;  // of those that come; none: the heap
};

// Where headers are built and lie until they have left; those of a steady run come back.
using HeaderPool = runtime::Pool<std::unique_ptr<std::vector<std::byte>>>;

[[nodiscard]] std::vector<runtime::Frame> encode(const Sender& from, const Body& body);
void encode(const Sender& from, const Body& body, HeaderPool& headers,
            std::vector<runtime::Frame>& frames);  // the same, into `frames`

// Reads what came. Looks at nothing but its arguments, so it may run outside of any lock: a
// parcel's checksum and finiteness, the costly part, are checked here. The payload of a parcel is
// its numbers, aligned: what came, or a copy where that lay badly or was encoded.
[[nodiscard]] std::variant<Message, Refusal> decode(const runtime::Delivery& delivery,
                                                    const Terms& terms);

// What an Inquiry was answered with, by whoever it says it is: a Report or a Rejection.
[[nodiscard]] std::variant<Message, Refusal> decode_answer(
    const std::vector<runtime::Frame>& frames);

}  // namespace gossip
