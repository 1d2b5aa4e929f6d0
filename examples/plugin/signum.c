/* An optimizer of one's own: the sign of momentum (Bernstein et al. 2018, "Signum"), whose steps are
 * as long as the learning rate in every parameter, whatever the gradient.
 *
 *     cc -O2 -shared -fPIC -I PREFIX/include/murmur -o libsignum.so signum.c
 *     murmur launch signum.toml --peers 4
 */
#include "peers/policies/plugin_abi.h"

static float sign(float x) { return (float)((x > 0.0F) - (x < 0.0F)); }

static void step(const murmur_plugin_step* s) {
  float* const m = s->state[0];
  for (uint64_t i = 0; i < s->count; ++i) {
    const float g = s->gradient[i] + (float)s->weight_decay * s->estimate[i];
    m[i] = (float)s->momentum * m[i] + (1.0F - (float)s->momentum) * g;
    s->delta[i] = -(float)s->learning_rate * sign(m[i]);
  }
}

const murmur_plugin* murmur_plugin_entry(void) {
  static const murmur_plugin plugin = {MURMUR_PLUGIN_ABI, 1, "signum", step};
  return &plugin;
}
