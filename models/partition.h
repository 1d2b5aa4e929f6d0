#pragma once
// Which samples are whose. Every peer computes the whole partition and takes its part, so nobody
// has to hand parts out.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/catalog.h"
#include "runtime/result.h"

namespace models {

struct PartitionOptions {
  std::string name = "iid";
  double alpha = 0.5;  // dirichlet
  std::size_t parts = 1;
  std::uint64_t seed = 0;
};

// Indices of samples, ascending in each part.
using Partition = std::vector<std::vector<std::uint32_t>>;

// iid         a random deal of all samples; part sizes differ by one at most
// dirichlet   each class is divided in proportions drawn from a Dirichlet distribution: the smaller
//             alpha, the fewer classes and the more unequal the sizes
// shards      sorted by label, cut into two shards a part, two random shards each (McMahan et al.
//             2017): about two classes a part
// clusters    half of the classes, dealt to the first half of the parts, the others to the rest:
// two
//             groups that have no class in common
// contiguous  the set's own order, cut into runs
[[nodiscard]] std::span<const CatalogEntry> known_partitions();

// Every sample is in exactly one part; no part is empty (an empty one takes samples from the
// largest); labels, options and nothing else decide, bit for bit. Refused: an unknown name, no
// parts, more parts than samples, alpha outside [1e-6, 1e6].
[[nodiscard]] runtime::Result<Partition> partition(std::span<const std::int32_t> labels,
                                                   const PartitionOptions& options);

// Differs, in practice, where any sample is in another part: peers print it to compare.
[[nodiscard]] std::uint64_t partition_hash(const Partition& parts);

}  // namespace models
