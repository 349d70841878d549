/** What changes over time, as lines. */

import uPlot from "uplot";
import { beforeNow, clock } from "./format";
import type { Columns } from "./history";
import { resolved } from "./palette";

/** What is drawn, and how. */
export interface Chart {
  /** One a column: the style sheet's name of its colour, and its dashes in pixels. */
  lines: readonly { colour: string; dash: number[] }[];
  /** The values that are marked, from the lowest to the highest, and how they are written. */
  values: readonly number[];
  inWords(value: number): string;
}

/** The axis of time, in seconds: what of it is shown, where it is marked, what marks are called. */
export interface TimeAxis {
  range(newest: number | null): [number, number];
  marks(newest: number, narrow: boolean): number[];
  name(mark: number, newest: number): string;
}

/** The last `seconds`, marked backwards; `now` is that word. */
export function lastSeconds(seconds: number, now: string): TimeAxis {
  return {
    range: (newest) => {
      const end = newest ?? seconds;
      return [end - seconds, end];
    },
    marks: (newest, narrow) => marks(newest - seconds, newest, seconds / (narrow ? 2 : 4)),
    name: (mark, newest) => beforeNow(newest - mark, now),
  };
}

/** Seconds between marks of a recording, of which that is taken which makes few enough. */
const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600];

/** The whole of a recording, as far as it is known. */
export const WHOLE: TimeAxis = {
  range: (newest) => [0, Math.max(1, newest ?? 0)],
  marks: (newest, narrow) => {
    const step = STEPS.find((each) => newest / each <= (narrow ? 5 : 10));
    return marks(0, newest, step ?? 1_200);
  },
  name: clock,
};

export class Timeline {
  readonly #host: HTMLElement;
  readonly #chart: Chart;
  readonly #axis: TimeAxis;
  readonly #stop = new AbortController();
  readonly #resize: ResizeObserver;
  #columns: Columns;
  #plot: uPlot;

  /** Draws into `host`, which has its size from elsewhere. */
  constructor(host: HTMLElement, chart: Chart, columns: Columns, axis: TimeAxis) {
    this.#host = host;
    this.#chart = chart;
    this.#columns = columns;
    this.#axis = axis;
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
    const { values, inWords, lines } = this.#chart;
    const narrow = this.#host.clientWidth < 480;
    const options: uPlot.Options = {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 16, 0, 0],
      scales: {
        x: { time: false, range: (_, __, newest) => this.#axis.range(newest) },
        y: { range: [values.at(0) ?? 0, values.at(-1) ?? 1] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          gap: 8,
          splits: (_, __, ___, newest) => this.#axis.marks(newest, narrow),
          values: (plot, marked) =>
            marked.map((mark) => this.#axis.name(mark, plot.scales["x"]?.max ?? 0)),
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

/** From the first second to the last, a step apart. */
function marks(first: number, last: number, step: number): number[] {
  const count = Math.floor((last - first) / step);
  return Array.from({ length: count + 1 }, (_, index) => first + index * step);
}
