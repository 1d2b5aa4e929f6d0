// What the paces promise about waiting: never, only while too far ahead, always.
#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "peers/assembly.h"
#include "runtime/sim_network.h"

#include "tests/peers/laboratory.h"

namespace {

using laboratory::Matrix;
using laboratory::parse;
using laboratory::run;
using laboratory::Scratch;

// Peer 0 is ten times slower than the others.
peers::Config uneven(const Scratch& scratch, const std::string& gossip) {
  const Matrix centers = laboratory::random_rows(4, 3, -1.0, 1.0, 7);
  return parse("run = \"t\"\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
               scratch.write("centers.csv", centers) +
               "\"\n[simulate]\npeers = 4\nrounds = 60\ntrace = true\n"
               "step_seconds = [0.1, 0.01]\n[gossip]\n" +
               gossip);
}

// The largest number of steps that any peer was ahead of the slowest at any moment, by the order of
// the trace's rows.
std::uint64_t largest_lead(const std::string& trace) {
  std::vector<std::uint64_t> steps(4, 0);
  std::uint64_t lead = 0;
  std::istringstream in(trace);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const std::size_t comma = line.find(',');
    const std::uint64_t step = std::stoull(line.substr(0, comma));
    steps[std::stoull(line.substr(comma + 1))] = step;
    lead = std::max(lead, step - *std::ranges::min_element(steps));
  }
  return lead;
}

}  // namespace

TEST_CASE("async: nobody waits for the slow one") {
  const Scratch scratch;
  CHECK(largest_lead(run(uneven(scratch, "pace = \"async\"\n")).trace) > 40);
}

TEST_CASE("bounded: nobody is much more than max_lead rounds ahead of the slowest") {
  const Scratch scratch;
  const std::uint64_t max_lead = GENERATE(1U, 4U, 16U);
  const std::string topology = GENERATE("one-peer-exponential", "random-k", "complete", "ring");
  CAPTURE(max_lead, topology);
  const auto outcome =
      run(uneven(scratch, "pace = \"bounded\"\nmax_lead = " + std::to_string(max_lead) +
                              "\ntopology = \"" + topology + "\"\n"));
  const std::uint64_t lead = largest_lead(outcome.trace);
  // One round more may be under way when the limit is met, one more before the first word comes.
  CHECK(lead <= max_lead + 2);
  CHECK(lead >= max_lead);
  CHECK(std::abs(outcome.report.summary.weight_total - 4.0) < 1e-9);
}

TEST_CASE("bounded: who died holds nobody up") {
  const Scratch scratch;
  peers::Config config = uneven(scratch, "pace = \"bounded\"\nmax_lead = 2\n");
  config.simulate.faults = {{.at = 1.05, .kind = "crash", .peers = {0}}};
  const peers::RunSummary summary = run(config).report.summary;
  for (std::size_t i = 1; i < 4; ++i) CHECK(summary.peers[i].steps == 60);
}

TEST_CASE("sync: nobody is more than a round ahead") {
  const Scratch scratch;
  CHECK(largest_lead(run(uneven(scratch, "pace = \"sync\"\ntopology = \"complete\"\n")).trace) <=
        1);
}

TEST_CASE("sync: a parcel of the first round may come before the receiver has begun") {
  const Scratch scratch;
  peers::Config config = uneven(scratch, "pace = \"sync\"\ntopology = \"complete\"\n");
  config.simulate.peers = 2;
  const auto surroundings = peers::open_surroundings(config, {.parts = 2, .peers_here = 2});
  REQUIRE(surroundings.ok());
  const std::vector members{runtime::PeerId{0}, runtime::PeerId{1}};
  runtime::SimNetwork network(2, 1);
  std::vector<std::unique_ptr<peers::Assembly>> assemblies;
  for (std::size_t i = 0; i < 2; ++i) {
    auto assembly = peers::Assembly::create(
        config, *surroundings,
        {.index = i, .id = members[i], .members = members, .virtual_time = true},
        network.clock().now());
    REQUIRE(assembly.ok());
    assemblies.push_back(std::move(assembly).value());
  }
  const auto take_round = [&](std::size_t i) {
    peers::Peer& peer = assemblies[i]->peer();
    REQUIRE(peer.ready());
    peer.mix();
    (void)peer.compute();
    CHECK(peer.push());
    peer.flush(network.transport_of(members[i]), network.clock().now());
    while (network.run_next_event()) {
    }
  };
  const auto listen = [&](std::size_t i) {
    runtime::Transport& transport = network.transport_of(members[i]);
    std::array<runtime::Delivery, 8> deliveries;
    const std::size_t count = transport.receive(deliveries);
    for (const auto& delivery : std::span(deliveries).first(count))
      assemblies[i]->peer().receive(delivery, network.clock().now());
    assemblies[i]->peer().flush(transport, network.clock().now());
    while (network.run_next_event()) {
    }
  };
  take_round(0);
  listen(1);  // before its own first round
  take_round(1);
  listen(0);
  CHECK(assemblies[0]->peer().ready());
  CHECK(assemblies[1]->peer().ready());
}
