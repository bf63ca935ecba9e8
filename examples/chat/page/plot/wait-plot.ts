import 'uplot/dist/uPlot.min.css'
import uPlot from 'uplot'
import type { Outcome } from '../ask.ts'
import { markIcon } from '../chat/turn-view.ts'
import { element, svgElement } from '../element.ts'
import type { Roster } from '../roster.ts'
import { niceRange, niceSplits, splitLabel } from './log-scale.ts'

const windowSeconds = 90
const kept = 400
const frameMs = 100
const logarithmic = 3

type Sample = Pick<Outcome, 'provider' | 'firstTextMs' | 'state'> & { readonly at: number }

/** Time to first token, one mark for each answer, scrolling with the clock. */
export class WaitPlot {
  readonly root = element('div', { class: 'plot', 'data-plot': '', 'data-points': '0', role: 'img' })
  readonly legend = element('ul', { class: 'legend', 'data-legend': '', 'aria-label': 'Legend' })
  readonly #roster: Roster
  readonly #empty = element('p', { class: 'plot-empty' }, 'Each answer leaves a mark here.')
  readonly #colors = matchMedia('(prefers-color-scheme: dark)')
  #samples: Sample[] = []
  #plot: uPlot | undefined
  #points = 0

  constructor(roster: Roster) {
    this.#roster = roster
    this.root.append(this.#empty)
    this.root.setAttribute('aria-label', 'Time to first token of each answer over the last 90 seconds')
    new ResizeObserver(([entry]) => {
      if (entry !== undefined) this.#resize(entry.contentRect.width, entry.contentRect.height)
    }).observe(this.root)
    this.#colors.addEventListener('change', () => this.#plot?.redraw())
    window.setInterval(() => this.#scroll(), frameMs)
  }

  refreshLegend(): void {
    const entries = this.#roster.providers.map(({ id }) => {
      const { color, mark } = this.#roster.livery(id)
      return element('li', {}, markIcon(color, mark), this.#roster.shortName(id))
    })
    this.legend.replaceChildren(
      ...entries,
      element('li', {}, stateIcon('M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0'), 'incomplete'),
      element('li', {}, stateIcon('M-4-4L4 4M-4 4L4-4', 'var(--bad)'), 'no answer'),
    )
  }

  add({ provider, firstTextMs, state, submittedAt, endedAt }: Outcome): void {
    if (state === 'stopped') return
    if (firstTextMs === null && state !== 'error') return
    this.#empty.remove()
    this.#samples.push({
      provider,
      firstTextMs,
      state,
      at: (firstTextMs === null ? endedAt : submittedAt + firstTextMs) / 1_000,
    })
    this.#samples = this.#samples.sort((left, right) => left.at - right.at).slice(-kept)
    this.#points += 1
    this.root.dataset['points'] = String(this.#points)
    this.root.dataset[state] = String(Number(this.root.dataset[state] ?? 0) + 1)
    this.#plot?.setData(this.#data(), false)
    this.#scroll(true)
  }

  #data(): uPlot.AlignedData {
    return [this.#samples.map(({ at }) => at), this.#samples.map(({ firstTextMs }) => firstTextMs)]
  }

  #resize(width: number, height: number): void {
    if (width < 40 || height < 40) return
    if (this.#plot === undefined)
      this.#plot = new uPlot(this.#options(width, height), this.#data(), this.root)
    else this.#plot.setSize({ width, height })
    this.#scroll(true)
  }

  #scroll(force = false): void {
    if (document.hidden || this.#plot === undefined) return
    const now = performance.now() / 1_000
    const newest = this.#samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY
    // Nothing to move: let the machine rest.
    if (!force && newest < now - windowSeconds - 1) return
    const shown = this.#samples
      .filter(({ at }) => at >= now - windowSeconds)
      .map(({ firstTextMs }) => firstTextMs)
    const [min, max] = niceRange(shown.filter((value) => value !== null))
    this.#plot.batch((plot: uPlot) => {
      plot.setScale('x', { min: now - windowSeconds, max: now })
      plot.setScale('y', { min, max })
    })
  }

  #options(width: number, height: number): uPlot.Options {
    const axis = {
      stroke: () => this.#css('--muted'),
      grid: { stroke: () => this.#css('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    }
    return {
      width,
      height,
      padding: [12, 20, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: false, auto: false },
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- uPlot declares its enums without exporting their values
        y: { distr: logarithmic, auto: false },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          splits: (plot: uPlot) => [75, 60, 45, 30, 15, 0].map((age) => (plot.scales['x']?.max ?? 0) - age),
          values: (plot: uPlot, splits: number[]) =>
            splits.map((split) => ageLabel((plot.scales['x']?.max ?? 0) - split)),
        },
        {
          ...axis,
          size: 58,
          splits: (_plot, _axis, min, max) => niceSplits(min, max),
          // uPlot would blank most labels of a logarithmic axis.
          filter: (_plot, splits) => splits,
          values: (_plot, splits) => splits.map(splitLabel),
        },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [(plot) => this.#drawMarks(plot)] },
    }
  }

  #drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot
    const ratio = devicePixelRatio
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, 0, bbox.width + 10 * ratio, bbox.top + bbox.height)
    ctx.clip()
    for (const { at, firstTextMs, state, provider } of this.#samples) {
      const x = plot.valToPos(at, 'x', true)
      if (x < bbox.left) continue
      const livery = this.#roster.livery(provider)
      const shape = new Path2D(livery.mark)
      const y = firstTextMs === null ? bbox.top + 6 * ratio : plot.valToPos(firstTextMs, 'y', true)
      ctx.save()
      ctx.translate(x, y)
      ctx.scale(ratio, ratio)
      if (firstTextMs === null) {
        ctx.strokeStyle = this.#css('--bad')
        ctx.lineWidth = 2
        ctx.stroke(new Path2D('M-4-4L4 4M-4 4L4-4'))
      } else if (state === 'complete') {
        ctx.fillStyle = this.#css(livery.color)
        fill(ctx, shape)
      } else {
        ctx.strokeStyle = this.#css(livery.color)
        ctx.fillStyle = this.#css('--card')
        ctx.lineWidth = 2
        fill(ctx, shape)
        ctx.stroke(shape)
      }
      ctx.restore()
    }
    ctx.restore()
  }

  /** A canvas knows no custom properties. */
  #css(name: string): string {
    const property = name.replace(/^var\((.*)\)$/u, '$1')
    return getComputedStyle(this.root).getPropertyValue(property).trim()
  }
}

function ageLabel(age: number): string {
  return age < 0.5 ? 'now' : `−${Math.round(age)} s`
}

function stateIcon(d: string, color = 'var(--muted)'): SVGSVGElement {
  const path = svgElement('path', { d, fill: 'none', 'stroke-width': '2' })
  path.style.stroke = color
  return svgElement(
    'svg',
    { class: 'mark', viewBox: '-7 -7 14 14', width: '12', height: '12', 'aria-hidden': 'true' },
    path,
  )
}

function fill(context: CanvasRenderingContext2D, shape: Path2D): void {
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a canvas, not an array
  context.fill(shape)
}
