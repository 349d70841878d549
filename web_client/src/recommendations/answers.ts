/** What a person answers to recommendations: it stays in the browser, and orders what comes next. */

import type { Recommendation } from "../protocol";

export type Answer = "liked" | "declined" | "done";
export type Answers = Readonly<Record<string, Answer>>;

export const ANSWERS: readonly Answer[] = ["liked", "declined", "done"];
const KEY = "esapr-recommendations";
const RANK: Readonly<Record<Answer, number>> = { liked: 0, done: 2, declined: 3 };
const UNANSWERED = 1;

/**
 * What did good comes first in its step, then what is new, what was done, and what is not for them;
 * steps stay in order, and so do those of one answer.
 */
export function ordered(items: readonly Recommendation[], answers: Answers): Recommendation[][] {
  const steps = new Map<string, Recommendation[]>();
  for (const item of items) {
    steps.set(item.because.step, [...(steps.get(item.because.step) ?? []), item]);
  }
  const rank = ({ id }: Recommendation) => {
    const answer = answers[id];
    return answer === undefined ? UNANSWERED : RANK[answer];
  };
  return [...steps.values()].map((step) => step.toSorted((one, other) => rank(one) - rank(other)));
}

/** The answers with one more, or without the one that is given again. */
export function answered(answers: Answers, id: string, answer: Answer): Answers {
  const { [id]: before, ...others } = answers;
  return before === answer ? others : { ...others, [id]: answer };
}

/** The answers in this browser; none where it keeps none, or something else. */
export function readAnswers(): Answers {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const known = Object.entries(kept ?? {}).filter(([, answer]) => ANSWERS.includes(answer));
    return Object.fromEntries(known) as Answers;
  } catch {
    return {};
  }
}

export function keepAnswers(answers: Answers): void {
  try {
    if (Object.keys(answers).length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(answers));
  } catch {
    // A browser that keeps nothing forgets them with the page.
  }
}
