# Everything a fresh machine needs is Python 3.11 (or 3.10 to 3.13), git and make.
#   make demo    see it work: sandbox, two runs, what happened
#   make test    lint, types and tests
PYTHON ?= python3
UV := .uv/bin/uv
BIN := $(CURDIR)/.venv/bin
EXPENSIFY_PORT ?= 8701
NAV_PORT ?= 8702
export VAULT_KEY_FILE ?= $(CURDIR)/.demo/sandbox.key


.PHONY: help setup third-party demo sandbox run check-rules test test-thorough mutants check format lock clean

help:
	@sed -n '2,3s/^# *//p' Makefile

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.synced: $(UV) uv.lock pyproject.toml $(wildcard */pyproject.toml)
	$(UV) sync --frozen --quiet --python $(PYTHON)
	touch $@

.meltano/.installed: .venv/.synced meltano.yml constraints.txt
	UV_PYTHON=$(BIN)/python $(BIN)/meltano --log-level warning install
	touch $@

# Clients that other people wrote, each in an environment of its own: the sandbox has to please them too.
.third-party/%/.installed: tests/pipeline/third_party/%.txt .venv/.synced
	$(UV) venv --quiet --clear --python $(BIN)/python $(@D)
	$(UV) pip install --quiet --python $(@D)/bin/python -r $<
	touch $@

# What finds barriers in pages; the browser tests use it where there are Chromium and npm.
.third-party/axe-core/.installed: tests/browser/package.json tests/browser/package-lock.json
	mkdir -p $(@D)
	cp tests/browser/package.json tests/browser/package-lock.json $(@D)
	npm ci --prefix $(@D) --silent --no-audit --no-fund --ignore-scripts
	touch $@

AXE_CORE = $(if $(shell command -v npm),.third-party/axe-core/.installed)

third-party: $(AXE_CORE) $(patsubst tests/pipeline/third_party/%.txt,.third-party/%/.installed,$(wildcard tests/pipeline/third_party/*.txt))

setup: .venv/.synced .meltano/.installed  ## Install everything into this folder

demo: setup  ## Start the sandbox, run the pipeline twice, say what happened
	@$(BIN)/sandbox demo --expensify-port $(EXPENSIFY_PORT) --nav-port $(NAV_PORT) $(if $(CLAIMS),--claims $(CLAIMS))

sandbox: setup  ## Serve the demo's Expensify and NAV until interrupted
	@PATH="$(BIN):$$PATH" vault/vault.py run sandbox sandbox serve --books .demo/sandbox/books.json \
	  --expensify-port $(EXPENSIFY_PORT) --nav-port $(NAV_PORT)

IN_SANDBOX = PATH="$(BIN):$$PATH" \
  TAP_EXPENSIFY_BASE_URL=http://127.0.0.1:$(EXPENSIFY_PORT)/Integration-Server/ExpensifyIntegrations \
  TARGET_DYNAMICS_NAV_BASE_URL=http://127.0.0.1:$(NAV_PORT)/api/v2.0 \
  TARGET_DYNAMICS_NAV_TOKEN_URL=http://127.0.0.1:$(NAV_PORT)/northwind.example/oauth2/v2.0/token \
  vault/vault.py run sandbox

run: setup  ## Run the pipeline once against the sandbox that `make sandbox` serves
	@$(IN_SANDBOX) meltano run expensify-to-nav

check-rules: setup  ## Check the mapping rules against what `make sandbox` serves
	@$(IN_SANDBOX) meltano invoke expense-rules:check

check: setup  ## Lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check third-party  ## Lint, types and tests
	$(BIN)/pytest -q -n auto --maxschedchunk 4 -m "not thorough"

test-thorough: check third-party  ## Lint, types and every test, more of each kind
	$(BIN)/pytest -q -n auto --maxschedchunk 4

MUTATION := .third-party/mutation

$(MUTATION)/.installed: .venv/.synced
	UV_PROJECT_ENVIRONMENT=$(MUTATION)/environment $(UV) sync --frozen --quiet --group mutation --python $(PYTHON)
	touch $@

mutants: $(MUTATION)/.installed  ## Mutation testing of the posting protocol (hours); MUTANTS='target_dynamics_nav.window.*' for some
	mkdir -p $(MUTATION)/tree
	rm -rf $(MUTATION)/tree/tests $(MUTATION)/tree/target_dynamics_nav
	cp -pR pyproject.toml tests target-dynamics-nav/target_dynamics_nav $(MUTATION)/tree
	cd $(MUTATION)/tree && nice ../environment/bin/mutmut run --max-children $(or $(CHILDREN),1) $(foreach some,$(MUTANTS),'$(some)')
	cd $(MUTATION)/tree && ../environment/bin/mutmut results

chaos: setup  ## Kill the target at each of its steps, and let NAV fail in every way; CHAOS='--share 10' for a part
	$(BIN)/python -m tests.chaos $(CHAOS)

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(UV)  ## After a change of dependencies
	$(UV) lock
	$(UV) export --quiet --frozen --no-emit-workspace --no-hashes --no-annotate --no-header --no-default-groups \
	  --package tap-expensify --package map-expensify-nav --package target-dynamics-nav --extra postgresql --extra soap -o constraints.txt

clean:
	rm -rf .uv .venv .meltano .third-party .demo
	find output -mindepth 1 ! -name .gitignore -delete
