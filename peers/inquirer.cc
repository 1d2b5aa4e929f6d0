#include "peers/inquirer.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "peers/seed_addresses.h"
#include "runtime/authorized_keys.h"

namespace peers {
namespace {

using Kind = gossip::Inquiry::Kind;
using Reach = runtime::ZmqCaller::Reach;
using runtime::Error;
using runtime::Result;

constexpr runtime::Duration kPatience{3'000'000'000};
constexpr runtime::Duration kAskEvery{250'000'000};
constexpr runtime::Duration kLookEvery{20'000'000};

// Of no peer, with all but certainty.
runtime::PeerId drawn_id() {
  std::random_device device;
  return runtime::PeerId{(std::uint64_t{device()} << 32U) | device()};
}

}  // namespace

Inquirer::Inquirer(InquiryOptions options, runtime::StopSignal stop, gossip::Sender self,
                   std::unique_ptr<runtime::ZmqCaller> caller)
    : options_(std::move(options)),
      stop_(std::move(stop)),
      self_(self),
      caller_(std::move(caller)) {}

Result<Inquirer> Inquirer::open(const InquiryOptions& options, const runtime::StopSignal& stop) {
  runtime::ZmqCaller::Options calling{.self = drawn_id(), .candidates = {}};
  std::shared_ptr<const runtime::KeyNames> known;
  if (!options.key.empty()) {
    auto keys = runtime::read_secret_key(options.key);
    if (!keys) return Error{"--key: " + keys.error().message};
    const std::filesystem::path folder = std::filesystem::absolute(options.key).parent_path();
    auto beside = runtime::AuthorizedKeys::open(keys->public_key, folder);
    if (!beside) return Error{"--key: " + beside.error().message};
    static_cast<void>((*beside)->refresh());  // a file without a key is no concern of ours
    known = (*beside)->keys();
    calling.keys = std::move(keys).value();
  }
  auto candidates = seeds_of({options.address}, known.get());
  if (!candidates) return candidates.error();
  calling.candidates = std::move(candidates).value();
  auto caller = runtime::ZmqCaller::open(calling);
  if (!caller) return caller.error();
  return Inquirer(options, stop, {.id = calling.self, .incarnation = 1, .fingerprint = 0},
                  std::move(caller).value());
}

std::optional<gossip::Message> Inquirer::ask_for(Kind kind, runtime::Duration patience) {
  const std::vector<runtime::Frame> question = gossip::encode(self_, gossip::Inquiry{kind});
  const runtime::Instant since = clock_.now();
  std::optional<runtime::Instant> asked_at;
  rejection_.clear();
  for (runtime::Instant now = since; now - since < patience && !stop_.requested();
       now = clock_.now()) {
    // What is asked before the peer is there is not taken.
    if (!asked_at || now - *asked_at >= kAskEvery)
      if (caller_->send(question)) asked_at = now;
    const auto frames = caller_->receive(kLookEvery);
    if (!frames) continue;
    const auto decoded = gossip::decode_answer(*frames);
    const auto* answer = std::get_if<gossip::Message>(&decoded);
    if (answer == nullptr) continue;
    const auto* rejection = std::get_if<gossip::Rejection>(&answer->body);
    if (rejection == nullptr) return *answer;
    rejection_ = rejection->reason;
    break;
  }
  return std::nullopt;
}

Result<gossip::Message> Inquirer::ask(Kind kind) {
  auto answer = ask_for(kind, kPatience);
  if (answer) return *std::move(answer);
  if (!rejection_.empty()) return Error{fmt::format("{} says: {}", options_.address, rejection_)};
  return no_answer();
}

Error Inquirer::no_answer() {
  switch (caller_->reach()) {
    case Reach::kNobody:
      return {
          fmt::format("nobody listens at {}; the address is the one that the peer prints "
                      "when it starts",
                      options_.address)};
    case Reach::kSomebody:
      if (options_.key.empty())
        return {fmt::format(
            "who listens at {} does not talk as a Murmur peer without keys does: it is something "
            "else, or stands still, or has security.mode = \"curve\" (then give --key)",
            options_.address)};
      return {fmt::format(
          "who listens at {} does not talk with this key: is {} in security.authorized there, is "
          "the public key of the peer beside {}, and is it a Murmur peer with security.mode = "
          "\"curve\"?",
          options_.address, options_.key.stem().string() + ".pub", options_.key.string())};
    case Reach::kLost:
      return {fmt::format("the peer at {} has gone", options_.address)};
    case Reach::kPeer:
      break;
  }
  return {
      fmt::format("who listens at {} does not answer: it stands still, or has not joined its "
                  "run yet, or that is not the control address of a peer",
                  options_.address)};
}

}  // namespace peers
