// Runs a Go test binary for js/wasm in a page of the browser that KEYSTREAM_BROWSER names (chromium, firefox or webkit), mirrors what it prints and
// exits with its code. The page is as strict as ours may have to be: no inline script, no eval but WebAssembly's, Trusted Types.
import { launch } from './browser.mjs'
import { serve } from './gobrowser-server.mjs'

const [binary, ...args] = process.argv.slice(2)
if (!binary) {
  console.error('usage: gobrowser <test binary> [arguments]')
  process.exit(2)
}

const name = process.env.KEYSTREAM_BROWSER || 'chromium'
const limit = 1000 * Number(process.env.GOBROWSER_TIMEOUT || 300)

let browser
function end(code) {
  try {
    if (browser) process.kill(-browser.process().pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
  process.exit(code)
}
// go test sends SIGQUIT when its own time is over.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => end(130))

const server = await serve({ binary, run: { args, env: { KEYSTREAM_BROWSER: name } }, exited: end })

/** Runs the tests in a browser of their own. WebKitGTK can hang or crash, and once did so twice: it has two more tries, which are told. */
async function attempt(tries) {
  const own = await launch(name, { limit })
  browser = own
  let over = false
  const lost = (what) => {
    if (over) return
    over = true
    console.error(`gobrowser: ${what}${tries > 1 ? ': the tests are run once more' : ''}`)
    if (tries === 1) end(3)
    own.close().catch(() => {})
    attempt(tries - 1).catch((error) => {
      console.error(error)
      end(3)
    })
  }
  own.once('disconnected', () => lost(`${name} is gone before the test was over`))
  try {
    const page = await own.newPage()
    page.on('error', (error) => lost(`the page crashed: ${error.message}`))
    page.on('console', (message) => {
      // The tests make requests fail on purpose, and the browser then says so.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) console.error(`console: ${message.text()}`)
    })
    await page.goto(`${server}/`)
  } catch (error) {
    lost(error.message)
  }
}
await attempt(name === 'webkit' ? 3 : 1)
