// What Go is given of a configuration, and what it gets from the functions in it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { element, page } from './program.mjs'

const { Player } = await page()

/** The configuration as Go reads it. */
async function crossed(config) {
  const player = new Player(element(), { ...config, keySystems: { 'com.example.drm': {}, ...config.keySystems } })
  const told = new Promise((resolve) => player.addEventListener('config', (event) => resolve(event.detail), { once: true }))
  await player.load({ url: 'https://films.test/film.mp4', type: 'config' })
  return told
}

const system = async (config) => (await crossed({ keySystems: { 'com.example.drm': config } })).keySystems[0]
const server = async (license) => (await system({ license: { url: 'https://license.test/', ...license } })).license

test('what a configuration leaves out is empty', async () => {
  const { keySystems, ...rest } = await crossed({})
  const drm = { software: '', licensePer: '', policies: [], keyTimeout: 0, maxSessions: 0, maxKeys: 0, licenseOrigins: [] }
  const abr = { algorithm: '', startBitrate: 0, maxBitrate: 0, maxHeight: 0, anySize: false }
  const buffer = { ahead: 0, behind: 0, bytes: 0 }
  assert.deepEqual(rest, { mode: '', ...drm, abr, buffer, audioLanguages: [], textLanguages: [] })
  const empty = { videoRobustness: [], audioRobustness: [], persistentState: '', distinctiveIdentifier: '', sessionTypes: [], minHdcpVersion: '' }
  const nothing = { keys: [], license: undefined, certificate: undefined, certificateURL: '' }
  assert.deepEqual(keySystems, [{ name: 'com.example.drm', ...empty, ...nothing }])
})

test('a configuration crosses field by field', async () => {
  const found = await crossed({
    softwareClearKey: 'always',
    licensePer: 'content',
    keyStatusPolicy: { expired: 'error', 'output-restricted': 'continue', released: undefined },
    keyTimeout: 2.5,
    maxSessions: 3,
    maxKeys: 9,
    licenseOrigins: ['https://license.test/', 'http://localhost:8080'],
    abr: { algorithm: 'bola', startBitrate: 3e6, maxBitrate: 5e6, maxHeight: 720, limitToSize: false },
    buffer: { ahead: 20, behind: Infinity, bytes: 5e6 },
    audioLanguages: 'sv',
    textLanguages: ['de', 'en'],
  })
  const { keySystems, mode, ...rest } = found
  assert.deepEqual(rest, {
    software: 'always',
    licensePer: 'content',
    policies: [
      ['expired', 'error'],
      ['output-restricted', 'continue'],
    ],
    keyTimeout: 2.5,
    maxSessions: 3,
    maxKeys: 9,
    licenseOrigins: ['https://license.test', 'http://localhost:8080'],
    abr: { algorithm: 'bola', startBitrate: 3e6, maxBitrate: 5e6, maxHeight: 720, anySize: true },
    buffer: { ahead: 20, behind: 1e9, bytes: 5e6 },
    audioLanguages: ['sv'],
    textLanguages: ['de', 'en'],
  })
  assert.deepEqual(
    await crossed({ licensePer: 'request', licenseOrigins: [], softwareClearKey: 'auto', abr: { algorithm: 'auto' }, buffer: {}, mode: 'auto' }),
    await crossed({}),
  )
  assert.ok((await crossed({ keyTimeout: Infinity })).keyTimeout < 2 ** 63 / 1e9, 'it fits in nanoseconds')
})

test('a key system crosses field by field', async () => {
  const certificate = new Uint8Array([1, 2, 3])
  const found = await system({
    videoRobustness: ['HW_SECURE_ALL', ''],
    audioRobustness: 'SW_SECURE_CRYPTO',
    persistentState: 'required',
    distinctiveIdentifier: 'not-allowed',
    sessionTypes: ['temporary'],
    minHdcpVersion: '2.2',
    serverCertificate: certificate.subarray(1),
  })
  certificate.fill(0)
  assert.deepEqual(found, {
    name: 'com.example.drm',
    keys: [],
    license: undefined,
    videoRobustness: ['HW_SECURE_ALL', ''],
    audioRobustness: ['SW_SECURE_CRYPTO'],
    persistentState: 'required',
    distinctiveIdentifier: 'not-allowed',
    sessionTypes: ['temporary'],
    minHdcpVersion: '2.2',
    certificate: new Uint8Array([2, 3]),
    certificateURL: '',
  })
  for (const url of ['https://license.test/cert', new URL('https://license.test/cert')])
    assert.equal((await system({ serverCertificate: url })).certificateURL, 'https://license.test/cert')
})

