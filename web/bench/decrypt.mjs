// make bench-decrypt: how fast Keystream's software decryption is beside the one that Shaka ships, on the same segments, what a film of 25 Mbit/s costs
// the page's thread, and who decrypts the vectors of player/cenc rightly. Prints tables, and writes every number to test/out/bench/decrypt.json.
// It fails when something of ours comes out wrong, never over a time.
//
// ROUNDS=5, BROWSERS, and FILMS='cbcs;audio' narrow or widen it; DIST=FOLDER takes another build of ours; TRACE=no leaves the traces of Chromium out.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { launch, names } from '../test/browser.mjs'
import { open, run, until } from '../test/e2e/open.mjs'
import { media } from './decrypt-media.mjs'
import { markdown, playing, verdicts } from './decrypt-report.mjs'
import { shaka } from './decrypt-shaka.mjs'
import { between, brief, full, read } from './decrypt-trace.mjs'
import { judge, served as servedVectors, vectors } from './decrypt-vectors.mjs'
import { serve } from './server.mjs'

const { ROUNDS = '5', DIST, FILMS, TRACE = 'yes' } = process.env
const rounds = Number(ROUNDS)
const web = join(import.meta.dirname, '..')
const out = join(web, 'test/out/bench')
const dist = DIST ?? join(web, 'dist')

/** Who is measured, and where: without a secure context there is no WebCrypto, and nothing of Shaka's. WebKitGTK finds no host by that name. */
const runners = [
  { name: 'shaka-player', decryptor: 'shaka-player', origin: 'localhost' },
  { name: 'keystream', decryptor: 'keystream', origin: 'localhost' },
  { name: 'keystream, no WebCrypto', decryptor: 'keystream', origin: 'insecure.test' },
]
const runnersOf = (engine) => runners.filter(({ origin }) => engine !== 'webkit' || origin === 'localhost')

mkdirSync(out, { recursive: true })
const films = media(out).filter(({ name }) => !FILMS || FILMS.split(';').some((word) => name.includes(word)))
await bundle()
const server = await serve({ delay: 0, files: served() })
const version = (name) => JSON.parse(readFileSync(join(web, 'node_modules', name, 'package.json'), 'utf8')).version
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} CPUs; Node ${process.version}`
console.log(`keystream ${JSON.parse(readFileSync(join(web, 'package.json'), 'utf8')).version}, shaka-player ${version('shaka-player')}`)
console.log(`${machine}; ${rounds} rounds, the order of the decryptors rotated`)
console.log(`The machine's load at the start: ${loadavg()[0]?.toFixed(1)}. Times mean little above 1.\n`)

const results = {}
try {
  for (const engine of names) {
    results[engine] = await measured(engine).catch((error) => {
      if (!error.cause?.hung) throw error
      console.error(`${engine} crashed or hung, which WebKitGTK does: once more.`)
      return measured(engine)
    })
  }
} finally {
  server.close()
}
writeFileSync(join(out, 'decrypt.json'), `${JSON.stringify({ machine, rounds, results }, null, 1)}\n`)
const wrong = Object.entries(results).flatMap(([engine, { samples, vectors }]) => [
  ...samples
    .filter(({ right }) => !right)
    .map(({ film, runner, failure }) => ({ runner, line: `${engine}, ${runner}, ${film}: ${failure ?? 'wrong'}` })),
  ...vectors
    .filter(({ verdict }) => verdict !== 'right')
    .map(({ vector, runner, verdict }) => ({ runner, line: `${engine}, ${runner}, ${vector}: ${verdict}` })),
])
const ours = wrong.filter(({ runner }) => runner.startsWith('keystream')).map(({ line }) => line)
for (const line of new Set(ours)) console.error(line)
process.exitCode = ours.length > 0 ? 1 : 0

