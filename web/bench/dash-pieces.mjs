// The segments of the film, at any time: it is shown over and over.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seconds, segmentSeconds } from './dash-media.mjs'

/**
 * A piece of a film: /encrypted/video-720/init.mp4, /encrypted/video-720/7.m4s by its number, or /clear/audio/at-192000.m4s by its time. A number
 * or time past the film's end is a piece of the next showing, with its times moved on.
 */
export function piece(films, path) {
  const [, film, track, by, name] = path.match(/^\/(encrypted|clear)\/([a-z0-9-]+)\/(at-)?(\d+|init)\.(?:m4s|mp4)$/) ?? []
  if (!films[film]) return undefined
  const file = (number) => join(films[film], track, number === 'init' ? 'init.mp4' : `${number}.m4s`)
  try {
    if (name === 'init') return readFileSync(file(name))
    const count = seconds / segmentSeconds
    const timescale = timescaleOf(readFileSync(file('init')))
    const index = by ? Math.round(Number(name) / timescale / segmentSeconds) : Number(name) - 1
    return moved(readFileSync(file((index % count) + 1)), Math.floor(index / count) * seconds * timescale)
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** ISO/IEC 14496-12, 8.4.2 */
export function timescaleOf(init) {
  const at = init.indexOf('mdhd', 0, 'latin1') + 4
  return init.readUInt32BE(at + (init[at] === 1 ? 20 : 12))
}

/** Where a segment begins, in ticks: ISO/IEC 14496-12, 8.8.12 */
export function startOf(segment) {
  const at = segment.indexOf('tfdt', 0, 'latin1') + 4
  return segment[at] === 1 ? Number(segment.readBigUInt64BE(at + 4)) : segment.readUInt32BE(at + 4)
}

/** A segment, so many ticks later. */
function moved(segment, ticks) {
  if (ticks === 0) return segment
  for (const [type, skip] of Object.entries({ tfdt: 4, sidx: 12 })) {
    const at = segment.indexOf(type, 0, 'latin1') + 4
    if (at < 4) continue
    if (segment[at] === 1) segment.writeBigUInt64BE(segment.readBigUInt64BE(at + skip) + BigInt(ticks), at + skip)
    else segment.writeUInt32BE(segment.readUInt32BE(at + skip) + ticks, at + skip)
  }
  return segment
}
