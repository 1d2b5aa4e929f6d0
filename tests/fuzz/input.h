#pragma once
// What libFuzzer calls, and its bytes where a reader wants a file.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  const void* const bytes = data;
  return {static_cast<const char*>(bytes), size};
}

// Ends the fuzzer with a crash that it records: what must hold for every input does not.
inline void expect(bool holds) {
  if (!holds) std::abort();
}

// A folder of this process, in memory where there is such a place.
inline std::filesystem::path folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code failure;
  const std::filesystem::path root = std::filesystem::is_directory(memory, failure)
                                         ? memory
                                         : std::filesystem::temp_directory_path();
  return root / "murmur-fuzz";
}

inline std::filesystem::path write(std::string_view name, std::string_view text) {
  std::filesystem::create_directories(folder());
  const std::filesystem::path file = folder() / name;
  std::ofstream(file, std::ios::binary)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
  return file;
}

}  // namespace fuzz
