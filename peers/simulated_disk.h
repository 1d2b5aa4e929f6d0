#pragma once
// What a crash leaves of a peer in virtual time: what a real one has in its folder, in memory.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "peers/assembly.h"
#include "peers/checkpoint_file.h"
#include "peers/identity_file.h"

namespace peers {

class SimulatedDisk {
 public:
  // The bytes of the file that a real peer writes, in place of the last. Between rounds. Nothing
  // where a parameter is not finite.
  void save(Assembly& assembly, kernels::Backend& backend, const CheckpointNote& note);
  [[nodiscard]] std::optional<CheckpointFile> latest() const;  // read again; empty: none was saved

  void write_identity(const Identity& identity) { identity_ = identity; }
  [[nodiscard]] const std::optional<Identity>& identity() const { return identity_; }

 private:
  std::vector<std::byte> checkpoint_;
  std::string name_;  // of that file
  std::optional<Identity> identity_;
};

}  // namespace peers
