/** Codes of the protocol in words. */

import type { EsaprError } from "./sdk/errors";

const REASONS: Readonly<Record<string, string>> = {
  warming_up: "warming up",
  no_evidence: "nothing to measure yet",
  no_face: "no face in view",
  no_speech: "no speech heard",
  no_text: "no text received",
  muted: "muted",
  paused: "paused",
  low_confidence: "too uncertain to name one",
};

const QUALITY: Readonly<Record<string, string>> = {
  no_face: "no face in view",
  dark: "too dark",
  blurred: "blurred",
  small: "face too far away",
  silent: "no sound",
  clipped: "too loud",
};

const CLOSED: Readonly<Record<number, string>> = {
  1000: "The session has ended.",
  1006: "The connection to the server is lost.",
  1009: "The server refused a message that was too big.",
  4400: "The server did not understand this page. Reload it.",
  4401: "Access to the session was withdrawn.",
  4403: "The session is closed: consent does not cover it.",
  4408: "The session is closed because nothing arrived for a while.",
  4429: "The session is closed because too much was sent at once.",
};

/** Why a state carries no expression. A code that is newer than this page is still readable. */
export function reasonInWords(code: string): string {
  return REASONS[code] ?? code.replaceAll("_", " ");
}

/** What is wrong with the evidence of a modality. */
export function qualityInWords(codes: readonly string[]): string {
  return codes.map((code) => QUALITY[code] ?? code.replaceAll("_", " ")).join(", ");
}

/** What went wrong: a feed that was closed without a word says it by its close code. */
export function errorInWords({ code, message }: EsaprError): string {
  const closed = /^closed_(\d+)$/.exec(code);
  return closed ? closeInWords(Number(closed[1])) : message;
}

/** Why a feed was closed. */
export function closeInWords(code: number): string {
  return CLOSED[code] ?? "The server closed the session.";
}
