// The films of dash.mjs are what they are said to be: all that is tested with them stands on that. No browser, and none of our own readers.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { packaged } from './dash.mjs'
import { all, parse, periodsOf, secondsOf } from './mpd.mjs'

const { folder, films } = await packaged()
const mpds = Object.fromEntries(films.map(({ name, file }) => [name, parse(readFileSync(file, 'utf8'))]))
const periodsIn = ({ name, file }) => periodsOf(mpds[name], dirname(file))
const named = (name) => films.find((film) => film.name === name)
const heights = (representations) => representations.map(({ attributes }) => Number(attributes.height)).filter(Boolean)

function bytesOf({ file, from = 0, to = Infinity }) {
  return readFileSync(file).subarray(from, to + 1)
}

/** What stands after a box's type, for each box of that type: packagers put no such letters anywhere else. */
function after(bytes, type) {
  const found = []
  for (let at = bytes.indexOf(type); at >= 0; at = bytes.indexOf(type, at + 4)) found.push(bytes.subarray(at + 4))
  return found
}

/** Key ids of the PSSH boxes in some bytes, and of the common system in an MPD's base64. */
function keyIdsOf(bytes) {
  return after(bytes, 'pssh').flatMap((box) => {
    if (box[0] !== 1 || box.toString('hex', 4, 20) !== '1077efecc0b24d02ace33c1e52e2fb4b') return []
    return Array.from({ length: box.readUInt32BE(20) }, (_, i) => box.toString('hex', 24 + 16 * i, 40 + 16 * i))
  })
}

const normal = (representations) => representations.filter(({ set }) => !all(set, 'EssentialProperty').length)

for (const film of films) {
  const { name, description } = film
  test(`${name}: ${description}`, () => {
    const periods = periodsIn(film)
    assert.equal(periods.length, film.periods)
    assert.equal(
      periods.reduce((sum, { length }) => sum + length, 0),
      film.duration,
    )
    assert.equal(secondsOf(mpds[name].attributes.mediaPresentationDuration), film.duration)

    const representations = periods.flatMap(({ representations }) => representations)
    const pictures = normal(periods[0].representations)
    assert.deepEqual(
      heights(pictures).sort((a, b) => a - b),
      film.heights,
    )
    for (const [type, languages] of [
      ['audio', film.audio],
      ['text', film.text],
    ]) {
      const found = pictures.filter(({ attributes }) => attributes.mimeType.startsWith(type))
      assert.equal(found.length, languages.length)
      if (film.by !== 'ffmpeg') assert.deepEqual(found.map(({ attributes }) => attributes.lang).sort(), [...languages].sort())
    }
    for (const { attributes, init, index, segments } of representations) {
      const type = attributes.mimeType
      if (film.container !== 'mixed' && !type.startsWith('text')) assert.equal(type.split('/')[1], film.container)
      if (type.startsWith('text')) assert.match(`${bytesOf(segments[0])}`, /^WEBVTT/)
      else if (type.endsWith('mp4')) assert.equal(bytesOf(init).toString('latin1', 4, 8), 'ftyp')
      else assert.equal(bytesOf(init).toString('hex', 0, 4), '1a45dfa3')
      if (index)
        assert.equal(bytesOf(index).toString('latin1', ...(type.endsWith('mp4') ? [4, 8] : [0, 4])), type.endsWith('mp4') ? 'sidx' : '\x1cS\xbbk')
      for (const { file, to = 0 } of segments) assert.ok(statSync(file).size > to, `${file} has no byte ${to}`)
    }
  })

  test(`${name}: its keys`, () => {
    const declared = new Set(all(mpds[name], 'ContentProtection').map(({ attributes }) => attributes['cenc:default_KID']?.replaceAll('-', '')))
    declared.delete(undefined)
    assert.deepEqual([...declared].sort(), film.rotation ? [] : Object.keys(film.keys).sort())
    assert.equal(Boolean(Object.keys(film.keys).length), film.scheme !== '')
    const server = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8'))
    for (const [kid, key] of Object.entries(film.keys)) assert.equal(server[kid], key)
    for (const { attributes, set, init } of periodsIn(film).flatMap(({ representations }) => representations)) {
      if (!attributes.mimeType.endsWith('mp4')) continue
      const bytes = bytesOf(init)
      const schemes = after(bytes, 'schm').map((box) => box.toString('latin1', 4, 8))
      const encrypted = all(set, 'ContentProtection').length > 0
      assert.deepEqual(new Set(schemes), new Set(encrypted ? [film.scheme] : []), 'the schemes of the init segment')
      for (const box of after(bytes, 'tenc')) assert.ok(film.rotation || film.keys[box.toString('hex', 8, 24)], 'tenc names another key')
    }
  })

  if (film.periods > 1 || film.name === 'ffmpeg-number') continue
  test(`${name}: ${film.frames} pictures`, () => {
    for (const { attributes, init, segments } of normal(periodsIn(film)[0].representations)) {
      if (!attributes.height) continue
      const bytes = Buffer.concat([init, ...segments].map(bytesOf))
      const probe = ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', '-']
      assert.equal(Number.parseInt(execFileSync('ffprobe', probe, { input: bytes }), 10), film.frames, attributes.height)
    }
  })
}

