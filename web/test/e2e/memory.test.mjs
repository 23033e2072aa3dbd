// What stays flat however much is played: the memory of the Go program, the page's heap, the numbers of the bridge, the bytes that enter Go.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { clearKey, filesOf, films, newRun, serve } from './site.mjs'

let site
before(async () => {
  site = await serve()
})
after(() => site.close())

/** In the page: loads again and again. */
const loads = async (source, times) => {
  const { stage } = globalThis
  for (let i = 0; i < times; i++) {
    const error = await stage.load(source)
    if (error) throw new Error(`load ${i}: ${error.text}`)
    stage.seen.length = 0
  }
}

/** In the page: the Go program's memory, and what it has copied from the page, once the bridge has no more than so many numbers in use. */
const measure = async (listeners) => {
  const { probe } = globalThis.stage
  while (probe.bridge.live() > listeners) await new Promise((resolve) => setTimeout(resolve, 10))
  return { memory: probe.instance.exports.mem.buffer.byteLength, copied: probe.copied + probe.texts }
}

/** Bytes of JavaScript that are reachable, by DevTools. */
async function heap(page) {
  const devtools = await page.createCDPSession()
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  return usedSize + backingStorageSize
}

inEach('memory', { limit: 300_000 }, async (t, browser, engine) => {
  await t.test('200 loads of an encrypted film leave no trace', async () => {
    const page = await openStage(browser, site)
    const log = newRun('memory')
    await run(page, 'make', (config) => globalThis.stage.make(config), clearKey({ license: `/license?run=${log}` }))
    const take = async (times) => {
      for (let i = 0; i < times; i += 25) await run(page, '25 loads', loads, filesOf('mp4-cenc', log), 25)
      // The element, its key session, the window and the document are listened to; downloads on their way have numbers too, for as long as they take.
      return { ...(await run(page, 'measure', measure, 4)), heap: engine === 'chromium' ? await heap(page) : 0 }
    }
    const early = await take(50)
    const late = await take(150)
    assert.ok(late.memory - early.memory <= 1 << 20, `the Go program has grown from ${early.memory} to ${late.memory} bytes`)
    assert.ok(late.heap - early.heap < 1e6, `the heap has grown by ${late.heap - early.heap} bytes`)
    const each = (late.copied - early.copied) / 150
    assert.ok(each > 100 && each < 16e3, `${each} bytes enter Go with each load`)
    assert.equal((await site.log(log, '/license')).length, 1)

    await run(page, 'close', () => globalThis.stage.player.close())
    await run(page, 'measure', measure, 0)
    t.diagnostic(`${engine}: memory ${late.memory}, heap ${early.heap} to ${late.heap}, ${Math.round(each)} bytes into Go a load`)
    await page.close()
  })

  for (const film of ['mp4-fragmented', 'mp4-cenc-muxed']) {
    await t.test(`a file of 64 MB passes by Go (${film})`, async () => {
      const page = await openStage(browser, site)
      const played = async (url, config) => {
        const { stage } = globalThis
        const film = await (await fetch(url)).blob()
        // Boxes that a player skips: 1 MB each, "free" in ASCII.
        const free = new Uint8Array(1 << 20)
        free.set([0, 0x10, 0, 0, ...new TextEncoder().encode('free')])
        await stage.make(config)
        const error = await stage.load(film)
        if (error) return error
        const before = stage.probe.instance.exports.mem.buffer.byteLength
        const { copied, texts } = stage.probe
        const result = await stage.play(new Blob([film, ...Array(64).fill(free)]), config, 8)
        return {
          ended: result.ended ?? result,
          growth: stage.probe.instance.exports.mem.buffer.byteLength - before,
          entered: stage.probe.copied + stage.probe.texts - copied - texts,
        }
      }
      const config = films[film].encrypted ? clearKey({ keys: films[film].keys }) : {}
      const { ended, growth, entered } = await run(page, 'play', played, filesOf(film, newRun('large'))[0], config)
      assert.equal(ended, true)
      assert.ok(growth <= 4 << 20, `the Go program has grown by ${growth} bytes`)
      assert.ok(entered > 100 && entered <= 64e3, `${entered} bytes entered Go`)
      t.diagnostic(`${engine}, ${film}: memory grew by ${growth}, ${entered} bytes into Go`)
      await page.close()
    })
  }
})
