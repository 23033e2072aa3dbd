package player

import (
	"errors"
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

// explain makes an Error of whatever failed: the one place where failures get their codes. The error is fatal.
func (pb *playback) explain(err error) *Error {
	e := pb.translate(err)
	e.Fatal = true
	if e.cause == nil && err != error(e) {
		e.cause = err
	}
	if e.Stage == "" {
		e.Stage = pb.stage()
	}
	if e.KeySystem == "" && pb.keys != nil {
		e.KeySystem = pb.keys.KeySystem()
	}
	return e
}

func (pb *playback) translate(err error) *Error {
	var (
		own     *Error
		license *drm.Error
		fetched *fetch.Error
		refused *stream.AppendError
		indexed *stream.IndexError
		dom     *platform.DOMError
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &license):
		return explainDRM(license)
	case errors.As(err, &fetched):
		return explainFetch(fetched)
	case errors.As(err, &indexed):
		return &Error{Code: SourceInvalid, Stage: StageFetch, URL: indexed.URL, Message: indexed.URL + " has an index that cannot be read: " + indexed.Cause.Error(),
			Remedy: "Package the file again"}
	case errors.As(err, &refused):
		return pb.explainAppend(refused)
	case errors.As(err, &dom):
		return &Error{Code: MediaNotSupported, Message: "The browser refused a step of playback: " + dom.Error(),
			Remedy: "Load the film again; if it happens again, report it with this message"}
	}
	message := "An unknown failure"
	if err != nil {
		message = err.Error()
	}
	return &Error{Code: Internal, Message: message, Remedy: "This is a bug in Keystream: report it with this message"}
}

func configError(message, remedy string) *Error {
	return &Error{Code: ConfigInvalid, Fatal: true, Stage: StageConfigure, Message: message, Remedy: remedy}
}

func closedError() *Error {
	return &Error{Code: Closed, Stage: StageClose, Message: "The player is closed", Remedy: "Make a new player"}
}

func interruptedError(cause error) *Error {
	return &Error{Code: LoadInterrupted, Message: "Another load, or the caller, ended this one", Remedy: "Nothing: the newest load counts", cause: cause}
}

// sourceError is about a file. what follows its address in the message: "is …", "has no …".
func sourceError(code Code, file File, cause error, what, remedy string) *Error {
	url := fetch.RedactURL(file.URL)
	return &Error{Code: code, Fatal: true, Stage: StageProbe, URL: url, Message: url + " " + what, Remedy: remedy, cause: cause}
}

// What is said of a page in a file's place, whether its bytes or its Content-Type give it away.
const (
	isPage     = "is a text or HTML page, not media"
	pageRemedy = "Check the address: servers send such pages for files that they do not have"
)

// headerError says why the head of a file could not be read.
func headerError(file File, err error, short bool) *Error {
	var unknown *unknownError
	switch {
	case errors.As(err, &unknown):
		if looksLikeText(unknown.prefix) {
			return sourceError(SourceUnknown, file, err, isPage, pageRemedy)
		}
		return sourceError(SourceUnknown, file, err, "is neither MP4 nor WebM", "Package it as MP4 or WebM")
	case short:
		return sourceError(SourceTruncated, file, err, "ends within its own header", "Upload the file again: a part of it is missing")
	}
	return sourceError(SourceInvalid, file, err, "has a header that cannot be read: "+err.Error(), "Package the file again")
}

