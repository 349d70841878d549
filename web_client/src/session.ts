/** Asks the server for a session; no session without a receipt of consent. */

import { problemIn } from "./errors";
import type { Consent, SessionCredentials, SessionRequest } from "./protocol";

const ANSWER_MS = 10_000;

export type Modality = "face" | "voice" | "text";
export const MODALITIES: readonly Modality[] = ["face", "voice", "text"];

export async function createSession(
  consent: Consent,
  modalities: Modality[],
): Promise<SessionCredentials> {
  const request: SessionRequest = { consent, modalities };
  const response = await fetch("/v1/demo/sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (!response.ok) throw await problemIn(response);
  return (await response.json()) as SessionCredentials;
}

/** The WebSocket address of a path on the host of this page. */
export function feedAddress(path: string, page: string): string {
  const url = new URL(path, page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
