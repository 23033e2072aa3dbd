// node web/strip.mjs in.wasm out.wasm: rewrites the data of a Go program for js/wasm, which compresses to a little over half then. Every
// visitor downloads these bytes.
// - The line tables go: only tracebacks read them. A crash still names its functions, each at "?:0"; a plain `go build` has the lines.
// - Tables of points unsafe for asynchronous preemption go: wasm has no signals, so nothing reads them (runtime/os_wasm.go: preemptMSupported).
// - The index from pc to function, 320 bytes to each, of which the runtime reads 5, is not in the data: a start function of 30 bytes writes what is
//   read. The browser unpacks and copies 2 MB less before it can compile, on the thread of the page.
// - Data segments are few: the linker skips runs of eight zeros, and the 70,000 headers that this makes cost more than the zeros.
// Other code and data stay as they are, at the same addresses. What the tables look like is in Go's runtime/symtab.go, runtime2.go (_func) and
// cmd/link/internal/ld/pcln.go. Every offset is checked before anything is changed: tables of another shape are an error, never a broken program.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'

/** The Go releases whose tables have been compared with what is below. */
const known = /^go1\.26\b/

/** The first word of the tables: abi.Go120PCLnTabMagic. */
const magic = 0xfffffff1

/** Fields of runtime.moduledata, in words of 8 bytes; a slice has three. */
const moduledata = { funcnametab: 1, cutab: 4, filetab: 7, pctab: 10, pclntable: 13, ftab: 16, findfunctab: 19, minpc: 20, text: 22, epclntab: 41 }

/** Fields of runtime._func, in bytes. The pcdata and funcdata offsets follow, 4 bytes each. */
const func = { pcsp: 16, pcfile: 20, pcln: 24, npcdata: 28, cuOffset: 32, startLine: 36, nfuncdata: 43, size: 44 }

/** The index among a function's pcdata of the points where it may not be preempted: abi.PCDATA_UnsafePoint. */
const unsafePoint = 0

/** Bytes of runtime.findfunctab to a function: a pc has 65,536 values to a function, and 20 bytes stand for 4,096. The runtime reads the first 5. */
const bucket = 320

/** A run of so many zeros ends a data segment: the header of the next one is 10 bytes. */
const hole = 4096

const check = (holds, what) => {
  if (!holds) throw new Error(`strip: ${what}`)
}

/** Built by a Go whose tables nobody has looked at yet. */
class UnknownGo extends Error {}

/** Strips a module. Returns a new one; throws an Error that says what is not as expected. */
export function strip(wasm) {
  const bytes = Buffer.from(wasm.buffer, wasm.byteOffset, wasm.byteLength)
  const sections = readSections(bytes)
  const version = goVersion(sections)
  if (!known.test(version)) {
    throw new UnknownGo(
      `strip: built by ${version || 'something that is not Go'}: compare its runtime/symtab.go with web/strip.mjs, then add it to \`known\``,
    )
  }
  const data = sections.filter((section) => section.id === 11)
  check(data.length === 1, `${data.length} data sections`)
  const memory = readData(data[0].body)
  const tables = findTables(memory)
  const functions = readFunctions(memory, tables)
  packTables(memory, tables, functions)
  clearIndex(memory, tables)
  const rewritten = withStart(sections, indexWriter(tables))
  rewritten.find(({ id }) => id === 11).body = writeData(memory)
  return Buffer.concat([bytes.subarray(0, 8), ...rewritten.flatMap(({ id, body }) => [Buffer.from([id, ...leb(body.length, 128)]), body])])
}

/** Reads LEB128 numbers and bytes one after the other (https://webassembly.github.io/spec/core/binary/). */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  get done() {
    return this.at >= this.bytes.length
  }

  byte() {
    check(!this.done, 'the file ends in the middle of a section')
    return this.bytes[this.at++]
  }

  /** An unsigned number, or a signed one that is not negative: addresses stay below 2^31. */
  number() {
    let value = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new Error('strip: a number of more than 32 bits')
  }

  take(length) {
    check(length <= this.bytes.length - this.at, 'the file ends in the middle of a section')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}

