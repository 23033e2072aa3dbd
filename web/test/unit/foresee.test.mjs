// What the head start asks for once it has the manifest, and what it does not dare to.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { element, page, wasm } from './program.mjs'

const { fetch: real } = globalThis
afterEach(() => {
  globalThis.fetch = real
})

const kid = '00112233-4455-6677-8899-aabbccddeeff'
const body = '{"kids":["ABEiM0RVZneImaq7zN3u_w"],"type":"temporary"}'
const clearKey = { keySystems: { 'org.w3.clearkey': { license: 'https://license.test/' } } }
const protection = (id) => `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="${id}"/>`
const template = '<SegmentTemplate initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%03d$.m4s" startNumber="7"/>'

/** A film with a picture of two qualities, and sound. */
const mpd = ({ inSet = '', period = '', attributes = 'type="static"', segments = template, sound = '' } = {}) => `<?xml version="1.0"?>
<MPD ${attributes}><BaseURL>media/</BaseURL><Period>${period}
  <AdaptationSet contentType="video">${inSet}${segments}
    <Representation id="hd" bandwidth="3000"/><Representation id="sd" bandwidth="300"><BaseURL>low/</BaseURL></Representation>
  </AdaptationSet>
  <AdaptationSet mimeType="audio/mp4">${inSet}${segments}<Representation id="en" bandwidth="64"/></AdaptationSet>${sound}
</Period></MPD>`

/** Loads a film whose manifest is this text, and gives what the page has fetched besides: method, URL and body. */
async function asked(text, config = {}) {
  let deliver
  const delivered = new Promise((resolve) => {
    deliver = resolve
  })
  const keystream = await page(() => delivered.then(() => new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } })))
  const { fetch } = globalThis
  const seen = []
  globalThis.fetch = async (url, options) => {
    if (String(url).includes('player.wasm')) return fetch(url)
    seen.push({ url: String(url), ...options })
    if (!String(url).endsWith('.mpd')) return new Promise(() => {})
    const response = new Response(text, { headers: { 'Content-Length': String(text.length) } })
    Object.defineProperty(response, 'url', { value: 'https://films.test/a/film.mpd' })
    return response
  }
  const player = new keystream.Player(element(), config)
  player.load({ url: 'https://films.test/a/film.mpd', type: 'resolve' }).catch(() => {})
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve))
  const found = seen.slice(1).map(({ method = 'GET', url, body }) => [method, url, body].filter(Boolean).join(' '))
  await player.close()
  assert.ok(
    seen.slice(1).every(({ signal }) => signal.aborted),
    'what nobody took over is given up',
  )
  deliver()
  return found
}

const media = ['low/sd/init.mp4', 'low/sd/007.m4s', 'en/init.mp4', 'en/007.m4s'].map((path) => `GET https://films.test/a/media/${path}`)
const license = `POST https://license.test/ ${body}`

test('the lowest picture and the sound are asked for, and the licence of a key', async () => {
  assert.deepEqual(await asked(mpd()), media)
  assert.deepEqual(await asked(mpd({ inSet: protection(kid) }), clearKey), [license, ...media])
})

test('the first time of a timeline names a segment', async () => {
  const timeline =
    '<SegmentTemplate initialization="i" media="$Bandwidth$-$Time$.m4s"><SegmentTimeline><S t="9007199254740993" d="4"/><S d="5"/></SegmentTimeline></SegmentTemplate>'
  const found = await asked(mpd({ segments: timeline }))
  assert.deepEqual(
    found.map((request) => request.replace(/.*media\//, '')),
    ['low/i', 'low/300-9007199254740993.m4s', 'i', '64-9007199254740993.m4s'],
  )
})

for (const [name, film] of Object.entries({
  'two keys': mpd({ inSet: protection(kid), sound: `<AdaptationSet contentType="text">${protection(kid.replace('0', '1'))}</AdaptationSet>` }),
  'no key': mpd({ inSet: protection('00000000-0000-0000-0000-000000000000') }),
  'a common PSSH with another key': mpd({
    inSet: `${protection(kid)}<cenc:pssh>${Buffer.from(`00000034707373680100000010 77efecc0b24d02ace33c1e52e2fb4b00000001${'ab'.repeat(16)}00000000`.replace('10 ', '10'), 'hex').toString('base64')}</cenc:pssh>`,
  }),
})) {
  test(`${name}: nobody knows what Go will ask the licence server`, async () => {
    assert.ok(!(await asked(film, clearKey)).some((request) => request.startsWith('POST')))
  })
}

test('a common PSSH with the same key changes nothing', async () => {
  const box = `0000003470737368010000001077efecc0b24d02ace33c1e52e2fb4b00000001${kid.replaceAll('-', '')}00000000`
  const pssh = `<cenc:pssh>${Buffer.from(box, 'hex').toString('base64')}</cenc:pssh>`
  assert.ok((await asked(mpd({ inSet: protection(kid) + pssh }), clearKey)).includes(license))
})

for (const [name, system] of Object.entries({
  keys: { license: '/license', keys: { [kid]: kid } },
  headers: { license: { url: '/license', headers: { Authorization: 'x' } } },
  credentials: { license: { url: '/license', withCredentials: true } },
  'a filter': { license: { url: '/license', request() {} } },
  'a function': { license: async () => new Uint8Array() },
  'another system': { license: '/license', name: 'com.widevine.alpha' },
})) {
  test(`with ${name} the licence is left to Go`, async () => {
    const { name: keySystem = 'org.w3.clearkey', ...rest } = system
    const license = typeof rest.license === 'string' ? 'https://license.test/' : rest.license
    const config = { keySystems: { [keySystem]: { ...rest, license: license.url ? { ...license, url: 'https://license.test/' } : license } } }
    assert.ok(!(await asked(mpd({ inSet: protection(kid) }), config)).some((request) => request.startsWith('POST')))
  })
}

for (const [name, film] of Object.entries({
  'a live film': mpd({ attributes: 'type="dynamic"' }),
  'two pictures': mpd({ sound: '<AdaptationSet contentType="video"><Representation id="x"/></AdaptationSet>' }),
  'two languages': mpd({ sound: '<AdaptationSet contentType="audio"><Representation id="x"/></AdaptationSet>' }),
  'two Periods': mpd().replace('</MPD>', '<Period/></MPD>'),
  'a remote element': mpd({ period: '<AdaptationSet xlink:href="x"/>' }),
  'an index': mpd({ segments: '<SegmentBase indexRange="0-9"/>' }),
  'no manifest': '<html>Not found</html>',
  'an unknown template': mpd({ segments: '<SegmentTemplate initialization="i" media="$Number$$What$"/>' }),
})) {
  test(`${name}: what is played first is left to Go`, async () => {
    assert.deepEqual(await asked(film), [])
  })
}

test('a page that knows its network, or the language it wants, chooses by that', async () => {
  assert.deepEqual(await asked(mpd(), { abr: { startBitrate: 9e6 } }), [])
  assert.deepEqual(await asked(mpd(), { audioLanguages: 'sv' }), [])
})
