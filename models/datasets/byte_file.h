#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "runtime/result.h"

struct gzFile_s;

namespace models {

// A file of bytes, gzipped or not, read from its beginning to its end.
class ByteFile {
 public:
  // Refused: a file that cannot be opened, by name.
  [[nodiscard]] static runtime::Result<ByteFile> open(const std::filesystem::path& path);

  // As many bytes as there are, at most out.size(). Refused: damaged compression, by name.
  [[nodiscard]] runtime::Result<std::size_t> read(std::span<std::uint8_t> out);

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  explicit ByteFile(const std::filesystem::path& path);
  [[nodiscard]] runtime::Error damaged() const;

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

// The file `name` of a folder, as it is or as name.gz; the former wins. Empty: there is neither.
[[nodiscard]] std::filesystem::path find_file(const std::filesystem::path& folder,
                                              std::string_view name);

}  // namespace models
