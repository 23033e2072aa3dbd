// How the body of a response is read: all of it, in few pieces, and no later than it is there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'

const source = join(import.meta.dirname, '../../src/network.ts')
const { outputFiles } = await build({ entryPoints: [source], format: 'esm', bundle: true, write: false })
const { network, pause } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)

test('a slow line is read from every 20 ms, a fast one without a rest, and the last bytes once they can be there', () => {
  const kB = 1024
  assert.equal(pause(100 * kB, 100, 1000 * kB), 20, '1 MB/s, much to come')
  assert.equal(pause(100 * kB, 100, 10 * kB), 10, '1 MB/s, the rest is there in 10 ms')
  assert.equal(pause(100 * kB, 100, 3 * kB), 0, '1 MB/s, the rest is there in 3 ms')
  assert.equal(pause(1000 * kB, 100, 1000 * kB), 6.4, '10 MB/s: 64 kB at a time')
  assert.equal(pause(10_000 * kB, 100, 1000 * kB), 0, '100 MB/s')
  assert.equal(pause(100 * kB, 100, 0), 0, 'all is there')
  assert.equal(pause(100 * kB, 100, -50 * kB), 0, 'it is longer than was said, or compressed')
})

test('a hidden page, whose timers are slow, reads without a rest', (t) => {
  t.after(() => Reflect.deleteProperty(globalThis, 'document'))
  globalThis.document = { hidden: true, baseURI: 'https://films.test/' }
  assert.equal(pause(1000, 1000, 1_000_000), 0)
  globalThis.document.hidden = false
  assert.equal(pause(1000, 1000, 1_000_000), 20)
})

const film = Uint8Array.from({ length: 5000 }, (_, i) => i * 7)

/** Reads a body of 5000 bytes that a stream gives, and calls meanwhile in each turn until it is there. */
async function read(stream, headers, meanwhile = () => {}) {
  const { fetch } = globalThis
  globalThis.fetch = async () => new Response(stream, { headers })
  try {
    const id = network.fetch('https://films.test/1.m4s', 'GET', [], null, false, false)
    await network.opened(id)
    let length
    network.readBody(id, 10_000).then((bytes) => {
      length = bytes
    })
    while (length === undefined) {
      await new Promise((resolve) => setImmediate(resolve))
      meanwhile()
    }
    assert.equal(length, 5000, JSON.stringify(headers))
    const into = new Uint8Array(5000)
    network.read(id, 0, into, 5000)
    assert.deepEqual(into, film)
  } finally {
    globalThis.fetch = fetch
  }
}

test('a body comes whole, whether its length is told, is that of compressed bytes, or is not told; what is there is read without a rest', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] }) // which never pass
  for (const headers of [{ 'Content-Length': '5000' }, { 'Content-Length': '1200' }, {}]) {
    let pulls = 0
    const pull = (controller) => {
      controller.enqueue(film.slice(100 * pulls, 100 * pulls + 100))
      if (++pulls === 50) controller.close()
    }
    await read(new ReadableStream({ pull }), headers)
  }
})

test('small pieces that have to be waited for are waited for together', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  t.mock.method(performance, 'now', () => now)
  let controller
  const start = (c) => {
    controller = c
  }
  let given = 0
  let rests = 0
  const { setTimeout } = globalThis
  t.mock.method(globalThis, 'setTimeout', (...args) => {
    rests++
    return setTimeout(...args)
  })
  await read(new ReadableStream({ start }), { 'Content-Length': '5000' }, () => {
    now += 2
    t.mock.timers.tick(2)
    if (given === film.length) return
    controller.enqueue(film.slice(given, given + 20))
    given += 20
    if (given === film.length) controller.close()
  })
  assert.ok(rests >= 10 && rests <= 30, `${rests} rests for 250 pieces in 500 ms`)
})
