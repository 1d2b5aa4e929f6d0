// Uses one thing of each installed library, so that all of them must be found and link.
#include <cstdio>

#include "gossip/topology.h"
#include "kernels/open_backend.h"
#include "peers/config.h"
#include "runtime/random.h"

int main() {
  const auto config = peers::parse_config("seed = 3", "consumer", {});
  const auto backend = kernels::open_backend({.device = "cpu", .threads = 1});
  if (!config || !backend || gossip::topology_names().empty()) return 1;
  runtime::Random random(config->seed);
  std::printf("%s, %zu topologies, %.17g\n", backend.value().backend->description().c_str(),
              gossip::topology_names().size(), random.uniform());
  return 0;
}
