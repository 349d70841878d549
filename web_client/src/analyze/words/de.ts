/** German. */

import type { Words } from "./en";

export const de: Words = {
  title: "Eine Aufnahme auswerten",
  lead: "Bringen Sie einen Text, einen Ton oder ein Video mit und sehen Sie, welchen Ausdruck es zeigt, Sekunde für Sekunde.",
  chooseWay: "Was bringen Sie mit?",
  ways: { text: "Text", audio: "Stimme", video: "Video" },
  wayHints: {
    text: "Selbst schreiben, oder PDF, DOCX, TXT, MD",
    audio: "Selbst aufnehmen, oder eine Tondatei",
    video: "Selbst aufnehmen, ein Video oder ein Bild",
  },

  consentTitle: "Bevor etwas ausgewertet wird",
  where: (host) => `Was Sie mitbringen, geht an ${host} und an niemanden sonst.`,
  kept: "Der Server hält es im Arbeitsspeicher, solange er es auswertet, nie auf einem Datenträger, und vergisst das Ergebnis, sobald diese Seite es gelesen hat.",
  chooseTitle: "Wählen Sie, was ausgewertet werden darf",
  faceHint: "Ausdruck, Lidschläge und wohin die Augen sehen, im Bild",
  voiceHint: "Ausdruck der Stimme, im Ton. Worte werden nicht erkannt",
  textHint: "Ausdruck dessen, was geschrieben steht",
  agree: "Ich willige ein, weiter",
  refused: "Sie haben nicht eingewilligt. Kein Gerät wurde geöffnet, und nichts wurde gesendet.",

  typeIt: "Ihr Text",
  typeHint: "Ein Satz oder einige Seiten",
  analyseText: "Den Text auswerten",
  or: "oder",
  drop: "Eine Datei hier ablegen",
  chooseFile: "Datei wählen",
  fileHint: (endings) => `${endings}, bis 64 MB`,
  record: { audio: "Stimme aufnehmen", video: "Mit der Kamera aufnehmen" },
  recordHint: (length) => `Bis zu ${length}. Sie können sie abspielen, bevor sie gesendet wird.`,

  ready: "Bereit zur Aufnahme",
  readyHint: "Noch wird nichts aufgenommen.",
  start: "Aufnahme starten",
  recording: "Aufnahme läuft",
  left: (time) => `noch ${time}`,
  stop: "Anhalten",
  level: "Lautstärke des Mikrofons",
  preview: "Ihre Kamera, gespiegelt",
  review: "Ihre Aufnahme",
  reviewHint: "Sie ist noch nur in dieser Seite.",
  analyseIt: "Auswerten",
  again: "Noch einmal aufnehmen",
  discard: "Verwerfen",

  sending: "Wird gesendet",
  sent: (sent, all) => `${sent} von ${all}`,
  waiting: "Wartet auf freien Platz",
  analysing: "Wird ausgewertet",
  done: "Fertig",
  cancel: "Abbrechen",

  shown: {
    recording: "Am häufigsten gezeigt",
    document: "Die meisten Seiten zeigen",
    single: "Gezeigter Ausdruck",
  },
  none: "kein Ausdruck benannt",
  unclear: "Kein Ausdruck lässt sich benennen",
  ofStates: (count, all) => `${count} von ${all} Sekunden`,
  ofPages: (count, all) => `${count} von ${all} ${all === 1 ? "Seite" : "Seiten"}`,
  notFeeling:
    "Das zeigt sich, soweit die Modelle es erkennen. Es ist kein Befund darüber, was ein Mensch fühlt.",
  distribution: "Wie oft",
  probabilities: "Wie wahrscheinlich",
  why: "Warum keiner benannt ist",
  course: "Im Verlauf",
  courseLabel: "Linien der sieben Gesamtwahrscheinlichkeiten über die Aufnahme",
  segments: "Abschnitte",
  segment: { from: "Von", to: "Bis", expression: "Ausdruck", confidence: "Sicherheit" },
  moreSegments: (count) => `${count} weitere stehen in den Dateien unten.`,
  signals: "Signale",
  length: "Länge",
  blinks: "Lidschläge",
  blinksPerMinute: "Lidschläge je Minute",
  speech: "Sprache",
  loudness: "Lautstärke",
  evidence: { face: "Gesicht zu sehen", voice: "Stimme zu hören", text: "Text zu lesen" },
  damaged: "Beschädigte Pakete",
  pages: "Seiten",
  page: "Seite",
  lines: "Sätze",
  save: "Das Ergebnis sichern",
  saveHint: "Die Dateien entstehen in dieser Seite; der Server hat das Ergebnis vergessen.",
  another: "Noch etwas auswerten",

  keyTitle: "Auswertungen brauchen den Schlüssel dieser Website",
  keyText:
    "Diese Seite wertet Dateien nur auf dem Rechner des Servers aus. Anderswo sendet sie der eigene Server der Website, mit seinem Schlüssel, der nie in eine Seite gehört.",
  keyHow: "Für die Betreiber der Website:",
  reference: "Alle Aufrufe dieses Servers",

  tryAgain: "Noch einmal versuchen",
  chooseOther: "Eine andere Datei wählen",
  problems: {
    unreachable: [
      "Der Server ist nicht erreichbar",
      "Prüfen Sie die Verbindung und versuchen Sie es noch einmal.",
    ],
    timeout: [
      "Der Server hat nicht rechtzeitig geantwortet",
      "Versuchen Sie es gleich noch einmal.",
    ],
    overloaded: [
      "Der Server wertet gerade andere Dateien aus",
      "Versuchen Sie es in einer Minute wieder.",
    ],
    rate_limited: ["Zu viele Anfragen", "Warten Sie eine Minute und versuchen Sie es noch einmal."],
    shutting_down: ["Der Server wird beendet", "Versuchen Sie es wieder, wenn er zurück ist."],
    too_slow: [
      "Die Datei kam zu langsam an",
      "Nehmen Sie eine schnellere Verbindung oder eine kürzere Datei.",
    ],
    message_too_big: [
      "Die Datei ist zu groß",
      "Höchstens 64 MB: kürzen Sie sie, oder sichern Sie sie kleiner.",
    ],
    recording_too_long: ["Die Aufnahme ist zu lang", "Höchstens eine Stunde: teilen Sie sie."],
    media_unsupported: [
      "Diese Art von Datei lässt sich nicht auswerten",
      "Sichern Sie sie als eine der Arten, die genannt sind.",
    ],
    media_invalid: [
      "Die Datei lässt sich nicht lesen",
      "Sie ist beschädigt oder von anderer Art, als ihr Name sagt. Sichern Sie sie neu.",
    ],
    document_encrypted: ["Das Dokument verlangt ein Passwort", "Sichern Sie es ohne."],
    document_invalid: [
      "Das Dokument lässt sich nicht lesen",
      "Es ist beschädigt. Sichern Sie es neu.",
    ],
    document_too_large: ["Das Dokument ist zu groß", "Höchstens 500 Seiten: teilen Sie es."],
    document_without_text: [
      "Im Dokument steht kein Text",
      "Ein Scan ist ein Bild von Text. Sichern Sie ihn mit Texterkennung, oder schreiben Sie ihn.",
    ],
    consent_required: [
      "Die Einwilligung gilt nicht mehr",
      "Lesen Sie den Hinweis noch einmal und willigen Sie ein.",
    ],
    policy_refused: [
      "Die Regeln dieses Servers erlauben es nicht",
      "Fragen Sie die Betreiber, welche Zwecke und Orte sie erlauben.",
    ],
    session_closed: ["Der Server hat die Auswertung angehalten", "Versuchen Sie es noch einmal."],
    not_found: [
      "Der Server hat die Auswertung verloren",
      "Vielleicht wurde er neu gestartet. Versuchen Sie es noch einmal.",
    ],
    recording_failed: [
      "Die Aufnahme ist misslungen",
      "Wählen Sie ein anderes Mikrofon oder eine andere Kamera, oder bringen Sie eine Datei mit.",
    ],
    internal: [
      "Der Server hat einen Fehler",
      "Versuchen Sie es noch einmal; bleibt er, sagen Sie es den Betreibern.",
    ],
  },
  otherProblem: "Die Datei konnte nicht ausgewertet werden",
};
