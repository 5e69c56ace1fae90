# Each target is one line over the command line or pytest. pip is enough; uv is used where it is installed.
# The lock names every package, so nothing is resolved; pip compiles on one core, compileall on all. What some packages
# ship for other Pythons does not compile, and need not.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A file stays on one worker, so what its tests share is made once; the longest come first (conftest.py).
AT_ONCE := -n logical --dist loadfile --no-loadscope-reorder
export OMP_WAIT_POLICY := PASSIVE
export MLFLOW_DISABLE_TELEMETRY := true
export BENTOML_DO_NOT_TRACK := True
# Where a machine keeps no compiled code, each worker and each process that a test starts would compile all of ours again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all quick check docs bench bench-quality bench-proxy bench-ablation bench-data-worth bench-value bench-training bench-effect bench-watch bench-intake bench-lists bench-scale bench-backup bench-serving coverage figures fuzz faults mutants screenshots serve clean

help: ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## make the environment

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Regulars needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "making the environment in $(VENV): a few minutes the first time"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps -r requirements.lock && \
		{ $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true; } && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(READY)

demo: $(READY) ## the whole way on real orders
	@$(BIN)/regulars demo

test: $(READY) ## run the tests, as many at once as there are cores
	@$(BIN)/python -m pytest $(AT_ONCE) --durations=10

test-all: $(READY) ## also what takes long: the demo and the notebooks on the whole log
	@$(BIN)/python -m pytest $(AT_ONCE) --durations=10 -m ""

coverage: $(READY) ## which lines no test of `make test` runs, room by room; three times as slow
	@rm -f .coverage.*
	-@$(BIN)/python -m coverage run -m pytest $(AT_ONCE)
	@$(BIN)/python -m coverage combine -q && $(BIN)/python -m coverage report

quick: $(READY) ## the tests of what changed, and as many short ones as a minute holds
	@$(BIN)/python -m tests.quick

check: $(READY) ## ruff, mypy strict, the import law, and that no test takes long unmarked
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/python -m tests.durations

docs: $(READY) ## write the generated pages
	@$(BIN)/python docs/generate.py

bench: $(READY) ## speed as ratios, side by side in one run; POLARS=, FEATURETOOLS=Pythons that have them
	@$(BIN)/python -m benchmarks.features
	@$(BIN)/python -m benchmarks.features.peers $(if $(POLARS),--polars $(POLARS)) $(if $(FEATURETOOLS),--featuretools $(FEATURETOOLS))

bench-quality: $(READY) ## who is right on open logs; CDNOW=path of CDNOW_master.txt, PEERS=folder of the peers' answers
	@$(BIN)/python -m benchmarks.quality $(if $(CDNOW),--cdnow $(CDNOW)) $(if $(PEERS),--peers $(PEERS))
	@$(BIN)/python -m benchmarks.quality.left $(if $(CDNOW),--cdnow $(CDNOW))
	@$(BIN)/python -m benchmarks.quality.level $(if $(CDNOW),--cdnow $(CDNOW))
	@$(BIN)/python -m benchmarks.quality.shrinking

bench-proxy: $(READY) ## what stands in for closed shops, five judged dates each; CDNOW=path of CDNOW_master.txt, BEFORE=answers of another checkout
	@$(BIN)/python -m benchmarks.quality.proxy $(if $(CDNOW),--cdnow $(CDNOW)) $(if $(BEFORE),--before $(BEFORE))

bench-ablation: $(READY) ## what each family of features adds; CDNOW=path of CDNOW_master.txt
	@$(BIN)/python -m benchmarks.ablation $(if $(CDNOW),--cdnow $(CDNOW))

bench-data-worth: $(READY) ## what each source of data adds; CDNOW=path of CDNOW_master.txt
	@$(BIN)/python -m benchmarks.data_worth $(if $(CDNOW),--cdnow $(CDNOW))

bench-value: $(READY) ## expected spend and next order against their rivals; CDNOW=path of CDNOW_master.txt
	@$(BIN)/python -m benchmarks.value $(if $(CDNOW),--cdnow $(CDNOW))

bench-training: $(READY) ## how long training takes beside the bare fits in it
	@$(BIN)/python -m benchmarks.training

bench-effect: $(READY) ## do the effect's intervals hold the truth, and what the ranking keeps, on shops whose truth is known
	@$(BIN)/python -m benchmarks.effect
	@$(BIN)/python -m benchmarks.effect.weekly

bench-watch: $(READY) ## how far the estimate of regulars watch is off; CDNOW=path of CDNOW_master.txt
	@$(BIN)/python -m benchmarks.watch $(if $(CDNOW),--cdnow $(CDNOW))
	@$(BIN)/python -m benchmarks.watch.alarms

bench-intake: $(READY) ## how long reading takes, beside plain roll-ups; POLARS=a Python that has Polars
	@$(BIN)/python -m benchmarks.intake $(if $(POLARS),--polars $(POLARS))

bench-lists: $(READY) ## the list of a million customers, on SQLite and PostgreSQL
	@$(BIN)/python -m benchmarks.lists

bench-scale: $(READY) ## features and scores of a log larger than the memory, as a whole and in partitions
	@$(BIN)/python -m benchmarks.scale
	@$(BIN)/python -m benchmarks.scale.scores

bench-backup: $(READY) ## how long a backup and a restore take, on SQLite and PostgreSQL
	@$(BIN)/python -m benchmarks.backup

bench-serving: $(READY) ## the HTTP interface beside its peers, and /livez beside heavy requests; SOAK=minutes of mixed load at the end
	@$(BIN)/python -m benchmarks.serving && $(BIN)/python -m benchmarks.serving.stalls
	@$(if $(SOAK),$(BIN)/python -m benchmarks.serving.soak --minutes $(SOAK))

figures: $(READY) ## which published figures are older than the last change of what they measure
	@$(BIN)/python -m benchmarks.published

fuzz: $(READY) ## send the API whatever its document allows, and more; as many examples as 10 minutes take
	@$(BIN)/python -m tests.serving.api.fuzz

faults: $(READY) ## every fault of the machine under every command, and how each ends
	@$(BIN)/python -m pytest -q -s -m whole tests/serving/test_faults.py -k under_any_command

mutants: $(READY) ## which changes to the code its tests notice, goes on where it ended; MODULE=part of a path; asks for mutmut
	@nice -n 15 $(BIN)/python -m tools.mutants $(MODULE)

screenshots: $(READY) ## take the pictures of the pages that README and documents show; DEMO=where regulars demo was run
	@test -f $(or $(DEMO),.)/book.db || $(BIN)/regulars demo $(if $(DEMO),--out $(DEMO))
	@$(BIN)/python -m tools.screenshots $(if $(DEMO),--demo $(DEMO))

serve: $(READY) ## serve the scores of the regulars.toml here
	@$(BIN)/regulars serve

clean: ## remove the environment
	@rm -rf $(VENV)
