// What the players of the benchmark talk to: films with ranges, their manifests, and one licence server that is slow on purpose. Nothing is cached.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { bytesOf, films, mpd } from './films.mjs'

const types = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mpd: 'application/dash+xml',
}

/** Starts the server. files are the paths it serves beside the films: addresses and where they lie on disk. */
export async function serve({ delay, files }) {
  const content = new Map(Object.entries(files).map(([path, file]) => [path, readFileSync(file)]))
  const keys = {}
  for (const film of Object.values(films)) {
    if (film.container !== 'mp4' || !film.fragmented || film.scheme === '') continue
    Object.assign(keys, film.keys)
    for (const file of film.files) content.set(`/media/${file}`, bytesOf(file))
  }
  const asked = []
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    response.setHeader('Cache-Control', 'no-store')
    if (pathname === '/license') {
      asked.push(pathname)
      const license = answer(keys, await text(request))
      setTimeout(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(license), delay)
      return
    }
    const name = pathname.match(/^\/mpd\/(.*)\.mpd$/)?.[1]
    const body = name ? Buffer.from(mpd(films[name])) : content.get(pathname)
    if (body) send(request, response, pathname, body)
    else response.writeHead(404).end()
  })
  server.keepAliveTimeout = 60_000
  await new Promise((resolve) => server.listen(0, 'localhost', resolve))
  return {
    address: `http://localhost:${server.address().port}/`,

    /** How many licences have been asked for since the start. */
    get requests() {
      return asked.length
    },

    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function text(request) {
  let body = ''
  for await (const piece of request) body += piece
  return body
}

/** The licence for exactly the keys asked for: https://www.w3.org/TR/encrypted-media-2/#clear-key-license-format */
function answer(keys, message) {
  const wanted = JSON.parse(message).kids
  const key = (kid) => Buffer.from(keys[Buffer.from(kid, 'base64url').toString('hex')] ?? '', 'hex').toString('base64url')
  return JSON.stringify({ keys: wanted.map((kid) => ({ kty: 'oct', kid, k: key(kid) })), type: 'temporary' })
}

function send(request, response, path, body) {
  response.setHeader('Content-Type', types[path.slice(path.lastIndexOf('.') + 1)])
  response.setHeader('Accept-Ranges', 'bytes')
  const [, first, last] = request.headers.range?.match(/^bytes=(\d+)-(\d*)$/) ?? []
  if (first === undefined) {
    response.writeHead(200, { 'Content-Length': body.length }).end(body)
    return
  }
  const end = Math.min(last ? Number(last) + 1 : body.length, body.length)
  const piece = body.subarray(Number(first), end)
  response.writeHead(206, { 'Content-Length': piece.length, 'Content-Range': `bytes ${first}-${end - 1}/${body.length}` }).end(piece)
}
