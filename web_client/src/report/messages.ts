/** What the page of the report says besides the words that it shares with its documents. */

const en = {
  loading: "Loading the report",
  tryAgain: "Try again",
  whole: "Show the whole session",
  at: "Time",
  means: "Means of the session",
  legendHint: "Drag to enlarge a stretch. The slider, or the pointer, reads a moment.",
  download: "Download",
  making: (form: string) => `Making the ${form} …`,
  made: (form: string) => `The ${form} is in your downloads.`,
  failed: (form: string, why: string) => `The ${form} could not be made: ${why}`,
  print: "Print",
  signIn: "Sign in",
  language: "Language",
  noExpression: "no expression",
  problems: {
    consent_revoked: [
      "Consent was withdrawn",
      "What was kept of this session has been erased. There is no report any more.",
    ],
    not_found: [
      "There is no such report",
      "Nothing is kept of this session: its consent did not cover it, it was erased, or its time is over.",
    ],
    token_invalid: [
      "You are not let in",
      "The link is not complete, or it is older than ten minutes after the session. Ask those who opened the session for the report.",
    ],
    sign_in_required: [
      "You are not let in",
      "The link is not complete. Staff of this server can sign in and find the report among their sessions.",
    ],
    scope_missing: ["You are not let in", "This link does not allow the report to be read."],
    no_records: ["This server keeps no records", "It has no reports, of any session."],
    records_away: ["The records cannot be read now", "Their database does not answer."],
    unreachable: ["The server cannot be reached", "Check the connection, and try again."],
    other: ["The report cannot be shown", "The server has refused it."],
  } as Record<string, readonly [string, string]>,
};

const de: typeof en = {
  loading: "Der Bericht wird geladen",
  tryAgain: "Erneut versuchen",
  whole: "Ganze Sitzung zeigen",
  at: "Zeit",
  means: "Mittel der Sitzung",
  legendHint: "Ziehen vergrößert einen Abschnitt. Schieber oder Zeiger lesen einen Augenblick ab.",
  download: "Herunterladen",
  making: (form) => `${form} wird erstellt …`,
  made: (form) => `${form} liegt bei Ihren Downloads.`,
  failed: (form, why) => `${form} konnte nicht erstellt werden: ${why}`,
  print: "Drucken",
  signIn: "Anmelden",
  language: "Sprache",
  noExpression: "kein Ausdruck",
  problems: {
    consent_revoked: [
      "Die Einwilligung wurde widerrufen",
      "Was von dieser Sitzung aufbewahrt war, ist gelöscht. Es gibt keinen Bericht mehr.",
    ],
    not_found: [
      "Diesen Bericht gibt es nicht",
      "Von dieser Sitzung ist nichts aufbewahrt: Ihre Einwilligung deckte es nicht, sie wurde gelöscht, oder ihre Zeit ist um.",
    ],
    token_invalid: [
      "Kein Zugang",
      "Der Link ist unvollständig oder älter als zehn Minuten nach der Sitzung. Fragen Sie die Stelle, die die Sitzung eröffnet hat, nach dem Bericht.",
    ],
    sign_in_required: [
      "Kein Zugang",
      "Der Link ist unvollständig. Mitarbeitende können sich anmelden und finden den Bericht bei ihren Sitzungen.",
    ],
    scope_missing: ["Kein Zugang", "Dieser Link erlaubt nicht, den Bericht zu lesen."],
    no_records: ["Dieser Server bewahrt nichts auf", "Er hat von keiner Sitzung einen Bericht."],
    records_away: [
      "Die Aufzeichnungen sind gerade nicht lesbar",
      "Ihre Datenbank antwortet nicht.",
    ],
    unreachable: [
      "Der Server ist nicht erreichbar",
      "Prüfen Sie die Verbindung und versuchen Sie es erneut.",
    ],
    other: ["Der Bericht kann nicht gezeigt werden", "Der Server hat ihn verweigert."],
  },
};

export type PageWords = typeof en;

export const PAGE_WORDS: Readonly<Record<string, PageWords>> = { en, de };
