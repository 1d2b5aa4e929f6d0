#pragma once
// One primitive of oneDNN with its operands, ready to be pointed at data and run.

#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <span>
#include <vector>

#include "runtime/check.h"

namespace kernels::cpu {

// oneDNN refuses by exception. It refuses what we should not have asked for, or has no memory left;
// either way this process cannot go on.
template <typename Action>
auto or_fail(Action action) {
  try {
    return action();
  } catch (const dnnl::error& error) {
    ::runtime::fail_check(__FILE__, __LINE__, error.what());
  }
}

inline void check_done(dnnl_status_t status) { CHECK(status == dnnl_success); }

// How an operand is asked for: what the caller has, and what the primitive wants. Where they differ
// in order or type, the operand is copied into the one from the other.
struct Wish {
  int index;
  dnnl::memory::desc plain;
  dnnl::memory::desc wanted;
  bool is_output = false;
  bool always_copied = false;
};

class Call {
 public:
  // `scratch_bytes`: what the primitive itself works in.
  Call(dnnl::primitive primitive, const dnnl::engine& engine, std::span<const Wish> wishes,
       std::size_t scratch_bytes);

  // What run() needs room for: scratch memory and the operands' copies.
  [[nodiscard]] std::size_t room_bytes() const { return room_bytes_; }

  // `data`: one address an operand, in the order of the wishes. `room`: aligned to 64 bytes, of any
  // content; nothing in it is of use afterwards.
  void run(const dnnl::stream& stream, std::span<const void* const> data, std::byte* room) const;

 private:
  struct Operand {
    dnnl::memory plain;
    dnnl::memory wanted;                // == plain where that is what the primitive wants
    std::optional<dnnl::reorder> copy;  // plain to wanted; of an output, wanted to plain
    bool is_output;
    std::size_t room_offset;
  };

  [[nodiscard]] Operand operand_of(const Wish& wish, const dnnl::engine& engine);
  // Sets room aside; returns where it begins.
  [[nodiscard]] std::size_t reserve(std::size_t bytes);
  static void copy(const Operand& operand, const dnnl::stream& stream);

  dnnl::primitive primitive_;
  dnnl::memory scratch_;
  std::vector<Operand> operands_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::size_t room_bytes_ = 0;
};

}  // namespace kernels::cpu
