// Checkpoints as others may have written them.
#include "models/checkpoint.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read =
      models::read_checkpoint(fuzz::write("x.safetensors", fuzz::text_of(data, size)));
  if (!read) {
    fuzz::expect(!read.error().message.empty());
    return 0;
  }
  std::size_t bytes = 0;
  for (const models::NamedTensor& tensor : read->tensors) bytes += 4 * tensor.values.size();
  fuzz::expect(bytes <= size);
  return 0;
}
