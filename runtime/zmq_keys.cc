#include "runtime/zmq_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

namespace runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyLetters = 40;
constexpr std::uintmax_t kFileBytesMax = 4096;
constexpr ::mode_t kOwnerOnly = 0600;
constexpr ::mode_t kEverybodyReads = 0644;
constexpr std::string_view kLetters =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

using KeyText = std::array<char, kKeyLetters + 1>;  // zero at the end

// The key of the line "`word` = KEY"; comments and other lines are passed over.
std::optional<std::string> key_in(std::istream& lines, std::string_view word) {
  const std::string begin = fmt::format("{} = ", word);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.starts_with(begin)) continue;
    line.erase(0, begin.size());
    if (!is_key(line)) return std::nullopt;
    return line;
  }
  return std::nullopt;
}

Result<std::string> read_key(const fs::path& file, std::string_view word) {
  std::error_code failure;
  const auto bytes = fs::file_size(file, failure);
  if (failure) return Error{fmt::format("{}: {}", file.string(), failure.message())};
  std::ifstream lines(file);
  const auto key = bytes > kFileBytesMax ? std::nullopt : key_in(lines, word);
  if (key) return *key;
  return Error{fmt::format(
      "{}: expected a line \"{} = KEY\" with 40 letters of Z85, as murmur keygen writes",
      file.string(), word)};
}

// Exclusively: nobody's key is ever written over.
Status write_new(const fs::path& file, const std::string& text, ::mode_t mode) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0)
    return Error{fmt::format("{}: cannot be made: {}", file.string(), std::strerror(errno))};
  const bool written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (::close(descriptor) == 0 && written) return {};
  return Error{fmt::format("{}: cannot be written: {}", file.string(), std::strerror(errno))};
}

}  // namespace

KeyPair generate_keys() {
  KeyText public_key{};
  KeyText secret_key{};
  CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);  // fails where built without
  return {.public_key = public_key.data(), .secret_key = secret_key.data()};
}

bool is_key(std::string_view text) {
  return text.size() == kKeyLetters && text.find_first_not_of(kLetters) == std::string_view::npos;
}

Status write_keys(const fs::path& folder, std::string_view name, const KeyPair& keys) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return Error{fmt::format("{}: {}", folder.string(), failure.message())};
  const fs::path secret_file = folder / fmt::format("{}{}", name, kSecretKeySuffix);
  const fs::path public_file = folder / fmt::format("{}{}", name, kPublicKeySuffix);
  for (const fs::path& file : {secret_file, public_file})
    if (fs::exists(file, failure))
      return Error{fmt::format("{}: is there already; a key is never replaced", file.string())};
  const std::string secret_text = fmt::format(
      "# Secret CURVE key of the murmur peer {}: security.key of its config. Show it to nobody.\n"
      "secret = {}\n",
      name, keys.secret_key);
  const std::string public_text = fmt::format(
      "# Public CURVE key of the murmur peer {}. Whoever has it in the folder that\n"
      "# security.authorized names lets that peer in.\n"
      "public = {}\n",
      name, keys.public_key);
  if (auto written = write_new(secret_file, secret_text, kOwnerOnly); !written) return written;
  return write_new(public_file, public_text, kEverybodyReads);
}

Result<KeyPair> read_secret_key(const fs::path& file) {
  struct ::stat about = {};
  if (::stat(file.c_str(), &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{fmt::format("{0}: others may read this secret key: chmod 600 {0}", file.string())};
  auto secret_key = read_key(file, "secret");
  if (!secret_key) return secret_key.error();
  KeyText public_key{};
  if (zmq_curve_public(public_key.data(), secret_key->c_str()) != 0)
    return Error{fmt::format("{}: not a key: {}", file.string(), zmq_strerror(errno))};
  return KeyPair{.public_key = public_key.data(), .secret_key = std::move(secret_key).value()};
}

Result<std::string> read_public_key(const fs::path& file) { return read_key(file, "public"); }

}  // namespace runtime
