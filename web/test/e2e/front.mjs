// A licence server that speaks Clear Key's, Widevine's and PlayReady's formats, in front of the site: pages from it ask /license/SYSTEM of their own
// origin, /frame has the site's test page in a frame of another origin, and all else is the site's.
import { createServer, request } from 'node:http'
import { base64url, fromBase64, fromHex, hexOf, playready, utf8, widevine } from './messages.mjs'
import { films } from './site.mjs'

const keys = Object.assign({}, ...Object.values(films).map((film) => film.keys))

const clearkey = {
  asked: (message) => JSON.parse(new TextDecoder().decode(message)).kids.map(fromBase64),
  answer: (pairs) => utf8(JSON.stringify({ keys: pairs.map(([id, key]) => ({ kty: 'oct', kid: base64url(id), k: base64url(key) })) })),
}
const systems = { clearkey, widevine, playready }

/** Starts the server, and gives it when it listens. Every licence request is in asked, with the key ids that it names, or null for a certificate. */
export async function serveLicenses(site) {
  const asked = []
  const front = {
    asked,

    /** Key ids that it has no licence for now: it answers 503. */
    refused: new Set(),

    /** What the licence requests of a run ask for, request by request. */
    of: (run) => asked.filter((request) => request.run === run),

    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  }
  const server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url, 'http://localhost')
    if (pathname === '/license/certificate') return res.end(widevine.certificate())
    if (pathname === '/frame') {
      return res
        .setHeader('Content-Type', 'text/html')
        .end(`<!doctype html><title>Frame</title><iframe src="${site.address}test/page.html"></iframe>`)
    }
    const system = systems[pathname.match(/^\/license\/(\w+)$/)?.[1]]
    if (!system) return pass(site, req, res)
    const parts = []
    req.on('data', (part) => parts.push(part))
    req.on('end', () => {
      const entry = { run: searchParams.get('run'), method: req.method, headers: req.headers, keyIds: undefined, status: 400 }
      asked.push(entry)
      const body = answer(system, entry, new Uint8Array(Buffer.concat(parts)), front.refused)
      res.writeHead(entry.status, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' }).end(body)
    })
  })
  await new Promise((resolve) => server.listen(0, 'localhost', resolve))
  front.address = `http://localhost:${server.address().port}/`
  return front
}

function answer(system, entry, message, refused) {
  try {
    entry.keyIds = system.asked(message)?.map(hexOf) ?? null
  } catch {
    return ''
  }
  if (entry.keyIds?.some((id) => refused.has(id))) {
    entry.status = 503
    return ''
  }
  entry.status = 200
  return entry.keyIds ? system.answer(entry.keyIds.map((id) => [fromHex(id), fromHex(keys[id])])) : system.certificate()
}

function pass(site, { method, url, headers }, res) {
  const { hostname, port } = new URL(site.address)
  const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers)
    answer.pipe(res)
  })
  onward.on('error', () => res.destroy())
  res.on('close', () => onward.destroy())
  onward.end()
}
