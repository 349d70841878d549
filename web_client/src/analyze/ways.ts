/** The three ways to bring something: what each takes, and what is measured in it. No I/O. */

import type { Modality } from "../sdk/client";

export type Way = "text" | "audio" | "video";
export const WAYS: readonly Way[] = ["text", "audio", "video"];

/** What may be measured in what comes this way. */
export const MEASURED: Readonly<Record<Way, readonly Modality[]>> = {
  text: ["text"],
  audio: ["voice"],
  video: ["face", "voice"],
};

/** Largest file that a server takes (docs/reference/limits.md). */
export const MAX_BYTES = 64 * 1024 * 1024;
/** Longest recording that is made here: at `BITS_PER_SECOND` about 40 MB. */
export const MAX_SECONDS = 300;
export const BITS_PER_SECOND = { video: 1_000_000, audio: 64_000 } as const;

const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/** The content type to declare for a file's ending: browsers call the same format differently. */
const TYPES: Readonly<Record<Way, Readonly<Record<string, string>>>> = {
  text: { pdf: "application/pdf", docx: WORD, txt: "text/plain", md: "text/markdown" },
  audio: {
    wav: "audio/wav",
    flac: "audio/flac",
    ogg: "audio/ogg",
    oga: "audio/ogg",
    opus: "audio/ogg",
    mp3: "audio/mpeg",
    m4a: "audio/mp4",
    mp4: "audio/mp4",
    webm: "audio/webm",
  },
  video: {
    mp4: "video/mp4",
    m4v: "video/mp4",
    mov: "video/mp4",
    webm: "video/webm",
    mkv: "video/webm",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    png: "image/png",
    webp: "image/webp",
  },
};

/** Endings of the files that come this way, for `<input accept>` and for people. */
export function endings(way: Way): string[] {
  return Object.keys(TYPES[way]).map((ending) => `.${ending}`);
}

/** The content type of a file that comes this way, by the ending of its name; null for others. */
export function mediaTypeOf(way: Way, name: string): string | null {
  const ending = /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? "";
  return Object.hasOwn(TYPES[way], ending) ? TYPES[way][ending]! : null;
}

/** Whether demo analyses may exist for a page of this host: on this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
