// A window of WebKitGTK: the part of puppeteer's Page that the tests use. A function that runs in the page leaves its result there, and short
// commands fetch it: no command is ever slow, so one that is shows a hang.
import { EventEmitter } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { setTimeout as later } from 'node:timers/promises'
import { agent } from './webkit-agent.mjs'

const pause = 25 // between two looks, in milliseconds

export class Page extends EventEmitter {
  #browser
  #handle
  #runs = new Map() // what runs in the page, by number: { resolve, reject, started }
  #last = 0
  #ended // the error that ended it
  #wake = () => {}

  constructor(browser, handle) {
    super()
    this.#browser = browser
    this.#handle = handle
    browser.once('disconnected', this.#orphan)
    this.#pump()
  }

  #orphan = () => this.#end(new Error('the browser is gone'))

  browser = () => this.#browser

  /** Opens an address, and resolves once its page is loaded. What the page says before that is lost: WebDriver has no ear in it so early. */
  async goto(url) {
    await this.#command('POST', '/url', { url }, 60_000)
    await this.#look()
  }

  /** Runs a function in the page. Arguments and the result cross as JSON. */
  async evaluate(f, ...args) {
    if (this.#ended) throw this.#ended
    const run = ++this.#last
    return new Promise((resolve, reject) => {
      const waits = { resolve, reject, started: false }
      this.#runs.set(run, waits)
      const starts = this.#execute(`(${agent})().run(${run}, ${f}, ${JSON.stringify(args)})`)
      starts.then(
        () => {
          waits.started = true
          this.#wake()
        },
        (error) => this.#settle(run, () => reject(error)),
      )
    })
  }

  async waitForFunction(f, { polling = 50 } = {}, ...args) {
    while (!(await this.evaluate(f, ...args))) await later(polling)
  }

  async screenshot({ path } = {}) {
    const image = Buffer.from(await this.#command('GET', '/screenshot'), 'base64')
    if (path) await writeFile(path, image)
    return image
  }

  async click(selector) {
    const element = await this.#command('POST', '/element', { using: 'css selector', value: selector })
    await this.#command('POST', `/element/${Object.values(element)[0]}/click`)
  }

  async close() {
    this.#end(new Error('the page is closed'))
    // A session ends with its last window, so the window stays, empty, for another page.
    await this.#command('POST', '/url', { url: 'about:blank' })
    this.#browser.reuse(this.#handle)
  }

  /** Ends the browser, which cannot be trusted any more. */
  abandon() {
    this.#browser.kill()
  }

  #command(method, path, body, patience) {
    return this.#browser.command(method, path, body, { handle: this.#handle, patience })
  }

  #execute(script) {
    return this.#command('POST', '/execute/sync', { script, args: [] })
  }

  /** Looks again and again at what the page has said and done: often while something runs. */
  async #pump() {
    while (!this.#ended) {
      await new Promise((resolve) => {
        this.#wake = () => setTimeout(resolve, pause)
        if (this.#runs.size > 0) this.#wake()
        else setTimeout(resolve, 10 * pause).unref()
      })
      if (!this.#ended) await this.#look().catch((error) => this.#end(error))
    }
  }

  async #look() {
    const expected = [...this.#runs].filter(([, { started }]) => started)
    const { said, done, running } = JSON.parse(await this.#execute(`return (${agent})().take()`))
    for (const { error, type, text } of said) {
      if (error) this.emit('pageerror', Object.assign(new Error(text), { stack: error }))
      else this.emit('console', { type: () => type, text: () => text })
    }
    for (const { run, value, error } of done) {
      this.#settle(run, ({ resolve, reject }) => (error ? reject(new Error(error)) : resolve(value && JSON.parse(value))))
    }
    for (const [run] of expected) {
      if (!running.includes(run)) this.#settle(run, ({ reject }) => reject(new Error('the page has gone elsewhere')))
    }
  }

  #settle(run, how) {
    const waits = this.#runs.get(run)
    this.#runs.delete(run)
    if (waits) how(waits)
  }

  #end(error) {
    this.#ended ??= error
    this.#browser.off('disconnected', this.#orphan)
    for (const run of this.#runs.keys()) this.#settle(run, ({ reject }) => reject(error))
  }
}
