// libFuzzer as a library (LLVM documentation, "libFuzzer", "Using libFuzzer as a library"). Its own header is for C++.
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

// Changes the data as libFuzzer does by itself, and returns the new size.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maximum);
