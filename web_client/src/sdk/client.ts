/** A server, by its address, and the sessions and feeds that a program has on it. */

import type {
  AnalysisCredentials,
  AnalysisRequest,
  Consent,
  Notice,
  Recommendations,
  SessionCredentials,
  SessionRequest,
  TokenAnswer,
  TokenRequest,
} from "../protocol";
import { analysisHeaders, type Found, results } from "./analysis";
import { problemFrom, problemIn } from "./errors";
import type { Detail } from "./feed";
import { Session } from "./session";
import type { Subscription } from "./subscription";
import { own } from "./tokens";
import { Watching } from "./watching";

const ANSWER_MS = 10_000;
const DEMO = "/v1/demo/sessions";
const WITH_KEY = "/v1/sessions";
const NOTICE = "/v1/notice";
const DEMO_ANALYSES = "/v1/demo/analyses";
const ANALYSES = "/v1/analyses";
/** A server waits two minutes for a file; then it takes a while to open it. */
const UPLOAD_MS = 150_000;

export type Modality = "face" | "voice" | "text";
export type Cover = NonNullable<Consent["covers"]>[number];
export const MODALITIES: readonly Modality[] = ["face", "voice", "text"];

export interface SessionOptions {
  consent: Consent;
  /** What the session is for; demo sessions are for `demonstration`. */
  purpose?: string;
  /** ISO 3166 code, such as `DE` or `US-IL`; without it the strictest rules hold. */
  jurisdiction?: string;
  /** What keeps the person from consenting by themselves. */
  subjectFlags?: SessionRequest["subject_flags"];
  participant?: string;
  /** Without one the session has a room of its own. */
  room?: string;
  modalities?: Modality[];
  tickMs?: number;
  /** What is said is written down and read as text, where the server does that. */
  transcribe?: boolean;
  /** Each state says what it rests on. */
  explain?: boolean;
  /** States move halfway to what is shown within so long; 0 for no smoothing. */
  smoothingMs?: number;
  /** Records are erased after so long, or earlier where the server keeps them for less. */
  retentionDays?: number;
  /** `overlay` adds the face's box and landmarks, for listeners. */
  detail?: Detail;
}

export type AnalysisOptions = Pick<
  SessionOptions,
  | "consent"
  | "purpose"
  | "jurisdiction"
  | "subjectFlags"
  | "participant"
  | "modalities"
  | "tickMs"
  | "transcribe"
>;

/** What it takes to enter a session. */
export type Entrance = Pick<
  SessionCredentials,
  "session_id" | "client_token" | "feed_url" | "whip_url" | "ice_servers"
>;

/** The receipt of a consent that `subject` has given just now, to the text of a `Client.notice`. */
export function consent(
  subject: string,
  textVersion: string,
  method: Consent["method"],
  more: Pick<Consent, "language" | "covers"> = {},
): Consent {
  return {
    subject,
    text_version: textVersion,
    given_at: new Date().toISOString(),
    method,
    ...more,
  };
}

export class Client {
  readonly #url: string;
  readonly #key: string | null;

  /** Without a server key sessions are demo sessions, which a server opens for its own page only. */
  constructor(url: string, { key = null }: { key?: string | null } = {}) {
    this.#url = url;
    this.#key = key;
  }

  /** What people are to be shown before they consent. */
  async notice(language = "en"): Promise<Notice> {
    return this.#call<Notice>(`${NOTICE}?language=${encodeURIComponent(language)}`, null, {});
  }

  /**
   * Opens a session; no session without a receipt of consent.
   *
   * Throws an `EsaprError` with the server's code, or `unreachable` or `timeout`.
   */
  async session(options: SessionOptions): Promise<Session> {
    return this.enter(await this.open(options), options.detail);
  }

