/** Elements that index.html promises to hold. */

/** The one element that `selector` names inside `root`; throws when the page lacks it. */
export function find<E extends Element>(root: ParentNode, selector: string, kind: new () => E): E {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Sets a text only when it differs, so that a live region speaks when something changed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
