import { bytesOf, checkHeaders, checkObject, crossURL, invalid, kind } from './check.js'
import { KeystreamError } from './error.js'
import type {
  KeySystemConfig,
  LicenseFunction,
  LicenseHTTPChanges,
  LicenseHTTPRequest,
  LicenseHTTPResponse,
  LicenseMessageType,
  LicenseRequest,
  LicenseServer,
} from './types.js'

// How licence servers and licence functions cross into Go, which calls a page's functions through those made here: their results are checked
// before Go sees them.

type Header = [name: string, value: string]

export interface CrossedServer {
  url: string
  urls: [messageType: string, url: string][]
  headers: Header[]
  withCredentials: boolean
  request?: (request: CrossedRequest) => Promise<CrossedChanges>
  response?: (response: LicenseHTTPResponse) => Promise<Uint8Array>
}

/** What Go calls a licence function with. */
type CrossedLicenseRequest = Omit<LicenseRequest, 'headers'> & { headers: Header[] }

export type CrossedFunction = (request: CrossedLicenseRequest) => Promise<Uint8Array>

/** What of a request may change. */
interface CrossedChanges {
  url: string
  headers: Header[]
  body: Uint8Array
  withCredentials: boolean
}

/** What Go calls a request filter with. */
type CrossedRequest = Pick<LicenseHTTPRequest, 'url' | 'body' | 'withCredentials' | 'keySystem' | 'messageType' | 'keyIds' | 'signal'> & {
  headers: Header[]
}

const messageTypes: LicenseMessageType[] = [
  'license-request',
  'license-renewal',
  'license-release',
  'individualization-request',
  'certificate-request',
]

/** Checks where licences come from, and copies it. Throws CONFIG_INVALID. */
export function crossLicense(where: string, license: KeySystemConfig['license']): CrossedServer | CrossedFunction | undefined {
  if (license == null) return undefined
  if (typeof license === 'function') return (request) => answer(where, license, request)
  if (typeof license === 'string' || license instanceof URL) return crossServer(where, { url: license }, where)
  const fields: (keyof LicenseServer)[] = ['url', 'urls', 'headers', 'withCredentials', 'request', 'response']
  checkObject(where, license, fields, `Give a URL, { ${fields.join(', ')} } or a function.`)
  return crossServer(where, license)
}

function crossServer(where: string, server: LicenseServer, whereURL = `${where}.url`): CrossedServer {
  const { url, urls = {}, headers, withCredentials, request, response } = server
  checkObject(`${where}.urls`, urls, messageTypes, 'Give an object of URLs by message type.')
  checkFilter(`${where}.request`, request)
  checkFilter(`${where}.response`, response)
  return {
    url: crossURL(whereURL, url),
    urls: Object.entries(urls).map(([type, url]) => [type, crossURL(`${where}.urls["${type}"]`, url)]),
    headers: [...checkHeaders(`${where}.headers`, headers)],
    withCredentials: Boolean(withCredentials),
    request: request && ((crossed) => plainly(() => filterRequest(`the function ${where}.request`, request, crossed))),
    response: response && ((received) => filterResponse(`the function ${where}.response`, response, received)),
  }
}

function checkFilter(where: string, filter: unknown): void {
  if (filter !== undefined && typeof filter !== 'function') throw invalid(`${where} is ${kind(filter)}`, 'Give a function, or leave it out.')
}

async function answer(where: string, license: LicenseFunction, crossed: CrossedLicenseRequest): Promise<Uint8Array> {
  const bytes: unknown = await license({ ...crossed, headers: new Headers(crossed.headers) })
  return bytesOf(bytes) ?? noBytes(`the function ${where} returned`, bytes)
}

async function filterRequest(where: string, filter: NonNullable<LicenseServer['request']>, crossed: CrossedRequest): Promise<CrossedChanges> {
  const request = { ...crossed, headers: new Headers(crossed.headers) } as LicenseHTTPRequest
  const fields = Object.keys(request)
  const changes = (await filter(request)) ?? {}
  checkObject(`what ${where} returned`, changes, fields, 'Return what changes of the request, or nothing.')
  checkObject(`the request, after ${where},`, request, fields)
  const { url, body, withCredentials }: LicenseHTTPChanges = { ...request, ...changes }
  const headers = checkHeaders(`the request, after ${where},`, request.headers)
  for (const [name, value] of checkHeaders(`what ${where} returned`, changes.headers)) headers.set(name, value)
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : bytesOf(body)
  return {
    url: crossURL(`the url, after ${where},`, url),
    headers: [...headers],
    body: bytes ?? noBytes(`${where} made the body`, body),
    withCredentials: Boolean(withCredentials),
  }
}

async function filterResponse(where: string, filter: NonNullable<LicenseServer['response']>, response: LicenseHTTPResponse): Promise<Uint8Array> {
  const result: unknown = await filter(response)
  return bytesOf(result ?? response.body) ?? noBytes(`${where} returned`, result)
}

/** Makes a plain error of what is wrong with a filter's result: the configuration was right. */
async function plainly<T>(f: () => Promise<T>): Promise<T> {
  try {
    return await f()
  } catch (error) {
    throw error instanceof KeystreamError ? new TypeError(`${error.message}. ${error.remedy}`) : error
  }
}

function noBytes(where: string, value: unknown): never {
  throw new TypeError(`${where} ${kind(value)}, not an ArrayBuffer or a view on one`)
}
