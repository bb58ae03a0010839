# Kairos: make demo · make test · make lint · make build · make bench · make soak. Each installs what it needs first.

CARGO ?= cargo
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
PYTHON_ENV := $(TARGET)/python
S3_SERVER := $(TARGET)/s3-server
# One optimised profile everywhere, so that dependencies compile once.
PROFILE := --release --locked

.PHONY: demo test lint build bench soak setup python s3-server browser

demo: build
	$(TARGET)/release/kairos demo

build: setup
	$(CARGO) build $(PROFILE)

test: setup python s3-server browser
	KAIROS_PYTHON=$(abspath $(PYTHON_ENV))/bin/python KAIROS_S3S_FS=$(abspath $(S3_SERVER))/bin/s3s-fs \
		$(CARGO) test $(PROFILE) --workspace

# The fault tests, many times over: some hours. Failures print the seed that replays them.
soak: setup python s3-server
	KAIROS_SOAK=1 KAIROS_PYTHON=$(abspath $(PYTHON_ENV))/bin/python KAIROS_S3S_FS=$(abspath $(S3_SERVER))/bin/s3s-fs \
		$(CARGO) test $(PROFILE) --workspace --test crash --test faults --test daily --test s3

# About an hour and a half and 17 GB of disk; the table goes into benches/RESULTS.md. Wants a machine that does nothing else.
bench: build python
	$(PYTHON_ENV)/bin/python -m pip install -q -r benches/peers/requirements.txt
	$(PYTHON_ENV)/bin/python benches/table.py --kairos $(TARGET)/release/kairos --folder $(TARGET)/bench \
		--report benches/RESULTS.md
	$(PYTHON_ENV)/bin/python -m pip install -q 'cvxpy>=1.6,<2' 'osqp>=1,<2' 'clarabel>=0.10,<1'
	$(PYTHON_ENV)/bin/python benches/backtests.py --kairos $(TARGET)/release/kairos --cargo "$(CARGO)" \
		--folder $(TARGET)/bench --report docs/benchmarks.md

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(PROFILE) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(PROFILE) --workspace --no-deps

# The solver's build needs a C compiler and cmake.
setup:
	@sh scripts/install-build-tools

# Some tests read our output with other programs; without Python they say that they skip.
python:
	@sh scripts/install-python-tools $(PYTHON_ENV)

# A lake in a bucket is tested against real servers.
s3-server:
	@CARGO=$(CARGO) sh scripts/install-s3-server $(S3_SERVER)

# The HTML report is opened in a browser.
browser:
	@sh scripts/install-browser
