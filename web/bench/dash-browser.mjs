// Chromium for the DASH benchmark: as the tests start it, but with nobody watching the network. DevTools would keep every body that comes, as text,
// on the page's thread: 25 ms for a player of some megabytes, which no visitor waits for. Nor is a code cache read while they do.
import puppeteer from 'puppeteer-core'

const asRoot = process.getuid?.() === 0

/** A browser with a profile of its own. */
export function launch() {
  return puppeteer.launch({
    browser: 'chrome',
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...(asRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required'],
    headless: true,
    networkEnabled: false,
    defaultViewport: { width: 1280, height: 720 }, // the whole picture: some players fetch no more than is seen
    timeout: 60_000,
    protocolTimeout: 3_600_000,
  })
}
