// The JavaScript half of Go's package browser: what would cost Go many crossings, or make it hold a big buffer, is done here. Downloaded bodies
// stay in a table, by number, because Go frees what it holds of JavaScript only at a garbage collection. wasm/README.md lists all that crosses.
import { bytesOf as viewOf } from './check.js'
import { Decrypter, Decryption } from './decryption.js'
import { createMediaKeys } from './head.js'
import { media } from './media.js'
import { network } from './network.js'
import { bodyOf, entries, find, keep, keepOpen } from './table.js'

type Deliver = (type: string, text: string, bytes: Uint8Array | null) => void
type Settle = (fulfilled: boolean, value?: unknown, message?: string) => void

const attachments = new WeakMap<HTMLMediaElement, Promise<void>>()
const generating = new WeakMap<MediaKeySession, Promise<void>>()
const asked = new WeakMap<object, AbortController>()

/** The bytes themselves, not a copy; null for what is no BufferSource. */
const bytesOf = (value: unknown) => viewOf(value) ?? null

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The name and message of what was thrown, which may be anything. */
function describe(error: unknown): [name: string, message: string] {
  try {
    const { name, message } = Object(error)
    return typeof name === 'string' && typeof message === 'string' ? [name, message] : ['Error', String(error)]
  } catch {
    return ['Error', 'what was thrown cannot be read']
  }
}

async function setMediaKeys(element: HTMLMediaElement, keys: MediaKeys | null): Promise<void> {
  const { mediaKeys, networkState } = element
  if (keys && mediaKeys && mediaKeys !== keys && networkState !== HTMLMediaElement.NETWORK_EMPTY) {
    throw new DOMException('the element plays with other keys', 'InvalidStateError')
  }
  await element.setMediaKeys(keys)
}

