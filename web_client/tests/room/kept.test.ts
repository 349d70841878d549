import { expect, test } from "vitest";
import { Alarms, MAX_ALERTS } from "../../src/room/alarms";
import { clockOf, notesAsJson, notesAsText } from "../../src/room/export";
import { COURSE_SECONDS, GroupCourse } from "../../src/room/group_course";
import { Kept, newId, type Note, type Shelf } from "../../src/room/kept";
import type { Words } from "../../src/room/messages";
import { de } from "../../src/room/messages/de";
import { en } from "../../src/room/messages/en";
import { MAX_RULES, type Rule } from "../../src/room/rules";
import { golden } from "../golden";

const RULE: Rule = {
  id: "r1",
  measure: "sad",
  side: "below",
  bound: 0,
  confidence: 0.5,
  seconds: 1,
};
const NOTE: Note = {
  id: "n1",
  at: new Date(2026, 10, 23, 14, 3, 12).getTime(),
  session: "s1",
  participant: "Ada",
  tMs: 725_400,
  body: "Looks away when asked about work.\nSecond line.",
  stored: false,
};

function shelf(): Shelf & { items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

test("rules and sound are kept for their room", () => {
  const there = shelf();
  expect(new Kept("ward", there).settings).toEqual({ rules: [], sound: false });
  expect(new Kept("ward", there).keepSettings({ rules: [RULE], sound: true })).toBe(true);
  expect(new Kept("ward", there).settings).toEqual({ rules: [RULE], sound: true });
  expect(new Kept("other", there).settings.rules).toEqual([]);
});

test("what somebody else has put there is left out", () => {
  const there = shelf();
  const strange = [
    null,
    7,
    {},
    { ...RULE, id: "with space" },
    { ...RULE, bound: 2 },
    { ...RULE, confidence: "1" },
    { ...RULE, seconds: 0 },
    { ...RULE, side: "left" },
  ];
  there.setItem("esapr-room-rules ward", JSON.stringify({ rules: [...strange, RULE], sound: 1 }));
  expect(new Kept("ward", there).settings).toEqual({ rules: [RULE], sound: false });
  there.setItem("esapr-room-rules ward", "{");
  expect(new Kept("ward", there).settings.rules).toEqual([]);
  const many = Array.from({ length: MAX_RULES + 1 }, (_, index) => ({ ...RULE, id: `r${index}` }));
  there.setItem("esapr-room-rules ward", JSON.stringify({ rules: many }));
  expect(new Kept("ward", there).settings.rules).toHaveLength(MAX_RULES);
});

test("notes are added to what another tab has written", () => {
  const there = shelf();
  const [one, two] = [new Kept("ward", there), new Kept("ward", there)];
  one.putNote(NOTE);
  two.putNote({ ...NOTE, id: "n2", session: null, participant: null, tMs: null });
  expect(one.notes.map(({ id }) => id)).toEqual(["n1", "n2"]);
  one.putNote({ ...NOTE, stored: true });
  expect(two.notes.map(({ id, stored }) => [id, stored])).toEqual([
    ["n1", true],
    ["n2", false],
  ]);
  one.deleteNotes();
  expect(two.notes).toEqual([]);
});

test("a storage that is full or missing says so", () => {
  const full = {
    ...shelf(),
    setItem: () => {
      throw new DOMException("", "QuotaExceededError");
    },
  };
  expect(new Kept("ward", full).putNote(NOTE)).toBe(false);
  expect(new Kept("ward", null).putNote(NOTE)).toBe(false);
  expect(new Kept("ward", null).notes).toEqual([]);
});

test("notes as text and as JSON", () => {
  const whole = { ...NOTE, session: null, participant: null, tMs: null, body: "All quiet." };
  expect(notesAsText(en as Words, "ward", [NOTE, whole])).toBe(
    [
      "Room ward",
      "",
      "2026-11-23 14:03:12, Ada, 12:05 of the session",
      "Looks away when asked about work.",
      "Second line.",
      "",
      "2026-11-23 14:03:12, the whole room",
      "All quiet.",
      "",
    ].join("\n"),
  );
  const read = JSON.parse(notesAsJson("ward", [NOTE], new Date(0)));
  expect(read).toMatchObject({
    format: "esapr-notes-1",
    room: "ward",
    exported_at: "1970-01-01T00:00:00.000Z",
    notes: [{ id: "n1", session: "s1", participant: "Ada", t_ms: 725_400, body: NOTE.body }],
  });
  expect(read.notes[0].at).toBe(new Date(NOTE.at).toISOString());
  expect([7_000, 60_000, 3_723_000].map(clockOf)).toEqual(["0:07", "1:00", "1:02:03"]);
  expect(newId()).toMatch(/^[0-9a-f]{32}$/);
});

test("the newest alerts are listed, the others counted", () => {
  const alarms = new Alarms(new Kept("ward", shelf()));
  alarms.set([{ ...RULE, measure: "happy" }], false);
  const shown = golden("state");
  for (let number = 0; number <= MAX_ALERTS; number += 1) {
    alarms.take({ ...shown, session: `s${number}`, participant: `p${number}` }, number);
  }
  expect([alarms.alerts.length, alarms.older]).toEqual([MAX_ALERTS, 1]);
  expect(alarms.alerts[0]).toMatchObject({ participant: `p${MAX_ALERTS}`, at: MAX_ALERTS });
  alarms.withdraw(`s${MAX_ALERTS}`);
  expect(alarms.alerts[0]?.participant).toBe(`p${MAX_ALERTS - 1}`);
});

test("the course of a group is bounded, and has holes", () => {
  const course = new GroupCourse();
  const at = { valence: 0.5, arousal: -0.5 };
  expect([0, 0.1, 1].map((now) => course.add(now, at))).toEqual([true, false, true]);
  course.add(11, null);
  course.add(12, at);
  expect(course.columns).toEqual([
    [0, 1, 6, 11, 12],
    [0.5, 0.5, null, null, 0.5],
    [-0.5, -0.5, null, null, -0.5],
  ]);
  for (let now = 13; now <= 3 * COURSE_SECONDS; now += 1) course.add(now, at);
  expect(course.columns.map(({ length }) => length)).toEqual(Array(3).fill(COURSE_SECONDS + 1));
});

test("German has a word for everything that English has", () => {
  const keys = (words: object): string[] =>
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === "object" && value !== null
        ? keys(value as object).map((inner) => `${key}.${inner}`)
        : [key],
    );
  expect(keys(de)).toEqual(keys(en));
});

test("nothing says what a person feels", () => {
  expect(JSON.stringify(en)).not.toMatch(/\bfeel/i);
});
