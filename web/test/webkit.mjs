// WebKitGTK, driven as much like puppeteer's browsers as WebDriver lets: MiniBrowser and WebKitWebDriver on a display of their own.
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as later } from 'node:timers/promises'
import { Page } from './webkit-page.mjs'

const driver = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver'
const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch]
const binary = process.env.WEBKIT_BROWSER ?? `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`

// Xvfb says on descriptor 3 which display it is, and the shell reads it from its input. All are one process group, which is killed when that input
// ends: it does however this process ends.
const script = `
  Xvfb -displayfd 3 -nolisten tcp -screen 0 1280x800x24 >/dev/null 2>&1 &
  exec 3>&- 4<&0
  read -r display
  { read -r never <&4; kill -KILL 0; } >/dev/null 2>&1 &
  DISPLAY=:$display exec "$@" 4<&-
`
const surroundings = { GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1', NO_AT_BRIDGE: '1', DBUS_SESSION_BUS_ADDRESS: 'disabled:' }

/** What the processes always say, on a machine without sound, graphics card and session bus. */
const usual = /^$|^AL(SA)? lib|D-Bus|GL video sink|libEGL|MESA|dconf|Gtk-WARNING/

/** What a hung or crashed engine rejects with. It is killed by then. */
class Hang extends Error {
  hung = true
}

/** What the driver says when its browser is gone, or is about to be. No script of webkit-page.mjs causes an error. */
const crashes = ['invalid session id', 'no such window', 'unknown error']

/**
 * Starts the browser; patience is how many milliseconds a command may take. When it does not come up, it is started once more; a second time is
 * an error.
 */
export async function launch({ patience = 20_000 } = {}) {
  try {
    return await start(patience)
  } catch (error) {
    console.error(`webkit is started once more: ${error.message}`)
    return start(patience)
  }
}

async function start(patience) {
  const port = await freePort()
  const command = ['-c', script, 'sh', driver, '-p', String(port)]
  const shell = spawn('sh', command, { detached: true, stdio: ['pipe', 'ignore', 'pipe', 'pipe'], env: { ...process.env, ...surroundings } })
  shell.stdio[3].pipe(shell.stdin, { end: false })
  const browser = new Browser(shell, `http://127.0.0.1:${port}`, patience)
  try {
    await browser.open()
    return browser
  } catch (error) {
    browser.kill()
    throw error
  }
}

/** One MiniBrowser: the part of puppeteer's Browser that the tests use. */
class Browser extends EventEmitter {
  #shell
  #address
  #patience
  #session
  #noise = ''
  #killed = false
  #handle // of the window that the next command is for
  #last = Promise.resolve()
  #idle = [] // windows without a page

  constructor(shell, address, patience) {
    super()
    this.#shell = shell
    this.#address = address
    this.#patience = patience
    createInterface(shell.stderr).on('line', (line) => {
      if (!usual.test(line)) this.#noise = `${this.#noise}\n${line}`.slice(-2000)
    })
    for (const type of ['exit', 'error']) shell.once(type, () => this.emit('disconnected'))
  }

  process = () => this.#shell

  get connected() {
    return !this.#killed && this.#shell.exitCode === null && this.#shell.signalCode === null
  }

  kill() {
    this.#killed = true
    try {
      process.kill(-this.#shell.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }

  async open() {
    const patience = AbortSignal.timeout(20_000)
    while (!(await this.#isReady())) {
      if (!this.connected || patience.aborted) throw new Error(`${driver} does not start: ${this.#noise || 'it says nothing'}`)
      await later(20)
    }
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: ['--automation', '--autoplay-policy=allow'] } } }
    const { sessionId } = await this.#request('POST', '/session', { capabilities }, 30_000)
    this.#session = `/session/${sessionId}`
    await this.command('POST', '/timeouts', { pageLoad: 60_000 })
    this.#handle = await this.command('GET', '/window')
    this.#idle.push(this.#handle)
  }

  async #isReady() {
    const status = await fetch(`${this.#address}/status`).then(
      (response) => response.json(),
      () => undefined,
    )
    return status?.value.ready === true
  }

  async newPage() {
    return new Page(this, this.#idle.pop() ?? (await this.command('POST', '/window/new', { type: 'tab' })).handle)
  }

  /** Takes back the window of a page that is closed: the session would end with its last window. */
  reuse(handle) {
    this.#idle.push(handle)
  }

  /** Sends a command to a window, in turn: WebDriver has one current window. A browser that does not answer within patience is killed. */
  command(method, path, body, { handle, patience = this.#patience } = {}) {
    const answer = this.#last.then(async () => {
      if (handle && handle !== this.#handle) {
        await this.#request('POST', `${this.#session}/window`, { handle }, patience)
        this.#handle = handle
      }
      return this.#request(method, this.#session + path, body, patience)
    })
    this.#last = answer.catch(() => {})
    return answer
  }

  async #request(method, path, body, patience) {
    let value
    try {
      const options = { method, signal: AbortSignal.timeout(patience), ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }) }
      value = (await (await fetch(this.#address + path, options)).json()).value
    } catch (cause) {
      throw this.#gone(cause.name === 'TimeoutError' ? `hangs: nothing within ${patience / 1000} s` : 'is gone', `${method} ${path}`, cause)
    }
    if (crashes.includes(value?.error)) throw this.#gone(`crashed: ${value.message || value.error}`, `${method} ${path}`)
    if (value?.error) throw new Error(`${value.error}: ${value.message}`)
    return value
  }

  #gone(what, request, cause) {
    this.kill()
    return new Hang(`webkit ${what} (${request.replace(this.#session, '')})${this.#noise}`, { cause })
  }

  async close() {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return
    const gone = once(this.#shell, 'exit')
    if (!this.#killed) await this.command('DELETE', '', undefined, { patience: 5000 }).catch(() => {})
    this.kill()
    await gone
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
