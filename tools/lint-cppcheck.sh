#!/bin/sh
# lint-cppcheck - what cppcheck finds, with its cache under build/.
set -u
cd "$(dirname "$0")/.."
. tools/lint-flags.sh
mkdir -p build/lint/cppcheck
# missingInclude: system headers are not given to it.  checkersReport and
# unmatchedSuppression: notes about itself.  unusedFunction is not asked for:
# what one floor offers is used by another.  readdirCalled: readdir_r is
# deprecated, and a stream is used by one thread alone.  leakReturnValNotUsed:
# core.c opens its own file to stay loaded, and keeps no handle on purpose.
exec cppcheck --quiet --std=c99 --enable=warning,performance,portability \
    --inline-suppr --error-exitcode=1 -j "$(nproc)" \
    --cppcheck-build-dir=build/lint/cppcheck --library=posix \
    --suppress=missingInclude --suppress=unmatchedSuppression \
    --suppress=readdirCalled --suppress=leakReturnValNotUsed:src/core.c \
    -Isrc/transport $(c_sources)
