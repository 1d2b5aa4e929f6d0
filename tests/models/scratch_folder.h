#pragma once
// A folder for the files of one test, gone when the test is over.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/support/temporary_folder.h"

inline std::string contents(const std::filesystem::path& path) { return text_of(path.string()); }

class ScratchFolder {
 public:
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path();
};
