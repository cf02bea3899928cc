/* A shared object that has nothing to do with the gateway. */
__attribute__((visibility("default"))) int answer(void) { return 42; }
