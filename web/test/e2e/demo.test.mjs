// The demo site as a visitor meets it: every page, every film, by mouse and by keyboard, with right keys and wrong ones.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { open, run, until } from './open.mjs'
import { films, insecure, pathOf, serve, unplayable } from './site.mjs'

const token = 'demo-token'
const encrypted = Object.values(films).filter((film) => film.encrypted)
const clear = Object.values(films).filter((film) => !film.encrypted && film.fragmented)

/** Films that Keystream decrypts because no browser does, and why. */
const bySoftware = {
  'mp4-cens': 'this browser does not decrypt cens',
  'mp4-cbc1': 'this browser does not decrypt cbc1',
  'mp4-cenc-progressive': 'no browser decrypts a progressive MP4',
}

let site
let guarded // wants a token
before(async () => {
  site = await serve()
  guarded = await serve('-token', token)
})
after(() => Promise.all([site.close(), guarded.close()]))

const text = (page, selector) => run(page, selector, (selector) => document.querySelector(selector).textContent, selector)
const steps = (page) => run(page, 'steps', () => [...document.querySelectorAll('#steps [data-step]')].map((step) => step.dataset.step))

/** Waits for a state or an error's code. */
async function say(page, wanted) {
  await until(page, `status ${wanted}`, (wanted) => document.querySelector('#status').textContent === wanted, wanted)
}

/** Who decrypts, as the page says. */
const decrypter = (page) =>
  run(page, 'facts', () => {
    const facts = Object.fromEntries([...document.querySelectorAll('#facts dt')].map((dt) => [dt.textContent, dt.nextElementSibling.textContent]))
    return [document.querySelector('#facts').dataset.software, facts['Decrypted by']]
  })

/** In the page: makes films play faster. */
const faster = {
  chromium: () => document.addEventListener('playing', ({ target }) => Object.assign(target, { playbackRate: 8 }), true),
  firefox: () => document.addEventListener('playing', ({ target }) => Object.assign(target, { playbackRate: 4 }), true),
}

/** Writes over what is in a field. */
async function write(page, selector, text) {
  await page.focus(selector)
  await page.keyboard.down('Control')
  await page.keyboard.press('a')
  await page.keyboard.up('Control')
  await page.keyboard.press('Delete')
  await page.keyboard.type(text)
}

/** Presses Tab until an element has the focus. */
async function tabTo(page, id) {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    if (await run(page, 'focus', (id) => document.activeElement.id === id, id)) return
  }
  assert.fail(`Tab does not reach #${id}`)
}

