-- luacheck: what each part of the tree may name. The module itself keeps to what
-- Lua 5.1-5.4 and LuaJIT have in common; a host's own globals belong to its file alone.
std = "min"
max_line_length = 100
cache = false
exclude_files = {"build/**"}

files["lua/sso/host/nginx.lua"] = {std = "min+ngx_lua"}
files["examples/haproxy/*.lua"] = {read_globals = {"core"}}
files["sandbox/**/*.lua"] = {std = "ngx_lua"}
files["spec/**/*.lua"] = {std = "max+busted"}
files["bench/**/*.lua"] = {std = "max"}
files["tools/**/*.lua"] = {std = "max"}
