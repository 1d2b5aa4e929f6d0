#include "gossip/topology.h"
#include "tests/support/snapshots.h"
#include "tests/support/temporary_file.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::make_topology;
using runtime::PeerId;
using Ids = gossip::List<PeerId>;

namespace {

runtime::Result<std::unique_ptr<gossip::Topology>> from_text(std::string_view text) {
  const test::TemporaryFile file(text);
  return make_topology({.name = "file", .file = file.path()});
}

}  // namespace

TEST_CASE("row i, column j not zero: j pushes to i") {
  const auto topology = from_text("1 0 0\n1 1 0\n0 .5 1\n");
  REQUIRE(topology.ok());
  for (std::uint64_t round = 0; round < 3; ++round) {
    CHECK((*topology)->out_neighbours(round, test::peers(3), PeerId{0}) == Ids{PeerId{1}});
    CHECK((*topology)->out_neighbours(round, test::peers(3), PeerId{1}) == Ids{PeerId{2}});
    CHECK((*topology)->out_neighbours(round, test::peers(3), PeerId{2}).empty());
  }
}

TEST_CASE("several matrices take turns") {
  const auto topology = from_text("0 0\n1 0\n# now the other way\n0 1\n0 0\n");
  REQUIRE(topology.ok());
  CHECK((*topology)->out_neighbours(0, test::peers(2), PeerId{0}) == Ids{PeerId{1}});
  CHECK((*topology)->out_neighbours(1, test::peers(2), PeerId{0}).empty());
  CHECK((*topology)->out_neighbours(1, test::peers(2), PeerId{1}) == Ids{PeerId{0}});
  CHECK((*topology)->out_neighbours(2, test::peers(2), PeerId{0}) == Ids{PeerId{1}});
}

TEST_CASE("blanks, commas, comments, empty lines and foreign line ends are all the same") {
  const auto plain = from_text("0 1\n1 0\n");
  REQUIRE(plain.ok());
  for (const char* text : {"0,1\n1,0", "0, 1\r\n1 ,0\r\n", "# two\n\n 0\t1 # first\n\n1  0\n\n",
                           "0 2.5e-3\n1e0 0\n", "  0 1\n  1 0  "}) {
    CAPTURE(text);
    const auto same = from_text(text);
    REQUIRE(same.ok());
    for (const std::uint64_t self : {0U, 1U})
      CHECK((*same)->out_neighbours(0, test::peers(2), PeerId{self}) ==
            (*plain)->out_neighbours(0, test::peers(2), PeerId{self}));
  }
}

TEST_CASE("a single number is a lone peer") {
  const auto topology = from_text("1");
  REQUIRE(topology.ok());
  CHECK((*topology)->out_neighbours(0, test::peers(1), PeerId{0}).empty());
}

TEST_CASE("a file is for as many peers as it has columns, and says so") {
  const test::TemporaryFile file("0 1\n1 0\n");
  const auto topology = make_topology({.name = "file", .file = file.path()});
  REQUIRE(topology.ok());
  CHECK((*topology)->check(2).ok());
  REQUIRE_FALSE((*topology)->check(3).ok());
  CHECK((*topology)->check(3).error().message ==
        file.path() + ": a topology of 2 peers, but the run has 3");
  CHECK_FALSE((*topology)->check(1).ok());
}

TEST_CASE("peers keep their edges when others are gone, and strangers have none") {
  const auto topology = from_text("0 0 0\n1 0 0\n1 1 0\n");
  REQUIRE(topology.ok());
  CHECK((*topology)->out_neighbours(0, Ids{PeerId{0}, PeerId{2}}, PeerId{0}) == Ids{PeerId{2}});
  CHECK((*topology)->out_neighbours(0, test::peers(9), PeerId{0}) == Ids{PeerId{1}, PeerId{2}});
  CHECK((*topology)->out_neighbours(0, test::peers(9), PeerId{7}).empty());
}

TEST_CASE("a file that is not a cycle of matrices is refused with its line") {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const Row row : {
           Row{"", ": no rows"},
           Row{"# nothing\n\n", ": no rows"},
           Row{"0 1\n1\n", ":2: 1 numbers, but the rows above have 2"},
           Row{"0 1\n1 0 0\n", ":2: 3 numbers, but the rows above have 2"},
           Row{"0 1\n1 0\n0 1\n", ":3: 3 rows, expected a multiple of 2, the numbers in each"},
           Row{"0 1\n", ":1: 1 rows, expected a multiple of 2"},
           Row{"0 1\n1 x\n", ":2: expected numbers"},
           Row{"0 1\n1 0x\n", ":2: expected numbers"},
           Row{"0 -1\n1 0\n", ":1: expected numbers"},
           Row{"0 nan\n1 0\n", ":1: expected numbers"},
           Row{"0 inf\n1 0\n", ":1: expected numbers"},
           Row{"0 1e999\n1 0\n", ":1: expected numbers"},
           Row{"0,,1\n1,0\n", ":1: expected numbers"},
           Row{",0,1\n1,0\n", ":1: expected numbers"},
           Row{"0,1,\n1,0\n", ":1: expected numbers"},
           Row{"0;1\n1;0\n", ":1: expected numbers"},
           Row{"a,b\n0,1\n1,0\n", ":1: expected numbers"},
       }) {
    CAPTURE(row.text);
    const test::TemporaryFile file(row.text);
    const auto topology = make_topology({.name = "file", .file = file.path()});
    REQUIRE_FALSE(topology.ok());
    CAPTURE(topology.error().message);
    CHECK(topology.error().message.starts_with(file.path() + row.says));
  }
}

TEST_CASE("a topology file that is not there is refused by name") {
  const auto topology = make_topology({.name = "file", .file = "no/such/file"});
  REQUIRE_FALSE(topology.ok());
  CHECK(topology.error().message == "no/such/file: cannot be opened");
}

TEST_CASE("a file is symmetric where every one of its matrices is") {
  const auto both_ways = from_text("1 1 0\n1 1 1\n0 1 1\n");
  const auto one_way_at_times = from_text("1 1\n1 1\n1 0\n1 1\n");
  REQUIRE(both_ways.ok());
  REQUIRE(one_way_at_times.ok());
  CHECK((*both_ways)->symmetric());
  CHECK_FALSE((*one_way_at_times)->symmetric());
}

TEST_CASE("in-neighbours from a file are those whose out-neighbours one is") {
  const auto topology = from_text("1 0 1\n1 1 0\n0 1 1\n1 1 0\n0 1 0\n1 0 1\n");
  REQUIRE(topology.ok());
  for (std::uint64_t round = 0; round < 4; ++round)
    for (std::uint64_t self = 0; self < 5; ++self)
      CHECK((*topology)->in_neighbours(round, test::peers(5), PeerId{self}) ==
            (*topology)->Topology::in_neighbours(round, test::peers(5), PeerId{self}));
}
