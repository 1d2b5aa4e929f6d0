#pragma once
// CURVE keys (rfc.zeromq.org/spec/26) and the files that hold them. A key is 32 bytes, written as
// 40 letters of Z85 (rfc.zeromq.org/spec/32), which know no quote, no space and no backslash.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/result.h"

namespace runtime {

struct KeyPair {
  std::string public_key;  // who a peer is: may be told to everybody
  std::string secret_key;  // that it is the one
};

// What a transport needs to know of the keys around it.
struct CurveOptions {
  KeyPair keys;                           // this peer's
  std::filesystem::path authorized = {};  // a folder of public keys; empty: this peer's own alone
  // What a person should know: who came and went, strangers at the door. From a thread of its own.
  std::function<void(const std::string&)> note = {};
};

inline constexpr std::string_view kSecretKeySuffix = ".key";
inline constexpr std::string_view kPublicKeySuffix = ".pub";

[[nodiscard]] KeyPair generate_keys();
[[nodiscard]] bool is_key(std::string_view text);  // 40 letters of Z85

// The two files of a pair: `name`.key, which only its owner may read (mode 0600), and `name`.pub.
// The folder is made where it is missing. Refused, and nothing written: one of them is there.
[[nodiscard]] Status write_keys(const std::filesystem::path& folder, std::string_view name,
                                const KeyPair& keys);

// Refused: no such file, one that others may read, one without a key.
[[nodiscard]] Result<KeyPair> read_secret_key(const std::filesystem::path& file);
[[nodiscard]] Result<std::string> read_public_key(const std::filesystem::path& file);

}  // namespace runtime
