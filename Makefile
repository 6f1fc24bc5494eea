# What a person does with this repository. Debian packages that are missing are installed on the way (see Resources/requirements).

SWIFT ?= swift
# What `make run` hands to the server: make run ARGS="--port 8080"
ARGS ?=
# How many seeds `make simulate` runs: make simulate SEEDS=2000
SEEDS ?= 2000
# What `make test` hands to the tests: make test TESTS="--filter StoreTests"
TESTS ?=

EXECUTABLE := .build/release/martlet

.PHONY: help run release build test simulate faults fixture format lint requirements

help:
	@echo "make run      build the server and start it on http://127.0.0.1:8008, its data in ./martlet-data"
	@echo "make test     build everything and run all tests"
	@echo "make simulate run the simulation of the store on many seeds (docs/testing.md)"
	@echo "make fixture  make a data directory of this version for the tests (docs/migrations.md)"
	@echo "make faults   put faults into a copy of the store, which the simulation has to find"
	@echo "make release  build the server for use elsewhere: $(EXECUTABLE)"
	@echo "make build    build everything for development"
	@echo "make format   put the source into its form"
	@echo "make lint     check the source's form"

run: release
	exec $(EXECUTABLE) serve $(ARGS)

# Needs no Swift on the machine where it runs, only librocksdb, libargon2 and what they need.
release: requirements
	$(SWIFT) build -c release --static-swift-stdlib --product martlet

build: requirements
	$(SWIFT) build

test: requirements
	$(SWIFT) build --build-tests
	SWIFT="$(SWIFT)" Tests/run-tests $(TESTS)

simulate: requirements
	$(SWIFT) build --product store-simulation
	.build/debug/store-simulation --seeds $(SEEDS)

fixture: requirements
	$(SWIFT) build --build-tests
	MARTLET_MAKE_FIXTURE=1 $(SWIFT) test --skip-build --filter makeAFixture

faults: requirements
	SWIFT="$(SWIFT)" Tests/Faults/find-faults

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

requirements:
	@SWIFT="$(SWIFT)" Resources/requirements
