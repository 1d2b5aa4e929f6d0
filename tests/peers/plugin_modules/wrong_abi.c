/* An optimizer for a version of the interface that is not this one. */
#include "peers/policies/plugin_abi.h"

static void step(const murmur_plugin_step* s) { (void)s; }

const murmur_plugin* murmur_plugin_entry(void) {
  static const murmur_plugin plugin = {MURMUR_PLUGIN_ABI + 1, 0, "of tomorrow", step};
  return &plugin;
}
