#include "kernels/cpu/onednn_call.h"

#include <array>
#include <utility>

namespace kernels::cpu {
namespace {

dnnl::memory without_data(const dnnl::memory::desc& desc, const dnnl::engine& engine) {
  return dnnl::memory(desc, engine, DNNL_MEMORY_NONE);
}

void point(const dnnl::memory& memory, const void* data) {
  check_done(dnnl_memory_set_data_handle(memory.get(), const_cast<void*>(data)));
}

// Runs a primitive without the allocations of the C++ interface.
void execute(const dnnl::primitive& primitive, const dnnl::stream& stream,
             std::span<const dnnl_exec_arg_t> arguments) {
  check_done(dnnl_primitive_execute(primitive.get(), stream.get(),
                                    static_cast<int>(arguments.size()), arguments.data()));
}

dnnl::memory::desc bytes_of_scratch(std::size_t bytes) {
  using Memory = dnnl::memory;
  if (bytes == 0) return {};
  return {{static_cast<Memory::dim>(bytes)}, Memory::data_type::u8, Memory::format_tag::x};
}

}  // namespace

Call::Call(dnnl::primitive primitive, const dnnl::engine& engine, std::span<const Wish> wishes,
           std::size_t scratch_bytes)
    : primitive_(std::move(primitive)),
      scratch_(without_data(bytes_of_scratch(scratch_bytes), engine)) {
  static_cast<void>(reserve(scratch_bytes));
  for (const Wish& wish : wishes) operands_.push_back(operand_of(wish, engine));
  for (std::size_t i = 0; i < wishes.size(); ++i)
    arguments_.push_back({wishes[i].index, operands_[i].wanted.get()});
  arguments_.push_back({DNNL_ARG_SCRATCHPAD, scratch_.get()});
}

void Call::run(const dnnl::stream& stream, std::span<const void* const> data,
               std::byte* room) const {
  CHECK(data.size() == operands_.size());
  point(scratch_, room);
  for (std::size_t i = 0; i < data.size(); ++i) {
    point(operands_[i].plain, data[i]);
    if (operands_[i].copy) point(operands_[i].wanted, room + operands_[i].room_offset);
  }
  for (const Operand& operand : operands_)
    if (operand.copy && !operand.is_output) copy(operand, stream);
  execute(primitive_, stream, arguments_);
  for (const Operand& operand : operands_)
    if (operand.copy && operand.is_output) copy(operand, stream);
  check_done(dnnl_stream_wait(stream.get()));
}

Call::Operand Call::operand_of(const Wish& wish, const dnnl::engine& engine) {
  const dnnl::memory plain = without_data(wish.plain, engine);
  Operand operand{plain, plain, {}, wish.is_output, 0};
  if (wish.wanted == wish.plain && !wish.always_copied) return operand;
  operand.wanted = without_data(wish.wanted, engine);
  operand.copy = wish.is_output ? dnnl::reorder(operand.wanted, operand.plain)
                                : dnnl::reorder(operand.plain, operand.wanted);
  operand.room_offset = reserve(wish.wanted.get_size());
  return operand;
}

std::size_t Call::reserve(std::size_t bytes) {
  constexpr std::size_t kAlignment = 64;
  const std::size_t begin = room_bytes_;
  room_bytes_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return begin;
}

void Call::copy(const Operand& operand, const dnnl::stream& stream) {
  const dnnl::memory& from = operand.is_output ? operand.wanted : operand.plain;
  const dnnl::memory& to = operand.is_output ? operand.plain : operand.wanted;
  execute(*operand.copy, stream,
          std::array<dnnl_exec_arg_t, 2>{{{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}}});
}

}  // namespace kernels::cpu
