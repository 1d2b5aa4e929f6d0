#pragma once

namespace runtime {

// Tells the C library to keep the memory of freed messages for the next ones. By default a buffer
// of a megabyte goes back to the system each time and comes back as pages to be faulted in and
// cleared, which took more time than copying the parameters did. Costs at most 64 MiB an arena that
// the process no longer needs. Once, at the start of a program; where the C library has no such
// setting, nothing changes.
void keep_message_memory();

}  // namespace runtime
