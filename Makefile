# `make` prints what there is to make. Everything is built from a clean clone with Go, Node and npm; `make setup` adds the rest on Debian.

PORT     ?= 8080
BROWSERS ?= chromium firefox webkit
export BROWSERS

STATICCHECK = web/test/out/bin/staticcheck-v0.7.0
NODE_STAMP  = web/node_modules/.package-lock.json
GO_SOURCES := go.mod $(wildcard go.sum) $(shell find player wasm -name '*.go' ! -name '*_test.go')
TS_SOURCES := $(wildcard web/src/*.ts) web/build.mjs web/tsconfig.json
JS          = GOOS=js GOARCH=wasm

# What `make test` needs beyond Go and Node: a command or a file, and the Debian package it comes in. Firefox decodes H.264 through FFmpeg's library,
# WebKitGTK through GStreamer's plugins; gcc is for -race.
GSTREAMER = /usr/lib/*/gstreamer-1.0/libgst
NEEDS = chromium:chromium firefox-esr:firefox-esr ffmpeg:ffmpeg gcc:gcc \
	WebKitWebDriver:webkit2gtk-driver Xvfb:xvfb $(GSTREAMER)isomp4.so:gstreamer1.0-plugins-good \
	$(GSTREAMER)videoparsersbad.so:gstreamer1.0-plugins-bad $(GSTREAMER)libav.so:gstreamer1.0-libav

.PHONY: help setup tools build demo test test-go test-js test-web test-browser test-e2e soak bench bench-drm bench-decrypt bench-abr lint size media clean
.DELETE_ON_ERROR:

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  PORT=9000 moves the demo; BROWSERS=firefox narrows the browser tests.'

tools:
	@command -v go >/dev/null || { echo 'Go is missing: install 1.26 or newer from https://go.dev/dl/ and put it on PATH.'; exit 1; }
	@command -v npm >/dev/null || { echo 'npm is missing: install Node 20.19 or newer from https://nodejs.org/ and put it on PATH.'; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
		|| { echo "Node $$(node --version) is too old: install 20.19 or newer from https://nodejs.org/."; exit 1; }

setup: tools $(NODE_STAMP) ## install what is missing (Debian packages, npm packages)
	@there() { case $$1 in /*) ls $$1 ;; *) command -v $$1 ;; esac >/dev/null 2>&1; }; \
	missing=; for need in $(NEEDS); do there "$${need%%:*}" || missing="$$missing $${need##*:}"; done; \
	fc-list 2>/dev/null | grep -q . || missing="$$missing fontconfig fonts-dejavu-core"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing libc6-dev; \
	else echo "Missing:$$missing (names of Debian packages). Install them, then run make again."; exit 1; fi

$(NODE_STAMP): web/package.json web/package-lock.json | tools
	cd web && npm ci --no-audit --no-fund
	@touch $@

build: web/dist/player.wasm web/dist/cdm.wasm web/dist/keystream.js ## build web/dist

# A program of ./wasm, in which the packages that are named are inlined, and no others: the download is 60 kB smaller so, which every visitor pays for.
# strip.mjs makes it another 150 kB smaller, at the price of the line numbers in a crash's trace: what `go build` alone makes has them.
program = $(JS) go build -trimpath -ldflags='-s -w' -gcflags=all=-l $(patsubst %,-gcflags='%=',$(2)) -o $@.linked ./wasm/$(1) && \
	node web/strip.mjs $@.linked $@ && rm $@.linked

# Each function that a start calls costs the browser a compilation, 60 µs of the page's thread. Inlining saves 420 of 2,350 in the runtime and what crosses to
# JavaScript, and is worth 22 kB there.
web/dist/player.wasm: $(GO_SOURCES) web/strip.mjs Makefile | tools
	$(call program,player,runtime/... internal/... sync/... context syscall/js github.com/hack-pad/... ./player/browser)

# Every byte of a film passes through these, which is worth 4 kB: without, AES takes a quarter longer.
web/dist/cdm.wasm: $(GO_SOURCES) web/strip.mjs Makefile | tools
	$(call program,cdm,crypto/... encoding/binary internal/byteorder ./player/cenc)

web/dist/keystream.js: $(TS_SOURCES) $(NODE_STAMP)
	node web/build.mjs

demo: build ## build, and serve the demo site
	go run ./examples/server -addr localhost:$(PORT)

test: ## prove it all, installing what is missing
	$(MAKE) setup
	$(MAKE) build
	$(MAKE) lint
	$(MAKE) size
	$(MAKE) test-go
	$(MAKE) test-js
	$(MAKE) test-web
	$(MAKE) test-browser
	$(MAKE) test-e2e

test-go: ## Go, natively, with the race detector; the simulations also without, for they play ten times as many seeds then
	go test -race ./...
	go test ./player/drm ./player ./player/abr -run 'Simulation|TestDASHIs|TestLookahead'

# The environment is cut down because Go's js port has room for 8 kB of it.
test-js: ## the same packages as wasm on Node
	$(JS) go test -exec "env -i 'PATH=$(PATH)' $$(go env GOROOT)/lib/wasm/go_js_wasm_exec" $$($(JS) go list ./player/... | grep -v /player/browser)

test-web: web/dist/keystream.js ## the npm package, on Node
	cd web && node --test --test-reporter=spec test/unit/*.test.mjs

# Uncached: the cache does not know that the browser is another one, and that the software CDM is built anew.
test-browser: build ## the host of Go in each browser
	for browser in $(BROWSERS); do \
		KEYSTREAM_BROWSER=$$browser $(JS) go test -count=1 -exec '$(CURDIR)/web/test/gobrowser' ./player/browser/... || exit 1; \
	done

test-e2e: build ## the site and the films in each browser
	cd web && node --test --test-reporter=spec --test-concurrency=1 test/*.test.mjs test/e2e/*.test.mjs

soak: tools ## a million random plays of the DRM engine (an hour on two cores); SEEDS=n for fewer
	go test ./player/drm -run TestSimulation -timeout 0 -sim.seeds $(or $(SEEDS),1000000)

bench: build ## DASH beside shaka-player, dash.js and rx-player: start, large manifests, the page's thread, memory (an hour; BENCH=start for a part)
	cd web && node bench/dash.mjs

bench-drm: build ## licences, sessions and time to the first key, beside shaka-player and rx-player
	cd web && node bench/drm.mjs

bench-decrypt: build ## software decryption, beside shaka-player's: speed, vectors, what a film costs
	cd web && node bench/decrypt.mjs

ABR = ../shared/abr
bench-abr: tools ## which quality next: scores over 86 real 3G traces (TRACES=f.jsonl FILM=f.json BUFFER=25)
	@table=$$(mktemp) && go test -count=1 ./player/abr -run '^TestScore$$' -abr.table=$$table -abr.traces='$(abspath $(or $(TRACES),$(ABR)/traces-3g.jsonl))' \
		-abr.film='$(abspath $(or $(FILM),$(ABR)/bbb.json))' -abr.buffer=$(or $(BUFFER),25) >&2 && cat $$table; code=$$?; rm -f $$table; exit $$code

lint: $(STATICCHECK) $(NODE_STAMP) ## gofmt, go vet and staticcheck for both targets, tsc, biome
	@unformatted=$$(gofmt -l player wasm examples web/test); [ -z "$$unformatted" ] || { echo "gofmt these: $$unformatted"; exit 1; }
	go vet ./...
	$(JS) go vet ./...
	$(STATICCHECK) ./...
	$(JS) $(STATICCHECK) ./...
	cd web && node_modules/.bin/tsc -p . --noEmit && node_modules/.bin/biome check --error-on-warnings .

$(STATICCHECK): | tools
	GOBIN='$(abspath $(@D))' go install honnef.co/go/tools/cmd/staticcheck@v0.7.0
	@mv $(@D)/staticcheck $@

size: build ## weigh what a page downloads, against web/size-budget.json
	@node web/size.mjs

media: setup ## make the films of the demo site anew
	examples/media/make.sh

clean: ## remove what was built
	rm -rf web/dist web/test/out
