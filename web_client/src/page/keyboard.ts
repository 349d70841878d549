/** Keeps what is typed into in sight when the keyboard of a telephone covers half of the page. */

export function heedKeyboard(): void {
  window.visualViewport?.addEventListener("resize", () => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (active?.matches("input[type=text], textarea")) {
      // With the button that sends it.
      (active.closest("form") ?? active).scrollIntoView({ block: "nearest" });
    }
  });
}
