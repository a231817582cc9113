# SPDX-License-Identifier: MIT
# Gapless. `make help` lists the targets. One flat file; each flavour has a build folder of its own:
#   release   what users run
#   asan      AddressSanitizer + UBSan, with the fault points that tests use
#   fault     as release, with the fault points
#   fuzz      clang's libFuzzer under AddressSanitizer + UBSan

FLAVOUR ?= release
B := build/$(FLAVOUR)
# For what only compiles; tests and servers come one after the other.
SIDE_BY_SIDE := --no-print-directory -j$(shell nproc)
# What only tests see does not say which commit it is of: it would be linked again with each.
VERSION := $(shell sh compose/version.sh $(if $(filter release,$(FLAVOUR)),,--release))

ifneq ($(V),1)
  Q := @
  say = @echo "  $(1)	$(2)";
endif

LIBS_common := rdkafka libcurl libcjson libpq libmicrohttpd
CC := $(if $(filter fuzz,$(FLAVOUR)),clang,gcc)
WARNINGS := -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wimplicit-fallthrough -Wundef
WERROR ?= -Werror
HARDENING := -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fstack-protector-strong -fPIE
FLAGS_release := -O2 -g $(HARDENING)
FLAGS_fault := $(FLAGS_release) -DGAPLESS_FAULTS
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DGAPLESS_FAULTS
FLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LINK_release := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed
LINK_fault := $(LINK_release)
LINK_asan := -fsanitize=address,undefined
LINK_fuzz := -fsanitize=fuzzer,address,undefined

CPPFLAGS_ALL = -D_GNU_SOURCE -I. $(shell pkg-config --cflags $(LIBS_common))
CFLAGS_ALL = -std=gnu17 $(WARNINGS) $(WERROR) $(FLAGS_$(FLAVOUR)) $(CFLAGS)
LDLIBS_ALL = $(shell pkg-config --libs $(LIBS_common)) -lm -pthread

