/** The TypeScript SDK: open a session, send media and text into it, read its states. */

export type * from "../protocol";
export { deviceProblem, startCapture, type Wanted } from "./capture";
export { Client, consent, MODALITIES, type Modality, type SessionOptions } from "./client";
export { EsaprError } from "./errors";
export type { Detail, FeedPhase } from "./feed";
export { Session } from "./session";
export { type Ending, type Events, Subscription } from "./subscription";
