import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { strip } from '../../strip.mjs'

// Leans on all that the runtime reads of its tables: stacks that grow and are scanned, defers that run in a panic, callers. It ends in a panic.
const source = `package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

type node struct {
	next  *node
	value int
}

func descend(depth int, above *node) (sum int) {
	here := &node{above, depth}
	if depth > 0 {
		sum = descend(depth-1, here)
		return sum + here.value - here.value
	}
	runtime.GC()
	for n := here; n != nil; n = n.next {
		sum += n.value
	}
	return sum
}

func crowd() (total int) {
	var wait sync.WaitGroup
	sums := make([]int, 200)
	for i := range sums {
		wait.Go(func() {
			kept := map[int]*node{}
			for j := range 50 {
				kept[j] = &node{value: i + j}
				if j%10 == 0 {
					runtime.Gosched()
				}
				if i%50 == 0 && j == 25 {
					runtime.GC()
				}
			}
			for _, n := range kept {
				sums[i] += n.value
			}
		})
	}
	wait.Wait()
	for _, sum := range sums {
		total += sum
	}
	return total
}

func rescue(f func()) (result string) {
	defer func() { result += fmt.Sprint(recover(), strings.Contains(string(debug.Stack()), "main.rescue")) }()
	defer func() { result = "deferred: " }()
	f()
	return "no panic"
}

func callers() (names []string) {
	pcs := make([]uintptr, 10)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		names = append(names, frame.Function)
		if !more {
			return names
		}
	}
}

func explode(depth int) {
	if depth > 0 {
		explode(depth - 1)
	}
	panic(errors.New("the end"))
}

func main() {
	var none *node
	var empty []int
	var text any = "text"
	fmt.Println(descend(5000, nil), crowd())
	fmt.Println(rescue(func() { none.value++ }))
	fmt.Println(rescue(func() { empty[len(os.Args)]++ }))
	fmt.Println(rescue(func() { _ = text.(int) }))
	fmt.Println(rescue(func() { panic(errors.New("of our own")) }))
	fmt.Println(func() []string { return callers() }())
	pc, _, _, ok := runtime.Caller(0)
	fmt.Println(runtime.FuncForPC(pc).Name(), ok)
	explode(3)
}
`

const directory = mkdtempSync(join(tmpdir(), 'keystream-'))
after(() => rmSync(directory, { recursive: true }))
writeFileSync(join(directory, 'main.go'), source)

const go = (...args) => execFileSync('go', args, { cwd: directory, encoding: 'utf8', env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' } })
const host = join(go('env', 'GOROOT').trim(), 'lib/wasm/wasm_exec_node.js')

function build(...flags) {
  go('build', '-ldflags=-s -w', ...flags, '-o', 'program.wasm', 'main.go')
  return readFileSync(join(directory, 'program.wasm'))
}

function run(wasm) {
  const file = join(directory, 'run.wasm')
  writeFileSync(file, wasm)
  const { status, stdout, stderr } = spawnSync(process.execPath, [host, file], { encoding: 'utf8', env: {}, timeout: 60_000 })
  return { status, stdout, stderr }
}

const asShipped = build('-trimpath', '-gcflags=all=-l')

for (const [name, wasm] of [
  ['built as player.wasm is', asShipped],
  ['with inlining, as Go builds by default', build()],
]) {
  test(`a program ${name} does without its line tables what it does with them`, () => {
    const before = run(wasm)
    assert.equal(before.status, 2, before.stderr)
    assert.match(before.stdout, /^12502500 1240000\n/)
    assert.match(before.stderr, /^panic: the end\n[\s\S]*\nmain\.explode\(.*\)\n\t\S*main\.go:\d+/)
    const lost = { ...before, stderr: before.stderr.replace(/^\t\S+:\d+/gm, '\t?:0') }
    assert.deepEqual(run(strip(wasm)), lost)
  })
}

test('the tables are gone, and the code is not', () => {
  const stripped = strip(asShipped)
  assert.ok(asShipped.includes('runtime/proc.go'))
  assert.ok(!stripped.includes('runtime/proc.go'))
  assert.ok(stripped.includes('main.explode'))
  assert.ok(stripped.includes(asShipped.subarray(500_000, 1_000_000)), 'code has changed')
})

test('the index of functions is written by the start function, and is not in the file', async () => {
  const { exports, imports } = WebAssembly.Module
  const stripped = strip(asShipped)
  assert.ok(asShipped.length - stripped.length > 320 * 1000, `${asShipped.length - stripped.length} bytes less`)
  const memories = []
  for (const wasm of [asShipped, stripped]) {
    const module = await WebAssembly.compile(wasm)
    assert.deepEqual(
      exports(module).map(({ name }) => name),
      ['run', 'resume', 'getsp', 'mem'],
    )
    const gojs = Object.fromEntries(imports(module).map(({ name }) => [name, () => {}]))
    const instance = await WebAssembly.instantiate(module, { gojs })
    memories.push(Buffer.from(instance.exports.mem.buffer))
  }
  const [before, after] = memories
  // Of each entry of 320 bytes, the first 5 are read: the number of the function, and 0.
  const entry = (memory, at, i) => memory.readUInt32LE(at + 320 * i) === i && memory[at + 320 * i + 4] === 0
  const isIndex = (at) => [1, 2, 3, 500, 999].every((i) => entry(before, at, i))
  let at = 0
  while (!isIndex(at)) at += 8
  let functions = 0
  while (entry(before, at, functions)) functions++
  assert.ok(functions > 1000, `${functions} functions`)
  for (let i = 0; i < functions; i++) assert.ok(entry(after, at, i), `entry ${i}`)
})

test('what is not as expected is refused, and named', () => {
  const changed = (from, to, after = 0) => {
    const at = asShipped.indexOf(from, after)
    assert.ok(at > 0)
    return Buffer.concat([asShipped.subarray(0, at), Buffer.from(to), asShipped.subarray(at + from.length)])
  }
  const header = Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8])
  const cases = [
    [Buffer.from('<!doctype html>'), /not a WebAssembly module/],
    [asShipped.subarray(0, asShipped.length / 2), /ends in the middle/],
    [Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), /not Go/],
    [changed(Buffer.from('go1.26'), 'go1.99', asShipped.lastIndexOf('producers')), /built by go1\.99.*: compare/],
    [changed(header, [0xf0, 0xff, 0xff, 0xff, 0, 0, 1, 8]), /0 symbol tables/],
    [strip(asShipped), /stripped already/],
  ]
  for (const [wasm, message] of cases) assert.throws(() => strip(wasm), message)
})
