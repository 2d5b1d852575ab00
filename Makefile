# Everything a reader or a contributor runs. `make` alone lists it.

PYTHON ?= python3
JOBS ?= 2
NB ?=
SLOW_OK ?=
TORCH_INDEX ?=
TORCH := torch==2.13.0

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
BOOK := _build/html/index.html

# One thread a process: results do not depend on the number of cores, and two kernels share two cores.
THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := $(THREADS) $(BIN)/python -m pytest
CHECK_PYTHON := import sys; v = sys.version_info; \
  sys.exit(0 if (3, 11) <= v < (3, 14) else "lstmlab needs Python 3.11, 3.12 or 3.13, and \
  %s is %d.%d. Name another: make install PYTHON=python3.11" % (sys.executable, v[0], v[1]))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install reinstall torch book test lint unit prove browser lab execute students work bench check-binder clean

help:
	@echo "make install        set up $(VENV) with the package, the book's tools and the tests'"
	@echo "make reinstall      the same from nothing, for another PYTHON; make torch: torch alone"
	@echo "make book           build the pages into _build/html"
	@echo "make test           every check: style, types, tests, notebooks, book, browser"
	@echo "make lab            open the chapters in JupyterLab"
	@echo "make work           open the student notebooks, exercises without solutions, in JupyterLab"
	@echo "make execute        run every chapter from a clean kernel and store its outputs"
	@echo "make execute NB=book/1-2-the-block.ipynb    the same for one chapter"
	@echo "                    SLOW_OK=1 stores a chapter that takes more than 45 s of the processor"
	@echo "make students       write the student notebooks (make execute does so too) and the page on data"
	@echo "make bench          run the benchmarks and print their tables"
	@echo "make check-binder   run every chapter in a copy set up as Binder does it (slow)"
	@echo "make clean          remove what was built; $(VENV) stays"
	@echo
	@echo "Parts of make test: lint, unit, prove, book, browser."
	@echo "PYTHON=python3.12   the Python that make install uses (3.11, 3.12 or 3.13)"
	@echo "TORCH_INDEX=URL     a further package index for torch, such as one with CPU builds:"
	@echo "                    without it pip may choose a CUDA build of several gigabytes"
	@echo "JOBS=2              how many notebooks, test files or pages run at once"

install: $(INSTALLED)

$(INSTALLED): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c '$(CHECK_PYTHON)'
	$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --quiet -r requirements.txt || { \
	  echo "make: the packages of requirements.txt could not be installed. If pip speaks of a broken" >&2; \
	  echo "make: connection above, it is the network: run the same command again." >&2; exit 1; }
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	$(PIP) check
	@$(PIP) install --quiet -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) $(TORCH) || \
	if [ "$$CI" = true ]; then \
	  echo "make: $(TORCH) could not be installed, and CI=true asks for every test" >&2; exit 1; \
	else \
	  echo "make: $(TORCH) could not be installed: the tests that compare with it will be skipped."; \
	  echo "make: to try again: make torch TORCH_INDEX=<an index with CPU builds>"; \
	fi
	@touch $@

# Another try at torch, or another build of it, without a new environment.
torch: $(INSTALLED)
	$(PIP) install --quiet --force-reinstall -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) $(TORCH)

# A new environment, even where the old one is up to date: make reinstall PYTHON=python3.12
reinstall:
	rm -f $(INSTALLED)
	$(MAKE) install

book: $(INSTALLED)
	rm -rf _build/html
	$(BIN)/jupyter-book build . -q --all -n -W --keep-going
	@echo "The book is at $(CURDIR)/$(BOOK)"

# In this order: the cheapest check that can fail comes first.
test: lint unit prove book browser

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: $(INSTALLED)
	$(PYTEST) -n $(JOBS) --dist loadfile -m "not built and not browser"

prove: $(INSTALLED)
	$(THREADS) $(BIN)/python tools/prove.py --jobs $(JOBS)

# Reads the pages that `make book` built; missing pages are an error here, not a skip.
browser: $(INSTALLED)
	@[ -f $(BOOK) ] || { echo "make: the book is not built: run make book first" >&2; exit 1; }
	LSTMLAB_REQUIRE_BOOK=1 $(PYTEST) -n $(JOBS) --dist loadgroup tests/book -m "built or browser"

lab: $(INSTALLED)
	$(BIN)/jupyter lab --notebook-dir=book

# From the project's folder, so that links from a student notebook to the book's files lead there.
work: $(INSTALLED)
	$(BIN)/jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/student

students: $(INSTALLED)
	$(BIN)/python tools/students.py
	$(BIN)/python tools/data_page.py

execute: $(INSTALLED)
	$(THREADS) $(BIN)/python tools/execute.py $(if $(SLOW_OK),--slow-ok) $(NB)

bench: $(INSTALLED)
	@set -e; for script in benchmarks/*.py; do \
	  [ -e "$$script" ] || { echo "make: benchmarks/ holds no script" >&2; exit 1; }; \
	  echo "== $$script"; $(THREADS) $(BIN)/python "$$script"; \
	done

check-binder:
	@$(PYTHON) -c '$(CHECK_PYTHON)'
	TORCH_INDEX="$(TORCH_INDEX)" $(PYTHON) tools/check_binder.py

clean:
	rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find book lstmlab tests tools benchmarks -name __pycache__ -prune -exec rm -rf {} +
	find book student -name .ipynb_checkpoints -prune -exec rm -rf {} +
