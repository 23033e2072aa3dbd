// What the scripts here need of ISO base media files (ISO/IEC 14496-12, 4.2).

export function children(bytes) {
  const boxes = []
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    const whole = bytes.subarray(at, at + size)
    boxes.push({ type: whole.toString('latin1', 4, 8), whole, body: whole.subarray(8) })
    at += size
  }
  return boxes
}

export function find(boxes, type, ...path) {
  const found = boxes.find((b) => b.type === type)
  return found && path.length > 0 ? find(children(found.body), ...path) : found
}