SRC_common := $(wildcard common/*/*.c)
SRC_producer := $(wildcard producer/*.c producer/*/*.c)
SRC_writer := $(wildcard writer/*.c writer/*/*.c)
SRC_indicators := $(wildcard indicators/*.c indicators/*/*.c)
SRC_exchange := $(wildcard tests/exchange/*.c)
SRC_unit := $(wildcard tests/unit/test_*.c)
SRC_lies := $(wildcard tests/unit/lies/*.c)
SRC_fuzz := $(wildcard tests/fuzz/fuzz_*.c)
SQL := $(sort $(wildcard schemas/[0-9]*.sql))

obj = $(patsubst %.c,$(B)/%.o,$(1))
OBJ_common := $(call obj,$(SRC_common)) $(B)/gen/version.o
OBJ_producer := $(call obj,$(filter-out producer/main.c,$(SRC_producer)))
OBJ_writer := $(call obj,$(filter-out writer/main.c,$(SRC_writer))) $(B)/gen/migrations.o $(B)/gen/html.o
OBJ_indicators := $(call obj,$(filter-out indicators/main.c,$(SRC_indicators)))
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(SRC_unit))
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/%,$(SRC_fuzz))
REPLAY := $(patsubst tests/fuzz/%.c,$(B)/tests/test_%,$(SRC_fuzz))

PRODUCER := $(B)/gapless-producer
WRITER := $(B)/gapless-writer
INDICATORS := $(B)/gapless-indicators
EXCHANGE := $(B)/gapless-exchange

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 18

# ---------------------------------------------------------------- what must be installed (apt; see compose/deps.sh)

DEPS_build := build/.deps-build
DEPS_stack := build/.deps-stack
DEPS_test := build/.deps-test
DEPS_lint := build/.deps-lint
DEPS_fuzz := build/.deps-fuzz
DEPS_package := build/.deps-package

build/.deps-%: compose/deps.sh
	@bash compose/deps.sh $*
	@mkdir -p build && touch $@

.PHONY: deps
deps: ## installs what is missing through apt
	@bash compose/deps.sh all

# ---------------------------------------------------------------- programs

.PHONY: all programs
programs: $(PRODUCER) $(WRITER) $(INDICATORS)

all: $(PRODUCER) $(WRITER) $(INDICATORS) $(EXCHANGE) $(if $(filter release,$(FLAVOUR)),manuals) ## builds the programs (FLAVOUR=release|fault|asan)

$(B)/%.o: %.c | $(DEPS_build)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/gen/migrations.c: schemas/embed.sh $(SQL)
	@mkdir -p $(@D)
	$(call say,GEN,$@)sh schemas/embed.sh $(SQL) > $@

# The writer's page, with the chart library (Debian's libjs-dygraphs) in it.
DYGRAPHS ?= /usr/share/javascript/dygraphs
DYGRAPHS_LICENCE ?= /usr/share/doc/libjs-dygraphs/copyright
$(B)/gen/html.c: writer/page/embed.sh $(wildcard writer/page/html/* writer/page/html/js/*) | $(DEPS_build)
	@mkdir -p $(@D)
	$(call say,GEN,$@)bash writer/page/embed.sh writer/page/html $(DYGRAPHS) $(DYGRAPHS_LICENCE) > $@

# Rewritten only if the version is another one.
$(B)/gen/version.c: FORCE
	@mkdir -p $(@D)
	@printf '#include "common/base/version.h"\n\nconst char gapless_version[] = "%s";\n' '$(VERSION)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: FORCE
FORCE:

$(B)/gen/%.o: $(B)/gen/%.c | $(DEPS_build)
	$(call say,CC,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/libcommon.a: $(OBJ_common)
$(B)/libproducer.a: $(OBJ_producer)
$(B)/libwriter.a: $(OBJ_writer)
$(B)/libindicators.a: $(OBJ_indicators)
$(B)/lib%.a:
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(PRODUCER): $(B)/producer/main.o $(B)/libproducer.a $(B)/libcommon.a
$(WRITER): $(B)/writer/main.o $(B)/libwriter.a $(B)/libcommon.a
$(INDICATORS): $(B)/indicators/main.o $(B)/libindicators.a $(B)/libcommon.a
$(PRODUCER) $(WRITER) $(INDICATORS):
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)

$(EXCHANGE): $(call obj,$(SRC_exchange)) $(B)/gen/version.o
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(shell pkg-config --libs libmicrohttpd zlib) -lm -pthread

$(B)/tests/%: $(B)/tests/unit/%.o $(B)/libproducer.a $(B)/libwriter.a $(B)/libindicators.a $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS_ALL) -lcmocka
$(B)/tests/test_producer_lies: $(call obj,$(SRC_lies))
# Two programs may use the same name, each for something of its own.
$(B)/tests/test_indicator_%: $(B)/tests/unit/test_indicator_%.o $(B)/libindicators.a $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL) -lcmocka

# A fuzz target with libFuzzer, and without it: the latter is one of the unit tests.
$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/libproducer.a $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)

$(B)/tests/test_fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libproducer.a $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)

-include $(patsubst %.o,%.d,$(OBJ_common) $(OBJ_producer) $(OBJ_writer) $(call obj,$(SRC_exchange) $(SRC_unit) $(SRC_lies) $(SRC_fuzz) \
	tests/fuzz/replay.c producer/main.c writer/main.c indicators/main.c) $(OBJ_indicators))

# What there is to read about a program's settings, from its own tables: man pages, completion, a page of docs/.
PROGRAMS := producer writer indicators
SETTINGS_DOC := $(PROGRAMS:%=$(B)/gapless-%-doc)
$(SETTINGS_DOC): $(B)/gapless-%-doc: $(B)/tests/tools/settings_doc.o $(B)/lib%.a $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
-include $(B)/tests/tools/settings_doc.d

MAN := $(PROGRAMS:%=$(B)/man/gapless-%.1)
COMPLETION := $(PROGRAMS:%=$(B)/completion/gapless-%)
$(MAN): $(B)/man/gapless-%.1: $(B)/gapless-%-doc
	@mkdir -p $(@D)
	$(call say,GEN,$@)SOURCE_DATE_EPOCH=$$(sh compose/version.sh --time) $< man > $@
$(COMPLETION): $(B)/completion/gapless-%: $(B)/gapless-%-doc
	@mkdir -p $(@D)
	$(call say,GEN,$@)$< bash > $@

.PHONY: manuals
manuals: $(MAN) $(COMPLETION)

# ---------------------------------------------------------------- the local stack (compose/stack.sh: loopback, no containers)

.PHONY: up down clean
up: $(WRITER) | $(DEPS_stack) ## starts Kafka and PostgreSQL on loopback, and makes the tables
	@compose/stack.sh up
	@eval "$$(compose/stack.sh env)" && $(WRITER) migrate

down: ## stops them
	@compose/stack.sh down

clean: ## stops every stack of this folder, removes all that was built, and the databases
	@if [ -x compose/stack.sh ]; then compose/stack.sh clean all; fi
	rm -rf build

# ---------------------------------------------------------------- installing

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
BINDIR := $(PREFIX)/bin
MANDIR := $(PREFIX)/share/man/man1
COMPLETIONDIR := $(PREFIX)/share/bash-completion/completions
DOCDIR := $(PREFIX)/share/doc/gapless
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR := $(PREFIX)/lib/sysusers.d
PAGES := $(wildcard *.md docs/*.md docs/*.png schemas/*.md schemas/*.json schemas/*.sql compose/prometheus/*.yml)
WHAT_producer := fetches candles from an exchange into Kafka
WHAT_writer := stores candles from Kafka in PostgreSQL
WHAT_indicators := computes indicators from the candles in Kafka

.PHONY: install uninstall
install: $(PRODUCER) $(WRITER) $(INDICATORS) manuals ## programs, man pages, completion, units, documentation: make install [DESTDIR=] [PREFIX=/usr/local]
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(MANDIR) $(COMPLETIONDIR) $(UNITDIR) $(SYSUSERSDIR) $(SYSCONFDIR)/gapless)
	install -m 755 $(PRODUCER) $(WRITER) $(INDICATORS) $(DESTDIR)$(BINDIR)
	install -m 644 $(MAN) $(DESTDIR)$(MANDIR)
	install -m 644 $(COMPLETION) $(DESTDIR)$(COMPLETIONDIR)
	install -m 644 compose/systemd/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/gapless.conf
	for page in LICENSE $(PAGES); do install -D -m 644 $$page $(DESTDIR)$(DOCDIR)/$$page || exit 1; done
	for program in $(PROGRAMS); do install -D -m 644 compose/$$program.env.example $(DESTDIR)$(DOCDIR)/compose/$$program.env.example || exit 1; done
	$(foreach p,$(PROGRAMS),sed 's|@PROGRAM@|$p|g; s|@WHAT@|$(WHAT_$p)|; s|@BINDIR@|$(BINDIR)|; s|@SYSCONFDIR@|$(SYSCONFDIR)|' \
		compose/systemd/gapless.service.in > $(DESTDIR)$(UNITDIR)/gapless-$p.service &&) \
		chmod 644 $(PROGRAMS:%=$(DESTDIR)$(UNITDIR)/gapless-%.service)
	@# What somebody has changed stays.
	cd compose && for file in systemd/common.env $(PROGRAMS:%=%.env.example); do \
		to=$${file#*/}; to=$(DESTDIR)$(SYSCONFDIR)/gapless/$${to%.example}; \
		[ -e $$to ] || install -m 640 $$file $$to || exit 1; done