async function bundle() {
  writeFileSync(join(out, 'shaka.js'), shaka())
  await build({
    entryPoints: [join(import.meta.dirname, 'decrypt-page.mjs')],
    outfile: join(out, 'decrypt-page.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['/dist/*'],
    logLevel: 'error',
  })
}

/** The page's script lies beside the Worker's, as keystream.js does: it is found from there. */
function served() {
  const files = { '/decrypt.html': join(import.meta.dirname, 'decrypt.html'), '/shaka.js': join(out, 'shaka.js') }
  files['/dist/decrypt-page.js'] = join(out, 'decrypt-page.js')
  for (const name of ['keystream.js', 'player.wasm', 'keystream-cdm.js', 'cdm.wasm']) files[`/dist/${name}`] = join(dist, name)
  for (const { file, clear } of films) Object.assign(files, { [addressOf(file)]: file, [addressOf(clear)]: clear })
  return { ...files, ...servedVectors }
}

function addressOf(file) {
  return `/bench/${basename(file)}`
}

/** All of an engine, printed. */
async function measured(engine) {
  const args = ['--host-resolver-rules=MAP insecure.test localhost']
  const prefs = { 'network.dns.localDomains': 'insecure.test', 'privacy.reduceTimerPrecision': false }
  const browser = await launch(engine, { limit: 1_800_000, args: engine === 'chromium' ? args : [], prefs })
  try {
    const runners = runnersOf(engine)
    const samples = await measure(browser, runners)
    const vectors = await judged(browser, runners)
    const browserVersion = (await browser.version?.()) ?? engine
    console.log(`### ${browserVersion}\n\n${markdown(samples, films, runners)}\n\n${verdicts(vectors, runners)}\n`)
    if (engine !== 'chromium' || TRACE === 'no') return { browserVersion, samples, vectors }
    const traces = await traced(browser)
    console.log(`${playing(traces)}\n`)
    return { browserVersion, samples, vectors, traces }
  } finally {
    await browser.close()
  }
}

/** Every film of every decryptor, round by round; each decryptor in a page of its own. The first segment is told apart, and a first round not told. */
async function measure(browser, runners) {
  const pages = {}
  for (const { name, origin } of runners) pages[name] = await stage(browser, origin)
  const samples = []
  for (const film of films) {
    for (const { name, decryptor } of runners) {
      const start = await load(pages[name], film, decryptor)
      const { times, ...sample } = await decrypt(pages[name], 1)
      samples.push({ runner: name, film: film.name, start, first: times?.[0], ...sample })
      await decrypt(pages[name])
    }
    for (let round = 0; round < rounds; round++) {
      const order = runners.map((_, i) => runners[(i + round) % runners.length])
      for (const { name } of order) samples.push({ round, runner: name, film: film.name, ...(await decrypt(pages[name])) })
    }
  }
  for (const page of Object.values(pages)) await page.close()
  return samples
}

async function stage(browser, origin) {
  const page = await open(browser, `${server.address.replace('localhost', origin)}decrypt.html`)
  await until(page, 'the page', () => Boolean(globalThis.bench))
  return page
}

function load(page, { file, clear, init, segments, clearSegments, keys }, decryptor) {
  const film = { address: addressOf(file), clear: addressOf(clear), init, segments, clearSegments, keys }
  return run(page, `load ${file}`, (film, decryptor) => globalThis.bench.load(film, decryptor), film, decryptor)
}

/** What was measured, or why it failed. Shaka may take minutes, so nothing but the browser's limit ends it. */
function decrypt(page, count) {
  return page
    .evaluate((count) => globalThis.bench.measure(count ?? undefined), count)
    .catch((error) => ({ right: false, failure: error.message.split('\n')[0] }))
}

/** What each decryptor makes of each vector: "right", or in words what is wrong. */
async function judged(browser, runners) {
  const results = []
  for (const { name: runner, decryptor, origin } of runners) {
    const page = await stage(browser, origin)
    for (const vector of vectors) {
      const { address, pieces, keys, name } = vector
      const film = { address, pieces, keys }
      const verdict = await run(page, name, (film, decryptor) => globalThis.bench.whole(film, decryptor), film, decryptor).then(
        (clear) => judge(vector, Buffer.concat(clear.split(' ').map((piece) => Buffer.from(piece, 'base64')))),
        (error) => `throws ${error.cause.message.split('\n')[0]}`,
      )
      results.push({ runner, vector: name, verdict })
    }
    await page.close()
  }
  return results
}

/** Traces, of the films whose segments are the largest: segments of each decryptor, the whole film in our player, and one of them clear. */
async function traced(browser) {
  const traces = { segments: [], films: [] }
  const large = films.filter(({ rate, track }) => rate === 25 && track === 'video')
  for (const film of large) {
    for (const runner of runners) {
      traces.segments.push(await tracedSegment(browser, film, runner))
      if (runner.decryptor === 'keystream') traces.films.push(await tracedFilm(browser, film, runner))
    }
  }
  for (const film of large.slice(0, 1)) {
    const clear = { ...film, name: 'the same, clear', file: film.clear }
    traces.films.push(await tracedFilm(browser, clear, { name: 'nothing to decrypt', origin: 'localhost' }))
  }
  return traces
}

/** Of a film's segments, that which took the median time of a core. */
async function tracedSegment(browser, film, { name: runner, decryptor, origin }) {
  const page = await stage(browser, origin)
  await load(page, film, decryptor)
  await decrypt(page)
  const trace = await record(page, brief, () => decrypt(page))
  await page.close()
  const at = (mark) => trace.marks.filter(({ name }) => name === mark).map(({ at }) => at)
  const [begun, done] = [at('decrypt'), at('decrypted')]
  const cost = ({ page, worker }) => page.cpu + worker.cpu
  const segments = begun.map((from, i) => between(trace, from, done[i])).sort((a, b) => cost(a) - cost(b))
  return { film: film.name, runner, ...segments[segments.length >> 1] }
}

async function tracedFilm(browser, film, { name: runner, origin }) {
  const page = await stage(browser, origin)
  const source = { address: addressOf(film.file), keys: film.keys }
  let played
  const trace = await record(page, full, async () => {
    played = await page.evaluate((source) => globalThis.bench.play(source), source)
  })
  await page.close()
  const [from, to] = ['load', 'ended'].map((mark) => trace.marks.findLast(({ name }) => name === mark)?.at)
  return { film: film.name, runner, ...played, ...between(trace, from, to), before: between(trace, 0, from).page }
}

async function record(page, categories, act) {
  await page.bringToFront()
  await page.tracing.start({ categories })
  const failure = await act().then(
    () => undefined,
    (error) => error,
  )
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve))) // a task that has not ended is in no trace
  const buffer = await page.tracing.stop()
  if (failure) throw failure
  return read(buffer)
}
