// The page's side of the software CDM: a Worker, the keys that it is told, and what becomes of it.
import type { FromWorker, InitData, ToWorker } from './cdmmessage.js'

/** What a request became: the last three are of a reason only. "lost": the Worker died, with all it knew of the stream. */
export interface Answer {
  clear?: ArrayBuffer | null
  initData?: InitData[]
  missing?: Uint8Array
  reason?: 'lost' | 'unavailable' | string
  message?: string
  url?: string
}

const lost: Answer = { reason: 'lost' }

/** A Worker that is asked something and then says nothing for two to three times so long, in milliseconds, is dead. */
const patience = 5000

/** How long a Worker may take to wipe its keys before it is ended all the same, in milliseconds. */
const farewell = 1000

/**
 * A place where media is decrypted. Its Worker is started at once, while the licence is still on its way; after it died, or could not start, when it is
 * next needed.
 */
export class Decryption {
  /** How many Workers have died. */
  deaths = 0
  #keys = new Uint8Array(0)
  #worker?: Worker
  #started = false
  #closed = false
  #silent = 0
  #watch?: ReturnType<typeof setInterval>
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #last = 0

  constructor() {
    // A failure is told to who decrypts first.
    this.#spawn()
  }

  /** The next number of a decrypter or a request. */
  next(): number {
    return ++this.#last
  }

  /** Takes over all the keys there are: id, key, and so on, of 16 bytes each. */
  setKeys(keys: Uint8Array<ArrayBuffer>): void {
    this.#keys.fill(0)
    if (this.#closed) keys.fill(0)
    else this.#keys = keys
    if (this.#worker) this.#postKeys()
  }

  /** Lets a decrypter go on with its stream. The buffer is given away. */
  decrypt(decrypter: number, data: ArrayBuffer | null, signal: AbortSignal): Promise<Answer> {
    if (this.#closed) return Promise.resolve(lost)
    if (!this.#worker) {
      const failure = this.#spawn()
      if (failure) return Promise.resolve(failure)
    }
    const id = this.next()
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      signal.addEventListener('abort', () => {
        if (this.#waiting.delete(id)) this.post({ type: 'cancel', id })
      })
      this.post({ type: 'decrypt', id, decrypter, data }, data ? [data] : [])
    })
  }

  /** Tells the Worker, if there is one. */
  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer)
  }

  close(): void {
    const worker = this.#worker
    this.post({ type: 'close' })
    this.#closed = true
    this.#keys.fill(0)
    this.#end(lost)
    if (worker) setTimeout(() => worker.terminate(), farewell)
  }

  #postKeys(): void {
    const keys = this.#keys.slice()
    this.post({ type: 'keys', keys }, [keys.buffer])
  }

  #spawn(): Answer | undefined {
    const script = new URL('./keystream-cdm.js', import.meta.url)
    let worker: Worker
    try {
      worker = newWorker(script)
    } catch (error) {
      return unavailable(script, `keystream-cdm.js may not run as a Worker: ${error}. ${allow}`)
    }
    this.#worker = worker
    this.#started = false
    worker.onmessage = ({ data }) => worker === this.#worker && this.#receive(data)
    worker.onmessageerror = () => worker === this.#worker && this.#bury(lost)
    worker.onerror = async (event) => {
      // It is told where it belongs; the page's own handlers need not hear of it.
      event.preventDefault()
      if (event.message) console.error(`keystream-cdm.js: ${event.message}`)
      if (worker !== this.#worker) return
      if (this.#started) this.#bury(lost)
      else {
        const failure = unavailable(script, await diagnose(script))
        if (worker === this.#worker) this.#bury(failure)
      }
    }
    this.#silent = 0
    this.#watch = setInterval(() => this.#look(), patience)
    this.post({ type: 'start', wasm: new URL('./cdm.wasm', import.meta.url).href })
    this.#postKeys()
    return undefined
  }

  #receive(message: FromWorker): void {
    this.#silent = 0
    switch (message.type) {
      case 'started':
        this.#started = true
        break
      case 'unavailable':
        this.#bury({ reason: 'unavailable', message: message.message, url: message.url })
        break
      case 'died':
        this.#bury(lost)
        break
      case 'decrypted':
      case 'failed':
        this.#waiting.get(message.id)?.(message)
        this.#waiting.delete(message.id)
    }
  }

  /** Counts how often nothing was heard: once is not enough, since a machine that slept runs timers before it delivers what had been sent. */
  #look(): void {
    this.#silent = this.#started && this.#waiting.size > 0 ? this.#silent + 1 : 0
    if (this.#silent > 2) this.#bury(lost)
  }

  #bury(answer: Answer): void {
    this.#worker?.terminate()
    this.#end(answer)
  }

  #end(answer: Answer): void {
    clearInterval(this.#watch)
    this.#worker = undefined
    this.deaths++
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const resolve of waiting) resolve(answer)
  }
}

/** The decrypter of one stream. */
export class Decrypter {
  readonly #decryption: Decryption
  readonly #id: number
  /** How many Workers had died when this one was given the stream's beginning; undefined before. */
  #born?: number

  constructor(decryption: Decryption) {
    this.#decryption = decryption
    this.#id = decryption.next()
  }

  async decrypt(data: ArrayBuffer | null, signal: AbortSignal): Promise<Answer> {
    this.#born ??= this.#decryption.deaths
    const alive = this.#born === this.#decryption.deaths
    const answer = alive ? await this.#decryption.decrypt(this.#id, data, signal) : lost
    // It is said once: the stream is to begin anew.
    if (answer.reason === 'lost' || answer.reason === 'unavailable') this.#born = undefined
    return answer
  }

  reset(): void {
    this.#decryption.post({ type: 'reset', decrypter: this.#id })
  }

  close(): void {
    this.#decryption.post({ type: 'free', decrypter: this.#id })
  }
}

const allow = 'Allow it in worker-src (and blob:, where it is on another origin), and the policy "keystream" in trusted-types.'

function unavailable(url: URL, message: string): Answer {
  return { reason: 'unavailable', message, url: url.origin === 'null' ? url.href : url.origin + url.pathname }
}

let policy: { createScriptURL(url: string): string } | undefined

/** Starts a script as a Worker. Of another origin none may be, but a blob of our own origin may import it. */
function newWorker(script: URL): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): typeof policy } }
  policy ??= trustedTypes?.createPolicy('keystream', { createScriptURL: (url: string) => url })
  const foreign = script.origin !== location.origin
  const source = foreign ? URL.createObjectURL(new Blob([`import ${JSON.stringify(script.href)}`], { type: 'text/javascript' })) : script.href
  const worker = new Worker(policy?.createScriptURL(source) ?? source, { type: 'module' })
  // The browser looks the blob up before the constructor returns, or soon after it.
  if (foreign) setTimeout(() => URL.revokeObjectURL(source), 60_000)
  return worker
}

/** Why a Worker may not have started: the browser's event does not tell. */
async function diagnose(script: URL): Promise<string> {
  let response: Response
  try {
    response = await fetch(script)
    void response.body?.cancel()
  } catch {
    return 'keystream-cdm.js could not be fetched. Serve it beside keystream.js, with CORS when on another origin, and allow it in connect-src.'
  }
  if (!response.ok) return `keystream-cdm.js came with HTTP status ${response.status}. Serve it beside keystream.js.`
  const type = response.headers.get('Content-Type') ?? 'no type'
  if (!/^(text|application)\/(x-)?javascript\b/i.test(type)) return `keystream-cdm.js came as ${type}. Serve it as text/javascript.`
  return `keystream-cdm.js did not start as a Worker. ${allow}`
}
