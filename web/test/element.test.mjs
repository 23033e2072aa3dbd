// <keystream-video> in real browsers, over the small program of the unit tests, under the strictest policy that a page can set.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, names } from './browser.mjs'
import { wasm } from './unit/program.mjs'

const dist = (name) => readFileSync(join(import.meta.dirname, '../dist', name))
const files = {
  '/': ['text/html', '<!doctype html><title>element</title><script type="module" src="/keystream-element.js"></script>'],
  '/keystream.js': ['text/javascript', dist('keystream.js')],
  '/keystream-element.js': ['text/javascript', dist('keystream-element.js')],
  '/player.wasm': ['application/wasm', wasm],
}
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; require-trusted-types-for 'script'"

let address
const server = createServer((request, response) => {
  const [type, body] = files[request.url] ?? []
  if (!body) return response.writeHead(404).end()
  response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy }).end(body)
})
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://localhost:${server.address().port}/`
})
after(() => server.close())

/** In the page: an element that keeps the names of what it fires. */
function make(attributes) {
  window.seen = []
  const element = document.createElement('keystream-video')
  for (const type of ['error', 'statechange']) element.addEventListener(type, (e) => window.seen.push(e.detail.code ?? e.detail.state))
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  window.element = element
  document.body.append(element)
}

/** In the page: waits until a type has been fired, and returns all so far. */
async function fired(what) {
  const { element, seen } = window
  while (!seen.includes(what)) {
    await new Promise((resolve) => {
      for (const type of ['error', 'statechange']) element.addEventListener(type, resolve, { once: true })
    })
  }
  return seen
}

for (const name of names) {
  test(`<keystream-video> in ${name}`, async (t) => {
    const browser = await launch(name)
    t.after(() => browser.close())

    async function open(attributes) {
      const page = await browser.newPage()
      page.violations = []
      page.on('console', (message) => /Content.Security.Policy|TrustedHTML|trusted/i.test(message.text()) && page.violations.push(message.text()))
      await page.goto(address)
      await page.evaluate(make, { 'license-url': '/license', ...attributes })
      return page
    }

    await t.test('loads src with Keystream, and forwards the rest to the inner video', async () => {
      const page = await open({ src: 'film.mp4#resolve', muted: '', poster: 'poster.png', loop: '' })
      assert.deepEqual(await page.evaluate(fired, 'loading'), ['loading'])
      const found = await page.evaluate(() => {
        const { element } = window
        const inner = element.shadowRoot.querySelector('video')
        element.volume = 0.5
        return [
          inner.hasAttribute('src'),
          inner.muted,
          inner.loop,
          inner.poster,
          inner.volume,
          element.paused,
          element.currentSrc,
          element.player.state,
        ]
      })
      assert.deepEqual(found, [false, true, true, `${address}poster.png`, 0.5, true, `${address}film.mp4#resolve`, 'loading'])
      assert.deepEqual(page.violations, [])
      await page.close()
    })

    await t.test('a move keeps the player, removal closes it, return makes another', async () => {
      const page = await open({ src: 'film.mp4#resolve' })
      await page.evaluate(fired, 'loading')
      const same = await page.evaluate(async () => {
        const { element } = window
        const { player } = element
        document.body.append(document.createElement('main'))
        document.querySelector('main').append(element)
        await new Promise((resolve) => setTimeout(resolve))
        return element.player === player && player.state
      })
      assert.equal(same, 'loading')
      const states = await page.evaluate(async () => {
        const { element } = window
        const { player } = element
        const closed = new Promise((resolve) => player.addEventListener('statechange', () => resolve(player.state)))
        element.remove()
        return [await closed, element.player === undefined]
      })
      assert.deepEqual(states, ['closed', true])
      await page.evaluate(() => {
        window.seen.length = 0
        document.body.append(window.element)
      })
      await page.evaluate(fired, 'loading')
      await page.close()
    })

    await t.test('unload keeps the player, which load() and another src use', async () => {
      const page = await open({ src: 'film.mp4#resolve' })
      await page.evaluate(fired, 'loading')
      const found = await page.evaluate(async () => {
        const { element, seen } = window
        const { player } = element
        await element.unload()
        const unloaded = [element.player === player, player.state, element.timings.length]
        const refused = await element.retryLicense().catch((error) => error.code)
        const again = () => new Promise((resolve) => element.addEventListener('statechange', () => resolve(seen.at(-1)), { once: true }))
        element.load()
        const states = [await again()]
        element.src = 'other.mp4#resolve'
        states.push(await again())
        return [...unloaded, refused, ...states, element.player === player]
      })
      assert.deepEqual(found, [true, 'idle', 1, 'CLOSED', 'loading', 'loading', true])
      await page.close()
    })

    const failures = {
      'film.mp4#reject': ['SOURCE_UNKNOWN', 4],
      'film.mp4#panic': ['WASM_EXITED', 4],
      'http://[': ['CONFIG_INVALID', 4],
    }
    for (const [src, [code, mediaCode]] of Object.entries(failures)) {
      await t.test(`${code} is told once, then another film loads`, async () => {
        const page = await open({ src })
        await page.evaluate(fired, code)
        const found = await page.evaluate(async () => {
          const { element, seen } = window
          const refused = await element.play().catch((error) => error.code)
          return [refused, element.error.code, element.error.detail.code, seen.filter((s) => s === s.toUpperCase())]
        })
        assert.deepEqual(found, [code, mediaCode, code, [code]])
        const error = await page.evaluate(async () => {
          const { element } = window
          window.seen.length = 0
          element.src = 'film.mp4#resolve'
          await new Promise((resolve) => element.addEventListener('statechange', resolve, { once: true }))
          return element.error
        })
        assert.equal(error, null)
        await page.close()
      })
    }

    await t.test('a new configuration makes a new player', async () => {
      const page = await open({ src: 'film.mp4#resolve' })
      await page.evaluate(fired, 'loading')
      const found = await page.evaluate(async () => {
        const { element } = window
        const { player } = element
        element.keySystems = { 'com.example.drm': { license: async () => new Uint8Array() } }
        window.seen.length = 0
        await new Promise((resolve) => element.addEventListener('statechange', resolve, { once: true }))
        return [element.player !== player, player.state, element.player.keySystem]
      })
      assert.deepEqual(found, [true, 'closed', 'com.example.drm'])
      await page.close()
    })
  })
}
