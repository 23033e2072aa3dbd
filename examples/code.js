// The lines that a page of your own would need for what a visitor chose here.

// code writes a player made with config that loads source.
export function code(config, source) {
  return [
    `import { Player } from '../dist/keystream.js'`,
    ``,
    `const player = new Player(document.querySelector('video')${Object.keys(config).length ? `, ${literal(config, 30)}` : ''})`,
    `await player.load(${literal(source, 60)})`,
  ].join('\n')
}

// literal writes a value as code, on one line if that takes no more than room.
function literal(value, room = 0, indent = '') {
  if (value instanceof File) return 'file'
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&')}'`
  if (typeof value !== 'object') return String(value)

  const entries = (inner, space) => Object.entries(value).map(([key, one]) => (
    Array.isArray(value) ? '' : `${name(key)}: `) + literal(one, space, inner))
  const [open, close, pad] = Array.isArray(value) ? ['[', ']', ''] : ['{', '}', ' ']

  // On one line where it fits; around what it holds where that is one thing; else one entry a line.
  const line = `${open}${pad}${entries('', Infinity).join(', ')}${pad}${close}`
  if (line.length <= room) return line
  if (indent && Object.keys(value).length === 1) return `${open}${pad}${entries(indent, 0)}${pad}${close}`
  const inner = `${indent}  `
  return `${open}\n${entries(inner, 92 - inner.length).map((entry) => `${inner}${entry},\n`).join('')}${indent}${close}`
}

const name = (key) => (/^[a-z]\w*$/i.test(key) ? key : literal(key))
