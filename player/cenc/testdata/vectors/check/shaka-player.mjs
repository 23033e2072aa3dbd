// Decrypts a fragmented MP4 with shaka-player's decrypter for pages without a Clear Key CDM (lib/media/clearkey_webcrypto_decryptor.js), in Node:
// node shaka-player.mjs PLAYER IN OUT KID:KEY,KID:KEY…   An exception of the player's is printed after "thrown".
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'

const [player, input, output, keys] = process.argv.slice(2)

// A little of Closure's module system: a name is provided by a file, which is run when it is first required.
const files = new Map()
for (const name of readdirSync(join(player, 'lib'), { recursive: true })) {
  if (!name.endsWith('.js')) continue
  const path = join(player, 'lib', name)
  for (const [, provided] of readFileSync(path, 'utf8').matchAll(/^goog\.provide\('([^']+)'\)/gm)) files.set(provided, path)
}
const unused = new Set(['shaka.device.DeviceFactory', 'shaka.drm.DrmUtils']) // they ask what browser this is
const run = new Set()
globalThis.self = globalThis.window = globalThis
globalThis.goog = {
  provide(name) {
    let at = globalThis
    for (const part of name.split('.')) at = at[part] ??= {}
  },
  require(name) {
    const path = files.get(name)
    if (!path || unused.has(name) || run.has(path)) return
    run.add(path)
    vm.runInThisContext(readFileSync(path, 'utf8'), path)
  },
  requireType() {},
  define: (_, value) => value,
  DEBUG: false,
}
Map.prototype.getOrInsert ??= function (key, value) {
  if (!this.has(key)) this.set(key, value)
  return this.get(key)
}
goog.require('goog.asserts')
goog.require('shaka.media.ClearKeyWebCryptoDecryptor')

const base64url = hex => Buffer.from(hex, 'hex').toString('base64url')
const clearKeys = new Map(keys.split(',').map(pair => pair.split(':').map(base64url)))
const film = readFileSync(input)
const segments = []
for (let start = 0, at = 0; at < film.length; ) {
  let size = film.readUInt32BE(at)
  if (size === 1) size = Number(film.readBigUInt64BE(at + 8))
  if (size === 0) size = film.length - at
  const kind = film.toString('latin1', at + 4, at + 8)
  at += size
  const next = at < film.length ? film.toString('latin1', at + 4, at + 8) : 'moof'
  // An initialization segment ends with moov; a media segment with the last mdat before something else.
  if (kind === 'moov' || (kind === 'mdat' && next !== 'mdat') || at >= film.length) {
    segments.push(film.subarray(start, at))
    start = at
  }
}
const decryptor = new shaka.media.ClearKeyWebCryptoDecryptor()
const drmInfo = { keySystem: 'org.w3.clearkey', clearKeys }
try {
  const parts = []
  for (const [i, segment] of segments.entries()) parts.push(await decryptor.decrypt(Uint8Array.from(segment), i === 0, drmInfo))
  writeFileSync(output, Buffer.concat(parts))
} catch (e) {
  console.error('thrown', e)
  process.exit(1)
}
