#pragma once
// `murmur bench`: figures of this machine, to stand beside other systems' (scripts/bench).

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace peers {

// One figure, measured several times: its spread says how far to trust it.
struct Spread {
  double median = 0.0;
  double min = 0.0;
  double max = 0.0;
};
[[nodiscard]] Spread spread_of(std::vector<double> figures);  // not empty

struct BenchTrainOptions {
  std::string model = "lenet5";
  std::string device = "cpu";
  std::string precision = "f32";  // or "tf32", "bf16"
  std::size_t batch = 64;
  std::size_t threads = 1;
  double drop_activations = 0.0;  // Network::drop_activations
  double window_seconds = 0.5;
  std::size_t windows = 9;
  std::filesystem::path trace = {};  // of a few steps, layer by layer (StepTrace); empty: none
};
// Where a step's time goes, in milliseconds, each the median of several runs of that part alone.
// The loader works on a thread of its own beside the others: a batch of samples that are in memory.
struct StageTimes {
  double loader = 0.0;
  double forward = 0.0;
  double backward = 0.0;
  double optimizer = 0.0;
};
struct BenchTrainReport {
  std::string device;     // as it describes itself
  std::string precision;  // that it really computed in
  std::string notice;     // why not in the one that was asked for; empty: it did
  std::size_t parameters = 0;
  Spread samples_per_second;
  double step_milliseconds = 0.0;  // of the median
  double gigaflops = 0.0;          // of the median: two for each multiply-add of a matrix product
  double peak_gigaflops = 0.0;     // of one product of two matrices of 1024x1024 on this device
  StageTimes stages = {};
  std::size_t activation_bytes = 0;  // Network::activation_bytes
  std::size_t memory_bytes_max = 0;  // of this process so far, a GPU's own memory not included
};
// Whole training steps, forward, backward and momentum, on one batch of what the model is mostly
// given (models/zoo/zoo.h).
[[nodiscard]] runtime::Result<BenchTrainReport> bench_train(const BenchTrainOptions& options);

struct BenchGossipOptions {
  std::size_t bytes = 44'000'000;  // of parameters a peer
  std::size_t peers = 2;
  std::size_t block_bytes = 1U << 20U;
  std::string listen = "tcp://127.0.0.1:0";
  std::string codec = "f32";
  bool curve = false;  // encrypted, with keys made for the occasion
  double window_seconds = 1.0;
  std::size_t windows = 7;
};
struct BenchGossipReport {
  Spread gigabytes_per_second;     // of payload that arrived, was checked and folded in, all peers
                                   // together
  double pushes_per_second = 0.0;  // median, all peers together
  double weight_total = 0.0;       // held, waiting and in flight at the end: the number of peers
};
// Peers on a ring that only gossip: snapshot, parcels over ZeroMQ, checksum, inbox, fold.
[[nodiscard]] runtime::Result<BenchGossipReport> bench_gossip(const BenchGossipOptions& options);

struct BenchCodecOptions {
  std::string codec = "int8";
  std::size_t bytes = 44'000'000;  // of f32
  std::size_t block_bytes = 1U << 20U;
  double window_seconds = 0.1;
  std::size_t windows = 9;
};
struct BenchCodecReport {
  double bytes_a_number = 0.0;  // of the payload
  // Bytes of numbers (not of payload) a second, on one thread.
  Spread encode_gigabytes_per_second;
  Spread decode_gigabytes_per_second;
  Spread memcpy_gigabytes_per_second;
  Spread ratio;  // of encoding and then decoding, to copying; window by window
};
// Normal numbers encoded and decoded, block by block, in turn with copies of as many bytes.
[[nodiscard]] runtime::Result<BenchCodecReport> bench_codec(const BenchCodecOptions& options);

struct BenchMixOptions {
  std::size_t bytes = 44'000'000;  // of f32
  std::size_t block_bytes = 1U << 20U;
  double window_seconds = 0.1;
  std::size_t windows = 9;
};
struct BenchMixReport {
  // Bytes that arrived, a second, on one thread: folded into a mass, and added up by a plain loop.
  Spread fold_gigabytes_per_second;
  Spread triad_gigabytes_per_second;
  Spread ratio;  // window by window
};
// Arrivals folded into a mass, in turn with y = a x + y over as many bytes.
[[nodiscard]] runtime::Result<BenchMixReport> bench_mix(const BenchMixOptions& options);

}  // namespace peers