  /** Opens a session without entering it; throws what `session` throws. */
  async open({
    tickMs,
    subjectFlags,
    smoothingMs,
    retentionDays,
    detail: _,
    ...rest
  }: SessionOptions): Promise<SessionCredentials> {
    const request: SessionRequest = {
      ...rest,
      ...given({
        tick_ms: tickMs,
        subject_flags: subjectFlags,
        smoothing_ms: smoothingMs,
        retention_days: retentionDays,
      }),
    };
    const path = this.#key === null ? DEMO : WITH_KEY;
    return this.#post<SessionCredentials>(path, this.#key, request);
  }

  /**
   * Sends a file, and yields its states or pages as they are found, each once, and progress; at
   * last `analysis.done` with the summary. The server forgets the result then, and stops when the
   * loop is left before. `mediaType` says what the file is, such as `video/webm`.
   *
   * Throws an `EsaprError` when the file is refused, or cannot be analysed to its end.
   */
  async *analyse(
    file: Blob,
    mediaType: string,
    { tickMs, subjectFlags, ...rest }: AnalysisOptions,
  ): AsyncGenerator<Found, void> {
    const request: AnalysisRequest = {
      ...rest,
      ...given({ tick_ms: tickMs, subject_flags: subjectFlags }),
    };
    const path = this.#key === null ? DEMO_ANALYSES : ANALYSES;
    const sent = { method: "POST", headers: analysisHeaders(mediaType, request), body: file };
    const taken = await this.#call<AnalysisCredentials>(path, this.#key, sent, UPLOAD_MS);
    yield* results(this.#url, taken);
  }

  /** Enters a session that a site's own server has opened: what `POST /v1/sessions` answered. */
  async enter(opened: Entrance, detail: Detail = "state"): Promise<Session> {
    const credentials = { ...opened, client_token: own(opened.client_token) };
    const session = new Session(
      credentials,
      feedAddress(credentials.feed_url, this.#url),
      new URL(credentials.whip_url, this.#url).href,
      detail,
    );
    await session.open();
    return session;
  }

  /**
   * Makes a further token for a session or its room; the answer goes into `watch`. It must be used
   * within `redeem_seconds`.
   */
  async invite(credentials: SessionCredentials, request: TokenRequest): Promise<TokenAnswer> {
    const path = `${WITH_KEY}/${credentials.session_id}/tokens`;
    return this.#post<TokenAnswer>(path, this.#key ?? own(credentials.client_token), request);
  }

  /**
   * What may do good after a session, or why nothing is named; `credentials` are those of
   * `Session.credentials`, also for a while after its end.
   */
  async recommendations({
    session_id,
    client_token,
  }: Pick<Entrance, "session_id" | "client_token">): Promise<Recommendations> {
    const path = `${WITH_KEY}/${session_id}/recommendations`;
    return this.#call<Recommendations>(path, own(client_token), {});
  }

  /** Watches a session that others feed, or a room; leaving does not end it. */
  async watch(feedUrl: string, token: string, detail: Detail = "state"): Promise<Subscription> {
    const watching = new Watching(feedAddress(feedUrl, this.#url), own(token), detail);
    await watching.open();
    return watching;
  }

  async #post<Answer>(path: string, token: string | null, body: object): Promise<Answer> {
    return this.#call<Answer>(path, token, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #call<Answer>(
    path: string,
    token: string | null,
    request: RequestInit,
    longestMs = ANSWER_MS,
  ): Promise<Answer> {
    const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
    try {
      const response = await fetch(new URL(path, this.#url), {
        ...request,
        headers: { ...request.headers, ...authorization },
        signal: AbortSignal.timeout(longestMs),
      });
      if (!response.ok) throw await problemIn(response);
      return (await response.json()) as Answer;
    } catch (thrown) {
      throw problemFrom(thrown);
    }
  }
}

/** `values` without those that are undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The WebSocket address of a path on the host of this page. */
export function feedAddress(path: string, page: string): string {
  const url = new URL(path, page);
  url.protocol = ["https:", "wss:"].includes(url.protocol) ? "wss:" : "ws:";
  return url.href;
}
