# The two commands that matter: `make demo` and `make test`. Both set everything up first.
VENV := .venv
PYTHON := $(VENV)/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup demo test bench lock clean

help:  ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

setup: $(VENV)/installed  ## Make .venv from the lock; on Debian as root, Chromium and fonts too

$(VENV)/installed: requirements.lock deploy/setup.sh
	@sh deploy/setup.sh $(VENV)
	@touch $@

demo: setup  ## Play the whole story on a small web on this machine, then keep the portal running
	@$(PYTHON) manage.py demo $(ARGS)

test: setup  ## Run every test that can run here
	@$(PYTHON) -m pytest -n 2 --dist loadfile $(ARGS)

bench: setup  ## Measure speed and accuracy; ARGS="robustness --json FILE" for parts of it
	@$(PYTHON) -m bench $(ARGS)

lock:  ## Resolve requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes \
		--no-emit-index-url --no-emit-find-links pyproject.toml --group dev -o requirements.lock

clean:  ## Remove the environment; data under var/ stays
	rm -rf $(VENV)
