/** The course of a recording: devices, the recording itself, hearing it again. Draws nothing. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { DeviceError, startCapture, stopCapture, type Wanted } from "../sdk/capture";
import { type EsaprError, problemFrom } from "../sdk/errors";
import { Loudness, Recorder } from "./recorder";
import { MAX_SECONDS } from "./ways";

const LOOK_MS = 100;

export type TakingStep = "idle" | "opening" | "blocked" | "ready" | "recording" | "review";

/** A recording, and an address of it within this page. */
export interface Take {
  file: Blob;
  address: string;
}

export class Taking implements ReactiveController {
  step: TakingStep = "idle";
  problem: EsaprError | null = null;
  stream: MediaStream | null = null;
  take: Take | null = null;
  wanted: Wanted = { camera: false, microphone: false };
  /** How long it is by now. */
  seconds = 0;
  /** 0 to 1. */
  loudness = 0;
  readonly #host: ReactiveControllerHost;
  #recorder: Recorder | null = null;
  #meter: Loudness | null = null;
  #began = 0;
  #look: ReturnType<typeof setInterval> | undefined;
  /** Counts what was begun, so that what comes too late is thrown away. */
  #turn = 0;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.discard();
  }

  /** Opens the devices; `blocked` says why they stay closed. */
  async open(wanted: Wanted): Promise<void> {
    this.discard();
    this.wanted = wanted;
    const turn = this.#turn;
    this.#enter("opening");
    try {
      const stream = await startCapture(wanted);
      if (turn !== this.#turn) return stopCapture(stream);
      this.stream = stream;
    } catch (thrown) {
      if (turn === this.#turn) this.#fail(problemFrom(thrown));
      return;
    }
    if (wanted.microphone) this.#meter = new Loudness(this.stream);
    this.#look = setInterval(() => this.#lookOn(), LOOK_MS);
    this.#enter("ready");
  }

  /** Does without the devices that stay closed. */
  async leaveOut({ devices }: DeviceError): Promise<void> {
    const left = Object.fromEntries(devices.map((device) => [device, false]));
    await this.open({ ...this.wanted, ...left });
  }

  start(): void {
    if (this.stream === null) return;
    try {
      this.#recorder = new Recorder(this.stream);
    } catch (thrown) {
      this.#fail(problemFrom(thrown));
      return;
    }
    this.#began = performance.now();
    this.#enter("recording");
  }

  async stop(): Promise<void> {
    const recorder = this.#recorder;
    // Whoever presses twice, or when time is up, stops it once.
    this.#recorder = null;
    if (recorder === null) return;
    const turn = this.#turn;
    const file = await recorder.stop();
    if (turn !== this.#turn) return;
    this.#release();
    this.take = { file, address: URL.createObjectURL(file) };
    this.#enter("review");
  }

  /** Closes the devices and forgets the recording. */
  discard(): void {
    this.#turn += 1;
    this.#release();
    if (this.take) URL.revokeObjectURL(this.take.address);
    this.take = this.problem = null;
    this.seconds = 0;
    this.#enter("idle");
  }

  #fail(problem: EsaprError): void {
    this.#release();
    this.problem = problem;
    this.#enter("blocked");
  }

  #lookOn(): void {
    this.loudness = this.#meter?.now() ?? 0;
    if (this.step === "recording") {
      this.seconds = Math.min(MAX_SECONDS, (performance.now() - this.#began) / 1_000);
      if (this.seconds >= MAX_SECONDS) void this.stop();
    }
    this.#host.requestUpdate();
  }

  #release(): void {
    clearInterval(this.#look);
    this.#meter?.close();
    this.#meter = this.#recorder = null;
    stopCapture(this.stream);
    this.stream = null;
  }

  #enter(step: TakingStep): void {
    this.step = step;
    this.#host.requestUpdate();
  }
}
