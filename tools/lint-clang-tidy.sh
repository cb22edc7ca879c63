#!/bin/sh
# lint-clang-tidy [FILE] - the checks of .clang-tidy on each C file, or on one.
set -u
cd "$(dirname "$0")/.."
. tools/lint-flags.sh
if [ $# = 1 ]; then
    # Its standard error says little else than how many warnings it left out.
    said=build/lint/tidy-$(echo "$1" | tr / -).err
    clang-tidy --quiet "$1" -- -std=gnu99 -D_GNU_SOURCE $(flags_of "$1") \
        2>"$said" || { grep -v 'generated\.$' "$said"; exit 1; }
    exit 0
fi
c_sources | xargs -P "$(nproc)" -n 1 tools/lint-clang-tidy.sh
