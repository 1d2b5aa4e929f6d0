#pragma once

#include <zlib.h>

#include <string>

#include "tests/models/scratch_folder.h"
#include "tests/support/catch.h"

// What gzip makes of `bytes`.
inline std::string zipped(const ScratchFolder& folder, const std::string& bytes) {
  const auto path = folder.path() / "zipped";
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) > 0);
  REQUIRE(gzclose(file) == Z_OK);
  return contents(path);
}
