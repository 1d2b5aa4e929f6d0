#include "runtime/result.h"

runtime::Status write_checkpoint();
void finish();

void finish() {
  write_checkpoint();  // dropped
}
