// From navigation to the first frame: a first visit, with nothing in any cache, and those that follow, with the player's code in caches.
import { open, run } from '../test/e2e/open.mjs'
import { launch } from './dash-browser.mjs'
import { pathOf } from './dash-code.mjs'

/** A visit is over so many milliseconds after its first frame: Chromium keeps what it compiled only once a page is quiet. */
const stay = 3000

const visits = ['cold', 'cached', 'third visit']

/** Samples: round, player, visit, and what visited gives, or failure. Every round of a player has a profile of its own. */
export async function start({ server, players, rounds, line }) {
  const samples = []
  for (let round = 0; round < rounds; round++) {
    const order = players.map((_, i) => players[(i + round) % players.length])
    for (const player of order) {
      if (samples.some((sample) => sample.player === player && sample.failure)) continue
      samples.push(...(await profile(server, line, player)).map((sample) => ({ round, player, ...sample })))
    }
  }
  return samples
}

async function profile(server, line, player) {
  const browser = await launch()
  const samples = []
  try {
    await settled(browser, server)
    for (const visit of visits) {
      server.link = line
      const sample = await visited(browser, server, player).catch((error) => ({ failure: error.message.split('\n')[0] }))
      samples.push({ visit, ...sample })
      if (sample.failure) break
    }
  } finally {
    await browser.close()
  }
  return samples
}

/** A browser that has just begun has much to do. */
async function settled(browser, server) {
  server.link = {}
  const [page] = await browser.pages()
  await page.goto(`${server.address}page/none.html?mpd=none.mpd`)
  await new Promise((resolve) => setTimeout(resolve, 1000))
}

/**
 * frame in milliseconds since the navigation; bytes, requests and licences until then, as the server saw them, and its log as
 * [path, at, first, end, bytes], with milliseconds since the navigation.
 */
async function visited(browser, server, player) {
  server.taken()
  const page = await open(browser, `${server.address}${pathOf(player, 'encrypted/film')}`)
  const { origin, frame } = await run(page, `${player}: first frame`, async () => ({
    frame: await globalThis.bench.frame,
    origin: performance.timeOrigin,
  }))
  await new Promise((resolve) => setTimeout(resolve, stay))
  const log = server.taken()
  await page.close()
  const since = (time) => (time === undefined ? undefined : Math.round((time - origin) * 10) / 10)
  const before = log.filter(({ at }) => at - origin < frame)
  return {
    frame,
    bytes: before.reduce((sum, { bytes, first, end = Infinity }) => sum + share(bytes, first, end, origin + frame), 0),
    requests: before.length,
    licences: before.filter(({ path }) => path === '/license').length,
    log: before.map(({ path, at, first, end, bytes }) => [path, since(at), since(first), since(end), bytes]),
  }
}

/** Of a response that came between two times, what had come by a third. */
function share(bytes, first, end, by) {
  if (first === undefined || first > by) return 0
  return end <= by ? bytes : Math.round((bytes * (by - first)) / (end - first))
}
