/** The fused probabilities of the last two minutes, as lines. */

import uPlot from "uplot";
import { beforeNow, percent } from "./format";
import { type Columns, WINDOW_SECONDS } from "./history";
import { colourVariable, dash, resolved } from "./palette";

export class Timeline {
  readonly #host: HTMLElement;
  readonly #labels: readonly string[];
  readonly #now: string;
  readonly #stop = new AbortController();
  readonly #resize: ResizeObserver;
  #columns: Columns;
  #plot: uPlot;

  /** Draws into `host`, which has its size from elsewhere; `now` is that word. */
  constructor(host: HTMLElement, labels: readonly string[], columns: Columns, now: string) {
    this.#host = host;
    this.#labels = labels;
    this.#columns = columns;
    this.#now = now;
    this.#plot = this.#draw();
    this.#resize = new ResizeObserver(() => this.#plot.setSize(this.#size()));
    this.#resize.observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw(), {
      signal: this.#stop.signal,
    });
  }

  show(columns: Columns): void {
    this.#columns = columns;
    this.#plot.setData(columns);
  }

  /** Takes the colours that are in force now. */
  redraw(): void {
    this.#plot.destroy();
    this.#plot = this.#draw();
  }

  destroy(): void {
    this.#stop.abort();
    this.#resize.disconnect();
    this.#plot.destroy();
  }

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  #draw(): uPlot {
    const axis = {
      stroke: resolved(this.#host, "--e-muted"),
      font: `12px ${getComputedStyle(this.#host).fontFamily}`,
      grid: { stroke: resolved(this.#host, "--e-line"), width: 1 },
      ticks: { show: false },
    };
    const narrow = this.#host.clientWidth < 480;
    const options: uPlot.Options = {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 16, 0, 0],
      scales: {
        x: { time: false, range: (_, __, newest) => window(newest) },
        y: { range: [0, 1] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          splits: (_, __, ___, newest) => marks(newest, narrow ? 60 : 30),
          values: (plot, marked) =>
            marked.map((mark) => beforeNow((plot.scales["x"]?.max ?? 0) - mark, this.#now)),
        },
        {
          ...axis,
          size: 48,
          splits: () => [0, 0.5, 1],
          values: (_, shares) => shares.map(percent),
        },
      ],
      series: [{}, ...this.#labels.map((label) => this.#line(label))],
    };
    return new uPlot(options, this.#columns, this.#host);
  }

  #line(label: string): uPlot.Series {
    return {
      label,
      stroke: resolved(this.#host, colourVariable(label)),
      width: 2,
      dash: dash(label),
      points: { show: false },
      spanGaps: false,
    };
  }
}

function window(newest: number | null): [number, number] {
  const end = newest ?? WINDOW_SECONDS;
  return [end - WINDOW_SECONDS, end];
}

function marks(newest: number, step: number): number[] {
  const count = WINDOW_SECONDS / step;
  return Array.from({ length: count + 1 }, (_, index) => newest - WINDOW_SECONDS + index * step);
}
