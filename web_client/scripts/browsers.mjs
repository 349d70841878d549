// The oldest browsers whose styles are written: from these on `:dir()` is known, for which there is
// no substitute (the one that is made for older ones asks for languages, not for the direction).
export const BROWSERS = ["chrome120", "firefox121", "safari17.4"];
