import { failure, type KeystreamError } from './error.js'

/** Fetches a Go program, and compiles it once it comes and `ready` resolves. file and beside are what its file and the script that starts it are called, for people. */
export async function compile(url: URL, file: string, beside: string, ready?: () => Promise<unknown>): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== 'object') {
    throw unavailable('This browser has no WebAssembly', 'Use a browser that has it; a lockdown or enhanced security mode may have turned it off.')
  }
  let response: Response
  try {
    response = await fetch(url)
  } catch (cause) {
    const remedy = `Serve it beside ${beside}, with CORS when on another origin, and allow it in connect-src.`
    throw unavailable(`${file} could not be fetched`, remedy, { url: url.href }, cause)
  }
  const more = { url: url.origin === 'null' ? url.href : url.origin + url.pathname, httpStatus: response.status }
  await ready?.()
  if (!response.ok) throw unavailable(`${file} came with HTTP status ${response.status}`, `Serve ${file} beside ${beside}.`, more)
  try {
    return await compileResponse(response)
  } catch (cause) {
    const remedy = `Allow 'wasm-unsafe-eval' in the script-src of the page and of ${beside}, and see that the server sends the file itself, whole.`
    throw unavailable(`${file} could not be compiled`, remedy, more, cause)
  }
}

/** Streams where it can: the browser takes exactly this MIME type, without parameters, and a failed stream cannot be read again. */
async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  const type = response.headers.get('Content-Type')?.trim().toLowerCase()
  if (type === 'application/wasm' && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response)
  return WebAssembly.compile(await response.arrayBuffer())
}

export function unavailable(message: string, remedy: string, more: { url?: string; httpStatus?: number } = {}, cause?: unknown): KeystreamError {
  return failure('WASM_UNAVAILABLE', message, remedy, { ...more, stage: 'wasm' }, cause)
}
