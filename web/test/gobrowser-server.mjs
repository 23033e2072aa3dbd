// What a Go test in a page finds on its own origin: the test itself, the software CDM, the committed media, and answers that go wrong on purpose.
import { execFileSync } from 'node:child_process'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const types = { '.mp4': 'video/mp4', '.m4s': 'video/mp4', '.webm': 'video/webm', '.json': 'application/json' }
const csp = [
  "default-src 'self' blob:",
  "script-src 'self' 'wasm-unsafe-eval'",
  // Nothing listens on port 1: a test of refused connections.
  "connect-src 'self' blob: data: http://localhost:1",
  "require-trusted-types-for 'script'",
].join('; ')
const page =
  '<!doctype html><title>gobrowser</title><script src="/gobrowser/wasm_exec.js"></script><script type="module" src="/gobrowser/page.js"></script>'

/** In a Worker: answers whoever asks how many bytes of memory the program has. */
const measure = `
const { instantiate } = WebAssembly
WebAssembly.instantiate = async (module, imports) => {
  const instance = await instantiate(module, imports)
  const channel = new BroadcastChannel('memory')
  channel.onmessage = () => channel.postMessage(instance.exports.mem.buffer.byteLength)
  return instance
}
`

/** Starts the server on a port of its own and returns its origin. run is what the page starts the binary with; exited is told its exit code. */
export async function serve({ binary, run, exited }) {
  const goroot = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim()
  const bundle = await build({
    entryPoints: [join(import.meta.dirname, 'gobrowser-page.mjs')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  })
  const send = (type, body) => (_, res) => res.writeHead(200, { 'Content-Type': type }).end(body)
  const javascript = 'text/javascript; charset=utf-8'
  const routes = {
    '/': (_, res) => {
      drips.clear() // it may be the second try, which begins with nothing asked for
      counts.clear()
      res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': csp }).end(page)
    },
    '/favicon.ico': (_, res) => res.writeHead(204).end(),
    '/gobrowser/page.js': send(javascript, bundle.outputFiles[0].contents),
    '/gobrowser/wasm_exec.js': send(javascript, readFileSync(join(goroot, 'lib/wasm/wasm_exec.js'))),
    '/gobrowser/run': send('application/json', JSON.stringify(run)),
    '/gobrowser/test.wasm': (_, res) => createReadStream(binary).pipe(res.writeHead(200, { 'Content-Type': 'application/wasm' })),
    '/gobrowser/write/1': mirror(process.stdout),
    '/gobrowser/write/2': mirror(process.stderr),
    '/gobrowser/exit': async (req, res) => {
      const code = Number(await text(req))
      res.end()
      exited(code)
    },
    '/gobrowser/keystream-cdm.js': dist('keystream-cdm.js', javascript),
    '/gobrowser/cdm.wasm': dist('cdm.wasm', 'application/wasm'),
    // Workers that go wrong: a script that is none, one that does not parse, one without WebCrypto.
    '/gobrowser/text.js': send('text/plain', 'this is no script'),
    '/gobrowser/broken.js': send(javascript, 'this is no script'),
    '/gobrowser/insecure.js': send(javascript, "import './nosubtle.js'\nimport './keystream-cdm.js'\n"),
    '/gobrowser/nosubtle.js': send(javascript, "Object.defineProperty(crypto, 'subtle', { value: undefined })\n"),
    // One that tells how much memory its program has.
    '/gobrowser/measured.js': send(javascript, "import './measure.js'\nimport './keystream-cdm.js'\n"),
    '/gobrowser/measure.js': send(javascript, measure),
    '/gobrowser/broken.wasm': send('application/wasm', 'this is no program'),
    // It imports the function x.y.
    '/gobrowser/foreign.wasm': send('application/wasm', Buffer.from('0061736d01000000010401600000020701017801790000', 'hex')),
    ...faults,
    ...scripted,
  }
  const server = createServer((req, res) => {
    const path = new URL(req.url, 'http://localhost').pathname
    if (routes[path]) routes[path](req, res)
    else if (path.startsWith('/media/')) media(path.slice('/media/'.length), req, res)
    else res.writeHead(404, { 'Content-Type': 'text/plain' }).end('there is no such page\n')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://localhost:${server.address().port}`
}

/** A file as it was built last. */
const dist = (name, type) => (_, res) => {
  const path = join(root, 'web/dist', name)
  if (statSync(path, { throwIfNoEntry: false })) createReadStream(path).pipe(res.writeHead(200, { 'Content-Type': type }))
  else res.writeHead(404).end('`make build` has not been run\n')
}

const mirror = (stream) => async (req, res) => {
  for await (const chunk of req) stream.write(chunk)
  res.end()
}

/** Answers for package browser's own tests. */
const faults = {
  '/echo': async (req, res) => {
    const body = await text(req)
    res.writeHead(200, { 'Content-Type': 'application/json', 'X-Two': 'b', 'x-one': 'a: b' })
    res.end(JSON.stringify({ method: req.method, headers: req.headers, body }))
  },
  '/redirect': (_, res) => res.writeHead(302, { Location: '/echo?redirected' }).end(),
  '/hang': () => {},
  '/stall': (_, res) => res.writeHead(200, { 'Content-Length': 1000 }).write('the rest never comes'),
  '/cut': (_, res) => {
    res.writeHead(200, { 'Content-Length': 1000 }).write('the connection is cut here', () => res.destroy())
  },
  '/zeros': (req, res) => res.writeHead(200).end(Buffer.alloc(Number(new URL(req.url, 'http://localhost').searchParams.get('bytes')))),
}

/** Answers that wait for a word: /drip?a sends 1000 bytes, /drip/send?a has it send as many more, /drip/end?a end; /drip/gone?a waits until nobody wants it. */
const drips = new Map()
/** How often each address was asked for. */
const counts = new Map()

const query = (req) => new URL(req.url, 'http://localhost').search

const scripted = {
  '/drip': (req, res) => {
    drips.set(query(req), res)
    // Firefox's fetch waits for the first bytes of the body, others for the header.
    res.writeHead(200, { 'Content-Type': 'application/octet-stream' }).write(Buffer.alloc(1000))
  },
  '/drip/send': (req, res) => {
    const drip = drips.get(query(req))
    if (drip) drip.write(Buffer.alloc(1000), () => res.end())
    else res.writeHead(404).end()
  },
  '/drip/end': (req, res) => drips.get(query(req)).end(() => res.end()),
  '/drip/gone': (req, res) => {
    const drip = drips.get(query(req))
    if (drip.destroyed) res.end()
    else drip.once('close', () => res.end())
  },
  '/count': (req, res) => {
    counts.set(query(req), (counts.get(query(req)) ?? 0) + 1)
    res.writeHead(200, { 'Cache-Control': 'no-store' }).end(String(counts.get(query(req))))
  },
  '/counted': (req, res) => res.writeHead(200, { 'Cache-Control': 'no-store' }).end(String(counts.get(query(req)) ?? 0)),
}

/** A committed film, whole or by range. */
function media(name, req, res) {
  const path = join(root, 'examples/media', normalize(`/${decodeURIComponent(name)}`))
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return res.writeHead(404, { 'Content-Type': 'text/plain' }).end('there is no such film\n')
  const header = { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Accept-Ranges': 'bytes' }
  const range = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '')
  if (!range) return createReadStream(path).pipe(res.writeHead(200, { ...header, 'Content-Length': size }))
  const start = Number(range[1])
  const end = Math.min(range[2] === '' ? size - 1 : Number(range[2]), size - 1)
  if (start > end) return res.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
  res.writeHead(206, { ...header, 'Content-Length': end - start + 1, 'Content-Range': `bytes ${start}-${end}/${size}` })
  createReadStream(path, { start, end }).pipe(res)
}
