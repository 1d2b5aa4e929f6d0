#pragma once

namespace runtime {

// From here on this thread, and those that it begins, take floating-point numbers too small for a
// whole significand (below 1.2e-38 in f32) for zero. Processors compute with those in microcode, a
// hundred times slower, and they do come: the better a model fits, the smaller the gradients of
// what it is sure of, and a momentum that nothing feeds shrinks towards them and stays. Where the
// processor has no such setting, nothing changes.
void flush_denormals();

}  // namespace runtime
