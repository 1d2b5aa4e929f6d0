#pragma once
// Asks a running peer about itself, or to leave, from outside of the run.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gossip/wire.h"
#include "runtime/clock.h"
#include "runtime/result.h"
#include "runtime/stop_signal.h"
#include "runtime/zmq_caller.h"

namespace peers {

struct InquiryOptions {
  std::string address;        // the peer's control endpoint, perhaps with #name (seed_addresses.h)
  std::filesystem::path key;  // a secret key; beside it the public ones that the peer may have.
                              // Empty: the peer is without keys
};

class Inquirer {
 public:
  // Refused: what is no address, a key that cannot be read, a name without a key.
  [[nodiscard]] static runtime::Result<Inquirer> open(const InquiryOptions& options,
                                                      const runtime::StopSignal& stop);

  // Asks until a Report comes, for some seconds. Refused: nobody is there, or nobody who answers,
  // or the peer will not; the message says which. Also at a request to stop.
  [[nodiscard]] runtime::Result<gossip::Message> ask(gossip::Inquiry::Kind kind);
  // The same for so long only; empty: no answer, or a peer that will not.
  [[nodiscard]] std::optional<gossip::Message> ask_for(gossip::Inquiry::Kind kind,
                                                       runtime::Duration patience);
  // Its process has ended, or the way to it.
  [[nodiscard]] bool lost() { return caller_->reach() == runtime::ZmqCaller::Reach::kLost; }

 private:
  Inquirer(InquiryOptions options, runtime::StopSignal stop, gossip::Sender self,
           std::unique_ptr<runtime::ZmqCaller> caller);
  [[nodiscard]] runtime::Error no_answer();

  InquiryOptions options_;
  runtime::StopSignal stop_;
  gossip::Sender self_;
  std::unique_ptr<runtime::ZmqCaller> caller_;
  runtime::WallClock clock_;
  std::string rejection_;  // the last one
};

}  // namespace peers
