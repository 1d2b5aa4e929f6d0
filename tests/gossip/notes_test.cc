// What peers tell everybody: the newest counts, all get it, and nothing but what is short and
// finite is read.
#include "gossip/notes.h"

#include <limits>
#include <utility>
#include <variant>

#include "tests/support/deliveries.h"
#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Note;
using gossip::Notes;
using gossip::SharedNote;
using runtime::PeerId;
using Topic = gossip::Note::Topic;

namespace {

Note a_note(std::uint64_t about, std::uint64_t version) {
  return {.topic = Topic::kDirection,
          .about = PeerId{about},
          .version = version,
          .numbers = {0.5 * static_cast<double>(version)},
          .sketch = {1.0F, -2.0F}};
}

SharedNote shared(Note note) { return std::make_shared<const Note>(std::move(note)); }

std::vector<std::uint64_t> versions(const Notes& notes) {
  std::vector<std::uint64_t> all;
  for (const SharedNote& note : notes.of(Topic::kDirection)) all.push_back(note->version);
  return all;
}

gossip::Parcel with(std::vector<SharedNote> notes) {
  gossip::Parcel parcel = test::a_parcel();
  parcel.notes = std::move(notes);
  return parcel;
}

bool refused(const gossip::Parcel& parcel) {
  const auto decoded = test::decode(test::delivery_of(parcel));
  const auto* refusal = std::get_if<gossip::Refusal>(&decoded);
  return refusal != nullptr && *refusal == gossip::Refusal::kMalformed;
}

}  // namespace

TEST_CASE("of two notes of a peer the later one counts, in whichever order they come") {
  Notes forwards;
  Notes backwards;
  for (const std::uint64_t version : {1U, 2U, 3U}) forwards.hear(shared(a_note(7, version)));
  for (const std::uint64_t version : {3U, 2U, 1U}) backwards.hear(shared(a_note(7, version)));
  CHECK(versions(forwards) == std::vector<std::uint64_t>{3});
  CHECK(versions(backwards) == versions(forwards));
  forwards.hear(shared(a_note(2, 1)));
  CHECK(versions(forwards) == std::vector<std::uint64_t>{1, 3});  // by number of the peer
  forwards.forget(PeerId{7});
  CHECK(versions(forwards) == std::vector<std::uint64_t>{1});
  CHECK(forwards.of(Topic::kNoise).empty());
}

TEST_CASE("nobody is told anything twice, and who is told little at a time is told all in turn") {
  Notes notes;
  Notes::Versions told;
  for (std::uint64_t peer = 0; peer < 20; ++peer) notes.hear(shared(a_note(peer, 1)));
  std::size_t heard = 0;
  for (const std::size_t expected : {8U, 8U, 4U, 0U}) {
    const auto news = notes.news(told);
    CHECK(news.size() == expected);
    heard += news.size();
  }
  CHECK(heard == 20);
  // All have news each time: who has waited longest comes first.
  std::vector<std::uint64_t> last(20, 0);
  for (std::uint64_t version = 2; version < 12; ++version) {
    for (std::uint64_t peer = 0; peer < 20; ++peer) notes.hear(shared(a_note(peer, version)));
    for (const SharedNote& note : notes.news(told)) last[runtime::value_of(note->about)] = version;
  }
  for (const std::uint64_t version : last) CHECK(version >= 9);
}

TEST_CASE("a note comes through as it was said, and one that nobody may say is refused") {
  const SharedNote said = shared(a_note(3, 5));
  const auto decoded = test::decode(test::delivery_of(with({said, said})));
  const auto& message = std::get<gossip::Message>(decoded);
  const auto& heard = std::get<gossip::Parcel>(message.body).notes;
  REQUIRE(heard.size() == 2);
  CHECK(*heard[0] == *said);
  CHECK(*heard[1] == *said);

  Note largest = a_note(1, 1);
  largest.numbers.assign(gossip::kNoteNumbersMax, 1.0);
  largest.sketch.assign(gossip::kNoteSketchMax, 1.0F);
  const std::vector<SharedNote> most(gossip::kNotesPerParcelMax, shared(largest));
  CHECK_FALSE(refused(with(most)));

  Note infinite = a_note(1, 1);
  infinite.numbers[0] = std::numeric_limits<double>::infinity();
  CHECK(refused(with({shared(infinite)})));
  Note nothing = a_note(1, 1);
  nothing.sketch[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK(refused(with({said, shared(nothing)})));
  Note foreign = a_note(1, 1);
  foreign.topic = static_cast<Topic>(gossip::kNoteTopics);
  CHECK(refused(with({shared(foreign)})));
}

TEST_CASE("what one peer says goes round a ring, and with the dead goes what they said") {
  test::ExchangeTable table(4, gossip::Inbox::Order::kByRound);
  table[0].say(shared(a_note(0, 1)));
  for (std::uint64_t round = 0; round < 3; ++round) {
    CAPTURE(round);
    for (std::uint64_t peer = 0; peer < 4; ++peer) table.push(peer, (peer + 1) % 4, round);
    for (std::uint64_t peer = 0; peer < 4; ++peer) {
      table.pass(peer, (peer + 1) % 4, test::at_ms(1));
      table.pass((peer + 1) % 4, peer, test::at_ms(1));
    }
    // Not before the round is taken: what is known must not depend on when messages come.
    CHECK(table[round + 1].notes().of(Topic::kDirection).empty());
    for (std::uint64_t peer = 0; peer < 4; ++peer) table[peer].begin_fold(round + 1);
    CHECK(versions(table[round + 1].notes()) == std::vector<std::uint64_t>{1});
  }
  table[0].say_goodbye();
  table.settle(test::at_ms(2));
  CHECK(table[1].notes().of(Topic::kDirection).empty());
}