function readSections(bytes) {
  check(bytes.length >= 8 && bytes.readUInt32LE(0) === 0x6d736100 && bytes.readUInt32LE(4) === 1, 'not a WebAssembly module')
  const reader = new Reader(bytes, 8)
  const sections = []
  while (!reader.done) {
    const start = reader.at
    const id = reader.byte()
    const body = reader.take(reader.number())
    sections.push({ id, start, end: reader.at, body })
  }
  return sections
}

/** The version of Go in the producers section, such as go1.26.1 (https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md). */
function goVersion(sections) {
  for (const { body } of sections.filter((section) => section.id === 0)) {
    const reader = new Reader(body)
    const text = () => reader.take(reader.number()).toString()
    if (text() !== 'producers') continue
    for (let fields = reader.number(); fields > 0; fields--) {
      const field = text()
      for (let values = reader.number(); values > 0; values--) {
        const [name, version] = [text(), text()]
        if (field === 'language' && name === 'Go') return version
      }
    }
  }
  return ''
}

/** The memory as the data section leaves it. */
function readData(body) {
  const reader = new Reader(body)
  const segments = []
  for (let count = reader.number(); count > 0; count--) {
    check(reader.byte() === 0 && reader.byte() === 0x41, 'a data segment that is not at a constant address of the one memory')
    const address = reader.number()
    check(reader.byte() === 0x0b, 'a data segment at a computed address')
    segments.push({ address, bytes: reader.take(reader.number()) })
  }
  check(reader.done, 'bytes after the last data segment')
  segments.sort((a, b) => a.address - b.address)
  const size = segments.reduce((end, { address, bytes }) => {
    check(address >= end, `two data segments at ${address}`)
    return address + bytes.length
  }, 0)
  check(size <= 2 ** 28, 'more than 256 MiB of data')
  const memory = Buffer.alloc(size)
  for (const { address, bytes } of segments) bytes.copy(memory, address)
  return memory
}

function writeData(memory) {
  const segments = []
  const zeros = Buffer.alloc(hole)
  const next = (from) => {
    for (let at = from; at < memory.length; at++) if (memory[at] !== 0) return at
    return memory.length
  }
  for (let start = next(0); start < memory.length; ) {
    const found = memory.indexOf(zeros, start)
    const end = found < 0 ? memory.length : found
    segments.push(Buffer.from([0, 0x41, ...leb(start, 64), 0x0b, ...leb(end - start, 128)]), memory.subarray(start, end))
    start = next(end)
  }
  return Buffer.concat([Buffer.from(leb(segments.length / 2, 128)), ...segments])
}

/** The sections with one more function, which runs before anything else does: a body without its length, of a function that takes and gives nothing. */
function withStart(sections, body) {
  check(!sections.some(({ id }) => id === 8), 'the program has a start function')
  const section = (id) => sections.find((section) => section.id === id)?.body ?? check(false, `no section ${id}`)
  const count = (id) => new Reader(section(id)).number()
  const imported = importedFunctions(section(2))
  const [types, functions] = [count(1), count(3)]
  check(count(10) === functions, 'a function without code')
  const more = {
    1: [0x60, 0, 0],
    3: leb(types, 128),
    10: [...leb(body.length, 128), ...body],
  }
  const start = { id: 8, body: Buffer.from(leb(imported + functions, 128)) }
  return sections.flatMap(({ id, body }) => {
    const rewritten = { id, body: more[id] ? longer(body, more[id]) : body }
    return id === 9 ? [start, rewritten] : [rewritten]
  })
}

/** A vector with one more element. */
function longer(vector, element) {
  const reader = new Reader(vector)
  const count = reader.number()
  return Buffer.concat([Buffer.from(leb(count + 1, 128)), vector.subarray(reader.at), Buffer.from(element)])
}

/** How many functions are imported: Go imports nothing else. */
function importedFunctions(body) {
  const reader = new Reader(body)
  const count = reader.number()
  for (let i = 0; i < count; i++) {
    for (const name of ['module', 'field']) check(reader.take(reader.number()).length > 0, `an import without a ${name}`)
    check(reader.byte() === 0, 'an import that is not a function')
    reader.number()
  }
  check(reader.done, 'bytes after the last import')
  return count
}

