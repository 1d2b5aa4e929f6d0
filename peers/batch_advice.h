#pragma once
// What a gradient noise scale says to a person about the size of batches.

#include <string>

namespace peers {

struct BatchFigures {
  double local = 0.0;   // B_S of one peer's samples; 0: not known
  double global = 0.0;  // of all peers'; 0: not known
  double batch = 0.0;   // samples of one step of all peers together
};

// In one line without an end; empty where nothing was measured. With B samples a step instead of
// one, the second moment of a step grows by (B - 1) / B_S (Yin et al. 2018): up to a tenth of B_S
// samples count in full, and beyond B_S more of them shorten a run little.
[[nodiscard]] std::string batch_advice(const BatchFigures& figures);

}  // namespace peers
