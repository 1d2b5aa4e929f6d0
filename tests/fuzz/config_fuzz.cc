// Configs as a user may write them: refused with a reason, or complete and readable again.
#include "peers/config.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = peers::parse_config(fuzz::text_of(data, size), "fuzz.toml", {});
  if (!config) {
    fuzz::expect(!config.error().message.empty());
    return 0;
  }
  const auto again = peers::parse_config(peers::to_toml(*config), "again.toml", {});
  fuzz::expect(again.ok() && *again == *config);
  return 0;
}
