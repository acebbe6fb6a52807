# make run: the bot on this machine, on the day before the shipped event. make test: everything.
# Both make their own environment; a machine needs Python 3.11+, make and the package registries.
SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.stamp
# The shipped event is over; another one runs by its own clock or by the real time.
ifeq ($(PASSERELLE_EVENT),)
run scaled: export PASSERELLE_CLOCK ?= 2014-11-05T09:00
endif
.DEFAULT_GOAL := help
.PHONY: help install run scaled test check fix strings soak bench lock docs vectors clean browser

help:  ## What can be made
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml .ci/venv
	@.ci/venv
	@touch $@

install: $(STAMP)  ## .venv/ from the lock file

run: $(STAMP)  ## The web chat on localhost (Telegram too, with PASSERELLE_TELEGRAM_TOKEN)
	@$(BIN)/passerelle run

scaled: $(STAMP)  ## Two web processes and two workers on PostgreSQL and NATS, behind a proxy
	@$(BIN)/python -m tests.scaled

browser: $(STAMP)
	@.ci/browser

check: $(STAMP)  ## Style, types, imports, catalogues, event data: seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/strings.py --check
	$(BIN)/passerelle check data/strasbourg-2014
	$(BIN)/passerelle check data/demo
	$(BIN)/passerelle check tests/tiny-event
	$(BIN)/python .ci/commands.py --check
	$(BIN)/python .ci/vectors.py --check

test: check browser  ## Everything: check, then all tests with a real browser and PostgreSQL
	$(BIN)/python -m pytest -q -n 3 --dist loadfile -m "not soak"

soak: $(STAMP) browser  ## The long forms of the crash, race and load tests
	$(BIN)/python -m pytest -q -m soak -s

bench: $(STAMP)  ## CPU a turn, beside bare python-telegram-bot and aiogram bots in one run
	$(BIN)/passerelle bench turn

fix: $(STAMP)  ## Format, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

strings: $(STAMP)  ## Extract the sentences, update the catalogues, list what is untranslated
	$(BIN)/python .ci/strings.py

docs: $(STAMP)  ## docs/commands.md from the code
	$(BIN)/python .ci/commands.py

vectors: $(STAMP)  ## The sentence vectors that ship with the data
	$(BIN)/python .ci/vectors.py

lock: $(STAMP)  ## requirements.lock from pyproject.toml
	$(BIN)/python -m uv pip compile pyproject.toml --group dev --generate-hashes --python-version 3.11 --universal \
	  --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock

clean:
	rm -rf .venv .bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
