// Shaka's software decryption of Clear Key, out of the build that it ships. Shaka uses it on Apple's browsers only, from deep within its player, so
// the copy that the page is given gets one line more: it puts the class and the function that a player's append calls within reach. Not a byte of
// what decrypts is changed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The newest syntax that Shaka ships: its async functions are the engine's own there, which is the faster of its builds. */
const build = 'shaka-player/dist/shaka-player.compiled-es2021.js'

// decrypt(decryptor, data, isInit, drmInfo), and the class that holds its state, by their shapes: the names are another at each release.
const decrypt = /async function ([\w$]+)\(a,b,c,d\)\{b=[\w$]+\(b\);if\(c\)return a\.\w=b,[\w$]+\(b\);if\(!a\.\w\)return b;[^{}]*\}/
const decryptor = /([\w$]+)=class\{constructor\(\)\{this\.\w=null;this\.\w=new Map;this\.\w=this\.\w=null\}async destroy\(\)/

/** The build's script, which then defines globalThis.shakaClearKey: { Decryptor, decrypt }. */
export function shaka() {
  const source = readFileSync(join(import.meta.dirname, '../node_modules', build), 'utf8')
  const [text, f] = source.match(decrypt) ?? []
  const [, name] = source.match(decryptor) ?? []
  if (!f || !name) throw new Error(`${build} no longer has its ClearKeyWebCryptoDecryptor in the shape that decrypt-shaka.mjs knows`)
  return source.replace(text, () => `${text}window.shakaClearKey={get Decryptor(){return ${name}},decrypt:${f}};`)
}
