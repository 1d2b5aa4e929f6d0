#include "models/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "models/dirichlet.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace models {
namespace {

using runtime::Error;
using runtime::Random;
using Indices = std::vector<std::uint32_t>;
using Labels = std::span<const std::int32_t>;

constexpr std::uint64_t kPartition = 0x7061727473;  // "parts": this use's streams of the seed
constexpr double kAlphaLeast = 1e-6;
constexpr double kAlphaMost = 1e6;

constexpr std::array<CatalogEntry, 5> kPartitions{{
    {"iid", "a random deal: every part looks like the whole"},
    {"dirichlet", "class proportions drawn from a Dirichlet distribution; alpha says how unequal"},
    {"shards", "two shards of the label-sorted set a part: about two classes each"},
    {"clusters", "half of the classes for the first half of the parts, the rest for the others"},
    {"contiguous", "the set's own order, cut into equal runs"},
}};

Indices all_indices(std::size_t count) {
  Indices indices(count);
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

// Equal runs of `order`, part after part.
Partition cut(const Indices& order, std::size_t parts) {
  Partition partition(parts);
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = order.size() * part / parts;
    const std::size_t end = order.size() * (part + 1) / parts;
    for (std::size_t i = begin; i < end; ++i) partition[part].push_back(order[i]);
  }
  return partition;
}

Partition deal(Labels labels, std::size_t parts, Random& random) {
  Indices order = all_indices(labels.size());
  random.shuffle(std::span(order));
  return cut(order, parts);
}

Partition deal_shards(Labels labels, std::size_t parts, Random& random) {
  Indices order = all_indices(labels.size());
  std::ranges::stable_sort(order, {}, [labels](std::uint32_t index) { return labels[index]; });
  const Partition shards = cut(order, 2 * parts);
  Indices shard_order = all_indices(shards.size());
  random.shuffle(std::span(shard_order));
  Partition partition(parts);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const Indices& shard = shards[shard_order[i]];
    partition[i / 2].insert(partition[i / 2].end(), shard.begin(), shard.end());
  }
  return partition;
}

Partition deal_dirichlet(Labels labels, const PartitionOptions& options, Random& random) {
  std::map<std::int32_t, Indices> classes;
  for (std::uint32_t i = 0; i < labels.size(); ++i) classes[labels[i]].push_back(i);
  Partition partition(options.parts);
  for (auto& [label, members] : classes) {
    random.shuffle(std::span(members));
    const std::vector<double> shares = draw_dirichlet(options.alpha, options.parts, random);
    const auto count = static_cast<double>(members.size());
    double share_sum = 0.0;
    std::size_t begin = 0;
    for (std::size_t part = 0; part < options.parts; ++part) {
      share_sum += shares[part];
      const bool last = part + 1 == options.parts;
      const std::size_t end =
          last ? members.size()
               : std::min(members.size(), static_cast<std::size_t>(share_sum * count + 0.5));
      for (; begin < end; ++begin) partition[part].push_back(members[begin]);
    }
  }
  return partition;
}

Partition deal_clusters(Labels labels, std::size_t parts, Random& random) {
  if (parts == 1) return {all_indices(labels.size())};
  const std::set<std::int32_t> classes(labels.begin(), labels.end());
  const auto middle = std::next(classes.begin(), static_cast<std::ptrdiff_t>(classes.size() / 2));
  Indices order = all_indices(labels.size());
  random.shuffle(std::span(order));
  const auto second = std::stable_partition(
      order.begin(), order.end(), [&](std::uint32_t index) { return labels[index] < *middle; });
  Partition partition = cut({order.begin(), second}, parts / 2);
  for (Indices& part : cut({second, order.end()}, parts - parts / 2))
    partition.push_back(std::move(part));
  return partition;
}

// A peer with no data cannot take a step: each empty part gets the largest part's last sample.
void fill_empty_parts(Partition& partition) {
  for (Indices& part : partition) {
    if (!part.empty()) continue;
    Indices& largest = *std::ranges::max_element(partition, {}, &Indices::size);
    CHECK(largest.size() > 1);
    part.push_back(largest.back());
    largest.pop_back();
  }
}

}  // namespace

std::span<const CatalogEntry> known_partitions() { return kPartitions; }

runtime::Result<Partition> partition(Labels labels, const PartitionOptions& options) {
  if (!contains(kPartitions, options.name))
    return Error{fmt::format("unknown partition \"{}\": expected one of {}", options.name,
                             names_of(kPartitions))};
  if (options.parts == 0 || options.parts > labels.size())
    return Error{
        fmt::format("{} samples cannot be divided into {} parts", labels.size(), options.parts)};
  if (labels.size() > std::numeric_limits<std::uint32_t>::max())
    return Error{fmt::format("{} samples are more than a partition can number", labels.size())};
  const bool dirichlet = options.name == "dirichlet";
  if (dirichlet && !(options.alpha >= kAlphaLeast && options.alpha <= kAlphaMost))
    return Error{fmt::format("dirichlet: expected alpha from {} to {}, found {}", kAlphaLeast,
                             kAlphaMost, options.alpha)};
  Random random(runtime::mix_bits(options.seed ^ kPartition));
  Partition parts;
  if (dirichlet) parts = deal_dirichlet(labels, options, random);
  if (options.name == "iid") parts = deal(labels, options.parts, random);
  if (options.name == "shards") parts = deal_shards(labels, options.parts, random);
  if (options.name == "clusters") parts = deal_clusters(labels, options.parts, random);
  if (options.name == "contiguous") parts = cut(all_indices(labels.size()), options.parts);
  fill_empty_parts(parts);
  for (Indices& part : parts) std::ranges::sort(part);
  return parts;
}

std::uint64_t partition_hash(const Partition& parts) {
  std::uint64_t hash = runtime::mix_bits(parts.size());
  for (const Indices& part : parts) {
    hash = runtime::mix_bits(hash ^ part.size());
    for (const std::uint32_t index : part) hash = runtime::mix_bits(hash + index);
  }
  return hash;
}

}  // namespace models
