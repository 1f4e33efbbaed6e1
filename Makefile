# What people run here; `make help` lists it. Cargo does the rest.

SHELL := /bin/bash
# Where rustup puts cargo, for shells that have not read its profile yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)
PREFIX ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
TARGET := $(or $(CARGO_TARGET_DIR),target)
TOPO := $(TARGET)/release/topo

.DEFAULT_GOAL := help
.PHONY: help demo build install test test-vm test-faults soak bench book lint fmt

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

demo: build ## install what a first lab needs, start it, get a ticket in it
	@scripts/demo $(TOPO)

build: ## the release binary, and the packages that a Kerberos lab runs
	@scripts/install-packages demo
	@scripts/check-rust
	cargo build --release --locked

install: build ## put `topo` into $(PREFIX)/bin
	install -D -m 755 $(TOPO) $(PREFIX)/bin/topo

test: ## everything that must hold: formatting, lints, documentation, cases, labs
	@scripts/install-packages test
	@scripts/check-rust
	@scripts/test

test-vm: ## what the running kernel has too little for, in a virtual machine; part of `test`
	@scripts/install-packages test
	@scripts/check-rust
	cargo test --locked --test labs -- vm::

test-faults: ## kill a lab's commands and its supervisor at every single point; takes an hour
	@scripts/install-packages test
	@scripts/check-rust
	cargo test --locked --features faults --test labs -- faults::every

soak: ## edit a lab at random and apply it, ROUNDS times (1000) from SEED (1); a few rounds are part of `test`
	@scripts/install-packages test
	@scripts/check-rust
	SOAK_ROUNDS=$(or $(ROUNDS),1000) SOAK_SEED=$(or $(SEED),1) cargo test --locked --test labs -- soak

bench: ## a star of 300 hosts beside the kernel's floor and Mininet; what larger labs cost
	@scripts/install-packages bench
	@scripts/check-rust
	cargo bench --locked --bench star
	cargo bench --locked --bench scale

book: ## the book as web pages, in book/html (needs mdbook)
	mdbook build book

lint: ## clippy and formatting, nothing changed
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt: ## format the code
	cargo fmt --all
