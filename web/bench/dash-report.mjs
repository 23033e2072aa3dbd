// What the samples of the DASH benchmark say, in tables.
import { groups, median, table } from './report.mjs'

const ours = 'keystream'
const peer = 'rx-player'

/** How a start is to be: at most this share of the best peer's, with the code cached. */
const bar = 0.8

export function startTables(samples) {
  const cells = (list, name, scale = 1) => spread(list.map((sample) => sample[name] / scale))
  const rows = groups(samples, 'visit').flatMap(([visit, of]) =>
    groups(of, 'player').map(([player, list]) => {
      const fine = list.filter(({ failure }) => !failure)
      const what = fine.length > 0 ? [cells(fine, 'frame'), cells(fine, 'bytes', 1000), cells(fine, 'requests'), cells(fine, 'licences')] : []
      return [visit, player, count(list, fine), ...what]
    }),
  )
  return table(['visit', 'player', 'N', 'first frame, ms', 'kB before it', 'requests before it', 'of which licences'], rows)
}

/** How our start compares with that of the peer that is the measure. */
export function goal(samples) {
  const fine = (player, visit) => samples.filter((sample) => sample.player === player && sample.visit === visit && !sample.failure)
  const frame = (player, visit) => median(fine(player, visit).map(({ frame }) => frame))
  const lines = [...new Set(samples.map(({ visit }) => visit))].map((visit) => {
    if (!fine(ours, visit).length || !fine(peer, visit).length) return `${visit}: nothing to compare`
    return `${visit}: ${(frame(ours, visit) / frame(peer, visit)).toFixed(2)} × ${peer}`
  })
  return `Time to the first frame, ${ours}: ${lines.join(', ')}. The goal is at most ${bar.toFixed(2)} when cached.`
}

export function parseTable(samples) {
  const sizes = [...new Set(samples.map(({ megabytes }) => megabytes))]
  const rows = groups(samples, 'player').map(([player, list]) => [
    player,
    ...sizes.flatMap((size) => {
      const of = list.filter(({ megabytes, failure }) => megabytes === size && !failure)
      const [failed] = list.filter(({ megabytes, failure }) => megabytes === size && failure)
      if (of.length === 0) return [failed?.failure ?? '–', '–']
      return [spread(of.map(({ time }) => time)), spread(of.map(({ longest }) => longest))]
    }),
  ])
  return table(['player', ...sizes.flatMap((size) => [`MPD of ${size} MB, ms`, 'its longest task, ms'])], rows)
}

export function playTable(samples) {
  const rows = samples.map(({ player, failure, tasks, scripts, played, height, dropped }) =>
    failure ? [player, failure] : [player, ...[tasks, scripts, played].map((value) => value.toFixed(0)), `${height}p`, `${dropped}`],
  )
  return table(['player', 'tasks, ms a minute', 'of which scripts', 'seconds played', 'picture', 'frames dropped'], rows)
}

export function memoryTable(samples) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1)
  const rows = samples.map(({ player, failure, heap, embedder, outside, wasm, played, height }) =>
    failure ? [player, failure] : [player, ...[heap, embedder, outside, wasm].map(megabytes), `${played.toFixed(0)} s`, `${height}p`],
  )
  return table(['player', 'JS heap, MB', 'DOM, MB', 'ArrayBuffers, MB', 'WebAssembly, MB', 'played', 'picture'], rows)
}

function count(list, fine) {
  const [failed] = list.filter(({ failure }) => failure)
  return failed ? `${fine.length}; ${list.length - fine.length} failed: ${failed.failure}` : `${fine.length}`
}

function spread(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const digits = (value) => value.toFixed(0)
  return least === most ? digits(least) : `${digits(median(values))} (${digits(least)}–${digits(most)})`
}