test('a licence server crosses with its URLs and its header', async () => {
  const { request, response, ...plain } = await server({
    urls: { 'license-renewal': new URL('https://renew.test/'), 'certificate-request': 'https://license.test/cert' },
    headers: { Authorization: 'Bearer 1' },
    withCredentials: true,
  })
  assert.deepEqual(plain, {
    url: 'https://license.test/',
    urls: [
      ['license-renewal', 'https://renew.test/'],
      ['certificate-request', 'https://license.test/cert'],
    ],
    headers: [['authorization', 'Bearer 1']],
    withCredentials: true,
  })
  assert.deepEqual([request, response], [undefined, undefined])
})

const message = {
  url: 'https://license.test/',
  headers: [['content-type', 'text/xml']],
  body: new Uint8Array([1, 2]).buffer,
  withCredentials: false,
  keySystem: 'com.example.drm',
  messageType: 'license-request',
  keyIds: [],
  signal: new AbortController().signal,
}
const kept = { url: message.url, headers: message.headers, body: new Uint8Array([1, 2]), withCredentials: false }

test('a request filter may change the request, or return what changes', async () => {
  const cases = {
    nothing: [() => undefined, {}],
    'an empty object': [async () => ({}), {}],
    itself: [(request) => request, {}],
    'a copy': [(request) => ({ ...request }), {}],
    'a header beside the others': [
      () => ({ headers: { Authorization: 'Bearer 1' } }),
      {
        headers: [
          ['authorization', 'Bearer 1'],
          ['content-type', 'text/xml'],
        ],
      },
    ],
    'a header of the request': [(request) => void request.headers.set('Content-Type', 'text/plain'), { headers: [['content-type', 'text/plain']] }],
    'a header less': [(request) => request.headers.delete('Content-Type') && undefined, { headers: [] }],
    'another URL': [async () => ({ url: new URL('https://other.test/?a=b') }), { url: 'https://other.test/?a=b' }],
    'a body of the request': [(request) => void Object.assign(request, { body: new Uint8Array([7]) }), { body: new Uint8Array([7]) }],
    'a body of text': [() => ({ body: '{"é":1}' }), { body: new TextEncoder().encode('{"é":1}') }],
    credentials: [() => ({ withCredentials: true }), { withCredentials: true }],
  }
  for (const [name, [request, changes]] of Object.entries(cases)) {
    const filter = (await server({ request })).request
    assert.deepEqual(await filter(message), { ...kept, ...changes }, name)
  }
})

test('a request filter is given the request', async () => {
  const given = []
  const { request } = await server({ request: (request) => void given.push(request) })
  await request(message)
  const { headers, ...rest } = given[0]
  assert.deepEqual({ ...rest, headers: [...headers] }, message)
})

test('what a request filter does wrong is said, without what it holds', async () => {
  const cases = [
    [() => 'secret', /license\.request returned is a string/],
    [() => ({ uri: 'secret' }), /unknown field "uri"/],
    [(request) => void Object.assign(request, { uri: 'secret' }), /after .*license\.request, has an unknown field "uri"/],
    [() => ({ url: 'https://[secret' }), /is not a URL/],
    [() => ({ body: { secret: 1 } }), /made the body an object/],
    [() => ({ headers: { 'se cret': 'x' } }), /no HTTP header/],
    [() => Promise.reject(new RangeError('the app’s own')), /the app’s own/],
  ]
  for (const [request, wanted] of cases) {
    const filter = (await server({ request })).request
    await assert.rejects(filter(message), (error) => {
      assert.ok(['TypeError', 'RangeError'].includes(error.name), error.name)
      assert.match(error.message, wanted)
      assert.doesNotMatch(error.message, /secret|cret"/)
      return true
    })
  }
})

test('a response filter may make a licence of the body', async () => {
  const answer = { ...message, status: 200, contentType: 'text/xml' }
  const given = []
  const cases = [
    [(response) => void given.push(response), [1, 2]],
    [({ body }) => new Uint8Array(body).map((byte) => 2 * byte), [2, 4]],
    [async () => new Uint8Array([5]).buffer, [5]],
  ]
  for (const [response, bytes] of cases) assert.deepEqual(await (await server({ response })).response(answer), new Uint8Array(bytes))
  assert.deepEqual(given, [answer])
  for (const wrong of ['{}', {}, 7]) {
    const { response } = await server({ response: () => wrong })
    await assert.rejects(response(answer), { name: 'TypeError', message: /license\.response returned (a string|an object|a number)/ })
  }
})
