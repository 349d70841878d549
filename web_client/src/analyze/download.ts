/** What was found, as files: made here, so that nothing is asked of the server again. No I/O. */

import type { Fused, Page, State } from "../protocol";
import type { Findings } from "./findings";

/** What was analysed, for whoever opens the file later. */
export interface Subject {
  name: string;
  mediaType: string;
  /** ISO 8601. */
  analysedAt: string;
  labels: readonly string[];
}

export function toJson(subject: Subject, { states, pages, summary }: Findings): string {
  const { name, mediaType, analysedAt, labels } = subject;
  const head = { name, media_type: mediaType, analysed_at: analysedAt, labels };
  return JSON.stringify({ ...head, states, pages, summary }, null, 2);
}

type Cell = string | number | null | undefined;

/** A line a state, or a page of a document (RFC 4180). */
export function toCsv({ labels }: Subject, { states, pages }: Findings): string {
  const fused = ["expression", "confidence", "valence", "arousal", "abstained"];
  const lines: Cell[][] =
    pages.length > 0
      ? [["page", "lines", ...fused, ...labels], ...pages.map((page) => pageLine(labels, page))]
      : [[...STATE, ...fused, ...labels], ...states.map((state) => stateLine(labels, state))];
  return lines.map((line) => `${line.map((cell) => cell ?? "").join(",")}\r\n`).join("");
}

const STATE = [
  "start_ms",
  "end_ms",
  "face_weight",
  "voice_weight",
  "blinks_total",
  "speech_ms",
  "loudness_db",
];

function stateLine(labels: readonly string[], state: State): Cell[] {
  const { face, voice } = state.modalities;
  return [
    state.t_start_ms,
    state.t_end_ms,
    face?.weight,
    voice?.weight,
    face?.blinks_total,
    voice?.speech_ms,
    voice?.loudness_db,
    ...fusedCells(labels, state),
  ];
}

function pageLine(labels: readonly string[], page: Page): Cell[] {
  return [page.number, page.lines, ...fusedCells(labels, page)];
}

function fusedCells(
  labels: readonly string[],
  { fused, abstain }: { fused: Fused | null; abstain: State["abstain"] },
): Cell[] {
  const named: Cell[] = [fused?.label, fused?.confidence, fused?.valence, fused?.arousal];
  return [...named, abstain?.reason, ...labels.map((_, column) => fused?.probs[column])];
}
