// The quality graph: what plays and what is being fetched as steps, what the network does as a line, stalls as bands, in bits a second
// (logarithmic) over the seconds since load().

import { now, samples, stalls } from './history.js'
import { bits, ladder, name } from './qualities.js'
import { legend, sheet, svg } from './svg.js'

const $ = (id) => document.getElementById(id)
const most = 60 // seconds that are shown
const margin = { left: 44, right: 8, top: 8, bottom: 20 }

export function drawLadder() {
  const { width, height } = sheet($('ladder'))
  const rungs = ladder()
  const last = samples.at(-1)
  const end = Math.max(most / 2, last?.at ?? 0)
  const begin = Math.max(0, end - most)
  const x = (at) => margin.left + ((at - begin) / (end - begin)) * (width - margin.left - margin.right)
  const y = scale(rungs, height)
  const visible = samples.filter(({ at }) => at >= begin)
  const measured = visible.filter(({ network }) => network > 0)

  $('ladder').replaceChildren(
    ...seconds(begin, end).map((at) => svg('text', { class: `label ${at > end - 2 ? 'end' : 'middle'}`, x: x(at), y: height - 5 }, `${at} s`)),
    ...stalls.filter(({ to = end }) => to > begin).map(({ from, to = now(), cause }) => {
      const [left, right] = [x(Math.max(from, begin)), x(Math.min(to, end))]
      const box = { x: left, y: margin.top, width: Math.max(2, right - left), height: height - margin.top - margin.bottom }
      return svg('rect', { class: 'stall', ...box }, svg('title', {}, cause))
    }),
    ...labels(rungs, y).flatMap(({ at, text }) => [
      svg('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: at, y2: at }),
      svg('text', { class: 'label end', x: margin.left - 6, y: at + 4 }, text),
    ]),
    svg('polyline', { class: 'network', points: measured.map(({ at, network }) => point(x(at), y(network))).join(' ') }),
    svg('polyline', { class: 'fetched', points: steps(visible, 'fetched', x, y) }),
    svg('polyline', { class: 'plays', points: steps(visible, 'plays', x, y) }),
  )
  if (!last) $('ladder').append(svg('text', { class: 'label middle', x: width / 2, y: height / 2 }, 'Nothing yet.'))
  legend($('ladder-legend'), [
    ['plays', 'plays', told(last?.plays)],
    ['fetched', 'fetched', told(last?.fetched)],
    ['network', 'network', last?.network ? bits(last.network) : '–'],
    ['stall', 'stalls', stalled()],
  ])
}

// scale gives the height of a rate. The qualities take most of the room; a faster network runs along the top.
function scale(rungs, height) {
  const low = Math.log((rungs[0]?.bitrate ?? 1e5) / 1.4)
  const high = Math.log((rungs.at(-1)?.bitrate ?? 1e6) * 2.5)
  const room = height - margin.top - margin.bottom
  return (rate) => margin.top + room * (1 - Math.min(1, Math.max(0, (Math.log(rate) - low) / (high - low))))
}

// labels names the rungs that have room for it, the best first.
function labels(rungs, y) {
  const placed = []
  for (const rung of rungs.toReversed()) {
    const at = y(rung.bitrate)
    if (!placed.some((other) => other.text === name(rung) || Math.abs(other.at - at) < 14)) placed.push({ at, text: name(rung) })
  }
  return placed
}

// seconds are where the axis has figures.
function seconds(begin, end) {
  const first = Math.ceil(begin / 10)
  return Array.from({ length: Math.floor(end / 10) - first + 1 }, (_, i) => 10 * (first + i))
}

// steps gives the corners of a stair: each value holds until the next.
function steps(visible, key, x, y) {
  const corners = []
  visible.forEach(({ at, [key]: quality }, i) => {
    const before = visible[i - 1]?.[key]
    if (!quality) return
    if (before && before.bitrate !== quality.bitrate) corners.push(point(x(at), y(before.bitrate)))
    corners.push(point(x(at), y(quality.bitrate)))
  })
  return corners.join(' ')
}

const point = (x, y) => `${x.toFixed(1)},${y.toFixed(1)}`
const told = (quality) => (quality ? `${name(quality)}, ${bits(quality.bitrate)}` : '–')

function stalled() {
  if (stalls.length === 0) return 'none'
  const total = stalls.reduce((sum, { from, to = now() }) => sum + to - from, 0)
  return `${stalls.length}, ${total.toFixed(1)} s (${[...new Set(stalls.map(({ cause }) => cause))].join(', ')})`
}
