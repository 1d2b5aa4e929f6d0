/* An optimizer that wants more memory than there is to have. */
#include "peers/policies/plugin_abi.h"

static void step(const murmur_plugin_step* s) { (void)s; }

const murmur_plugin* murmur_plugin_entry(void) {
  static const murmur_plugin plugin = {MURMUR_PLUGIN_ABI, 1000, "greedy", step};
  return &plugin;
}
