#include "gossip/wire_notes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

template <typename Number>
bool all_finite(const std::vector<Number>& numbers) {
  return std::ranges::all_of(numbers, [](Number number) { return std::isfinite(number); });
}

std::optional<Note> read_note(wire::Note::Reader body) {
  if (body.getTopic() >= kNoteTopics) return std::nullopt;
  const auto numbers = body.getNumbers();  // these two once: reading them again counts again
  const auto sketch = body.getSketch();
  if (numbers.size() > kNoteNumbersMax || sketch.size() > kNoteSketchMax) return std::nullopt;
  Note note{.topic = static_cast<Note::Topic>(body.getTopic()),
            .about = runtime::PeerId{body.getAbout()},
            .version = body.getVersion()};
  note.numbers.reserve(numbers.size());
  for (const double number : numbers) note.numbers.push_back(number);
  note.sketch.reserve(sketch.size());
  for (const float sum : sketch) note.sketch.push_back(sum);
  if (!all_finite(note.numbers) || !all_finite(note.sketch)) return std::nullopt;
  return note;
}

}  // namespace

std::size_t words_of_notes(const std::vector<SharedNote>& notes) {
  constexpr std::size_t kFixedWords = 8;
  std::size_t words = 0;
  for (const SharedNote& note : notes)
    words += kFixedWords + note->numbers.size() + note->sketch.size() / 2;
  return words;
}

void write_notes(const std::vector<SharedNote>& notes, capnp::List<wire::Note>::Builder body) {
  CHECK(notes.size() <= kNotesPerParcelMax);
  for (unsigned i = 0; i < body.size(); ++i) {
    const Note& note = *notes[i];
    CHECK(note.numbers.size() <= kNoteNumbersMax && note.sketch.size() <= kNoteSketchMax);
    wire::Note::Builder said = body[i];
    said.setTopic(static_cast<std::uint8_t>(note.topic));
    said.setAbout(runtime::value_of(note.about));
    said.setVersion(note.version);
    auto numbers = said.initNumbers(static_cast<unsigned>(note.numbers.size()));
    for (unsigned k = 0; k < numbers.size(); ++k) numbers.set(k, note.numbers[k]);
    auto sketch = said.initSketch(static_cast<unsigned>(note.sketch.size()));
    for (unsigned k = 0; k < sketch.size(); ++k) sketch.set(k, note.sketch[k]);
  }
}

std::optional<std::vector<SharedNote>> read_notes(capnp::List<wire::Note>::Reader body) {
  if (body.size() > kNotesPerParcelMax) return std::nullopt;
  std::vector<SharedNote> notes;
  for (const wire::Note::Reader said : body) {
    auto note = read_note(said);
    if (!note) return std::nullopt;
    notes.push_back(std::make_shared<const Note>(*std::move(note)));
  }
  return notes;
}

}  // namespace gossip
