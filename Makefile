# Everything a person does here, by name. `make` alone lists it.

PYTEST_ARGS ?=
BIN := .venv/bin
TEMPLATES := $(wildcard templates portal/templates)
PYTHON_SOURCES := $(wildcard portal tests migrations bench scripts scripts/screenshots wsgi.py)

.DEFAULT_GOAL := help
.PHONY: help install run test test-deep check format lock bench messages screenshots clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

install: ## build .venv from the lock file (does nothing when it is up to date)
	@scripts/install

run: install ## start the portal with its demonstration data; Ctrl-C stops it
	@$(BIN)/portal run-demo

test: install ## all quick tests, and the browser tests where a browser can be had
	@browser=$$(scripts/find-browser --install) && \
	 PORTAL_BROWSER="$$browser" $(BIN)/pytest -n 2 -m "not deep" $(PYTEST_ARGS)

test-deep: install ## races, state machine, fuzzing, on every database that is there
	@$(BIN)/pytest -m deep $(PYTEST_ARGS)

check: install ## formatting, linting, types, layers, templates, security
	$(BIN)/ruff format --check $(PYTHON_SOURCES)
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
ifneq ($(TEMPLATES),)
	$(BIN)/djlint --quiet --check $(TEMPLATES)
	$(BIN)/djlint --quiet --lint $(TEMPLATES)
endif
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive portal

format: install ## write the formatting that check asks for
	$(BIN)/ruff check --fix $(PYTHON_SOURCES)
	$(BIN)/ruff format $(PYTHON_SOURCES)
ifneq ($(TEMPLATES),)
	$(BIN)/djlint --quiet --reformat $(TEMPLATES)
endif

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
              --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header --custom-compile-command "make lock"

lock: install ## pin the newest versions of requirements/*.in, with hashes
	$(UV_COMPILE) --upgrade requirements/base.in -o requirements/base.txt
	$(UV_COMPILE) --upgrade --constraints requirements/base.txt requirements/dev.in -o requirements/dev.txt

bench: install ## measure the hot pages against a bare Flask page
	@$(BIN)/python -m bench

messages: install ## collect the texts to translate, merge them into the French catalogue, compile
	@mkdir -p portal/translations
	$(BIN)/pybabel --quiet extract -F babel.cfg -k N_ -k lazy_gettext -k lazy_ngettext:1,2 -k lazy_pgettext:1c,2 \
	  --no-location --sort-output --project=creneau -o portal/translations/messages.pot .
	@test -e portal/translations/fr || \
	  $(BIN)/pybabel --quiet init -i portal/translations/messages.pot -d portal/translations -l fr
	$(BIN)/pybabel --quiet update -i portal/translations/messages.pot -d portal/translations \
	  --no-fuzzy-matching --ignore-pot-creation-date --ignore-obsolete
	$(BIN)/pybabel --quiet compile --statistics -d portal/translations

screenshots: install ## take docs/screenshots anew, every page of customers at two widths, light and dark
	@browser=$$(scripts/find-browser --install) && PORTAL_BROWSER="$$browser" $(BIN)/python scripts/screenshots

clean: ## remove the environment and what tools left behind, never data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov *.egg-info
	find portal tests migrations bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
