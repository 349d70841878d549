/** The TypeScript SDK: open a session, send media and text into it, read its states. */

export type * from "../protocol";
export type { Found } from "./analysis";
export { type BlockedCode, type Device } from "./blocked";
export { DeviceError, startCapture, type Wanted } from "./capture";
export type { AnalysisOptions, Entrance, Modality, SessionOptions } from "./client";
export { Client, consent, MODALITIES } from "./client";
export { EsaprError } from "./errors";
export type { Detail, FeedPhase } from "./feed";
export { Session } from "./session";
export { type Ending, type Events, Subscription } from "./subscription";
