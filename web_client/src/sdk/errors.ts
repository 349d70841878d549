/** What can go wrong, each with a stable code. */

import type { ErrorBody, ErrorDetail } from "../protocol";

interface Details {
  retryable?: boolean;
  field?: string | undefined;
  rule?: string | undefined;
  requestId?: string;
}

/** `code` is a code of the protocol, or one of this package (docs/reference/client-typescript.md). */
export class EsaprError extends Error {
  readonly code: string;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  /** The offending field as a path. */
  readonly field: string | null;
  /** The rule of the policy that refused it. */
  readonly rule: string | null;
  /** What to quote to those who run the server. */
  readonly requestId: string | null;

  constructor(code: string, message: string, details: Details = {}) {
    super(message);
    this.name = "EsaprError";
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.field = details.field ?? null;
    this.rule = details.rule ?? null;
    this.requestId = details.requestId ?? null;
  }
}

/** Turns whatever was thrown into an error that can be shown. */
export function problemFrom(thrown: unknown): EsaprError {
  if (thrown instanceof EsaprError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  if (name === "TimeoutError") {
    return new EsaprError("timeout", "The server did not answer in time.", { retryable: true });
  }
  if (name === "TypeError") {
    const message = "The server cannot be reached. Is it still running?";
    return new EsaprError("unreachable", message, { retryable: true });
  }
  return new EsaprError("unexpected", thrown instanceof Error ? thrown.message : String(thrown));
}

/** What the server said, in an answer or in a message. */
export function refusal({
  code,
  message,
  request_id: requestId,
  ...rest
}: ErrorDetail): EsaprError {
  return new EsaprError(code, message, { requestId, ...rest });
}

/** Reads the error body of an HTTP answer; a proxy in between may have sent something else. */
export async function problemIn(response: Response): Promise<EsaprError> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return refusal(error);
  } catch {
    const message = response.statusText || "The request failed.";
    return new EsaprError(`http_${response.status}`, message, {
      retryable: response.status >= 500,
    });
  }
}
