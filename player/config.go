package player

import (
	"time"

	"github.com/keystream-player/keystream/player/drm"
)

// Config is what a page or a program wants of a player. The zero value plays clear media.
type Config struct {
	// DRM says which key systems may decrypt, where their licences come from, and what to do when a key cannot be used.
	DRM drm.Config

	// Mode forces a way of playing; "" chooses by the file's own header.
	Mode Mode

	// ABR says how the quality of a film is chosen, and Buffer how much of it is fetched ahead.
	ABR    ABR
	Buffer Buffer

	// AudioLanguages and TextLanguages (BCP 47) are preferred, the dearest first. Without TextLanguages no subtitles are shown at first.
	AudioLanguages, TextLanguages []string

	// OnEvent is told of everything that happens, one event at a time, in order, on a goroutine of the player's own.
	// It may call the player's methods only from another goroutine. nil drops the events.
	OnEvent func(Event)
}

// Buffer bounds what is buffered of each track of a film. The zero value of a field is its default.
type Buffer struct {
	Ahead  time.Duration // of the playhead; 30 s
	Behind time.Duration // 30 s
	Bytes  int64         // ahead; 100 MiB, or what the browser takes
}

// Mode is a way of playing a source.
type Mode string

// The modes.
const (
	ModeAuto   Mode = ""       // MSE for fragmented MP4 and WebM that MSE can take, direct otherwise
	ModeMSE    Mode = "mse"    // fetched in chunks and appended to a MediaSource
	ModeDirect Mode = "direct" // the file is given to the element's src
)

// Source is what to play.
type Source struct {
	// Tracks are the files to play together: one muxed file, or one file a track. A direct source has exactly one.
	Tracks []File
}

// File is one media file.
type File struct {
	URL string // relative to the page; blob: URLs (of a File or Blob) too

	// Type is the MIME type that the page declares. It is a hint for files that cannot be read ahead; the file's own header wins.
	Type string

	// Chunks is how many Range requests the media is fetched in. 0 lets the player choose by size.
	Chunks int
}
