// Prints what the artefacts weigh against size-budget.json, and fails past it. Brotli is what a good server sends: quality 11, the default window.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const read = (path) => readFileSync(join(import.meta.dirname, path))
const number = (n) => n.toLocaleString('en-GB').padStart(11)
const budget = JSON.parse(read('size-budget.json'))

let over = 0
console.log('                              raw      budget      brotli      budget')
for (const [name, limit] of Object.entries(budget.artefacts)) {
  const bytes = read(join('dist', name))
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length
  const fails = bytes.length > limit.raw || brotli > limit.brotli
  const own = limit.base ? `  (our own share: ${(brotli - limit.base).toLocaleString('en-GB')})` : ''
  console.log(
    `${name.padEnd(22)}${number(bytes.length)} ${number(limit.raw)} ${number(brotli)} ${number(limit.brotli)}${own}${fails ? '  OVER BUDGET' : ''}`,
  )
  over += fails
}
process.exitCode = over ? 1 : 0
