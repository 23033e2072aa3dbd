// Has browsers' own CDMs play the vectors through MSE, and prints how they do: node browsers.mjs [NAME…]   BROWSERS="chromium firefox" narrows it.
// A picture is right if screenshots of its frames are those of a vector that others decrypt right, byte by byte: browsers give no pixels of encrypted
// films, and show clear ones in slightly other colours. Of a sound we only see that it plays to its end.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { launch, names, withEME } from '../../../../../web/test/browser.mjs'

const folder = join(import.meta.dirname, '..')
const wanted = process.argv.slice(2)
const { vectors } = JSON.parse(await readFile(join(folder, 'vectors.json')))
const page = '<!doctype html><style>body{margin:0}video{width:96px;height:64px;display:block}</style><video muted></video>'
const server = createServer(async (request, response) => {
  try {
    const body = request.url === '/' ? page : await readFile(join(folder, request.url))
    response.setHeader('content-type', request.url === '/' ? 'text/html' : 'application/octet-stream').end(body)
  } catch {
    response.writeHead(404).end()
  }
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`

const codecs = { aac: 'mp4a.40.2', vp8: 'vp8', vorbis: 'vorbis', opus: 'opus' }
const sound = new Set(['aac', 'vorbis', 'opus'])

/** What a page is to play. */
async function job(v) {
  const data = await readFile(join(folder, v.file))
  const sources = v.tracks.map(t => t.samples[0].source)
  const avcC = data.indexOf('avcC') + 5
  const of = { ...codecs, avc: `avc1.${data.toString('hex', avcC, avcC + 3)}`, vp9: v.container === 'mp4' ? 'vp09.00.10.08' : 'vp9' }
  const picture = sources.find(s => !sound.has(s))
  const type = s => `${sound.has(s) ? 'audio' : 'video'}/${v.container}; codecs="${of[s]}"`
  return {
    file: v.file,
    keys: v.keys,
    type: `${picture ? 'video' : 'audio'}/${v.container}; codecs="${[...new Set(sources.map(s => of[s]))].join(',')}"`,
    pictures: [...new Set(sources.filter(s => !sound.has(s)).map(type))],
    sounds: [...new Set(sources.filter(s => sound.has(s)).map(type))],
    picture,
  }
}

/** Runs in the page: waits for an event of the video's, and no longer than for its error. */
function raised(name) {
  const video = document.querySelector('video')
  return new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true })
    video.addEventListener('error', () => reject(new Error(video.error.message || `MediaError ${video.error.code}`)), { once: true })
    setTimeout(reject, 5000, new Error(`no ${name}`))
  })
}

/** Runs in the page: loads a vector, with all its keys. */
async function load({ file, keys, type, pictures, sounds }) {
  const video = document.querySelector('video')
  const capabilities = list => list.map(contentType => ({ contentType }))
  const access = await navigator.requestMediaKeySystemAccess('org.w3.clearkey', [
    { initDataTypes: ['keyids'], videoCapabilities: capabilities(pictures), audioCapabilities: capabilities(sounds) },
  ])
  await video.setMediaKeys(await access.createMediaKeys())
  const binary = hex => String.fromCharCode(...hex.match(/../g).map(b => Number.parseInt(b, 16)))
  const base64url = hex => btoa(binary(hex)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
  const set = Object.entries(keys).map(([kid, k]) => ({ kty: 'oct', kid: base64url(kid), k: base64url(k) }))
  const encoder = new TextEncoder()
  const session = video.mediaKeys.createSession()
  await session.generateRequest('keyids', encoder.encode(JSON.stringify({ kids: set.map(key => key.kid) })))
  await session.update(encoder.encode(JSON.stringify({ keys: set })))
  const source = new MediaSource()
  video.src = URL.createObjectURL(source)
  await new Promise(resolve => source.addEventListener('sourceopen', resolve, { once: true }))
  const buffer = source.addSourceBuffer(type)
  const appended = new Promise(resolve => buffer.addEventListener('updateend', resolve, { once: true }))
  buffer.appendBuffer(await (await fetch(file)).arrayBuffer())
  await appended
  if (source.readyState !== 'open') throw new Error(video.error?.message || 'refused')
  source.endOfStream()
  if (video.readyState < 2) await raised('loadeddata')
  return video.duration
}

async function seek(time) {
  const sought = raised('seeked')
  document.querySelector('video').currentTime = time
  await sought
  await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))
}

async function playOut() {
  const video = document.querySelector('video')
  video.playbackRate = 4
  await video.play()
  await raised('ended')
}

/** The film's frames, as screenshots: twice as many are taken as there are frames, for films begin at different times. */
async function frames(page, duration) {
  const seen = []
  for (let time = 1 / 48; time < duration; time += 1 / 24) {
    await page.evaluate(seek, time)
    const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 96, height: 64 }, encoding: 'base64' })
    if (picture !== seen.at(-1)) seen.push(picture)
  }
  return seen
}

const models = { avc: 'shaka-cenc-video', vp8: 'shaka-webm-vp8', vp9: 'shaka-webm-vp9' }
const modelFrames = new Map()

async function judge(page, v) {
  if (v.rows.includes('progressive')) return 'no fragments'
  const work = await job(v)
  if (work.picture && !modelFrames.has(work.picture)) {
    const model = vectors.find(other => other.name === models[work.picture])
    const duration = await page.evaluate(load, await job(model))
    modelFrames.set(work.picture, await frames(page, duration))
    await open(page)
  }
  const duration = await page.evaluate(load, work)
  if (!work.picture) return page.evaluate(playOut).then(() => 'played')
  const want = modelFrames.get(work.picture)
  const got = await frames(page, duration)
  let right = want.filter(frame => got.includes(frame)).length
  if (right > 0 && right < want.length) {
    got.push(...(await frames(page, duration))) // a screenshot may come before its frame
    right = want.filter(frame => got.includes(frame)).length
  }
  return right === 24 && want.length === 24 ? 'right' : `${right} of ${want.length} frames`
}

async function open(page) {
  await page.goto(origin)
  await page.addScriptTag({ content: `${raised}` })
}

/** Few words for what a browser says: most of it is the same for all. */
function verdict(message) {
  if (/DECODE|decode/.test(message)) return '**decode error**'
  if (/^no /.test(message)) return `**${message.split('\n')[0]}**`
  return 'refused'
}

const browsers = withEME.filter(name => names.includes(name))
const rows = new Map(vectors.filter(v => !wanted.length || wanted.includes(v.name)).map(v => [v, []]))
for (const name of browsers) {
  modelFrames.clear() // browsers differ
  const browser = await launch(name, { limit: 600_000 })
  console.error(name, await browser.version())
  for (const [v, row] of rows) {
    const page = await browser.newPage()
    await open(page)
    row.push(await judge(page, v).catch(e => verdict(e.message)))
    await page.close()
  }
  await browser.close()
}
console.log(`| vector | ${browsers.join(' | ')} |\n|---|${'---|'.repeat(browsers.length)}`)
for (const [v, row] of rows) console.log(`| ${v.name} | ${row.join(' | ')} |`)
server.close()
