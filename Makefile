# The two commands: `make run` shows what the policy does, `make test` checks that it does. `make bench` measures it.

WASM_TARGET := wasm32-unknown-unknown
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
HOST := $(TARGET_DIR)/debug/native-sidecar
# Where scripts/tool.sh puts what the machine does not have.
TOOLS := $(TARGET_DIR)/tools
DENY := $(TOOLS)/cargo-deny/bin/cargo-deny --workspace --locked
# What annotates and runs the module in the end-to-end tests.
KWCTL ?= $(or $(shell command -v kwctl),$(abspath $(HOST)))

# What the tests of the playground drive.
CHROMIUM ?= $(or $(shell command -v chromium),$(shell command -v google-chrome),/usr/bin/chromium)

# Where the policy is published, and which version this is.
OCI_REF ?= ghcr.io/native-sidecar-policy/native-sidecar-policy
VERSION := $(shell sed -n 's/^ *io.kubewarden.policy.version: //p' metadata.yml)

# What Rust's wasm32-unknown-unknown uses of WebAssembly beyond its first version; the module does not say so itself.
WASM_FEATURES := $(addprefix --enable-,bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types \
	sign-ext simd)

POLICY_SOURCES := Cargo.toml Cargo.lock $(shell find src -name '*.rs' -o -name '*.sh')
HOST_SOURCES := $(addsuffix /Cargo.toml,host review yaml) host/build.rs $(shell find host/src review/src yaml/src -name '*.rs' -o -name '*.md')

# The module holds names of source files: the same ones wherever it is built.
# Kubewarden's hosts run SIMD, as wasmtime does unless told otherwise.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS := -C target-feature=+simd128 \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src=crates --remap-path-prefix=$(CURDIR)=.
# Half of what LLVM would write into its callers at opt-level 3: 38 KB less, and hardly slower.
policy.wasm: CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS += \
	-C llvm-args=-inline-threshold=95 -C llvm-args=-inlinehint-threshold=120

.PHONY: all run test fmt lint packages unit-tests e2e-tests registry-tests deploy-tests e2e-cluster e2e-apiserver \
	playground playground-tests push bench dist clean linker reproducible fuzz mutants coverage
all: annotated-policy.wasm

# Whatever cargo builds for this machine, it links with cc.
linker:
	@scripts/need.sh cc=build-essential

# module PACKAGE FILE LEVEL: builds a package as a module, and cuts off what nobody calls.
define module
	scripts/need.sh wasm-opt=binaryen
	scripts/wasm-target.sh
	cargo build --locked --release --target $(WASM_TARGET) -p $(1)
	wasm-metadce $(WASM_FEATURES) --graph-file scripts/exports.json -o $(2) \
		$(TARGET_DIR)/$(WASM_TARGET)/release/$(subst -,_,$(1)).wasm >/dev/null
	wasm-opt $(3) $(WASM_FEATURES) -o $(2) $(2)
endef

# The program takes it from here. A program that has built a module of its own does not look here again by itself.
policy.wasm: $(POLICY_SOURCES) scripts/exports.json | linker
	$(call module,native-sidecar-policy,$@,-Oz)
	touch host/build.rs

annotated-policy.wasm: policy.wasm metadata.yml README.md $(HOST)
	$(KWCTL) annotate -m metadata.yml -u README.md -o $@ policy.wasm

# The whole workspace: a part of it alone would get other features of the shared crates, and build them again. So it would without
# the tests' ones, which --examples asks for, also where there are none.
$(HOST): policy.wasm metadata.yml $(HOST_SOURCES) | linker
	cargo build --locked --workspace --bins --examples
	touch $@

# Some of the examples are denied on purpose, which is exit code 1.
run: annotated-policy.wasm $(HOST)
	@echo '== What the policy says about the examples'
	@$(HOST) review examples || [ $$? = 1 ]
	@echo
	@echo '== The Job of the Kubernetes tutorial, before and after'
	@$(HOST) review \
		--settings-json '{"sidecarNames":["logshipper"],"legacySidecars":"convert","convertTemplates":true}' \
		examples/job-sidecar-legacy.yaml

test: fmt packages lint unit-tests e2e-tests registry-tests deploy-tests

fmt:
	cargo fmt --all -- --check

lint: policy.wasm | linker
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --lib --bins --examples --all-features --no-deps \
		--document-private-items --quiet

# Licences, sources and bans of all packages, and known vulnerabilities where their database can be had.
packages:
	scripts/tool.sh cargo-deny
	$(DENY) check --hide-inclusion-graph bans licenses sources
	@if $(DENY) fetch db >/dev/null 2>&1; then $(DENY) check --disable-fetch --hide-inclusion-graph advisories; \
	else echo 'NOT CHECKED: known vulnerabilities, since their database cannot be fetched' >&2; fi

unit-tests: policy.wasm
	scripts/need.sh dash busybox git jq
	cargo test --locked --workspace

e2e-tests: annotated-policy.wasm $(HOST)
	scripts/need.sh bats jq dash busybox
	KWCTL=$(KWCTL) bats e2e.bats
	bats deploy/node-labeller

# Through a real registry, where one can be installed.
registry-tests: annotated-policy.wasm $(HOST)
	scripts/need.sh bats curl jq
	scripts/need.sh docker-registry || echo 'the way through a registry is not tested: there is no docker-registry' >&2
	HOST=$(HOST) bats registry.bats

