#pragma once
// What peers would have everybody know of them: small, numbered, passed on from peer to peer along
// with parcels until all have it. Of two notes of one peer the later one counts, so it does not
// matter by which way or in which order they come, and mass is no part of it: a note that is late
// or lost makes what is read off them old, never wrong.

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/peer_id.h"

namespace gossip {

// Immutable once it is said; shared by all parcels that carry it.
struct Note {
  enum class Topic : std::uint8_t { kDirection, kDiversity, kNoise };
  Topic topic = Topic::kDirection;
  runtime::PeerId about{};
  std::uint64_t version = 0;  // grows with each that `about` says of this topic
  std::vector<double> numbers{};
  std::vector<float> sketch{};  // sums as add_to_sketch() makes them
  bool operator==(const Note&) const = default;
};
using SharedNote = std::shared_ptr<const Note>;

inline constexpr std::size_t kNoteTopics = 3;
// Of one note, and of notes that one parcel carries: together well below a header frame.
inline constexpr std::size_t kNoteNumbersMax = 64;
inline constexpr std::size_t kNoteSketchMax = 1024;
inline constexpr std::size_t kNotesPerParcelMax = 8;

// Signs and rotations of all sketches in notes, in every run.
inline constexpr std::uint64_t kNoteSketchSeed = 0x6e6f746573;  // "notes"

// The newest of each peer and topic.
class Notes {
 public:
  using Key = std::pair<Note::Topic, runtime::PeerId>;
  using Versions = std::map<Key, std::uint64_t>;

  void hear(SharedNote note);
  void forget(runtime::PeerId about);                                 // it has gone
  [[nodiscard]] std::vector<SharedNote> of(Note::Topic topic) const;  // by ascending `about`

  // Those that are newer than `told`, at most kNotesPerParcelMax, the ones that were left out
  // longest first; `told` then knows them.
  [[nodiscard]] std::vector<SharedNote> news(Versions& told) const;

 private:
  std::map<Key, SharedNote> notes_;
};

}  // namespace gossip
