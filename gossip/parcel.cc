#include "gossip/parcel.h"

#include "runtime/check.h"

namespace gossip {
namespace {

kernels::ConstView numbers_of(std::span<const std::byte> bytes, kernels::Scalar scalar) {
  const std::size_t number_bytes = kernels::bytes_of(scalar);
  CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % number_bytes == 0);
  return {bytes.data(), bytes.size() / number_bytes, scalar};
}

}  // namespace

void Snapshot::begin(ParcelKind kind_of, CodecId codec_of, std::size_t block_count) {
  kind = kind_of;
  codec = codec_of;
  weights.resize(block_count);
  checksums.resize(block_count);
  payloads.resize(block_count);
  if (kind == ParcelKind::kDifference) said.resize(block_count);
}

void Snapshot::clear() {
  kind = ParcelKind::kMass;
  codec = CodecId::kF32;
  z = {};
  payloads.clear();
  said.clear();
  weights.clear();
  checksums.clear();
  finite = true;
}

kernels::ConstView numbers_of(const Snapshot& snapshot, std::uint32_t block,
                              const BlockLayout& layout) {
  CHECK(snapshot.codec == CodecId::kF32 && snapshot.payloads.empty());
  const std::size_t offset = layout.range(block).offset * kernels::bytes_of(layout.scalar());
  return numbers_of(snapshot.z.bytes().subspan(offset, layout.bytes(block)), layout.scalar());
}

kernels::ConstView numbers_of(const Parcel& parcel, const BlockLayout& layout) {
  CHECK(parcel.codec == CodecId::kF32 && parcel.payload.size() == layout.bytes(parcel.block));
  return numbers_of(parcel.payload.bytes(), layout.scalar());
}

}  // namespace gossip
