#include "models/datasets/byte_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <system_error>

namespace models {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;  // what zlib counts is an int

}  // namespace

void ByteFile::Close::operator()(gzFile_s* file) const { gzclose(file); }

// zlib passes on what is not compressed.
ByteFile::ByteFile(const fs::path& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {}

Result<ByteFile> ByteFile::open(const fs::path& path) {
  ByteFile file(path);
  if (file.file_ == nullptr) return Error{fmt::format("{}: cannot be opened", path.string())};
  return file;
}

Result<std::size_t> ByteFile::read(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t wanted = std::min(kChunkBytes, out.size() - done);
    const int got = gzread(file_.get(), out.data() + done, static_cast<unsigned>(wanted));
    if (got < 0) return damaged();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  int code = Z_OK;
  gzerror(file_.get(), &code);
  if (code == Z_BUF_ERROR) return damaged();  // ends in the middle of what is compressed
  return done;
}

Error ByteFile::damaged() const {
  int code = Z_OK;
  const char* reason = gzerror(file_.get(), &code);
  return {fmt::format("{}: cannot be read: {}", path_.string(), reason)};
}

fs::path find_file(const fs::path& folder, std::string_view name) {
  std::error_code ignored;
  fs::path path = folder / name;
  if (fs::exists(path, ignored)) return path;
  path += ".gz";
  if (fs::exists(path, ignored)) return path;
  return {};
}

}  // namespace models
