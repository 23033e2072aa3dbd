// The page's half of the benchmark of decryption. Each decryptor stands behind one face, as a player uses it: what a function of decryptors gives
// takes an initialization segment, then media segments, each an ArrayBuffer that is its own from then on, and gives clear bytes.
import { Decrypter, Decryption } from '../src/decryption.ts'

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
const base64 = (hex) => btoa(String.fromCharCode(...bytesOf(hex)))

const decryptors = {
  'shaka-player'(keys) {
    const { Decryptor, decrypt } = globalThis.shakaClearKey
    const decryptor = new Decryptor()
    const drmInfo = { keySystem: 'org.w3.clearkey', clearKeys: new Map(Object.entries(keys).map(([id, key]) => [base64(id), base64(key)])) }
    const next = (isInit) => (bytes) => decrypt(decryptor, bytes, isInit, drmInfo)
    return { init: next(true), media: next(false), close: () => decryptor.destroy() }
  },

  keystream(keys) {
    const decryption = new Decryption()
    const decrypter = new Decrypter(decryption)
    const { signal } = new AbortController()
    decryption.setKeys(bytesOf(Object.entries(keys).flat().join('')))
    const next = async (bytes) => {
      const { clear, missing, reason, message } = await decrypter.decrypt(bytes, signal)
      if (reason) throw new Error(`${reason}: ${message}`)
      if (missing?.length) throw new Error('keys are missing')
      return clear ?? new ArrayBuffer(0)
    }
    return { init: next, media: next, close: () => decryption.close() }
  },
}

const view = (bytes) => (ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes))

/** What the mdat boxes hold: the samples. A packager's boxes before them differ. */
function payloads(bytes) {
  const found = []
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; at += words.getUint32(at)) {
    if (words.getUint32(at + 4) === 0x6d646174) found.push(bytes.subarray(at + 8, at + words.getUint32(at)))
  }
  return found
}

function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

async function range(address, [start, end]) {
  const response = await fetch(address, { headers: { Range: `bytes=${start}-${end - 1}` } })
  if (response.status !== 206) throw new Error(`${address}: HTTP ${response.status}`)
  return response.arrayBuffer()
}

const base64Of = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

globalThis.bench = {
  /**
   * Fetches the pieces of a film (decrypt-media.mjs) and the same segments clear, and has a decryptor make the initialization segment clear: how
   * many milliseconds from nothing to there.
   */
  async load({ address, clear, init, segments, clearSegments, keys }, name) {
    const all = (from, ranges) => Promise.all(ranges.map((at) => range(from, at)))
    const [[head], encrypted, samples] = await Promise.all([all(address, [init]), all(address, segments), all(clear, clearSegments)])
    await bench.decryptor?.close()
    const from = performance.now()
    bench.decryptor = decryptors[name](keys)
    bench.film = { encrypted, samples: samples.map((bytes) => payloads(view(bytes))) }
    await bench.decryptor.init(head)
    return performance.now() - from
  },

  /** Has it decrypt the film's segments (at most count), one after the other: the milliseconds of each, and whether the samples came out right. */
  async measure(count = Infinity) {
    const { encrypted, samples } = bench.film
    const result = { times: [], bytes: 0, right: true }
    for (const [i, segment] of encrypted.slice(0, count).entries()) {
      const piece = segment.slice()
      performance.mark('bench: decrypt')
      const from = performance.now()
      const clear = await bench.decryptor.media(piece)
      result.times.push(performance.now() - from)
      performance.mark('bench: decrypted')
      result.bytes += segment.byteLength
      const [is, should] = [payloads(view(clear)), samples[i]]
      result.right &&= is.length === should.length && is.every((payload, j) => same(payload, should[j]))
    }
    return result
  },

  /** What a decryptor makes of a file in these pieces, the first of which is the initialization segment: base64. */
  async whole({ address, pieces, keys }, name) {
    const decryptor = decryptors[name](keys)
    try {
      let clear = ''
      for (const [i, at] of pieces.entries()) {
        const piece = await range(address, at)
        clear += `${base64Of(view(await (i === 0 ? decryptor.init(piece) : decryptor.media(piece))))} `
      }
      return clear
    } catch (error) {
      throw new Error(error.message || String(error.code)) // Shaka's own errors are of a class that no driver can carry across
    } finally {
      await decryptor.close()
    }
  },

  /**
   * Has our player, itself decrypting, load a film, and then load it again and play it to its end. Marks tell where its segments begin to come and
   * where it ends; until then the program, its Worker and the call of load() are no longer new.
   */
  async play({ address, keys }) {
    const { Player } = await import('/dist/keystream.js')
    const video = document.body.appendChild(document.createElement('video'))
    video.muted = true
    const player = new Player(video, { keySystems: { 'org.w3.clearkey': { keys } }, softwareClearKey: 'always' })
    const failed = new Promise((_, reject) =>
      player.addEventListener('error', ({ detail }) => reject(new Error(`${detail.code}: ${detail.message}`))),
    )
    const event = (type) => Promise.race([failed, new Promise((resolve) => video.addEventListener(type, resolve, { once: true }))])
    try {
      await Promise.all([event('canplay'), player.load(address)])
      const task = () => new Promise((resolve) => setTimeout(resolve))
      await task()
      const [ended, loading] = [event('ended'), player.load(address)]
      await task()
      performance.mark('bench: load')
      await loading
      await video.play()
      await ended
      performance.mark('bench: ended')
      const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
      return { frames: totalVideoFrames, dropped: droppedVideoFrames }
    } finally {
      await player.close()
      video.remove()
    }
  },
}
