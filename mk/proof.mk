# proof.mk - what shows that the specs reach everything and that nothing grows,
# races or depends on when garbage is collected.  Included by the Makefile,
# whose rules for objects it uses with flavours of its own:
#   build/5.4-coverage, build/5.1-coverage, build/c/coverage   gcov
#   build/tsan/threads                                         ThreadSanitizer
#   build/torture/gc                                           plain

# ---- coverage -----------------------------------------------------------

FLAGS_coverage := -O0 -g --coverage -fprofile-update=atomic -U_FORTIFY_SOURCE
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

.PHONY: coverage coverage-programs
coverage-programs: $(foreach v,5.4-coverage 5.1-coverage,\
		build/$(v)/sso/core.so $(SPEC_C:%=build/$(v)/spec/%.so)) \
		$(C_SPECS:%=build/c/coverage/%) build/c/coverage/oom
	@:

# SPEC= narrows what runs, and what is then covered.
coverage:
	@tools/install-packages build test coverage
	@$(MAKE) --no-print-directory -j$(JOBS) coverage-programs npm
	@tools/coverage

# ---- threads ------------------------------------------------------------

FLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer \
	-U_FORTIFY_SOURCE
LINK_tsan  := -fsanitize=thread

$(eval $(call floor_rules,tsan))
$(eval $(call lua_rules,5.4,tsan,5.4-tsan))

# $(1) program, $(2) flavour, $(3) Lua's objects: a host of states.
define state_rules
$(1): spec/torture/$(notdir $(1)).c spec/torture/state.c \
		spec/torture/state.h build/obj/$(3)/sso.a \
		build/obj/$(2)/transport.a Makefile mk/proof.mk
	$$(call say,cc  $(2) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(filter-out -MMD -MP,$$(COMMON)) $$(FLAGS_$(2)) \
		$$(LUA_CFLAGS_5.4) $$(LIB_CFLAGS) -pthread -rdynamic $$(LINK_$(2)) \
		-o $$@ $$(filter %.c,$$^) $$(filter %.a,$$^) $$(LUA_LIBS_5.4) $$(LIBS)
endef
$(eval $(call state_rules,build/tsan/threads,tsan,5.4-tsan))
$(eval $(call state_rules,build/torture/gc,plain,5.4))
$(eval $(call state_rules,build/torture-asan/gc,asan,5.4-asan))

# What turns.lua loads of the specs' own.
STATE_NEEDS := $(SPEC_C:%=build/5.4/spec/%.so)

.PHONY: test-tsan test-gc endurance
THREADS ?= 8
TURNS   ?= 400
test-tsan:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/tsan/threads $(STATE_NEEDS)
	@tools/states build/tsan/threads $(THREADS) 12 $(TURNS)

# ---- the collector ------------------------------------------------------

# EVERY=1 is as often as can be, and takes its time.
EVERY ?= 101
test-gc:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/gc \
		build/torture-asan/gc $(STATE_NEEDS)
	@tools/states build/torture/gc $(EVERY)
	@tools/states build/torture-asan/gc $(EVERY)
