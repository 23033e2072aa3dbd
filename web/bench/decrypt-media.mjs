// What the benchmark of decryption works on: films as a packager writes them, of a picture that is mostly noise, so that its rate is what is asked
// for. They are made once, into test/out/bench, by ffmpeg and npm's shaka-packager.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { packager } from '../test/packager.mjs'

/** The sources: seconds, Mbit/s of the picture, and the length of a segment. A picture is one slice a frame, as most encoders make it. */
const sources = {
  film: { seconds: 20, rate: 25, segment: 2 },
  small: { seconds: 6, rate: 8, segment: 1 },
}

const md5 = (text) => createHash('md5').update(text).digest('hex')
const keyId = md5('key id of the benchmark')
const key = md5('key of the benchmark')

/** Bytes of the initialization vector, with which the packager begins; it counts on from there, or keeps it as cbcs does. */
const iv = (bytes) => md5('IV of the benchmark').slice(0, 2 * bytes)

/** What is measured. segments is how many of the film's a round decrypts. */
const rows = [
  { name: 'cenc, 6 MB', source: 'film', track: 'video', scheme: 'cenc', iv: 8, segments: 3 },
  { name: 'cenc, 6 MB, IV of 16 bytes', source: 'film', track: 'video', scheme: 'cenc', iv: 16, segments: 3 },
  { name: 'cbcs 1:9, 6 MB', source: 'film', track: 'video', scheme: 'cbcs', iv: 16, segments: 3 },
  { name: 'cenc, 1 MB', source: 'small', track: 'video', scheme: 'cenc', iv: 8, segments: 5 },
  { name: 'cbcs 1:9, 1 MB', source: 'small', track: 'video', scheme: 'cbcs', iv: 16, segments: 5 },
  { name: 'cens 1:9, 1 MB', source: 'small', track: 'video', scheme: 'cens', iv: 8, segments: 1 },
  { name: 'cbc1, 1 MB', source: 'small', track: 'video', scheme: 'cbc1', iv: 16, segments: 1 },
  { name: 'cenc, audio', source: 'film', track: 'audio', scheme: 'cenc', iv: 8, segments: 9 },
  { name: 'cbcs, audio', source: 'film', track: 'audio', scheme: 'cbcs', iv: 16, segments: 9 },
]

/**
 * Makes what is not there yet, below a folder. The films: file and clear are paths on disk, init, segments and clearSegments are where the pieces
 * lie in them ([start, end]), keys is hexadecimal, seconds is how long a segment plays, rate the whole film's Mbit/s.
 */
export function media(out) {
  const folder = join(out, `media-${md5(JSON.stringify([sources, rows])).slice(0, 8)}`)
  mkdirSync(folder, { recursive: true })
  return rows.map((row) => {
    const file = packaged(folder, row)
    const clear = packaged(folder, { ...row, scheme: 'clear' })
    const [encrypted, { segments }] = [cut(readFileSync(file)), cut(readFileSync(clear))]
    const { rate, segment } = sources[row.source]
    const pieces = { init: encrypted.init, segments: encrypted.segments.slice(0, row.segments), clearSegments: segments.slice(0, row.segments) }
    return { ...row, rate, seconds: segment, file, clear, ...pieces, keys: { [keyId]: key } }
  })
}

function packaged(folder, { source, track, scheme, iv: ivBytes }) {
  const file = join(folder, scheme === 'clear' ? `${source}-${track}.mp4` : `${source}-${track}-${scheme}-iv${ivBytes}.mp4`)
  if (existsSync(file)) return file
  const made = `${file}.part`
  const streams = [`in=${encoded(folder, source)},stream=${track},output=${made},drm_label=all,format=mp4`]
  const { segment } = sources[source]
  const protection = [
    '--enable_raw_key_encryption',
    '--protection_scheme',
    scheme,
    '--iv',
    iv(ivBytes),
    '--keys',
    `label=all:key_id=${keyId}:key=${key}`,
  ]
  run(packager(), [
    ...streams,
    ...['--segment_duration', `${segment}`, '--fragment_duration', `${segment}`, '--clear_lead', '0', '--use_fake_clock_for_muxer', '--quiet'],
    ...(scheme === 'clear' ? [] : protection),
  ])
  renameSync(made, file)
  return file
}

function encoded(folder, source) {
  const file = join(folder, `${source}.mp4`)
  if (existsSync(file)) return file
  const { seconds, rate, segment } = sources[source]
  const picture = 'testsrc2=s=1280x720:r=25,noise=alls=40:allf=t'
  const gop = `${25 * segment}`
  const h264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', gop, '-keyint_min', gop, '-sc_threshold', '0']
  const bits = ['-b:v', `${rate}M`, '-maxrate', `${rate}M`, '-bufsize', `${rate / 2}M`, '-x264-params', 'slices=1:sliced-threads=0']
  const made = join(folder, `part-${source}.mp4`)
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=440:r=48000,aformat=channel_layouts=stereo']
  run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...inputs, '-t', `${seconds}`, ...h264, ...bits, '-c:a', 'aac', '-b:a', '128k', made])
  renameSync(made, file)
  return file
}

function run(command, args) {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Where the initialization segment and the media segments of a file lie. */
function cut(bytes) {
  const starts = []
  let first
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'sidx') first ??= at
    if (type === 'moof') starts.push(at)
  }
  return { init: [0, first ?? starts[0]], segments: starts.map((start, i) => [start, starts[i + 1] ?? bytes.length]) }
}
