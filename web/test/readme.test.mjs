// What the README promises, from a clean clone: its commands exist, and `make demo` serves the demo site. (`make test` is what runs this.)
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'

const root = new URL('../..', import.meta.url).pathname
const clone = mkdtempSync(join(tmpdir(), 'keystream-'))
after(() => rmSync(clone, { recursive: true, force: true }))
execFileSync('git', ['clone', '--quiet', root, clone])
// make hands its own flags and variables down, which a visitor's shell does not have.
const { MAKEFLAGS, MFLAGS, MAKELEVEL, MAKEOVERRIDES, ...env } = process.env

test('every make target that the README names exists', () => {
  const named = new Set([...readFileSync(join(clone, 'README.md'), 'utf8').matchAll(/(?:^|`)make ([a-z]+)/gm)].map((m) => m[1]))
  assert.ok(named.has('demo') && named.has('test'), `the README names only ${[...named]}`)
  for (const target of named) execFileSync('make', ['-n', target], { cwd: clone, env })
})

test('the README fits in 150 lines, and its links lead somewhere', () => {
  const text = readFileSync(join(clone, 'README.md'), 'utf8')
  assert.ok(text.split('\n').length <= 150)
  for (const [, link] of text.matchAll(/\]\(([^)#]+)/g)) readFileSync(join(clone, link))
})

test('make demo serves the site, its films and its licence server', { timeout: 300_000 }, async () => {
  const demo = spawn('make', ['demo', 'PORT=0'], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = []
  try {
    const address = await new Promise((resolve, reject) => {
      for (const stream of [demo.stdout, demo.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          printed.push(line)
          if (/^http:\/\/localhost:\d+\/$/.test(line)) resolve(line)
        })
      }
      demo.on('exit', (code) => reject(new Error(`make demo ended with ${code}:\n${printed.join('\n')}`)))
    })
    for (const path of ['', 'clearkey/', 'mse/', 'dist/keystream.js', 'dist/keystream-element.js', 'dist/player.wasm', 'media/films.json']) {
      const response = await fetch(address + path)
      assert.equal(response.status, 200, path)
    }
    const [film] = await (await fetch(`${address}media/films.json`)).json().then((films) => films.filter((f) => f.name === 'mp4-cenc'))
    const kids = Object.keys(film.keys).map((kid) => Buffer.from(kid, 'hex').toString('base64url'))
    const license = await fetch(`${address}license`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ kids, type: 'temporary' }),
    })
    assert.equal(license.status, 200)
    assert.deepEqual(
      (await license.json()).keys.map((key) => key.kid),
      kids,
    )
  } finally {
    demo.removeAllListeners('exit')
    process.kill(-demo.pid)
  }
})
