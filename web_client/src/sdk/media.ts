/** Media messages: twelve bytes of head, then the payload (docs/reference/protocol.md). */

const VERSION = 1;
const HEAD_BYTES = 12;
const PCM_RATES = [8_000, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

export type Kind = "image" | "pcm";
const KINDS: Readonly<Record<Kind, number>> = { image: 1, pcm: 2 };

export interface Media {
  kind: Kind;
  /** On the session clock. */
  capturedMs: number;
  payload: Uint8Array;
  /** Sample rate of PCM in Hz. */
  rate?: number;
}

export function encodeMedia({ kind, capturedMs, payload, rate }: Media): Uint8Array<ArrayBuffer> {
  const flags = rate === undefined ? 0 : PCM_RATES.indexOf(rate);
  if (flags < 0) throw new RangeError(`the rate must be one of ${PCM_RATES.join(", ")}`);
  const message = new Uint8Array(HEAD_BYTES + payload.byteLength);
  message.set([KINDS[kind], VERSION, flags, 0]);
  new DataView(message.buffer).setBigUint64(4, BigInt(Math.round(capturedMs)), true);
  message.set(payload, HEAD_BYTES);
  return message;
}
