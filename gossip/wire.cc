#include "gossip/wire.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>
#include <kj/io.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "gossip/digest.h"
#include "gossip/wire_notes.h"
#include "gossip/wire_parts.h"
#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {
namespace {

using Frames = std::vector<runtime::Frame>;

// Room for the whole message, so that it is one segment.
unsigned first_segment_words(const Body& body) {
  constexpr std::size_t kFixedWords = 32;
  std::size_t words = kFixedWords;
  if (const auto* said = std::get_if<Acknowledgement>(&body)) {
    const std::size_t sketch_words = said->sketch ? said->sketch->size() / 2 + 1 : 0;
    words += said->sequences.size() + sketch_words;
  }
  if (const auto* parcel = std::get_if<Parcel>(&body)) words += words_of_notes(parcel->notes);
  if (const auto* report = std::get_if<Report>(&body)) words += words_of_report(*report);
  return static_cast<unsigned>(words);
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
  body.setRecipient(parcel.recipient);
  body.setKind(static_cast<wire::Parcel::Kind>(parcel.kind));
  body.setEra(parcel.era);
  if (!parcel.notes.empty())
    write_notes(parcel.notes, body.initNotes(static_cast<unsigned>(parcel.notes.size())));
}

void write(const Acknowledgement& acknowledgement, wire::Header::Builder header) {
  CHECK(acknowledgement.sequences.size() <= kAcknowledgedMax);
  wire::Acknowledgement::Builder body = header.initAcknowledgement();
  body.setIncarnation(acknowledgement.incarnation);
  auto sequences = body.initSequences(static_cast<unsigned>(acknowledgement.sequences.size()));
  for (unsigned i = 0; i < sequences.size(); ++i) sequences.set(i, acknowledgement.sequences[i]);
  body.setUnfolded(!acknowledgement.folded);
  if (!acknowledgement.sketch) return;
  auto sketch = body.initSketch(static_cast<unsigned>(acknowledgement.sketch->size()));
  for (unsigned i = 0; i < sketch.size(); ++i) sketch.set(i, (*acknowledgement.sketch)[i]);
}

void write(const Probe& probe, wire::Probe::Builder body) {
  body.setKind(static_cast<wire::Probe::Kind>(probe.kind));
  body.setNumber(probe.number);
  body.setAbout(runtime::value_of(probe.about));
  body.setPhase(static_cast<wire::Phase>(probe.phase));
  body.setRound(static_cast<std::uint32_t>(
      std::min<std::uint64_t>(probe.round, std::numeric_limits<std::uint32_t>::max())));
}

void write(const Rumour& rumour, wire::Rumour::Builder body) {
  body.setAbout(runtime::value_of(rumour.about));
  body.setIncarnation(rumour.incarnation);
  body.setRefutation(rumour.refutation);
  body.setState(static_cast<wire::Rumour::State>(rumour.state));
  body.setFrom(runtime::value_of(rumour.from));
}

void write(const Heartbeat& heartbeat, wire::Header::Builder header) {
  wire::Heartbeat::Builder body = header.initHeartbeat();
  write_progress(heartbeat.progress, body);
  body.setRoster(heartbeat.roster);
  if (heartbeat.probe.kind != Probe::Kind::kNone) write(heartbeat.probe, body.initProbe());
  CHECK(heartbeat.rumours.size() <= kRumoursMax);
  if (heartbeat.rumours.empty()) return;
  auto rumours = body.initRumours(static_cast<unsigned>(heartbeat.rumours.size()));
  for (unsigned i = 0; i < rumours.size(); ++i) write(heartbeat.rumours[i], rumours[i]);
}

void write(const Hello& hello, wire::Header::Builder header) {
  wire::Hello::Builder body = header.initHello();
  write_contact(hello.self, body.initSelf());
  body.setTerms(hello.terms);
  body.setReady(hello.ready);
  body.setBeginsAt(hello.begins_at ? *hello.begins_at + 1 : 0);
}

void write(const Roster& roster, wire::Header::Builder header) {
  CHECK(roster.contacts.size() <= kContactsMax);
  wire::Roster::Builder body = header.initRoster();
  auto contacts = body.initContacts(static_cast<unsigned>(roster.contacts.size()));
  for (unsigned i = 0; i < contacts.size(); ++i) write_contact(roster.contacts[i], contacts[i]);
  write_progress(roster.progress, body.initProgress());
}

void write(const Rejection& rejection, wire::Header::Builder header) {
  header.setRejection(rejection.reason);
}

void write(const Request& request, wire::Header::Builder header) {
  header.setRequest(request.block);
}

void write(const Donation& donation, wire::Header::Builder header) {
  wire::Donation::Builder body = header.initDonation();
  body.setBlock(donation.block);
  body.setChecksum(donation.checksum);
}

void write(const Inquiry& inquiry, wire::Header::Builder header) {
  header.initInquiry().setKind(static_cast<wire::Inquiry::Kind>(inquiry.kind));
}

void write(const Report& report, wire::Header::Builder header) {
  write_report(report, header.initReport());
}

void write(const ViewMessage& message, wire::Header::Builder header) {
  CHECK(message.peers.size() <= kViewPeersMax);
  wire::View::Builder body = header.initView();
  body.setKind(static_cast<wire::View::Kind>(message.kind));
  body.setUrgent(message.urgent);
  body.setHops(message.hops);
  body.setAbout(runtime::value_of(message.about));
  auto peers = body.initPeers(static_cast<unsigned>(message.peers.size()));
  for (unsigned i = 0; i < peers.size(); ++i) peers.set(i, runtime::value_of(message.peers[i]));
}

void write(const Goodbye& /*goodbye*/, wire::Header::Builder header) { header.setGoodbye(); }

void write(const Sender& from, const Body& body, capnp::MessageBuilder& builder) {
  auto header = builder.initRoot<wire::Header>();
  header.setVersion(kProtocolVersion);
  header.setFingerprint(from.fingerprint);
  header.setSender(runtime::value_of(from.id));
  header.setIncarnation(from.incarnation);
  std::visit([&](const auto& said) { write(said, header); }, body);
}

void add_payload(const Body& body, Frames& frames) {
  if (const auto* parcel = std::get_if<Parcel>(&body)) frames.push_back(parcel->payload);
  if (const auto* donation = std::get_if<Donation>(&body)) frames.push_back(donation->payload);
}

using Read = std::variant<Message, Refusal>;

// ZeroMQ hands small frames over unaligned, and Cap'n Proto reads aligned words only. Headers are
// small: always copy.
using HeaderWords = List<std::uint64_t>;

// False: no header is of this size.
bool copy_header(const runtime::Frame& frame, HeaderWords& words) {
  if (frame.size() == 0 || frame.size() > kHeaderBytesMax) return false;
  if (frame.size() % sizeof(capnp::word) != 0) return false;
  words.resize(frame.size() / sizeof(capnp::word));
  std::memcpy(words.data(), frame.bytes().data(), frame.size());
  return true;
}

bool is_aligned(const runtime::Frame& frame, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(frame.bytes().data()) % alignment == 0;
}

runtime::Frame aligned(const runtime::Frame& frame, std::size_t alignment) {
  if (is_aligned(frame, alignment)) return frame;
  // A vector's memory comes from operator new and fits any number.
  return runtime::Frame::of({frame.bytes().begin(), frame.bytes().end()});
}

bool is_share(double share) { return share > 0.0 && share <= 1.0; }  // NaN is none

bool is_possible(double share, double weight, double weight_max) {
  if (!is_share(share)) return false;
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

// The run's kind, or mass, which a peer that leaves hands over in every run.
std::optional<ParcelKind> kind_of(wire::Parcel::Reader body, const Terms& terms) {
  const auto kind = static_cast<ParcelKind>(body.getKind());
  if (kind != ParcelKind::kMass && kind != terms.kind) return std::nullopt;
  return kind;
}

std::size_t payload_bytes(CodecId codec, std::uint32_t block, const Terms& terms) {
  if (codec == CodecId::kF32) return terms.layout->bytes(block);
  return terms.decoder->payload_bytes(codec, block);
}

// What came of a payload in the run's codec, once it is known to be what was sent.
std::variant<runtime::Frame, Refusal> read_encoded(const runtime::Frame& came, std::uint32_t block,
                                                   std::uint64_t sum, const Terms& terms) {
  const runtime::Frame payload = aligned(came, Codec::kAlignment);
  if (checksum(payload.bytes()) != sum) return Refusal::kWrongChecksum;
  const std::optional<runtime::Frame> numbers = terms.decoder->numbers(payload, block);
  if (!numbers) return Refusal::kWrongCodec;
  return *numbers;
}

// The numbers of one block, checked against the layout and the payload's checksum.
std::variant<runtime::Frame, Refusal> read_payload(const Frames& frames, std::uint32_t block,
                                                   CodecId codec, std::uint64_t checksum,
                                                   const Terms& terms) {
  if (frames.size() != 2) return Refusal::kMalformed;
  const BlockLayout& layout = *terms.layout;
  if (block >= layout.block_count()) return Refusal::kWrongBlock;
  if (frames[1].size() != payload_bytes(codec, block, terms)) return Refusal::kWrongBlock;
  if (codec != CodecId::kF32) return read_encoded(frames[1], block, checksum, terms);
  const std::size_t number_bytes = kernels::bytes_of(layout.scalar());
  runtime::Frame payload = aligned(frames[1], number_bytes);
  const kernels::ConstView numbers(payload.bytes().data(), payload.size() / number_bytes,
                                   layout.scalar());
  Digest digest;
  digest.add_all(numbers);
  if (digest.checksum() != checksum) return Refusal::kWrongChecksum;
  if (!digest.finite()) return Refusal::kNotFinite;
  return payload;
}

std::variant<Body, Refusal> read(wire::Parcel::Reader body, const Frames& frames,
                                 const Terms& terms) {
  const std::optional<ParcelKind> kind = kind_of(body, terms);
  const std::optional<CodecId> codec = codec_of(body, terms);
  if (!kind || !codec) return Refusal::kWrongCodec;
  const bool possible = *kind == ParcelKind::kStep
                            ? is_share(body.getShare()) && body.getWeight() == 0.0
                            : is_possible(body.getShare(), body.getWeight(), terms.weight_max);
  if (!possible) return Refusal::kImpossibleWeight;
  auto payload = read_payload(frames, body.getBlock(), *codec, body.getChecksum(), terms);
  if (const auto* refusal = std::get_if<Refusal>(&payload)) return *refusal;
  auto notes = read_notes(body.getNotes());
  if (!notes) return Refusal::kMalformed;
  Parcel parcel{.round = body.getRound(),
                .block = body.getBlock(),
                .sequence = body.getSequence(),
                .recipient = body.getRecipient(),
                .share = body.getShare(),
                .weight = body.getWeight(),
                .checksum = body.getChecksum(),
                .kind = *kind,
                .payload = std::get<runtime::Frame>(std::move(payload)),
                .era = body.getEra(),
                .notes = *std::move(notes)};
  if (terms.norms) {
    const kernels::ConstView numbers = numbers_of(parcel, *terms.layout);
    parcel.squared_norm = kernels::vector::dot(numbers, numbers);
  }
  return parcel;
}

std::variant<Body, Refusal> read(wire::Donation::Reader body, const Frames& frames,
                                 const Terms& terms) {
  auto payload = read_payload(frames, body.getBlock(), CodecId::kF32, body.getChecksum(), terms);
  if (const auto* refusal = std::get_if<Refusal>(&payload)) return *refusal;
  return Donation{.block = body.getBlock(),
                  .checksum = body.getChecksum(),
                  .payload = std::get<runtime::Frame>(std::move(payload))};
}

std::variant<Body, Refusal> read(wire::Hello::Reader body, runtime::PeerId from) {
  const auto self = read_contact(body.getSelf());
  const auto terms = read_text(body.getTerms(), kTermsBytesMax);
  if (!self || !terms) return Refusal::kMalformed;
  if (self->id != from) return Refusal::kWrongSender;
  Hello hello{.self = *self, .terms = *terms, .ready = body.getReady()};
  if (body.getBeginsAt() > 0) hello.begins_at = body.getBeginsAt() - 1;
  return hello;
}

std::variant<Body, Refusal> read(wire::Acknowledgement::Reader body, const Terms& terms) {
  const auto sequences = body.getSequences();
  const auto sketch = body.getSketch();
  if (sequences.size() > kAcknowledgedMax) return Refusal::kMalformed;
  if (sketch.size() != 0 && sketch.size() != terms.sketch_size) return Refusal::kMalformed;
  Acknowledgement acknowledgement{.incarnation = body.getIncarnation(),
                                  .sequences = List<std::uint64_t>(terms.memory),
                                  .folded = !body.getUnfolded()};
  acknowledgement.sequences.reserve(sequences.size());
  for (const std::uint64_t sequence : sequences) acknowledgement.sequences.push_back(sequence);
  if (sketch.size() == 0) return acknowledgement;
  const auto numbers =
      terms.sketches == nullptr ? std::make_shared<Sketch>() : terms.sketches->take();
  numbers->reserve(sketch.size());
  for (const float number : sketch) numbers->push_back(number);
  if (!std::ranges::all_of(*numbers, [](float number) { return std::isfinite(number); }))
    return Refusal::kNotFinite;
  acknowledgement.sketch = numbers;
  return acknowledgement;
}

std::optional<Probe> read(wire::Probe::Reader body) {
  const auto kind = static_cast<std::uint16_t>(body.getKind());
  const auto phase = static_cast<std::uint16_t>(body.getPhase());
  if (kind > static_cast<std::uint16_t>(Probe::Kind::kUnreachable)) return std::nullopt;
  if (phase > static_cast<std::uint16_t>(Phase::kDrained)) return std::nullopt;
  return Probe{.kind = static_cast<Probe::Kind>(kind),
               .number = body.getNumber(),
               .about = runtime::PeerId{body.getAbout()},
               .phase = static_cast<Phase>(phase),
               .round = body.getRound()};
}

std::optional<Rumour> read(wire::Rumour::Reader body) {
  const auto state = read_state(body.getState());
  if (!state) return std::nullopt;
  return Rumour{.about = runtime::PeerId{body.getAbout()},
                .incarnation = body.getIncarnation(),
                .refutation = body.getRefutation(),
                .state = *state,
                .from = runtime::PeerId{body.getFrom()}};
}

std::variant<Body, Refusal> read(wire::Heartbeat::Reader body) {
  const auto progress = read_progress(body);
  const auto probe = read(body.getProbe());
  const auto rumours = body.getRumours();  // once: reading it again counts again
  if (!progress || !probe || rumours.size() > kRumoursMax) return Refusal::kMalformed;
  Heartbeat heartbeat{.progress = *progress, .roster = body.getRoster(), .probe = *probe};
  for (const wire::Rumour::Reader said : rumours) {
    const auto rumour = read(said);
    if (!rumour) return Refusal::kMalformed;
    heartbeat.rumours.push_back(*rumour);
  }
  return heartbeat;
}

std::variant<Body, Refusal> read(wire::Roster::Reader body) {
  const auto progress = read_progress(body.getProgress());
  const auto contacts = body.getContacts();  // once: reading it again counts again
  if (!progress || contacts.size() > kContactsMax) return Refusal::kMalformed;
  Roster roster{.contacts = {}, .progress = *progress};
  for (const wire::Contact::Reader said : contacts) {
    const auto contact = read_contact(said);
    if (!contact) return Refusal::kMalformed;
    roster.contacts.push_back(*contact);
  }
  return roster;
}

std::variant<Body, Refusal> read_rejection(capnp::Text::Reader text) {
  const auto reason = read_text(text, 2 * kTermsBytesMax);
  if (!reason) return Refusal::kMalformed;
  return Rejection{*reason};
}

std::variant<Body, Refusal> read(wire::Inquiry::Reader body) {
  const auto kind = static_cast<std::uint16_t>(body.getKind());
  if (kind > static_cast<std::uint16_t>(Inquiry::Kind::kLeave)) return Refusal::kMalformed;
  return Inquiry{static_cast<Inquiry::Kind>(kind)};
}

std::variant<Body, Refusal> read(wire::View::Reader body) {
  const auto kind = static_cast<std::uint16_t>(body.getKind());
  const auto peers = body.getPeers();
  if (kind > static_cast<std::uint16_t>(ViewMessage::Kind::kShuffled)) return Refusal::kMalformed;
  if (peers.size() > kViewPeersMax) return Refusal::kMalformed;
  ViewMessage message{.kind = static_cast<ViewMessage::Kind>(kind),
                      .urgent = body.getUrgent(),
                      .hops = body.getHops(),
                      .about = runtime::PeerId{body.getAbout()}};
  for (const std::uint64_t peer : peers) message.peers.push_back(runtime::PeerId{peer});
  return message;
}

std::variant<Body, Refusal> read(wire::Report::Reader body) {
  auto report = read_report(body);
  if (!report) return Refusal::kMalformed;
  return *std::move(report);
}

std::variant<Body, Refusal> read_body(wire::Header::Reader header, const Frames& frames,
                                      const Terms& terms) {
  if (!header.isParcel() && !header.isDonation() && frames.size() != 1) return Refusal::kMalformed;
  switch (header.which()) {
    case wire::Header::PARCEL:
      return read(header.getParcel(), frames, terms);
    case wire::Header::ACKNOWLEDGEMENT:
      return read(header.getAcknowledgement(), terms);
    case wire::Header::HEARTBEAT:
      return read(header.getHeartbeat());
    case wire::Header::GOODBYE:
      return Goodbye{};
    case wire::Header::HELLO:
      return read(header.getHello(), runtime::PeerId{header.getSender()});
    case wire::Header::ROSTER:
      return read(header.getRoster());
    case wire::Header::REJECTION:
      return read_rejection(header.getRejection());
    case wire::Header::REQUEST:
      if (header.getRequest() >= terms.layout->block_count()) return Refusal::kWrongBlock;
      return Request{header.getRequest()};
    case wire::Header::DONATION:
      return read(header.getDonation(), frames, terms);
    case wire::Header::INQUIRY:
      return read(header.getInquiry());
    case wire::Header::REPORT:
      return read(header.getReport());
    case wire::Header::VIEW:
      return read(header.getView());
  }
  return Refusal::kMalformed;  // a tag that this version does not know
}

// `read_checked` looks at a header of this version and reads the body.
template <typename ReadChecked>
Read read_message(const Frames& frames, ListMemory memory, const ReadChecked& read_checked) {
  HeaderWords copied(memory);
  if (frames.empty() || !copy_header(frames.front(), copied)) return Refusal::kMalformed;
  const kj::ArrayPtr<const capnp::word> words(reinterpret_cast<const capnp::word*>(copied.data()),
                                              copied.size());
  try {
    // Pointers may share what they point at; a message that is read once never costs more than it
    // is long.
    capnp::FlatArrayMessageReader reader(
        words, {.traversalLimitInWords = words.size() + 1, .nestingLimit = 8});
    if (reader.getEnd() != words.end()) return Refusal::kMalformed;
    const auto header = reader.getRoot<wire::Header>();
    if (header.getVersion() != kProtocolVersion) return Refusal::kWrongVersion;
    std::variant<Body, Refusal> body = read_checked(header);
    Body* said = std::get_if<Body>(&body);
    if (said == nullptr) return std::get<Refusal>(body);
    return Message{.from = {.id = runtime::PeerId{header.getSender()},
                            .incarnation = header.getIncarnation(),
                            .fingerprint = header.getFingerprint()},
                   .body = std::move(*said)};
  } catch (const kj::Exception&) {  // out of bounds, of another type, nested or traversed too far
    return Refusal::kMalformed;
  }
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
    case Refusal::kUnauthorized:
      return "key not authorized";
    case Refusal::kOutlier:
      return "outlier";
    case Refusal::kShutOut:
      return "shut out";
    case Refusal::kTooOften:
      return "too often";
  }
  CHECK(false);
}

std::vector<runtime::Frame> encode(const Sender& from, const Body& body) {
  HeaderPool headers(0);
  std::vector<runtime::Frame> frames;
  encode(from, body, headers, frames);
  return frames;
}

void encode(const Sender& from, const Body& body, HeaderPool& headers,
            std::vector<runtime::Frame>& frames) {
  const auto segment = headers.take();
  segment->resize(first_segment_words(body) * sizeof(capnp::word));  // zeros, as it must be
  capnp::MallocMessageBuilder builder(kj::arrayPtr(reinterpret_cast<capnp::word*>(segment->data()),
                                                   segment->size() / sizeof(capnp::word)));
  write(from, body, builder);
  const auto header = headers.take();
  header->resize(capnp::computeSerializedSizeInWords(builder) * sizeof(capnp::word));
  kj::ArrayOutputStream out(
      kj::arrayPtr(reinterpret_cast<kj::byte*>(header->data()), header->size()));
  capnp::writeMessage(out, builder);
  frames.clear();
  frames.emplace_back(header, std::span<const std::byte>(*header));
  add_payload(body, frames);
}

std::variant<Message, Refusal> decode(const runtime::Delivery& delivery, const Terms& terms) {
  return read_message(delivery.frames, terms.memory,
                      [&](wire::Header::Reader header) -> std::variant<Body, Refusal> {
                        const bool for_any_run = header.isHello() || header.isRejection() ||
                                                 header.isInquiry() || header.isReport();
                        if (header.getFingerprint() != terms.fingerprint && !for_any_run)
                          return Refusal::kOtherRun;
                        if (runtime::PeerId{header.getSender()} != delivery.from)
                          return Refusal::kWrongSender;
                        return read_body(header, delivery.frames, terms);
                      });
}

std::variant<Message, Refusal> decode_answer(const std::vector<runtime::Frame>& frames) {
  return read_message(frames, heap(),
                      [&](wire::Header::Reader header) -> std::variant<Body, Refusal> {
                        if (frames.size() != 1) return Refusal::kMalformed;
                        if (header.isReport()) return read(header.getReport());
                        if (header.isRejection()) return read_rejection(header.getRejection());
                        return Refusal::kMalformed;
                      });
}

}  // namespace gossip
