// The demo's page of DASH as a visitor meets it: every film, the menus, the slow network, and what the page draws of them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { inEach } from './each.mjs'
import { open, run, until } from './open.mjs'
import { pathOf, serve } from './site.mjs'

const films = JSON.parse(readFileSync(pathOf('dash.json'), 'utf8'))
const aurora = films.find(({ id }) => id === 'aurora')

let site
before(async () => {
  site = await serve()
})
after(() => site?.close())

/** Plays four times as fast, whatever is loaded. */
const faster = (page) =>
  run(page, 'rate', () => Object.assign(document.querySelector('video'), { playbackRate: 4, defaultPlaybackRate: 4 }).playbackRate)

const text = (page, selector) => run(page, selector, (selector) => document.querySelector(selector).textContent, selector)
const say = (page, wanted) => until(page, `status ${wanted}`, (wanted) => document.querySelector('#status').textContent === wanted, wanted)
const reach = (page, seconds) => until(page, `${seconds} s`, (seconds) => document.querySelector('video').currentTime > seconds, seconds)

/** Chooses the option of a menu whose text begins so, once it is there. */
async function choose(page, menu, beginning) {
  await until(
    page,
    `${beginning} in ${menu}`,
    (menu, beginning) => {
      const select = document.querySelector(menu)
      const option = [...select.options].find(({ text, disabled }) => text.startsWith(beginning) && !disabled)
      if (!option) return false
      option.selected = true
      return select.dispatchEvent(new Event('change', { bubbles: true }))
    },
    menu,
    beginning,
  )
}

const menu = (page, id) => run(page, id, (id) => [...document.querySelector(id).options].map(({ text }) => text), id)

/** The requests of the waterfall: what for, which file, how they ended. */
const requests = (page) =>
  run(page, 'requests', () =>
    [...document.querySelectorAll('#requests button')].map((row) => ({
      kind: row.dataset.kind,
      outcome: row.dataset.outcome,
      file: row.querySelector('.file').textContent,
      width: row.querySelector('.body').getBoundingClientRect().width,
    })),
  )

/** What is drawn: the points of each line, and the bars of the buffer with what they stand for. */
const drawn = (page) =>
  run(page, 'drawing', () => ({
    lines: Object.fromEntries([...document.querySelectorAll('#ladder polyline')].map((line) => [line.getAttribute('class'), line.points.length])),
    bars: [...document.querySelectorAll('#buffer rect[class^=level]')].map((bar) => ({ told: bar.textContent, width: bar.width.baseVal.value })),
  }))

