// Just enough of SVG for the graphs. Colours are classes, because this site's policy forbids inline styles.

// svg makes a node.
export function svg(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, typeof value === 'number' ? value.toFixed(1) : value)
  node.append(...children)
  return node
}

// sheet gives the size of a drawing, whose units are the page's pixels from then on.
export function sheet(drawing) {
  const { clientWidth: width, clientHeight: height } = drawing
  drawing.setAttribute('viewBox', `0 0 ${width} ${height}`)
  return { width, height }
}

// legend fills a <dl> with [class, name, value]: a swatch of that class, and what it stands for.
export function legend(list, entries) {
  const items = entries.map(([swatch, name, value]) => {
    const [item, mark, dt, dd] = ['div', 'i', 'dt', 'dd'].map((tag) => document.createElement(tag))
    mark.className = swatch
    dt.append(...(swatch ? [mark] : []), name)
    dd.textContent = value
    item.append(dt, dd)
    return item
  })
  list.replaceChildren(...items)
}
