// What a trace of Chromium says: how long the tasks of the page's thread were, and what the threads that decrypt had to do.

/** The categories of a trace that tells how long tasks were, */
export const brief = ['disabled-by-default-devtools.timeline', 'blink.user_timing']

/** and of one that tells what they were. */
export const full = [...brief, 'toplevel', 'devtools.timeline', 'disabled-by-default-v8.compile', 'v8', 'v8.wasm']

/** Reads a trace. The page is the process that set marks ("bench: load"). Times are milliseconds since the trace's beginning. */
export function read(buffer) {
  const { traceEvents } = JSON.parse(Buffer.from(buffer).toString('utf8'))
  const zero = traceEvents.find(({ ts }) => ts > 0).ts
  const marks = traceEvents.filter(({ cat, name }) => cat === 'blink.user_timing' && name.startsWith('bench: '))
  const pid = marks[0]?.pid
  const threads = new Map(traceEvents.filter((event) => event.name === 'thread_name' && event.pid === pid).map(({ tid, args }) => [tid, args.name]))
  const events = traceEvents
    .filter((event) => event.pid === pid && event.ph === 'X')
    .map(({ name, tid, ts, dur = 0, tdur = 0, args }) => {
      return { name, args, thread: threads.get(tid), tid, start: (ts - zero) / 1000, end: (ts + dur - zero) / 1000, cpu: Math.min(tdur, dur) / 1000 }
    })
    .sort((a, b) => a.start - b.start || b.end - a.end)
  return { events, marks: marks.map(({ name, ts }) => ({ name: name.slice('bench: '.length), at: (ts - zero) / 1000 })) }
}

const page = /^CrRendererMain/
const worker = /^DedicatedWorker/

/**
 * What lies between two times. ms is by the clock, cpu and most (that of one task) by the time of a core that a thread got, which is less where
 * other programs wanted it too; longest are the page's ten longest tasks by the clock, and answer is the longest of
 * those in which it hears of the Worker: what decryption adds to a player. Chromium does WebCrypto on the thread that asks for it.
 */
export function between({ events }, from, to) {
  const within = events.filter(({ start, end }) => end > from && start < to)
  const clipped = (event) => Math.min(event.end, to) - Math.max(event.start, from)
  const share = (event) => (event.end > event.start ? (event.cpu * clipped(event)) / (event.end - event.start) : 0)
  const sum = (list, f) => list.reduce((total, event) => total + f(event), 0)
  const of = (thread, name) => within.filter((event) => thread.test(event.thread) && event.name === name)
  const tasks = of(page, 'RunTask')
  const longest = tasks.sort((a, b) => clipped(b) - clipped(a)).slice(0, 10)
  return {
    ms: to - from,
    page: {
      cpu: sum(tasks, share),
      most: Math.max(0, ...tasks.map(share)),
      answer: Math.max(0, ...of(page, 'HandlePostMessage').map(clipped)),
      longest: longest.map((task) => ({ ms: clipped(task), cpu: share(task), what: described(task, within) })),
    },
    worker: { cpu: sum(of(worker, 'RunTask'), share) },
  }
}

/** A task in words: the largest part of it, the largest part of that, and so on, down to what is less than a third of the task. */
function described(task, events) {
  const inside = events.filter(({ tid, start, end }) => tid === task.tid && start >= task.start && end <= task.end)
  const path = []
  for (let at = task; ; ) {
    const parts = inside.filter(
      (event) => event !== at && !path.includes(event) && event.start >= at.start && event.end <= at.end && event.end > event.start,
    )
    const [largest] = parts.sort((a, b) => b.end - b.start - (a.end - a.start))
    if (!largest || largest.end - largest.start < (task.end - task.start) / 3) break
    path.push(largest)
    at = largest
  }
  return path.map(named).filter(Boolean).join(' › ') || 'nothing that the trace names'
}

function named({ name, args }) {
  const { functionName, url, type } = args?.data ?? {}
  if (name === 'EventDispatch') return `${name} ${type}`
  if (name === 'ThreadControllerImpl::RunTask') return `${args.src_func} (${args.src_file?.split('/').pop()})`
  if (/^v8\.callFunction|BlinkScheduler/.test(name)) return ''
  return url ? `${name} ${functionName ?? ''} ${url.split('/').pop()}`.replaceAll(/ +/g, ' ') : name
}
