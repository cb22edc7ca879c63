#!/bin/sh
# lint-compile - the warnings of the house as errors: gcc as C99, clang as
# gnu99, each file; what includes Lua once more with the other versions' headers.
set -u
cd "$(dirname "$0")/.."
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wold-style-definition -Wmissing-prototypes -Wvla -Werror"
jobs=build/lint/compile.jobs
: >$jobs
for version in 5.4 5.1 5.2 5.3; do
    LUA_OF_LINT=$version
    . tools/lint-flags.sh
    for file in $(c_sources); do
        flags="$(flags_of "$file") $file"
        # -O2: some of gcc's warnings come from its optimiser.
        gcc="gcc -std=c99 -D_GNU_SOURCE -O2 -c -o /dev/null"
        if [ $version != 5.4 ]; then
            case $file in
            src/transport/* | spec/c/* | spec/torture/* | bench/* | fuzz/*) continue ;;
            esac
            gcc="gcc -std=c99 -D_GNU_SOURCE -fsyntax-only"
        fi
        echo $gcc $warnings $flags >>$jobs
        case $version in
        5.4 | 5.1)
            echo "clang -std=gnu99 -D_GNU_SOURCE -fsyntax-only" $warnings \
                $flags >>$jobs
            ;;
        esac
    done
done
xargs -P "$(nproc)" -I{} sh -c '{}' <$jobs
