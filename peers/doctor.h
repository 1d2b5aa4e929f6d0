#pragma once
// `murmur doctor`: what of this machine, and of the way to a peer, stands in the way of a run. Each
// finding says what to do next.

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "peers/inquirer.h"
#include "runtime/stop_signal.h"

namespace peers {

struct DoctorOptions {
  InquiryOptions peer;  // no address: this machine alone
  std::string listen;   // where a peer here would listen; empty: any free ports
  bool json = false;
};

struct Finding {
  enum class State : std::uint8_t {
    kOk,
    kNote,   // a run can do with it
    kWrong,  // and not with that
  };
  using Figure = std::variant<bool, double, std::string>;
  std::string_view check;
  State state = State::kOk;
  std::string what{};                                          // a sentence, for a person
  std::string next{};                                          // the next thing to do, likewise
  std::vector<std::pair<std::string_view, Figure>> figures{};  // the same, for a program
};
[[nodiscard]] std::string_view to_string(Finding::State state);  // "ok", "note", "wrong"

// Device, networks, ports, transport.
[[nodiscard]] std::vector<Finding> examine_machine(const DoctorOptions& options);
// A living peer at options.peer.address: whether it answers, and reaches this machine.
[[nodiscard]] std::vector<Finding> examine_peer(const DoctorOptions& options,
                                                const runtime::StopSignal& stop);

// Prints all of it. Exit status: 0, or 1 where something is wrong.
[[nodiscard]] int doctor_command(const DoctorOptions& options);

}  // namespace peers
