import assert from 'node:assert/strict'
import { test } from 'node:test'
import { config, element, errors, page } from './program.mjs'

const keystream = await page()
const { Player } = keystream
const film = 'https://films.test/film.mp4'
const file = (type) => ({ url: film, type })

test('what is wrong with a source or a configuration is said before anything is loaded', async () => {
  const system = (clearkey) => ({ keySystems: { 'org.w3.clearkey': clearkey } })
  const cases = [
    [undefined, {}, /source is undefined/],
    [null, {}, /source is null/],
    ['', {}, /empty string/],
    [[], {}, /empty array/],
    [7, {}, /a number/],
    ['https://[', {}, /not a URL/],
    [{ url: film, chunks: 0 }, {}, /chunks is 0/],
    [{ url: film, chunks: 1.5 }, {}, /chunks is 1.5/],
    [{ url: film, type: 7 }, {}, /type is a number/],
    [{ href: film }, {}, /unknown field "href"/],
    [[film, { src: film }], {}, /source\[1\] has an unknown field "src"/],
    [film, null, /configuration is null/],
    [film, { mode: 'hls' }, /mode is "hls"/],
    [film, { keysystems: {} }, /unknown field "keysystems"/],
    [film, { keySystems: ['org.w3.clearkey'] }, /keySystems is an array/],
    [film, system('https://license.test/'), /a string/],
    [film, system({ licence: '/' }), /unknown field "licence".*/],
    [film, system({ license: 7 }), /license is a number/],
    [film, system({ license: { headers: {} } }), /license\.url is undefined/],
    [film, system({ license: { url: film, headers: { Authorization: 'Bearer se\ncret' } } }), /headers/],
    [film, system({ keys: { '00112233445566778899aabbccddeeff': 7 } }), /keys has a key that is a number/],
  ]
  const { fetches } = keystream
  for (const [source, settings, message] of cases) {
    const player = new Player(element(), settings)
    const events = errors(player)
    await assert.rejects(player.load(source), (error) => {
      assert.equal(error.code, 'CONFIG_INVALID', String(message))
      assert.match(error.message, message)
      assert.ok(error.remedy, String(message))
      assert.doesNotMatch(JSON.stringify(error), /secret|cret|ccddee/)
      return true
    })
    assert.deepEqual(events, [])
    assert.equal(player.state, 'idle')
  }
  await assert.rejects(new Player(undefined).load(film), { code: 'CONFIG_INVALID', message: /without a media element/ })
  assert.equal(keystream.fetches, fetches)
})

test('a rejection of Go becomes a KeystreamError with all its fields', async () => {
  const player = new Player(element(), config)
  const events = errors(player)
  await assert.rejects(player.load(file('reject')), (error) => {
    assert.deepEqual(events, ['SOURCE_UNKNOWN'])
    assert.ok(error instanceof keystream.KeystreamError && error instanceof Error)
    const detail = { code: 'SOURCE_UNKNOWN', fatal: true, stage: 'probe', message: 'no', remedy: 'none' }
    assert.deepEqual(JSON.parse(JSON.stringify(error)), detail)
    return true
  })
})

test('the last load wins, and close ends them all', async () => {
  const player = new Player(element(), config)
  const first = assert.rejects(player.load(file('hang')), { code: 'LOAD_INTERRUPTED' })
  const second = assert.rejects(player.load(file('hang')), { code: 'LOAD_INTERRUPTED' })
  await player.load(file('resolve'))
  await Promise.all([first, second])
  assert.deepEqual([player.state, player.mode, player.keySystem], ['loading', 'mse', 'org.w3.clearkey'])
  const third = assert.rejects(player.load(file('hang')), { code: 'CLOSED' })
  await player.close()
  await third
  assert.equal(player.state, 'closed')
  await assert.rejects(player.load(film), { code: 'CLOSED' })
})

test('a licence function is called with what Go gives, and must return bytes', async () => {
  const player = (license) => new Player(element(), { keySystems: { 'org.w3.clearkey': { license } } })
  const asked = []
  const answer = (bytes) => (request) => {
    asked.push(request)
    return bytes
  }
  for (const bytes of [new ArrayBuffer(3), new Uint8Array(3), Promise.resolve(new DataView(new ArrayBuffer(3)))])
    await player(answer(bytes)).load(file('license'))
  assert.deepEqual(asked, [film, film, film])
  for (const wrong of ['{"keys":[]}', null, undefined, { keys: [] }])
    await assert.rejects(player(answer(wrong)).load(file('license')), { name: 'KeystreamError' })
})

test('the object URL of a Blob lives as long as its film', async (t) => {
  const live = new Set()
  const { createObjectURL, revokeObjectURL } = URL
  t.after(() => Object.assign(URL, { createObjectURL, revokeObjectURL }))
  URL.createObjectURL = () => {
    const url = `blob:${live.size}/${Math.random()}`
    live.add(url)
    return url
  }
  URL.revokeObjectURL = (url) => live.delete(url)
  const blob = (type) => ({ url: new Blob(['x']), type })
  const player = new Player(element(), config)
  await player.load([blob('resolve'), blob('')])
  assert.equal(live.size, 2, 'two tracks play')
  await player.load(blob('resolve'))
  assert.equal(live.size, 1, 'replaced')
  await assert.rejects(player.load(blob('reject')))
  assert.equal(live.size, 0, 'failed')
  await player.load(blob('resolve'))
  await player.close()
  assert.equal(live.size, 0, 'closed')
})
