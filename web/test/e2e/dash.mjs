// DASH films of packagers that are not ours, served, and what the tests of them do in the page.
import assert from 'node:assert/strict'
import { packaged } from '../dash.mjs'
import { openStage, run, until } from './open.mjs'
import { clearKey, newRun, serve } from './site.mjs'

/** Starts the server with all packaged films, and tells of each by its name. */
export async function serveFilms() {
  const { folder, films } = await packaged()
  const site = await serve('-packaged', folder)
  return { site, films: Object.fromEntries(films.map((film) => [film.name, film])) }
}

/** A configuration whose licences are logged in a run. */
export const licensed = (log) => clearKey({ license: `/license?run=${log}` })

/** The key ids that were asked for in a run, request by request. */
export async function keysAsked(site, log) {
  const requests = await site.log(log, '/license')
  return requests.map(({ body }) => JSON.parse(body).kids.map((kid) => Buffer.from(kid, 'base64url').toString('hex')))
}

/**
 * Gives each test a page of its own: test(name, f) calls f with it, and with what {@link screen} does to it. Nothing may go wrong in the page unsaid.
 */
export const testsIn =
  (t, browser, site) =>
  (name, f, path = 'page.html') =>
    t.test(name, async (t) => {
      const page = await openStage(browser, site, { path: `test/${path}` })
      try {
        await f({ page, ...screen(page) }, t)
        assert.deepEqual(page.complaints, [])
      } finally {
        await page.close().catch(() => {}) // of a browser that is gone
      }
    })

/** What a test does with a page. */
function screen(page) {
  const screen = {
    /** Makes, loads and plays a film. `under` is a path of faults or a slow line that all comes by. */
    start(film, config = {}, { rate = 1, under = '' } = {}) {
      const log = newRun(film.name)
      const all = film.scheme ? { ...licensed(log), ...config } : config
      const source = `${under}${film.mpd}?run=${log}`
      return run(page, `start ${film.name}`, (...args) => globalThis.stage.start(...args), source, all, rate).then(() => log)
    },

    /** Jumps, and waits until the film plays on from there. Gives how long that took, in seconds. */
    jump: (to) =>
      run(
        page,
        `jump to ${to}`,
        async (to) => {
          const { video, until } = globalThis.stage
          const began = performance.now()
          video.currentTime = to
          await until(() => !video.seeking && video.currentTime > to + 0.1)
          return (performance.now() - began) / 1000
        },
        to,
      ),

    reach: (time) => until(page, `${time} s of the film`, (time) => globalThis.stage.video.currentTime >= time, time),
    ended: () => until(page, 'the end', () => globalThis.stage.player.state === 'ended' && globalThis.stage.video.ended),
    errors: () => run(page, 'errors', () => globalThis.stage.errors()),

    /** The film plays on, to its end, without an error. */
    finish: async () => {
      await run(page, 'a higher rate', () => {
        globalThis.stage.video.playbackRate = 4
      })
      await screen.ended()
      assert.deepEqual(await screen.errors(), [])
    },
    asked: () => run(page, 'requests', () => globalThis.stage.asked()),
    told: (type) => run(page, type, (type) => globalThis.stage.told(type), type),
    heard: () => run(page, 'events of the element', () => globalThis.stage.heard),
    selectTrack: (kind, id) => run(page, `select ${kind} ${id}`, (kind, id) => globalThis.stage.player.selectTrack(kind, id), kind, id),
    tracks: () => run(page, 'tracks', () => globalThis.stage.player.tracks),

    /** The segments of the picture that were asked for, in order, as `360-4`. */
    pictures: async () => (await screen.asked()).flatMap((name) => name.match(/^v(\d+-\d+)\.m4s$/)?.[1] ?? []),
  }
  return screen
}

/** The seconds that were told to be without media, or whatever a stall of these causes is. */
export const stallsOf = (stalls, ...causes) => stalls.filter(({ cause }) => causes.includes(cause))
