# Needs Python 3.11+, make and (for the browser pages) Node 20+. `make setup && make serve`.
#
# EXTRA=gpu   installs ONNX Runtime's CUDA build in place of the CPU one (docs/decisions/0003)
# EXTRA=asr   adds speech to text (docs/how-to/write-speech-down.md)
# EXTRA=train adds what models_onnx/training needs
EXTRA  ?=
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

BIN    := .venv/bin
LOCK   := requirements$(if $(EXTRA),-$(EXTRA)).lock
PYTHON_READY := .venv/.ready$(if $(EXTRA),-$(EXTRA))
CLUSTER_READY := .venv/.ready-cluster
TYPING := build/typing/esapr
WEB_READY    := web_client/node_modules/.built
WEB_PACKAGES := web_client/node_modules/.installed
WEB_SOURCES  := $(wildcard web_client/*.* web_client/scripts/* web_client/src/* web_client/src/*/* \
	server/reports/words.*.json)
NODE   := $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && echo yes)

.DEFAULT_GOAL := setup
.PHONY: setup serve demo test check docs audit sbom wheel client-wheel lock clean programs

setup: $(PYTHON_READY) $(TYPING) $(if $(NODE),$(WEB_READY))
ifndef NODE
	@echo "Node 20 or newer is not installed: the server works, its browser pages are missing."
endif

# Stamps of the other extras go: the two ONNX Runtime builds overwrite each other's files.
$(PYTHON_READY): $(LOCK) pyproject.toml
ifeq ($(PYTHON),)
	$(error Python 3.11 or newer is needed; put it on the PATH or run make PYTHON=/path/to/python)
endif
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@rm -f .venv/.ready*
	@$(if $(filter gpu,$(EXTRA)),$(BIN)/python -m pip uninstall --quiet --quiet --yes onnxruntime,\
		$(BIN)/python -m pip uninstall --quiet --quiet --yes onnxruntime-gpu)
	$(BIN)/python -m pip install --quiet --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Adds to the base install what the tests of the cluster need; `make setup` leaves it in place.
$(CLUSTER_READY): requirements-cluster.lock $(PYTHON_READY)
	$(BIN)/python -m pip install --quiet --requirement $<
	@touch $@

# mypy resolves the namespace through this link; so does python with PYTHONPATH=build/typing.
$(TYPING):
	mkdir -p $(@D) && ln -sfn ../.. $@

$(WEB_PACKAGES): web_client/package-lock.json
	cd web_client && npm ci --no-audit --no-fund
	@touch $@

$(WEB_READY): $(WEB_PACKAGES) $(WEB_SOURCES)
	cd web_client && npm run build
	@touch $@

serve: setup
	$(BIN)/esapr serve

demo: setup
	$(BIN)/esapr demo

# Most tests wait for sockets and timers most of the time, so three processes share them; each has
# whole files, in this order. pytest runs last, so that its closing line ends the output. An extra has a lock of its own,
# which the cluster's may contradict: there its tests are skipped.
test: setup $(if $(EXTRA),,$(CLUSTER_READY)) programs
	$(if $(NODE),cd web_client && npm test)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/test_docs.py
	$(if $(NODE),cd web_client && npm run check)
	@$(MAKE) --no-print-directory audit sbom

# The pages of docs/ as a site, in build/site/index.html; a link that leads nowhere fails it.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Known vulnerabilities of what is installed: the lock of the cluster holds all of the server's. A
# report is written only when the advisories of every package were read; where they are out of
# reach, that is said, and no failure: builders often have a mirror of the packages only.
UNKNOWN := echo "not audited: the advisories cannot be read"
AUDITED := requirements-cluster.lock
audit: setup
	@rm -f build/audit.txt && mkdir -p build
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement $(AUDITED) \
		--timeout 15 --progress-spinner off --output build/audit.txt 2>build/audit.log \
		&& echo "no known vulnerability in Python's packages" \
		|| if test -s build/audit.txt; then cat build/audit.txt; false; else $(UNKNOWN); fi
	@$(if $(NODE),cd web_client && npm audit --omit=dev --json --fetch-retries=0 \
		>../build/audit-web.json 2>../build/audit-web.log \
		&& echo "no known vulnerability in the page's packages" \
		|| if grep -q auditReportVersion ../build/audit-web.json; then npm audit --omit=dev; else $(UNKNOWN); fi)

# What is installed, and what the page is made of, as CycloneDX (https://cyclonedx.org).
sbom: setup
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom-python.cdx.json $(BIN)/python
	$(if $(NODE),cd web_client && npm sbom --sbom-format cyclonedx --omit dev --package-lock-only \
		>../build/sbom-web.cdx.json)

# What tests run beside Python: a browser, a TURN server, namespaces of networks, reverse proxies,
# Prometheus, a foreign WHIP client and what that needs, what reads a unit, and a clock that jumps.
PROGRAMS := chromium:chromium turnserver:coturn ip:iproute2 nginx:nginx-light caddy:caddy \
	prometheus:prometheus promtool:prometheus systemd-analyze:systemd \
	whip-client:simple-whip-client cc:gcc faketime:faketime
programs:
	@missing=; for pair in $(PROGRAMS); do \
		command -v $${pair%:*} >/dev/null || missing="$$missing $${pair#*:}"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "not installed:$$missing: the tests that run them will be skipped."; fi

wheel: setup
	$(BIN)/python -m build --no-isolation --outdir dist .

# The SDK alone, from a copy of what it holds (docs/decisions/0013).
DIST := dist
client-wheel: setup
	rm -rf build/client && mkdir -p build/client
	cp -r client/pyproject.toml client/README.md LICENSE NOTICE client protocol build/client
	$(BIN)/python -m build --no-isolation --outdir $(DIST) build/client

# Addresses of the package index stay out of the lock files: pip takes its own configuration.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --strip-extras \
	--no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: setup
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' > build/dev.in
	$(COMPILE) --allow-unsafe --output-file requirements.lock pyproject.toml build/dev.in
	$(COMPILE) --allow-unsafe --constraint requirements.lock --extra asr \
		--output-file requirements-asr.lock pyproject.toml build/dev.in
	$(COMPILE) --allow-unsafe --constraint requirements.lock --extra cluster \
		--output-file requirements-cluster.lock pyproject.toml build/dev.in
	$(COMPILE) --allow-unsafe --constraint requirements.lock --extra train \
		--output-file requirements-train.lock pyproject.toml build/dev.in
	sed -i 's/+cpu$$//' requirements-train.lock  # a local build's name resolves nowhere else
	$(COMPILE) --unsafe-package onnxruntime --constraint requirements.lock --extra gpu \
		--output-file requirements-gpu.lock pyproject.toml build/dev.in

# Training runs under build/ stay.
clean:
	rm -rf .venv dist build/client build/lib build/bdist.* build/typing build/dev.in *.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage \
		web_client/node_modules web_client/static web_client/dist
