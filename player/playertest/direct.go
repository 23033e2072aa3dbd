package playertest

import (
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// direct is a file given to the element's src. It is loaded in one request.
type direct struct {
	element *Element
	film    *Film
	end     time.Duration // of what has arrived
	cut     bool
	gone    bool
}

// newDirect starts the download. The host's mutex is held.
func newDirect(e *Element, url string) {
	d := &direct{element: e}
	e.source = d
	d.load(Exchange{Method: "GET", URL: absolute(url), Range: "bytes=0-"}, maxRedirects)
}

// load makes one request, and the next one where it is redirected.
func (d *direct) load(ex Exchange, redirects int) {
	e := d.element
	h := e.host
	fault := h.Network.admit(&ex)
	if fault.Hang {
		return
	}
	h.after(h.latency()+fault.Delay, func() {
		if d.gone {
			return
		}
		resp, err := h.Network.answer(ex, fault)
		if err == nil && resp.redirect != "" && redirects > 0 && ex.redirect(resp) {
			resp.end()
			d.load(ex, redirects-1)
			return
		}
		if err != nil || resp.status != 200 && resp.status != 206 {
			e.fail(platform.MediaErrSrcNotSupported, "MEDIA_ELEMENT_ERROR: Format error")
		}
		if err != nil {
			return
		}
		resp.end()
		if e.err != nil || fault.Stall {
			return
		}
		var wait time.Duration
		if rate := h.options.Bandwidth; rate > 0 {
			wait = time.Duration(int64(len(resp.body)) * int64(time.Second) / rate)
		}
		h.after(wait, func() {
			if !d.gone {
				d.arrive(resp.body, fault.Drop)
			}
		})
	})
}

// arrive takes what was downloaded; a connection that dropped brings half of it.
func (d *direct) arrive(data []byte, dropped bool) {
	e := d.element
	if dropped {
		data = data[:len(data)/2]
	}
	film := e.host.filmOf(data)
	if film == nil || int64(len(data)) < film.HeaderSize || !e.host.plays(parseMIMEType(film.Type)) {
		e.fail(platform.MediaErrSrcNotSupported, "DEMUXER_ERROR_COULD_NOT_OPEN")
		return
	}
	d.film = film
	d.end = film.timeAt(int64(len(data)))
	d.cut = int64(len(data)) < film.size()
	encrypted := len(film.Keys) > 0
	// Outside MSE, Chromium decrypts WebM only, Firefox nothing; neither fires "encrypted" for what it cannot decrypt.
	if encrypted && (e.host.options.Engine == Firefox || !film.webm()) {
		e.readyState = platform.HaveMetadata
		e.fireType("durationchange", "loadedmetadata")
		e.fail(platform.MediaErrDecode, "encrypted content is not supported outside of MSE")
		return
	}
	e.encrypted(film)
	e.encryptedBetween(film, film.HeaderSize, int64(len(data)))
	e.update()
	if dropped {
		e.fail(platform.MediaErrNetwork, "PIPELINE_ERROR_READ")
	}
}

// encrypted fires the events of the film's header, around loadedmetadata as each engine does.
func (e *Element) encrypted(film *Film) {
	if e.host.options.Engine == Firefox {
		e.update()
	}
	e.encryptedBetween(film, -1, film.HeaderSize)
}

// encryptedBetween fires the events whose boxes end in the bytes (from, to] of a film.
func (e *Element) encryptedBetween(film *Film, from, to int64) {
	for _, d := range film.InitData {
		if from < d.End && d.End <= to {
			e.fire(platform.MediaEvent{Type: "encrypted", InitDataType: d.Type, InitData: d.Data})
		}
	}
}

func (d *direct) header() bool                              { return d.film != nil }
func (d *direct) duration() (dur time.Duration, known bool) { return d.film.Duration, true }
func (d *direct) complete() bool                            { return !d.cut }
func (d *direct) broken() bool                              { return d.cut }
func (d *direct) detach()                                   { d.gone = true }

func (d *direct) spans() []span {
	if d.film == nil {
		return nil
	}
	return []span{{film: d.film, end: d.end, size: d.film.offsetAt(d.end)}}
}

func (d *direct) buffered() []platform.TimeRange {
	if d.end == 0 {
		return nil
	}
	return []platform.TimeRange{{Start: 0, End: d.end}}
}
