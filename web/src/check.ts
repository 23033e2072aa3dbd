import { failure, type KeystreamError } from './error.js'

// How what a page gives is checked. Messages say what a value is, never what it holds: it may be a secret.

export function invalid(message: string, remedy: string): KeystreamError {
  return failure('CONFIG_INVALID', message, remedy)
}

/** Throws unless value is an object without other fields than these. */
export function checkObject(where: string, value: unknown, fields?: readonly string[], remedy?: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${where} is ${kind(value)}`, remedy ?? 'Give an object.')
  }
  const stray = fields && Object.keys(value).find((field) => !fields.includes(field))
  if (stray !== undefined) throw invalid(`${where} has an unknown field ${show(stray)}`, `Its fields are ${fields?.join(', ')}.`)
}

/** One of a few words, or '' where there is none. */
export function crossWord<T extends string>(where: string, value: unknown, words: readonly T[]): T | '' {
  if (value === undefined) return ''
  if (words.includes(value as T)) return value as T
  const remedy = `Use ${words.map(show).join(', ')}, or leave it out.`
  throw invalid(`${where} is ${typeof value === 'string' ? show(value) : kind(value)}`, remedy)
}

/** A number of at least this much, or 0 where there is none. */
export function crossNumber(where: string, value: unknown, valid: (value: number) => boolean, remedy: string): number {
  if (value === undefined) return 0
  if (typeof value === 'number' && valid(value)) return value
  throw invalid(`${where} is ${typeof value === 'number' ? value : kind(value)}`, `Give ${remedy}, or leave it out.`)
}

export const atLeastOne = (value: number) => Number.isInteger(value) && value > 0

/** Strings, or one; an empty list where there is none. */
export function crossStrings(where: string, value: unknown, remedy: string): string[] {
  if (value === undefined) return []
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list)) throw invalid(`${where} is ${kind(value)}`, remedy)
  const other = list.find((item) => typeof item !== 'string')
  if (list.length === 0) throw invalid(`${where} is an empty array`, `${remedy} Or leave it out.`)
  if (other !== undefined) throw invalid(`${where} has ${kind(other)} in it`, remedy)
  return [...list]
}

/** An absolute URL: relative ones are meant relative to the page. */
export function crossURL(where: string, url: unknown): string {
  if (typeof url !== 'string' && !(url instanceof URL)) throw invalid(`${where} is ${kind(url)}`, 'Give a URL.')
  if (url === '') throw invalid(`${where} is an empty string`, 'Give a URL.')
  try {
    return new URL(url, globalThis.document?.baseURI).href
  } catch {
    throw invalid(`${where} is not a URL`, 'Give an absolute URL, or one relative to the page.')
  }
}

/** What `new Headers` takes, as Headers. */
export function checkHeaders(where: string, headers: unknown): Headers {
  try {
    return new Headers(headers as HeadersInit | undefined)
  } catch {
    // The exception quotes the value, which may be a token.
    throw invalid(`${where} has a name or a value that is no HTTP header`, 'Header values are one line of Latin-1 text.')
  }
}

/** The bytes themselves, not a copy. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  // By its tag, not by instanceof: the buffer may come from a frame.
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]') return new Uint8Array(value as ArrayBuffer)
}

/** What a value is, never what it holds. */
export function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
}

/** A name, quoted. */
export function show(name: unknown): string {
  return JSON.stringify(String(name).slice(0, 80))
}
