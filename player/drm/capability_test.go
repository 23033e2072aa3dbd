package drm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

func TestWhatCannotBeDecodedIsNotLicensed(t *testing.T) {
	sized := func(h manifest.Header, height int) *manifest.Header {
		h.Tracks = slices.Clone(h.Tracks)
		h.Tracks[0].Width, h.Tracks[0].Height = height*16/9, height
		return &h
	}
	hd, uhd := sized(*avc, 1080), sized(*avc, 2160)
	uhd.Tracks[0].Codec = "avc1.640033"
	short := sized(*representation("video", "vp9", "cenc"), 1080)
	capable := func(lines int, err error) func(platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error) {
		return func(c platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error) {
			return platform.MediaCapabilitiesInfo{Supported: c.Height <= lines}, err
		}
	}
	unknown := &platform.DOMError{Name: "NotSupportedError"}
	for name, test := range map[string]struct {
		options  playertest.Options
		content  drm.Content
		want     []string // codecs of video that the key system is asked for; nil is a refusal
		decoding int      // questions
	}{
		"a codec":        {playertest.Options{Unsupported: []string{"hvc1"}}, setsOf(drm.Set{hevc, avc}), []string{"avc1.42E01E"}, 0},
		"the only codec": {playertest.Options{Unsupported: []string{"hvc1"}}, setsOf(drm.Set{avc}, drm.Set{hevc}), nil, 0},
		"a size": {playertest.Options{DecodingInfo: capable(1080, nil)}, setsOf(drm.Set{uhd, hd}),
			[]string{"avc1.42E01E"}, 2},
		"no size": {playertest.Options{DecodingInfo: capable(2160, nil)}, setsOf(drm.Set{hd, uhd}),
			[]string{"avc1.42E01E", "avc1.640033"}, 2},
		"all sizes, as far as it knows": {playertest.Options{DecodingInfo: capable(720, nil)}, setsOf(drm.Set{hd, uhd}),
			[]string{"avc1.42E01E", "avc1.640033"}, 2},
		"an error decides nothing": {playertest.Options{DecodingInfo: capable(0, unknown)}, setsOf(drm.Set{hd, uhd}),
			[]string{"avc1.42E01E", "avc1.640033"}, 2},
		"a short codec name is no codec": {playertest.Options{DecodingInfo: capable(0, nil)}, setsOf(drm.Set{short, short}), []string{"vp9"}, 0},
		"no choice, no question":         {playertest.Options{DecodingInfo: capable(0, nil)}, setsOf(drm.Set{hd}), []string{"avc1.42E01E"}, 0},
		"the element decides for src": {playertest.Options{NoMSE: true}, drm.Content{Sets: []drm.Set{{avc}}, Direct: true},
			[]string{"avc1.42E01E"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			err := negotiated(t, test.options, []drm.KeySystem{{Name: clearkey.Name}}, test.content,
				func(page *inquiry, _ *drm.Load, _ *grantObserver) {
					var codecs []string
					for _, c := range page.asked[0].configs[0].VideoCapabilities {
						codecs = append(codecs, strings.Split(c.ContentType, `"`)[1])
					}
					if !slices.Equal(codecs, test.want) || len(page.decoding) != test.decoding {
						t.Errorf("asked for %q after %d questions, want %q after %d", codecs, len(page.decoding), test.want, test.decoding)
					}
				})
			var failure *drm.Error
			switch refused := errors.As(err, &failure); {
			case refused != (test.want == nil):
				t.Error(err)
			case refused && (failure.Reason != drm.CodecRefused || !strings.Contains(failure.Detail, "hvc1.1.6.L93.B0")):
				t.Errorf("got %v, want an error that names the codec", err)
			}
		})
	}
}

func TestAKeySystemNeedsTheHDCPVersionThatTheAppDemands(t *testing.T) {
	statuses := func(status string) playertest.Options {
		return playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{nameWidevine, clearkey.Name},
			HDCPStatuses: map[string]string{"2.2": status}}}
	}
	for status, want := range map[string]string{"usable": nameWidevine, "output-restricted": clearkey.Name, "internal-error": clearkey.Name} {
		systems := []drm.KeySystem{{Name: nameWidevine, MinHDCPVersion: "2.2"}, {Name: clearkey.Name}}
		err := negotiated(t, statuses(status), systems, setsOf(drm.Set{avc}), func(_ *inquiry, load *drm.Load, _ *grantObserver) {
			if load.KeySystem() != want {
				t.Errorf("%s: %s is used, want %s", status, load.KeySystem(), want)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", status, err)
		}
	}
	err := negotiated(t, statuses("output-restricted"), []drm.KeySystem{{Name: nameWidevine, MinHDCPVersion: "2.2"}}, setsOf(drm.Set{avc}), nil)
	var failure *drm.Error
	if !errors.As(err, &failure) || failure.Reason != drm.Refused || failure.Report.Systems[0].Refused.Element != drm.ElementHDCP {
		t.Errorf("got %v, want a refusal for the sake of HDCP", err)
	}
}
