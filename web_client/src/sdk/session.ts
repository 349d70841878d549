/** One participant's session: what a page sends into it, and what to do when its media break. */

import type { SessionCreated, State, Text } from "../protocol";
import type { Entrance } from "./client";
import { EsaprError, problemFrom, refusal } from "./errors";
import type { Detail } from "./feed";
import { adapt, publish, type Publication } from "./publication";
import { type Quality, QualityLadder } from "./quality";
import type { Surroundings } from "./socket";
import { Subscription } from "./subscription";
import { SAMPLE_MS, Uplink, uplinkSample } from "./uplink";

/** Publications in a row that do not connect. */
const MAX_ATTEMPTS = 5;
const RETRY_MS = 2_000;
/** A connection that is broken for less than this mends itself. */
const DISCONNECTED_MS = 3_000;
const BYTES_PER_SAMPLE = 2;

export class Session extends Subscription {
  readonly credentials: Entrance;
  readonly #whipUrl: string;
  #stream: MediaStream | null = null;
  #publication: Publication | null = null;
  readonly #ladder = new QualityLadder();
  readonly #uplink = new Uplink();
  #level: State["level"] = "full";
  #attempts = 0;
  #finishing = false;

  constructor(
    credentials: Entrance,
    feedUrl: string,
    whipUrl: string,
    detail: Detail,
    around?: Surroundings,
  ) {
    super(feedUrl, credentials.client_token, detail, around);
    this.credentials = credentials;
    this.#whipUrl = whipUrl;
    this.on("message", (message) => {
      if (message.type === "error") this.emit("problem", refusal(message));
    });
    this.on("state", ({ level }) => this.#heed(level));
    this.on("phase", ({ name }) => {
      if (name === "waiting") void this.#askWhetherItLives();
    });
    this.on("ended", () => this.#silence());
  }

  get id(): string {
    return this.credentials.session_id;
  }

  /** The text to show to the person before anything is sent. */
  get notice(): string {
    return this.created.notice;
  }

  /** The newest `session.created`: labels, limits, models, configuration. */
  get created(): SessionCreated {
    if (this.greeting.type !== "session.created") throw new Error("this is the feed of a room");
    return this.greeting;
  }

  /** The session clock, in milliseconds: what to count capture times from. */
  get tMs(): number {
    return this.feed.tMs;
  }

  /** Pictures a second that are sent at most: halved by the server, and climbing back. */
  get imagesPerSecond(): number {
    return this.feed.imagesPerSecond;
  }

  /** Whether the published picture stays away, because the connection carries the sound only. */
  get audioOnly(): boolean {
    return this.#uplink.audioOnly;
  }

  /** Pictures and pieces of sound that were not sent. */
  get dropped(): Readonly<{ images: number; sounds: number }> {
    return this.feed.outbox.dropped;
  }

  /**
   * Sends a line of text, in order, at the rate that the server takes. False when it is not taken:
   * 64 lines are unsent, or the session has ended.
   */
  sendText(body: string, options: { source?: Text["source"]; atMs?: number } = {}): boolean {
    const at = options.atMs === undefined ? {} : { at_ms: options.atMs };
    return this.feed.say({ type: "text", body, source: options.source ?? "chat", ...at });
  }

  /** Sends a JPEG, PNG or WebP; of those that wait the latest wins. */
  sendImage(image: Uint8Array, { atMs = this.tMs }: { atMs?: number } = {}): void {
    this.#checkSize(image, this.created.limits.max_image_bytes);
    this.feed.show({ kind: "image", capturedMs: atMs, payload: image });
  }

  /** Sends mono sound of `rate` Hz; `atMs` is when its first sample was captured. */
  sendAudio(samples: Int16Array, rate: number, { atMs }: { atMs?: number } = {}): void {
    const payload = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    this.#checkSize(payload, this.created.limits.max_audio_bytes);
    const lengthMs = (1000 * payload.byteLength) / BYTES_PER_SAMPLE / rate;
    const capturedMs = atMs ?? Math.max(0, this.tMs - lengthMs);
    this.feed.show({ kind: "pcm", capturedMs, payload, rate });
  }

  /**
   * Lets nothing be analysed until `resumeMedia`: media are thrown away meanwhile, lines of text
   * refused, and states abstain (`paused`). False without a connection.
   */
  pause(): boolean {
    return this.feed.send({ type: "pause" });
  }

  /** Goes on after `pause`. False without a connection. */
  resumeMedia(): boolean {
    return this.feed.send({ type: "resume_media" });
  }

  /**
   * Lets states move halfway to what is shown within `halfLifeMs`; 0 for no smoothing. False without
   * a connection, as of the next two.
   */
  smooth(halfLifeMs: number): boolean {
    return this.feed.send({ type: "configure", smoothing_ms: halfLifeMs });
  }

  /**
   * Captures the person's own neutral for 3 to 10 seconds. `baseline.captured` is then among the
   * messages, with a `blob` to keep for `loadBaseline`; or a `problem` says why there is none.
   */
  startBaseline(seconds = 5): boolean {
    return this.feed.send({ type: "baseline.start", capture_ms: Math.round(seconds * 1000) });
  }

  /** Brings a baseline back into a session of the same person. */
  loadBaseline(blob: string): boolean {
    return this.feed.send({ type: "baseline.load", blob });
  }

  /**
   * Publishes the tracks of a stream by WebRTC (WHIP), again whenever their connection fails. A
   * stream that was published before stops.
   */
  async publish(stream: MediaStream): Promise<void> {
    this.unpublish();
    this.#stream = stream;
    this.#attempts = 0;
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => {
        const device = track.kind === "video" ? "camera" : "microphone";
        const message = `The ${device} was disconnected.`;
        this.emit("problem", new EsaprError("device_lost", message));
      });
    }
    await this.#publish(stream);
  }

