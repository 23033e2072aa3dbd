package fetch

import (
	"strconv"
	"strings"
)

// Origin gives the origin of an absolute http or https URL as browsers write it, "https://example.org:8443"; ok is false for any other URL, a relative
// one too, and for one whose host a browser would have to convert before it compares (not ASCII, percent-encoded). Two URLs that have an origin here
// lead to the same one in a browser if and only if these are equal.
//
// https://url.spec.whatwg.org/#concept-url-origin
func Origin(url string) (origin string, ok bool) {
	scheme, rest, ok := cutScheme(clean(url))
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return "", false
	}
	if rest = slashes(rest); len(rest) < 2 || rest[:2] != "//" {
		return "", false
	}
	host, _, _ := authority(rest)
	port := ""
	if i := strings.IndexByte(host, ':'); i >= 0 && host[0] != '[' {
		host, port = host[:i], host[i:]
	} else if i := strings.IndexByte(host, ']'); i >= 0 {
		host, port = host[:i+1], host[i+1:]
	}
	if host = strings.ToLower(host); !isHost(host) {
		return "", false
	}
	origin = scheme + "://" + host
	if port == "" || port == ":" {
		return origin, true
	}
	number, err := strconv.ParseUint(port[1:], 10, 16)
	if port[0] != ':' || err != nil {
		return "", false
	}
	if scheme == "http" && number != 80 || scheme == "https" && number != 443 {
		origin += ":" + strconv.FormatUint(number, 10)
	}
	return origin, true
}

// OriginFrom gives the origin that a URL, which may be relative, leads to from a page of the given origin.
func OriginFrom(url, page string) (origin string, ok bool) {
	url = clean(url)
	rest := slashes(url)
	switch _, _, absolute := cutScheme(url); {
	case absolute:
		return Origin(url)
	case strings.HasPrefix(rest, "//"):
		scheme, _, _ := cutScheme(page)
		return Origin(scheme + ":" + rest)
	case url == "":
		return "", false
	}
	return Origin(page)
}

// HasUserinfo says whether a URL carries a user name or a password.
func HasUserinfo(url string) bool {
	_, rest, ok := cutScheme(clean(url))
	if !ok {
		rest = clean(url)
	}
	_, userinfo, found := authority(slashes(rest))
	return found && userinfo
}

// clean is a URL as a browser begins to read it: without spaces around it, without tabs and line ends.
func clean(url string) string {
	url = strings.TrimFunc(url, func(r rune) bool { return r <= ' ' })
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, url)
}

// slashes turns the backslashes at the beginning, which browsers take for slashes.
func slashes(s string) string {
	end := 0
	for end < len(s) && (s[end] == '/' || s[end] == '\\') {
		end++
	}
	return strings.Repeat("/", end) + s[end:]
}

// authority gives host and port of what begins with "//"; found is false for anything else.
func authority(s string) (hostPort string, userinfo, found bool) {
	s, found = strings.CutPrefix(s, "//")
	s = strings.TrimLeft(s, "/")
	if end := strings.IndexAny(s, `/\?#`); end >= 0 {
		s = s[:end]
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return s[at+1:], true, found
	}
	return s, false, found
}

func isHost(host string) bool {
	allowed := "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	if inside, ok := strings.CutPrefix(host, "["); ok {
		host, ok = strings.CutSuffix(inside, "]")
		if allowed = "abcdef0123456789.:"; !ok {
			return false
		}
	}
	for _, c := range []byte(host) {
		if strings.IndexByte(allowed, c) < 0 {
			return false
		}
	}
	return host != ""
}
