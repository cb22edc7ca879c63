# lint-flags.sh - sourced by the lint steps: how a C file is compiled.
#
# flags_of FILE prints the include flags of a file.  A file of the floor below
# gets no Lua headers, so that one included by mistake is not even found;
# LUA_OF_LINT picks the Lua of the others (5.4).
mkdir -p build/lint
here() { # path... - those that exist
    for f; do [ -e "$f" ] && echo "$f"; done
}
lib_cflags=$(pkg-config --cflags libcurl libcrypto)
lua_cflags=$(pkg-config --cflags "lua${LUA_OF_LINT:-5.4}")
flags_of() {
    case $1 in
    src/transport/*) echo "$lib_cflags" ;;
    spec/c/*) echo "-Isrc/transport $lua_cflags $lib_cflags" ;;
    *) echo "$lua_cflags $lib_cflags" ;;
    esac
}
c_sources() {
    find $(here src spec bench) -name '*.c' | LC_ALL=C sort
}
