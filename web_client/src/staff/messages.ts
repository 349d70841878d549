/** The words of the page of staff. */

import { languageOf } from "../messages";

const en = {
  loading: "Loading …",
  signInTitle: "Sign in to see sessions",
  signInText: "You sign in at your organisation’s own provider and come back here.",
  signIn: "Sign in",
  noSignInTitle: "Nobody signs in on this server",
  noSignInText:
    "Its operator has set no OpenID provider. How to: “Let staff sign in” in the documentation (docs/how-to/sign-in-staff.md).",
  failedTitle: "This could not be loaded",
  again: "Try again",
  problems: {
    away: "Your organisation’s provider did not answer. Try again in a while.",
    denied: "You were not let in. Try again, or ask whoever looks after your account.",
    refused: "What the provider has answered could not be believed. Ask whoever runs this server.",
    stale: "That took too long, or was begun in another tab. Try again.",
    unknown_role: "You are known, but have no role here. Ask whoever looks after your account.",
  } as Readonly<Record<string, string>>,
  signedInAs: (name: string) => `Signed in as ${name}`,
  local: "This machine’s own server",
  roles: { clinician: "Clinician", supervisor: "Supervisor" },
  until: (time: string) => `until ${time}`,
  signOut: "Sign out",
  refresh: "Refresh",
  roomsTitle: "Open rooms",
  noRooms: "Nobody is in a room.",
  people: (count: number) => (count === 1 ? "1 person" : `${count} people`),
  enter: "Enter",
  enterRoom: (room: string) => `Enter room ${room}`,
  sessionsTitle: "Recorded sessions",
  noSessions: "No session has been recorded yet.",
  noSessionsHint: "A session is recorded only if its participant has agreed to it.",
  noRecords: "This server keeps no records.",
  opened: "Opened",
  participant: "Participant",
  length: "Length",
  coverage: "Coverage",
  coverageHint: "Share of the seconds in which an expression was shown",
  ended: "Ended",
  report: "Report",
  reportOf: (participant: string, time: string) => `Report of ${participant}, ${time}`,
  reasons: {
    open: "Still open",
    unseen: "End not seen",
    closed: "As planned",
    idle: "Nobody was there",
    shutdown: "Server stopped",
    internal: "Fault of the server",
  } as Readonly<Record<string, string>>,
  shown: (count: number) => (count === 1 ? "1 session" : `${count} sessions`),
  more: "Show earlier ones",
};

export type Words = typeof en;

const de: Words = {
  loading: "Wird geladen …",
  signInTitle: "Melden Sie sich an, um Sitzungen zu sehen",
  signInText: "Sie melden sich beim Anbieter Ihrer Organisation an und kommen hierher zurück.",
  signIn: "Anmelden",
  noSignInTitle: "An diesem Server meldet sich niemand an",
  noSignInText:
    "Sein Betreiber hat keinen OpenID-Anbieter eingetragen. Anleitung: „Let staff sign in“ in der Dokumentation (docs/how-to/sign-in-staff.md).",
  failedTitle: "Das konnte nicht geladen werden",
  again: "Noch einmal versuchen",
  problems: {
    away: "Der Anbieter Ihrer Organisation hat nicht geantwortet. Versuchen Sie es später noch einmal.",
    denied:
      "Sie wurden nicht eingelassen. Versuchen Sie es noch einmal, oder fragen Sie, wer Ihr Konto betreut.",
    refused:
      "Der Antwort des Anbieters war nicht zu trauen. Fragen Sie, wer diesen Server betreibt.",
    stale:
      "Das hat zu lange gedauert oder in einem anderen Tab begonnen. Versuchen Sie es noch einmal.",
    unknown_role:
      "Sie sind bekannt, haben hier aber keine Rolle. Fragen Sie, wer Ihr Konto betreut.",
  },
  signedInAs: (name) => `Angemeldet als ${name}`,
  local: "Server dieses Rechners",
  roles: { clinician: "Behandelnde", supervisor: "Supervision" },
  until: (time) => `bis ${time}`,
  signOut: "Abmelden",
  refresh: "Aktualisieren",
  roomsTitle: "Offene Räume",
  noRooms: "In keinem Raum ist jemand.",
  people: (count) => (count === 1 ? "1 Person" : `${count} Personen`),
  enter: "Betreten",
  enterRoom: (room) => `Raum ${room} betreten`,
  sessionsTitle: "Aufgezeichnete Sitzungen",
  noSessions: "Noch wurde keine Sitzung aufgezeichnet.",
  noSessionsHint: "Aufgezeichnet wird eine Sitzung nur, wenn die Person darin eingewilligt hat.",
  noRecords: "Dieser Server zeichnet nichts auf.",
  opened: "Beginn",
  participant: "Person",
  length: "Dauer",
  coverage: "Abdeckung",
  coverageHint: "Anteil der Sekunden, in denen sich ein Ausdruck zeigte",
  ended: "Ende",
  report: "Bericht",
  reportOf: (participant, time) => `Bericht über ${participant}, ${time}`,
  reasons: {
    open: "Noch offen",
    unseen: "Ende nicht gesehen",
    closed: "Wie geplant",
    idle: "Niemand war da",
    shutdown: "Server angehalten",
    internal: "Fehler des Servers",
  },
  shown: (count) => (count === 1 ? "1 Sitzung" : `${count} Sitzungen`),
  more: "Frühere zeigen",
};

/** The words in the language that is in force where an element stands. */
export function wordsFor(element: Element): Words {
  return languageOf(element) === "de" ? de : en;
}
