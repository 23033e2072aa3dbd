import assert from 'node:assert/strict'
import { test } from 'node:test'
import { config, element, errors, page, wasm } from './program.mjs'

const file = (type) => ({ url: 'https://films.test/film.mp4', type })

// Go's glue and Go itself tell of a death on the console, which is right on a page and noise here.
console.log = console.warn = console.error = () => {}

test('one download and one program serve every player', async () => {
  const keystream = await page()
  const before = Object.getOwnPropertyNames(globalThis).sort()
  const { process } = globalThis
  await Promise.all([1, 2, 3].map(() => new keystream.Player(element(), config).load(file('resolve'))))
  assert.equal(keystream.fetches, 1)
  assert.deepEqual(Object.getOwnPropertyNames(globalThis).sort(), before)
  assert.equal(globalThis.process, process)
})

test('a wrong MIME type is loaded all the same', async () => {
  for (const type of ['application/wasm; charset=utf-8', 'application/octet-stream', '']) {
    const keystream = await page(() => new Response(wasm, { headers: { 'Content-Type': type } }))
    await new keystream.Player(element(), config).load(file('resolve'))
    assert.equal(keystream.fetches, 1, type)
  }
})

test('without player.wasm the error says why, and the next load tries again', async () => {
  const cases = {
    'not found': [() => new Response('no', { status: 404 }), 404],
    'not wasm': [() => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } }), 200],
    unreachable: [() => Promise.reject(new TypeError('failed')), undefined],
  }
  for (const [name, [respond, status]] of Object.entries(cases)) {
    const keystream = await page(respond)
    const player = new keystream.Player(element(), config)
    const events = errors(player)
    await assert.rejects(player.load(file('resolve')), (error) => {
      assert.ok(error instanceof keystream.KeystreamError)
      assert.equal(error.code, 'WASM_UNAVAILABLE', name)
      assert.equal(error.httpStatus, status, name)
      assert.match(error.url, /player\.wasm$/, name)
      assert.ok(error.remedy, name)
      return true
    })
    assert.deepEqual(events, ['WASM_UNAVAILABLE'])
    assert.equal(player.state, 'failed')
    keystream.respond = () => new Response(wasm)
    await player.load(file('resolve'))
  }
})

test('without WebAssembly the error says so', async (t) => {
  const keystream = await page()
  const { WebAssembly } = globalThis
  t.after(() => Object.assign(globalThis, { WebAssembly }))
  delete globalThis.WebAssembly
  await assert.rejects(new keystream.Player(element()).load('https://films.test/'), { code: 'WASM_UNAVAILABLE', message: /no WebAssembly/ })
})

for (const how of ['panic', 'late', 'overflow', 'trap']) {
  test(`a program that dies of ${how} tells every player once, and the next load starts another`, async () => {
    const keystream = await page()
    const players = [1, 2, 3].map(() => new keystream.Player(element(), config))
    const events = players.map(errors)
    const [idle, hanging, deadly] = players
    await idle.load(file('resolve'))
    const hung = assert.rejects(hanging.load(file('hang')), { code: 'WASM_EXITED' })
    await assert.rejects(deadly.load(file(how)), { code: 'WASM_EXITED', fatal: true })
    await hung
    assert.deepEqual(events, [['WASM_EXITED'], ['WASM_EXITED'], ['WASM_EXITED']])
    assert.deepEqual(
      players.map((player) => player.state),
      ['failed', 'failed', 'failed'],
    )
    await Promise.all(players.map((player) => player.load(file('resolve'))))
    await Promise.all(players.map((player) => player.close()))
    assert.equal(keystream.fetches, 1)
  })
}

test('unload, timings and a probe end with a program that they kill', async () => {
  const { Player } = await page()
  const player = new Player(element(), config)
  await player.load(file('fragile'))
  await assert.rejects(player.unload(), { name: 'KeystreamError', code: 'WASM_EXITED' })
  await player.load(file('fragile'))
  assert.deepEqual(player.timings, [])
  await assert.rejects(Player.probe({ panic: {} }), { name: 'KeystreamError', code: 'WASM_EXITED' })
  assert.deepEqual((await Player.probe({})).systems, [])
})

test('close survives a program that dies meanwhile', async () => {
  const keystream = await page()
  const [closing, deadly] = [1, 2].map(() => new keystream.Player(element(), config))
  await closing.load(file('resolve'))
  const events = errors(closing)
  const death = assert.rejects(deadly.load(file('late')), { code: 'WASM_EXITED' })
  await closing.close()
  await death
  await closing.close()
  assert.equal(closing.state, 'closed')
  assert.deepEqual(events, [])
})
