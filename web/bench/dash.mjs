// make bench: ours beside shaka-player, dash.js and rx-player, in one run of Chromium: from navigation to the first frame over a slow line, what is
// fetched until then, how long a large manifest takes, what a minute of play costs the page's thread, and memory after ten minutes at four times
// the speed. Prints tables, and writes every number to test/out/bench-dash.json. It never fails over a time.
//
// BENCH=start,parse,play,memory, PLAYERS and ROUNDS=10 narrow or widen it; RATE=10 (Mbit/s), LATENCY=40 and DELAY=150 (ms; the line, and the licence
// server beyond it) are the network of a start; MINUTES=10 is for memory; DIST=FOLDER takes another build of ours.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { codeOf, page } from './dash-code.mjs'
import { media } from './dash-media.mjs'
import { memory, parse, play } from './dash-play.mjs'
import { goal, memoryTable, parseTable, playTable, startTables } from './dash-report.mjs'
import { serve } from './dash-server.mjs'
import { start } from './dash-start.mjs'

const { BENCH = 'start,parse,play,memory', PLAYERS, ROUNDS = '10', RATE = '10', LATENCY = '40', DELAY = '150', MINUTES = '10', DIST } = process.env
const web = join(import.meta.dirname, '..')
const out = join(web, 'test/out/bench-dash')
const players = PLAYERS?.split(',') ?? ['keystream', 'rx-player', 'dashjs', 'shaka-player']
const line = { rate: (Number(RATE) * 1e6) / 8 / 1000, latency: Number(LATENCY) }

mkdirSync(out, { recursive: true })
const films = media(out)
const code = await codeOf(players, DIST ?? join(web, 'dist'), out)
const server = await serve({ films, code, page, delay: Number(DELAY) })
const bench = { server, players, rounds: Number(ROUNDS), line, minutes: Number(MINUTES) }

const version = (name) => JSON.parse(readFileSync(join(web, name === 'keystream' ? '' : `node_modules/${name}`, 'package.json'), 'utf8')).version
const versions = Object.fromEntries(players.map((name) => [name, version(name)]))
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} CPUs; Node ${process.version}`
const load = loadavg()[0]
console.log(
  Object.entries(versions)
    .map((pair) => pair.join(' '))
    .join(', '),
)
console.log(
  `${machine}; a line of ${RATE} Mbit/s and ${LATENCY} ms, licences after ${DELAY} ms more; ${ROUNDS} rounds, the order of the players rotated`,
)
console.log(`The machine's load at the start: ${load?.toFixed(1)}. Times mean little above 1.\n`)

const parts = { start: [start, startTables], parse: [parse, parseTable], play: [play, playTable], memory: [memory, memoryTable] }
const results = {}
try {
  for (const name of BENCH.split(',')) {
    const [measure, tables] = parts[name]
    results[name] = await measure(bench)
    console.log(`${tables(results[name])}\n`)
  }
} finally {
  server.close()
}
writeFileSync(join(web, 'test/out/bench-dash.json'), `${JSON.stringify({ machine, load, versions, line, delay: Number(DELAY), results }, null, 1)}\n`)
if (results.start) console.log(goal(results.start))
