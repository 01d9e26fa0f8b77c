# One recipe per job. The environment is .venv; it is made and refreshed when needed.
# `make PYTHON=/some/python3.12 test` chooses the interpreter.

BIN = .venv/bin
# A file of tests stays on one processor: its kernels and worlds are made once.
TESTS = $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile
# What an installation depends on: the build copies the two files of runs/.
INSTALLED_FROM = pyproject.toml constraints.txt .ci/install .ci/public_package.py \
                 runs/api.py runs/guard.py

help:  ## list the jobs
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1 | \2/p' Makefile | awk -F ' [|] ' '{ printf "%-15s %s\n", $$1, $$2 }'

demo: .venv/.ready  ## play the 2025Q1 scenario once, then 2,000 times, and draw the figure
	$(BIN)/hubspoke play 2025q1 --out results/demo/game
	$(BIN)/hubspoke batch 2025q1 --runs 2000 --out results/demo/batch

picture: .venv/.ready  ## draw the picture of the README anew
	$(BIN)/hubspoke play 2025q1 --out results/picture
	cp results/picture/network.png notebooks/network.png

# Small runs: what each figure shows is told in notebooks/gallery.md. Figures keep the name of their folder.
gallery: .venv/.ready-gallery  ## draw the gallery of figures anew, from small seeded runs
	rm -rf results/gallery
	$(BIN)/hubspoke theory T1 T5 --out results/gallery/theory
	$(BIN)/hubspoke batch --runs 800 --out results/gallery/batch
	$(BIN)/hubspoke propagate --shock sma_ask_x5 --runs 400 --out results/gallery/ask
	$(BIN)/hubspoke sweep burden_and_posture --runs 40 --out results/gallery/burden
	$(BIN)/hubspoke claims C4 --draws 16 --repeats 4 --games 40 --out results/gallery/claims
	$(BIN)/hubspoke tournament --runs 40 --doctrine accommodator --doctrine hedger \
	  --doctrine maximum_pressure --out results/gallery/tournament
	$(BIN)/hubspoke sensitivity --size 16 --repeats 2 --outcome end.usfk --outcome mean.hazard_korea \
	  --outcome end.rok_spending --outcome end.sma_cash --out results/gallery/morris
	$(BIN)/hubspoke sensitivity --method sobol --size 16 --repeats 4 --factor tau_usa --factor win_set_rok \
	  --factor threat_to_rok_spending --factor flexibility_used --factor prk_arsenal \
	  --outcome mean.hazard_korea --outcome end.rok_spending --out results/gallery/sobol
	$(BIN)/hubspoke sweep uncertain_worlds --out results/gallery/worlds
	$(BIN)/hubspoke discover results/gallery/worlds --outcome 'mean.hazard_korea >= 0.042' \
	  --out results/gallery/discovery
	$(BIN)/hubspoke hindcast 2021q1 --runs 200 --out results/gallery/hindcast
	$(BIN)/hubspoke forecast --runs 400 --out results/gallery/forecast
	$(BIN)/hubspoke calibrate --draws 500 --out results/gallery/calibration
	$(BIN)/hubspoke bench triad --growth --processes 1 --games 12000 --out results/gallery/bench
	$(BIN)/python .ci/gallery.py results/gallery notebooks/gallery

test: .venv/.ready-test  ## run the tests
	$(TESTS)

test-all: .venv/.ready-test  ## run the tests, the slow ones too
	$(TESTS) -m "slow or not slow"

lint: .venv/.ready-dev  ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.ready-dev  ## mypy
	$(BIN)/mypy

bench: .venv/.ready  ## measure games per second on this machine
	$(BIN)/hubspoke bench

clean:  ## remove the environment and the tools' caches; results/ stays
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find agents model runs tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A larger installation holds the smaller ones.
.venv/.ready: $(INSTALLED_FROM)
	@sh .ci/install
	@touch $@

.venv/.ready-test: $(INSTALLED_FROM)
	@sh .ci/install test
	@touch .venv/.ready $@

.venv/.ready-gallery: $(INSTALLED_FROM)
	@sh .ci/install gallery
	@touch .venv/.ready .venv/.ready-test $@

.venv/.ready-dev: $(INSTALLED_FROM)
	@sh .ci/install dev
	@touch .venv/.ready .venv/.ready-test $@

.NOTPARALLEL:
.PHONY: help demo picture gallery test test-all lint types bench clean
