// Builds dist/keystream.js, its element and its Worker, and their types. player.wasm and cdm.wasm are Go's: see the Makefile.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const web = import.meta.dirname

/** Go's glue as a module: what it puts on the global object becomes exports, so that a page's own fs, process, path and Go stay its own. */
function wasmExec() {
  const goroot = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim()
  const source = readFileSync(join(goroot, 'lib/wasm/wasm_exec.js'), 'utf8')
    .replaceAll(/\bglobalThis\.(Go|fs|process|path)\b/g, 'globals.$1')
    .replaceAll(/(?<![.\w])fs\.writeSync\b/g, 'globals.fs.writeSync')
  for (const name of ['Go', 'fs', 'process', 'path']) {
    if (!source.includes(`globals.${name} = `))
      throw new Error(`wasm_exec.js of ${goroot} no longer defines globalThis.${name}: build.mjs must follow it`)
  }
  return `const globals = {}\n${source}\nconst { Go, ...rest } = globals\nexport { Go, rest as globals }\n`
}

const glue = {
  name: 'wasm_exec',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^wasm_exec$/ }, () => ({ path: 'wasm_exec', namespace: 'go' }))
    onLoad({ filter: /.*/, namespace: 'go' }, () => ({ contents: wasmExec() }))
  },
}

/** The element imports the player that the page has, so that both share one Go program. */
const sibling = {
  name: 'sibling',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: './keystream.js', external: true }))
  },
}

// Most of it runs at the first load, so that browsers may as well compile it all beside the page's thread: https://v8.dev/blog/explicit-compile-hints.
// The licences ask to be named wherever the code goes.
const banner = {
  js: '//# allFunctionsCalledOnLoad\n/* Keystream, MIT. Contains work of The Go Authors (BSD) and of Mux (MIT): see THIRD-PARTY.txt. */',
}
const options = {
  banner,
  absWorkingDir: web,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
}
await Promise.all([
  build({ ...options, entryPoints: ['src/index.ts'], outfile: 'dist/keystream.js', plugins: [glue] }),
  build({ ...options, entryPoints: ['src/element.ts'], outfile: 'dist/keystream-element.js', plugins: [sibling] }),
  build({ ...options, entryPoints: ['src/cdmworker.ts'], outfile: 'dist/keystream-cdm.js', plugins: [glue] }),
])
execFileSync(join(web, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: web, stdio: 'inherit' })
writeFileSync(join(web, 'dist/keystream.d.ts'), "export * from './types/index.js'\n")
writeFileSync(join(web, 'dist/keystream-element.d.ts'), "export * from './types/element.js'\n")
