// The head start: what is begun before there is a Go program, and what becomes of it.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { element, errors, page, wasm } from './program.mjs'

const film = 'https://films.test/film.mpd'
// How the test's program plays a film is told by its type, so it is by its path that a film is known here.
const file = (type, url = film) => ({ url, type })
const clearKey = { 'org.w3.clearkey': {} }

/** Puts a navigator in place, which not every Node has. */
const ask = (requestMediaKeySystemAccess) =>
  Object.defineProperty(globalThis, 'navigator', { value: { requestMediaKeySystemAccess }, configurable: true })

const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
afterEach(() => {
  if (before) Object.defineProperty(globalThis, 'navigator', before)
  else Reflect.deleteProperty(globalThis, 'navigator')
})

/** A page whose player.wasm comes when deliver is called; what else it fetches is listed, and so are the key systems that it asks for. */
async function waiting(granted = Object.keys(clearKey)) {
  let deliver
  const delivered = new Promise((resolve) => {
    deliver = resolve
  })
  const keystream = await page(async () => {
    await delivered
    return new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } })
  })
  const { fetch } = globalThis
  const fetched = []
  globalThis.fetch = (url, options) => {
    if (String(url).includes('player.wasm')) return fetch(url)
    fetched.push({ url, ...options })
    return new Promise((_, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)))
  }
  const asked = []
  const made = []
  ask(async (keySystem, configs) => {
    asked.push({ keySystem, configs })
    if (!granted.includes(keySystem)) throw new DOMException('no', 'NotSupportedError')
    return { keySystem, createMediaKeys: async () => made.push(keySystem) }
  })
  return { ...keystream, deliver, fetched, asked, made }
}

const turn = () => new Promise((resolve) => setTimeout(resolve))

test('the manifest and the MediaKeys are on their way before the program is, and are given up when the load ends without them', async () => {
  const { Player, deliver, fetched, asked, made } = await waiting(['com.microsoft.playready'])
  const player = new Player(element(), {
    keySystems: { 'com.widevine.alpha': {}, 'com.microsoft.playready': { videoRobustness: '2000' }, ...clearKey },
  })
  const loaded = player.load(file('resolve'))
  await turn()
  assert.deepEqual(
    fetched.map(({ url, credentials }) => [url, credentials]),
    [[film, 'same-origin']],
  )
  assert.deepEqual(
    asked.map(({ keySystem, configs }) => [keySystem, configs.map(({ videoCapabilities }) => videoCapabilities[0].robustness)]),
    [
      ['com.widevine.alpha', ['HW_SECURE_ALL', 'HW_SECURE_DECODE', 'HW_SECURE_CRYPTO', 'SW_SECURE_DECODE', 'SW_SECURE_CRYPTO', undefined]],
      ['com.microsoft.playready.recommendation.3000', ['2000']],
      ['com.microsoft.playready.recommendation', ['2000']],
      ['com.microsoft.playready', ['2000']],
    ],
  )
  assert.deepEqual(made, ['com.microsoft.playready'])
  assert.ok(!fetched[0].signal.aborted)
  deliver()
  await loaded
  assert.ok(fetched[0].signal.aborted)
})

test('the program starts once a manifest that has come was looked into: its first stretch would hold up the licence', async () => {
  const { Player, deliver, fetched } = await waiting()
  const { fetch } = globalThis
  let body
  const start = (controller) => {
    body = controller
  }
  const stream = new ReadableStream({ start })
  globalThis.fetch = (url, options) => {
    if (url !== film) return fetch(url, options)
    return Promise.resolve(new Response(stream, { headers: { 'Content-Length': '99' } }))
  }
  const loaded = new Player(element(), { keySystems: { 'org.w3.clearkey': { license: 'https://films.test/license' } } }).load(file('resolve'))
  let over = false
  loaded.then(() => {
    over = true
  })
  deliver()
  for (let turns = 0; turns < 50; turns++) await turn()
  assert.equal(over, false)
  body.enqueue(new TextEncoder().encode('<MPD><ContentProtection cenc:default_KID="00112233-4455-6677-8899-aabbccddeeff"/></MPD>'))
  body.close()
  await loaded
  assert.deepEqual(
    fetched.map(({ url, body }) => [url, body]),
    [['https://films.test/license', '{"kids":["ABEiM0RVZneImaq7zN3u_w"],"type":"temporary"}']],
  )
})

test('player.wasm is compiled once the licence that a manifest tells of was asked for: the compiler would hold that up', async () => {
  const { Player, deliver, fetched } = await waiting()
  const { fetch } = globalThis
  const { compileStreaming } = WebAssembly
  const order = []
  let answer
  const answered = new Promise((resolve) => {
    answer = resolve
  })
  globalThis.fetch = (url, options) => {
    if (url === film) return answered
    if (options?.body) order.push('licence')
    return fetch(url, options)
  }
  WebAssembly.compileStreaming = (response) => {
    order.push('compiler')
    return compileStreaming(response)
  }
  try {
    deliver()
    const license = 'https://films.test/license'
    const loaded = new Player(element(), { keySystems: { 'org.w3.clearkey': { license } } }).load(file('resolve'))
    await turn()
    const text = '<MPD><ContentProtection cenc:default_KID="00112233-4455-6677-8899-aabbccddeeff"/></MPD>'
    answer(new Response(text, { headers: { 'Content-Length': String(text.length) } }))
    await loaded
    assert.deepEqual([order, fetched.length], [['licence', 'compiler'], 1])
  } finally {
    WebAssembly.compileStreaming = compileStreaming
  }
})

