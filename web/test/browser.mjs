// The stock browsers, as every test that needs one gets them.
import puppeteer from 'puppeteer-core'
import * as webkit from './webkit.mjs'

const asRoot = process.getuid?.() === 0

const puppets = {
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

/** The browsers that have EME. WebKitGTK has none. */
export const withEME = Object.keys(puppets)

const all = [...withEME, 'webkit']

/** What launch takes. BROWSERS="firefox" in the environment narrows it. */
export const names = process.env.BROWSERS?.split(/[\s,]+/).filter(Boolean) ?? all

/**
 * Starts a browser with a profile of its own: puppeteer's Browser, or what webkit.mjs has of it. When limit milliseconds have passed its whole
 * process group is killed, and whatever still waits for it rejects. args are command line switches of Chromium and Firefox, prefs
 * are Firefox's, patience is WebKit's.
 */
export async function launch(name, { limit = 180_000, ...options } = {}) {
  if (!all.includes(name)) throw new Error(`no browser is called ${name}: ${all.join(', ')}`)
  const browser = name === 'webkit' ? await webkit.launch(options) : await start(name, options, limit)
  const { pid } = browser.process()
  const outer = setTimeout(() => {
    console.error(`${name} (process group ${pid}) is killed: it has run for ${limit / 1000} s`)
    process.kill(-pid, 'SIGKILL')
  }, limit)
  browser.once('disconnected', () => clearTimeout(outer))
  return browser
}

function start(name, options, limit) {
  return puppeteer.launch({ headless: true, timeout: 60_000, protocolTimeout: Math.max(limit, 60_000), ...puppets[name](options) })
}
