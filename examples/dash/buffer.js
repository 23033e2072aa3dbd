// The buffer graph: a lane a kind of track, over the whole film. A better quality has another colour and a higher bar.

import { ladder, name, quality, rung } from './qualities.js'
import { legend, sheet, svg } from './svg.js'

const $ = (id) => document.getElementById(id)
const kinds = ['video', 'audio', 'text']
const margin = { left: 44, right: 8 }
const lane = 40

// drawBuffer draws player.buffered, and where the playhead of video is in it.
export function drawBuffer(buffered, video) {
  const { width } = sheet($('buffer'))
  const duration = Number.isFinite(video.duration) ? video.duration : 0
  const room = width - margin.left - margin.right
  const x = (seconds) => margin.left + (duration ? Math.min(1, seconds / duration) * room : 0)
  const bottom = kinds.length * lane

  $('buffer').replaceChildren(
    ...kinds.flatMap((kind, i) => [
      svg('rect', { class: 'lane', x: margin.left, y: i * lane + 4, width: room, height: lane - 8 }),
      svg('text', { class: 'label end', x: margin.left - 6, y: i * lane + lane / 2 + 4 }, kind),
      ...(buffered[kind] ?? []).filter(({ start, end }) => x(end) - x(start) >= 1).map((stretch) => bar(kind, stretch, i * lane + 4, x)),
    ]),
    ...times(duration).map((at) => svg('text', { class: `label ${at ? 'middle' : 'start'}`, x: x(at), y: bottom + 16 }, clock(at))),
    ...(duration ? [svg('line', { class: 'head', x1: x(video.currentTime), x2: x(video.currentTime), y1: 0, y2: bottom })] : []),
  )
  legend($('buffer-legend'), [
    ...ladder().map((quality) => [rung(quality).swatch, name(quality), '']),
    ...kinds.filter((kind) => buffered[kind]?.length).map((kind) => ['', `${kind} ahead`, `${ahead(buffered[kind], video).toFixed(1)} s`]),
  ])
}

function bar(kind, { start, end, quality: id, bitrate }, top, x) {
  const told = quality(kind, id, bitrate)
  const { swatch, share } = told ? rung(told) : { swatch: id === '' ? 'missing' : 'unknown', share: 1 }
  const height = (lane - 8) * (0.4 + 0.6 * share)
  const box = { x: x(start), width: x(end) - x(start), y: top + lane - 8 - height, height }
  return svg('rect', { class: swatch, ...box }, svg('title', {}, `${told ? name(told) : swatch}, ${start.toFixed(1)} to ${end.toFixed(1)} s`))
}

// ahead tells how many seconds there are from the playhead to the first hole.
function ahead(stretches, { currentTime }) {
  let end = currentTime
  for (const stretch of stretches) if (stretch.start <= end + 0.1 && stretch.quality !== '') end = Math.max(end, stretch.end)
  return end - currentTime
}

// times are where the axis has figures: about six, at round numbers.
function times(duration) {
  const step = [5, 10, 30, 60, 300, 600, 1800].find((step) => duration / step <= 6) ?? 3600
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, i) => i * step).filter((at) => duration && at < duration - step / 4)
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