# The module of the last commit is the same to the byte wherever it is built.
reproducible:
	scripts/need.sh git
	scripts/reproducible.sh

# Looks for what breaks the policy, for so many seconds with each target; FUZZ=NAME is one of them.
FUZZ ?= validate settings properties jsonpath globs yaml
SECONDS_EACH ?= 60
fuzz:
	scripts/tool.sh cargo-fuzz
	scripts/fuzz.sh $(SECONDS_EACH) $(FUZZ)

# Which changes of the policy no test notices: of all, or of a part, as 0/24 is. A change takes half a minute.
SHARD ?= 0/1
mutants:
	@command -v cargo-mutants >/dev/null || cargo install --locked cargo-mutants
	CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 cargo mutants -p native-sidecar-policy \
		--test-package native-sidecar-policy,native-sidecar-proof --exclude src/describe.rs --exclude src/settings/field.rs --exclude src/stages.rs --exclude src/guest.rs \
		--shard $(SHARD) --sharding round-robin --timeout 120 --baseline skip --output $(TARGET_DIR) -- \
		--lib --test expected --test properties --test bad_input --test threats

# Which lines of the policy the native tests run. The LLVM of rustc has to be that of the tools: 22 for Rust 1.95.
coverage:
	scripts/tool.sh cargo-llvm-cov
	scripts/need.sh llvm-cov-22=llvm-22
	LLVM_COV=llvm-cov-22 LLVM_PROFDATA=llvm-profdata-22 $(TOOLS)/cargo-llvm-cov/bin/cargo-llvm-cov llvm-cov --locked \
		-p native-sidecar-policy -p native-sidecar-proof --ignore-filename-regex '/(proof|yaml|review)/|describe.rs|stages.rs' $(COVERAGE)

# Puts the policy into the registry: make push OCI_REF=registry.example.com/policies/native-sidecar-policy
push: annotated-policy.wasm $(HOST)
	$(KWCTL) push annotated-policy.wasm registry://$(OCI_REF):v$(VERSION)

# What kubectl, actionlint and shellcheck say, where they are installed.
deploy-tests:
	scripts/need.sh bats
	bats deploy/tools.bats

# In the cluster of kubectl's current context, in which deploy/enforce.yaml is active. Not a part of make test.
e2e-cluster:
	scripts/need.sh bats jq
	bats e2e-cluster.bats

# Against a real API server, in the folder that KUBEBUILDER_ASSETS names. Not a part of make test, where these tests are ignored.
e2e-apiserver: policy.wasm | linker
	cargo test --locked --workspace --test apiserver -- --nocapture --test-threads=1 $(if $(KUBEBUILDER_ASSETS),--ignored)
	@[ -n "$$KUBEBUILDER_ASSETS" ] || echo 'e2e-apiserver was skipped: KUBEBUILDER_ASSETS names no etcd, kube-apiserver and kubectl' >&2

# The page in which the policy judges manifests: static files in playground/dist, for any server. Needs Node 20.19 or newer.
playground: policy.wasm | linker
	scripts/need.sh node=nodejs npm
	scripts/wasm-target.sh
	npm --prefix playground ci
	cargo build --locked --release --target $(WASM_TARGET) -p native-sidecar-playground
	cargo run --locked --release --quiet --manifest-path playground/bindgen/Cargo.toml --target-dir $(TARGET_DIR)/bindgen -- \
		$(TARGET_DIR)/$(WASM_TARGET)/release/native_sidecar_playground.wasm playground/generated
	npm --prefix playground run generate -- $(CURDIR)/policy.wasm
	npm --prefix playground run check
	npm --prefix playground run build

# What the page says is what the program says, and what else it promises, in Chromium. Not a part of make test.
playground-tests: playground $(HOST)
	scripts/need.sh $(notdir $(CHROMIUM))=chromium
	CHROMIUM=$(CHROMIUM) HOST=$(abspath $(HOST)) npm --prefix playground test

# What the policy is measured against: as fast as can be.
$(TARGET_DIR)/bench-floor.wasm $(TARGET_DIR)/bench-round-trip.wasm: $(TARGET_DIR)/%.wasm: bench/*/src/lib.rs | linker
	$(call module,$*,$@,-O3)

# How fast it is: the module in the engine, with a chart, and then its stages natively.
bench: policy.wasm $(TARGET_DIR)/bench-floor.wasm $(TARGET_DIR)/bench-round-trip.wasm $(HOST)
	$(TARGET_DIR)/debug/bench policy.wasm $(TARGET_DIR)/bench-floor.wasm $(TARGET_DIR)/bench-round-trip.wasm docs/performance.svg
	cargo bench --locked -p native-sidecar-policy --features stages --bench stages -- --quiet

# What a release holds for one platform: an archive in dist/, for this machine or for the TARGET that it can run, too.
dist: policy.wasm
	cargo build --locked --profile dist -p native-sidecar $(addprefix --target ,$(TARGET))
	scripts/dist.sh v$(VERSION) $(or $(TARGET),$(shell rustc --print host-tuple)) \
		$(TARGET_DIR)/$(addsuffix /,$(TARGET))dist/native-sidecar

clean:
	cargo clean
	rm -rf policy.wasm annotated-policy.wasm dist playground/dist playground/generated playground/node_modules
