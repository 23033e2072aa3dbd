// What the films of dash.mjs are packaged from: small pictures with a clock in them, two tones, and two lists of cues.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** Runs a program, and throws what it says if it fails or takes three minutes. */
export const run = (command, args, cwd) => exec(command, args, { cwd, timeout: 180_000, maxBuffer: 1 << 26 })

export const seconds = 12
export const segment = 2
export const rate = 25
export const adSeconds = 4
export const adRate = 30

/** The ladder: all 16:9, so that no packager tells pixels that are not square. */
export const rungs = [
  { height: 144, width: 256, kbits: 80 },
  { height: 234, width: 416, kbits: 160 },
  { height: 360, width: 640, kbits: 320 },
]
export const tones = { en: 440, de: 660 }

const pictures = {
  mp4: ({ kbits }, fps) => [
    ...['-c:v', 'libx264', '-profile:v', 'main', '-preset', 'veryfast', '-threads', '1', '-sc_threshold', '0'],
    ...['-b:v', `${kbits}k`, '-maxrate', `${kbits}k`, '-bufsize', `${2 * kbits}k`, ...keyframes(fps)],
  ],
  webm: ({ kbits }, fps) => [
    '-c:v',
    'libvpx-vp9',
    '-deadline',
    'realtime',
    '-cpu-used',
    '8',
    '-threads',
    '1',
    '-b:v',
    `${kbits}k`,
    ...keyframes(fps),
  ],
}
const sounds = { mp4: ['-c:a', 'aac', '-b:a', '48k'], webm: ['-c:a', 'libopus', '-b:a', '48k'] }
const keyframes = (fps) => ['-g', `${fps * segment}`, '-keyint_min', `${fps * segment}`]

/** Encodes the ladders and writes the cues into a folder: vHEIGHT.mp4, a-LANGUAGE.mp4, the same in WebM, ad-v234.mp4, ad-a-en.mp4, LANGUAGE.vtt. */
export async function encode(folder) {
  for (const [language, cues] of Object.entries(texts)) writeFileSync(join(folder, `${language}.vtt`), cues)
  await Promise.all([
    ladder(folder, '', 'mp4', `testsrc2=s=640x360:r=${rate}:d=${seconds}`, rate, seconds, rungs, tones),
    ladder(folder, '', 'webm', `testsrc2=s=640x360:r=${rate}:d=${seconds}`, rate, seconds, rungs, { en: tones.en }),
    ladder(folder, 'ad-', 'mp4', `smptehdbars=s=416x234:r=${adRate}:d=${adSeconds}`, adRate, adSeconds, [rungs[1]], { en: 220 }),
  ])
}

function ladder(folder, prefix, ending, picture, fps, length, rungs, tones) {
  const languages = Object.keys(tones)
  const inputs = [picture, ...languages.map((language) => `sine=${tones[language]}:r=48000:d=${length}`)].flatMap((source) => [
    '-f',
    'lavfi',
    '-i',
    source,
  ])
  const scaled = rungs.map(({ width, height }, i) => `[in${i}]scale=${width}:${height},format=yuv420p[out${i}]`)
  const split = `[0:v]split=${rungs.length}${rungs.map((_, i) => `[in${i}]`).join('')};${scaled.join(';')}`
  const files = [
    ...rungs.flatMap((rung, i) => ['-map', `[out${i}]`, ...pictures[ending](rung, fps), `${prefix}v${rung.height}.${ending}`]),
    ...languages.flatMap((language, i) => ['-map', `${i + 1}:a`, ...sounds[ending], '-ac', '2', `${prefix}a-${language}.${ending}`]),
  ]
  return run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...inputs, '-filter_complex', split, ...files], folder)
}

/** A cue over the border of two segments, one with markup, one at the end. */
export const texts = {
  en: vtt('The first second', 'Over a border of two <i>segments</i>', 'The end &amp; nothing more'),
  de: vtt('Die erste Sekunde', 'Über die Grenze zweier <i>Segmente</i>', 'Das Ende &amp; nicht mehr'),
}
export const cues = 3

function vtt(first, second, third) {
  return `WEBVTT

one
00:00:00.500 --> 00:00:01.500
${first}

00:00:03.000 --> 00:00:05.000 line:10% align:start
${second}

00:00:10.000 --> 00:00:11.500
${third}
`
}