/** The number of an i32.const. */
const signed = (value) => leb(value, 64)

/** LEB128; the last byte stays below limit: 128, or 64 for a number that is read as signed. */
function leb(value, limit) {
  const bytes = []
  for (; value >= limit; value = Math.floor(value / 128)) bytes.push((value & 127) | 128)
  return [...bytes, value]
}

const word = (memory, at) => (at + 8 <= memory.length ? Number(memory.readBigUInt64LE(at)) : 0)

/** Finds runtime.pcHeader and the runtime.moduledata that points to it, and says where the tables are: { start, length } in bytes. */
function findTables(memory) {
  const found = []
  for (let header = 0; header + 72 <= memory.length; header += 8) {
    if (memory.readUInt32LE(header) !== magic || memory.readUInt32LE(header + 4) !== 0x08010000) continue
    const starts = [4, 5, 6, 7, 8].map((field) => header + word(memory, header + 8 * field))
    for (let module = 0; module + 8 <= memory.length; module += 8) {
      if (word(memory, module) === header && word(memory, module + 8) === starts[0]) found.push({ header, module, starts })
    }
  }
  check(found.length === 1, `${found.length} symbol tables where there should be one`)
  const { header, module, starts } = found[0]
  const field = (name, plus = 0) => word(memory, module + 8 * (moduledata[name] + plus))
  const slice = (name, size) => ({ start: field(name), length: field(name, 1) * size })
  const tables = {
    functions: word(memory, header + 8),
    funcnametab: slice('funcnametab', 1),
    cutab: slice('cutab', 4),
    filetab: slice('filetab', 1),
    pctab: slice('pctab', 1),
    pclntable: slice('pclntable', 1),
    findfunctab: { start: field('findfunctab'), length: field('epclntab') - field('findfunctab') },
  }
  const inOrder = ['funcnametab', 'cutab', 'filetab', 'pctab', 'pclntable'].map((name) => tables[name])
  inOrder.forEach((table, i) => {
    check(table.start === starts[i], `table ${i} of the header is not where moduledata says`)
    check(table.start + table.length <= (inOrder[i + 1] ?? tables.findfunctab).start, `table ${i} of the header runs into the next`)
  })
  check(field('ftab') === tables.pclntable.start && field('ftab', 1) === tables.functions + 1, 'ftab is not the beginning of pclntable')
  check(field('epclntab') <= module, 'findfunctab is not before moduledata')
  check(field('text') === 0, 'text does not begin at 0')
  return { ...tables, firstFunction: field('minpc') / 65536 }
}

/** The address of each runtime._func, in the order of the program. */
function readFunctions(memory, { functions, firstFunction, pclntable }) {
  const u32 = (at) => memory.readUInt32LE(at)
  check(functions > 0 && functions * 8 + 4 <= pclntable.length, `${functions} functions in ${pclntable.length} bytes`)
  const result = []
  let end = functions * 8 + 4
  for (let i = 0; i < functions; i++) {
    const entry = pclntable.start + 8 * i
    const start = Math.ceil(end / 8) * 8
    check(u32(entry + 4) === start && start + func.size <= pclntable.length, `function ${i} is not after the one before it`)
    const at = pclntable.start + start
    check(u32(entry) === firstFunction + i && u32(at) === firstFunction + i, `function ${i} has another number`)
    end = start + func.size + 4 * (u32(at + func.npcdata) + memory[at + func.nfuncdata])
    check(end <= pclntable.length, `function ${i} runs past the table`)
    result.push(at)
  }
  check(pclntable.length - end < 8, 'bytes after the last function')
  return result
}

/**
 * Writes pctab anew without the tables that nobody needs, those of one kind together, and leaves zeros behind it.
 * Offset 0 stands for no table; the runtime reads such a line as 0 in the file "?".
 */
