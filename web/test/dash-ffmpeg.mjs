// The films of dash.mjs that ffmpeg's dash muxer makes.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run, rungs, segment } from './dash-source.mjs'

/** The muxer counts a segment more than the film has room for, where the sound does not end with the picture. */
export const muxed = [
  { name: 'timeline', flags: [], description: '$Number%05d$ with a SegmentTimeline' },
  { name: 'number', flags: ['-use_timeline', '0'], description: '$Number%05d$ without a timeline' },
  { name: 'list', flags: ['-use_timeline', '0', '-use_template', '0'], description: 'a SegmentList of files' },
  { name: 'single-file', flags: ['-single_file', '1'], description: 'a SegmentList of byte ranges, with a sidx each' },
  { name: 'webm', ending: 'webm', flags: ['-dash_segment_type', 'webm'], description: 'WebM in segments' },
].map((film) => ({ ending: 'mp4', ...film, name: `ffmpeg-${film.name}` }))

/** Makes a film in folder/NAME/film.mpd, from what is in source. */
export async function ffmpeg({ name, ending, flags }, folder, source) {
  mkdirSync(join(folder, name), { recursive: true })
  const files = [...rungs.map(({ height }) => `v${height}.${ending}`), `a-en.${ending}`]
  await run(
    'ffmpeg',
    [
      ...['-nostdin', '-v', 'error', '-y'],
      ...files.flatMap((file) => ['-i', join(source, file)]),
      ...files.flatMap((_, i) => ['-map', `${i}`]),
      ...rungs.flatMap(({ kbits }, i) => [`-b:v:${i}`, `${kbits}k`]),
      ...['-c', 'copy', '-f', 'dash', '-seg_duration', `${segment}`, '-adaptation_sets', 'id=0,streams=v id=1,streams=a'],
      ...flags,
      'film.mpd',
    ],
    join(folder, name),
  )
}
