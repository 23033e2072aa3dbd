// The films of dash.mjs whose MPDs are written here, over the files of the packagers: what those do not make by themselves.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adRate, adSeconds, rate, seconds, segment } from './dash-source.mjs'

const third = seconds / 3 // of the film, in seconds; two segments

/** Each gives the inside of its MPD. of(NAME) are the Representations of a packager's film. */
export const written = [
  {
    name: 'base-urls',
    description: 'two BaseURLs, of which the first has no files',
    mpd: (of) =>
      `<BaseURL>../nowhere/</BaseURL>\n<BaseURL>../shaka-live-number/</BaseURL>\n${period({ length: seconds }, of('live-number', ['en']), byNumber())}`,
  },
  {
    name: 'list',
    description: 'a SegmentList with a SegmentTimeline, its parts inherited from Period and AdaptationSet',
    mpd: (of) => listed(of('live-number', ['en'])),
  },
  {
    name: 'formats',
    ending: 'mixed',
    description: 'clear H.264 in MP4, then encrypted VP9 in WebM, then encrypted H.264 in MP4',
    from: ['on-demand-webm-cenc', 'on-demand-cenc'],
    scheme: 'cenc',
    periods: 3,
    mpd: (of) =>
      [of('on-demand', ['en']), of('on-demand-webm-cenc'), of('on-demand-cenc')]
        .map((all, i) => period({ length: third }, all, byIndex(i * third)))
        .join('\n'),
  },
  {
    name: 'offsets',
    description: 'Periods whose media times jump forth and back, the last one in the middle of its files',
    periods: 3,
    mpd: (of) => {
      const cut = of('live-number', ['en'])
      const whole = of('on-demand', ['en'])
      return [
        period({ length: third }, cut, byNumber(2, segment), '../shaka-live-number/'),
        period({ length: third }, cut, byNumber(1, 0), '../shaka-live-number/'),
        period({ length: third }, whole, byIndex(2 * third)),
      ].join('\n')
    },
  },
  {
    name: 'ad',
    description: 'an encrypted film, with a clear ad of another frame rate in the middle',
    from: ['live-cenc'],
    scheme: 'cenc',
    periods: 3,
    duration: 2 * third + adSeconds,
    frames: 2 * third * rate + adSeconds * adRate,
    mpd: (of) => {
      const film = of('live-cenc')
      return [
        period({ length: third }, film, byNumber(1, 0), '../shaka-live-cenc/'),
        period({ length: adSeconds }, of('ad'), byIndex(0)),
        period({ length: third }, film, byNumber(1 + third / segment, third), '../shaka-live-cenc/'),
      ].join('\n')
    },
  },
  {
    name: 'empty-periods',
    description: 'Periods of no length, without sets, and to be resolved to nothing, between two that play',
    periods: 2,
    duration: 2 * third,
    frames: 2 * third * rate,
    mpd: (of) => {
      const film = of('on-demand', ['en'])
      return [
        period({ length: third }, film, byIndex(0)),
        '<Period id="none" duration="PT0S"/>',
        '<Period id="gone" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="urn:mpeg:dash:resolve-to-zero:2013"/>',
        period({ length: 0 }, film, byIndex(0)),
        period({ length: third }, film, byIndex(third)),
      ].join('\n')
    },
  },
].map((film) => ({ from: [], scheme: '', periods: 1, duration: seconds, frames: seconds * rate, ...film, name: `hand-${film.name}` }))

/** Writes folder/NAME/film.mpd. */
export function write({ name, mpd, duration }, folder) {
  const of = (film, languages) => representationsOf(folder, `shaka-${film}`, languages)
  mkdirSync(join(folder, name), { recursive: true })
  const text = `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" type="static" mediaPresentationDuration="PT${duration}S" minBufferTime="PT2S"
  profiles="urn:mpeg:dash:profile:isoff-main:2011">
${mpd(of)}
</MPD>
`
  writeFileSync(join(folder, name, 'film.mpd'), text)
}

