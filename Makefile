# slotstorm: 'make help' lists the targets.

GO := $(shell command -v go 2>/dev/null || echo /usr/local/go/bin/go)
# Programs that call go themselves find the same one.
export PATH := $(PATH):/usr/local/go/bin

# A folder that belongs to another user makes git refuse, and the build with
# it: the version goes through the linker instead.
export GOFLAGS := $(GOFLAGS) -buildvcs=false
# Programs with the race detector wait a second before they end, unless a time is set.
export GORACE ?= atexit_sleep_ms=20

VERSION ?= $(shell git describe --tags --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || true)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The programs that check the code and run its tests; their versions are pinned in
# tools/go.mod.
TOOLS := bin/tools

# The tests that 'make kind' runs.
KIND ?= ^TestKind

# This module and those below it: the programs of TOOLS, and the tests that read what
# slotstorm writes with other programs' parsers.
MODULES := $(dir $(wildcard go.mod */go.mod))

# The most branches that a function may have, as gocyclo counts them.
COMPLEXITY := 33

# The folders whose tests run servers or watch the clock.
TIMED := deployer/rdb internal/runner workload internal/loader deployer/processes deployer/pods deployer workload/remote chaos/native chaos/agent workload/wire cmd/slotstorm

CLI := docs/cli.md
REFERENCE := scenario metrics findings

.DEFAULT_GOAL := help
# The image's name; docs/releasing.md publishes it.
IMAGE ?= slotstorm:$(VERSION)

# The folder with servers of several versions that 'make found' takes, and how often it
# runs each side of an issue.
SERVERS ?=
FOUND_RUNS ?= 1

.PHONY: help demo build image dist test race check e2e found kind soak bench lint vuln verify generate tidy deps tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## install what is missing, build, and kill a primary under load
	@scripts/setup run
	bin/slotstorm run kill-primary

build: ## build bin/slotstorm, one static file
	@scripts/setup build
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/slotstorm ./cmd/slotstorm

image: build ## build the container image $(IMAGE) with Docker, from bin/slotstorm alone
	docker build -t $(IMAGE) -f Dockerfile bin

dist: ## build the programs of a release and their checksums, into bin/dist
	@scripts/setup build
	scripts/release $(VERSION) bin/dist

test: tools ## install what is missing and run all tests that do not take long
	@scripts/setup run
	$(TOOLS)/tests -short -unraced tools/unraced.txt -modules -again -timed '$(TIMED)'

race: tools ## run the tests of 'make test' with the race detector, where the code has goroutines
	@scripts/setup check
	$(TOOLS)/tests -short -race -unraced tools/unraced.txt -modules -again -timed '$(TIMED)'

check: tools ## run all tests, also those that take long, with the race detector
	@scripts/setup check
	$(TOOLS)/tests -race -unraced tools/unraced.txt -modules -again -timed '$(TIMED)'

e2e: build tools ## run whole scenarios that do not take long against real Redis Clusters
	@scripts/setup e2e
	$(TOOLS)/tests -short -again -v -tags e2e -parallel 4 -timeout 45m ./e2e
	$(TOOLS)/tests -short -again -v -tags e2e -parallel 4 -timeout 45m ./e2e/hostile ./e2e/built
	cd checks && $(GO) test -tags e2e ./...

found: build ## run the known issues of docs/found.md, with their faults and their cures, FOUND_RUNS times each, on the servers in SERVERS
	@scripts/setup run
	@$(GO) run ./e2e/found -slotstorm bin/slotstorm -runs $(FOUND_RUNS) -servers '$(SERVERS)'

kind: build ## run the tests that KIND matches on kind clusters. Needs Docker only: images that it lacks are pulled; KIND_NODE_IMAGE replaces kind's node image
	$(GO) test -tags 'e2e kind' -count 1 -timeout 60m -run '$(KIND)' -v ./e2e

