/*
 * fuzz.h - what the fuzz targets share: a check that stops the run, and a bug
 * planted on purpose, which is there only in the programs that prove that the
 * fuzzer would find one.
 */
#ifndef SSO_FUZZ_H
#define SSO_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input; libFuzzer keeps the one for which not. */
#define FUZZ_CHECK(condition)                                                  \
 do {                                                                          \
  if (!(condition)) {                                                          \
   fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
   __builtin_trap();                                                           \
  }                                                                            \
 } while (0)

/* Something that no seed shows and only a fuzzer that learns gets at. */
#ifdef SSO_PLANTED_BUG
# define FUZZ_PLANTED(condition)                                               \
  do {                                                                         \
   if (condition) {                                                            \
    fprintf(stderr, "the planted bug: %s\n", #condition);                      \
    __builtin_trap();                                                          \
   }                                                                           \
  } while (0)
#else
# define FUZZ_PLANTED(condition) (void)(condition)
#endif

/* One line for people, never empty: no control characters. */
static inline bool fuzz_is_sentence(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    if (*p == '\0')
        return false;
    for (; *p != '\0'; p++)
        if (*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

#endif
