/** Records what a stream carries, and says how loud it is. */

import { EsaprError } from "../sdk/errors";
import { BITS_PER_SECOND } from "./ways";

/** What browsers write, the best known to the server first (Safari writes MP4). */
const FORMATS = {
  video: ["video/webm;codecs=vp8,opus", "video/webm;codecs=vp8", "video/webm", "video/mp4"],
  audio: ["audio/webm;codecs=opus", "audio/webm", "audio/mp4"],
} as const;

/** A recording that is made. */
export class Recorder {
  readonly #recorder: MediaRecorder;
  readonly #parts: Blob[] = [];

  /** Throws an `EsaprError` where the browser records nothing that a server reads. */
  constructor(stream: MediaStream) {
    const kind = stream.getVideoTracks().length > 0 ? "video" : "audio";
    const format = FORMATS[kind].find((each) => MediaRecorder.isTypeSupported(each));
    if (format === undefined) {
      throw new EsaprError("recording_failed", "The browser records in no format that is known.");
    }
    this.#recorder = new MediaRecorder(stream, {
      mimeType: format,
      videoBitsPerSecond: BITS_PER_SECOND.video,
      audioBitsPerSecond: BITS_PER_SECOND.audio,
    });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    this.#recorder.start();
  }

  /** Ends the recording; its type has no parameters. */
  async stop(): Promise<Blob> {
    const recorder = this.#recorder;
    const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve));
    if (recorder.state !== "inactive") {
      recorder.stop();
      await stopped;
    }
    const [type = ""] = recorder.mimeType.split(";");
    return new Blob(this.#parts, { type });
  }
}

const QUIET_DB = -60;
const SAMPLES = 1024;

/** How loud a stream is at the moment. */
export class Loudness {
  readonly #context = new AudioContext();
  readonly #analyser = new AnalyserNode(this.#context, { fftSize: SAMPLES });
  readonly #samples = new Float32Array(SAMPLES);

  constructor(stream: MediaStream) {
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  /** 0 for silence (−60 dB and less) to 1 for full scale. */
  now(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }

  close(): void {
    void this.#context.close();
  }
}

/** 0 for silence (−60 dB and less) to 1 for full scale, by the root mean square of samples. */
export function loudness(samples: Float32Array): number {
  const square = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const db = 10 * Math.log10(square);
  return Math.min(1, Math.max(0, 1 - db / QUIET_DB));
}
