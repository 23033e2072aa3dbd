// The button that asks for a licence again: it is there while one has failed.

import { fail } from '../status.js'

const $ = (id) => document.getElementById(id)
const stages = ['license', 'update'] // of errors in which a licence failed

// offerRetry shows the button when a licence of this player's fails, fatally or not, until licences are there or a load begins.
export function offerRetry(player, video) {
  const show = (can) => {
    $('retry').hidden = !can
    if (can) $('retry').onclick = () => retry(player, video)
  }
  show(false)
  player.addEventListener('error', ({ detail }) => stages.includes(detail.stage) && show(true))
  player.addEventListener('statechange', ({ detail }) => detail.state !== 'failed' && detail.stage === 'configure' && show(false))
  player.addEventListener('keystatuschange', ({ detail }) => {
    if ($('retry').hidden || !detail.keys.every((key) => key.status === 'usable')) return
    show(false)
    $('error').replaceChildren()
  })
}

async function retry(player, video) {
  try {
    await player.retryLicense()
    await video.play().catch(() => {})
  } catch (error) {
    if (error.code !== 'LOAD_INTERRUPTED') fail(error)
  }
}
