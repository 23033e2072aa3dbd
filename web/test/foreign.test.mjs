// The npm package on another origin than the page, as a CDN has it: its Worker is started by a blob of the page's own, under a strict policy.
import assert from 'node:assert/strict'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, names } from './browser.mjs'

const root = join(import.meta.dirname, '../..')
const types = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.mp4': 'video/mp4' }
const film = JSON.parse(readFileSync(join(root, 'examples/media/films.json'), 'utf8')).find(({ name }) => name === 'mp4-cenc-muxed')

let server
let port
before(async () => {
  server = createServer(answer)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = server.address().port
})
after(() => server.close())

/** The page on localhost, and files by any name, for any origin. */
function answer(req, res) {
  const { pathname } = new URL(req.url, 'http://localhost')
  if (pathname === '/') {
    const cdn = `http://127.0.0.1:${port}`
    const policy = [
      `default-src 'self' blob:`,
      `script-src ${cdn} 'wasm-unsafe-eval'`,
      `connect-src 'self' blob: ${cdn}`,
      // What a module of a Worker imports counts as a Worker's script, too.
      `worker-src blob: ${cdn}`,
      "require-trusted-types-for 'script'",
      'trusted-types keystream',
    ]
    return res
      .writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy.join('; ') })
      .end('<!doctype html><title>A page</title><link rel="icon" href="data:,"><video muted></video>')
  }
  const path = join(root, normalize(pathname))
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return res.writeHead(404).end()
  createReadStream(path).pipe(res.writeHead(200, { 'Content-Type': types[extname(path)], 'Access-Control-Allow-Origin': '*' }))
}

/** In the page: plays a film from its start, and says who decrypted it. */
async function play(script, url, keys) {
  const { Player } = await import(script)
  const video = document.querySelector('video')
  const player = new Player(video, { keySystems: { 'org.w3.clearkey': { keys } }, softwareClearKey: 'always' })
  await player.load(await (await fetch(url)).blob())
  await video.play()
  await new Promise((resolve) => video.addEventListener('timeupdate', () => video.currentTime > 0.2 && resolve()))
  const { software } = player
  await player.close()
  return software
}

for (const name of names) {
  test(`the Worker starts from another origin (${name})`, async () => {
    const browser = await launch(name)
    try {
      const page = await browser.newPage()
      await page.goto(`http://localhost:${port}/`)
      const script = `http://127.0.0.1:${port}/web/dist/keystream.js`
      assert.equal(await page.evaluate(play, script, `/examples/media/${film.files[0]}`, film.keys), true)
    } finally {
      await browser.close()
    }
  })
}
