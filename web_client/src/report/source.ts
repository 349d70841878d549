/** Where the report comes from, in each of its forms. */

import { presenting } from "../page/credential";
import type { ModelInfo, Notice, Receipt, Report } from "../protocol";
import { EsaprError, problemFrom, problemIn } from "../sdk/errors";

const ANSWER_MS = 30_000;
/** A PDF may have to wait for others. */
const PRINT_MS = 180_000;

export const FORMS = ["pdf", "html", "csv", "json", "emotionml"] as const;
export type FormName = (typeof FORMS)[number];

export class ReportSource {
  readonly session: string;
  readonly #token: string | null;

  constructor(session: string, token: string | null) {
    this.session = session;
    this.#token = token;
  }

  /** Throws an `EsaprError`; `no_records` where the server has no reports at all. */
  async report(): Promise<Report> {
    try {
      const answer = await this.#get("?timeline=full", ANSWER_MS);
      return (await answer.json()) as Report;
    } catch (thrown) {
      const problem = problemFrom(thrown);
      if (problem.code === "not_found" && !(await this.#known())) {
        throw new EsaprError("no_records", problem.message);
      }
      throw problem;
    }
  }

  /** The report as a file. */
  async file(form: FormName, language: string): Promise<{ name: string; blob: Blob }> {
    const path = form === "json" ? "?timeline=full" : `.${form}`;
    const printed = form === "pdf" || form === "html";
    const answer = await this.#get(printed ? `${path}?language=${language}` : path, PRINT_MS);
    return { name: `esapr-${this.session.slice(0, 8)}.${form}`, blob: await answer.blob() };
  }

  /** The cards of the models that the server runs now. */
  async models(): Promise<ModelInfo[]> {
    return (await (await fetch("/v1/models")).json()) as ModelInfo[];
  }

  /** What the person was told, in their language; null where that is another version by now. */
  async notice({ language, text_version: version }: Receipt): Promise<Notice | null> {
    const answer = await fetch(`/v1/notice?language=${language}`);
    const notice = answer.ok ? ((await answer.json()) as Notice) : null;
    return notice?.version === version ? notice : null;
  }

  /** Whether the server describes reports: without records it has no such call. */
  async #known(): Promise<boolean> {
    const answer = await fetch(`/v1/sessions/${this.session}/report`, { method: "OPTIONS" });
    return answer.ok;
  }

  async #get(rest: string, timeoutMs: number): Promise<Response> {
    const answer = await fetch(`/v1/sessions/${this.session}/report${rest}`, {
      headers: presenting(this.#token),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw await problemIn(answer);
    return answer;
  }
}
