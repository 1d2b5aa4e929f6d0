// The others, with every refusal read.
#include "runtime/result.h"
#include "runtime/transport.h"

runtime::Result<int> open_port();
runtime::Status write_checkpoint();
bool all(runtime::Transport& transport);

bool all(runtime::Transport& transport) {
  const runtime::Sent sent = transport.send(runtime::PeerId{1}, runtime::Channel::kBulk, {});
  return sent == runtime::Sent::kQueued && open_port().ok() && write_checkpoint().ok();
}
