/* What gives a Go shared object away, without Go: its build note. */
__attribute__((visibility("default"), used)) const char build_note[] = ".note.go.buildid";
__attribute__((visibility("default"))) int answer(void) { return 42; }
