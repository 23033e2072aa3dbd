// The vectors of player/cenc, as the benchmark of decryption uses them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../player/cenc/testdata/vectors')
const index = JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8'))

/** name, container, keys; address is where the server has it, and pieces ([start, end]) are the initialization segment and the media segments. */
export const vectors = index.vectors.map((vector) => {
  const pieces =
    vector.container === 'mp4' ? segments(readFileSync(join(folder, vector.file))) : [[0, readFileSync(join(folder, vector.file)).length]]
  return { ...vector, address: `/vectors/${vector.file}`, pieces }
})

/** What the server is to serve: addresses and files. */
export const served = Object.fromEntries(vectors.map(({ address, file }) => [address, join(folder, file)]))

/** The clear samples of each source. */
const sources = Object.fromEntries(
  index.sources.map(({ name, file, sizes }) => {
    const bytes = readFileSync(join(folder, file))
    let end = 0
    const sample = (size) => {
      end += size
      return bytes.subarray(end - size, end)
    }
    return [name, sizes.map(sample)]
  }),
)

/** "right" when every sample of every track, to its last byte, is in what a decryptor made; else how many are. */
export function judge({ tracks }, clear) {
  const samples = tracks.flatMap(({ samples }) => samples).flatMap(({ source, first, count }) => sources[source].slice(first, first + count))
  const right = samples.filter((sample) => clear.includes(sample)).length
  return right === samples.length ? 'right' : `**wrong**: ${right} of ${samples.length} samples are right`
}

/** A file's initialization segment ends with moov, a media segment with the last mdat before something else. */
function segments(bytes) {
  const found = []
  for (let start = 0, at = 0; at < bytes.length; ) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    at += sizeOf(bytes, at)
    const next = bytes.toString('latin1', at + 4, at + 8)
    if (at < bytes.length && type !== 'moov' && (type !== 'mdat' || next === 'mdat')) continue
    found.push([start, at])
    start = at
  }
  return found
}

function sizeOf(bytes, at) {
  const size = bytes.readUInt32BE(at)
  if (size === 1) return Number(bytes.readBigUInt64BE(at + 8))
  return size || bytes.length - at
}