uninstall: ## removes them again, but for the settings in SYSCONFDIR/gapless
	rm -rf $(DESTDIR)$(DOCDIR)
	rm -f $(foreach p,$(PROGRAMS),$(addprefix $(DESTDIR),$(BINDIR)/gapless-$p $(MANDIR)/gapless-$p.1 $(COMPLETIONDIR)/gapless-$p \
		$(UNITDIR)/gapless-$p.service)) $(DESTDIR)$(SYSUSERSDIR)/gapless.conf

.PHONY: dist
dist: $(PRODUCER) $(WRITER) $(INDICATORS) | $(DEPS_test) ## a release in build/dist: source archive, bill of materials, checksums; the same bytes each time
	@compose/dist.sh build/dist $(PRODUCER) $(WRITER) $(INDICATORS)

.PHONY: deb
deb: dist | $(DEPS_package) ## a Debian package of that release, in build/deb, for the Debian that this is
	@compose/deb.sh build/dist/*.tar.gz build/deb

# ---------------------------------------------------------------- running

.PHONY: demo run
demo: $(PRODUCER) $(WRITER) $(INDICATORS) $(EXCHANGE) | $(DEPS_stack) $(DEPS_test) ## the whole path, on a sandbox exchange: start here
	@tests/demo.sh

run: up $(PRODUCER) ## the same against the real exchange: make run SYMBOLS=KRW-BTC,KRW-ETH [INTERVALS=1m] [SINCE=2024-01-01]
	@compose/run.sh "$(SYMBOLS)" "$(or $(INTERVALS),1m)" "$(SINCE)"

.PHONY: containers containers-down
containers: ## Kafka, TimescaleDB, producer and writers under docker compose, until the table is complete
	@compose/smoke.sh

containers-down: ## stops and removes them
	@docker compose -f compose/docker-compose.yml down

# ---------------------------------------------------------------- tests

.PHONY: test unit integration unit-programs
test: unit integration ## all tests: unit, then scenarios on a real broker and database

unit-programs: $(UNIT) $(REPLAY) $(EXCHANGE) build/corpus/.made

# What fuzzing begins with and the unit tests replay, made from the fixtures.
build/corpus/.made: tests/fuzz/corpus.sh schemas/candle.golden.json $(wildcard tests/data/messages/* tests/data/pages/*/* tests/data/upbit/*.json)
	$(call say,GEN,$(@D))tests/fuzz/corpus.sh $(@D) && touch $@

# Pure parts and parsers, under AddressSanitizer and UBSan, wherever the machine stands. Of the worlds that take long, each zone sees
# other ones.
unit: | $(DEPS_build) $(DEPS_test) ## unit tests, in three time zones
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=asan unit-programs
	@seed=1; for zone in UTC Asia/Seoul America/New_York; do \
		echo "unit tests, TZ=$$zone"; \
		TZ=$$zone GAPLESS_SEED=$$seed GAPLESS_RUNS=20 CMOCKA_MESSAGE_OUTPUT=TAP prove -j6 -e '' build/asan/tests/test_* || exit 1; \
		seed=$$((seed + 20)); \
	done

# transaction_store() on a real database, for a scenario.
STORE_MODEL := $(B)/gapless-store-model
$(STORE_MODEL): $(B)/tests/model/store_model.o $(B)/libwriter.a $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
-include $(B)/tests/model/store_model.d

# What scenarios ask and tell Kafka of topics. Without sanitizers: it is called again and again.
TOPIC := build/gapless-topic
$(TOPIC): tests/tools/topic.c | $(DEPS_build)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE -std=gnu17 $(WARNINGS) $(WERROR) $(FLAGS_release) $(LINK_release) -o $@ $< $$(pkg-config --cflags --libs rdkafka)

# A stranger that publishes in transactions.
TRANSACTIONS := $(B)/gapless-transactions
$(TRANSACTIONS): $(B)/tests/tools/transactions.o
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
-include $(B)/tests/tools/transactions.d

.PHONY: integration-programs
integration-programs: all $(STORE_MODEL) $(TOPIC) $(TRANSACTIONS)

# Whole programs; the processes in one time zone, the database in another.
integration: | $(DEPS_stack) $(DEPS_test) ## scenarios on a stack of their own
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=asan integration-programs
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=release all
	@tests/integration/run.sh tests/integration/*.t

.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ)

fuzz: build/corpus/.made | $(DEPS_build) $(DEPS_fuzz) ## searches for inputs that break the parsers: make fuzz [SECONDS=60] [TARGETS="page message"]
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=fuzz fuzz-programs
	@tests/fuzz/run.sh $(or $(SECONDS),60) $(TARGETS)

.PHONY: soak
soak: | $(DEPS_stack) $(DEPS_test) ## the long scenarios, one after the other: some of them measure (an hour and a half)
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=asan integration-programs
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=release all
	@GAPLESS_JOBS=1 GAPLESS_PATIENCE=2 tests/integration/run.sh tests/soak/*.t

.PHONY: chaos
chaos: | $(DEPS_stack) $(DEPS_test) ## everything dies at random, ten minutes long: make chaos [KILLS=100] [CHAOS_SEED=N] [PRODUCERS=2] [WRITERS=2]
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=asan integration-programs
	@GAPLESS_JOBS=1 KILLS=$(or $(KILLS),100) PRODUCERS=$(or $(PRODUCERS),2) WRITERS=$(or $(WRITERS),2) CHAOS_SEED=$(CHAOS_SEED) \
		tests/integration/run.sh -v tests/chaos/chaos.t

.PHONY: bench bench-peers bench-indicators bench-programs
BENCH_LOAD := $(B)/gapless-bench-load
BENCH_PAGES := $(B)/gapless-bench-pages
BENCH_IDLE := $(B)/gapless-bench-idle
$(BENCH_LOAD): $(B)/tests/bench/load.o $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
$(BENCH_PAGES): $(B)/tests/bench/pages.o $(B)/libproducer.a $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
$(BENCH_IDLE): $(B)/tests/bench/idle.o $(B)/libproducer.a $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
-include $(B)/tests/bench/load.d $(B)/tests/bench/pages.d $(B)/tests/bench/idle.d

bench-programs: $(WRITER) $(INDICATORS) $(BENCH_LOAD) $(BENCH_PAGES) $(BENCH_IDLE)

bench: | $(DEPS_stack) $(DEPS_test) ## speed beside a plain COPY of the same rows, as ratios: make bench [ROWS=1000000] [ROUNDS=5]
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=release bench-programs
	@tests/bench/bench.sh $(or $(ROWS),1000000) $(or $(ROUNDS),5)

bench-peers: | $(DEPS_stack) $(DEPS_test) ## the same beside Bento, Debezium and Python, and after faults: make bench-peers [ROWS=500000] [ROUNDS=3] [FAULTS=yes|no|only]
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=release bench-programs
	@tests/bench/peers.sh $(or $(ROWS),500000) $(or $(ROUNDS),3) $(or $(FAULTS),yes)

bench-indicators: | $(DEPS_stack) $(DEPS_test) ## gapless-indicators beside Python with TA-Lib: make bench-indicators [MINUTES=1400]
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=release bench-programs
	@tests/bench/indicators.sh $(or $(MINUTES),1400)

.PHONY: test-deb deb-before
# The last release whose database has a migration less.
BEFORE ?= 0cb6f3f
deb-before: | $(DEPS_package)
	@[ ! -e .git ] || [ -n "$$(find build/before/build/deb -name 'gapless_*.deb' 2>/dev/null)" ] || { rm -rf build/before && \
		git clone -q --shared . build/before && git -C build/before checkout -q $(BEFORE) && $(MAKE) -C build/before deb; }

test-deb: deb deb-before $(EXCHANGE) | $(DEPS_stack) $(DEPS_test) ## the package in a bare Debian with its own systemd, new and over an older one: make test-deb [SUITES="bookworm trixie"] (root)
	@for suite in $(or $(SUITES),bookworm trixie); do SUITE=$$suite GAPLESS_JOBS=1 \
		tests/integration/run.sh tests/ship/deb.t tests/ship/upgrade.t || exit 1; done

.PHONY: test-manifests
test-manifests: all ## what is laid out for containers, without an engine or a cluster
	@CC="$(CC)" prove tests/ship/manifests.sh

# ---------------------------------------------------------------- lint

.PHONY: examples
examples: $(PRODUCER) $(WRITER) $(INDICATORS) ## writes the example environment files again, from the settings' tables
	$(PRODUCER) --example > compose/producer.env.example
	$(WRITER) --example > compose/writer.env.example
	$(INDICATORS) --example > compose/indicators.env.example

METRICS_DOC := $(B)/gapless-metrics-doc
$(METRICS_DOC): $(B)/tests/tools/metrics_doc.o $(B)/libproducer.a $(B)/libwriter.a $(B)/libindicators.a $(B)/libcommon.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LINK_$(FLAVOUR)) -o $@ $^ $(LDLIBS_ALL)
-include $(B)/tests/tools/metrics_doc.d

.PHONY: docs
docs: $(METRICS_DOC) $(SETTINGS_DOC) ## writes docs/metrics.md and docs/reference.md again, from the programs' tables
	$(METRICS_DOC) > docs/metrics.md
	tests/tools/reference.sh $(B) > docs/reference.md

TIDY := $(SRC_common) $(SRC_producer) $(SRC_writer) $(SRC_indicators) $(SRC_exchange)

FORMATTED = $(sort $(shell find common producer writer indicators tests -name '*.[ch]'))

.PHONY: format
format: | $(DEPS_lint) ## lays out every .c and .h as .clang-format says
	@clang-format -i $(FORMATTED)

.PHONY: lint
lint: | $(DEPS_build) $(DEPS_test) $(DEPS_lint) ## layout, structure, documentation, warnings as errors, clang-tidy, cppcheck
	@$(MAKE) $(SIDE_BY_SIDE) FLAVOUR=release all unit-programs build/release/gapless-metrics-doc
	@build/release/gapless-metrics-doc | cmp - docs/metrics.md || { echo "docs/metrics.md is not what the tables say: make docs"; exit 1; }
	@$(PRODUCER) --example | cmp - compose/producer.env.example && $(WRITER) --example | cmp - compose/writer.env.example && \
		$(INDICATORS) --example | cmp - compose/indicators.env.example || \
		{ echo "the example files are not what the settings say: make examples"; exit 1; }
	@echo "clang-format"; clang-format --dry-run -Werror $(FORMATTED)
	@echo "structure"; tests/lint/structure.sh --self-test && tests/lint/structure.sh
	@echo "changes"; tests/lint/changes.sh
	@echo "documentation"; tests/lint/docs.sh
	@echo "installation"; tests/ship/install.sh
	@echo "release"; tests/ship/dist.sh
	@echo "cppcheck"; cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=unknownMacro -I. $(TIDY)
	@echo "clang-tidy"; printf '%s\n' $(TIDY) | xargs -P 2 -n 1 sh -c 'clang-tidy --quiet "$$@" -- -std=gnu17 -D_GNU_SOURCE -I. \
		$(shell pkg-config --cflags $(LIBS_common) libmicrohttpd) 2>/dev/null' tidy
