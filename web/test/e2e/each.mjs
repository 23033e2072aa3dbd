// A suite once for each browser, side by side.
import { test } from 'node:test'
import { launch, names } from '../browser.mjs'

/** Runs suite(t, browser, engine) in each browser that BROWSERS names. options are those of launch. */
export function inEach(title, options, suite) {
  test(title, { concurrency: true }, (t) =>
    Promise.all(
      names.map((engine) =>
        t.test(engine, async (t) => {
          const browser = await launch(engine, options)
          t.after(() => browser.close())
          await suite(t, browser, engine)
        }),
      ),
    ),
  )
}
