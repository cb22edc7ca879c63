# Builds, checks and installs sendgrid-sso.  `make help` lists the targets.
#
# Everything that is made stands under build/:
#   build/<lua>/sso/core.so        the module, for Lua 5.1-5.4 (LuaJIT: 5.1)
#   build/<lua>-asan/sso/core.so   the same with ASan and UBSan
#   build/<lua>/spec/*.so          C modules only the specs use
#   build/c/<flavour>/*_test       the transport's own specs
#   build/obj/...                  objects; the floor without Lua (src/transport)
#                                  is compiled once a flavour: plain, asan
# Targets that need packages install them first (tools/install-packages) and
# call make again, since what is installed changes what pkg-config answers.

PREFIX  ?= /usr/local
LUA     ?= 5.4
CFLAGS  ?= -O2 -g
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
LUAS    := 5.1 5.2 5.3 5.4

WARNINGS  := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes
STANDARD  := -std=c99 -D_GNU_SOURCE
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
SANITIZE  := -fsanitize=address,undefined -fno-omit-frame-pointer \
	-U_FORTIFY_SOURCE
COMMON    := $(STANDARD) $(WARNINGS) -fPIC -fvisibility=hidden -MMD -MP

FLAGS_plain := $(CFLAGS) $(HARDENING)
FLAGS_asan  := -O1 -g $(SANITIZE)
LINK_plain  := -Wl,-z,relro,-z,now,--as-needed
LINK_asan   := -fsanitize=address,undefined -Wl,--as-needed
# For the C specs that bring their own allocator (src/transport/memory.h).
FLAGS_plain-hooks := $(FLAGS_plain) -DSSO_MEMORY_HOOKS
FLAGS_asan-hooks  := $(FLAGS_asan) -DSSO_MEMORY_HOOKS

PKG_CONFIG ?= pkg-config
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags libcurl libcrypto 2>/dev/null)
LIBS       := $(shell $(PKG_CONFIG) --libs libcurl libcrypto 2>/dev/null)
LIBS       := $(or $(LIBS),-lcurl -lcrypto) -ldl -lm

