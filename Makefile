# The two commands: `make run` shows what the policy does, `make test` checks that it does.

WASM_TARGET := wasm32-unknown-unknown
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
HOST := $(TARGET_DIR)/debug/native-sidecar
# What annotates and runs the module in the end-to-end tests.
KWCTL ?= $(or $(shell command -v kwctl),$(abspath $(HOST)))

# What Rust's wasm32-unknown-unknown uses of WebAssembly beyond its first version; the module does not say so itself.
WASM_FEATURES := $(addprefix --enable-,bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types \
	sign-ext)

POLICY_SOURCES := Cargo.toml Cargo.lock $(shell find src -name '*.rs' -o -name '*.sh')
HOST_SOURCES := host/Cargo.toml $(shell find host/src -name '*.rs')

# The module holds names of source files: the same ones wherever it is built.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS := \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src=crates --remap-path-prefix=$(CURDIR)=.

.PHONY: all run test fmt lint unit-tests e2e-tests clean linker
all: annotated-policy.wasm

# Whatever cargo builds for this machine, it links with cc.
linker:
	@scripts/need.sh cc=build-essential

policy.wasm: $(POLICY_SOURCES) scripts/exports.json | linker
	scripts/need.sh wasm-opt=binaryen
	scripts/wasm-target.sh
	cargo build --locked --release --target $(WASM_TARGET) -p native-sidecar-policy
	wasm-metadce $(WASM_FEATURES) --graph-file scripts/exports.json -o $@ \
		$(TARGET_DIR)/$(WASM_TARGET)/release/native_sidecar_policy.wasm >/dev/null
	wasm-opt -Oz $(WASM_FEATURES) -o $@ $@

annotated-policy.wasm: policy.wasm metadata.yml README.md $(HOST)
	$(KWCTL) annotate -m metadata.yml -u README.md -o $@ policy.wasm

# The whole workspace: a part of it alone would get other features of the shared crates, and build them again.
$(HOST): $(POLICY_SOURCES) $(HOST_SOURCES) | linker
	cargo build --locked --workspace
	touch $@

# Some of the examples are denied on purpose, which is exit code 1.
run: annotated-policy.wasm $(HOST)
	@echo '== What the policy says about the examples'
	@$(HOST) review --policy annotated-policy.wasm examples || [ $$? = 1 ]
	@echo
	@echo '== The Job of the Kubernetes tutorial, before and after'
	@$(HOST) review --policy annotated-policy.wasm \
		--settings-json '{"sidecarNames":["logshipper"],"legacySidecars":"convert","convertTemplates":true}' \
		examples/job-sidecar-legacy.yaml

test: fmt lint unit-tests e2e-tests

fmt:
	cargo fmt --all -- --check

lint: | linker
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items --quiet

unit-tests: policy.wasm
	scripts/need.sh dash busybox
	cargo test --locked --workspace

e2e-tests: annotated-policy.wasm $(HOST)
	scripts/need.sh bats jq dash busybox
	KWCTL=$(KWCTL) bats e2e.bats
	bats deploy/node-labeller

clean:
	cargo clean
	rm -f policy.wasm annotated-policy.wasm
