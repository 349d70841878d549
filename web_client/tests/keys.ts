/** Keys of words in a language, nested ones as paths. */
export function keys(words: object, path = ""): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === "object" && !Array.isArray(value)
      ? keys(value as object, `${path}${key}.`)
      : [`${path}${key}`],
  );
}
