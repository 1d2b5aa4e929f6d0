#include "runtime/result.h"

runtime::Result<int> open_port();
void start();

void start() {
  open_port();  // dropped
}
