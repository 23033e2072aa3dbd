// What Go knows by a number. Downloaded bodies stay here, because Go frees what it holds of JavaScript only at a garbage collection.
import type { Answer, Decrypter, Decryption } from './decryption.js'

/** A request and then its body, a set of listeners, a promise that Go waits for, or what decrypts. */
export interface Entry {
  stop?: AbortController
  response?: Promise<Response>
  received?: number

  /** It was begun before Go asked for it. */
  early?: boolean
  body?: ArrayBuffer
  decryption?: Decryption
  decrypter?: Decrypter
  answer?: Promise<Answer>
}

export const entries = new Map<number, Entry>()
let last = 0

export function keep(entry: Entry): number {
  entries.set(++last, entry)
  return last
}

/** Keeps what is to be closed when its number is released. */
export function keepOpen(entry: Entry, close: () => void): number {
  const stop = new AbortController()
  stop.signal.addEventListener('abort', close)
  return keep({ ...entry, stop })
}

export function find(id: number): Entry {
  const entry = entries.get(id)
  if (!entry) throw new DOMException('it has been released', 'InvalidStateError')
  return entry
}

export function bodyOf(id: number): ArrayBuffer {
  const { body } = find(id)
  if (!body) throw new DOMException('the body has not been read', 'InvalidStateError')
  return body
}
