/**
 * Runs in the page: keeps what it says, and what its runs have come to, until they are taken. The first call installs it; the text of this
 * function goes into every command.
 */
export function agent() {
  const name = Symbol.for('keystream.test.agent')
  if (globalThis[name]) return globalThis[name]
  const most = 1000 // messages that nobody has taken yet
  let said = []
  let done = []
  const running = new Set()

  const say = (message) => said.length < most && said.push(message)
  const show = (value) => {
    if (typeof value !== 'object' || value === null) return String(value)
    if (value instanceof Error) return `${value}\n${value.stack}`
    try {
      return JSON.stringify(value)
    } catch {
      return String(value)
    }
  }
  for (const type of ['debug', 'error', 'info', 'log', 'warn']) {
    const original = console[type]
    console[type] = (...values) => {
      say({ type, text: values.map(show).join(' ') })
      original.apply(console, values)
    }
  }
  const complain = (error) => say({ error: show(error), text: String(error) })
  addEventListener('error', ({ error, message }) => complain(error ?? message))
  addEventListener('unhandledrejection', ({ reason }) => complain(reason))
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    say({ type: 'error', text: `Content-Security-Policy: ${violatedDirective} blocks ${blockedURI}` }),
  )

  globalThis[name] = {
    /**
     * Starts a function of this page, in a task of the page's own: within WebDriver's, the engine runs microtasks in the middle of a function, after
     * each callback of a custom element.
     */
    async run(run, f, args) {
      running.add(run)
      await new Promise((resolve) => setTimeout(resolve))
      try {
        const value = await f(...args)
        done.push({ run, value: JSON.stringify(value) })
      } catch (error) {
        done.push({ run, error: error instanceof Error ? `${error}\n${error.stack}` : show(error) })
      }
      running.delete(run)
    },

    /** All since the last time, as text: WebDriver makes null of undefined. */
    take() {
      const all = JSON.stringify({ said, done, running: [...running] })
      said = []
      done = []
      return all
    },
  }
  return globalThis[name]
}