function packTables(memory, { cutab, filetab, pctab }, functions) {
  const tables = readTables(memory, pctab, functions)
  const kinds = []
  for (const at of functions) {
    for (const field of [func.pcfile, func.pcln, func.cuOffset, func.startLine]) memory.writeUInt32LE(0, at + field)
    const pcdata = pcdataFields(memory, at)
    if (pcdata.length > unsafePoint) memory.writeUInt32LE(0, pcdata[unsafePoint])
    for (const [kind, field] of [at + func.pcsp, ...pcdata].entries()) {
      kinds[kind] ??= []
      kinds[kind].push(field)
    }
  }
  memory.fill(0, pctab.start, pctab.start + pctab.length)
  const moved = new Map([[0, 0]])
  let next = 1
  for (const field of kinds.flat()) {
    const offset = memory.readUInt32LE(field)
    if (!moved.has(offset)) {
      moved.set(offset, next)
      next += tables.get(offset).copy(memory, pctab.start + next)
    }
    memory.writeUInt32LE(moved.get(offset), field)
  }
  for (const { start, length } of [cutab, filetab]) memory.fill(0, start, start + length)
}

const pcdataFields = (memory, at) => Array.from({ length: memory.readUInt32LE(at + func.npcdata) }, (_, i) => at + func.size + 4 * i)

/** The tables that functions refer to, copied, by their offset in pctab. Together they must fill it: then none has been missed or misread. */
function readTables(memory, pctab, functions) {
  const source = Buffer.from(memory.subarray(pctab.start, pctab.start + pctab.length))
  const tables = new Map()
  for (const at of functions) {
    for (const field of [at + func.pcsp, at + func.pcfile, at + func.pcln, ...pcdataFields(memory, at)]) {
      const offset = memory.readUInt32LE(field)
      if (offset !== 0 && !tables.has(offset)) tables.set(offset, source.subarray(offset, tableEnd(source, offset)))
    }
  }
  let end = 1
  for (const offset of [...tables.keys()].sort((a, b) => a - b)) {
    check(offset === end, `nothing refers to the table at ${end} of pctab (stripped already?)`)
    end += tables.get(offset).length
  }
  check(source.length - end < 8, `nothing refers to the table at ${end} of pctab (stripped already?)`)
  return tables
}

/** A table is pairs of numbers, how much the value grows and for how many pcs, until a pair other than the first begins with 0. */
function tableEnd(source, offset) {
  const reader = new Reader(source, offset)
  for (let first = true; ; first = false) {
    if (reader.number() === 0 && !first) return reader.at
    reader.number()
  }
}

/** Clears runtime.findfunctab, in which the entry of every function is its number: what indexWriter writes. */
function clearIndex(memory, { functions, findfunctab: { start, length } }) {
  check((functions - 1) * bucket + 5 <= length && length <= functions * bucket, `findfunctab has ${length} bytes for ${functions} functions`)
  for (let i = 0; i < functions; i++) {
    const at = start + i * bucket
    check(memory.readUInt32LE(at) === i && memory[at + 4] === 0, `findfunctab has another function at ${i}`)
  }
  memory.fill(0, start, start + length)
}

/** The body of a function: for (let i = 1; i < functions; i++) memory.writeUInt32LE(i, start + i * bucket). */
function indexWriter({ functions, findfunctab: { start } }) {
  check(functions > 1, 'a program of one function')
  const [i, one] = [
    [0x20, 0], // local.get 0
    [0x41, 1], // i32.const 1
  ]
  return [
    ...[1, 1, 0x7f], // one local, i32
    ...[...one, 0x21, 0], // local.set
    ...[0x03, 0x40], // loop
    ...[...i, 0x41, ...signed(bucket), 0x6c, ...i, 0x36, 2, ...leb(start, 128)], // i32.store(i32.mul(i, bucket), i) at start
    ...[...i, ...one, 0x6a, 0x22, 0, 0x41, ...signed(functions), 0x48, 0x0d, 0], // br_if i32.lt_s(local.tee(i32.add(i, 1)), functions)
    ...[0x0b, 0x0b], // end, end
  ]
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const [from, to] = process.argv.slice(2)
  const wasm = readFileSync(from)
  let out = wasm
  try {
    out = strip(wasm)
  } catch (error) {
    // The program works as it is; `make size` says whether it may be released so.
    if (!(error instanceof UnknownGo)) throw error
    console.warn(`${error.message}. Until then the program is 150 kB larger.`)
  }
  writeFileSync(to, out)
}