export const bridge = {
  ...network,
  ...media,

  /** Calls done once, when a promise settles, unless its number is released before. A rejection gives a name and a message. */
  settle(promise: unknown, done: Settle): number {
    const id = keep({ stop: asked.get(promise as object) })
    const end: Settle = (...result) => {
      if (entries.delete(id)) done(...result)
    }
    Promise.resolve(promise).then(
      (value) => end(true, value),
      (error) => end(false, ...describe(error)),
    )
    return id
  },

  /** The object that a text is. */
  parse: JSON.parse,

  /** Calls a function of the page's with an object, to which it adds a signal: when the promise's number is released, that is aborted. */
  ask(f: (argument: object) => unknown, argument: object): Promise<unknown> {
    const stop = new AbortController()
    const promise = new Promise((resolve) => resolve(f({ ...argument, signal: stop.signal })))
    asked.set(promise, stop)
    return promise
  },

  /** A promise, with the functions that settle it. */
  deferred() {
    let resolve: unknown
    let reject: unknown
    const promise = new Promise<unknown>((a, b) => {
      resolve = a
      reject = b
    })
    return { promise, resolve, reject }
  },

  /** A player's face: Go has one function for all methods of all players, so that there is nothing to release with each. */
  player(id: number, call: (id: number, method: string, argument?: unknown) => unknown) {
    const method = (name: string) => (argument?: unknown) => call(id, name, argument)
    const names = ['load', 'unload', 'retryLicense', 'selectTrack', 'selectQuality', 'buffered', 'throughput', 'timings', 'close']
    return Object.fromEntries(names.map((name) => [name, method(name)]))
  },

  /**
   * Listens to a target's events until the number is released; of a session, also to its end. A page that is shown for the first time is none that
   * comes back.
   */
  listen(target: EventTarget & { closed?: Promise<string | undefined> | boolean }, types: string[], deliver: Deliver): number {
    const stop = new AbortController()
    const id = keep({ stop })
    for (const type of types) {
      const f = (event: Event) => {
        if (type === 'pageshow' && !(event as PageTransitionEvent).persisted) return
        const { initDataType, initData, messageType, message } = event as MediaEncryptedEvent & MediaKeyMessageEvent
        deliver(type, initDataType ?? messageType ?? '', bytesOf(initData ?? message))
      }
      target.addEventListener(type, f, { signal: stop.signal })
    }
    // A window's tells whether it is.
    if (typeof target.closed === 'object') target.closed.then((reason) => entries.has(id) && deliver('closed', reason ?? '', null))
    return id
  },

  /** Forgets a number, and stops what goes on under it. */
  release(id: number): void {
    entries.get(id)?.stop?.abort()
    entries.delete(id)
  },

  /** How many numbers are in use. */
  live(): number {
    return entries.size
  },

  /** Releases everything, for a Go program that has died. */
  reset(): void {
    for (const id of [...entries.keys()]) this.release(id)
  },

  /**
   * Attaches keys, or detaches with null, after what other players do to the element. Firefox would take away the keys that another player's film is
   * decrypted with; Chromium refuses.
   */
  async setMediaKeys(element: HTMLMediaElement, keys: MediaKeys | null): Promise<void> {
    const before = attachments.get(element)
    const done = (before ?? Promise.resolve()).then(() => setMediaKeys(element, keys))
    attachments.set(
      element,
      done.catch(() => {}),
    )
    await done
  },

  createMediaKeys,

  generateRequest(session: MediaKeySession, type: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
    const done = session.generateRequest(type, data)
    generating.set(session, done)
    return done
  },

  /** The CDM takes a copy; ours is wiped, since it may hold keys. */
  update(session: MediaKeySession, response: Uint8Array<ArrayBuffer>): Promise<void> {
    const done = session.update(response)
    response.fill(0)
    return done
  },

  /** Closes a session as soon as its request lets it, and waits until it is closed. */
  async close(session: MediaKeySession): Promise<void> {
    await generating.get(session)?.catch(() => {})
    await session.close()
    await session.closed
  },

  /** The keys of a session, one a line: the id in hex, a space, the status. */
  keyStatuses(session: MediaKeySession): string {
    const lines: string[] = []
    session.keyStatuses.forEach((status, id) => {
      lines.push(`${hex(bytesOf(id) ?? new Uint8Array())} ${status}`)
    })
    return lines.join('\n')
  },

  /** A place where media is decrypted: a Worker, once it is needed. */
  decryption(): number {
    const decryption = new Decryption()
    return keepOpen({ decryption }, () => decryption.close())
  },

  /** Gives it all the keys there are: id, key, and so on, of 16 bytes each. The array is taken over, and wiped in the end. */
  setKeys(id: number, keys: Uint8Array<ArrayBuffer>): void {
    find(id).decryption?.setKeys(keys)
  },

  /** The decrypter of one stream. */
  decrypter(id: number): number {
    const { decryption } = find(id)
    if (!decryption) throw new DOMException('it decrypts nothing', 'InvalidStateError')
    const decrypter = new Decrypter(decryption)
    return keepOpen({ decrypter }, () => decrypter.close())
  },

  /** Begins to decrypt a body, which is given away, or with 0 goes on where a key lacked. The number is the request's, and then what came out. */
  decrypt(id: number, from: number): number {
    const { decrypter } = find(id)
    const data = from ? bodyOf(from) : null
    entries.delete(from)
    const stop = new AbortController()
    return keep({ stop, answer: decrypter?.decrypt(data, stop.signal) })
  },

  /** What came of it: a reason, a message and a URL; or '', the length, the ids of keys that lack, and the type and data of each "encrypted" event. */
  async decrypted(id: number): Promise<unknown[]> {
    const entry = find(id)
    const { reason, message, url, clear, initData, missing } = (await entry.answer) ?? {}
    if (clear?.byteLength) entry.body = clear
    else entries.delete(id)
    return reason ? [reason, message, url] : ['', clear?.byteLength ?? 0, missing, ...(initData ?? []).flat()]
  },

  resetDecrypter(id: number): void {
    find(id).decrypter?.reset()
  },

  /** The bytes of an ArrayBuffer or a view, null for anything else. */
  bytes: bytesOf,
}
