package dash

import (
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// layouts is how many channels each ChannelConfiguration of ISO/IEC 23091-3 has.
var layouts = [...]byte{0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14}

// pairs are the bits of Dolby's channel map, from the highest, that stand for two channels.
const pairs = 1<<(15-5) | 1<<(15-6) | 1<<(15-9) | 1<<(15-10) | 1<<(15-11) | 1<<(15-13)

// channels is how many an AudioChannelConfiguration says; 0 where it does not.
//
// https://dashif.org/identifiers/audio_source_data/
func channels(d manifest.Descriptor) int {
	switch d.SchemeID {
	case "urn:mpeg:mpegB:cicp:ChannelConfiguration":
		if n := parseInt([]byte(d.Value)); n < len(layouts) {
			return int(layouts[n])
		}
	case "urn:mpeg:dash:23003:3:audio_channel_configuration:2011", "tag:dts.com,2014:dash:audio_channel_configuration:2012",
		"urn:dts:dash:audio_channel_configuration:2012":
		if n := parseInt([]byte(d.Value)); n <= 64 {
			return n
		}
	case "urn:dolby:dash:audio_channel_configuration:2011", "tag:dolby.com,2014:dash:audio_channel_configuration:2011":
		bits, err := strconv.ParseUint(strings.TrimSpace(d.Value), 16, 32)
		if err != nil || len(d.Value) != 4 {
			return 0
		}
		n := 0
		for bit := range 16 {
			if bits>>bit&1 != 0 {
				n += 1 + pairs>>bit&1
			}
		}
		return n
	}
	return 0
}
