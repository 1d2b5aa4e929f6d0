#pragma once
// A peer's state as one file, checkpoints/step-NNNNNNNNN.safetensors: its estimate by layer name,
// beside it whatever else the peer keeps, and what it says of itself and its run. Sealed with a
// checksum (peers/seal.h).

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/network.h"
#include "models/safetensors.h"
#include "peers/state.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace peers {

struct CheckpointNote {
  std::string run;
  std::string peer;  // name
  runtime::PeerId id{};
  std::uint64_t incarnation = 1;
  std::uint64_t step = 0;
  std::uint64_t round = 0;
  double weight = 0.0;
  std::uint64_t fingerprint = 0;
  std::string terms;   // of the run
  std::string policy;  // what it is made of: a "key = value" a line, as the terms

  // Which of two of one peer is the later: a life later or, in one life, a step.
  [[nodiscard]] bool operator<(const CheckpointNote& other) const;
};

// As the metadata of a file say it: zeros and nothing where they do not.
[[nodiscard]] CheckpointNote note_of(const std::map<std::string, std::string>& metadata);

// Whether a tensor of that name is no parameter, but something else that a peer keeps.
[[nodiscard]] bool is_state_name(std::string_view name);

// What the tensors of an estimate are: the network's, or one named "z" in the laboratory.
[[nodiscard]] std::vector<models::ParameterTensor> tensors_of(const models::Network* network,
                                                              std::size_t parameter_count);

// To be written; the state outlives it. Of a vector that the peer trains in f64 the estimate is one
// tensor whatever its layers.
[[nodiscard]] models::SafetensorsFile peer_checkpoint(
    const CheckpointNote& note, const PeerState& state,
    std::span<const models::ParameterTensor> tensors);

// A file that was read and found whole.
class CheckpointFile {
 public:
  // Refused, by name: a file that is missing, damaged or no checkpoint of a peer.
  [[nodiscard]] static runtime::Result<CheckpointFile> read(const std::filesystem::path& path);
  // The same of a file's bytes; `path` is what refusals call it.
  [[nodiscard]] static runtime::Result<CheckpointFile> of(std::vector<std::byte> bytes,
                                                          const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const CheckpointNote& note() const { return note_; }
  // Refused: an estimate that is not of these tensors.
  [[nodiscard]] runtime::Result<PeerState> state(
      std::span<const models::ParameterTensor> tensors) const;

  CheckpointFile(CheckpointFile&&) = default;  // what it found lies in its bytes
  CheckpointFile& operator=(CheckpointFile&&) = default;
  CheckpointFile(const CheckpointFile&) = delete;
  CheckpointFile& operator=(const CheckpointFile&) = delete;
  ~CheckpointFile() = default;

 private:
  CheckpointFile() = default;

  std::filesystem::path path_;
  std::vector<std::byte> bytes_;
  models::Safetensors content_;  // of bytes_
  CheckpointNote note_;
};

}  // namespace peers
