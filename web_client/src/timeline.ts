/** The fused probabilities of the last two minutes, as lines over the session clock. */

import uPlot from "uplot";
import { beforeNow, percent } from "./format";
import { colourVariable, dash, resolved } from "./palette";
import type { State } from "./protocol";

export const WINDOW_SECONDS = 120;

/** Columns for uPlot: times in seconds, then one array a class; null where nothing was fused. */
export class History {
  readonly columns: [number[], ...(number | null)[][]];

  constructor(classes: number) {
    this.columns = [[], ...Array.from({ length: classes }, () => [])];
  }

  /** Appends a state and forgets what is older than the window. */
  add(state: State): void {
    const [times, ...series] = this.columns;
    const now = state.t_end_ms / 1_000;
    const before = times.at(-1);
    // Skipped states leave a hole in the lines, not a slope across it.
    if (before !== undefined && state.t_start_ms / 1_000 - before > 0.5) {
      times.push((before + now) / 2);
      for (const line of series) line.push(null);
    }
    times.push(now);
    series.forEach((line, column) => line.push(state.fused?.probs[column] ?? null));
    const kept = times.findIndex((time) => time >= now - WINDOW_SECONDS);
    if (kept > 0) for (const column of this.columns) column.splice(0, kept);
  }
}

export class Timeline {
  readonly #host: HTMLElement;
  readonly #labels: readonly string[];
  readonly #history: History;
  readonly #stop = new AbortController();
  readonly #resize: ResizeObserver;
  #plot: uPlot;

  constructor(host: HTMLElement, labels: readonly string[]) {
    this.#host = host;
    this.#labels = labels;
    this.#history = new History(labels.length);
    this.#plot = this.#draw();
    this.#resize = new ResizeObserver(() => this.#plot.setSize(this.#size()));
    this.#resize.observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener(
      "change",
      () => {
        this.#plot.destroy();
        this.#plot = this.#draw();
      },
      { signal: this.#stop.signal },
    );
  }

  add(state: State): void {
    this.#history.add(state);
    this.#plot.setData(this.#history.columns);
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
    const ink = resolved("--text-muted");
    const axis = {
      stroke: ink,
      font: `12px ${getComputedStyle(this.#host).fontFamily}`,
      grid: { stroke: resolved("--line"), width: 1 },
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
            marked.map((mark) => beforeNow((plot.scales["x"]?.max ?? 0) - mark)),
        },
        {
          ...axis,
          size: 48,
          splits: () => [0, 0.5, 1],
          values: (_, shares) => shares.map(percent),
        },
      ],
      series: [{}, ...this.#labels.map((label) => line(label))],
    };
    return new uPlot(options, this.#history.columns, this.#host);
  }
}

function line(label: string): uPlot.Series {
  return {
    label,
    stroke: resolved(colourVariable(label)),
    width: 2,
    dash: dash(label),
    points: { show: false },
    spanGaps: false,
  };
}

function window(newest: number | null): [number, number] {
  const end = newest ?? WINDOW_SECONDS;
  return [end - WINDOW_SECONDS, end];
}

function marks(newest: number, step: number): number[] {
  const count = WINDOW_SECONDS / step;
  return Array.from({ length: count + 1 }, (_, index) => newest - WINDOW_SECONDS + index * step);
}
