import { Go, globals } from 'wasm_exec'
import { compile, unavailable } from './compile.js'
import type { CrossedConfig, CrossedKeySystem, CrossedSource } from './crossing.js'
import { failure, type KeystreamError } from './error.js'
import { asked, looked } from './head.js'
import { bridge } from './host.js'
import type { BufferedMedia, KeySystemReport, LicenseTiming, TrackKind } from './types.js'

/** Makes a player inside Go. Its promises reject with error details. */
export type Factory = (video: HTMLMediaElement, config: CrossedConfig, emit: (type: string, detail: object) => void) => GoPlayer

export interface GoPlayer {
  load(source: CrossedSource): Promise<void>
  unload(): Promise<void>
  retryLicense(): Promise<void>
  selectTrack(choice: { kind: TrackKind; id: string }): Promise<void>
  selectQuality(id: string): Promise<void>
  buffered(): BufferedMedia
  throughput(): number
  timings(): LicenseTiming[]
  close(): Promise<void>
}

/** Asks the browser about key systems, without a player. */
export type Probe = (keySystems: CrossedKeySystem[]) => Promise<KeySystemReport>

/** A running Go program. One serves every player of the page until it dies. */
export class Program {
  readonly factory: Factory
  readonly probe: Probe
  readonly #watchers = new Set<(error: KeystreamError) => void>()
  #death?: KeystreamError

  constructor(factory: Factory, probe: Probe) {
    this.factory = factory
    this.probe = probe
  }

  /** Why it died, if it has. */
  get death(): KeystreamError | undefined {
    return this.#death
  }

  /** Calls f once, from a fresh stack, if the program dies before the function it returns is called. */
  watch(f: (error: KeystreamError) => void): () => void {
    this.#watchers.add(f)
    return () => void this.#watchers.delete(f)
  }

  /** Calls into the program, and waits for what it promises or for its death: a call into a program that dies of it returns nothing. */
  ask<T>(call: () => Promise<T> | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const unwatch = this.watch(reject)
      const asked = call()
      if (asked) asked.then(resolve, reject).finally(unwatch)
      else reject(this.#death)
    })
  }

  die(error: KeystreamError): void {
    this.#death = error
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const f of watchers) queueMicrotask(() => f(error))
  }
}

let compiled: Promise<WebAssembly.Module> | undefined
let running: Promise<Program> | undefined

/** The page's Go program: it is fetched when first asked for, and started anew after a death or a failure. */
export function program(): Promise<Program> {
  if (running) return running
  const starting = start()
  running = starting
  starting.catch(() => {
    if (running === starting) running = undefined
  })
  return starting
}

async function start(): Promise<Program> {
  compiled ??= compile(new URL('./player.wasm', import.meta.url), 'player.wasm', 'keystream.js', asked).catch((error) => {
    compiled = undefined
    throw error
  })
  const module = await compiled
  const go = new Go()
  let instance: WebAssembly.Instance
  try {
    instance = await WebAssembly.instantiate(module, go.importObject)
  } catch (cause) {
    throw unavailable('player.wasm could not be instantiated', 'Build keystream.js and player.wasm from one version, and free memory.', {}, cause)
  }
  await looked()
  return new Promise((resolve, reject) => {
    let started: Program | undefined
    const ready = (factory: Factory, probe: Probe) => {
      started = new Program(factory, probe)
      resolve(started)
    }
    run(go, instance, ready, (error) => {
      running = undefined
      started?.die(error)
      reject(error)
    })
  })
}

/** Runs the program's first stretch, up to where it first waits, with what it looks up on the global object in place. */
function run(go: Go, instance: WebAssembly.Instance, ready: (factory: Factory, probe: Probe) => void, exited: (error: KeystreamError) => void): void {
  let over = false
  const die = (cause?: unknown) => {
    if (over) return
    over = true
    bury(go)
    exited(
      failure('WASM_EXITED', 'The Go program ended unexpectedly', 'Load again. The console shows why; please report it.', { stage: 'wasm' }, cause),
    )
  }
  const resume = go._resume
  go._resume = () => {
    // Page callbacks outlive the program; its end has been reported already.
    if (over) return
    try {
      resume.call(go)
    } catch (error) {
      // A trap or a stack overflow unwinds Go's stack without an exit: nothing can run on it any more.
      die(error)
      console.error(error)
    }
  }
  go.exit = (code) => die(new Error(`exit code ${code}`))
  const restore = lend({ ...globals, __keystream: { bridge, ready } })
  try {
    go.run(instance).then(die, die)
  } finally {
    restore()
  }
}

/** Sets properties of the global object, until the function it returns is called. */
function lend(properties: Record<string, object>): () => void {
  const before = Object.keys(properties).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  for (const [name, descriptor] of before) {
    // A page's own `var path` cannot be redefined, but it can be given another value.
    const value = properties[name]
    Object.defineProperty(globalThis, name, descriptor ? { value } : { value, configurable: true, writable: true })
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else Reflect.deleteProperty(globalThis, name)
    }
  }
}

/** Frees what a dead program holds: its requests and bodies, and its memory, which listeners that it leaves on page objects would keep. */
function bury(go: Go): void {
  bridge.reset()
  go.exited = true
  for (const timeout of go._scheduledTimeouts.values()) clearTimeout(timeout)
  go._scheduledTimeouts.clear()
  go._inst = go._values = go._goRefCounts = go._ids = go._idPool = go.mem = undefined
}
