#include "peers/identity_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "runtime/replace_file.h"

namespace peers {
namespace {

std::filesystem::path identity_path(const std::filesystem::path& peer_folder) {
  return peer_folder / "identity";
}

}  // namespace

std::optional<Identity> read_identity(const std::filesystem::path& peer_folder) {
  std::ifstream in(identity_path(peer_folder));
  std::string id_word;
  std::string incarnation_word;
  std::uint64_t id = 0;
  std::uint64_t incarnation = 0;
  in >> id_word >> id >> incarnation_word >> incarnation;
  if (!in || id_word != "id" || incarnation_word != "incarnation") return std::nullopt;
  return Identity{runtime::PeerId{id}, incarnation};
}

runtime::Status write_identity(const std::filesystem::path& peer_folder, const Identity& identity) {
  const std::string text =
      fmt::format("id {}\nincarnation {}\n", runtime::value_of(identity.id), identity.incarnation);
  return runtime::replace_file(identity_path(peer_folder), std::as_bytes(std::span(text)));
}

Identity next_identity(const std::optional<Identity>& file,
                       const std::optional<Identity>& checkpoint,
                       const std::optional<runtime::PeerId>& fixed, runtime::PeerId drawn) {
  Identity next{drawn, 1};
  if (checkpoint) next.id = checkpoint->id;
  if (file) next.id = file->id;
  if (fixed) next.id = *fixed;
  for (const auto& last : {file, checkpoint}) {
    if (last && last->id == next.id)
      next.incarnation =
          std::max(next.incarnation,
                   (last->incarnation / kIncarnationsOfAStart + 1) * kIncarnationsOfAStart + 1);
  }
  return next;
}

}  // namespace peers
