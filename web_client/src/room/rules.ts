/**
 * Rules that a watcher sets, and what states do to them (docs/decisions/0024). No I/O, no clock:
 * time is what the states say.
 */

import type { State } from "../protocol";

/** "`measure` for `seconds`, with a confidence of at least `confidence`." A changed rule is a new one. */
export interface Rule {
  id: string;
  /** A label, or `valence` or `arousal`, which lie `side` of `bound`. */
  measure: string;
  side: "above" | "below";
  bound: number;
  confidence: number;
  seconds: number;
}

export const MAX_RULES = 20;
export const MAX_RULE_SECONDS = 600;
const POSITIONS = ["valence", "arousal"] as const;

/** So far what was begun may fall back without ending: noise at the bound is no new onset. */
export const MARGIN = 0.05;

/** What is not seen, or something else for a moment, does not break what has begun; nor count. */
export const BRIDGED_MS = 2_000;

/** After an alert it has to be gone for so long before it can begin again. */
export const REARM_MS = 10_000;

/** Something that a rule looks for has begun. */
export interface Run {
  /** How long it was seen. */
  heldMs: number;
  /** When it was seen last, on the session clock. */
  untilMs: number;
  alerted: boolean;
}

export function isPosition(measure: string): measure is (typeof POSITIONS)[number] {
  return (POSITIONS as readonly string[]).includes(measure);
}

/** What a state makes of a run, and whether this is the moment to alert. */
export function advance(
  before: Run | null,
  rule: Rule,
  state: State,
): { run: Run | null; onset: boolean } {
  if (before && state.t_end_ms <= before.untilMs) return { run: before, onset: false };
  const run = before && !isOver(before, state.t_start_ms) ? before : null;
  if (!shows(state, rule, run === null ? 0 : MARGIN)) {
    return { run: run && !isOver(run, state.t_end_ms) ? run : null, onset: false };
  }
  const heldMs = (run?.heldMs ?? 0) + state.t_end_ms - state.t_start_ms;
  const onset = !run?.alerted && heldMs >= rule.seconds * 1_000;
  const alerted = onset || (run?.alerted ?? false);
  return { run: { heldMs, untilMs: state.t_end_ms, alerted }, onset };
}

function isOver({ untilMs, alerted }: Run, nowMs: number): boolean {
  return nowMs - untilMs > (alerted ? REARM_MS : BRIDGED_MS);
}

function shows({ fused }: State, { measure, side, bound, confidence }: Rule, margin: number) {
  if (fused === null || fused.confidence < confidence - margin) return false;
  if (!isPosition(measure)) return fused.label === measure;
  const beyond = side === "above" ? fused[measure] - bound : bound - fused[measure];
  return beyond > -margin;
}

/** Every rule for every session. */
export class Watch {
  #rules: readonly Rule[] = [];
  readonly #runs = new Map<string, Run>();

  get rules(): readonly Rule[] {
    return this.#rules;
  }

  /** Rules that stay go on where they are. */
  set rules(rules: readonly Rule[]) {
    this.#rules = rules;
    const ids = new Set(rules.map(({ id }) => id));
    for (const key of this.#runs.keys()) {
      if (!ids.has(key.slice(0, key.indexOf(" ")))) this.#runs.delete(key);
    }
  }

  /** Takes in a state; answers which rules it makes alert. */
  take(state: State): Rule[] {
    return this.#rules.filter((rule) => {
      const key = `${rule.id} ${state.session}`;
      const { run, onset } = advance(this.#runs.get(key) ?? null, rule, state);
      if (run) this.#runs.set(key, run);
      else this.#runs.delete(key);
      return onset;
    });
  }

  /** Forgets somebody who has left. */
  forget(session: string): void {
    for (const { id } of this.#rules) this.#runs.delete(`${id} ${session}`);
  }
}
