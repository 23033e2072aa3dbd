package playertest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// ContractEnv is a host to be tested, and what its network must have.
type ContractEnv struct {
	// NewHost makes a host for one test, and ends it with t.
	NewHost func(t *testing.T) platform.Host

	// Software tests the CDM of a [platform.SoftwareHost] instead of the browser's. It grants more schemes, and an append to its element waits for the
	// key; in all else it is the same.
	Software bool

	// Lacks names the groups and rules that the browser under the host does not keep, and says why. They are skipped.
	Lacks map[string]string

	// Run runs one test; nil runs it as it is. A host in virtual time needs a bubble.
	Run func(t *testing.T, test func(t *testing.T))

	Media string // URL prefix of a folder with the files of examples/media, films.json among them

	Missing     string // a URL that answers 404
	Unreachable string // a URL where nothing listens
	Hanging     string // a URL that never answers
	Stalling    string // a URL that answers 200, and whose body never ends
	Redirecting string // a URL that redirects to another one of the page's origin, which answers 200
}

var contractGroups = []struct {
	name  string
	tests []contractTest
}{
	{"page", pageContract}, {"fetch", fetchContract}, {"element", elementContract}, {"mse", mseContract}, {"segments", segmentContract},
	{"text", textContract}, {"eme", emeContract}, {"licenses", licenseContract},
}

// checkLacks wants every name in Lacks to be one.
func (env ContractEnv) checkLacks(t *testing.T) {
	names := map[string]bool{}
	for _, group := range contractGroups {
		names[group.name] = true
		for _, test := range group.tests {
			names[test.rule] = true
		}
	}
	for name := range env.Lacks {
		if !names[name] {
			t.Errorf("the contract has no %q", name)
		}
	}
}

func (env ContractEnv) skip(t *testing.T, name string) {
	if why := env.Lacks[name]; why != "" {
		t.Skip(why)
	}
}

// Contract checks that a host keeps the promises of package platform.
func Contract(t *testing.T, env ContractEnv) {
	env.checkLacks(t)
	for _, group := range contractGroups {
		t.Run(group.name, func(t *testing.T) {
			env.skip(t, group.name)
			for _, test := range group.tests {
				t.Run(test.rule, func(t *testing.T) {
					env.skip(t, test.rule)
					run := env.Run
					if run == nil {
						run = func(t *testing.T, f func(*testing.T)) { f(t) }
					}
					run(t, func(t *testing.T) {
						ctx, cancel := context.WithTimeout(t.Context(), watchdog)
						defer cancel()
						test.check(newContract(t, env, ctx))
					})
				})
			}
		})
	}
}

// watchdog bounds every wait; a host that keeps its promises comes nowhere near.
const watchdog = 30 * time.Second

// soon is how long a wait that hangs is let hang.
const soon = 100 * time.Millisecond

type contractTest struct {
	rule  string
	check func(*contract)
}

type contract struct {
	*testing.T
	env        ContractEnv
	ctx        context.Context
	host       platform.Host
	keySystems platform.KeySystems // that are tested
}

func newContract(t *testing.T, env ContractEnv, ctx context.Context) *contract {
	c := &contract{T: t, env: env, ctx: ctx, host: env.NewHost(t)}
	c.keySystems = c.host
	if env.Software {
		c.keySystems = c.host.(platform.SoftwareHost).SoftwareKeySystems()
	}
	return c
}

func (c *contract) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// fails wants a DOMError of one of these names.
func (c *contract) fails(err error, names ...string) {
	c.Helper()
	if !slices.ContainsFunc(names, func(name string) bool { return platform.IsDOMError(err, name) }) {
		c.Errorf("got error %v, want one named %v", err, names)
	}
}

// ends wants the wait's own context to be what ended it.
func (c *contract) ends(wait func(context.Context) error) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, soon)
	defer cancel()
	if err := wait(ctx); err != context.DeadlineExceeded {
		c.Errorf("got %v, want the context's error", err)
	}
}

// refuses wants a wait to return at once when its context has ended already.
func (c *contract) refuses(what string, wait func(context.Context) error) {
	c.Helper()
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	if err := wait(ctx); err != context.Canceled {
		c.Errorf("%s got %v, want the context's error", what, err)
	}
}

// receive waits for what a listener sends.
func receive[T any](c *contract, from <-chan T) (v T) {
	c.Helper()
	select {
	case v = <-from:
	case <-c.ctx.Done():
		c.Fatal("it never came")
	}
	return v
}

// listen gives the events of these types as they come.
func (c *contract) listen(types ...string) <-chan platform.MediaEvent {
	events := make(chan platform.MediaEvent, 100)
	c.Cleanup(c.host.Element().Listen(func(e platform.MediaEvent) { events <- e }, types...))
	return events
}

// contractFilm is an entry of films.json.
type contractFilm struct {
	Name      string            `json:"name"`
	Files     []string          `json:"files"`
	Container string            `json:"container"`
	Codecs    []string          `json:"codecs"`
	Keys      map[string]string `json:"keys"`
	Duration  float64           `json:"duration"`
	Frames    int               `json:"frames"`
}

// file is one file of a film, with what films.json says of it.
type file struct {
	url, mimeType string
	bytes         []byte
	keyID, key    [16]byte
}

// file fetches the first file of the named film.
func (c *contract) file(name string) *file {
	c.Helper()
	var films []contractFilm
	if err := json.Unmarshal(c.get(c.env.Media+"films.json"), &films); err != nil {
		c.Fatalf("films.json: %v", err)
	}
	i := slices.IndexFunc(films, func(f contractFilm) bool { return f.Name == name })
	if i < 0 {
		c.Fatalf("films.json has no %s", name)
	}
	f := &file{url: c.env.Media + films[i].Files[0], mimeType: "video/" + films[i].Container + `; codecs="` + films[i].Codecs[0] + `"`}
	f.bytes = c.get(f.url)
	for keyID, key := range films[i].Keys {
		f.keyID, f.key = hex16(keyID), hex16(key)
	}
	return f
}

func hex16(s string) (b [16]byte) {
	if n, err := hex.Decode(b[:], []byte(s)); n != 16 || err != nil {
		panic("films.json: not 16 bytes in hex: " + s)
	}
	return b
}

// film is the file as the package's own Film, for the places where it may be cut.
func (f *file) film() *Film { return RealFilm(f.bytes, f.mimeType, 0, 0) }

func (c *contract) fetch(req platform.Request) platform.Response {
	c.Helper()
	resp, err := c.host.Fetch(c.ctx, req)
	c.must(err)
	return resp
}

func (c *contract) read(resp platform.Response) platform.Body {
	c.Helper()
	body, err := resp.ReadBody(c.ctx, 16<<20)
	c.must(err)
	c.Cleanup(body.Release)
	return body
}

func (c *contract) get(url string) []byte {
	c.Helper()
	resp := c.fetch(platform.Request{URL: url})
	body := c.read(resp)
	if resp.Status() != 200 {
		c.Fatalf("%s: status %d", url, resp.Status())
	}
	b, err := body.Bytes()
	c.must(err)
	return b
}

// part fetches the bytes [from, to) of a file, as a body to append.
func (c *contract) part(f *file, from, to int64) platform.Body {
	c.Helper()
	return c.read(c.fetch(platform.Request{URL: f.url, Header: rangeOf(from, to)}))
}
