// The demo's server, as the tests run it: on a port of its own, with faults on demand and the test page.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '../../..')

/** What films.json tells of each film, by name. */
export const films = Object.fromEntries(
  JSON.parse(readFileSync(join(root, 'examples/media/films.json'), 'utf8')).map((film) => [film.name, { ...film, encrypted: film.scheme !== '' }]),
)

/** The path of a film's file on disk. */
export const pathOf = (file) => join(root, 'examples/media', file)

// A name that is no localhost. WebKitGTK cannot be told of one, but its localhost has an address that it does not take for one.
const insecureHost = 'insecure.test'

/** Options of launch, without which the engines do not find the server by its insecure address. */
export const insecure = { args: [`--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`], prefs: { 'network.dns.localDomains': insecureHost } }

/** Films that no browser plays: their schemes are refused, and an MP4 is decrypted through MSE only. */
export const unplayable = ['mp4-cens', 'mp4-cbc1', 'mp4-cenc-progressive']

/** Starts the server, with more flags, and gives it when it listens. Every request with ?run=ID is in its log. */
export async function serve(...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'keystream-'))
  const binary = join(folder, 'server')
  execFileSync('go', ['build', '-o', binary, './examples/server'], { cwd: root, stdio: 'inherit' })
  const server = spawn(binary, ['-addr', 'localhost:0', '-root', root, '-faults', '-tests', import.meta.dirname, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise((resolve) => server.once('exit', resolve))
  const line = new Promise((resolve) => createInterface(server.stdout).once('line', resolve))
  const address = await Promise.race([line, exited.then((code) => Promise.reject(new Error(`the server ended with code ${code}`)))])
  return {
    address,
    port: new URL(address).port,

    /** The same server by an address that makes its pages no secure context, in an engine that was launched with `insecure`. */
    insecureAddress: (engine) => `http://${engine === 'webkit' ? '[::ffff:127.0.0.1]' : insecureHost}:${new URL(address).port}/`,

    /** The requests of a run whose paths end so. */
    async log(run, suffix = '') {
      const response = await fetch(`${address}fault/log?run=${run}`)
      return (await response.json()).filter(({ path }) => path.endsWith(suffix))
    },

    async close() {
      server.kill()
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}

let last = 0

/** A name for a run, of which no other is the beginning. */
export function newRun(name) {
  return `${name}-${++last}-`
}

/** The addresses of a film's files on the server, in a run. */
export function filesOf(film, run, prefix = '') {
  return films[film].files.map((file) => `${prefix}/media/${file}?run=${run}`)
}

/** A configuration with the keys of a film. */
export function keysOf(film) {
  return clearKey({ keys: films[film].keys })
}

/** A configuration for Clear Key. */
export function clearKey(system) {
  return { keySystems: { 'org.w3.clearkey': system } }
}
