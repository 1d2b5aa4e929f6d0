#include "runtime/cpu_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace runtime {
namespace {

// The C library's own set ends at 1024 cores; the kernel refuses a set smaller than the machine.
using CoreMask = std::array<cpu_set_t, 8>;
constexpr unsigned kCoresMax = std::tuple_size_v<CoreMask> * CPU_SETSIZE;

}  // namespace

std::vector<unsigned> usable_cores() {
  CoreMask mask{};
  CHECK(::sched_getaffinity(0, sizeof mask, mask.data()) == 0);
  std::vector<unsigned> cores;
  for (unsigned core = 0; core < kCoresMax; ++core)
    if (CPU_ISSET_S(core, sizeof mask, mask.data())) cores.push_back(core);
  return cores;
}

Status pin_this_thread(std::span<const unsigned> cores) {
  CoreMask mask{};
  for (const unsigned core : cores) {
    if (core >= kCoresMax) return Error{fmt::format("there is no core {}", core)};
    CPU_SET_S(core, sizeof mask, mask.data());
  }
  if (::sched_setaffinity(0, sizeof mask, mask.data()) == 0) return {};
  return Error{
      fmt::format("cannot run on cores {{{}}}: {}", fmt::join(cores, ", "), std::strerror(errno))};
}

std::vector<unsigned> cores_for(std::size_t peer_index, std::size_t peer_count,
                                std::span<const unsigned> cores) {
  CHECK(peer_index < peer_count && !cores.empty());
  if (peer_count >= cores.size()) return {cores[peer_index % cores.size()]};
  const std::size_t first = peer_index * cores.size() / peer_count;
  const std::size_t last = (peer_index + 1) * cores.size() / peer_count;
  const auto share = cores.subspan(first, last - first);
  return {share.begin(), share.end()};
}

}  // namespace runtime