FLOOR_SRC := $(wildcard src/transport/*.c)
LUA_SRC   := $(wildcard src/*.c)
LUA_FILES := $(patsubst lua/%,%,$(wildcard lua/sso/*.lua lua/sso/*/*.lua))
C_SPECS   := $(patsubst spec/c/%.c,%,$(wildcard spec/c/*_test.c))
C_HELPERS := $(filter-out %_test.c,$(wildcard spec/c/*.c))
HOOKED    := $(patsubst spec/c/%.c,%,\
	$(shell grep -lw SSO_MEMORY_HOOKS spec/c/*_test.c 2>/dev/null))
SPEC_C    := $(patsubst spec/support/%.c,%,$(wildcard spec/support/*.c))
BENCH_C   := $(patsubst bench/%.c,%,$(wildcard bench/*.c))

# V=1 shows whole commands.
ifeq ($(V),1)
say =
else
say = @echo "  $(1)";
endif

# What people call is in .PHONY and in `make help` (make lint compares them);
# INNER is what other targets call.
INNER := all c-specs asan unsanitized bench-build bench-programs npm \
	fuzz-programs coverage-programs
.PHONY: $(INNER)
.PHONY: help build demo sandbox test test-asan test-valgrind lint format \
	bench bench-hosts bench-guard install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

build:
	@tools/install-packages build
	@$(MAKE) --no-print-directory -j$(JOBS) all

help:
	@echo "make build          the module for Lua 5.1-5.4 and LuaJIT, in build/"
	@echo "make demo           a certificate rotated against a local SendGrid"
	@echo "make sandbox        that local SendGrid, in the foreground"
	@echo "make install        PREFIX=$(PREFIX) LUA=$(LUA) DESTDIR="
	@echo "make uninstall      the same, undone"
	@echo "make clean          removes build/"
	@echo "make help           this list"
	@echo
	@echo "make test           all specs on all Lua versions;"
	@echo "                    TEST_LUA=\"5.4 luajit\" SPEC=spec/x_spec.lua narrow it"
	@echo "make test-asan      the same under ASan and UBSan (5.4, LuaJIT)"
	@echo "make test-valgrind  the same under valgrind (5.4, LuaJIT)"
	@echo "make coverage       lines and branches of src/ that specs reach; SPEC="
	@echo "make lint           compilers, analysers, style, the rules between floors"
	@echo "make format         clang-format over the C sources"
	@echo
	@echo "make torture        all of the following at full size, and coverage: hours"
	@echo "make torture-quick  the same at a size for every change: minutes"
	@echo "make test-oom       every allocation refused in turn; OOM_STRIDE=29 SCRIPT="
	@echo "make test-gc        the collector at its worst; GC_TIMES=2 SCRIPT="
	@echo "make test-tsan      races between states in threads; TSAN_THREADS=8 TSAN_ROUNDS=20"
	@echo "make test-turns     the collector and races, by turns; EVERY=7 THREADS=8 TURNS=400"
	@echo "make test-signals   system calls interrupted all the time; SIGNAL_CALLS=20000"
	@echo "make endurance      does anything grow; CALLS=1000000 CLIENTS=100000"
	@echo "make fuzz           inputs nobody thought of; SECONDS=20 TARGET=url"
	@echo "make fuzz-planted   does each fuzz target find a planted bug; TARGET=url"
	@echo
	@echo "make bench          what a call costs, beside others; QUICK=1, PUBLISH=1"
	@echo "make bench-hosts    each host: what a call adds, gaps of a ticker, CPU"
	@echo "make bench-guard    fails when a call takes more instructions than before"

# ---- compiling ----------------------------------------------------------

# The pkg-config name of a Lua version: Debian's, Fedora's or Alpine's.
lua_pc = $(firstword $(foreach n,lua$(1) lua-$(1) lua$(subst .,,$(1)),\
	$(shell $(PKG_CONFIG) --exists $(n) 2>/dev/null && echo $(n))))

# $(1) flavour
define floor_rules
build/obj/$(1)/transport/%.o: src/transport/%.c Makefile
	$$(call say,cc  $(1) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(COMMON) $$(FLAGS_$(1)) $$(LIB_CFLAGS) -c -o $$@ $$<

build/obj/$(1)/transport.a: $$(FLOOR_SRC:src/%.c=build/obj/$(1)/%.o)
	@rm -f $$@ && $$(AR) rcs $$@ $$^
endef

# A C spec takes what it calls out of two archives: the transport, and the floor
# above as compiled for Lua 5.4 (certificates, say, know no Lua).
# $(1) name, $(2) flavour, $(3) flavour of the transport, $(4) folder of the other
define c_spec_rules
build/c/$(2)/$(1): spec/c/$(1).c $$(C_HELPERS) $$(wildcard spec/c/*.h) Makefile \
		build/obj/$(3)/transport.a build/obj/$(4)/sso.a
	$$(call say,cc  $(2) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(COMMON) $$(FLAGS_$(3)) -Isrc/transport $$(LUA_CFLAGS_5.4) \
		$$(LIB_CFLAGS) -MT $$@ -MF $$@.d -pthread $$(LINK_$(2)) $$(LDFLAGS) -o $$@ \
		$$(filter %.c,$$^) build/obj/$(4)/sso.a build/obj/$(3)/transport.a \
		$$(LUA_LIBS_5.4) $$(LIBS)
endef

# $(1) Lua version, $(2) flavour, $(3) folder under build/
define lua_rules
LUA_PC_$(1) := $$(call lua_pc,$(1))
LUA_CFLAGS_$(1) := \
	$$(if $$(LUA_PC_$(1)),$$(shell $$(PKG_CONFIG) --cflags $$(LUA_PC_$(1))))
LUA_LIBS_$(1) = \
	$$(if $$(LUA_PC_$(1)),$$(shell $$(PKG_CONFIG) --libs $$(LUA_PC_$(1))))

build/obj/$(3)/%.o: src/%.c Makefile
	$$(if $$(LUA_PC_$(1)),,$$(error the headers of Lua $(1) are missing: \
		tools/install-packages build))
	$$(call say,cc  $(3) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(COMMON) $$(FLAGS_$(2)) $$(LUA_CFLAGS_$(1)) $$(LIB_CFLAGS) \
		-c -o $$@ $$<

build/obj/$(3)/sso.a: $$(LUA_SRC:src/%.c=build/obj/$(3)/%.o)
	@rm -f $$@ && $$(AR) rcs $$@ $$^

build/$(3)/sso/core.so: $$(LUA_SRC:src/%.c=build/obj/$(3)/%.o) \
		$$(FLOOR_SRC:src/%.c=build/obj/$(2)/%.o)
	$$(call say,ld  $(3) sso/core.so)mkdir -p $$(@D) && \
	$$(CC) -shared $$(LINK_$(2)) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)

# Never sanitized: some are loaded into programs that are not (LD_PRELOAD).
build/$(3)/spec/%.so: spec/support/%.c Makefile
	$$(call say,cc  $(3) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(COMMON) $$(FLAGS_plain) $$(LUA_CFLAGS_$(1)) $$(LIB_CFLAGS) \
		-fvisibility=default -MT $$@ -MF $$@.d -shared $$(LINK_plain) \
		$$(LDFLAGS) -o $$@ $$< $$(LIBS)
endef

hooks_of = $(if $(filter $(1),$(HOOKED)),-hooks)
$(foreach f,plain asan plain-hooks asan-hooks,$(eval $(call floor_rules,$(f))))
$(foreach f,plain asan,$(foreach s,$(C_SPECS),\
	$(eval $(call c_spec_rules,$(s),$(f),$(f)$(call hooks_of,$(s)),$(if \
		$(filter asan,$(f)),5.4-asan,5.4)))))
$(foreach v,$(LUAS),$(eval $(call lua_rules,$(v),plain,$(v))))
$(foreach v,5.1 5.4,$(eval $(call lua_rules,$(v),asan,$(v)-asan)))

include mk/torture.mk
include mk/proof.mk

-include $(shell find build/obj build/c build/*/spec -name '*.d' 2>/dev/null)

modules = $(foreach v,$(1),build/$(v)/sso/core.so $(SPEC_C:%=build/$(v)/spec/%.so))

all: $(call modules,$(LUAS))
	@:
c-specs: $(C_SPECS:%=build/c/plain/%)
	@:
unsanitized: $(call modules,5.4 5.1) c-specs
	@:
asan: $(call modules,5.4-asan 5.1-asan) $(C_SPECS:%=build/c/asan/%)
	@:

# ---- running ------------------------------------------------------------

demo:
	@tools/install-packages demo
	@$(MAKE) --no-print-directory -s -j$(JOBS) build/5.4/sso/core.so
	@sandbox/sandbox run tools/demo

sandbox:
	@tools/install-packages demo
	@exec sandbox/sandbox

test:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) all c-specs npm
	@tools/test plain

