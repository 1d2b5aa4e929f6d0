#pragma once
// Whose keys a peer lets in: a folder of public keys, read again when it changes.

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace runtime {

// Public keys, and what the files that hold them are called (without .pub), to name them by.
using KeyNames = std::map<std::string, std::string, std::less<>>;

class AuthorizedKeys {
 public:
  static constexpr std::size_t kKeysMax = 4096;  // files beyond, in order of names, are not read

  // Every *.pub of `folder`, and `own`. Without a folder `own` alone: peers that share one key.
  // Refused: a folder that cannot be read.
  [[nodiscard]] static Result<std::unique_ptr<AuthorizedKeys>> open(std::string own,
                                                                    std::filesystem::path folder);

  // What holds now. Any thread.
  [[nodiscard]] std::shared_ptr<const KeyNames> keys() const;

  // Reads the folder again where a file came, went or changed. Returns what a person should know:
  // who came and went, and files without a key, which admit nobody. A folder that is gone admits
  // nobody but `own`. One thread at a time.
  [[nodiscard]] std::vector<std::string> refresh();

 private:
  AuthorizedKeys(std::string own, std::filesystem::path folder)
      : own_(std::move(own)), folder_(std::move(folder)) {}

  std::string own_;
  std::filesystem::path folder_;
  std::string seen_;  // of the files: names, sizes and times
  mutable std::mutex mutex_;
  std::shared_ptr<const KeyNames> keys_;
};

}  // namespace runtime
