// Writes films.json to standard output. The argument is a file with a line a film, as make.sh notes it; ffprobe and the files' own boxes
// tell the rest.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const films = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n').map(film)
process.stdout.write(`${JSON.stringify(films, null, 2)}\n`)

function film(line) {
  const [name, title, scheme, pssh, keys, files, probed] = line.split('\t').map((field, i) => (i < 4 ? field : field.split(' ').filter(Boolean)))
  const probes = probed.map(probe)
  const poster = [`${name}.webp`, `${name.replace(/-video$/, '')}.webp`].find(existsSync)
  return {
    name,
    title,
    files,
    container: files[0].endsWith('.webm') ? 'webm' : 'mp4',
    codecs: probes.map((p) => p.codecs.join(',')),
    scheme,
    keys: Object.fromEntries(keys.map((pair) => pair.split(':'))),
    pssh,
    duration: Math.max(...probes.map((p) => p.duration)),
    frames: probes.reduce((sum, p) => sum + p.frames, 0),
    rotation: files.some((file) => readFileSync(file).includes('seig')), // the fragments name keys, the header does not
    fragmented: files.every((file) => file.endsWith('.webm') || readFileSync(file).includes('mvex')), // WebM can always be appended
    poster,
  }
}

function probe(file) {
  const { streams, format } = JSON.parse(execFileSync('ffprobe', [
    '-v', 'quiet', '-count_packets', '-show_streams', '-show_format', '-of', 'json', file,
  ]))
  const bytes = readFileSync(file)
  return {
    codecs: streams.map((stream) => codec(stream, bytes)),
    duration: Number(format.duration),
    frames: streams.filter((s) => s.codec_type === 'video').reduce((sum, s) => sum + Number(s.nb_read_packets), 0),
  }
}

// codec is the name that a MIME type takes (RFC 6381, and the WebM project's names).
function codec({ codec_name: name }, bytes) {
  if (name === 'h264') return `avc1.${bytes.subarray(bytes.indexOf('avcC') + 5).toString('hex', 0, 3)}`
  return { aac: 'mp4a.40.2' }[name] ?? name
}
