# SPDX-License-Identifier: GPL-3.0-or-later
#
# Calls Meson and Ninja to build, and the programs of scripts/, tests/ and bench/ for everything else.
# deps, run, test, bench, sanitize and install require root, and check for it.

BUILD    ?= build
SCENARIO ?= scenarios/scenario-1-auto.yaml
RUNFLAGS ?= --quick
GROUPS   ?= build run
PREFIX   ?= /usr/local
TESTFLAGS ?=
DEB_DIR  ?= packages
# Expanded once, so that all recipes use the same folder.
RESULTS  := results/$(shell date +%Y-%m-%d_%H%M%S)

.PHONY: build build-sanitize deps run test test-vm test-xen vm-images bench gallery deb install uninstall format check check-debian13 fuzz soak sanitize clean help

build:
	@scripts/build $(BUILD) --prefix=$(PREFIX)

help:
	@echo "make [build]   build/vrbench, which runs from there"
	@echo "make deps      install missing Debian packages (GROUPS='build run test check bench')"
	@echo "make run       measure $(SCENARIO) on this machine"
	@echo "make test      run, then all tests (TESTFLAGS='--only PATTERN')"
	@echo "make test-vm   the full tests in virtual machines"
	@echo "make test-xen  the full tests in Domain-0 of Xen, and the study's table"
	@echo "make sanitize  every test of the program, built with address and undefined-behaviour sanitizers"
	@echo "make fuzz      every fuzzer for FUZZ_RUNS (1000000) inputs"
	@echo "make soak      long runs of kills, races and up/down cycles, on an otherwise idle machine"
	@echo "make check     layout, lint and architecture; make format corrects the layout"
	@echo "make bench     compare with iperf, iperf3, Mininet and a script of ip commands"
	@echo "make check-debian13  build and unit tests in a clean root of Debian 13"
	@echo "make gallery   draw the scenarios of docs/gallery.md by Graphviz into $(BUILD)/gallery"
	@echo "make install   into $(PREFIX) (DESTDIR is honoured)"
	@echo "make uninstall removes what make install of this build folder wrote"
	@echo "make deb       Debian packages of the last commit, built and checked in a clean root (DEB_DIR=packages)"
	@echo "make clean     remove build folders; results/ stays"

deps:
	@scripts/deps $(GROUPS)

# Exits with 2 if vrbench fails, whatever its exit status. With RUN_STATUS=FILE a failure of vrbench only writes its exit
# status to that file.
run:
	@scripts/need-root run "it makes network namespaces"
	@$(MAKE) --no-print-directory build
	@mkdir -p results
	@$(BUILD)/vrbench run $(SCENARIO) $(RUNFLAGS) -o $(RESULTS); status=$$?; \
	if [ $$status = "$(RUN_ACCEPTS)" ]; then status=0; fi; \
	if [ -d $(RESULTS) ]; then echo "results: $(RESULTS)"; fi; \
	if [ $$status != 0 ] && [ -n "$(RUN_STATUS)" ]; then echo $$status >"$(RUN_STATUS)"; status=0; fi; exit $$status

# Measures first, if only a few points on a noisy machine (exit status 4), then runs the tests; with TESTFLAGS only the selected tests.
test:
	@scripts/need-root test "it makes network namespaces"
	@$(MAKE) --no-print-directory build
	@test -n "$(TESTFLAGS)" || $(MAKE) --no-print-directory run RUN_ACCEPTS=4
	@tests/run $(BUILD) $(TESTFLAGS)

# The disks of test machines, which tests build themselves if they are missing.
vm-images:
	@for image in debian xen; do tests/vm/vm image $$image || test $$? -eq 3; done

# `make test` runs a part of these.
test-vm:
	@scripts/need-root test-vm "it makes images of Debian"
	@$(MAKE) --no-print-directory build
	@VRBENCH_VM_WHOLE=1 TEST_TIMEOUT=3600 tests/run $(BUILD) --only vm/

# Prints the measurements: tests/run prints failures only.
test-xen:
	@scripts/need-root test-xen "it makes images of Debian"
	@$(MAKE) --no-print-directory build
	@rm -f $(BUILD)/tests/xen.txt
	@VRBENCH_VM_WHOLE=1 VRBENCH_XEN_TABLE=$(abspath $(BUILD))/tests/xen.txt TEST_TIMEOUT=900 \
	tests/run $(BUILD) --only vm/xen; status=$$?; \
	test ! -e $(BUILD)/tests/xen.txt || cat $(BUILD)/tests/xen.txt; exit $$status

build-sanitize:
	@scripts/build build-sanitize -Db_sanitize=address,undefined -Db_lundef=false

sanitize:
	@scripts/need-root sanitize "its tests make network namespaces"
	@$(MAKE) --no-print-directory build-sanitize
	@tests/run build-sanitize $(TESTFLAGS)

# FUZZERS='point frame' for some.
fuzz: build
	@tests/fuzz/run $(BUILD) $(FUZZERS)

# `make test` runs a short form of each.
soak:
	@scripts/need-root soak "it makes network namespaces"
	@$(MAKE) --no-print-directory build
	@VRBENCH_SOAK=whole TEST_TIMEOUT=3600 tests/run $(BUILD) --only net/soak_

bench:
	@scripts/need-root bench "it makes network namespaces"
	@$(MAKE) --no-print-directory build
	@bench/run $(BUILD)

gallery: build
	@scripts/gallery $(BUILD)/vrbench svg $(BUILD)/gallery

install:
	@test -n "$(DESTDIR)" || scripts/need-root install "it writes to $(PREFIX)"
	@$(MAKE) --no-print-directory build
	@meson install -C $(BUILD) --no-rebuild

deb:
	@scripts/package $(DEB_DIR)

# The build folder contains the list of installed files.
uninstall:
	@test -n "$(DESTDIR)" || scripts/need-root uninstall "it removes files of $(PREFIX)"
	@scripts/uninstall $(BUILD)

format:
	@find bpf src guest describe tests bench \( -name '*.c' -o -name '*.h' \) -type f -exec clang-format -i {} +

check: build
	@scripts/check $(BUILD)

# ACCEPTS=3 also accepts that no mirror of Debian can be reached.
check-debian13:
	@scripts/check-debian trixie || test $$? = "$(ACCEPTS)"

clean:
	@rm -rf build build-sanitize
