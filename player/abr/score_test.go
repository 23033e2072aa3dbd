package abr_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/abr"
)

var (
	tracesFile = flag.String("abr.traces", "", "traces to score the Selectors on, a line of JSON each: periods of [ms, kbit/s, latency in ms]")
	filmFile   = flag.String("abr.film", "", "the film to play: its bitrates and segment sizes, in JSON")
	tableFile  = flag.String("abr.table", "", "where the table goes")
	bufferGoal = flag.Float64("abr.buffer", 25, "how many seconds are buffered")
)

// kinds are the Selectors; the last is the player's.
var kinds = []string{"throughput", "bola", "dynamic", "lookahead"}

// means are sums of results, and of how many.
type means struct {
	result
	n float64
}

func (m *means) add(r result) {
	m.n++
	m.bitrate += r.bitrate
	m.utility += r.utility
	m.rebuffer += r.rebuffer
	m.change += r.change
	m.score += r.score
	m.abandoned += r.abandoned
	m.switches += r.switches
}

func (m *means) meanScore() float64    { return m.score / m.n }
func (m *means) meanRebuffer() float64 { return m.rebuffer / m.n }
func (m *means) meanSwitches() float64 { return float64(m.switches) / m.n }

// TestScore is `make bench-abr`: it scores the Selectors on files, as ../shared/abr/README.md says. The last line is the score of the player's own, where
// segment sizes are not known: the published figures are of Selectors that do not use them.
func TestScore(t *testing.T) {
	if *tracesFile == "" {
		t.Skip("make bench-abr runs it")
	}
	out, err := os.Create(*tableFile)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	film, traces := readFilm(t, *filmFile), readTraces(t, *tracesFile)
	fmt.Fprintln(out, "| algorithm | sizes | bitrate kbit/s | utility | rebuffer ratio | bitrate change kbit/s a segment | score | even traces | odd traces |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|")
	score := 0.0
	for _, kind := range kinds {
		for _, sizes := range []bool{true, false} {
			score = tabulate(out, kind, sizes, film, traces)
		}
	}
	fmt.Fprintf(out, "score=%.4f\n", score)
}

func tabulate(out io.Writer, kind string, sizes bool, f film, traces []trace) float64 {
	var all means
	var halves [2]means
	for i, trace := range traces {
		r := f.play(trace, abr.New(kind), seconds(*bufferGoal), sizes)
		all.add(r)
		halves[i%2].add(r)
	}
	known := map[bool]string{true: "known", false: "not known"}[sizes]
	fmt.Fprintf(out, "| %s | %s | %.0f | %.3f | %.4f | %.0f | %.4f | %.4f | %.4f |\n", kind, known, all.bitrate/all.n, all.utility/all.n, all.meanRebuffer(),
		all.change/all.n, all.meanScore(), halves[0].meanScore(), halves[1].meanScore())
	return all.meanScore()
}

func readFilm(t *testing.T, file string) (f film) {
	var raw struct {
		Segment  float64     `json:"segment_duration_ms"`
		Bitrates []float64   `json:"bitrates_kbps"`
		Bits     [][]float64 `json:"segment_sizes_bits"`
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, kbps := range raw.Bitrates {
		f.bitrates = append(f.bitrates, int64(kbps*1000))
	}
	f.segment, f.bits = seconds(raw.Segment/1000), raw.Bits
	return f
}

func readTraces(t *testing.T, file string) (traces []trace) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var raw struct{ Periods [][3]float64 }
		if err := json.Unmarshal(line, &raw); err != nil {
			t.Fatal(err)
		}
		var one trace
		for _, p := range raw.Periods {
			one = append(one, stretch{seconds(p[0] / 1000), p[1] * 1000, seconds(p[2] / 1000)})
		}
		traces = append(traces, one)
	}
	return traces
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
