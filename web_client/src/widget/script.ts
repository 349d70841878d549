/** The widget for a plain script tag: defines the element, exports nothing. */

import "./index";
