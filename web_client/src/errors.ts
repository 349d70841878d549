/** Problems that are shown to the person in front of the page, each with a stable code. */

import type { ErrorBody } from "./protocol";

export class Problem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "Problem";
    this.code = code;
  }
}

/** Turns whatever was thrown into a problem that can be shown. */
export function problemFrom(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  if (name === "TimeoutError") {
    return new Problem("timeout", "The server did not answer in time.");
  }
  if (name === "TypeError") {
    return new Problem("unreachable", "The server cannot be reached. Is it still running?");
  }
  return new Problem("unexpected", thrown instanceof Error ? thrown.message : String(thrown));
}

/** Reads the error body of an HTTP answer; a proxy in between may have sent something else. */
export async function problemIn(response: Response): Promise<Problem> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new Problem(error.code, error.message);
  } catch {
    return new Problem(`http_${response.status}`, response.statusText || "The request failed.");
  }
}
