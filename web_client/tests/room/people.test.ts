import { expect, test } from "vitest";
import type { Member, ServerMessage, State } from "../../src/protocol";
import { PAST_SECONDS, People } from "../../src/room/people";
import { line, ribbon } from "../../src/room/sparkline";
import { golden } from "../golden";

const entered = golden("room.entered");
const shown = golden("state");

function member(session: string, participant = session): Member {
  return { session, participant };
}

function people(...messages: ServerMessage[]): People {
  const room = new People();
  for (const message of messages) room.take(message, 0);
  return room;
}

function joined(session: string, participant = session): ServerMessage {
  return { ...golden("member.joined"), member: member(session, participant) };
}

function left(session: string, reason = "closed"): ServerMessage {
  return { ...golden("member.left"), session, reason };
}

function state(session: string, end: number, changes: Partial<State> = {}): State {
  const times = { t_start_ms: (end - 1) * 1_000, t_end_ms: end * 1_000 };
  return { ...shown, session, participant: session, seq: end, ...times, ...changes };
}

function names(room: People): string[] {
  return room.places.map((person) => (person.left === null ? person.session : "–"));
}

test("who is there has a place, and keeps it", () => {
  const room = people({ ...entered, members: [member("a"), member("b")] }, joined("c"));
  expect(names(room)).toEqual(["a", "b", "c"]);
  room.take(left("b"), 1);
  expect(names(room)).toEqual(["a", "–", "c"]);
  room.take(joined("d"), 2);
  expect(names(room)).toEqual(["a", "d", "c"]);
});

test("who comes back takes the place from before", () => {
  const room = people(joined("a1", "Ada"), joined("b1", "Bob"), left("a1"), left("b1"));
  room.take(joined("b2", "Bob"), 1);
  expect(names(room)).toEqual(["–", "b2"]);
});

test("after a reconnection those are gone who left meanwhile", () => {
  const room = people({ ...entered, members: [member("a"), member("b")] });
  room.take({ ...entered, members: [{ ...member("b"), muted: ["voice"], paused: true }] }, 9);
  expect(names(room)).toEqual(["–", "b"]);
  expect(room.find("b")).toMatchObject({ muted: ["voice"], paused: true });
});

test("muted, taken in again, and paused", () => {
  const room = people(joined("a"));
  const muted = { ...golden("member.muted"), session: "a" };
  room.take(muted, 1);
  room.take({ ...muted, modality: "face" }, 1);
  expect(room.find("a")?.muted).toEqual(["voice", "face"]);
  room.take({ ...muted, muted: false }, 2);
  room.take({ ...golden("member.paused"), session: "a", paused: true }, 3);
  expect(room.find("a")).toMatchObject({ muted: ["face"], paused: true });
});

test("what was shown goes with the person", () => {
  const room = people(joined("a"), state("a", 1), left("a", "consent_revoked"));
  expect(room.places[0]).toMatchObject({ left: "consent_revoked", state: null, past: [] });
});

test("nobody appears by a state that comes late", () => {
  const room = people(joined("a"), left("a"), state("a", 1), state("x", 1));
  expect(room.places).toHaveLength(1);
  expect(room.places[0]?.state).toBeNull();
});

test("three minutes are kept", () => {
  const room = people(joined("a"));
  for (let end = 1; end <= 500; end += 1) room.take(state("a", end), end);
  const past = room.find("a")?.past ?? [];
  expect(past).toHaveLength(PAST_SECONDS);
  expect(past[0]?.endMs).toBe((500 - PAST_SECONDS + 1) * 1_000);
});

test("the session clock goes on between states, whatever is replayed late", () => {
  const room = people(joined("a"));
  expect(room.find("a")?.clockMs(100)).toBeNull();
  room.take(state("a", 5), 105);
  room.take(state("a", 6), 106);
  expect(room.find("a")?.clockMs(106.5)).toBe(6_500);
  room.take(state("a", 7), 118);
  expect(room.find("a")?.clockMs(118)).toBe(18_000);
});

test("the mean counts a person once, and only what is fresh", () => {
  const room = people(joined("a", "Ada"), joined("b", "Bob"), joined("b2", "Bob"));
  const at = (valence: number, participant: string) => ({
    participant,
    fused: shown.fused && { ...shown.fused, valence, arousal: 0 },
  });
  expect(room.position(0)).toBeNull();
  room.take(state("a", 1, at(0.5, "Ada")), 1);
  room.take(state("b", 1, at(0.9, "Bob")), 1);
  room.take(state("b2", 1, at(-0.1, "Bob")), 1);
  expect(room.position(2)).toEqual({ people: 2, valence: 0.2, arousal: 0 });
  room.take(state("a", 12, at(0.5, "Ada")), 12);
  expect(room.position(12)).toEqual({ people: 1, valence: 0.5, arousal: 0 });
  room.take(state("a", 13, { participant: "Ada", fused: null }), 13);
  expect(room.position(13)).toBeNull();
});

test("the small line breaks where nothing was shown, and the ribbon changes with the label", () => {
  const room = people(joined("a"));
  const labels = ["happy", "happy", null, "sad", "sad"];
  labels.forEach((label, index) => {
    const fused = label && shown.fused ? { ...shown.fused, label, valence: 0 } : null;
    room.take(state("a", index + 1, { fused }), index);
  });
  room.take(state("a", 9), 9);
  const past = room.find("a")?.past ?? [];
  expect(
    line(past, (ms) => ms)
      .match(/[ML]/g)
      ?.join(""),
  ).toBe("MLMLM");
  expect(ribbon(past).map(({ label, startMs, endMs }) => [label, startMs, endMs])).toEqual([
    ["happy", 0, 2_000],
    ["sad", 3_000, 5_000],
    ["happy", 8_000, 9_000],
  ]);
});
