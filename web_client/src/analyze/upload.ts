/** A file on its way to the server. `fetch` does not say how much of a body it has sent. */

import type { AnalysisCredentials } from "../protocol";
import { EsaprError, problemIn } from "../sdk/errors";

export interface Upload {
  url: string;
  headers: Readonly<Record<string, string>>;
  file: Blob;
  /** Called with bytes. */
  sent(bytes: number): void;
  signal: AbortSignal;
}

/** Resolves when the server has taken the file; throws an `EsaprError` with its code otherwise. */
export async function upload({
  url,
  headers,
  file,
  sent,
  signal,
}: Upload): Promise<AnalysisCredentials> {
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.responseType = "text";
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", ({ loaded }) => sent(loaded));
  signal.addEventListener("abort", () => request.abort());
  await new Promise((resolve, reject) => {
    request.addEventListener("load", resolve);
    for (const name of ["error", "abort"]) request.addEventListener(name, () => reject(lost()));
    request.send(file);
  });
  if (request.status >= 300) {
    const { status, statusText, responseText } = request;
    throw await problemIn(new Response(responseText, { status, statusText }));
  }
  return JSON.parse(request.responseText) as AnalysisCredentials;
}

function lost(): EsaprError {
  const message = "The server cannot be reached. Is it still running?";
  return new EsaprError("unreachable", message, { retryable: true });
}
