// The JavaScript half of Go's package browser: what would cost Go many crossings, or make it hold a big buffer, is done here. Downloaded bodies
// stay in a table, by number, because Go frees what it holds of JavaScript only at a garbage collection. wasm/README.md lists all that crosses.
import { type Answer, Decrypter, Decryption } from './decryption.js'

type Deliver = (type: string, text: string, bytes: Uint8Array | null) => void
type Settle = (fulfilled: boolean, value?: unknown, message?: string) => void

/** A VTTCue as Go writes it. What is left out is "auto". */
type CrossedCue = { start: number; end: number; text: string } & Partial<
  Pick<VTTCue, 'id' | 'vertical' | 'line' | 'snapToLines' | 'lineAlign' | 'position' | 'positionAlign' | 'size' | 'align'>
>

/** What Go knows by a number: a request and then its body, a set of listeners, a promise that it waits for, or what decrypts. */
interface Entry {
  stop?: AbortController
  response?: Promise<Response>
  received?: number
  body?: ArrayBuffer
  decryption?: Decryption
  decrypter?: Decrypter
  answer?: Promise<Answer>
}

const entries = new Map<number, Entry>()
const attaching = new WeakMap<HTMLMediaElement, AbortController>()
const attachments = new WeakMap<HTMLMediaElement, Promise<void>>()
const generating = new WeakMap<MediaKeySession, Promise<void>>()
const asked = new WeakMap<object, AbortController>()
let last = 0

function keep(entry: Entry): number {
  entries.set(++last, entry)
  return last
}

function find(id: number): Entry {
  const entry = entries.get(id)
  if (!entry) throw new DOMException('it has been released', 'InvalidStateError')
  return entry
}

function bodyOf(id: number): ArrayBuffer {
  const { body } = find(id)
  if (!body) throw new DOMException('the body has not been read', 'InvalidStateError')
  return body
}

/** Keeps what is to be closed when its number is released. */
function keepOpen(entry: Entry, close: () => void): number {
  const stop = new AbortController()
  stop.signal.addEventListener('abort', close)
  return keep({ ...entry, stop })
}

/** The bytes themselves, not a copy; null for what is no BufferSource. */
function bytesOf(value: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]' ? new Uint8Array(value as ArrayBuffer) : null
}

function pairs<T>(list: T[]): T[][] {
  return Array.from({ length: list.length / 2 }, (_, i) => list.slice(2 * i, 2 * i + 2))
}

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

/** Runs an operation of a SourceBuffer, after the one that may still be under way, and waits for its end. */
function update(source: MediaSource, buffer: SourceBuffer, act: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = new AbortController()
    let begun = false
    const end = (error?: unknown) => {
      stop.abort()
      if (error) reject(error)
      else resolve()
    }
    const begin = () => {
      try {
        act()
        begun = true
      } catch (error) {
        end(error)
      }
    }
    const on = (target: EventTarget, type: string, f: () => void) => target.addEventListener(type, f, { signal: stop.signal })
    // abort() ends an operation at once but fires its events later: while the buffer is updating, an event is that of an earlier operation.
    const ended = (error?: DOMException) => () => {
      if (begun && !buffer.updating) end(error)
    }
    on(buffer, 'error', ended(new DOMException('the media cannot be parsed or decoded', 'EncodingError')))
    on(buffer, 'abort', ended(new DOMException('the operation was aborted', 'AbortError')))
    on(buffer, 'updateend', () => {
      if (begun) ended()()
      else if (!buffer.updating) begin()
    })
    on(source, 'sourceclose', () => end(new DOMException('the media source was closed', 'InvalidStateError')))
    if (!buffer.updating) begin()
  })
}

async function setMediaKeys(element: HTMLMediaElement, keys: MediaKeys | null): Promise<void> {
  const { mediaKeys, networkState } = element
  if (keys && mediaKeys && mediaKeys !== keys && networkState !== HTMLMediaElement.NETWORK_EMPTY) {
    throw new DOMException('the element plays with other keys', 'InvalidStateError')
  }
  await element.setMediaKeys(keys)
}

async function download(entry: Entry, limit: number): Promise<number> {
  const response = await entry.response
  const reader = response?.body?.getReader()
  // It is filled as the bytes come: a long body that is put together at its end holds the page up. The length that is told may be that of compressed bytes.
  let body = new Uint8Array(Math.min(Number(response?.headers.get('Content-Length')) || 0, limit))
  let length = 0
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (!value) break
    const at = length
    length += value.byteLength
    entry.received = length
    if (length > limit) {
      entry.stop?.abort()
      return -1
    }
    if (length > body.length) {
      const longer = new Uint8Array(Math.max(length, 2 * body.length))
      longer.set(body.subarray(0, at))
      body = longer
    }
    body.set(value, at)
  }
  entry.body = length === body.length ? body.buffer : body.buffer.slice(0, length)
  entry.response = undefined
  return length
}

