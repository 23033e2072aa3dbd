// What the player did since the load began, sampled: the data of the quality graph. Times are seconds since then.

import { forget, quality } from './qualities.js'

/** @type {{at: number, plays?: object, fetched?: object, network: number}[]} two qualities, and bits a second: 0 is unknown */
export let samples = []
/** @type {{from: number, to?: number, cause: string}[]} */
export let stalls = []
let since = performance.now()
let playing // the quality at the playhead

export const now = () => (performance.now() - since) / 1000

export function begin() {
  since = performance.now()
  samples = []
  stalls = []
  playing = undefined
  forget()
}

// plays takes the detail of a qualitychange.
export function plays({ kind, quality }) {
  if (kind === 'video') playing = quality
}

// stall takes the detail of a stall: one begins, has another cause, or is over.
export function stall({ cause }) {
  const last = stalls.at(-1)
  if (last && last.to === undefined) last.to = now()
  if (cause) stalls.push({ cause, from: now() })
}

// sample adds what player does now. What was fetched last is the end of what is buffered.
export function sample(player) {
  const newest = player.buffered.video?.at(-1)
  samples.push({ at: now(), plays: playing, fetched: newest && quality('video', newest.quality, newest.bitrate), network: player.throughput })
  if (samples.length > 2000) samples.shift()
}
