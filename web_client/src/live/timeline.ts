/** The last minutes as lines. */

import uPlot from "uplot";
import { beforeNow } from "./format";
import type { Columns } from "./history";
import { resolved } from "./palette";

/** What is drawn, and how. */
export interface Chart {
  /** One a column: the style sheet's name of its colour, and its dashes in pixels. */
  lines: readonly { colour: string; dash: number[] }[];
  /** As many seconds are shown. */
  seconds: number;
  /** The values that are marked, from the lowest to the highest, and how they are written. */
  values: readonly number[];
  inWords(value: number): string;
}

export class Timeline {
  readonly #host: HTMLElement;
  readonly #chart: Chart;
  readonly #now: string;
  readonly #stop = new AbortController();
  readonly #resize: ResizeObserver;
  #columns: Columns;
  #plot: uPlot;

  /** Draws into `host`, which has its size from elsewhere; `now` is that word. */
  constructor(host: HTMLElement, chart: Chart, columns: Columns, now: string) {
    this.#host = host;
    this.#chart = chart;
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
    const { seconds, values, inWords, lines } = this.#chart;
    const step = seconds / (this.#host.clientWidth < 480 ? 2 : 4);
    const options: uPlot.Options = {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 16, 0, 0],
      scales: {
        x: { time: false, range: (_, __, newest) => window(newest, seconds) },
        y: { range: [values.at(0) ?? 0, values.at(-1) ?? 1] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          gap: 8,
          splits: (_, __, ___, newest) => marks(newest, seconds, step),
          values: (plot, marked) =>
            marked.map((mark) => beforeNow((plot.scales["x"]?.max ?? 0) - mark, this.#now)),
        },
        {
          ...axis,
          size: 48,
          splits: () => [...values],
          values: (_, marked) => marked.map(inWords),
        },
      ],
      series: [{}, ...lines.map((line) => this.#line(line))],
    };
    return new uPlot(options, this.#columns, this.#host);
  }

  #line({ colour, dash }: Chart["lines"][number]): uPlot.Series {
    return {
      stroke: resolved(this.#host, colour),
      width: 2,
      dash,
      points: { show: false },
      spanGaps: false,
    };
  }
}

function window(newest: number | null, seconds: number): [number, number] {
  const end = newest ?? seconds;
  return [end - seconds, end];
}

function marks(newest: number, seconds: number, step: number): number[] {
  const count = seconds / step;
  return Array.from({ length: count + 1 }, (_, index) => newest - seconds + index * step);
}
