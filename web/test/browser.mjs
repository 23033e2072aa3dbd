// The stock browsers, as every test that needs one gets them.
import puppeteer from 'puppeteer-core'

const asRoot = process.getuid?.() === 0

const browsers = {
  chromium: ({ args = [] }) => ({
    browser: 'chrome',
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // /dev/shm is small in many containers.
    args: [...(asRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required', ...args],
  }),
  firefox: ({ args = [], prefs = {} }) => ({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    args,
    extraPrefsFirefox: { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0, ...prefs },
  }),
}

/** What launch takes. BROWSERS="firefox" in the environment narrows it. */
export const names = process.env.BROWSERS?.split(/[\s,]+/).filter(Boolean) ?? Object.keys(browsers)

/**
 * Starts a browser with a profile of its own: puppeteer's Browser. When limit milliseconds have passed its whole process group is killed,
 * and whatever still waits for it rejects. args are command line switches, prefs are Firefox's.
 */
export async function launch(name, { limit = 180_000, ...options } = {}) {
  if (!browsers[name]) throw new Error(`no browser is called ${name}: ${Object.keys(browsers).join(', ')}`)
  const browser = await puppeteer.launch({ headless: true, timeout: 60_000, protocolTimeout: Math.max(limit, 60_000), ...browsers[name](options) })
  const { pid } = browser.process()
  const outer = setTimeout(() => {
    console.error(`${name} (process group ${pid}) is killed: it has run for ${limit / 1000} s`)
    process.kill(-pid, 'SIGKILL')
  }, limit)
  browser.once('disconnected', () => clearTimeout(outer))
  return browser
}
