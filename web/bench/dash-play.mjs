// What playing costs: large manifests, the page's thread, memory.
import { open, run } from '../test/e2e/open.mjs'
import { launch } from './dash-browser.mjs'
import { pathOf } from './dash-code.mjs'

/** Seconds of play over which the page's thread is watched. */
const watched = 60

const megabytes = [3, 12]

/** Samples: player, megabytes, time and longest (see parse in dash-page.mjs), or failure. */
export async function parse({ server, players, rounds }) {
  const samples = []
  server.link = {}
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    for (const player of players) {
      for (const size of megabytes) {
        if (samples.some((sample) => sample.player === player && sample.failure)) continue
        const sample = await playing(server, player, 'clear/film', (page) =>
          run(page, `${player}: ${size} MB`, (mpd) => globalThis.bench.parse(mpd), `/clear/timeline-${size}.mpd`),
        )
        samples.push({ round, player, megabytes: size, ...sample })
      }
    }
  }
  return samples
}

/** Samples: player, and milliseconds of the page's thread for each minute of play: tasks in all, and scripts in them; frames shown and dropped. */
export async function play({ server, players, line }) {
  const samples = []
  for (const player of players) {
    server.link = line
    const sample = await playing(server, player, 'encrypted/film', async (page) => {
      await seconds(3)
      const before = await state(page)
      await seconds(watched)
      const after = await state(page)
      const of = (name) => ((after[name] - before[name]) * 60) / (after.Timestamp - before.Timestamp)
      const played = after.currentTime - before.currentTime
      return { tasks: 1000 * of('TaskDuration'), scripts: 1000 * of('ScriptDuration'), played, height: after.height, dropped: after.dropped }
    })
    samples.push({ player, ...sample })
  }
  return samples
}

/** Samples: player, and bytes after a collection: the JavaScript heap, ArrayBuffers (outside), and the memories of WebAssembly. */
export async function memory({ server, players, minutes }) {
  const samples = []
  for (const player of players) {
    server.link = {}
    const sample = await playing(server, player, 'encrypted/long', async (page) => {
      await page.evaluate(() => {
        document.querySelector('video').playbackRate = 4
      })
      await seconds(60 * minutes)
      const session = await page.createCDPSession()
      await session.send('HeapProfiler.collectGarbage')
      const { usedSize, backingStorageSize, embedderHeapUsedSize } = await session.send('Runtime.getHeapUsage')
      const wasm = await page.evaluate(() => globalThis.memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0))
      const { currentTime, height } = await state(page)
      return { heap: usedSize, embedder: embedderHeapUsedSize, outside: backingStorageSize, wasm, played: currentTime, height }
    })
    samples.push({ player, ...sample })
  }
  return samples
}

/** Runs f in a page, in a browser of its own, in which a player has shown its first frame. */
async function playing(server, player, film, f) {
  const browser = await launch()
  try {
    const page = await open(browser, `${server.address}${pathOf(player, film)}`, { before: keepMemories })
    await run(page, `${player}: first frame of ${film}`, () => globalThis.bench.frame)
    return await f(page)
  } catch (error) {
    return { failure: error.message.split('\n')[0] }
  } finally {
    await browser.close()
  }
}

/** Runs in the page, before all else: keeps at hand the memories of the WebAssembly programs that are started there. */
function keepMemories() {
  globalThis.memories = []
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name]
    WebAssembly[name] = async (...args) => {
      const result = await original.apply(WebAssembly, args)
      const { exports } = result.instance ?? result
      globalThis.memories.push(...Object.values(exports).filter((value) => value instanceof WebAssembly.Memory))
      return result
    }
  }
}

async function state(page) {
  const metrics = await page.metrics()
  const video = await page.evaluate(() => {
    const video = document.querySelector('video')
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
    return { currentTime: video.currentTime, height: video.videoHeight, frames: totalVideoFrames, dropped: droppedVideoFrames }
  })
  return { ...metrics, ...video }
}

function seconds(count) {
  return new Promise((resolve) => setTimeout(resolve, 1000 * count))
}
