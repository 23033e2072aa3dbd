// Rewrites a progressive cenc MP4 as a fragmented one: node fragment.mjs in.mp4 out.mp4. Samples, IVs and subsamples stay as the encrypter made
// them; only the boxes around them change (ISO/IEC 14496-12, 8.8; ISO/IEC 23001-7, 7). ffmpeg 5.1 encrypts fragmented files too, but leaves out
// the senc boxes, without which nobody can decrypt them.
import { readFileSync, writeFileSync } from 'node:fs'
import { children, find } from './boxes.mjs'

const [input, output] = process.argv.slice(2)
const file = readFileSync(input)
const top = children(file)
const tracks = children(find(top, 'moov').body).filter((b) => b.type === 'trak').map(track)
writeFileSync(output, Buffer.concat([find(top, 'ftyp').whole, movie(find(top, 'moov')), ...fragments()]))

// --- reading ---

function track(trak) {
  const boxes = children(trak.body)
  const table = children(find(boxes, 'mdia', 'minf', 'stbl').body)
  const id = find(boxes, 'tkhd').body.readUInt32BE(12)
  return { id, timescale: find(boxes, 'mdia', 'mdhd').body.readUInt32BE(12), samples: samples(table) }
}

function samples(table) {
  const count = find(table, 'stsz').body.readUInt32BE(8)
  const durations = runs(find(table, 'stts').body)
  const offsets = find(table, 'ctts') ? runs(find(table, 'ctts').body) : Array(count).fill(0)
  const keys = find(table, 'stss') && new Set(words(find(table, 'stss').body.subarray(8)))
  const sizes = words(find(table, 'stsz').body.subarray(12))
  const bytes = chunked(table, sizes)
  const aux = auxiliary(find(table, 'senc').body)
  let time = 0
  return sizes.map((_, i) => {
    const sample = { time, duration: durations[i], offset: offsets[i], key: !keys || keys.has(i + 1), bytes: bytes[i], aux: aux[i] }
    time += durations[i]
    return sample
  })
}

function words(bytes) {
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(4 * i))
}

// runs unrolls the (count, value) pairs of stts and ctts.
function runs(body) {
  const pairs = words(body.subarray(8))
  return pairs.flatMap((count, i) => (i % 2 === 0 ? Array(count).fill(pairs[i + 1]) : []))
}

// chunked cuts the samples out of the chunks that stsc and stco tell of.
function chunked(table, sizes) {
  const entries = words(find(table, 'stsc').body.subarray(8))
  const cut = []
  words(find(table, 'stco').body.subarray(8)).forEach((start, chunk) => {
    let perChunk = 0
    for (let i = 0; i < entries.length && entries[i] <= chunk + 1; i += 3) perChunk = entries[i + 1]
    for (let at = start; perChunk > 0; perChunk--) {
      const size = sizes[cut.length]
      cut.push(file.subarray(at, at + size))
      at += size
    }
  })
  return cut
}

// auxiliary cuts senc into what it tells of each sample: an IV of 8 bytes and, if flagged, its subsamples.
function auxiliary(body) {
  const subsampled = (body.readUInt32BE(0) & 2) !== 0
  let at = 8
  return Array.from({ length: body.readUInt32BE(4) }, () => {
    const size = subsampled ? 10 + 6 * body.readUInt16BE(at + 8) : 8
    at += size
    return body.subarray(at - size, at)
  })
}

// --- writing ---

function box(type, ...parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body])
}

function u32(...values) {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, 4 * i))
  return bytes
}

// movie copies moov, with empty sample tables and open-ended edits.
function movie({ body }) {
  const trex = tracks.map(({ id }) => box('trex', u32(0, id, 1, 0, 0, 0)))
  return box('moov', ...children(body).map(emptied), box('mvex', ...trex))
}

function emptied({ type, whole, body }) {
  if (['trak', 'mdia', 'minf', 'edts'].includes(type)) return box(type, ...children(body).map(emptied))
  if (type === 'elst') return box(type, body.subarray(0, 8), u32(0), body.subarray(12))
  if (type !== 'stbl') return whole
  const none = ['stts', 'stsc', 'stco'].map((name) => box(name, u32(0, 0)))
  return box('stbl', find(children(body), 'stsd').whole, ...none, box('stsz', u32(0, 0, 0)))
}

// fragments begins one at each key frame of the picture, with the sound of the same time.
function fragments() {
  const [video] = tracks
  const starts = video.samples.filter((s) => s.key).map((s) => s.time / video.timescale)
  return starts.flatMap((start, i) => {
    const within = ({ time }, timescale) => time / timescale >= start && !(time / timescale >= starts[i + 1])
    const parts = tracks.map((t) => ({ id: t.id, samples: t.samples.filter((s) => within(s, t.timescale)) })).filter((p) => p.samples.length > 0)
    return [moof(i + 1, parts), box('mdat', ...parts.flatMap((p) => p.samples.map((s) => s.bytes)))]
  })
}

// moof is built twice, because the offsets in it depend on its own size.
function moof(sequence, parts) {
  const build = (size) => {
    let data = size + 8
    let at = 8 + 16 // of moof's and mfhd's own
    const trafs = parts.map((part) => {
      const made = traf(part, data, at)
      data += part.samples.reduce((sum, s) => sum + s.bytes.length, 0)
      at += made.length
      return made
    })
    return box('moof', box('mfhd', u32(0, sequence)), ...trafs)
  }
  return build(build(0).length)
}

// traf describes one track's samples: the first one's bytes are at data, the box itself at at, both from the start of moof.
function traf({ id, samples: all }, data, at) {
  const perSample = all.map((s) => u32(s.duration, s.bytes.length, s.key ? 0x02000000 : 0x01010000, s.offset))
  const before = [
    box('tfhd', u32(0x020000, id)),
    box('tfdt', u32(0x01000000, 0, all[0].time)),
    box('trun', u32(0x000f01, all.length, data), ...perSample),
    box('saiz', u32(0), Buffer.from([0]), u32(all.length), Buffer.from(all.map((s) => s.aux.length))),
  ]
  const senc = at + 8 + before.reduce((sum, b) => sum + b.length, 0) + 20
  const subsampled = all[0].aux.length > 8 ? 2 : 0
  return box('traf', ...before, box('saio', u32(0, 1, senc + 16)), box('senc', u32(subsampled, all.length), ...all.map((s) => s.aux)))
}
