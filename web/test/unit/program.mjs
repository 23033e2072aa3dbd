// What the unit tests stand in for a page with: a fetch that serves a small Go program, and an element.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const directory = join(import.meta.dirname, '../testdata/program')

/** The program; each process builds one of its own, because test files run side by side. */
export const wasm = build()

function build() {
  const out = mkdtempSync(join(tmpdir(), 'keystream-'))
  const file = join(out, 'program.wasm')
  execFileSync('go', ['build', '-o', file, '.'], { cwd: directory, env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' }, stdio: 'inherit' })
  const bytes = readFileSync(file)
  rmSync(out, { recursive: true })
  return bytes
}

/** A module of its own, whose Go program has not been started; fetches counts the downloads. */
export async function page(respond = () => new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } })) {
  const loaded = { fetches: 0, respond }
  globalThis.fetch = async (url) => {
    if (!String(url).includes('player.wasm')) throw new Error(`fetched ${url}`)
    loaded.fetches++
    return loaded.respond()
  }
  page.count = (page.count ?? 0) + 1
  return Object.assign(loaded, await import(`../../dist/keystream.js?${page.count}`))
}

export function element() {
  return { canPlayType: () => '', removeAttribute() {}, load() {}, setMediaKeys: async () => {} }
}

export const config = { keySystems: { 'org.w3.clearkey': {} } }

/** Records a player's error events. */
export function errors(player) {
  const list = []
  player.addEventListener('error', (event) => list.push(event.detail.code))
  return list
}