// looksLikeText says whether bytes could be a page that a server sent in a file's place.
func looksLikeText(prefix []byte) bool {
	for _, c := range prefix {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return len(prefix) > 0
}

func explainFetch(err *fetch.Error) *Error {
	e := &Error{Stage: StageFetch, URL: err.URL, HTTPStatus: err.Status}
	switch {
	case errors.Is(err, fetch.ErrRangeIgnored) && strings.HasPrefix(err.ContentType, "text/"):
		e.Code, e.Message, e.Remedy = SourceUnknown, err.URL+" "+isPage, pageRemedy
	case errors.Is(err, fetch.ErrRangeIgnored):
		e.Code, e.Message = RangeUnsupported, "The server of "+err.URL+" ignores Range requests, which playing in chunks needs"
		e.Remedy = `Serve the file with Range support (Accept-Ranges: bytes), or use mode "direct"`
	case errors.Is(err, fetch.ErrWrongRange):
		e.Code, e.Message = RangeWrong, "The server of "+err.URL+" answered with another range than the one asked for"
		e.Remedy = "Check the server or the cache in front of it: Content-Range must begin where Range asks"
	case errors.Is(err, fetch.ErrRangeNotSatisfiable):
		e.Code, e.Message = SourceTruncated, err.URL+" is empty, or became shorter while it was played"
		e.Remedy = "Upload the file again"
	case errors.Is(err, platform.ErrTooLarge):
		e.Code, e.Message, e.Remedy = FetchTooLarge, "The answer of "+err.URL+" is far too large", "Check the address, and what the server sends there"
	case errors.Is(err, fetch.ErrShortBody) || err.Status != 0 && err.Status < 300 && !err.Timeout:
		e.Code, e.Message = FetchNetwork, "The connection for "+err.URL+" kept breaking before the answer was complete"
		e.Remedy = "Check the network and the server, then load again"
	case err.Timeout:
		e.Code, e.Message = FetchTimeout, err.URL+" did not come in time, in "+tries(err.Attempts)
		e.Remedy = "Check the network and the server, then load again"
	case err.Status >= 300:
		e.Code, e.Message = FetchHTTP, "The server answered HTTP "+strconv.Itoa(err.Status)+" for "+err.URL
		e.Remedy = statusRemedy(err.Status, "Check the address of the file")
	default:
		e.Code, e.Message = FetchNetwork, err.URL+" could not be reached, in "+tries(err.Attempts)
		e.Remedy = `Check the network; a file of another origin needs CORS headers (Access-Control-Allow-Origin), or mode "direct"`
	}
	return e
}

func tries(n int) string {
	if n == 1 {
		return "one try"
	}
	return strconv.Itoa(n) + " tries"
}

func statusRemedy(status int, missing string) string {
	switch {
	case status == 401:
		return "Send credentials: the server asks who you are"
	case status == 403:
		return "Check the rights of this user, and that the token is the right one and still valid"
	case status == 404 || status == 410:
		return missing
	case status >= 500:
		return "The server failed: look at its log, or try again later"
	}
	return "Look at the server's log for what it expects"
}

// explainAppend is for bytes that a SourceBuffer refused. The element reports the same failure a moment later, so both say the same.
// Once the element has failed, though, every append does: then the element's own error is the cause.
func (pb *playback) explainAppend(err *stream.AppendError) *Error {
	if e := pb.element.Error(); e != nil && platform.IsDOMError(err, "InvalidStateError") {
		return pb.elementError(e)
	}
	var undecrypted *platform.DecryptionError
	switch {
	case errors.As(err, &undecrypted):
		return explainDecryption(undecrypted, err.URL)
	case errors.Is(err, platform.ErrDecryptionLost):
		return &Error{Code: SoftwareCDMFailed, Stage: StageDecrypt, URL: err.URL, Message: "The software CDM died twice over this film",
			Remedy: "Package the film again, and report it with the console's last lines: no film may do this"}
	case platform.IsDOMError(err, "QuotaExceededError"):
		return &Error{Code: MediaNotSupported, Stage: StageAppend, URL: err.URL, Message: "A segment of " + err.URL + " is larger than all that this browser buffers",
			Remedy: "Package the film in segments of a few seconds, or with an index (sidx, Cues)"}
	}
	return damaged(StageAppend, err.URL)
}

// explainDecryption is for what the software CDM could not do.
func explainDecryption(err *platform.DecryptionError, url string) *Error {
	e := &Error{Code: DecryptFailed, Stage: StageDecrypt, URL: url, Message: "The encrypted media cannot be read: " + err.Message}
	switch err.Reason {
	case "unavailable":
		e.Code, e.URL, e.Message = SoftwareCDMUnavailable, err.URL, "The software CDM could not be started: "+err.Message
		e.Remedy = "Serve keystream-cdm.js and cdm.wasm beside keystream.js, and allow them in script-src ('wasm-unsafe-eval'), worker-src and connect-src"
	case "unsupported":
		e.Remedy = "Package it with one of cenc, cens, cbc1 or cbcs, as fragmented MP4 or WebM"
	default:
		e.Remedy = "Package or upload the file again: its boxes contradict each other"
	}
	return e
}

func damaged(stage Stage, url string) *Error {
	return &Error{Code: MediaInvalid, Stage: stage, URL: url, Message: "The media is damaged, or is not what its header says",
		Remedy: "Package or upload the file again; ffmpeg -v error -i FILE -f null - finds the place"}
}

// elementError is for what the element itself reports.
func (pb *playback) elementError(err *platform.MediaError) *Error {
	e := &Error{Stage: StageDecode}
	if len(pb.source.Tracks) == 1 {
		e.URL = fetch.RedactURL(pb.source.Tracks[0].URL)
	}
	switch {
	case pb.media == nil && !pb.encrypted && pb.content().Encrypted():
		// Chromium decrypts WebM through src and no MP4, Firefox nothing. Neither says "encrypted" of what it does not decrypt.
		e.Code, e.Message = DirectEncryptedUnsupported, "This browser does not decrypt this container when it is played through src"
		e.Remedy = "Package the film as fragmented MP4 or WebM, which play through MSE, and leave mode out"
	case err.Code == platform.MediaErrDecode && pb.keys != nil:
		ids := pb.content().KeyIDs()
		e.Code, e.Message = KeyProbablyWrong, "The decrypted media cannot be decoded: the key is most likely wrong"
		if len(ids) > 0 {
			e.Message += " (key id " + drm.FormatKeyIDs(ids) + ")"
		}
		e.Remedy = "Compare the content key with the one that the packager used for this key id; Firefox may keep the first key of an id until the page is reloaded"
	case err.Code == platform.MediaErrDecode:
		e = damaged(StageDecode, e.URL)
	case err.Code == platform.MediaErrSrcNotSupported && pb.media != nil:
		e = damaged(StageAppend, e.URL)
	case err.Code == platform.MediaErrNetwork:
		e.Code, e.Message, e.Remedy = MediaNetwork, "The connection broke while the element was loading the file", "Check the network, then load again"
	default:
		e.Code, e.Message = MediaNotSupported, "The element cannot play this source: it is not there, not media, or in a codec that this browser lacks"
		e.Remedy = "Open the address in a tab to see what the server sends; leave mode out to have the file inspected first"
	}
	e.cause = errors.New(err.Message)
	return e
}
