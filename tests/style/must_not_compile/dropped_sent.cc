// A frame that was not taken is still the sender's: its mass would be lost.
#include "runtime/transport.h"

void push(runtime::Transport& transport);

void push(runtime::Transport& transport) {
  transport.send(runtime::PeerId{1}, runtime::Channel::kBulk, {});  // dropped
}
