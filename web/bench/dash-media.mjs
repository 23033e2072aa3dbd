// The film of the DASH benchmark, as a packager writes it: a ladder of four pictures and a sound, encrypted and clear, in segments of two seconds. It
// is made once, into test/out/bench-dash, by ffmpeg and npm's shaka-packager.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { packager } from '../test/packager.mjs'

/** A multiple of 8 s, so that the sound too, in frames of 1024 samples, ends where the picture does: the film can be shown over and over. */
export const seconds = 120
export const segmentSeconds = 2

/** kbit/s of the picture. */
const ladder = [
  { height: 240, width: 426, rate: 300 },
  { height: 360, width: 640, rate: 800 },
  { height: 480, width: 854, rate: 1500 },
  { height: 720, width: 1280, rate: 3000 },
]

const md5 = (text) => createHash('md5').update(text).digest('hex')

/** Of the one key that the film has, in hexadecimal. */
export const keyId = md5('key id of the DASH benchmark')
export const key = md5('key of the DASH benchmark')

/**
 * Makes what is not there yet, below a folder. `encrypted` and `clear` are folders on disk with a film.mpd each, and beside it
 * video-<height>/ and audio/ with init.mp4 and <number>.m4s, from 1.
 */
export function media(out) {
  const folder = join(out, `media-${md5(JSON.stringify([ladder, seconds, segmentSeconds])).slice(0, 8)}`)
  mkdirSync(folder, { recursive: true })
  const protection = ['--enable_raw_key_encryption', '--protection_scheme', 'cenc', '--clear_lead', '0', '--protection_systems', 'CommonSystem']
  const keys = ['--keys', `label=all:key_id=${keyId}:key=${key}`, '--iv', md5('IV of the DASH benchmark').slice(0, 16)]
  return { encrypted: packaged(folder, 'encrypted', [...protection, ...keys]), clear: packaged(folder, 'clear', []) }
}

function packaged(folder, name, more) {
  const film = join(folder, name)
  if (existsSync(film)) return film
  const made = mkdtempSync(join(folder, `${name}-`))
  const stream = (file, kind, into) =>
    `in=${file},stream=${kind},init_segment=${made}/${into}/init.mp4,segment_template=${made}/${into}/$Number$.m4s,drm_label=all`
  const pictures = ladder.map((rung) => stream(encoded(folder, rung), 'video', `video-${rung.height}`))
  const lengths = ['--segment_duration', `${segmentSeconds}`, '--fragment_duration', `${segmentSeconds}`]
  const manifest = ['--generate_static_live_mpd', '--mpd_output', join(made, 'film.mpd'), '--quiet', ...more]
  run(packager(), [...pictures, stream(encoded(folder, ladder[0]), 'audio', 'audio'), ...lengths, ...manifest])
  renameSync(made, film)
  return film
}

/** A picture that is partly noise, so that its rate is what is asked for, with a sound. */
function encoded(folder, { height, width, rate }) {
  const file = join(folder, `${height}.mp4`)
  if (existsSync(file)) return file
  const gop = `${25 * segmentSeconds}`
  const h264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-g', gop, '-keyint_min', gop, '-sc_threshold', '0']
  const bits = ['-b:v', `${rate}k`, '-maxrate', `${rate}k`, '-bufsize', `${rate}k`]
  const made = join(folder, `part-${height}.mp4`)
  const picture = `testsrc2=s=${width}x${height}:r=25,noise=alls=${height / 36}:allf=t`
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=440:r=48000,aformat=channel_layouts=stereo']
  run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...inputs, '-t', `${seconds}`, ...h264, ...bits, '-c:a', 'aac', '-b:a', '96k', made])
  renameSync(made, file)
  return file
}

function run(command, args) {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The packager's manifest with its timelines as plain lengths, and as long as asked for. */
export function manifest(folder, length = seconds) {
  const timescale = (attributes) => Number(attributes.match(/timescale="(\d+)"/)[1])
  return readFileSync(join(folder, 'film.mpd'), 'utf8')
    .replaceAll(
      /<SegmentTemplate([^>]*)>\s*<SegmentTimeline>.*?<\/SegmentTimeline>\s*<\/SegmentTemplate>/gs,
      (_, attributes) => `<SegmentTemplate${attributes} duration="${segmentSeconds * timescale(attributes)}"/>`,
    )
    .replace(/mediaPresentationDuration="[^"]*"/, `mediaPresentationDuration="PT${length}S"`)
}
