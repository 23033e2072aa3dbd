// A suite once for each browser, side by side.
import { test } from 'node:test'
import { launch, names, withEME } from '../browser.mjs'

/** Runs suite(t, browser, engine) in each of these engines that BROWSERS names; those that have EME, if not told. options are those of launch. */
export function inEach(title, { engines = withEME, ...options }, suite) {
  const chosen = engines.filter((engine) => names.includes(engine))
  test(title, { concurrency: true, skip: chosen.length === 0 && `it is for ${engines.join(' and ')}` }, (t) =>
    Promise.all(chosen.map((engine) => t.test(engine, (t) => (engine === 'webkit' ? again(t, options, suite) : once(t, engine, options, suite))))),
  )
}

async function once(t, engine, options, suite) {
  const browser = await launch(engine, options)
  t.after(() => browser.close())
  await suite(t, browser, engine)
}

/**
 * WebKitGTK can hang, and is killed then. The first test that it hangs in is run once more, in a new browser; a second hang is a failure. Each test
 * must open its own pages.
 */
async function again(t, options, suite) {
  let browser = await launch('webkit', options)
  t.after(() => browser.close())
  const living = {
    async newPage() {
      if (!browser.connected) browser = await launch('webkit', options)
      return browser.newPage()
    },
  }
  let spare = true
  const patient = {
    test: (name, f) =>
      t.test(name, async (t) => {
        try {
          await f(t)
        } catch (error) {
          if (!spare || !isHang(error)) throw error
          spare = false
          console.error(`webkit hung, and "${name}" is run once more: ${error.message}`)
          await f(t)
        }
      }),
    afterEach: (f) => t.afterEach(f),
    diagnostic: (text) => t.diagnostic(text),
  }
  await suite(patient, living, 'webkit')
}

function isHang(error) {
  for (let e = error; e; e = e.cause) if (e.hung) return true
  return false
}