test-asan:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) asan npm
	@tools/test asan

test-valgrind:
	@tools/install-packages build test valgrind
	@$(MAKE) --no-print-directory -j$(JOBS) unsanitized npm
	@tools/test valgrind

# SendGrid's own client and an identity provider, both for node, which two specs
# run.  Where npm is not there or cannot reach its registry, these are skipped.
npm:
	@[ -n "$(NO_NPM)" ] || \
	cmp -s spec/support/npm.json build/npm/installed.json || \
	! command -v npm >/dev/null || { \
		echo "  npm @sendgrid/client saml-idp" && mkdir -p build/npm && \
		cp spec/support/npm.json build/npm/package.json && \
		npm install --prefix build/npm --no-audit --no-fund \
			--loglevel=error --fetch-retries=1 </dev/null && \
		cp spec/support/npm.json build/npm/installed.json || \
		echo "  npm failed: the specs that run node's packages are skipped"; }

lint:
	@tools/install-packages build lint
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@tools/lint

format:
	@tools/install-packages lint
	clang-format -i $(wildcard src/*.[ch] src/transport/*.[ch] spec/c/*.[ch] \
		spec/support/*.[ch] bench/*.[ch])

bench-programs: $(BENCH_C:%=build/bench/%)
build/bench/%: bench/%.c Makefile
	$(call say,cc  $<)mkdir -p $(@D) && \
	$(CC) $(COMMON) -O2 -g $(LIB_CFLAGS) -MT $@ -MF $@.d -o $@ $< $(LIBS) -lcjson

# QUICK=1: a minute instead of five.  PUBLISH=1: writes docs/benchmark.md too.
bench: bench-build
	@sandbox/sandbox run bench/run $(if $(QUICK),--quick) \
		$(if $(PUBLISH),--publish)

# Each host: what a call adds, gaps of a ticker, CPU; fails beyond its limits.
bench-hosts: bench-build
	@tools/install-packages test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@sandbox/sandbox run bench/hosts

# Fails when a call takes more instructions than bench/baseline.json says.
bench-guard: bench-build
	@sandbox/sandbox run lua5.4 bench/guard.lua

bench-build:
	@tools/install-packages bench
	@$(MAKE) --no-print-directory -j$(JOBS) build/5.4/sso/core.so \
		build/5.1/sso/core.so bench-programs npm

# ---- installing without luarocks ----------------------------------------

c_dir   = $(DESTDIR)$(PREFIX)/lib/lua/$(LUA)
lua_dir = $(DESTDIR)$(PREFIX)/share/lua/$(LUA)
bin_dir = $(DESTDIR)$(PREFIX)/bin
man_dir = $(DESTDIR)$(PREFIX)/share/man/man1

# What runs the program: Debian's, Fedora's or Alpine's name of this Lua.
LUA_NAMES   := lua$(LUA) lua-$(LUA) lua$(subst .,,$(LUA))
LUA_PROGRAM ?= $(or $(firstword $(foreach n,$(LUA_NAMES),\
	$(shell command -v $(n) >/dev/null && echo $(n)))),lua$(LUA))

install: build/$(LUA)/sso/core.so
	install -d $(c_dir)/sso
	install -m 755 build/$(LUA)/sso/core.so $(c_dir)/sso/core.so
	@set -e; for f in $(LUA_FILES); do \
		echo "install -m 644 lua/$$f $(lua_dir)/$$f"; \
		install -D -m 644 "lua/$$f" "$(lua_dir)/$$f"; \
	done
	install -d $(bin_dir)
	sed '1s|.*|#!/usr/bin/env $(LUA_PROGRAM)|' bin/sendgrid-sso \
		>$(bin_dir)/sendgrid-sso
	chmod 755 $(bin_dir)/sendgrid-sso
	install -D -m 644 docs/sendgrid-sso.1 $(man_dir)/sendgrid-sso.1

uninstall:
	rm -f $(c_dir)/sso/core.so $(LUA_FILES:%=$(lua_dir)/%) \
		$(bin_dir)/sendgrid-sso $(man_dir)/sendgrid-sso.1
	@find $(c_dir)/sso $(lua_dir)/sso -depth -type d -empty -delete \
		2>/dev/null || true

clean:
	rm -rf build
