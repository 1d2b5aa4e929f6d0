// A library that happens to be named like the CUDA module.

extern "C" int murmur_nothing();
extern "C" int murmur_nothing() { return 0; }
