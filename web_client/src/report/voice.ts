/** How somebody spoke; what was not measured is left out. */

import type { VoiceSignals } from "../protocol";
import type { Form } from "./figures";
import type { Cell, Fact } from "./sections";

export function prosody(voice: VoiceSignals): [Fact, Cell][] {
  const found: [Fact, number | null | undefined, Form][] = [
    ["pauses_per_minute", voice.pauses_per_minute, "rate"],
    ["pause_length", voice.pause_ms, "length"],
    ["pitch", voice.pitch_hz, "pitch"],
    ["pitch_range", voice.pitch_range_st, "interval"],
    ["speaking_rate", voice.syllables_per_second, "rate"],
  ];
  return found.flatMap(([name, value, form]): [Fact, Cell][] =>
    value == null ? [] : [[name, [value, form]]],
  );
}
