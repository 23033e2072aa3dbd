// Where the Worker of the software CDM puts clear bytes: over the encrypted ones, as far as those have been read.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'

const source = join(import.meta.dirname, '../../src/cdmoutput.ts')
const { outputFiles } = await build({ entryPoints: [source], format: 'esm', write: false })
const { Output } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)

const bytes = (from, length) => Uint8Array.from({ length }, (_, i) => from + i)

/** Runs steps, reads as negative numbers of bytes and writes as positive ones, and checks that all comes out in order. */
function run(length, steps) {
  const encrypted = new Uint8Array(length).fill(255)
  const output = new Output(encrypted.buffer)
  let read = 0
  let written = 0
  for (const step of steps) {
    if (step < 0) {
      assert.ok(
        encrypted.subarray(read, read - step).every((byte) => byte === 255),
        'what was not read yet is overwritten',
      )
      output.read(-step)
      read -= step
    } else {
      output.write(bytes(written, step))
      written += step
    }
  }
  const clear = output.take()
  assert.deepEqual(clear && new Uint8Array(clear), written ? bytes(0, written) : null)
  return { clear, encrypted: encrypted.buffer }
}

test('as many clear bytes as encrypted ones are in the same buffer', () => {
  for (const steps of [
    [-10, 10],
    [-4, 3, -6, 7],
    [-5, 0, -5, 5, 5],
  ]) {
    const { clear, encrypted } = run(10, steps)
    assert.equal(clear, encrypted)
  }
})

test('more or fewer are in one of their own', () => {
  for (const steps of [[-10], [3], [-10, 4], [-10, 10, 1], [2, -10, 10], [-4, 6, -6, 4], [-4, 6, -6, 2], [-1, 1, 1, 1, -9, 9]]) {
    const { clear, encrypted } = run(10, steps)
    assert.notEqual(clear, encrypted)
  }
  assert.equal(new Output(null).take(), null)
})
