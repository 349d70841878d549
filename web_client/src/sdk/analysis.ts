/** A file that a server analyses: what it finds, as it is found. */

import type {
  AnalysisCredentials,
  AnalysisDone,
  AnalysisRequest,
  Error,
  Event as StateEvent,
  Page,
  Progress,
  State,
} from "../protocol";
import { EsaprError, problemFrom, problemIn, refusal } from "./errors";
import { backOff } from "./feed";

/**
 * What an analysis finds; `analysis.done` comes last, with the summary. An `event` names help lines,
 * where what is written speaks of self-harm.
 */
export type Found = Progress | State | Page | StateEvent | AnalysisDone;

const ATTEMPTS = 10;
/** After which a stream is taken for lost; a server says something every fifteen seconds. */
const SILENCE_MS = 40_000;

interface Event {
  id: string | null;
  message: Found | Error;
}

/** The headers of a file that is sent: what it is, and what is wanted. */
export function analysisHeaders(
  mediaType: string,
  request: AnalysisRequest,
): Record<string, string> {
  return { "Content-Type": mediaType, "Esapr-Analysis": inAscii(request) };
}

/** JSON for a header. */
function inAscii(value: object): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (other) => `\\u${other.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * What the analysis finds, each state once. The server forgets it when that was read, the loop is
 * left, or `stop` says so: then there is nothing more, without an error.
 */
export async function* results(
  server: string,
  taken: AnalysisCredentials,
  stop = new AbortController().signal,
): AsyncGenerator<Found, void> {
  const authorization = { Authorization: `Bearer ${taken.token}` };
  const read = (last: string | null, signal: AbortSignal) =>
    fetch(new URL(taken.events_url, server), {
      headers: last === null ? authorization : { ...authorization, "Last-Event-ID": last },
      signal: AbortSignal.any([signal, stop]),
    });
  try {
    for await (const message of events(read)) {
      if (message.type === "error") throw refusal(message);
      yield message;
      if (message.type === "analysis.done") return;
    }
  } catch (thrown) {
    if (!stop.aborted) throw thrown;
  } finally {
    // The page may be on its way out.
    const forget = { method: "DELETE", headers: authorization, keepalive: true };
    await fetch(new URL(taken.url, server), forget).catch(() => null);
  }
}

/** Every event; a stream that is lost is opened again behind the last one. */
async function* events(
  read: (last: string | null, signal: AbortSignal) => Promise<Response>,
): AsyncGenerator<Found | Error, void> {
  let last: string | null = null;
  for (let failed = 1; failed <= ATTEMPTS; failed += 1) {
    const silence = new Silence();
    try {
      const response = await read(last, silence.signal);
      if (!response.ok) throw await problemIn(response);
      for await (const { id, message } of messages(response, silence)) {
        last = id ?? last;
        failed = 0;
        yield message;
      }
    } catch (thrown) {
      const problem = silence.signal.aborted ? null : problemFrom(thrown);
      if (problem && !problem.retryable) throw problem;
    } finally {
      silence.end();
    }
    await new Promise((resume) => setTimeout(resume, backOff(Math.max(failed, 1), Math.random())));
  }
  throw new EsaprError("unreachable", "The events of the analysis have broken off.", {
    retryable: true,
  });
}

/** Reads server-sent events (WHATWG HTML, 9.2). */
async function* messages(response: Response, silence: Silence): AsyncGenerator<Event, void> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      silence.broken();
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (text + value).split("\n\n");
      text = parts.pop()!;
      yield* parts.map(event);
    }
  } finally {
    await reader.cancel().catch(() => null);
  }
}

function event(part: string): Event {
  const fields = new Map(
    part.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]),
  );
  return { id: fields.get("id") ?? null, message: JSON.parse(fields.get("data")!) };
}

/** Aborts what nothing was heard of for too long. */
class Silence {
  readonly #over = new AbortController();
  #timer = this.#start();

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#over.abort();
  }

  #start(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#over.abort(), SILENCE_MS);
  }
}
