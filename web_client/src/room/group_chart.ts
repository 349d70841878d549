/** How the timeline draws a group: valence and arousal over ten minutes. */

import { signed } from "../live/format";
import type { Chart } from "../live/timeline";

export const groupChart: Chart = {
  lines: [
    { colour: "--e-accent", dash: [] },
    { colour: "--e-caution-text", dash: [6, 4] },
  ],
  values: [-1, 0, 1],
  inWords: signed,
};
