// Manifests as large as one likes: the clear film shown over and over, with an <S> for every segment, as a packager writes them that does not know
// how long the next one will be.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifest, seconds, segmentSeconds } from './dash-media.mjs'
import { startOf, timescaleOf } from './dash-pieces.mjs'

/** An MPD of at least so many bytes. Its segments are asked for as video-720/at-<time>.m4s. */
export function timeline(folder, bytes) {
  const showings = Math.ceil(bytes / entries(folder, 1).length)
  const length = showings * seconds
  return manifest(folder, length).replaceAll(/<AdaptationSet.*?<\/AdaptationSet>/gs, (set) => {
    const track = set.includes('audio') ? 'audio' : 'video-720'
    const [representation] = set.match(
      track === 'audio' ? /<Representation.*?<\/Representation>/s : /<Representation[^>]*height="720".*?<\/Representation>/s,
    )
    const lines = entriesOf(join(folder, track), showings)
    const many = representation.replace(
      /<SegmentTemplate([^>]*?) duration="\d+"\/>/,
      (_, attributes) =>
        `<SegmentTemplate${attributes.replace('$Number$', 'at-$Time$')}>\n<SegmentTimeline>\n${lines}</SegmentTimeline>\n</SegmentTemplate>`,
    )
    return set.replace(/<Representation.*<\/Representation>/s, () => many)
  })
}

function entries(folder, showings) {
  return ['audio', 'video-720'].map((track) => entriesOf(join(folder, track), showings)).join('')
}

function entriesOf(track, showings) {
  const timescale = timescaleOf(readFileSync(join(track, 'init.mp4')))
  const count = seconds / segmentSeconds
  const starts = Array.from({ length: count }, (_, i) => startOf(readFileSync(join(track, `${i + 1}.m4s`))))
  starts.push(seconds * timescale)
  let lines = ''
  for (let i = 0; i < showings * count; i++) {
    const from = Math.floor(i / count) * seconds * timescale + starts[i % count]
    lines += `<S t="${from}" d="${starts[(i % count) + 1] - starts[i % count]}"/>\n`
  }
  return lines
}
