/*
 * check.h - cases and checks for the C specs: one line a case, and at the
 * end "N passed, N failed".
 *
 * A case goes on after a check that failed, so that what it opened is closed
 * all the same; CHECK says whether it held.
 */
#ifndef SSO_SPEC_CHECK_H
#define SSO_SPEC_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_passed;
static int check_failed;
static bool check_case_failed;

static bool check_that(bool held, const char *text, const char *file, int line)
{
    if (!held) {
        check_case_failed = true;
        printf("  %s:%d: not so: %s\n", file, line, text);
    }
    return held;
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)

/* Strings, with both of them shown when they differ. */
#define CHECK_TEXT(is, wanted)                                                 \
 do {                                                                          \
  if (!CHECK(strcmp((is), (wanted)) == 0)) {                                   \
   printf("    is:     %s\n    wanted: %s\n", (is), (wanted));                 \
  }                                                                            \
 } while (0)

static void check_case(const char *name, void (*run)(void))
{
    check_case_failed = false;
    run();
    printf("%s %s\n", check_case_failed ? "FAILED" : "ok    ", name);
    fflush(stdout);
    if (check_case_failed) {
        check_failed++;
    } else {
        check_passed++;
    }
}

static int check_end(void)
{
    printf("%d passed, %d failed\n", check_passed, check_failed);
    return check_failed == 0 ? 0 : 1;
}

#endif