soak: build tools ## hours: all of 'make check' and 'make e2e', every long command of the documentation, and 10 minutes for each fuzz target
	@scripts/setup e2e
	@$(MAKE) --no-print-directory check
	SLOTSTORM_SOAK=1 $(TOOLS)/tests -v -tags e2e -parallel 4 -timeout 5h ./e2e
	SLOTSTORM_SOAK=1 $(TOOLS)/tests -v -tags e2e -parallel 4 -timeout 3h ./e2e/hostile ./e2e/built
	SLOTSTORM_SOAK=1 $(GO) test -run TestAStallShowsInFull -v ./workload
	SLOTSTORM_SOAK=1 $(GO) test -run TestFramesAreNotKept -v ./internal/loader
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ { list[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print list[i], $$2; n = 0 }' | \
	while read -r target package; do \
		echo "$$target of $$package"; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 10m -fuzzminimizetime 2s $$package </dev/null || exit 1; \
	done

bench: build ## run the benchmarks, then load side by side with redis-benchmark and memtier_benchmark, then how far comparisons can be trusted
	@scripts/setup run
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) run ./bench/peers -slotstorm bin/slotstorm -raw bin/peers.txt
	$(GO) run ./bench/peers -slotstorm bin/slotstorm -pacing -length 4s
	$(GO) run ./bench/noise -slotstorm bin/slotstorm

lint: tools ## check format, vet for Linux and macOS, staticcheck, errcheck, complexity, layout, imports, spelling and English
	@scripts/setup build
	@unformatted=$$($(GO)fmt -l .); [ -z "$$unformatted" ] || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	@for module in $(MODULES); do (cd $$module && echo "go vet in $$module" && $(GO) vet -tags 'e2e kind' ./...) || exit 1; done
	GOOS=darwin $(GO) vet -tags e2e ./...
	@for module in $(MODULES); do (cd $$module && echo "staticcheck in $$module" && $(CURDIR)/$(TOOLS)/staticcheck -tags 'e2e kind' ./...) || exit 1; done
	$(TOOLS)/errcheck -ignoretests -exclude scripts/errcheck.txt ./...
	$(TOOLS)/gocyclo -over $(COMPLEXITY) .
	$(TOOLS)/imports docs/architecture.md
	$(TOOLS)/house -tags e2e,kind -allow tools/house/allowed.txt -unraced tools/unraced.txt .
	$(TOOLS)/words tools/words.txt .
	@find . \( -name testdata -o -name runs -o -name .git -o -name bin \) -prune -o \( -name '*.go' -o -name '*.md' -o -name '*.y*ml' -o -path './scripts/*' \) -type f -print | xargs $(TOOLS)/misspell -error -i clas

vuln: ## check the code and its dependencies for known vulnerabilities; says so where the database is out of reach
	@scripts/setup build
	scripts/vuln ./...

verify: build ## check that generated files and go.mod are fresh
	@bin/slotstorm __docs | diff -u $(CLI) - || { echo "$(CLI) is stale: make generate"; exit 1; }
	@for page in $(REFERENCE); do bin/slotstorm __docs $$page | diff -u docs/reference/$$page.md - || { echo "docs/reference/$$page.md is stale: make generate"; exit 1; }; done
	$(GO) test -count=1 -run 'TestSchemaIsFresh|TestSchemasAreFresh' ./scenarios ./cmd/slotstorm
	@for module in $(MODULES); do (cd $$module && $(GO) mod tidy -diff) || { echo "go.mod of $$module is stale: make tidy"; exit 1; }; done

generate: ## write the generated files anew
	$(GO) generate ./...
	@$(MAKE) --no-print-directory build
	bin/slotstorm __docs > $(CLI)
	@mkdir -p docs/reference
	for page in $(REFERENCE); do bin/slotstorm __docs $$page > docs/reference/$$page.md; done

tidy: ## write go.mod and go.sum of every module anew
	@for module in $(MODULES); do (cd $$module && $(GO) mod tidy) || exit 1; done

tools: ## build the programs that check the code and run its tests
	@scripts/setup build
	$(GO) -C tools build -o ../$(TOOLS)/ ./... tool

deps: ## install what building and testing need, and fetch the modules
	@scripts/setup check
	@for module in $(MODULES); do (cd $$module && $(GO) mod download) || exit 1; done
