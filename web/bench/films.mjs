// The films of the demo, and a static MPD for each: the peers play manifests. The same files lie behind both.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../examples/media')

/** The films by name: what films.json tells, of those whose files are there. */
export const films = Object.fromEntries(
  JSON.parse(readFileSync(join(folder, 'films.json'), 'utf8'))
    .filter((film) => film.files.every((file) => existsSync(join(folder, file))))
    .map((film) => [film.name, film]),
)

export const bytesOf = (file) => readFileSync(join(folder, file))

/** A static MPD of one Period: SegmentBase over each file's sidx, default_KID from tenc, and the file's own pssh boxes, which is all a peer can use. */
export function mpd(film) {
  const sets = film.files.map((file, i) => adaptationSet(file, film.codecs[i], film.scheme))
  return `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"
  type="static" minBufferTime="PT2S" mediaPresentationDuration="PT${film.duration}S">
<Period>
${sets.join('\n')}
</Period>
</MPD>
`
}

function adaptationSet(file, codec, scheme) {
  const bytes = bytesOf(file)
  const top = boxes(bytes)
  const [sidx] = top.filter(({ type }) => type === 'sidx')
  if (!sidx) throw new Error(`${file} has no sidx, without which SegmentBase has no index`)
  const moov = top.find(({ type }) => type === 'moov')
  const type = codec.startsWith('mp4a') ? 'audio' : 'video'
  const bandwidth = Math.round((bytes.length * 8) / duration(bytes, sidx))
  const size = type === 'video' ? ' width="640" height="360" frameRate="25"' : ''
  return `<AdaptationSet contentType="${type}" mimeType="${type}/mp4" segmentAlignment="true" startWithSAP="1">
${protection(bytes, moov, scheme)}
<Representation id="${type}" codecs="${codec}" bandwidth="${bandwidth}"${size}>
<BaseURL>/media/${file}</BaseURL>
<SegmentBase indexRange="${sidx.start}-${sidx.end - 1}"><Initialization range="0-${sidx.start - 1}"/></SegmentBase>
</Representation>
</AdaptationSet>`
}

function protection(bytes, moov, scheme) {
  const tenc = bytes.indexOf('tenc', moov.start, 'latin1') + 4
  const kid = bytes.toString('hex', tenc + 8, tenc + 24).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  const common = boxes(bytes, moov.start + 8, moov.end).filter(({ type }) => type === 'pssh')
  const pssh = common.map(({ start, end }) => `<cenc:pssh>${bytes.toString('base64', start, end)}</cenc:pssh>`).join('')
  return `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="${scheme}" cenc:default_KID="${kid}"/>
<ContentProtection schemeIdUri="urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b">${pssh}</ContentProtection>`
}

/** Seconds, by the sidx: ISO/IEC 14496-12, 8.16.3. */
function duration(bytes, { start }) {
  const wide = bytes[start + 8] === 1
  const entries = start + (wide ? 40 : 32)
  let ticks = 0
  for (let i = 0; i < bytes.readUInt16BE(entries - 2); i++) ticks += bytes.readUInt32BE(entries + 12 * i + 4)
  return ticks / bytes.readUInt32BE(start + 16)
}

function boxes(bytes, start = 0, end = bytes.length) {
  const found = []
  for (let at = start; at < end; ) {
    const size = bytes.readUInt32BE(at)
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), start: at, end: at + size })
    at += size
  }
  return found
}
