#include "gossip/decoder.h"

#include "runtime/check.h"

namespace gossip {

// Arrivals wait for the trainer, each in memory of its own: those of a round or two of one sender.
Decoder::Decoder(const Codec& codec, const BlockLayout& layout)
    : codec_(&codec),
      layout_(&layout),
      pool_(layout.largest_bytes(), 2 * layout.block_count() + 4) {}

bool Decoder::accepts(CodecId codec) const {
  return codec == CodecId::kF32 || codec == codec_->id();
}

std::size_t Decoder::payload_bytes(CodecId codec, std::uint32_t block) const {
  CHECK(accepts(codec));
  return codec == CodecId::kF32
             ? layout_->bytes(block)
             : codec_->payload_bytes(layout_->range(block).count, layout_->scalar());
}

std::optional<runtime::Frame> Decoder::numbers(const runtime::Frame& payload,
                                               std::uint32_t block) const {
  const std::shared_ptr<std::byte> memory = pool_.take();
  const kernels::View numbers(memory.get(), layout_->range(block).count, layout_->scalar());
  if (!codec_->decode(payload.bytes(), numbers)) return std::nullopt;
  return runtime::Frame(memory, {memory.get(), numbers.bytes()});
}

Parcel Decoder::decoded(const Parcel& parcel) const {
  if (parcel.kind == ParcelKind::kDifference) {
    Parcel plain = parcel;
    plain.codec = CodecId::kF32;
    plain.payload = parcel.said;
    return plain;
  }
  if (parcel.codec == CodecId::kF32) return parcel;
  CHECK(parcel.codec == codec_->id());
  std::optional<runtime::Frame> read = numbers(parcel.payload, parcel.block);
  CHECK(read.has_value());
  Parcel plain = parcel;
  plain.codec = CodecId::kF32;
  plain.payload = *read;
  return plain;
}

}  // namespace gossip