inEach('the demo of DASH', { engines: names, limit: 400_000 }, async (t, browser, engine) => {
  let page
  const visit = async (path) => {
    page = await open(browser, `${site.address}${path}`)
  }
  t.afterEach(async () => {
    assert.deepEqual(page.complaints, [])
    await page.close()
  })

  await t.test('the first page leads to it', async () => {
    await visit('')
    const links = () => [...document.querySelectorAll('#adaptive a')].map((link) => link.getAttribute('href'))
    await until(page, 'the list', () => document.querySelector('#adaptive a'))
    assert.deepEqual(
      await run(page, 'links', links),
      films.map(({ id }) => `dash/?film=${id}`),
    )
    assert.ok(await run(page, 'card', () => document.querySelector('.card a[href="dash/"]') !== null))
  })

  for (const { id, duration, heights, keys, audio } of films) {
    await t.test(`${id} plays to its end, and everything is drawn`, async () => {
      await visit(`dash/?film=${id}&autoplay=1&ahead=40`)
      await faster(page)
      await reach(page, 1)
      assert.deepEqual(
        (await menu(page, '#quality')).map((text) => text.split(' ')[0]),
        ['auto', ...heights.toReversed().map((height) => `${height}p`)],
      )
      assert.deepEqual(await menu(page, '#audio'), audio)
      assert.match(await text(page, '#code'), new RegExp(`await player.load\\('/media/dash/${id}.mpd'\\)$`))
      await reach(page, duration / 2)
      await say(page, 'ended')

      const { lines, bars } = await drawn(page)
      assert.ok(lines.plays > 4 && lines.fetched > 4 && lines.network > 4, JSON.stringify(lines))
      assert.ok(bars.length >= 2 && bars.every(({ width }) => width > 1), JSON.stringify(bars))
      assert.ok(bars.some(({ told }) => /^\d+p, /.test(told)) && bars.some(({ told }) => /^\d+ kbit\/s, /.test(told)), JSON.stringify(bars))
      assert.match(await text(page, '#ladder-legend'), /plays\d+p, \d+ kbit\/s.*network[\d.]+ .bit\/s/)

      const asked = await requests(page)
      const kinds = (wanted) => asked.filter(({ kind, outcome }) => kind === wanted && outcome === 'done')
      assert.equal(kinds('manifest')[0]?.file, `${id}.mpd`)
      assert.ok(kinds('index').length >= 2 && kinds('media').length >= 10, JSON.stringify(asked))
      assert.deepEqual([...new Set(kinds('license').map(({ file }) => file))], Object.keys(keys).length > 0 ? ['2 keys'] : [])
      assert.ok(kinds('media').every(({ width }) => width >= 1))
      const facts = await text(page, '#facts')
      assert.equal(/org\.w3\.clearkey/.test(facts), Object.keys(keys).length > 0, facts)
      assert.equal(await text(page, '#error'), '')
    })
  }

  await t.test('sound, subtitles and quality change by the menus', async () => {
    await visit('dash/?film=aurora&autoplay=1&ahead=4')
    await reach(page, 0.5)
    await choose(page, '#audio', 'de')
    await until(page, 'German', () => [...document.querySelectorAll('#requests .file')].some(({ textContent }) => textContent === 'aurora-de.mp4'))
    await choose(page, '#text', 'en')
    await until(page, 'a subtitle', () =>
      [...document.querySelector('video').textTracks].some((track) => track.mode === 'showing' && track.cues?.length > 0),
    )
    for (const height of [240, 480]) {
      await choose(page, '#quality', `${height}p`)
      await until(page, `${height} lines`, (height) => document.querySelector('video').videoHeight === height, height)
      await until(page, 'the legend', (height) => document.querySelector('#ladder-legend').textContent.startsWith(`plays${height}p`), height)
      assert.match(await run(page, 'menu', () => document.querySelector('#quality').selectedOptions[0].text), new RegExp(`^${height}p`))
    }
    await choose(page, '#quality', 'auto')
    await choose(page, '#text', 'off')
    await until(page, 'no subtitle', () => [...document.querySelector('video').textTracks].every((track) => track.mode !== 'showing'))
    const bars = (await drawn(page)).bars.map(({ told }) => told.split(',')[0])
    assert.ok(bars.includes('240p') && bars.includes('480p'), `${bars}`)
    assert.equal(await text(page, '#error'), '')
  })

  await t.test('the network gets slow while the film plays: a lower quality is fetched', async () => {
    await visit('dash/?film=aurora&network=5000&autoplay=1&ahead=4')
    await until(page, 'the best', () => document.querySelector('#ladder-legend').textContent.includes('fetched720p'))
    await choose(page, '#network', '150 kbit/s')
    await until(page, 'less', () => /fetched(240|360)p/.test(document.querySelector('#ladder-legend').textContent))
    await until(page, 'less at the playhead', () => /plays(240|360)p/.test(document.querySelector('#ladder-legend').textContent))
    assert.equal(await text(page, '#error'), '')
  })

  await t.test('a network that is slow from the start', async () => {
    await visit('dash/?film=tide&network=150&autoplay=1')
    await until(page, 'the lowest', () => document.querySelector('#ladder-legend').textContent.includes('plays240p'))
    assert.ok((await requests(page)).some(({ kind, file }) => kind === 'media' && file === 'tide-240.mp4'))
    assert.equal(await text(page, '#error'), '')
  })

  await t.test('an MPD of the visitor’s own, with its keys', async () => {
    await visit('dash/?mpd=/media/dash/aurora.mpd')
    await until(page, 'the form', () => !document.querySelector('#load').disabled)
    const keys = Object.entries(aurora.keys).map((pair) => pair.join(':'))
    await run(
      page,
      'keys',
      (keys) => {
        document.querySelector('video').muted = true
        document.querySelector('#keys').value = keys
        document.querySelector('#load').click()
      },
      keys.join('\n'),
    )
    await reach(page, 1)
    const asked = await run(page, 'requests', () => performance.getEntriesByType('resource').map(({ name }) => name))
    assert.ok(asked.some((url) => url.endsWith('aurora.mpd')) && !asked.some((url) => url.endsWith('/license')), `${asked}`)
    assert.equal(await text(page, '#error'), '')
  })

  for (const [what, mpd, title] of [
    ['an address where nothing is', '/media/dash/nowhere.mpd', 'FETCH_HTTP · HTTP 404'],
    ['something else than an MPD', '/media/dash.json', ''],
  ]) {
    await t.test(`${what} is said in words`, async () => {
      await visit(`dash/?mpd=${mpd}&autoplay=1`)
      await until(page, 'the error', () => document.querySelector('#status.failed'))
      const said = await run(page, 'error', () => [...document.querySelector('#error').children].map((e) => e.textContent))
      assert.equal(said.length, 3)
      assert.ok(
        said.every((part) => part !== ''),
        `${said}`,
      )
      if (title) assert.equal(said[0], title)
      if (title) assert.equal((await requests(page))[0].outcome, 'failed')
    })
  }

  if (engine === 'webkit') return // its driver has no keyboard

  await t.test('the waterfall by keyboard', async () => {
    await visit('dash/?film=tide&autoplay=1')
    await reach(page, 1)
    await page.focus('#requests [tabindex="0"]')
    assert.match(await text(page, '#request'), /\/media\/dash\/tide\.mpd/)
    await page.keyboard.press('ArrowDown')
    assert.match(await text(page, '#request'), /Range.*bytes 0 to \d+.*HTTP 206/)
    assert.equal(await run(page, 'stops', () => document.querySelectorAll('#requests [tabindex="0"]').length), 1)
    await page.keyboard.press('End')
    assert.match(await text(page, '#request'), /media|text/)
  })
})
