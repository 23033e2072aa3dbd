// keystream-cdm.js, the Worker of the software CDM: it runs cdm.wasm, and hands it what the page asks, one thing after the other. Bytes pass straight
// between the page's buffers and Go's memory. wasm/README.md lists all that crosses.
import { Go, globals } from 'wasm_exec'
import { WebCrypto } from './cdmcrypto.js'
import type { FromWorker, InitData, ToWorker } from './cdmmessage.js'
import { Output } from './cdmoutput.js'
import { compile, unavailable } from './compile.js'
import type { KeystreamError } from './error.js'

type Work = Exclude<ToWorker, { type: 'start' | 'cancel' | 'close' }>

/** Go's one function. */
type Call = (method: string, decrypter?: number, goesOn?: boolean) => void

interface Decrypting {
  id: number
  input: Uint8Array[]
  output: Output
  initData: InitData[]
  missing: Uint8Array<ArrayBuffer>
  done: () => void
}

/** How often a page hears of a Worker that is busy, in milliseconds. */
const aliveEvery = 1000

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void
  postMessage(message: FromWorker, transfer?: Transferable[]): void
  close(): void
}

/** What the page waits for. */
const wanted = new Set<number>()
/** What decrypters have not read yet: there is more than one buffer only while a key lacks. */
const inputs = new Map<number, Uint8Array[]>()
let input: Uint8Array[] = []
let current: Decrypting | undefined
let call: Call
let queue: Promise<void>
let over = false
let posted = 0

function post(message: FromWorker, transfer?: Transferable[]): void {
  if (over) return
  posted = performance.now()
  scope.postMessage(message, transfer)
}

function die(cause: unknown): void {
  if (cause) console.error(cause)
  post({ type: 'died' })
  over = true
}

scope.onmessage = ({ data }) => {
  switch (data.type) {
    case 'start':
      queue = start(new URL(data.wasm)).catch(giveUp)
      break
    case 'cancel':
      wanted.delete(data.id)
      break
    case 'close':
      // At once, whatever waits in the queue: Go wipes the keys that it has.
      input = []
      call?.('setKeys')
      over = true
      scope.close()
      break
    default:
      if (data.type === 'decrypt') wanted.add(data.id)
      queue = queue.then(() => (over ? undefined : work(data))).catch(die)
  }
}

function work(message: Work): Promise<void> | void {
  switch (message.type) {
    case 'keys':
      input = [message.keys]
      call('setKeys')
      message.keys.fill(0)
      return
    case 'decrypt':
      return decrypt(message)
    default:
      inputs.delete(message.decrypter)
      call(message.type, message.decrypter)
  }
}

function decrypt({ id, decrypter, data }: Extract<Work, { type: 'decrypt' }>): Promise<void> | void {
  if (!wanted.has(id)) return
  input = inputs.get(decrypter) ?? []
  inputs.set(decrypter, input)
  if (data?.byteLength) input.push(new Uint8Array(data))
  return new Promise((resolve) => {
    const done = () => {
      current = undefined
      wanted.delete(id)
      resolve()
    }
    // What is kept from before comes first, and is not in this buffer.
    const output = new Output(input.length === 1 ? data : null)
    current = { id, input, output, initData: [], missing: new Uint8Array(), done }
    call('decrypt', decrypter, data === null)
  })
}

async function start(url: URL): Promise<void> {
  const module = await compile(url, 'cdm.wasm', 'keystream-cdm.js')
  const go = new Go()
  let memory: WebAssembly.Memory
  const bytes = (at: number, length: number) => new Uint8Array(memory.buffer as ArrayBuffer, at >>> 0, length >>> 0)
  const copy = (at: number, length: number) => bytes(at, length).slice()
  const text = (at: number, length: number) => new TextDecoder().decode(bytes(at, length))
  const webCrypto = new WebCrypto(bytes, (done) => call(done ? 'crypted' : 'refused'))

  // The functions that Go imports (wasm/cdm/page.go). Numbers are addresses and lengths in its memory.
  go.importObject.cdm = {
    read(at: number, room: number): number {
      const [first] = input
      if (!first || (current && !wanted.has(current.id))) return 0
      if (performance.now() - posted > aliveEvery) post({ type: 'alive' })
      const piece = first.subarray(0, room)
      bytes(at, piece.length).set(piece)
      if (piece.length === first.length) input.shift()
      else input[0] = first.subarray(room)
      current?.output.read(piece.length)
      return piece.length
    },
    write: (at: number, length: number) => current?.output.write(bytes(at, length)),
    initData: (type: number, typeLength: number, at: number, length: number) =>
      void current?.initData.push([text(type, typeLength), copy(at, length)]),
    missing(at: number, length: number): void {
      if (current) current.missing = copy(at, length)
    },
    decrypted(): void {
      if (!current) return
      const { id, initData, missing } = current
      const clear = current.output.take()
      post({ type: 'decrypted', id, clear, initData, missing }, clear ? [clear] : [])
      current.done()
    },
    failed(reason: number, reasonLength: number, message: number, length: number): void {
      if (!current) return
      current.input.length = 0
      post({ type: 'failed', id: current.id, reason: text(reason, reasonLength), message: text(message, length) })
      current.done()
    },
    crypt: (at: number, count: number) => webCrypto.decrypt(at >>> 0, count),
    forget: (key: number) => webCrypto.forget(key >>> 0),
  }
  const instance = await WebAssembly.instantiate(module, go.importObject).catch((cause) => {
    const remedy = 'Build keystream-cdm.js and cdm.wasm from one version, and free memory.'
    throw unavailable('cdm.wasm could not be instantiated', remedy, { url: url.href }, cause)
  })
  memory = instance.exports.mem as WebAssembly.Memory
  run(go, instance)
  post({ type: 'started' })
}

/** Runs the program up to where it first waits, and watches it from then on. */
function run(go: Go, instance: WebAssembly.Instance): void {
  const bury = (cause?: unknown) => {
    // Go's glue calls a timer's program again and again until it takes notice, and a dead one never does.
    for (const timeout of go._scheduledTimeouts.values()) clearTimeout(timeout)
    go._scheduledTimeouts.clear()
    die(cause)
  }
  const resume = go._resume
  go._resume = () => {
    if (go.exited) return
    try {
      resume.call(go)
    } catch (error) {
      // A trap or a stack overflow unwinds Go's stack without an exit: nothing can run on it any more.
      go.exited = true
      bury(error)
    }
  }
  go.exit = () => bury()
  const ready = (f: Call) => {
    call = f
  }
  Object.assign(globalThis, globals, { __keystream: { ready } })
  go.run(instance).then(() => bury(), bury)
}

function giveUp({ message, remedy, url }: KeystreamError): void {
  post({ type: 'unavailable', message: `${message}. ${remedy}`, url: url ?? '' })
  over = true
}
