# `make` lists what there is. Nothing here needs more than Go, except lint and ci.

GO       ?= go
LINTER   ?= golangci-lint
FUZZTIME ?= 10s
PACKAGES ?= ./...

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## Build the commands into bin/
	$(GO) build -trimpath -ldflags='-s -w' -o bin/ ./cmd/...

.PHONY: test
test: ## Run all tests
	$(GO) test $(PACKAGES)

.PHONY: race
race: ## Run all tests with the race detector
	$(GO) test -race $(PACKAGES)

.PHONY: vet
vet: ## Run go vet
	$(GO) vet $(PACKAGES)

.PHONY: lint
lint: ## Run golangci-lint (version 2)
	$(LINTER) run $(PACKAGES)

# The go command fuzzes one target of one package at a time, so they are found
# by asking each package for its list.
.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s)
	@set -e; for pkg in $$($(GO) list $(PACKAGES)); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

.PHONY: bench
bench: ## Run all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

.PHONY: demo
demo: ## Run everything in one process, with a simulated Kenar
	$(GO) run ./cmd/worker demo

.PHONY: ci
ci: ## Run everything that must hold, with real servers (.ci/run)
	.ci/run

.PHONY: clean
clean: ## Remove what build made, and nothing else
	rm -rf bin
