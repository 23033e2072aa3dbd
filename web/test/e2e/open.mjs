// Pages, opened so that nothing they say is lost and nothing waits for ever.
const patience = 30_000

/** Opens a page. said is its console; complaints are what no page of ours should cause: exceptions, and breaches of its policy. */
export async function open(context, url, { before } = {}) {
  const page = await context.newPage()
  page.said = []
  page.complaints = []
  page.on('console', (message) => {
    page.said.push(`${message.type()}: ${message.text()}`)
    if (/Content.Security.Policy|TrustedHTML|TrustedScript|Trusted Type/i.test(message.text())) page.complaints.push(message.text())
  })
  page.on('pageerror', (error) => page.complaints.push(error instanceof Error ? error.stack : String(error)))
  if (before) await page.evaluateOnNewDocument(before)
  await watch(page, page.goto(url), `open ${url}`)
  return page
}

/** Opens the bare test page, and waits for its script. */
export async function openStage(context, { address }, { path = 'test/page.html', ...options } = {}) {
  const page = await open(context, `${address}${path}`, options)
  await until(page, 'the script of the page', () => Boolean(globalThis.stage))
  return page
}

/** Runs a function in the page, and gives its result. what says, for people, what is waited for. */
export function run(page, what, f, ...args) {
  return watch(page, page.evaluate(f, ...args), what)
}

/** Waits until a function is true in the page. */
export function until(page, what, f, ...args) {
  return watch(page, page.waitForFunction(f, { timeout: 0, polling: 50 }, ...args), what)
}

/** Waits, but not for ever; a failure comes with what the page has said. */
async function watch(page, promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(`nothing within ${patience / 1000} s`), { hung: 'abandon' in page })), patience)
  })
  try {
    return await Promise.race([promise, late])
  } catch (cause) {
    const error = new Error(`${what}: ${cause.message}\n${await report(page)}`, { cause })
    if (cause.hung) page.abandon()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function report(page) {
  const state = page.evaluate(() => {
    const { stage } = globalThis
    const video = document.querySelector('video')
    const events = stage?.seen.map(({ type, detail }) => `${type} ${JSON.stringify(detail).slice(0, 400)}`)
    const { currentTime, duration, readyState, networkState, paused, error } = video ?? {}
    const shown = ['#status', '#error'].map((selector) => document.querySelector(selector)?.textContent ?? '')
    return [...(events ?? []), ...shown, JSON.stringify({ currentTime, duration, readyState, networkState, paused, error: error?.message })]
  })
  const nothing = new Promise((resolve) => setTimeout(resolve, 2000, ['the page does not answer']))
  const lines = await Promise.race([state.catch((error) => [error.message]), nothing])
  return [...page.said, ...page.complaints, ...lines].join('\n')
}