for (const film of films.filter(({ rotation }) => rotation)) {
  test(`${film.name}: the fragments name each key, and nothing else does`, () => {
    for (const { init, segments } of periodsIn(film)[0].representations) {
      assert.deepEqual(keyIdsOf(bytesOf(init)), [])
      const inOrder = segments.flatMap((segment) => keyIdsOf(bytesOf(segment))).filter((id, i, ids) => id !== ids[i - 1])
      assert.deepEqual(inOrder, Object.keys(film.keys))
    }
  })
}

test('the features that a film is there for', () => {
  const count = (name, element) => all(mpds[name], element).length
  const text = (name) => readFileSync(named(name).file, 'utf8')
  assert.match(text('shaka-live-number'), /\$Number\$[^>]*>\s*<SegmentTimeline>/)
  assert.match(text('shaka-live-time'), /\$Time\$[^>]*>\s*<SegmentTimeline>/)
  assert.match(text('shaka-live-constant'), /<SegmentTemplate[^>]*\$Time\$[^>]* duration="25600"\/>/)
  assert.match(text('ffmpeg-number'), /<SegmentTemplate[^>]* duration="2000000"[^>]*\$Number%05d\$/)
  assert.equal(count('ffmpeg-number', 'SegmentTimeline'), 0)
  assert.match(text('ffmpeg-list'), /<SegmentURL media=/)
  assert.match(text('ffmpeg-single-file'), /<SegmentURL mediaRange="[\d-]+" indexRange=/)
  assert.match(text('shaka-segment-list'), /<SegmentURL mediaRange=/)
  assert.match(text('shaka-on-demand'), /<EssentialProperty schemeIdUri="http:\/\/dashif.org\/guidelines\/trickmode"/)
  assert.match(text('shaka-live-cbcs-keys'), /adaptation-set-switching/)
  assert.equal(Object.keys(named('shaka-live-cbcs-keys').keys).length, 3)
  assert.match(text('shaka-on-demand-cbcs'), /edef8ba9-79d6.*9a04f079-9840|9a04f079-9840.*edef8ba9-79d6/s)
  assert.doesNotMatch(text('shaka-live-cenc-foreign'), /1077efec/)
  assert.match(text('shaka-ads'), /presentationTimeOffset="192000"/)
  assert.match(text('hand-list'), /<SegmentList timescale="\d+"><SegmentTimeline>/)
})

test('a whole VTT file and its segments have the same cues', () => {
  const linesOf = (pieces) => new Set(pieces.flatMap((piece) => `${bytesOf(piece)}`.split('\n').filter((line) => line.includes('-->'))))
  const textOf = (name) =>
    periodsIn(named(name))[0].representations.find(({ attributes }) => attributes.lang === 'en' && attributes.mimeType === 'text/vtt')
  const [whole, pieces] = [textOf('shaka-on-demand').segments, textOf('shaka-live-number').segments]
  assert.deepEqual([whole.length, pieces.length], [1, 6])
  assert.deepEqual(linesOf(pieces), linesOf(whole))
  assert.equal(linesOf(whole).size, named('shaka-on-demand').cues)
})

test('the first segments after a clear lead are clear', () => {
  for (const { segments } of periodsIn(named('shaka-clear-lead'))[0].representations) {
    const encrypted = segments.map((segment) => after(bytesOf(segment), 'senc').length > 0)
    assert.deepEqual(encrypted, [false, false, true, true, true, true])
  }
})

test('the first BaseURL has nothing', () => {
  const [first, second] = all(mpds['hand-base-urls'], 'BaseURL').map(({ text }) => join(dirname(named('hand-base-urls').file), text))
  assert.deepEqual([existsSync(first), existsSync(second)], [false, true])
})

test('the films in DASH of the demo', () => {
  const media = join(import.meta.dirname, '../../examples/media')
  const demo = JSON.parse(readFileSync(join(media, 'dash.json'), 'utf8'))
  assert.deepEqual(
    demo.map(({ id }) => id),
    ['aurora', 'aurora-ad', 'tide'],
  )
  const files = new Set()
  for (const { mpd: name, poster, duration, heights: told, keys } of demo) {
    const file = join(media, name)
    const mpd = parse(readFileSync(file, 'utf8'))
    const representations = periodsOf(mpd, dirname(file)).flatMap(({ representations }) => representations)
    assert.deepEqual([...new Set(heights(representations))], told)
    const declared = all(mpd, 'ContentProtection').map(({ attributes }) => attributes['cenc:default_KID']?.replaceAll('-', ''))
    assert.deepEqual(new Set(declared.filter(Boolean)), new Set(Object.keys(keys)))
    const lengths = periodsOf(mpd, dirname(file)).map(({ length }) => length)
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      duration,
    )
    for (const piece of representations.filter(({ index }) => index)) assert.equal(bytesOf(piece.index).toString('latin1', 4, 8), 'sidx')
    for (const { segments } of representations) files.add(segments[0].file)
    files.add(join(media, poster)).add(file)
  }
  const made = readdirSync(join(media, 'dash')).map((name) => join(media, 'dash', name))
  assert.deepEqual([...files].sort(), made.sort(), 'files that no film has')
  assert.ok(made.reduce((sum, file) => sum + statSync(file).size, 0) < 6e6)
})

test('all of it is small', () => {
  const sizes = readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)).size)
  assert.ok(sizes.reduce((a, b) => a + b, 0) < 40e6)
})
