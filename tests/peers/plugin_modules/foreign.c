/* A library that is no optimizer. */
int murmur_nothing(void);
int murmur_nothing(void) { return 0; }
