// MPDs that mean harm, or are none. Each is { name, mpd, want }: want is 'plays', or the code of the error that load rejects with.

const head = '<?xml version="1.0"?>\n'
const namespace = 'xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink"'

/** An MPD whose one film lies at `base`. All parts of it can be replaced. */
function mpd({
  before = '',
  attributes = 'type="static" mediaPresentationDuration="PT12S" minBufferTime="PT2S"',
  inside = '',
  base = '../shaka-live-number/',
  template = 'timescale="12800" duration="25600" startNumber="1"',
  media = 'v144-$Number$.m4s',
  timeline = '',
  after = '',
}) {
  return `${head}${before}<MPD ${namespace} ${attributes}>${inside}
<Period id="1"><BaseURL>${base}</BaseURL><AdaptationSet mimeType="video/mp4" segmentAlignment="true">
<Representation id="v" bandwidth="90000" codecs="avc1.4d400c" width="256" height="144">
<SegmentTemplate ${template} initialization="v144-init.mp4" media="${media}">${timeline}</SegmentTemplate>
</Representation></AdaptationSet></Period>${after}</MPD>`
}

/** SegmentTimelines are in 12800ths of a second. */
const timeline = (entries) => ({ template: 'timescale="12800" startNumber="1"', timeline: `<SegmentTimeline>${entries}</SegmentTimeline>` })
const segments = '<S t="0" d="25600" r="5"/>'

const lol = Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i};`.repeat(10)}">`).join('\n')

export const hostile = [
  {
    name: 'a literal > in text',
    mpd: mpd({ inside: '<ProgramInformation><Title>News > Sports >> more</Title></ProgramInformation>' }),
    want: 'plays',
  },
  {
    name: 'UTF-16',
    mpd: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(mpd({}).replace('1.0"', '1.0" encoding="UTF-16"'), 'utf16le')]),
    want: 'plays',
  },
  { name: 'a byte order mark and blank lines', mpd: `\ufeff${mpd({}).replace(head, '')}\n\n`, want: 'plays' },
  { name: 'r=2147483647', mpd: mpd(timeline('<S t="0" d="25600" r="2147483647"/>')), want: 'plays' },
  { name: 'r=-1', mpd: mpd(timeline('<S t="0" d="25600" r="-1"/>')), want: 'plays' },
  {
    name: '100,000 S',
    mpd: mpd(timeline(segments + Array.from({ length: 100_000 }, (_, i) => `<S t="${153_600 + i}" d="${(i % 2) + 1}"/>`).join(''))),
    want: 'plays',
  },
  {
    name: 'a stray attribute of 200 kB',
    mpd: mpd({ attributes: `type="static" mediaPresentationDuration="PT12S" x="${'x'.repeat(200_000)}"` }),
    want: 'plays',
  },
  {
    name: 'an attribute of 20 MB',
    mpd: mpd({ attributes: `type="static" mediaPresentationDuration="PT12S" x="${'x'.repeat(20_000_000)}"` }),
    want: 'MANIFEST_INVALID',
  },
  { name: 'a document of 21 MiB', mpd: mpd({ inside: `<!--${'-x'.repeat(10.5 * 2 ** 20)}-->` }), want: 'FETCH_TOO_LARGE' },
  { name: 'a DOCTYPE', mpd: mpd({ before: '<!DOCTYPE MPD SYSTEM "/license">' }), want: 'MANIFEST_INVALID' },
  {
    name: 'an entity bomb',
    mpd: mpd({ before: `<!DOCTYPE lolz [<!ENTITY lol0 "lol">${lol}]>`, inside: '<Title>&lol9;</Title>' }),
    want: 'MANIFEST_INVALID',
  },
  { name: 'entities that nobody has declared', mpd: mpd({ inside: `<Title>${'&lol9;'.repeat(1000)}</Title>` }), want: 'plays' },
  { name: 'timescale=0', mpd: mpd({ template: 'timescale="0" duration="2" startNumber="1"' }), want: 'MANIFEST_INVALID' },
  { name: 'a width of 999999999', mpd: mpd({ media: 'v144-$Number%0999999999d$.m4s' }), want: 'MANIFEST_INVALID' },
  { name: 'a duration of 1', mpd: mpd({ template: 'timescale="4294967295" duration="1"' }), want: 'FETCH_HTTP' },
  {
    name: 'Periods that lead to themselves',
    mpd: mpd({ after: '<Period xlink:href="film.mpd" xlink:actuate="onLoad"/>'.repeat(50) }),
    want: 'plays',
  },
  { name: 'javascript: in a BaseURL', mpd: mpd({ base: 'javascript:globalThis.hacked=1//' }), want: 'MANIFEST_INVALID' },
  { name: 'data: in a BaseURL', mpd: mpd({ base: 'data:video/mp4,' }), want: 'MANIFEST_INVALID' },
  { name: 'javascript: in a template', mpd: mpd({ media: 'javascript:globalThis.hacked=$Number$' }), want: 'MANIFEST_INVALID' },
  { name: '100,000 elements in each other', mpd: mpd({ inside: `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}` }), want: 'MANIFEST_INVALID' },
  {
    name: 'a live presentation',
    mpd: mpd({ attributes: 'type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z"' }),
    want: 'MANIFEST_UNSUPPORTED',
  },
  { name: 'a film of a million hours', mpd: mpd({ attributes: 'type="static" mediaPresentationDuration="PT9999999999999999H"' }), want: 'plays' },
  { name: 'truncated in a tag', mpd: mpd({}).slice(0, -150), want: 'MANIFEST_INVALID' },
  {
    name: 'an HTML page',
    mpd: '<!doctype html><title>Sign in</title><p>Sign in > now &nbsp; <br><img src=x onerror="hacked=1">',
    want: 'MANIFEST_INVALID',
  },
  {
    name: 'an HTML page without a DOCTYPE',
    mpd: '<html><head><title>404 > not found</title><body><p>No such page<br></html>',
    want: 'MANIFEST_INVALID',
  },
  { name: 'plain text', mpd: 'not found; run `make` > film.mpd', want: 'MANIFEST_INVALID' },
  { name: 'an empty file', mpd: '', want: 'MANIFEST_INVALID' },
  { name: 'zeros', mpd: Buffer.alloc(5000), want: 'MANIFEST_INVALID' },
  { name: 'another root', mpd: '<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2"/>', want: 'MANIFEST_INVALID' },
  { name: 'nothing in it', mpd: `${head}<MPD ${namespace} type="static"/>`, want: 'MANIFEST_INVALID' },
]
