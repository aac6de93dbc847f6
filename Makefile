# MLSys Almanac. `make run` opens the app, `make test` runs every test; both work on a fresh clone.
.POSIX:
.PHONY: help run test check format docs bench bench-quality fuzz llm clean

PYTHON = python3
PORT = 8501
ARGS =
PY = .venv/bin/python

help:
	@echo "make run            set up on first use, then open the app on http://127.0.0.1:$(PORT)"
	@echo "make test           set up, then run every test, a browser included (ARGS=... goes to pytest)"
	@echo "make check          lint, types, import contracts, and the tests that are not slow"
	@echo "make format         rewrite the code in the house style"
	@echo "make docs           rewrite the generated tables of README.md"
	@echo "make bench          speed and memory; make bench-quality: quality of search and tags (ARGS=--json)"
	@echo "make fuzz           fuzz every reader of foreign bytes (ARGS='--minutes 30', ARGS=html)"
	@echo "make llm            build llama-cpp-python now, in the foreground"
	@echo "make clean          remove .venv and what tools left; data/ stays"

# The build waits for the app, runs at the lowest priority and ends with the app. Where there is a
# screen, a browser opens on the app.
run:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	@$(PY) scripts/build_llm.py --beside "http://127.0.0.1:$(PORT)/_stcore/health" >/dev/null 2>&1 & \
	if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		set -- --server.headless false --server.showEmailPrompt false; \
	fi; \
	exec $(PY) -m streamlit run app.py --server.port $(PORT) "$$@"

test:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh dev
	@sh scripts/install_browser.sh
	@$(PY) scripts/build_llm.py || :
	@$(PY) -m pytest $(ARGS)

check:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) .venv/bin/lint-imports --no-logo
	$(PY) -m pytest -m "not slow" $(ARGS)

format:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	$(PY) -m scripts.write_docs

bench:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh dev
	$(PY) -m benchmarks --group speed $(ARGS)

bench-quality:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh dev
	$(PY) -m benchmarks --group quality $(ARGS)

fuzz:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh dev
	@$(PY) -m tests.fuzz $(ARGS)

llm:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	@rm -f .venv/llm-build.status
	@$(PY) scripts/build_llm.py

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
