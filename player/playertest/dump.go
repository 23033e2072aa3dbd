package playertest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

type entry struct {
	lane string
	at   time.Duration
	text string
}

// logf writes a line into a lane. h.mu is held.
func (h *Host) logf(lane, format string, args ...any) {
	h.log = append(h.log, entry{lane, time.Since(h.start), fmt.Sprintf(format, args...)})
}

// Dump tells all that happened on the page, for a golden file: one lane for the element, the key system, the network, each SourceBuffer and
// each session, with virtual times. Lanes keep what goroutines of one instant do apart; within the network's lane, lines of one instant are sorted.
func (h *Host) Dump() string {
	h.mu.Lock()
	log := slices.Clone(h.log)
	h.mu.Unlock()
	var lanes []string
	for _, e := range log {
		if !slices.Contains(lanes, e.lane) {
			lanes = append(lanes, e.lane)
		}
	}
	slices.Sort(lanes)
	var b strings.Builder
	for _, lane := range lanes {
		b.WriteString(lane + "\n")
		entries := slices.DeleteFunc(slices.Clone(log), func(e entry) bool { return e.lane != lane })
		if lane == networkLane {
			slices.SortStableFunc(entries, func(a, b entry) int {
				if a.at != b.at {
					return int(a.at - b.at)
				}
				return strings.Compare(a.text, b.text)
			})
		}
		for _, e := range entries {
			fmt.Fprintf(&b, "%8dms  %s\n", e.at.Milliseconds(), e.text)
		}
	}
	return b.String()
}
