# Every target is a line that you could type yourself.
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS = -s -w -X github.com/lapse-dev/lapse/ui/cli.version=$(VERSION)

.PHONY: build test race lint fmt gen golden bench fuzz simulate demo demo-tape release-check corpus rehearsals

build: ## the binary, stripped and static
	go build -trimpath -ldflags '$(LDFLAGS)' -o lapse .

test:
	go test ./...

race:
	CGO_ENABLED=1 go test -race ./...

lint:
	go tool -modfile=tools/go.mod golangci-lint run ./...

fmt:
	go tool -modfile=tools/go.mod gofumpt -l -w .

gen:
	go generate ./...

golden: ## write the golden files again; read the difference before you commit it
	go test ./ui/... -update

bench: ## against peers and bare programs, interleaved (a module of its own)
	cd bench && go run .

fuzz: ## every fuzz target for FUZZTIME each
	./tools/fuzz $(FUZZTIME)

simulate: ## 500 names of every rule lapse for two years of simulated time
	GOGC=800 LAPSE_SIMULATE=500 go test -count=1 -v -run TestSimulateTwoYears ./watch/

demo:
	go run . demo

demo-tape: build ## record lapse demo into docs/demo.cast, with tmux and asciinema
	./tools/demo-tape

release-check:
	go run github.com/goreleaser/goreleaser/v2@v2.15.4 check
	for os in linux darwin windows; do for arch in amd64 arm64; do echo $$os/$$arch; GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o /dev/null . || exit 1; done; done

corpus: ## how well the parsers read labelled answers of real servers: LAPSE_CORPUS=folder make corpus
	go test -count=1 -v -run 'Corpus' ./whoisx/...

rehearsals: ## 200 rehearsals a policy against equal rivals, then 1,000 with faults
	LAPSE_REHEARSALS=200 go test -count=1 -timeout 60m -v -run 'FairShare' ./catch/burst
	LAPSE_REHEARSALS=1000 go test -count=1 -timeout 60m -v -run 'FaultyRehearsals' ./catch/burst
