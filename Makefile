# Every command sets itself up: a virtual environment in .venv, with Python 3.11 or later and nothing else beforehand.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto
CYCLES ?= 100

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench crash synctrace resources constraints clean

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | expand -t 14

setup: .venv/ready  ## make the virtual environment

# uv installs in seconds what pip needs half a minute for; it may not download interpreters.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	@touch .venv/ready

demo: .venv/ready  ## the whole of it against the simulated services: no account, no network
	@$(BIN)/outreach-async demo

test: .venv/ready  ## the whole suite
	$(BIN)/python -m pytest -n $(JOBS)

check: .venv/ready  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/basedpyright

bench: .venv/ready  ## ratios against raw aiohttp and orjson, taken in one run
	$(BIN)/python -m benchmarks

crash: .venv/ready  ## kill the receiver CYCLES times in mid-stream and count what was lost
	$(BIN)/python -m tests.webhooks.crash --cycles $(CYCLES)

synctrace: .venv/ready  ## look whether the inbox is synced before each answer (needs strace); NORMAL has to fail
	$(BIN)/python -m tests.webhooks.synctrace
	! $(BIN)/python -m tests.webhooks.synctrace --normal --count 100

resources: .venv/ready  ## write the generated modules anew
	$(BIN)/python tools/generate_resources.py

constraints: .venv/ready  ## resolve the newest dependencies into constraints.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --universal --python-version 3.11 --all-extras --output-file constraints.txt pyproject.toml

clean:  ## remove what was built
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
