#include "peers/topologies.h"

#include <fmt/format.h>

namespace peers {
namespace {

constexpr std::uint64_t kListedFanout = 2;
constexpr std::size_t kReferencePeers = 8;

std::string degree_text(const gossip::Mixing& mixing) {
  if (mixing.out_degree_min == mixing.out_degree_max)
    return fmt::format("{}", mixing.out_degree_max);
  return fmt::format("{}..{}", mixing.out_degree_min, mixing.out_degree_max);
}

std::string_view yes_or_no(bool value) { return value ? "yes" : "no"; }

std::string contraction_text(const gossip::Mixing& mixing) {
  if (mixing.exact_after)
    return fmt::format("exact in {} round{}", *mixing.exact_after,
                       *mixing.exact_after == 1 ? "" : "s");
  return fmt::format("{:.4f}", mixing.contraction);
}

// What is known of one topology; dashes where it is not of a fixed graph, or too large to try.
struct Listed {
  std::string_view name;
  std::string_view summary;
  std::string degree = "-";
  std::string doubly_stochastic = "-";
  std::string contraction = "-";
};

std::vector<Listed> measure_all(std::size_t peer_count) {
  const auto uniform = gossip::make_weighting({.name = "uniform"});
  std::vector<Listed> all;
  for (const gossip::TopologyName& known : gossip::topology_names()) {
    Listed listed{.name = known.name, .summary = known.summary};
    const auto topology =
        gossip::make_topology({.name = std::string(known.name), .fanout = kListedFanout});
    // "file" needs one, and the graph of "view" follows from what peers say to each other.
    if (topology && !(*topology)->of_view()) {
      const auto mixing = gossip::measure_mixing(**topology, **uniform, {.peer_count = peer_count});
      if (mixing) {
        listed.degree = degree_text(*mixing);
        listed.doubly_stochastic = yes_or_no(mixing->doubly_stochastic);
        listed.contraction = contraction_text(*mixing);
      }
    }
    all.push_back(std::move(listed));
  }
  return all;
}

}  // namespace

gossip::TopologyOptions topology_options(const Config& config) {
  return {.name = config.gossip.topology,
          .fanout = config.gossip.fanout,
          .seed = config.seed,
          .file = config.gossip.topology_file};
}

gossip::WeightingOptions weighting_options(const Config& config) {
  return {.name = config.gossip.weighting,
          .constant_share = config.gossip.constant_share,
          .moreau_v = config.gossip.moreau.v,
          .moreau_k = config.gossip.moreau.k};
}

runtime::Result<std::string> describe_graph(const Config& config, std::size_t peer_count) {
  const auto topology = gossip::make_topology(topology_options(config));
  if (!topology) return topology.error();
  if (const runtime::Status fits = (*topology)->check(peer_count); !fits) return fits.error();
  auto weighting = gossip::make_weighting(weighting_options(config));
  if (!weighting) return weighting.error();
  std::string name = config.gossip.weighting;
  if ((*weighting)->asks_distances()) {
    name = "uniform";
    weighting = gossip::make_weighting({.name = name});
  }
  const std::string what =
      fmt::format("{} of {} peers, {} weights", config.gossip.topology, peer_count, name);
  if ((*topology)->of_view())
    return fmt::format(
        "{}: up to {} receivers a round of at most {} neighbours, whom peers find "
        "as they go",
        what, config.gossip.fanout, config.gossip.view.neighbours);
  const auto mixing = gossip::measure_mixing(**topology, **weighting, {.peer_count = peer_count});
  if (!mixing) return what + ": too many edges to measure";
  const std::string speed = mixing->exact_after
                                ? contraction_text(*mixing)
                                : fmt::format("a round leaves {} of the square distance ({} tried)",
                                              contraction_text(*mixing), mixing->rounds);
  return fmt::format("{}: {} receiver{} a round, {}doubly stochastic, {}", what,
                     degree_text(*mixing), mixing->out_degree_max == 1 ? "" : "s",
                     mixing->doubly_stochastic ? "" : "not ", speed);
}

std::string topology_table(std::size_t peer_count) {
  std::string text = fmt::format("among {} peers, fanout {}, equal shares or those prescribed:\n",
                                 peer_count, kListedFanout);
  constexpr std::string_view kRow = "{:<22} {:>9} {:>17} {:>18}  {}\n";
  text +=
      fmt::format(fmt::runtime(kRow), "", "receivers", "doubly stochastic", "left by a round", "");
  for (const Listed& listed : measure_all(peer_count))
    text += fmt::format(fmt::runtime(kRow), listed.name, listed.degree, listed.doubly_stochastic,
                        listed.contraction, listed.summary);
  return text;
}

std::string topology_reference() {
  std::string text =
      "| topology | what it is | receivers | doubly stochastic | left by a round |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const Listed& listed : measure_all(kReferencePeers))
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", listed.name, listed.summary,
                        listed.degree, listed.doubly_stochastic, listed.contraction);
  return text;
}

}  // namespace peers
