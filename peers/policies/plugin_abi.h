#pragma once
/* An optimizer from outside: what a shared library that `policy.plugin` names exports. Plain C, so
 * that it may be written in any language and built without Murmur; it includes this header and
 * nothing else of it (examples/plugin/).
 *
 * The library has no state: what it keeps from step to step is in vectors that the peer owns, and
 * saves and restores. All calls come from one thread of a process; several peers may share a
 * process, each with vectors of its own.
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when any of this changes its meaning; a library built for another one is refused. */
#define MURMUR_PLUGIN_ABI 1
#define MURMUR_PLUGIN_STATE_VECTORS_MAX 8

/* One step. All vectors have `count` numbers, the parameters in the order of the estimate. */
typedef struct {
  uint64_t step; /* of this optimizer, from 0 */
  uint64_t count;
  double learning_rate;  /* of this step, as schedule and rule have it */
  double momentum;       /* policy.momentum */
  double weight_decay;   /* policy.weight_decay */
  const float* estimate; /* where the gradient was taken */
  const float* gradient; /* of the batch, regularizers and corrections included */
  float* const* state;   /* state_vectors of them; zeros before step 0 */
  float* delta;          /* to be written: what is added to the parameters */
} murmur_plugin_step;

typedef struct {
  uint32_t abi;           /* MURMUR_PLUGIN_ABI */
  uint32_t state_vectors; /* to be kept, at most MURMUR_PLUGIN_STATE_VECTORS_MAX */
  const char* name;       /* for a person */
  void (*step)(const murmur_plugin_step* step);
} murmur_plugin;

/* The one symbol of the library. What it points to lives as long as the library is loaded. */
const murmur_plugin* murmur_plugin_entry(void);

#ifdef __cplusplus
}
#endif
