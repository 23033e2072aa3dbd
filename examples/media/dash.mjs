// Writes dash.json to standard output, and aurora-ad.mpd beside the packager's MPDs: the encrypted film with the clear one in its middle. Arguments: the
// folder of the MPDs, and KEYID:KEY of the encrypted film, in hex.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, ...pairs] = process.argv.slice(2)
const keys = Object.fromEntries(pairs.map((pair) => pair.split(':')))
const [aurora, tide] = ['aurora.mpd', 'tide.mpd'].map((name) => readFileSync(join(folder, name), 'utf8'))
const cut = 20 // seconds into the film
const ad = 8 // seconds

writeFileSync(join(folder, 'aurora-ad.mpd'), withAd())
process.stdout.write(`${JSON.stringify([
  film('aurora', aurora, 'Aurora: encrypted, in four qualities', 'cenc under two keys, two languages, subtitles in two', keys),
  film('aurora-ad', withAd(), 'Aurora, with Tide in the middle', 'three Periods: encrypted, clear, encrypted', keys),
  film('tide', tide, 'Tide: clear, in three qualities', 'no keys', {}),
], null, 2)}\n`)

function film(id, mpd, title, description, keys) {
  const languages = (kind) => [...new Set([...mpd.matchAll(new RegExp(`contentType="${kind}" lang="(\\w+)"`, 'g'))].map(([, lang]) => lang))]
  return {
    id,
    title,
    description,
    mpd: `dash/${id}.mpd`,
    poster: `dash/${id === 'aurora-ad' ? 'aurora' : id}.webp`,
    duration: Number(mpd.match(/mediaPresentationDuration="PT([\d.]+)S"/)[1]),
    heights: [...new Set([...mpd.matchAll(/<Representation[^>]* height="(\d+)"/g)].map(([, height]) => Number(height)))],
    audio: languages('audio'),
    text: languages('text'),
    scheme: mpd.match(/value="(cenc|cbcs)"/)?.[1] ?? '',
    keys,
  }
}

/** The film up to the cut, the ad, and the film from there. Subtitles stay out: a whole file of them cannot be cut by a Period's offset. */
function withAd() {
  const period = (mpd, seconds, from) => {
    const inside = mpd.match(/<Period[^>]*>(.*)<\/Period>/s)[1].replace(/ *<AdaptationSet[^>]*contentType="text".*?<\/AdaptationSet>\n/gs, '')
    const moved = inside.replace(/timescale="(\d+)"/g, (all, scale) => (from ? `${all} presentationTimeOffset="${from * scale}"` : all))
    return `<Period duration="PT${seconds}S">${moved}</Period>`
  }
  const head = aurora.slice(aurora.indexOf('<MPD'), aurora.indexOf('<Period')).replace(/PT\d+S(?=">)/, `PT${40 + ad}S`).trimEnd()
  const periods = [period(aurora, cut, 0), period(tide, ad, 0), period(aurora, 40 - cut, cut)].map((text, i) => text.replace('<Period', `<Period id="${i}"`))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n  ${periods.join('\n  ')}\n</MPD>\n`
}