test('a manifest that does not come holds the compiler up no longer than that', async () => {
  const { Player, deliver, fetched } = await waiting()
  deliver()
  await new Player(element(), { keySystems: { 'org.w3.clearkey': { license: 'https://films.test/license' } } }).load(file('resolve'))
  assert.deepEqual(
    fetched.map(({ url }) => url),
    [film],
  )
})

test('a second load has no head start: the program is there, and so are its keys', async () => {
  const { Player, deliver, fetched, asked } = await waiting()
  const player = new Player(element(), { keySystems: clearKey })
  deliver()
  await player.load(file('resolve'))
  await player.load(file('resolve'))
  assert.deepEqual([fetched.length, asked.length], [1, 1])
})

test('what is no manifest has no head start', async () => {
  const { Player, deliver, fetched, asked } = await waiting()
  deliver()
  const mp4 = 'https://films.test/film.mp4'
  const sources = [
    file('resolve', mp4),
    [file('resolve'), file('resolve')],
    new Blob([], { type: 'resolve' }),
    file('resolve', 'ftp://films.test/film.mpd'),
  ]
  for (const source of sources) {
    await new Player(element(), { keySystems: clearKey }).load(source)
  }
  assert.deepEqual([fetched.length, asked.length], [0, 0])
  for (const source of [file('resolve', `${film}?a#b`), file('resolve', 'https://films.test/FILM.MPD')]) {
    await new Player(element(), { keySystems: clearKey }).load(source)
  }
  // The test's program knows no such type, and does not answer.
  const player = new Player(element(), { keySystems: clearKey })
  player.load(file('Application/dash+xml; profiles="x"', mp4)).catch(() => {})
  assert.deepEqual([fetched.length, asked.length], [3, 3])
  await player.close()
})

test('only what keeps nothing is asked for', async () => {
  const { Player, asked } = await waiting(['com.example.drm'])
  const cases = {
    persistentState: { keySystems: { 'com.example.drm': { persistentState: 'required' } } },
    distinctiveIdentifier: { keySystems: { 'com.example.drm': { distinctiveIdentifier: 'required' } } },
    sessionTypes: { keySystems: { 'com.example.drm': { sessionTypes: ['persistent-license'] } } },
    software: { softwareClearKey: 'always', keySystems: clearKey },
    nothing: {},
  }
  for (const [name, config] of Object.entries(cases)) {
    const player = new Player(element(), config)
    player.load(file('resolve')).catch(() => {})
    await turn()
    assert.deepEqual(asked, [], name)
    await player.close()
  }
  const settings = { persistentState: 'not-allowed', distinctiveIdentifier: 'optional', sessionTypes: ['temporary'] }
  const player = new Player(element(), { keySystems: { 'com.example.drm': settings } })
  player.load(file('resolve')).catch(() => {})
  await turn()
  const { initDataTypes, videoCapabilities, ...rest } = asked[0].configs[0]
  assert.deepEqual(rest, { persistentState: 'not-allowed', distinctiveIdentifier: 'optional' })
  assert.ok(initDataTypes.includes('keyids') && videoCapabilities.length > 0)
  await player.close()
})

for (const [how, end] of [
  ['unload', (player) => player.unload()],
  ['close', (player) => player.close()],
  ['another load', (player) => void player.load({ url: 'https://films.test/film.mp4', type: 'resolve' }).catch(() => {})],
]) {
  test(`${how} gives a head start up at once`, async () => {
    const { Player, fetched } = await waiting()
    const player = new Player(element(), { keySystems: clearKey })
    const interrupted = assert.rejects(player.load(file('resolve')))
    await end(player)
    await interrupted
    assert.equal(fetched.length, 1)
    assert.ok(fetched[0].signal.aborted)
    await player.close()
  })
}

test('without EME, and where a key system never answers, the film is loaded as ever', async () => {
  const { Player, deliver } = await waiting()
  deliver()
  for (const answer of [undefined, () => new Promise(() => {}), () => Promise.reject(new TypeError('no'))]) {
    ask(answer)
    const player = new Player(element(), { keySystems: clearKey })
    const events = errors(player)
    await player.load(file('resolve'))
    assert.deepEqual(events, [])
  }
})

test('a preload that nobody takes over ends by itself', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { Player, fetched } = await waiting()
  const player = new Player(element(), {})
  const interrupted = assert.rejects(player.load(file('resolve')))
  t.mock.timers.tick(29_999)
  assert.ok(!fetched[0].signal.aborted)
  t.mock.timers.tick(1)
  assert.ok(fetched[0].signal.aborted)
  await player.close()
  await interrupted
})
