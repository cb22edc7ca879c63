# proof.mk - that nothing grows, and that neither threads nor the collector
# break anything.  Included by the Makefile after torture.mk, whose rules and
# flavours it uses:
#   build/torture/pool            ThreadSanitizer
#   build/torture/gc, gc-asan     plain, ASan and UBSan
#   build/torture/applied         a server, for endurance.lua

# ---- turns: Lua states in hosts of their own ----------------------------

# $(1) program, $(2) source, $(3) flavour, $(4) Lua's objects
define state_rules
$(1): spec/torture/$(2).c spec/torture/state.c spec/torture/state.h \
		build/obj/$(4)/sso.a build/obj/$(3)/transport.a Makefile
	$$(call say,cc  $(3) $$<)mkdir -p $$(@D) && \
	$$(CC) $$(filter-out -MMD -MP,$$(COMMON)) $$(FLAGS_$(3)) \
		$$(LUA_CFLAGS_5.4) $$(LIB_CFLAGS) -pthread -rdynamic $$(LINK_$(3)) \
		-o $$@ $$(filter %.c,$$^) $$(filter %.a,$$^) $$(LUA_LIBS_5.4) $$(LIBS)
endef
$(eval $(call state_rules,build/torture/pool,pool,tsan,5.4-tsan))
$(eval $(call state_rules,build/torture/gc,gc,plain,5.4))
$(eval $(call state_rules,build/torture/gc-asan,gc,asan,5.4-asan))

# THREADS, TURNS: of the pool.  EVERY: 1 collects as often as can be.
.PHONY: test-turns
THREADS ?= 8
TURNS   ?= 400
EVERY   ?= 7
test-turns:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/pool \
		build/torture/gc build/torture/gc-asan \
		$(SPEC_C:%=build/5.4/spec/%.so)
	@tools/states build/torture/gc $(EVERY)
	@tools/states build/torture/gc-asan $(EVERY)
	@tools/states build/torture/pool $(THREADS) 12 $(TURNS)
	@tools/planted "the string was collected" tools/states build/torture/gc 7 2
	@tools/planted heap-use-after-free tools/states build/torture/gc-asan 7 2
	@tools/planted planted_race tools/states build/torture/pool 4 4 20

# ---- endurance ----------------------------------------------------------

build/torture/applied: spec/torture/applied.c Makefile
	$(call say,cc  $<)mkdir -p $(@D) && \
	$(CC) $(filter-out -MMD -MP,$(COMMON)) $(FLAGS_plain) -o $@ $<

.PHONY: endurance
CALLS   ?= 1000000
CLIENTS ?= 100000
endurance:
	@tools/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/torture/applied \
		build/5.4/sso/core.so build/5.1/sso/core.so \
		$(SPEC_C:%=build/5.4/spec/%.so) $(SPEC_C:%=build/5.1/spec/%.so)
	@tools/endurance lua5.4 $(CALLS) $(CLIENTS)
	@tools/endurance luajit $(CALLS) $(CLIENTS)
