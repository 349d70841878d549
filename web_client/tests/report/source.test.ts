import { afterEach, expect, test, vi } from "vitest";
import { ReportSource } from "../../src/report/source";
import { REPORT } from "./recorded";

const SESSION = "a".repeat(32);
const PATH = `/v1/sessions/${SESSION}/report`;

afterEach(() => vi.unstubAllGlobals());

/** A network that answers each call, named by method and path, with a status and a body. */
function network(answers: Readonly<Record<string, readonly [number, unknown]>>): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    asked.push(new Request(`http://server${path}`, init));
    const [status, body] = answers[`${init.method ?? "GET"} ${path}`] ?? [
      404,
      refusal("not_found"),
    ];
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  });
  return asked;
}

function refusal(code: string): unknown {
  return { error: { code, message: code, retryable: false, request_id: "1" } };
}

async function problem(source: ReportSource): Promise<string> {
  return source.report().then(
    () => "none",
    (error: { code: string }) => error.code,
  );
}

test("the token goes with the request, and not into its address", async () => {
  const asked = network({ [`GET ${PATH}?timeline=full`]: [200, REPORT] });

  expect(await new ReportSource(SESSION, "a.b.c").report()).toEqual(REPORT);
  expect(asked.map(({ headers }) => headers.get("Authorization"))).toEqual(["Bearer a.b.c"]);
  expect(asked[0]?.url).not.toContain("a.b.c");
});

test("a report that is not there differs from a server that has none", async () => {
  network({});
  expect(await problem(new ReportSource(SESSION, null))).toBe("no_records");
  network({ [`OPTIONS ${PATH}`]: [204, null] });
  expect(await problem(new ReportSource(SESSION, null))).toBe("not_found");
  network({ [`GET ${PATH}?timeline=full`]: [410, refusal("consent_revoked")] });
  expect(await problem(new ReportSource(SESSION, null))).toBe("consent_revoked");
});

test("files are asked for by their form, those that are printed in a language", async () => {
  const asked = network({
    [`GET ${PATH}.pdf?language=de`]: [200, "%PDF"],
    [`GET ${PATH}.csv`]: [200, "seq"],
  });
  const source = new ReportSource(SESSION, null);

  expect((await source.file("pdf", "de")).name).toBe("esapr-aaaaaaaa.pdf");
  expect((await source.file("csv", "de")).name).toBe("esapr-aaaaaaaa.csv");
  expect(asked).toHaveLength(2);
});

test("a notice of another version is not the one that was shown", async () => {
  network({ "GET /v1/notice?language=de": [200, { version: "2026-11", text: "Neu" }] });
  const source = new ReportSource(SESSION, null);
  const receipt = { ...REPORT.consent, language: "de" };

  expect(await source.notice(receipt)).toMatchObject({ text: "Neu" });
  expect(await source.notice({ ...receipt, text_version: "2026-10" })).toBeNull();
  expect(await source.notice({ ...receipt, language: "fr" })).toBeNull();
});
