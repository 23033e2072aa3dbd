// make bench-drm: licence requests, key sessions and the time from load() to usable keys, ours beside the peers', in one run. Prints a table for
// each browser, and writes every number to test/out/bench/drm.json. It fails when we ask for more licences than the best peer, never over a time.
//
// ROUNDS=10, DELAY=150 (ms of the licence server), BROWSERS, PLAYERS and SCENARIOS narrow or widen it; DIST=FOLDER takes another build of ours.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { launch, names, withEME } from '../test/browser.mjs'
import { open, run, until } from '../test/e2e/open.mjs'
import { films } from './films.mjs'
import { markdown, scoreOf } from './report.mjs'
import { serve } from './server.mjs'
import { watch } from './watch.mjs'

const { ROUNDS = '10', DELAY = '150', DIST, PLAYERS, SCENARIOS } = process.env
const rounds = Number(ROUNDS)
const delay = Number(DELAY)
const web = join(import.meta.dirname, '..')
const out = join(web, 'test/out/bench')
const dist = DIST ?? join(web, 'dist')
const players = PLAYERS?.split(',') ?? ['keystream', 'shaka-player', 'rx-player']

/** What is loaded on a player that is new but for the films in before; only the last load is measured. */
const scenarios = [
  { name: 'one key', film: 'mp4-cenc' },
  { name: 'two keys', film: 'mp4-cenc-two-keys' },
  { name: 'reload', before: ['mp4-cenc'], film: 'mp4-cenc' },
  { name: 'zap A → B → A', before: ['mp4-cenc', 'mp4-cenc-two-keys'], film: 'mp4-cenc' },
  { name: 'rotation, to the end', film: 'mp4-cenc-rotation', toEnd: true },
  { name: 'rotation without PSSH, to the end', film: 'mp4-cenc-rotation-no-pssh', toEnd: true },
].filter(({ name, film }) => films[film] && (!SCENARIOS || SCENARIOS.split(',').some((word) => name.includes(word))))

if (scenarios.length === 0) throw new Error(`no scenario is called ${SCENARIOS}`)

await bundle()
const version = (name) => JSON.parse(readFileSync(join(web, 'node_modules', name, 'package.json'), 'utf8')).version
const ours = JSON.parse(readFileSync(join(web, 'package.json'), 'utf8')).version
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} CPUs; Node ${process.version}`
console.log(`keystream ${ours}, shaka-player ${version('shaka-player')}, rx-player ${version('rx-player')}`)
console.log(`${machine}; licences take ${delay} ms; ${rounds} rounds, the order of the players rotated`)
console.log(`The machine's load at the start: ${loadavg()[0]?.toFixed(1)}. Times mean little above 1.\n`)

const server = await serve({
  delay,
  files: {
    '/page.html': join(import.meta.dirname, 'page.html'),
    '/players.js': join(out, 'players.js'),
    '/dist/keystream.js': join(dist, 'keystream.js'),
    '/dist/player.wasm': join(dist, 'player.wasm'),
  },
})
const results = {}
try {
  for (const engine of names.filter((name) => withEME.includes(name))) {
    const browser = await launch(engine, { limit: 1_800_000, prefs: { 'privacy.reduceTimerPrecision': false } })
    try {
      const samples = await measure(browser)
      const browserVersion = await browser.version()
      results[engine] = { browserVersion, samples }
      console.log(`### ${browserVersion}\n\n${markdown(samples)}\n`)
    } finally {
      await browser.close()
    }
  }
} finally {
  server.close()
}
writeFileSync(join(out, 'drm.json'), `${JSON.stringify({ machine, delay, rounds, results }, null, 1)}\n`)
const behind = Object.entries(results).flatMap(([engine, { samples }]) => scoreOf(samples).map((line) => `${engine}: ${line}`))
for (const line of behind) console.error(line)
process.exitCode = behind.length > 0 ? 1 : 0

async function bundle() {
  mkdirSync(out, { recursive: true })
  await build({
    entryPoints: [join(import.meta.dirname, 'players.mjs')],
    outfile: join(out, 'players.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['/dist/*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
}

/** Every scenario of every player, round by round, each player in a page and a profile of its own. */
async function measure(browser) {
  const pages = {}
  for (const player of players) {
    const context = await browser.createBrowserContext()
    pages[player] = await open(context, `${server.address}page.html`, { before: watch })
    await until(pages[player], 'the players', () => Boolean(globalThis.bench))
    await load(player, pages[player], scenarios[0])
  }
  const samples = []
  for (let round = 0; round < rounds; round++) {
    const order = players.map((_, i) => players[(i + round) % players.length])
    for (const scenario of scenarios) {
      for (const player of order) {
        // Who cannot play a film makes everybody wait, so once is enough.
        if (samples.some((sample) => sample.player === player && sample.scenario === scenario.name && sample.failure)) continue
        samples.push({ round, player, scenario: scenario.name, ...(await load(player, pages[player], scenario)) })
      }
    }
  }
  return samples
}

/** One scenario of one player: what was measured, or why it failed. */
async function load(player, page, { before = [], film, toEnd }) {
  await page.bringToFront()
  try {
    await run(page, `${player}: new`, (name) => globalThis.bench.make(name), player)
    for (const name of before) await loadFilm(page, films[name], {})
    const [requests, created] = [server.requests, await sessionsOf(page)]
    const times = await loadFilm(page, films[film], { toEnd })
    return { ...times, requests: server.requests - requests, sessions: (await sessionsOf(page)) - created }
  } catch (error) {
    return { failure: error.message.split('\n')[0] }
  } finally {
    await run(page, `${player}: close`, () => globalThis.bench.close())
  }
}

function loadFilm(page, { name, files, keys }, options) {
  return run(page, `load ${name}`, (film, options) => globalThis.bench.load(film, options), { name, files, keys }, { quiet: 2 * delay, ...options })
}

function sessionsOf(page) {
  return run(page, 'count the sessions', () => globalThis.eme.created)
}
