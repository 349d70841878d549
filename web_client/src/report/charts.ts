/** The charts of a report: probabilities, and a lane a modality, under one cursor and one zoom. */

import uPlot from "uplot";
import { colourVariable, dash, resolved } from "../live/palette";
import type { Report } from "../protocol";
import type { Modality } from "../sdk/client";
import { type Columns, lane, probabilities } from "./columns";
import { clock } from "./figures";

export type Range = [number, number];

export interface ChartEvents {
  /** The cursor is at a time, in seconds on the session clock, or has left. */
  read: (seconds: number | null) => void;
  zoom: (range: Range) => void;
}

const KEY = "esapr-report";
const AXIS_PIXELS = 52;

export class Charts {
  readonly #report: Report;
  readonly #hosts: ReadonlyMap<Modality | "all", HTMLElement>;
  readonly #events: ChartEvents;
  readonly #stop = new AbortController();
  readonly #resize: ResizeObserver;
  #plots: uPlot[];
  #range: Range;

  /** Draws into `hosts`, which have their sizes from elsewhere; "all" is for the probabilities. */
  constructor(
    report: Report,
    hosts: ReadonlyMap<Modality | "all", HTMLElement>,
    events: ChartEvents,
  ) {
    this.#report = report;
    this.#hosts = hosts;
    this.#events = events;
    this.#range = extent(report);
    this.#plots = this.#draw();
    this.#resize = new ResizeObserver(() => {
      for (const plot of this.#plots) plot.setSize(size(plot.root.parentElement as HTMLElement));
    });
    for (const host of hosts.values()) this.#resize.observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw(), {
      signal: this.#stop.signal,
    });
  }

  /** Shows a stretch. */
  zoom(range: Range): void {
    for (const plot of this.#plots) plot.setScale("x", { min: range[0], max: range[1] });
  }

  /** Takes the colours that are in force now. */
  redraw(): void {
    const range = this.#range;
    for (const plot of this.#plots) plot.destroy();
    this.#plots = this.#draw();
    this.zoom(range);
  }

  destroy(): void {
    this.#stop.abort();
    this.#resize.disconnect();
    for (const plot of this.#plots) plot.destroy();
  }

  #draw(): uPlot[] {
    return [...this.#hosts].map(([name, host]) =>
      name === "all"
        ? this.#plot(host, probabilities(this.#report), this.#curves(host), true)
        : this.#plot(host, lane(this.#report, name), lanes(host), false),
    );
  }

  #plot(host: HTMLElement, columns: Columns, series: uPlot.Series[], labelled: boolean): uPlot {
    const axis = {
      stroke: resolved(host, "--e-muted"),
      font: `12px ${getComputedStyle(host).fontFamily}`,
      grid: { stroke: resolved(host, "--e-line"), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      ...size(host),
      legend: { show: false },
      padding: [8, 16, labelled ? 0 : 4, 0],
      cursor: { y: false, points: { show: false }, sync: { key: KEY } },
      scales: {
        x: { time: false, range: (_, low, high) => (low === high ? this.#range : [low, high]) },
        y: { range: [0, 1] },
      },
      axes: [
        {
          ...axis,
          show: labelled,
          size: 24,
          values: (_, seconds) => seconds.map((each) => clock(1_000 * each).replace(/\.0$/, "")),
        },
        {
          ...axis,
          size: AXIS_PIXELS,
          splits: () => (labelled ? [0, 0.5, 1] : [0, 1]),
          values: (_, shares) => shares.map((share) => (labelled ? `${100 * share}%` : "")),
        },
      ],
      series: [{}, ...series],
      hooks: {
        drawClear: [(plot) => this.#gaps(plot, resolved(host, "--e-line"))],
        ...(labelled ? { setCursor: [this.#read], setScale: [this.#zoomed] } : {}),
      },
    };
    return new uPlot(options, columns, host);
  }

  /** Shades the times without states. */
  #gaps({ bbox, ctx, valToPos }: uPlot, colour: string): void {
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour;
    for (const { t_start_ms: start, t_end_ms: end } of this.#report.gaps) {
      const from = valToPos(start / 1_000, "x", true);
      ctx.fillRect(from, bbox.top, valToPos(end / 1_000, "x", true) - from, bbox.height);
    }
    ctx.restore();
  }

  #read = (plot: uPlot): void => {
    const { left = -1 } = plot.cursor;
    this.#events.read(left < 0 ? null : plot.posToVal(left, "x"));
  };

  #zoomed = (plot: uPlot, key: string): void => {
    const { min, max } = plot.scales["x"] ?? {};
    if (key !== "x" || min === undefined || max === undefined) return;
    if (min === this.#range[0] && max === this.#range[1]) return;
    this.#range = [min as number, max as number];
    this.#events.zoom(this.#range);
  };

  #curves(host: HTMLElement): uPlot.Series[] {
    return this.#report.labels.map((label) => ({
      label,
      stroke: resolved(host, colourVariable(label)),
      width: 2,
      dash: dash(label),
      points: { show: false },
      spanGaps: false,
    }));
  }
}

/** The whole session. */
export function extent({ timeline }: Report): Range {
  const [first, last] = [timeline[0], timeline.at(-1)];
  return [(first?.t_start_ms ?? 0) / 1_000, (last?.t_end_ms ?? 1_000) / 1_000];
}

function lanes(host: HTMLElement): uPlot.Series[] {
  const accent = resolved(host, "--e-accent");
  const common = { points: { show: false }, spanGaps: false };
  return [
    { ...common, label: "weight", stroke: accent, fill: accent, width: 0 },
    { ...common, label: "coverage", stroke: resolved(host, "--e-muted"), width: 1.5 },
    { ...common, label: "quality", stroke: resolved(host, "--e-danger"), width: 6 },
  ];
}

function size(host: HTMLElement): { width: number; height: number } {
  return { width: host.clientWidth, height: host.clientHeight };
}
