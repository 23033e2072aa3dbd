package manifest

import (
	"errors"
	"strings"
)

// What ResolveURL refuses. Compare with errors.Is.
var (
	ErrURLScheme    = errors.New("the URL is neither http nor https")
	ErrURLUserinfo  = errors.New("the URL has a user name or password in it")
	ErrURLDowngrade = errors.New("an https document leads to an http URL")
	ErrURLHost      = errors.New("the URL has no host that makes sense")
	ErrURLLength    = errors.New("the URL is longer than 16384 bytes")
)

// maxURL bounds a URL, in bytes. Servers take 8 to 16 kB.
const maxURL = 16 << 10

// ResolveURL is the absolute URL that ref means in a document at base, as browsers read it: backslashes count as slashes, tabs and line ends are dropped,
// dot segments are taken out, what may not stand in a URL is percent-encoded. A fragment is dropped. base is absolute, and need not be http where ref is
// absolute too. The result is http or https, without userinfo, and https where base is.
//
// https://url.spec.whatwg.org/#url-parsing, https://www.rfc-editor.org/rfc/rfc3986#section-5
func ResolveURL(base, ref string) (string, error) {
	if len(base) > maxURL || len(ref) > maxURL {
		return "", ErrURLLength
	}
	parent, child := splitURL(base), splitURL(ref)
	if isHTTP(child.scheme) && child.scheme == parent.scheme && !child.hasAuthority {
		child.scheme = ""
	}
	switch {
	case child.scheme != "":
		if !isHTTP(child.scheme) {
			return "", ErrURLScheme
		}
		child.spreadHost()
	case !isHTTP(parent.scheme):
		return "", ErrURLScheme
	default:
		parent.spreadHost()
		child.inherit(parent)
	}
	if parent.scheme == "https" && child.scheme == "http" {
		return "", ErrURLDowngrade
	}
	host, err := checkAuthority(child.authority)
	if err != nil {
		return "", err
	}
	resolved := child.scheme + "://" + host + escape(removeDots(child.path), `"<>`+"`{}^|") + escape(child.query, `"<>'`)
	if len(resolved) > maxURL {
		return "", ErrURLLength
	}
	return resolved, nil
}

func isHTTP(scheme string) bool { return scheme == "http" || scheme == "https" }

// urlParts is a URL in pieces. Its query begins with the question mark.
type urlParts struct {
	scheme, authority, path, query string
	hasAuthority                   bool
}

// splitURL takes a URL or a reference apart. Of a scheme other than http and https the rest does not matter.
func splitURL(s string) (u urlParts) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(s, "\t\n\r") {
		s = strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' {
				return -1
			}
			return r
		}, s)
	}
	u.scheme, s = cutScheme(s)
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s = s[:i]
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s, u.query = s[:i], s[i:]
	}
	s = strings.ReplaceAll(s, `\`, "/")
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		// Browsers skip however many slashes there are.
		u.hasAuthority, s = true, strings.TrimLeft(rest, "/")
		end := strings.IndexByte(s, '/')
		if end < 0 {
			end = len(s)
		}
		u.authority, s = s[:end], s[end:]
	}
	u.path = s
	return u
}

// spreadHost reads "https:host/path", of a URL whose scheme stands without the slashes.
func (u *urlParts) spreadHost() {
	if u.hasAuthority {
		return
	}
	u.hasAuthority = true
	s := strings.TrimLeft(u.path, "/")
	end := strings.IndexByte(s, '/')
	if end < 0 {
		end = len(s)
	}
	u.authority, u.path = s[:end], s[end:]
}

// inherit takes from the URL of the document what the reference leaves open.
func (u *urlParts) inherit(parent urlParts) {
	u.scheme = parent.scheme
	if u.hasAuthority {
		return
	}
	u.authority = parent.authority
	switch {
	case u.path == "":
		u.path = parent.path
		if u.query == "" {
			u.query = parent.query
		}
	case u.path[0] != '/':
		u.path = parent.path[:strings.LastIndexByte(parent.path, '/')+1] + u.path
		if u.path[0] != '/' {
			u.path = "/" + u.path
		}
	}
}

// cutScheme gives the scheme in small letters, "" where there is none.
func cutScheme(s string) (scheme, rest string) {
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(s[:i]), s[i+1:]
		default:
			return "", s
		}
	}
	return "", s
}

// checkAuthority gives host and port, the host in small letters.
func checkAuthority(authority string) (string, error) {
	if strings.IndexByte(authority, '@') >= 0 {
		return "", ErrURLUserinfo
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.IndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	if host == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		return "", ErrURLHost
	}
	name := host
	if v6, ok := strings.CutPrefix(host, "["); ok {
		if name, ok = strings.CutSuffix(v6, "]"); !ok || strings.Trim(name, "0123456789abcdefABCDEF:.") != "" {
			return "", ErrURLHost
		}
	} else if strings.IndexByte(name, ':') >= 0 {
		return "", ErrURLHost
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || strings.IndexByte("[]<>^|%\"`{}\\", c) >= 0 {
			return "", ErrURLHost
		}
	}
	host = strings.ToLower(host)
	if port != "" {
		host += ":" + port
	}
	return host, nil
}

// removeDots takes "." and ".." out of an absolute path, also where the dots are percent-encoded.
func removeDots(path string) string {
	var kept []string
	pieces := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, piece := range pieces {
		last := i == len(pieces)-1
		switch dots := dots(piece); {
		case dots == 2 && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case dots == 0:
			kept = append(kept, piece)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// dots is 1 for ".", 2 for "..", 0 for anything else.
func dots(piece string) int {
	n := 0
	for piece != "" && n < 3 {
		switch {
		case piece[0] == '.':
			piece = piece[1:]
		case len(piece) >= 3 && piece[:2] == "%2" && piece[2]|0x20 == 'e':
			piece = piece[3:]
		default:
			return 0
		}
		n++
	}
	return n % 3
}

// escape percent-encodes what is not printable ASCII, and the characters of also.
func escape(s, also string) string {
	const hex = "0123456789ABCDEF"
	var out []byte
	for i := range len(s) {
		c := s[i]
		plain := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '-' && c <= '9'
		must := !plain && (c <= ' ' || c >= 0x7f || strings.IndexByte(also, c) >= 0)
		if must && out == nil {
			out = append(make([]byte, 0, len(s)+16), s[:i]...)
		}
		switch {
		case must:
			out = append(out, '%', hex[c>>4], hex[c&15])
		case out != nil:
			out = append(out, c)
		}
	}
	if out == nil {
		return s
	}
	return string(out)
}
