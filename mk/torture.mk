# torture.mk - what goes further than the specs: fuzzing, allocations that
# fail, races, the collector at its worst, coverage.  Included by the Makefile,
# whose rules for objects it uses with flavours of its own:
#   build/fuzz/TARGET, TARGET-planted   libFuzzer programs (clang)

# ---- fuzzing ------------------------------------------------------------

FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link $(FUZZ_FLAGS) \
	-fno-omit-frame-pointer -U_FORTIFY_SOURCE
LINK_fuzz  := $(FUZZ_FLAGS)

FUZZ_C   := certificate headers retry url answer
FUZZ_LUA := $(patsubst fuzz/%.lua,%,$(filter-out fuzz/reader.lua,\
	$(wildcard fuzz/*.lua)))
FUZZ_ALL := $(FUZZ_C) $(FUZZ_LUA)

build/obj/fuzz/% build/obj/5.4-fuzz/%: CC = clang
$(eval $(call floor_rules,fuzz))
$(eval $(call lua_rules,5.4,fuzz,5.4-fuzz))

FUZZ_LIBRARIES := build/obj/5.4-fuzz/sso.a build/obj/fuzz/transport.a

# $(1) program, $(2) sources, $(3) further flags
define fuzz_rules
build/fuzz/$(1): $(2) fuzz/fuzz.h fuzz/lua_state.h $$(FUZZ_LIBRARIES) Makefile
	$$(call say,cc  fuzz $(1))mkdir -p $$(@D) && \
	clang $$(filter-out -MMD -MP,$$(COMMON)) -std=gnu99 -O1 -g \
		-fsanitize=fuzzer $$(FUZZ_FLAGS) $(3) $$(LUA_CFLAGS_5.4) \
		$$(LIB_CFLAGS) -rdynamic -o $$@ $(2) $$(FUZZ_LIBRARIES) \
		$$(LUA_LIBS_5.4) $$(LIBS)
endef
fuzz_sources = $(if $(filter $(1),$(FUZZ_LUA)),fuzz/lua.c,fuzz/$(1).c) \
	fuzz/lua_state.c
fuzz_defines = $(if $(filter $(1),$(FUZZ_LUA)),'-DFUZZ_SCRIPT="$(1)"')
$(foreach t,$(FUZZ_ALL),\
	$(eval $(call fuzz_rules,$(t),$(call fuzz_sources,$(t)),\
		$(call fuzz_defines,$(t))))\
	$(eval $(call fuzz_rules,$(t)-planted,$(call fuzz_sources,$(t)),\
		$(call fuzz_defines,$(t)) -DSSO_PLANTED_BUG)))

# What the fuzz targets need beside the module: a part of it in Lua may be
# missing from a tree under work, and then its target is too.
fuzz_ready = $(strip $(foreach t,$(FUZZ_ALL),$(if $(or \
	$(filter-out metadata saml,$(t)),$(wildcard lua/sso/$(t).lua)),$(t))))

.PHONY: fuzz fuzz-planted
FUZZ_SECONDS = $(or $(SECONDS),20)
fuzz-programs: $(patsubst %,build/fuzz/%,$(or $(TARGET),$(fuzz_ready)))
	@:
fuzz:
	@tools/install-packages build test lint
	@$(MAKE) --no-print-directory -j$(JOBS) fuzz-programs
	@tools/fuzz $(FUZZ_SECONDS) $(or $(TARGET),$(fuzz_ready))

# Does a fuzzer find anything at all?  Each gets a minute for a planted bug.
fuzz-planted:
	@tools/install-packages build test lint
	@$(MAKE) --no-print-directory -j$(JOBS) \
		$(patsubst %,build/fuzz/%-planted,$(or $(TARGET),$(fuzz_ready)))
	@tools/fuzz --planted $(or $(TARGET),$(fuzz_ready))

# ---- allocations that fail ----------------------------------------------

# The module's own objects, whose calls of malloc the linker leads to
# spec/torture/refusing.c.
OOM_WRAP := $(foreach f,malloc calloc realloc strdup free,-Wl,--wrap=$(f))

build/torture/oom: spec/torture/oom.c spec/torture/refusing.c \
		spec/torture/refusing.h spec/c/server.c build/obj/5.4/sso.a \
		build/obj/plain/transport.a Makefile
	$(call say,cc  $<)mkdir -p $(@D) && \
	$(CC) $(filter-out -MMD -MP,$(COMMON)) $(FLAGS_plain) $(LUA_CFLAGS_5.4) \
		$(LIB_CFLAGS) -pthread $(OOM_WRAP) -rdynamic -o $@ $(filter %.c,$^) \
		$(filter %.a,$^) $(LUA_LIBS_5.4) $(LIBS)

.PHONY: test-oom
OOM_STRIDE ?= 29
test-oom:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/oom \
		build/5.4/sso/core.so $(SPEC_C:%=build/5.4/spec/%.so)
	@tools/torture-oom $(OOM_STRIDE) $(or $(SCRIPT),\
		$(filter-out %/client.lua,$(wildcard spec/torture/scripts/*.lua)))

# ---- the collector at its worst -----------------------------------------

.PHONY: test-gc
GC_TIMES ?= 2
test-gc:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/oom \
		$(call modules,5.4 5.1)
	@SSO_OOM_SOURCE=collect tools/torture-oom $(GC_TIMES) \
		$(or $(SCRIPT),$(filter-out %/client.lua,\
		$(wildcard spec/torture/scripts/*.lua)))
	@tools/torture-gc

# ---- races --------------------------------------------------------------

FLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer \
	-U_FORTIFY_SOURCE
LINK_tsan  := -fsanitize=thread
$(eval $(call floor_rules,tsan))
$(eval $(call lua_rules,5.4,tsan,5.4-tsan))

build/torture/threads: spec/torture/threads.c spec/c/server.c \
		build/obj/5.4-tsan/sso.a build/obj/tsan/transport.a Makefile
	$(call say,cc  $<)mkdir -p $(@D) && \
	$(CC) $(filter-out -MMD -MP,$(COMMON)) $(FLAGS_tsan) $(LUA_CFLAGS_5.4) \
		$(LIB_CFLAGS) -pthread -rdynamic -o $@ $(filter %.c,$^) \
		$(filter %.a,$^) $(LUA_LIBS_5.4) $(LIBS)

.PHONY: test-tsan
TSAN_THREADS ?= 8
TSAN_ROUNDS ?= 20
test-tsan:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/threads
	@tools/torture-threads $(TSAN_THREADS) $(TSAN_ROUNDS)
	@tools/planted planted_race tools/torture-threads 4 2

# ---- coverage -----------------------------------------------------------

# gnu99: only so are counts written before a child becomes another program.
FLAGS_coverage := -std=gnu99 -O0 -g --coverage -fprofile-update=atomic -U_FORTIFY_SOURCE
LINK_coverage  := --coverage
FLAGS_coverage-hooks := $(FLAGS_coverage) -DSSO_MEMORY_HOOKS

$(foreach f,coverage coverage-hooks,$(eval $(call floor_rules,$(f))))
$(foreach v,5.1 5.4,$(eval $(call lua_rules,$(v),coverage,$(v)-coverage)))
$(foreach s,$(C_SPECS),$(eval $(call c_spec_rules,$(s),coverage,$(strip \
	coverage$(call hooks_of,$(s))),5.4-coverage)))

# $(1) program, $(2) flavour, $(3) Lua's objects: what refuses allocations.
define oom_rules
$(1): spec/torture/oom.c spec/torture/refusing.c spec/torture/refusing.h \
		spec/c/server.c build/obj/$(3)/sso.a \
		build/obj/$(2)/transport.a Makefile
	$$(call say,cc  $(2) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(filter-out -MMD -MP,$$(COMMON)) $$(FLAGS_plain) \
		$$(LUA_CFLAGS_5.4) $$(LIB_CFLAGS) -pthread $$(OOM_WRAP) -rdynamic \
		$$(LINK_$(2)) -o $$@ $$(filter %.c,$$^) $$(filter %.a,$$^) \
		$$(LUA_LIBS_5.4) $$(LIBS)
endef
$(eval $(call oom_rules,build/c/coverage/oom,coverage,5.4-coverage))

.PHONY: coverage
coverage-programs: $(foreach v,5.4-coverage 5.1-coverage,\
		build/$(v)/sso/core.so $(SPEC_C:%=build/$(v)/spec/%.so)) \
		$(C_SPECS:%=build/c/coverage/%) build/c/coverage/oom
	@:

# SPEC= narrows what runs, and what is then covered.
coverage:
	@tools/install-packages build test coverage
	@$(MAKE) --no-print-directory -j$(JOBS) coverage-programs npm
	@tools/coverage

# ---- signals ------------------------------------------------------------

build/torture/signals: spec/torture/signals.c spec/c/server.c \
		build/obj/5.4/sso.a build/obj/plain/transport.a Makefile
	$(call say,cc  $<)mkdir -p $(@D) && \
	$(CC) $(filter-out -MMD -MP,$(COMMON)) $(FLAGS_plain) $(LUA_CFLAGS_5.4) \
		$(LIB_CFLAGS) -pthread -rdynamic -o $@ $(filter %.c,$^) \
		$(filter %.a,$^) $(LUA_LIBS_5.4) $(LIBS)

.PHONY: test-signals
SIGNAL_CALLS ?= 20000
test-signals:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/signals
	@LUA_PATH="lua/?.lua;lua/?/init.lua;;" \
		build/torture/signals $(SIGNAL_CALLS)
	@LUA_PATH="lua/?.lua;lua/?/init.lua;;" \
		tools/planted "a callback is lost" build/torture/signals 200

# ---- all of it, at full size --------------------------------------------

.PHONY: torture
torture:
	@$(MAKE) --no-print-directory test-oom OOM_STRIDE=1
	@$(MAKE) --no-print-directory test-gc GC_TIMES=20
	@$(MAKE) --no-print-directory test-tsan TSAN_THREADS=32 TSAN_ROUNDS=200
	@$(MAKE) --no-print-directory test-turns EVERY=1
	@$(MAKE) --no-print-directory test-signals SIGNAL_CALLS=200000
	@$(MAKE) --no-print-directory endurance
	@$(MAKE) --no-print-directory fuzz-planted
	@$(MAKE) --no-print-directory fuzz SECONDS=600
	@$(MAKE) --no-print-directory coverage

# The same at a size for every change: each counts as one in .ci/run.
TORTURE_QUICK := "test-oom OOM_STRIDE=61" "test-turns EVERY=29 TURNS=200" \
	"test-tsan TSAN_ROUNDS=10" "test-signals SIGNAL_CALLS=2000" \
	"endurance CALLS=20000 CLIENTS=2000" "fuzz SECONDS=20"
.PHONY: torture-quick
torture-quick:
	@tools/torture-quick $(TORTURE_QUICK)
