package abr_test

import (
	"encoding/json"
	"bufio"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/abr"
)

var (
	tracesFile = flag.String("abr.traces", "", "a file of traces, a line of JSON each")
	filmFile   = flag.String("abr.film", "", "a film's bitrates and segment sizes, in JSON")
	bufferGoal = flag.Duration("abr.buffer", 25*time.Second, "how much is buffered")
)

func TestScore(t *testing.T) {
	if *tracesFile == "" {
		t.Skip("no traces")
	}
	film, traces := readFilm(t, *filmFile), readTraces(t, *tracesFile)
	for _, sizes := range []bool{false, true} {
		for _, kind := range []string{"throughput", "bola", "dynamic", ""} {
			var half [2]result
			all := result{}
			for i, trace := range traces {
				r := film.play(trace, abr.New(kind), *bufferGoal, sizes)
				all.add(r)
				half[i%2].add(r)
			}
			n := float64(len(traces))
			fmt.Printf("%-11s %-5v %5.0f  %.4f  %.4f  %4.0f  %.4f   %.4f %.4f ab %d\n", kind, sizes, all.bitrate/n, all.utility/n, all.rebuffer/n, all.change/n, all.score/n, half[0].score/n*2, half[1].score/n*2, all.abandoned)
		}
	}
}

func (r *result) add(o result) {
	r.bitrate += o.bitrate
	r.utility += o.utility
	r.rebuffer += o.rebuffer
	r.change += o.change
	r.score += o.score
	r.abandoned += o.abandoned
	r.switches += o.switches
}

func readFilm(t *testing.T, file string) (f film) {
	var raw struct {
		Segment  int64       `json:"segment_duration_ms"`
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
	for _, b := range raw.Bitrates {
		f.bitrates = append(f.bitrates, int64(b*1000))
	}
	f.segment, f.bits = time.Duration(raw.Segment)*time.Millisecond, raw.Bits
	return f
}

func readTraces(t *testing.T, file string) (traces []trace) {
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for lines := bufio.NewScanner(r); ; {
		lines.Buffer(nil, 1<<26)
		for lines.Scan() {
			var raw struct{ Periods [][3]float64 }
			if err := json.Unmarshal(lines.Bytes(), &raw); err != nil {
				t.Fatal(err)
			}
			var tr trace
			for _, p := range raw.Periods {
				ms := func(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }
				tr = append(tr, stretch{ms(p[0]), p[1] * 1000, ms(p[2])})
			}
			traces = append(traces, tr)
		}
		return traces
	}
}
