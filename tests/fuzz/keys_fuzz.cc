// Key files as somebody may leave them in the folder of those who are let in.
#include "runtime/zmq_keys.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = fuzz::write("key", fuzz::text_of(data, size));
  const auto key = runtime::read_public_key(file);
  fuzz::expect(key ? runtime::is_key(*key) : !key.error().message.empty());
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto pair = runtime::read_secret_key(file);
  fuzz::expect(pair ? runtime::is_key(pair->public_key) : !pair.error().message.empty());
  return 0;
}