  /** Stops picture and sound; the session goes on, and can be published into again. */
  unpublish(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    void this.#publication?.stop();
    this.#publication = null;
  }

  /** Ends the session. Media stop at once, whatever the server answers and when. */
  close(): void {
    this.#finish("close");
  }

  /** Withdraws consent: media and text stop at once, and the session ends. */
  revokeConsent(): void {
    this.#finish("consent.revoke");
  }

  #finish(type: "close" | "consent.revoke"): void {
    this.#finishing = true;
    this.#silence();
    // A session that ends takes its publications with it.
    if (!this.feed.finish({ type })) void this.#publication?.stop();
    this.#publication = null;
  }

  #silence(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#publication?.connection.close();
  }

  /** Brings the media to the server, again when the connection fails: seq and smoothing go on. */
  async #publish(stream: MediaStream): Promise<void> {
    if (stream.getTracks().length === 0 || !this.#wants(stream)) return;
    this.#attempts += 1;
    try {
      const publication = await publish(stream, this.#whipUrl, this.credentials, this.#quality);
      if (!this.#wants(stream)) {
        await publication.stop();
        return;
      }
      this.#publication = publication;
      this.#watch(stream, publication);
      if (stream.getVideoTracks().length > 0) this.#measure(publication);
    } catch (thrown) {
      const problem = problemFrom(thrown);
      if (problem.code === "unreachable" || problem.code === "timeout")
        this.#retry(stream, problem);
      else if (this.#wants(stream)) this.emit("problem", problem);
    }
  }

  /** Whether these media are still to be sent. */
  #wants(stream: MediaStream): boolean {
    return !this.#over && this.#stream === stream;
  }

  /** How much picture is sent at present. */
  get #quality(): Quality {
    return { ...this.#ladder.quality, active: !this.#uplink.audioOnly };
  }

  #heed(level: State["level"]): void {
    this.#level = level;
    if (!this.#ladder.heed(level) || this.#publication === null) return;
    void adapt(this.#publication.connection, this.#quality);
  }

  /** Looks at how a publication gets through as long as it is the one; sound goes before picture. */
  #measure(publication: Publication): void {
    const { connection } = publication;
    const timer = setInterval(async () => {
      if (publication !== this.#publication || this.#over) return clearInterval(timer);
      const sample = uplinkSample((await connection.getStats()).values());
      if (!this.#uplink.heed(sample, this.#level, performance.now())) return;
      await adapt(connection, this.#quality);
      this.emit("audioOnly", this.#uplink.audioOnly);
    }, SAMPLE_MS);
  }

  /** A browser is not told why a socket was refused, but a request is. */
  async #askWhetherItLives(): Promise<void> {
    const url = new URL(`/v1/sessions/${this.id}`, this.#whipUrl);
    const headers = { Authorization: `Bearer ${this.credentials.client_token}` };
    try {
      if ((await fetch(url, { headers })).status !== 404) return;
    } catch {
      return;
    }
    const message = "The server does not know this session any more.";
    this.feed.giveUp(new EsaprError("not_found", message));
  }

  #watch(stream: MediaStream, publication: Publication): void {
    const { connection } = publication;
    connection.addEventListener("connectionstatechange", () => {
      const state = connection.connectionState;
      if (state === "connected") this.#attempts = 0;
      else if (state === "failed" || state === "closed") this.#replace(stream, publication);
      else if (state === "disconnected") {
        setTimeout(() => {
          if (connection.connectionState === "disconnected") this.#replace(stream, publication);
        }, DISCONNECTED_MS);
      }
    });
  }

  /** The server drops the lost connection itself, as soon as the next one arrives. */
  #replace(stream: MediaStream, lost: Publication): void {
    if (lost !== this.#publication) return;
    this.#publication = null;
    lost.connection.close();
    const message = "Picture and sound do not reach the server. Stop, and start again.";
    this.#retry(stream, new EsaprError("media_lost", message));
  }

  #retry(stream: MediaStream, problem: EsaprError): void {
    if (!this.#wants(stream)) return;
    if (this.#attempts >= MAX_ATTEMPTS) this.emit("problem", problem);
    else setTimeout(() => void this.#publish(stream), RETRY_MS * this.#attempts);
  }

  get #over(): boolean {
    return this.#finishing || this.feed.closed;
  }

  #checkSize(payload: Uint8Array, most: number): void {
    if (payload.byteLength <= most) return;
    throw new EsaprError("message_too_big", `At most ${most} bytes.`, { field: "payload" });
  }
}
