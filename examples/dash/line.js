// The network of this page. The demo's server carries everything under /throttle/LINE/ no faster than the line of that name, which the page may
// change while something is under way.

const $ = (id) => document.getElementById(id)
const name = (sessionStorage.line ??= Math.random().toString(36).slice(2)) // one for each tab
let there = false

// offerLine sets the line to what is chosen, now and at each change; the address may preset it (network=1500-40: kbit/s and milliseconds).
export async function offerLine() {
  const asked = new URLSearchParams(location.search).get('network')
  const option = asked && [...$('network').options].find(({ value }) => value === asked || value.split('-')[0] === asked)
  if (option) option.selected = true
  $('network').addEventListener('change', set)
  await set()
}

// onLine gives the address of this server's url on the line.
export function onLine(url) {
  const { origin, pathname, search } = new URL(url, location.href)
  return there && origin === location.origin ? `/throttle/${name}${pathname}${search}` : url
}

async function set() {
  const [kbits, latency] = $('network').value.split('-')
  const response = await fetch(`/throttle/${name}?kbits=${kbits}&latency=${latency}`, { method: 'POST' })
  there = response.ok
  $('network').disabled = !there // this server has no slow lines
}