/** What a packager's MPD tells of its pictures and sounds, in the languages wanted or all. */
function representationsOf(folder, film, languages) {
  const text = readFileSync(join(folder, film, 'film.mpd'), 'utf8')
  const sets = [...text.matchAll(/<AdaptationSet([^>]*)>(.*?)<\/AdaptationSet>/gs)].filter(([, attributes, inside]) => {
    const language = attribute(attributes, 'lang')
    return /mimeType="(audio|video)/.test(inside) && !inside.includes('trickmode') && (!languages || !language || languages.includes(language))
  })
  return sets.map(([, attributes, inside]) => ({
    attributes: attributes.replace(/ id="\d+"/, ''),
    protection: [...inside.matchAll(/<ContentProtection[^>]*?(\/>|>.*?<\/ContentProtection>)/gs)].map(([all]) => all).join('\n'),
    representations: [...inside.matchAll(/<Representation([^>]*)>(.*?)<\/Representation>/gs)].map(([, own, inner]) => ({
      attributes: own,
      film,
      base: inner.match(/<BaseURL>(.*?)</)?.[1],
      init: inner.match(/<Initialization range="(.*?)"/)?.[1],
      initialization: attribute(inner, 'initialization'),
      media: attribute(inner, 'media'),
      index: attribute(inner, 'indexRange'),
      timescale: Number(attribute(inner, 'timescale')),
      timeline: inner.match(/<SegmentTimeline>.*<\/SegmentTimeline>/s)?.[0],
    })),
  }))
}

const attribute = (text, name) => text.match(new RegExp(`\\b${name}="(.*?)"`))?.[1]

let periods = 0

function period({ length }, sets, segments, base) {
  const inside = sets.map(
    ({ attributes, protection, representations }) =>
      `<AdaptationSet${attributes}>${protection}${representations.map((r) => `<Representation${r.attributes}>${segments(r)}</Representation>`).join('\n')}</AdaptationSet>`,
  )
  return `<Period id="p${++periods}" duration="PT${length}S">${base ? `<BaseURL>${base}</BaseURL>` : ''}\n${inside.join('\n')}\n</Period>`
}

/** Segments by number from a first one on; the Period begins at a media time in seconds. Their length is 2 s, within what the sound allows. */
function byNumber(first = 1, from = 0) {
  return ({ timescale, initialization, media }) => {
    const offset = from ? ` presentationTimeOffset="${from * timescale}"` : ''
    return `<SegmentTemplate timescale="${timescale}" duration="${segment * timescale}" startNumber="${first}"${offset} initialization="${initialization}" media="${media}"/>`
  }
}

/** One file a Representation with an index, of which the Period begins at a media time in seconds. */
function byIndex(from) {
  return ({ film, base, init, index, timescale }) =>
    `<BaseURL>../${film}/${base}</BaseURL><SegmentBase indexRange="${index}" timescale="${timescale}" presentationTimeOffset="${from * timescale}"><Initialization range="${init}"/></SegmentBase>`
}

function listed(sets) {
  const count = seconds / segment
  const inside = sets.map(({ attributes, representations }) => {
    const [{ timeline, timescale }] = representations
    const own = representations.map((r) => {
      const urls = Array.from({ length: count }, (_, i) => `<SegmentURL media="${r.media.replace('$Number$', i + 1)}"/>`)
      return `<Representation${r.attributes}><SegmentList><Initialization sourceURL="${r.initialization}"/>${urls.join('')}</SegmentList></Representation>`
    })
    return `<AdaptationSet${attributes}><SegmentList timescale="${timescale}">${timeline}</SegmentList>${own.join('\n')}</AdaptationSet>`
  })
  return `<Period id="list" start="PT0S"><BaseURL>../shaka-live-number/</BaseURL><SegmentList startNumber="1"/>\n${inside.join('\n')}</Period>`
}
