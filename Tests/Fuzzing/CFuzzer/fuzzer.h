#pragma once

#include <stddef.h>
#include <stdint.h>

// Source: llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(int *argc, char ***argv,
                        int (*check)(const uint8_t *bytes, size_t count));
