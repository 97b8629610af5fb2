// Somebody who follows a link by keyboard or with a screen reader is to go on where the new page begins, and not at the top of the window,
// where a browser leaves those whose link is gone.

let isExpected = false;

/** Says that another page is about to be drawn: its heading gets the focus. */
export function expectPage(): void {
  isExpected = true;
}

/** Says that a page's heading is there. It gets the focus if another page was expected, and nothing on the page has it. */
export function greetPage(heading: HTMLElement): void {
  if (!isExpected) return;
  isExpected = false;
  const { activeElement } = document;
  if (activeElement?.closest('main, [role=dialog]') == null) heading.focus({ preventScroll: true });
}
