# A thin list of commands: `make help` prints them. Everything runs from an environment of its own in .venv.

VENV ?= .venv
PYTHON ?=
ARGS ?=
# As after `activate`: nbgrader and JupyterLab's terminals look for programs of this environment on the PATH.
PY = PATH="$$(cd "$(VENV)" && pwd)/bin:$$PATH" "$(VENV)/bin/python"
# Some containers set this, and then each of the many processes here would compile the course's code anew.
unexport PYTHONDONTWRITEBYTECODE
# In a container one is usually root, and Jupyter asks for a word about that.
ROOT_MAY = $(shell test "$$(id -u)" = 0 && echo --allow-root)
FIRST = course/00-start-here.ipynb
# Tests spend much of their time waiting, so a few more of them than two cores pay off.
WORKERS ?= 4
NBVAL = --nbval --nbval-current-env --nbval-sanitize-with course/nbval_sanitize.cfg

.DEFAULT_GOAL := help
.PHONY: help lab test lint bench picture release grade validate format clean venv

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s%s\n", $$1, $$2}' Makefile

lab: venv ## Open the course in JupyterLab (ARGS="--no-browser --port 8888" and the like are passed on)
	$(PY) -m jupyterlab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/$(FIRST) $(ROOT_MAY) $(ARGS)

test: lint ## Prove that everything holds (ARGS="-k echo" and the like are passed on to pytest)
	$(PY) -m pytest -n $(WORKERS) -rs $(NBVAL) tests course $(ARGS)

lint: venv ## Look for slips and wrong types without running anything
	$(PY) -m ruff check --quiet .
	$(PY) -m mypy

bench: venv ## Measure what a check costs, and the solutions beside libraries
	$(PY) tests/bench/run.py $(ARGS)

picture: venv ## Take the picture in the README again, from the real thing
	SCREENSHOTS=build/screenshots $(PY) -m pytest tests/browser/test_exercise.py -k wrong_then_right
	mkdir -p course/images
	cp build/screenshots/check-serve-echo.png course/images/

release: venv ## Make exercises/ from solutions/ (ARGS=--check only compares)
	$(PY) -m autograder.release $(ARGS)

grade: venv ## Grade what was handed in, many at once: make grade ASSIGNMENT=03-tcp-sockets ARGS="--jobs 8"
	$(if $(ASSIGNMENT),,$(error Say which: make grade ASSIGNMENT=03-tcp-sockets))
	$(PY) -m autograder grade "$(ASSIGNMENT)" $(ARGS)

validate: venv ## Run a notebook as Validate does: make validate NOTEBOOK=exercises/03-…/03-….ipynb
	$(if $(NOTEBOOK),,$(error Say which: make validate NOTEBOOK=exercises/03-tcp-sockets/03-tcp-sockets.ipynb))
	$(PY) -m nbgrader validate "$(NOTEBOOK)" $(ARGS)

format: venv ## Repair what ruff can repair
	$(PY) -m ruff check --fix .

clean: ## Remove what the tools leave behind, and the environment
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +

venv:
	@sh .ci/venv "$(VENV)" $(if $(PYTHON),"$(PYTHON)")
