// Joins two fragmented MP4s of one track, packaged alike but for what is encrypted: node splice.mjs a.mp4 b.mp4 COUNT out.mp4 takes the header and the
// first COUNT fragments of a, and the rest from b. Fragments stay as the packager made them; only the index is written anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { children, find } from './boxes.mjs'

const [a, b, count, output] = process.argv.slice(2)
const [first, second] = [a, b].map((name) => children(readFileSync(name)))
const header = first.slice(0, first.findIndex(({ type }) => type === 'moof'))
const fragments = [...fragmentsOf(first).slice(0, Number(count)), ...fragmentsOf(second).slice(Number(count))]
index(find(header, 'sidx').body)
writeFileSync(output, Buffer.concat([...header.map(({ whole }) => whole), ...fragments]))

function fragmentsOf(boxes) {
  return boxes.flatMap(({ type, whole }, i) => (type === 'moof' ? [Buffer.concat([whole, boxes[i + 1].whole])] : []))
}

// index writes the sizes of the fragments into a sidx (ISO/IEC 14496-12, 8.16.3), whose references keep their times.
function index(sidx) {
  const references = sidx[0] === 0 ? 24 : 32
  fragments.forEach(({ length }, i) => sidx.writeUInt32BE(length, references + 12 * i))
}
