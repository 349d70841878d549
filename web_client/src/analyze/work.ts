/** The course of one analysis: the file goes, findings come, the server forgets. Draws nothing. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { AnalysisCredentials, Consent } from "../protocol";
import { analysisHeaders, results } from "../sdk/analysis";
import type { Modality } from "../sdk/client";
import { EsaprError, problemFrom } from "../sdk/errors";
import { Findings } from "./findings";
import { upload } from "./upload";

const DEMO = "/v1/demo/analyses";
/** Why no file is taken: the server has no analyses without a key. */
export const KEY_NEEDED = "key_needed";

export type WorkStep = "idle" | "sending" | "analysing" | "done" | "failed";

/** What is analysed. */
export interface Matter {
  file: Blob;
  name: string;
  mediaType: string;
}

/** What the person has agreed to. */
export interface Agreement {
  consent: Consent;
  modalities: Modality[];
}

export class Work implements ReactiveController {
  step: WorkStep = "idle";
  matter: Matter | null = null;
  findings = new Findings();
  problem: EsaprError | null = null;
  sentBytes = 0;
  /** ISO 8601. */
  begunAt = "";
  readonly #host: ReactiveControllerHost;
  #stop = new AbortController();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener("pagehide", this.cancel);
  }

  hostDisconnected(): void {
    removeEventListener("pagehide", this.cancel);
    this.cancel();
  }

  async begin(server: string, matter: Matter, agreement: Agreement): Promise<void> {
    this.cancel();
    const { signal } = (this.#stop = new AbortController());
    this.matter = matter;
    this.begunAt = new Date().toISOString();
    this.#enter("sending");
    try {
      const taken = await this.#send(new URL(DEMO, server).href, matter, agreement);
      this.#enter("analysing");
      for await (const found of results(server, taken, signal)) {
        this.findings.add(found);
        this.#host.requestUpdate();
      }
      if (!signal.aborted) this.#enter("done");
    } catch (thrown) {
      if (!signal.aborted) this.refuse(matter, problemFrom(thrown));
    }
  }

  /** Says why a file is not analysed, or not to its end. */
  refuse(matter: Matter | null, problem: EsaprError): void {
    this.matter = matter;
    this.problem = problem;
    this.#enter("failed");
  }

  /** Stops, and forgets what was found; the server is told to. */
  readonly cancel = (): void => {
    this.#stop.abort();
    this.matter = this.problem = null;
    this.findings = new Findings();
    this.sentBytes = 0;
    this.#enter("idle");
  };

  async #send(
    url: string,
    { file, mediaType }: Matter,
    agreement: Agreement,
  ): Promise<AnalysisCredentials> {
    const sent = (bytes: number) => {
      this.sentBytes = bytes;
      this.#host.requestUpdate();
    };
    const headers = analysisHeaders(mediaType, agreement);
    try {
      return await upload({ url, headers, file, sent, signal: this.#stop.signal });
    } catch (thrown) {
      const { code, message } = problemFrom(thrown);
      throw code === "not_found" ? new EsaprError(KEY_NEEDED, message) : thrown;
    }
  }

  #enter(step: WorkStep): void {
    this.step = step;
    this.#host.requestUpdate();
  }
}
