# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
# Every target sets up what it needs; what is there already is not touched, and needs no network.

PYTHON ?= python3
# Sources the environment for a purpose: run, train, tensorrt, export, ray, rerun, foxglove, docs or test.
activate = activation=$$($(PYTHON) scripts/set_up.py --for $(1)) && . "$$activation"
# Tests talk to no other machine's nodes, and generated messages check their field types.
test_variables = ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_PYTHON_CHECK_FIELDS=1 \
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
# Where it is set, every process compiles torch and all else anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test fast bench lint docs shell clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 14

setup: ## make the environment only; FOR=run (default), mediapipe, train, tensorrt, export, ray, rerun, foxglove, docs or test says for what
	@$(call activate,$(or $(FOR),run)) && echo "to use it:  . $$activation"

demo: ## play a real video through the ROS node; the report goes to out/demo
	@$(call activate,run) && python -m mocap23_ros demo $(ARGS)

test: ## run every test, and ruff and mypy among them, in three processes; ARGS goes to pytest
	@$(call activate,test) && $(test_variables) python -m pytest -p xdist.plugin -n 3 $(ARGS)

fast: ## the tests of the core, without networks and ROS, in under a minute; ARGS goes to pytest
	@$(call activate,test) && $(test_variables) python -m pytest $(addprefix test/,skeletons geometry \
		windows plausibility tracking/test_tracker.py workspace/test_structure.py) \
		--ignore test/plausibility/test_every_mistake.py $(ARGS)

bench: ## measure latency, throughput and memory on this machine; writes out/bench
	@$(call activate,run) && python -m mocap23_ros bench $(ARGS)

lint: ## ruff and mypy alone
	@$(call activate,test) && ruff check . && mypy

docs: ## build the site of the documentation in out/site; ARGS goes to mkdocs
	@$(call activate,docs) && python -m mkdocs build --strict $(ARGS)

shell: ## open a shell in the environment; FOR as with setup
	@$(call activate,$(or $(FOR),run)) && exec "$${SHELL:-/bin/sh}"

clean: ## remove everything that was built here; out/ and the download cache stay
	rm -rf .venv .venv-* build install log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