export const bridge = {
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
    const names = ['load', 'unload', 'retryLicense', 'timings', 'close']
    return Object.fromEntries(names.map((name) => [name, method(name)]))
  },

  /** Listens to a target's events until the number is released; of a session, also to its end. */
  listen(target: EventTarget & { closed?: Promise<string | undefined> }, types: string[], deliver: Deliver): number {
    const stop = new AbortController()
    const id = keep({ stop })
    for (const type of types) {
      const f = (event: Event) => {
        const { initDataType, initData, messageType, message } = event as MediaEncryptedEvent & MediaKeyMessageEvent
        deliver(type, initDataType ?? messageType ?? '', bytesOf(initData ?? message))
      }
      target.addEventListener(type, f, { signal: stop.signal })
    }
    target.closed?.then((reason) => entries.has(id) && deliver('closed', reason ?? '', null))
    return id
  },

  /** Begins a request; the number is its own, and then its body's. */
  fetch(
    url: string,
    method: string,
    headers: string[],
    body: Uint8Array<ArrayBuffer> | null,
    withCredentials: boolean,
    refuseRedirects: boolean,
  ): number {
    const stop = new AbortController()
    const credentials = withCredentials ? 'include' : 'same-origin'
    const redirect = refuseRedirects ? 'error' : 'follow'
    const response = fetch(url, { method, headers: pairs(headers) as [string, string][], body, credentials, redirect, signal: stop.signal })
    response.catch(() => {})
    return keep({ stop, response })
  },

  /** The status, the final URL and the header once they are there. A line feed goes before each header line. */
  async opened(id: number) {
    const response = await find(id).response
    return response && [response.status, response.url, Array.from(response.headers, (line) => `\n${line.join(':')}`).join('')]
  },

  /** Downloads the body and gives its length, or -1 as soon as it is longer than the limit. */
  async readBody(id: number, limit: number): Promise<number> {
    return download(find(id), limit)
  },

  /** How many bytes of a body have come so far. */
  received(id: number): number {
    return entries.get(id)?.received ?? 0
  },

  /** Copies a piece of a body, as long as into is. */
  read(id: number, offset: number, into: Uint8Array, length: number): void {
    into.set(new Uint8Array(bodyOf(id), offset, length))
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

  /** Gives the element a URL to play, or takes its source away with ''. */
  setSrc(element: HTMLMediaElement, url: string): void {
    attaching.get(element)?.abort()
    element.preload = 'auto'
    if (url) {
      element.src = url
    } else {
      element.removeAttribute('src')
      element.load()
    }
  },

  /** Go cannot set it: an exception out of a setter would unwind its stack. */
  setDuration(source: MediaSource, seconds: number): void {
    source.duration = seconds
  },

  setCurrentTime(element: HTMLMediaElement, seconds: number): void {
    element.currentTime = seconds
  },

  /** Makes a media source the element's, and waits until it is open. */
  attach(element: HTMLMediaElement, source: MediaSource, url: string): Promise<void> {
    attaching.get(element)?.abort()
    const stop = new AbortController()
    attaching.set(element, stop)
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => () => {
        settle()
        stop.abort()
      }
      const { signal } = stop
      signal.addEventListener('abort', () => reject(new DOMException('another source took its place', 'AbortError')))
      source.addEventListener('sourceopen', end(resolve), { signal })
      const refused = new DOMException('the element refused the media source', 'NotSupportedError')
      element.addEventListener(
        'error',
        end(() => reject(refused)),
        { signal },
      )
      // A ManagedMediaSource does not open while remote playback is possible.
      if (!('MediaSource' in globalThis)) element.disableRemotePlayback = true
      element.src = url
    })
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

  append(id: number, source: MediaSource, buffer: SourceBuffer): Promise<void> {
    return update(source, buffer, () => buffer.appendBuffer(bodyOf(id)))
  },

  remove(source: MediaSource, buffer: SourceBuffer, start: number, end: number): Promise<void> {
    return update(source, buffer, () => buffer.remove(start, end))
  },

  /** Start and end of each buffered range, in one array; none of a SourceBuffer that was removed. */
  buffered(of: { readonly buffered: TimeRanges }): number[] {
    let ranges: TimeRanges
    try {
      ranges = of.buffered
    } catch {
      return []
    }
    return Array.from({ length: 2 * ranges.length }, (_, i) => (i % 2 ? ranges.end(i >> 1) : ranges.start(i >> 1)))
  },

  setTimestampOffset(buffer: SourceBuffer, seconds: number): void {
    buffer.timestampOffset = seconds
  },

  /** The end is set between the two, because the start must always be before it. */
  setAppendWindow(buffer: SourceBuffer, start: number, end: number): void {
    buffer.appendWindowStart = 0
    buffer.appendWindowEnd = end
    buffer.appendWindowStart = start
  },

  addTextTrack(element: HTMLMediaElement, kind: string, label: string, language: string): HTMLTrackElement {
    const track = document.createElement('track')
    track.kind = kind
    track.label = label
    track.srclang = language
    element.append(track)
    track.track.mode = 'hidden'
    return track
  },

  addCues(track: TextTrack, cues: CrossedCue[]): void {
    for (const { start, end, text, ...settings } of cues) track.addCue(Object.assign(new VTTCue(start, end, text), settings))
  },

  /** A disabled track shows its cues to nobody, us included. */
  removeCues(track: TextTrack, start: number, end: number): void {
    const { mode } = track
    if (mode === 'disabled') track.mode = 'hidden'
    for (const cue of Array.from(track.cues ?? [])) if (cue.startTime >= start && cue.endTime <= end) track.removeCue(cue)
    track.mode = mode
  },

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
