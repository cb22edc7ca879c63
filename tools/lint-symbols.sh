#!/bin/sh
# lint-symbols - a module shows luaopen_sso_core and nothing else: any other
# name could be taken by the host program's own (Neovim and HAProxy export
# thousands), or take its place.
set -u
rc=0
cd "$(dirname "$0")/.."
for version in 5.1 5.2 5.3 5.4; do
    module=build/$version/sso/core.so
    shown=$(nm -D --defined-only "$module" | awk '{ print $NF }' | sort |
        tr '\n' ' ')
    if [ "$shown" != "luaopen_sso_core " ]; then
        echo "$module shows: $shown"
        rc=1
    fi
done
# Hidden by the pragma too, since luarocks compiles without -fvisibility: each
# non-static name carries the prefix.
for object in build/obj/5.4/*.o build/obj/plain/transport/*.o; do
    nm --defined-only --extern-only "$object" | awk -v o="$object" '
        $NF !~ /^(sso_|luaopen_sso_core$)/ {
            print o ": " $NF " has no sso_ prefix"; bad = 1
        }
        END { exit bad }' || rc=1
done
exit $rc
