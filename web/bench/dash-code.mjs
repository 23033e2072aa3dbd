// The code of the DASH benchmark: each player bundled with the page's script, as a site would, but ours, which is served as its README has it, as a file of
// its own beside player.wasm. All is compressed once and for all, as a site would.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'esbuild'

const here = import.meta.dirname

/** What a page of each player loads, beside its script, as its preload lines name it. */
const extras = { keystream: ['keystream.js', 'player.wasm'] }

/** Path → { body, encoding } of what the pages of these players load. dist is where ours is, out where compressed files are kept. */
export async function codeOf(players, dist, out) {
  const code = new Map()
  for (const player of players) {
    code.set(`/code/${player}/page.js`, compressed(await bundle(player), out))
    for (const name of extras[player] ?? []) code.set(`/code/${player}/${name}`, compressed(readFileSync(join(dist, name)), out))
  }
  return code
}

async function bundle(player) {
  const { outputFiles } = await build({
    entryPoints: [join(here, 'dash-page.mjs')],
    bundle: true,
    write: false,
    minify: true,
    legalComments: 'none',
    format: 'esm',
    target: 'es2022',
    alias: { peer: join(here, `dash-${player}.mjs`) },
    external: ['./keystream.js'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  return Buffer.from(outputFiles[0].contents)
}

function compressed(bytes, out) {
  const folder = join(out, 'brotli')
  const file = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 16))
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(file, brotliCompressSync(bytes, { params }))
  }
  return { body: readFileSync(file), encoding: 'br' }
}

const preloads = {
  js: (path) => `<link rel="modulepreload" href="${path}">`,
  wasm: (path) => `<link rel="preload" as="fetch" type="application/wasm" crossorigin href="${path}">`,
  mpd: (path) => `<link rel="preload" as="fetch" crossorigin href="${path}">`,
}

/** dash.js gives a PSSH to Clear Key as if it were key ids, which fails. Under the DASH-IF's scheme it makes key ids of default_KID. */
const wantsDASHIF = ['dashjs']

/** The path of a page in which a player plays a film of that name ("encrypted/film"). */
export function pathOf(player, film) {
  return `page/${player}.html?mpd=/${film}${wantsDASHIF.includes(player) ? '-dashif' : ''}.mpd`
}

/** The page of a player, which plays the manifest in its query. What it will need is asked for by its first lines. */
export function page(player, query) {
  const paths = [...['page.js', ...(extras[player] ?? [])].map((name) => `/code/${player}/${name}`), query.get('mpd')]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${player}</title>
<link rel="icon" href="data:,">
${paths.map((path) => preloads[path.slice(path.lastIndexOf('.') + 1)](path)).join('\n')}
<body style="margin: 0">
<video muted autoplay playsinline width="1280" height="720"></video>
<script type="module" src="/code/${player}/page.js"></script>
</body>
</html>
`
}
