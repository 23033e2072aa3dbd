package fetch

import "strings"

// RedactURL takes out of a URL what may be secret: userinfo, query and fragment, and all of a data: URL but its scheme. It reads URLs as
// leniently as browsers do (backslashes, tabs and line ends), for a secret that a browser would send must not slip through.
//
// https://url.spec.whatwg.org/#concept-basic-url-parser
func RedactURL(url string) string {
	url = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, url)
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	url = strings.TrimFunc(url, func(r rune) bool { return r <= ' ' })
	rest, prefix := url, ""
	for {
		scheme, after, ok := cutScheme(rest)
		if !ok {
			break
		}
		prefix, rest = prefix+scheme+":", after
		if strings.EqualFold(scheme, "data") {
			return prefix
		}
		if !strings.EqualFold(scheme, "blob") {
			break
		}
	}
	host := strings.TrimLeft(rest, `/\`)
	slashes := rest[:len(rest)-len(host)]
	if prefix == "" && len(slashes) < 2 {
		return url
	}
	end := strings.IndexAny(host, `/\`)
	if end < 0 {
		end = len(host)
	}
	if at := strings.LastIndexByte(host[:end], '@'); at >= 0 {
		host = host[at+1:]
	}
	return prefix + slashes + host
}

func cutScheme(url string) (scheme, rest string, ok bool) {
	for i := range len(url) {
		switch c := url[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return url[:i], url[i+1:], true
		default:
			return "", url, false
		}
	}
	return "", url, false
}
