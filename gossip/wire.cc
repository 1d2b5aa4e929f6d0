#include "gossip/wire.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "gossip/digest.h"
#include "gossip/wire.capnp.h"
#include "runtime/check.h"

namespace gossip {
namespace {

using Words = kj::Array<capnp::word>;
using Frames = std::vector<runtime::Frame>;

runtime::Frame frame_of(Words words) {
  const auto owner = std::make_shared<const Words>(kj::mv(words));
  const kj::ArrayPtr<const kj::byte> bytes = owner->asBytes();
  return {owner, std::as_bytes(std::span(bytes.begin(), bytes.size()))};
}

// Room for the whole message, so that it is one segment.
unsigned first_segment_words(const Body& body) {
  constexpr std::size_t kFixedWords = 32;
  const auto* said = std::get_if<Acknowledgement>(&body);
  if (said == nullptr) return kFixedWords;
  const std::size_t sketch_words = said->sketch ? said->sketch->size() / 2 + 1 : 0;
  return static_cast<unsigned>(kFixedWords + said->sequences.size() + sketch_words);
}

void write(const Parcel& parcel, wire::Header::Builder header) {
  wire::Parcel::Builder body = header.initParcel();
  body.setRound(parcel.round);
  body.setBlock(parcel.block);
  body.setSequence(parcel.sequence);
  body.setShare(parcel.share);
  body.setWeight(parcel.weight);
  body.setChecksum(parcel.checksum);
  body.setCodec(static_cast<wire::Codec>(parcel.codec));
}

void write(const Acknowledgement& acknowledgement, wire::Header::Builder header) {
  CHECK(acknowledgement.sequences.size() <= kAcknowledgedMax);
  wire::Acknowledgement::Builder body = header.initAcknowledgement();
  body.setIncarnation(acknowledgement.incarnation);
  auto sequences = body.initSequences(static_cast<unsigned>(acknowledgement.sequences.size()));
  for (unsigned i = 0; i < sequences.size(); ++i) sequences.set(i, acknowledgement.sequences[i]);
  if (!acknowledgement.sketch) return;
  auto sketch = body.initSketch(static_cast<unsigned>(acknowledgement.sketch->size()));
  for (unsigned i = 0; i < sketch.size(); ++i) sketch.set(i, (*acknowledgement.sketch)[i]);
}

void write(const Heartbeat& heartbeat, wire::Header::Builder header) {
  wire::Heartbeat::Builder body = header.initHeartbeat();
  body.setPhase(static_cast<wire::Phase>(heartbeat.progress.phase));
  body.setStep(heartbeat.progress.step);
  body.setStepSeconds(heartbeat.progress.step_seconds);
  body.setRound(heartbeat.progress.round);
}

void write(const Goodbye& /*goodbye*/, wire::Header::Builder header) { header.setGoodbye(); }

using Read = std::variant<Message, Refusal>;

// ZeroMQ hands small frames over unaligned, and Cap'n Proto reads aligned words only. Headers are
// small: always copy.
std::optional<Words> words_of(const runtime::Frame& frame) {
  if (frame.size() == 0 || frame.size() > kHeaderBytesMax) return std::nullopt;
  if (frame.size() % sizeof(capnp::word) != 0) return std::nullopt;
  Words words = kj::heapArray<capnp::word>(frame.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), frame.bytes().data(), frame.size());
  return words;
}

bool is_aligned(const runtime::Frame& frame, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(frame.bytes().data()) % alignment == 0;
}

runtime::Frame aligned(const runtime::Frame& frame, std::size_t alignment) {
  if (is_aligned(frame, alignment)) return frame;
  // A vector's memory comes from operator new and fits any number.
  return runtime::Frame::of({frame.bytes().begin(), frame.bytes().end()});
}

bool is_possible(double share, double weight, double weight_max) {
  if (!(share > 0.0 && share <= 1.0)) return false;  // also NaN
  if (!(weight > 0.0 && weight <= weight_max)) return false;
  return share * weight > 0.0;  // two tiny factors: numbers without any weight
}

// The run's codec, or f32, which every run takes.
std::optional<CodecId> codec_of(wire::Parcel::Reader body, const Terms& terms) {
  const auto number = static_cast<std::uint16_t>(body.getCodec());
  if (number >= codec_names().size()) return std::nullopt;
  const auto codec = static_cast<CodecId>(number);
  const bool accepted =
      terms.decoder == nullptr ? codec == CodecId::kF32 : terms.decoder->accepts(codec);
  if (!accepted) return std::nullopt;
  return codec;
}

std::size_t payload_bytes(CodecId codec, std::uint32_t block, const Terms& terms) {
  if (codec == CodecId::kF32) return terms.layout->bytes(block);
  return terms.decoder->payload_bytes(codec, block);
}

// The numbers that came, once they are known to be those that were sent.
std::variant<runtime::Frame, Refusal> read_payload(wire::Parcel::Reader body, CodecId codec,
                                                   const runtime::Frame& came, const Terms& terms) {
  if (codec != CodecId::kF32) {
    const runtime::Frame payload = aligned(came, Codec::kAlignment);
    if (checksum(payload.bytes()) != body.getChecksum()) return Refusal::kWrongChecksum;
    const std::optional<runtime::Frame> numbers = terms.decoder->numbers(payload, body.getBlock());
    if (!numbers) return Refusal::kWrongCodec;
    return *numbers;
  }
  const kernels::Scalar scalar = terms.layout->scalar();
  const std::size_t number_bytes = kernels::bytes_of(scalar);
  const runtime::Frame payload = aligned(came, number_bytes);
  Digest digest;
  digest.add_all({payload.bytes().data(), payload.size() / number_bytes, scalar});
  if (digest.checksum() != body.getChecksum()) return Refusal::kWrongChecksum;
  if (!digest.finite()) return Refusal::kNotFinite;
  return payload;
}

std::variant<Body, Refusal> read(wire::Parcel::Reader body, const Frames& frames,
                                 const Terms& terms) {
  if (frames.size() != 2) return Refusal::kMalformed;
  if (body.getBlock() >= terms.layout->block_count()) return Refusal::kWrongBlock;
  const std::optional<CodecId> codec = codec_of(body, terms);
  if (!codec) return Refusal::kWrongCodec;
  if (frames[1].size() != payload_bytes(*codec, body.getBlock(), terms))
    return Refusal::kWrongBlock;
  if (!is_possible(body.getShare(), body.getWeight(), terms.weight_max))
    return Refusal::kImpossibleWeight;
  const auto payload = read_payload(body, *codec, frames[1], terms);
  if (const auto* refusal = std::get_if<Refusal>(&payload)) return *refusal;
  return Parcel{.round = body.getRound(),
                .block = body.getBlock(),
                .sequence = body.getSequence(),
                .share = body.getShare(),
                .weight = body.getWeight(),
                .checksum = body.getChecksum(),
                .payload = std::get<runtime::Frame>(payload)};
}

std::variant<Body, Refusal> read(wire::Acknowledgement::Reader body, const Terms& terms) {
  const auto sequences = body.getSequences();
  const auto sketch = body.getSketch();
  if (sequences.size() > kAcknowledgedMax) return Refusal::kMalformed;
  if (sketch.size() != 0 && sketch.size() != terms.sketch_size) return Refusal::kMalformed;
  Acknowledgement acknowledgement{.incarnation = body.getIncarnation(), .sequences = {}};
  acknowledgement.sequences.reserve(sequences.size());
  for (const std::uint64_t sequence : sequences) acknowledgement.sequences.push_back(sequence);
  if (sketch.size() == 0) return acknowledgement;
  std::vector<float> numbers;
  numbers.reserve(sketch.size());
  for (const float number : sketch) numbers.push_back(number);
  if (!std::ranges::all_of(numbers, [](float number) { return std::isfinite(number); }))
    return Refusal::kNotFinite;
  acknowledgement.sketch = std::make_shared<const std::vector<float>>(std::move(numbers));
  return acknowledgement;
}

std::variant<Body, Refusal> read(wire::Heartbeat::Reader body) {
  const auto phase = static_cast<std::uint16_t>(body.getPhase());
  if (phase > static_cast<std::uint16_t>(Phase::kDrained)) return Refusal::kMalformed;
  const double step_seconds = body.getStepSeconds();
  if (!(step_seconds >= 0.0) || std::isinf(step_seconds)) return Refusal::kMalformed;
  return Heartbeat{.progress = {.phase = static_cast<Phase>(phase),
                                .step = body.getStep(),
                                .step_seconds = step_seconds,
                                .round = body.getRound()}};
}

std::variant<Body, Refusal> read_body(wire::Header::Reader header, const Frames& frames,
                                      const Terms& terms) {
  if (!header.isParcel() && frames.size() != 1) return Refusal::kMalformed;
  switch (header.which()) {
    case wire::Header::PARCEL:
      return read(header.getParcel(), frames, terms);
    case wire::Header::ACKNOWLEDGEMENT:
      return read(header.getAcknowledgement(), terms);
    case wire::Header::HEARTBEAT:
      return read(header.getHeartbeat());
    case wire::Header::GOODBYE:
      return Goodbye{};
  }
  return Refusal::kMalformed;  // a tag that this version does not know
}

Read read_message(const Words& words, const runtime::Delivery& delivery, const Terms& terms) {
  // Pointers may share what they point at; a message that is read once never costs more than it is
  // long.
  capnp::FlatArrayMessageReader reader(
      words, {.traversalLimitInWords = words.size() + 1, .nestingLimit = 4});
  if (reader.getEnd() != words.end()) return Refusal::kMalformed;
  const auto header = reader.getRoot<wire::Header>();
  if (header.getVersion() != kProtocolVersion) return Refusal::kWrongVersion;
  if (header.getFingerprint() != terms.fingerprint) return Refusal::kOtherRun;
  if (runtime::PeerId{header.getSender()} != delivery.from) return Refusal::kWrongSender;
  const std::variant<Body, Refusal> body = read_body(header, delivery.frames, terms);
  const Body* said = std::get_if<Body>(&body);
  if (said == nullptr) return std::get<Refusal>(body);
  Message message{.from = {.id = delivery.from,
                           .incarnation = header.getIncarnation(),
                           .fingerprint = header.getFingerprint()},
                  .body = *said};
  return message;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMalformed:
      return "malformed";
    case Refusal::kWrongVersion:
      return "wrong version";
    case Refusal::kOtherRun:
      return "other run";
    case Refusal::kWrongSender:
      return "wrong sender";
    case Refusal::kUnknownPeer:
      return "unknown peer";
    case Refusal::kFromTheDead:
      return "from the dead";
    case Refusal::kWrongBlock:
      return "wrong block";
    case Refusal::kWrongCodec:
      return "wrong codec";
    case Refusal::kImpossibleWeight:
      return "impossible weight";
    case Refusal::kWrongChecksum:
      return "wrong checksum";
    case Refusal::kNotFinite:
      return "not finite";
    case Refusal::kOutOfWindow:
      return "out of window";
  }
  CHECK(false);
}

std::vector<runtime::Frame> encode(const Sender& from, const Body& body) {
  capnp::MallocMessageBuilder builder(first_segment_words(body));
  auto header = builder.initRoot<wire::Header>();
  header.setVersion(kProtocolVersion);
  header.setFingerprint(from.fingerprint);
  header.setSender(runtime::value_of(from.id));
  header.setIncarnation(from.incarnation);
  std::visit([&](const auto& said) { write(said, header); }, body);
  std::vector<runtime::Frame> frames{frame_of(capnp::messageToFlatArray(builder))};
  if (const auto* parcel = std::get_if<Parcel>(&body)) frames.push_back(parcel->payload);
  return frames;
}

std::variant<Message, Refusal> decode(const runtime::Delivery& delivery, const Terms& terms) {
  if (delivery.frames.empty()) return Refusal::kMalformed;
  const std::optional<Words> words = words_of(delivery.frames.front());
  if (!words) return Refusal::kMalformed;
  try {
    return read_message(*words, delivery, terms);
  } catch (const kj::Exception&) {  // out of bounds, of another type, nested or traversed too far
    return Refusal::kMalformed;
  }
}

}  // namespace gossip
