#pragma once
// Who a peer is from one start to the next, in the file `identity` of its folder: its id, and
// the incarnation that it last started as.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace peers {

struct Identity {
  runtime::PeerId id{};
  std::uint64_t incarnation = 1;
  bool operator==(const Identity&) const = default;
};

// Empty: none was written, or what is there is not one.
[[nodiscard]] std::optional<Identity> read_identity(const std::filesystem::path& peer_folder);

// Returns once it is on the disk: what is said under an incarnation must never be said again.
[[nodiscard]] runtime::Status write_identity(const std::filesystem::path& peer_folder,
                                             const Identity& identity);

// Who was taken for dead while it lives goes on as its next incarnation (gossip), so each start
// leaves room for so many before the next start's: two never meet.
inline constexpr std::uint64_t kIncarnationsOfAStart = 1ULL << 20U;

// Who starts now, where `last` are the former lives that are known of (file, checkpoint): beyond
// all of the latest start under the same id. `fixed`: the id, where somebody else says it; `drawn`:
// where nobody does and nothing is known.
[[nodiscard]] Identity next_identity(const std::optional<Identity>& file,
                                     const std::optional<Identity>& checkpoint,
                                     const std::optional<runtime::PeerId>& fixed,
                                     runtime::PeerId drawn);

}  // namespace peers
