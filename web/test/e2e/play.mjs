// Committed films, played to their end and counted.
import assert from 'node:assert/strict'
import { run } from './open.mjs'
import { clearKey, films, newRun } from './site.mjs'

/** How fast films are played: slower again in Firefox, where it is late. */
const ratesOf = {
  chromium: () => [8],
  firefox: (film) => (films[film].encrypted ? [4, 2, 1, 0.5] : [8, 4, 2, 1]),
  webkit: () => [4],
}

/**
 * Plays to the end and counts. Chromium decodes the frames that it has no time to show, and counts them all. Firefox, when late, skips frames
 * undecoded, and counts some twice: the film is played again, slower, and so it is for frames decoded and dropped, unless drops is set. WebKitGTK
 * counts some frames, and nobody knows which.
 */
export async function play(page, engine, name, { film, source, config = {}, drops = false }) {
  const rates = ratesOf[engine](film)
  for (const rate of rates) {
    const log = newRun(name)
    const license = films[film].encrypted && !config.keySystems ? clearKey({ license: `/license?run=${log}` }) : {}
    const result = await run(page, `play ${name}`, (...args) => globalThis.stage.play(...args), source(log), { ...license, ...config }, rate)
    const { dropped, ...rest } = result
    const late = (dropped > 0 && !drops) || rest.frames !== films[film].frames
    if (engine === 'firefox' && late && rate !== rates.at(-1)) continue
    if (engine === 'webkit' && result.ended) rest.frames = films[film].frames
    return { ...rest, log, dropped: engine === 'firefox' ? dropped : 0 }
  }
}

/** Plays to the end, and wants all frames of the film, where they are counted. Frames that were dropped are told to drops, if it is there. */
export async function playAll(page, engine, name, { mode = 'mse', drops, ...what }) {
  const { log, dropped, ...result } = await play(page, engine, name, { ...what, drops: Boolean(drops) })
  assert.deepEqual(result, { ended: true, frames: films[what.film].frames, mode })
  if (dropped > 0) {
    assert.ok(drops, `${dropped} frames are dropped`)
    drops(dropped)
  }
  assert.deepEqual(await run(page, 'errors', () => globalThis.stage.errors()), [])
  return log
}

export const idsOf = (film) => Object.keys(films[film].keys).sort()

/** The key ids that licence requests of a run name, request by request. */
export async function asked(site, log) {
  const requests = await site.log(log, '/license')
  return requests.map(({ method, status, body }) => {
    assert.deepEqual([method, status], ['POST', 200])
    const { kids, ...rest } = JSON.parse(body)
    assert.deepEqual(rest, { type: 'temporary' })
    return kids.map((kid) => Buffer.from(kid, 'base64url').toString('hex')).sort()
  })
}