inEach('the demo site', { limit: 500_000 }, async (t, browser, engine) => {
  let page
  const visit = async (path, { address } = site) => {
    page = await open(browser, address + path, { before: faster[engine] })
  }
  t.afterEach(async () => {
    assert.deepEqual(page.complaints, [])
    await page.close()
  })
  const quiet = () => assert.deepEqual(page.said, [])

  await t.test('the first page plays its film, and lists the others', async () => {
    await visit('')
    await run(page, 'rate', () => Object.assign(document.querySelector('keystream-video'), { playbackRate: 4, defaultPlaybackRate: 4 }))
    await say(page, 'ended')
    assert.equal(await text(page, '#frames'), '250 decoded')
    const links = await run(page, 'links', () => [...document.querySelectorAll('#films a')].map((link) => link.getAttribute('href')))
    const wanted = [...encrypted.map(({ name }) => `clearkey/?film=${name}`), ...clear.map(({ name }) => `mse/?film=${name}`)]
    assert.deepEqual(links.sort(), wanted.sort())
    quiet()
  })

  for (const { name, frames, container, pssh } of encrypted) {
    for (const keys of ['page', 'server']) {
      await t.test(`clearkey: ${name}, keys of the ${keys}`, async () => {
        await visit(`clearkey/?film=${name}&keys=${keys}&autoplay=1`)
        await say(page, 'ended')
        const why = bySoftware[name]
        assert.deepEqual(await decrypter(page), why ? ['true', `Keystream, because ${why}`] : ['false', 'the browser'])
        if (engine === 'chromium') assert.equal(await text(page, '#frames'), `${frames} decoded`)
        const seen = await steps(page)
        const wanted = [
          'probe',
          'negotiate',
          'granted',
          'attach-keys',
          'open',
          'generate-request',
          'update',
          'keystatuschange',
          'ready',
          'fetch',
          'append',
        ]
        if (keys === 'server') wanted.push('license', 'licenserequest')
        // MP4 without PSSH has no init data to tell of.
        if (container === 'webm' || pssh !== 'none') wanted.push('encrypted')
        assert.deepEqual(
          wanted.filter((step) => !seen.includes(step)),
          [],
        )
        assert.equal(seen.at(-1), 'ended')
        quiet()
      })
    }
  }

  for (const { name, frames, files } of clear) {
    await t.test(`mse: ${name} in five pieces`, async () => {
      await visit(`mse/?film=${name}&autoplay=1`)
      await say(page, 'ended')
      if (engine === 'chromium') assert.equal(await text(page, '#frames'), `${frames} decoded`)
      const rows = (id) => run(page, id, (id) => document.querySelectorAll(`#${id} tr`).length, id)
      assert.deepEqual([await rows('requests'), await rows('steps')], [6 * files.length, 6 * files.length])
      quiet()
    })
  }

  await t.test('mse: two files of the visitor’s own', async () => {
    await visit('mse/')
    await until(page, 'the list', () => !document.querySelector('#load').disabled)
    const input = await page.$('#own')
    await input.uploadFile(...films['mp4-tracks'].files.map(pathOf))
    await until(page, 'the files in the list', () => document.querySelector('#film').value === '')
    await page.click('#load')
    await say(page, 'ended')
    quiet()
  })

  await t.test('a film chosen, loaded and played by keyboard alone', async () => {
    await visit('clearkey/')
    await until(page, 'the list', () => !document.querySelector('#load').disabled)
    await tabTo(page, 'film')
    const first = await run(page, 'film', () => document.querySelector('#film').value)
    await page.keyboard.press('ArrowDown')
    assert.notEqual(await run(page, 'film', () => document.querySelector('#film').value), first)
    await tabTo(page, 'keys-page')
    await page.keyboard.press('ArrowRight')
    assert.equal(await run(page, 'radio', () => document.activeElement.id), 'keys-server')
    await tabTo(page, 'load')
    await page.keyboard.press('Enter')
    await say(page, 'ended')
    assert.ok((await steps(page)).includes('licenserequest'))
    quiet()
  })

  await t.test('a key with a wrong digit: the code and a remedy', async () => {
    await visit('clearkey/?film=mp4-cenc')
    await until(page, 'the list', () => !document.querySelector('#load').disabled)
    await write(page, '#keys input', '00112233445566778899aabbccddeeff')
    await page.keyboard.press('Enter')
    await say(page, 'KEY_PROBABLY_WRONG')
    const error = await text(page, '#error')
    assert.match(error, /KEY_PROBABLY_WRONG.*packager/)
    assert.doesNotMatch(error, /00112233/)
    assert.equal((await steps(page)).at(-1), 'error')
  })

  await t.test('the same film again asks for no licence', async () => {
    await visit('clearkey/?film=mp4-cenc&keys=server&autoplay=1')
    await say(page, 'ended')
    assert.ok((await run(page, 'timings', () => document.querySelectorAll('#timings [data-step=license]').length)) > 0)
    await page.click('#load')
    await until(page, 'the new list', () => document.querySelectorAll('#steps [data-step=ended]').length === 0)
    await say(page, 'ended')
    const seen = await steps(page)
    assert.deepEqual(
      ['generate-request', 'license', 'licenserequest', 'ready'].filter((step) => seen.includes(step)),
      ['ready'],
    )
    quiet()
  })

  await t.test('a licence that fails is asked for again, where the visitor wants it', async () => {
    await visit('clearkey/?film=mp4-cenc&keys=server')
    await until(page, 'the list', () => !document.querySelector('#load').disabled)
    await page.setRequestInterception(true)
    let down = true
    page.on('request', (request) => (down && request.url().endsWith('/license') ? request.respond({ status: 404 }) : request.continue()))
    await page.click('#load')
    await until(page, 'the button', () => !document.querySelector('#retry').hidden)
    assert.equal(await text(page, '#error strong'), 'LICENSE_HTTP · HTTP 404')
    assert.equal(await run(page, 'timings', () => document.querySelectorAll('#timings [data-failed=true]').length), 1)
    down = false
    await page.click('#retry')
    await say(page, 'ended')
    assert.deepEqual(await run(page, 'error', () => [document.querySelector('#error').textContent, document.querySelector('#retry').hidden]), [
      '',
      true,
    ])
  })

  await t.test('Keystream decrypts because the visitor wants it to', async () => {
    await visit('clearkey/?film=webm-vp8-vorbis-cenc&keys=server&software=always&autoplay=1')
    await say(page, 'ended')
    assert.deepEqual(await decrypter(page), ['true', 'Keystream, because it was asked to'])
    assert.match(await text(page, '#steps [data-step=granted]'), /decrypted by Keystream, because it was asked to/)
    assert.match(await text(page, '#code'), /softwareClearKey: 'always',/)
    quiet()
  })

  for (const name of unplayable) {
    const code = name === 'mp4-cenc-progressive' ? 'DIRECT_ENCRYPTED_UNSUPPORTED' : 'KEY_SYSTEM_REFUSED'

    await t.test(`refused where only the browser may decrypt: ${name}`, async () => {
      await visit(`clearkey/?film=${name}&software=never&autoplay=1`)
      await say(page, code)
      const [title, message, remedy] = await run(page, 'error', () => [...document.querySelector('#error').children].map((e) => e.textContent))
      assert.deepEqual([title, message !== '', remedy !== ''], [code, true, true])
      if (name === 'mp4-cens')
        assert.match(await text(page, '#report pre'), /org\.w3\.clearkey: refused.*encryption-scheme cens\. Package it as cenc or cbcs/)
    })
  }

  await t.test('the browser is probed', async () => {
    await visit('clearkey/')
    await page.click('#probe')
    await until(page, 'the report', () => document.querySelector('#probed article'))
    const granted = await run(page, 'key systems', () =>
      [...document.querySelectorAll('#probed article')].map(({ dataset }) => [dataset.keySystem, dataset.granted]),
    )
    assert.deepEqual(Object.fromEntries(granted), { 'com.widevine.alpha': '', 'com.microsoft.playready': '', 'org.w3.clearkey': 'org.w3.clearkey' })
    assert.match(await text(page, '#probed pre'), /secure context: yes, permitted: yes, EME: yes/)
  })

  for (const [what, typed, wanted] of [
    ['no token', '', 'LICENSE_HTTP · HTTP 401'],
    ['a wrong token', 'other', 'LICENSE_HTTP · HTTP 403'],
  ]) {
    await t.test(`${what}, then the right one`, async () => {
      await visit('clearkey/?film=mp4-cenc&keys=server', guarded)
      await until(page, 'the list', () => !document.querySelector('#load').disabled)
      await write(page, '#token', typed)
      await page.click('#load')
      await say(page, 'LICENSE_HTTP')
      assert.equal(await text(page, '#error strong'), wanted)
      await write(page, '#token', token)
      await page.click('#load')
      await say(page, 'ended')
      assert.equal(await text(page, '#error'), '')
    })
  }
})

