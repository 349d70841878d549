/** The page of a report: `/report/SESSION#token=TOKEN`. */

import { pageToken } from "../page/credential";
import { EsaprReport } from ".";
import { ReportSource } from "./source";
import { wordsOf } from "./words";

const wanted = new URLSearchParams(location.search).get("language") ?? navigator.language;
const language = wanted.toLowerCase().split("-")[0] === "de" ? "de" : "en";
const session = location.pathname.split("/").at(-1) ?? "";

document.documentElement.lang = language;
const words = wordsOf(language);
document.title = `ESAPR – ${words.document.title}`;

document.querySelector("nav")?.setAttribute("aria-label", words.page.language);
document.querySelector(`nav [lang="${language}"]`)?.setAttribute("aria-current", "page");

const report = new EsaprReport();
report.source = new ReportSource(session, pageToken());
document.querySelector("main")?.append(report);
