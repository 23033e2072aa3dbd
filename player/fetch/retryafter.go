package fetch

import (
	"strings"
	"time"
)

// maxSeconds keeps a delay within time.Duration; the policy's own bound is far lower.
const maxSeconds = 1 << 31

// parseRetryAfter reads a number of seconds or a date (IMF-fixdate); 0 is nothing, or nothing that can be read.
//
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func parseRetryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if seconds := parseSize(s); seconds >= 0 {
		return time.Duration(min(seconds, maxSeconds)) * time.Second
	}
	at, ok := parseHTTPDate(s)
	if !ok {
		return 0
	}
	return max(at.Sub(now), 0)
}

// parseHTTPDate reads "Sun, 06 Nov 1994 08:49:37 GMT" by its fixed columns; time.Parse would add 16 kB (brotli) to player.wasm.
func parseHTTPDate(s string) (time.Time, bool) {
	if len(s) != 29 || s[3:5] != ", " || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' || s[19] != ':' || s[22] != ':' || s[25:] != " GMT" {
		return time.Time{}, false
	}
	month := strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", s[8:11])
	day, year := parseSize(s[5:7]), parseSize(s[12:16])
	hour, minute, second := parseSize(s[17:19]), parseSize(s[20:22]), parseSize(s[23:25])
	if month < 0 || month%3 != 0 || day < 1 || day > 31 || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return time.Time{}, false
	}
	return time.Date(int(year), time.Month(month/3+1), int(day), int(hour), int(minute), int(second), 0, time.UTC), true
}
