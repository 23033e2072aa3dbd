// Films in DASH, of packagers that are not ours. They are made once, into test/out, of pictures and sounds that ffmpeg makes; the server has them, with
// their keys, when it is started with -packaged and their folder.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ffmpeg, muxed } from './dash-ffmpeg.mjs'
import { write, written } from './dash-hand.mjs'
import { packages, shaka } from './dash-shaka.mjs'
import { cues, encode, rate, rungs, seconds } from './dash-source.mjs'
import { version } from './packager.mjs'

const out = join(import.meta.dirname, 'out')
const at = 2 // how many programs run at a time

/**
 * The folder, and the films in it:
 *   name, description
 *   by          who wrote the MPD: shaka-packager, ffmpeg or hand
 *   mpd         the path on the server; file is the one on disk
 *   container   mp4, webm or mixed
 *   scheme      cenc, cbcs or '' if clear; keys is key ids to keys, in hex
 *   rotation    the keys change within the film, and the MPD does not name them
 *   duration    seconds; frames is how many are played from start to end, whatever the rung
 *   periods     those that have something to play
 *   heights     of the pictures to choose from, from the lowest; audio and text are languages, cues is how many cues a text has
 */
export async function packaged() {
  const folder = join(out, `dash-${hash()}`)
  const list = join(folder, 'films.json')
  if (!existsSync(list)) await make(folder)
  const films = JSON.parse(readFileSync(list, 'utf8'))
  return { folder, films: films.map((film) => ({ ...film, file: join(folder, 'www', film.name, 'film.mpd') })) }
}

/** Of the scripts, so that a change of theirs makes all anew. */
function hash() {
  const scripts = readdirSync(import.meta.dirname).filter((name) => /^dash.*(?<!\.test)\.mjs$/.test(name))
  const all = scripts.sort().map((name) => readFileSync(join(import.meta.dirname, name)))
  return createHash('md5').update(version).update(Buffer.concat(all)).digest('hex').slice(0, 8)
}

async function make(folder) {
  mkdirSync(out, { recursive: true })
  const made = mkdtempSync(join(out, 'making-dash-'))
  try {
    const films = await makeIn(made)
    writeFileSync(join(made, 'keys.json'), JSON.stringify(Object.assign({}, ...films.map(({ keys }) => keys))))
    writeFileSync(join(made, 'films.json'), JSON.stringify(films, null, 2))
    const olds = readdirSync(out).filter((name) => /^dash-[0-9a-f]{8}$/.test(name) && name !== basename(folder))
    for (const old of olds) rmSync(join(out, old), { recursive: true, force: true })
    if (!existsSync(folder)) renameSync(made, folder) // else another process was quicker
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

async function makeIn(folder) {
  const [source, www] = [join(folder, 'source'), join(folder, 'www')]
  mkdirSync(source)
  await encode(source)
  const keys = {}
  const jobs = [
    ...packages.map((film) => async () => {
      keys[film.name] = await shaka(film, www, source)
    }),
    ...muxed.map((film) => () => ffmpeg(film, www, source)),
  ]
  await Promise.all(
    Array.from({ length: at }, async () => {
      for (let job = jobs.shift(); job; job = jobs.shift()) await job()
    }),
  )
  for (const film of written) {
    write(film, www)
    keys[film.name] = Object.assign({}, ...film.from.map((name) => keys[`shaka-${name}`]))
  }
  rmSync(source, { recursive: true })
  return [
    ...packages.filter(({ ad }) => !ad).map((film) => told('shaka-packager', film, keys)),
    ...muxed.map((film) => told('ffmpeg', film, keys)),
    ...written.map((film) => told('hand', film, keys)),
  ]
}

function told(by, film, keys) {
  const { name, description, ending = 'mp4', scheme = '', languages = ['en'], texts = [], periods = 1 } = film
  return {
    name,
    description,
    by,
    mpd: `/packaged/${name}/film.mpd`,
    container: ending,
    scheme,
    keys: keys[name] ?? {},
    rotation: film.keys === 'rotation',
    duration: film.duration ?? seconds,
    frames: film.frames ?? seconds * rate,
    periods,
    heights: rungs.map(({ height }) => height),
    audio: languages,
    text: texts,
    cues: texts.length ? cues : 0,
  }
}
