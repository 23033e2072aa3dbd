// What the players of the DASH benchmark talk to: pages, code that may be cached for ever, a film that may be shown over and over, and a licence
// server that is slow on purpose. Every request is written down.
import { createServer } from 'node:http'
import { Link } from './dash-link.mjs'
import { key, keyId, manifest } from './dash-media.mjs'
import { piece } from './dash-pieces.mjs'
import { timeline } from './dash-timeline.mjs'

const types = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
  mp4: 'video/mp4',
  m4s: 'video/mp4',
  mpd: 'application/dash+xml',
}

/** How long /encrypted/long.mpd and /clear/long.mpd are, in seconds: the same film again and again. */
const long = 3000

/** Milliseconds since 1970, as a page has them in performance.timeOrigin + performance.now(). */
const now = () => performance.timeOrigin + performance.now()

/**
 * Starts the server. films are the folders that dash-media.mjs makes; code maps a path to { body, encoding }; page makes the HTML of
 * /page/NAME.html?QUERY; delay is how long the licence server takes, in milliseconds.
 */
export async function serve({ films, code, page, delay }) {
  const manifests = new Map()
  for (const [name, folder] of Object.entries(films)) {
    for (const [length, seconds] of Object.entries({ film: undefined, long })) {
      manifests.set(`/${name}/${length}.mpd`, manifest(folder, seconds))
      manifests.set(`/${name}/${length}-dashif.mpd`, dashif(manifest(folder, seconds)))
    }
  }
  for (const megabytes of [3, 12]) manifests.set(`/clear/timeline-${megabytes}.mpd`, timeline(films.clear, megabytes * 1e6))
  const state = { link: new Link(), log: [] }
  const answer = (url) => {
    const body = manifests.get(url.pathname)
    if (body) return { body: Buffer.from(body) }
    if (code.has(url.pathname)) return { ...code.get(url.pathname), cache: 'public, max-age=31536000, immutable' }
    const name = url.pathname.match(/^\/page\/(.*)\.html$/)?.[1]
    return { body: name ? Buffer.from(page(name, url.searchParams)) : piece(films, url.pathname) }
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost')
    const entry = { path: url.pathname, at: now(), bytes: 0 }
    state.log.push(entry)
    if (url.pathname === '/license') {
      const body = license(await text(request))
      setTimeout(() => send(response, { body, type: 'application/json' }), delay)
    } else send(response, { type: types[url.pathname.slice(url.pathname.lastIndexOf('.') + 1)], ...answer(url) })

    function send(response, { body, type, encoding, cache = 'no-store' }) {
      const status = body ? 200 : 404
      response.writeHead(status, {
        'Content-Type': type ?? 'text/plain',
        'Content-Length': body?.length ?? 0,
        'Cache-Control': cache,
        ...(encoding ? { 'Content-Encoding': encoding } : {}),
      })
      state.link.send(response, body ?? Buffer.alloc(0), (bytes) => {
        entry.first ??= now()
        entry.bytes += bytes
      })
      response.on('finish', () => {
        entry.end = now()
      })
    }
  })
  server.keepAliveTimeout = 120_000
  await new Promise((resolve) => server.listen(0, 'localhost', resolve))
  return {
    address: `http://localhost:${server.address().port}/`,

    /** The requests since the last call: path, at, first and end (milliseconds since 1970; of the response), bytes of the body. */
    taken() {
      return state.log.splice(0)
    },

    /** What all goes through from now on. */
    set link(options) {
      state.link = new Link(options)
    },

    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A manifest with the DASH-IF's scheme for Clear Key instead of the W3C's, and without its pssh boxes. */
function dashif(manifest) {
  return manifest
    .replaceAll('1077efec-c0b2-4d02-ace3-3c1e52e2fb4b', 'e2719d58-a985-b3c9-781a-b030af78d30e')
    .replaceAll(/<cenc:pssh>.*?<\/cenc:pssh>/gs, '')
}

async function text(request) {
  let body = ''
  for await (const piece of request) body += piece
  return body
}

/** The licence for exactly the keys asked for: https://www.w3.org/TR/encrypted-media-2/#clear-key-license-format */
function license(message) {
  const id = Buffer.from(keyId, 'hex').toString('base64url')
  const { kids } = JSON.parse(message)
  const keys = kids.filter((kid) => kid === id).map((kid) => ({ kty: 'oct', kid, k: Buffer.from(key, 'hex').toString('base64url') }))
  return Buffer.from(JSON.stringify({ keys, type: 'temporary' }))
}