// WebKitGTK has no EME anywhere, and Chromium has none on a page that is not secure.
inEach('the demo site without EME', { engines: ['chromium', 'webkit'], limit: 240_000, ...insecure }, async (t, browser, engine) => {
  const secure = [false, ...(engine === 'webkit' ? [true] : [])]
  const reason = (secure) =>
    secure
      ? 'this browser has no Encrypted Media Extensions'
      : 'this page is not secure (http), and browsers switch Encrypted Media Extensions off there'

  for (const at of secure) {
    const address = () => (at ? site.address : site.insecureAddress(engine))

    for (const [path, frames] of [
      ['', 250],
      ['clearkey/?film=mp4-cbcs&keys=page&autoplay=1', 250],
      ['clearkey/?film=webm-vp9-opus-cenc&keys=server&autoplay=1', 250],
      ['clearkey/?film=mp4-cens&keys=server&autoplay=1', 75],
    ]) {
      await t.test(`/${path}, ${at ? '' : 'in'}secure`, async () => {
        const page = await open(browser, address() + path)
        await run(page, 'rate', () => Object.assign(document.querySelector('video, keystream-video'), { playbackRate: 4, defaultPlaybackRate: 4 }))
        await say(page, 'ended')
        assert.deepEqual(await decrypter(page), ['true', `Keystream, because ${reason(at)}`])
        if (engine === 'chromium') assert.equal(await text(page, '#frames'), `${frames} decoded`)
        assert.deepEqual([page.complaints, page.said], [[], []])
        await page.close()
      })
    }

    await t.test(`the probe, ${at ? '' : 'in'}secure`, async () => {
      const page = await open(browser, `${address()}clearkey/`)
      await until(page, 'the button', () => !document.querySelector('#probe').disabled)
      await run(page, 'probe', () => document.querySelector('#probe').click())
      await until(page, 'the report', () => document.querySelector('#probed article'))
      const granted = await run(page, 'key systems', () =>
        [...document.querySelectorAll('#probed article')].map(({ dataset }) => [dataset.keySystem, dataset.granted, dataset.software]),
      )
      assert.deepEqual(granted.at(-1), ['org.w3.clearkey', 'org.w3.clearkey', 'true'])
      assert.deepEqual(
        granted.slice(0, -1).map(([, ...rest]) => rest),
        [
          ['', 'false'],
          ['', 'false'],
        ],
      )
      await page.close()
    })
  }
})
