/** The words of `<esapr-recommendations>`, beside it: the widget needs none of them. */

import type { NoRecommendation, Recommendation } from "../protocol";

type Step = Recommendation["because"]["step"];
type Kind = Recommendation["kind"];

const en = {
  title: "What may do good",
  loading: "Looking for what fits",
  failed: "The recommendations cannot be loaded.",
  tryAgain: "Try again",
  basis: (time: string, valence: string, arousal: string) =>
    `Over ${time} of expression, what was shown lay on average at valence ${valence} and arousal ${arousal}, each from −1 to 1.`,
  caution:
    "This follows from what was shown, which may not be how things are for you. It is no treatment. Take what suits you and leave the rest.",
  step: {
    match: "Meets what was shown",
    towards: "Half of the way",
    goal: "Pleasant and calm",
  } satisfies Record<Step, string>,
  stay: "Goes with what was shown",
  kind: {
    music: "Music",
    article: "Article",
    video: "Video",
    exercise: "Exercise",
  } satisfies Record<Kind, string>,
  minutes: (count: number) => `${count} min`,
  how: "How it goes",
  why: "Because …",
  because: {
    match: (valence: string, arousal: string) =>
      `… it fits the mean of what was shown: valence ${valence}, arousal ${arousal}.`,
    towards: (valence: string, arousal: string) =>
      `… it fits the point half of the way from what was shown to something pleasant and calm: valence ${valence}, arousal ${arousal}.`,
    goal: (valence: string, arousal: string) =>
      `… it fits the end of the way from what was shown to something pleasant and calm: valence ${valence}, arousal ${arousal}.`,
  } satisfies Record<Step, (valence: string, arousal: string) => string>,
  known: "What is known",
  licence: "Licence",
  answer: "Your answer",
  liked: "Did good",
  declined: "Not for me",
  done: "Done",
  more: (count: number) => `Show ${count} more`,
  answersStay: "Your answers stay in this browser and order what is named next time.",
  forget: "Forget my answers",
  nothing: {
    not_agreed: "You have not agreed to recommendations for this session.",
    purpose_excluded: "Sessions for this purpose get no recommendations.",
    too_little_evidence: (seconds: number) =>
      `An expression was shown for less than ${seconds} seconds. That is too little to name anything.`,
  } satisfies Record<NoRecommendation["reason"], string | ((seconds: number) => string)>,
  noneFits: "Nothing in the catalogue fits what was shown.",
  turnTo: "You do not have to be alone with this. These people listen:",
  opensElsewhere: "opens another site",
};

export type Words = typeof en;

const de: Words = {
  title: "Was guttun kann",
  loading: "Passendes wird gesucht",
  failed: "Die Empfehlungen können nicht geladen werden.",
  tryAgain: "Noch einmal versuchen",
  basis: (time, valence, arousal) =>
    `Über ${time} mit Ausdruck lag das Gezeigte im Mittel bei Valenz ${valence} und Erregung ${arousal}, jeweils von −1 bis 1.`,
  caution:
    "Das folgt aus dem, was sich zeigte; für Sie kann es anders sein. Es ist keine Behandlung. Nehmen Sie, was Ihnen passt, und lassen Sie das Übrige.",
  step: {
    match: "Trifft, was sich zeigte",
    towards: "Auf halbem Weg",
    goal: "Angenehm und ruhig",
  },
  stay: "Passt zu dem, was sich zeigte",
  kind: { music: "Musik", article: "Artikel", video: "Film", exercise: "Übung" },
  minutes: (count) => `${count} min`,
  how: "So geht es",
  why: "Weil …",
  because: {
    match: (valence, arousal) =>
      `… es zum Mittel dessen passt, was sich zeigte: Valenz ${valence}, Erregung ${arousal}.`,
    towards: (valence, arousal) =>
      `… es zu dem Punkt auf halbem Weg zu etwas Angenehmem und Ruhigem passt: Valenz ${valence}, Erregung ${arousal}.`,
    goal: (valence, arousal) =>
      `… es zum Ende des Wegs zu etwas Angenehmem und Ruhigem passt: Valenz ${valence}, Erregung ${arousal}.`,
  },
  known: "Was man weiß",
  licence: "Lizenz",
  answer: "Ihre Antwort",
  liked: "Tat gut",
  declined: "Nichts für mich",
  done: "Erledigt",
  more: (count) => `${count} weitere zeigen`,
  answersStay:
    "Ihre Antworten bleiben in diesem Browser und ordnen, was beim nächsten Mal genannt wird.",
  forget: "Meine Antworten vergessen",
  nothing: {
    not_agreed: "Für diese Sitzung haben Sie Empfehlungen nicht zugestimmt.",
    purpose_excluded: "Sitzungen zu diesem Zweck bekommen keine Empfehlungen.",
    too_little_evidence: (seconds) =>
      `Ein Ausdruck zeigte sich für weniger als ${seconds} Sekunden. Das ist zu wenig, um etwas zu nennen.`,
  },
  noneFits: "Nichts im Katalog passt zu dem, was sich zeigte.",
  turnTo: "Sie müssen damit nicht allein bleiben. Diese Menschen hören zu:",
  opensElsewhere: "öffnet eine andere Seite",
};

const LANGUAGES: Readonly<Record<string, Words>> = { en, de };

/** The words of a language, English where there is none. */
export function wordsOf(language: string): Words {
  return LANGUAGES[language] ?? en;
}
