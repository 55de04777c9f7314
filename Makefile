# The two commands of a newcomer: `make demo` and `make test`. Both set up what is missing first.
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= $(shell nproc)

.PHONY: demo test pins container-test setup lint api validate starters releases faults fuzz mutation exhaustive clean

demo: setup
	$(BIN)/autograder grade regression examples/regression --jobs $(JOBS) --report reports/demo

test: setup lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not gpu and not exhaustive and not index"

setup: $(VENV)/.setup-done

$(VENV)/.setup-done: pyproject.toml constraints.txt tools/setup.sh
	bash tools/setup.sh $(VENV)
	touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check autograder tests
	$(BIN)/mypy

# docs/api/, from the docstrings. tests/test_api.py tells where it is stale.
api: setup
	$(BIN)/python tools/api.py

# Asks the package index for every version in constraints.txt, for every Python that it names. Skipped, with the reason,
# where no index is reached. tests/test_pins.py does the rest without one, in `make test`.
pins: setup
	$(BIN)/python -m pytest -m index tests/test_pins.py -ra --durations 0

# In real containers; CONTAINER_BASE names the base image. Skipped, with the reason, where there is none.
# tests/exploits runs in four of them, each for minutes; CONTAINER_CORPUS picks, as pytest -k does.
container-test: setup
	$(BIN)/python -m pytest -m container tests/platforms/gradescope -ra

validate: setup
	$(BIN)/autograder validate --all

starters: setup
	for name in reference/*/; do $(BIN)/autograder release $$(basename $$name) || exit 1; done

# dist/NAME.zip for every assignment, with the wheel in it: all that students need.
releases: setup
	rm -f dist/autograder-*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	for name in reference/*/; do \
	  $(BIN)/autograder release $$(basename $$name) --to dist --wheel dist/autograder-*.whl || exit 1; done

# 100 kills and more: tests/faults, at length.
faults: setup
	FAULT_ROUNDS=80 $(BIN)/python -m pytest tests/faults -q --timeout 3000

# Undirected: every property on thousands of examples, others in each run. `make test` has the same few each time.
fuzz: setup
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests -n $(JOBS) -m "hypothesis and not gpu" --timeout 3600

# Faults put into the code, one at a time: do the tests notice? Hours for all of it (docs/mutation.md); one file in
# minutes: make mutation FILES=autograder/rubric/compare.py. EVERY=5 tries every fifth fault.
mutation: setup
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -c tools/mutation.txt -e '.[mutation]'
	nice -n 10 $(BIN)/python tools/mutation.py $(FILES) --every $(or $(EVERY),1) --jobs $(JOBS)

# Every mutant and right solution on more seeds, training too; the other sample classes; 1,000 draws of every check, with
# the margins of its inequalities (docs/margins.md). Hours.
exhaustive: setup
	$(BIN)/python tools/margins.py 1000
	$(BIN)/python -m pytest tests -n $(JOBS) --dist loadgroup -m exhaustive
	$(BIN)/autograder validate --all --training

clean:
	rm -rf $(VENV) records reports mutants .mypy_cache .ruff_cache .pytest_cache
