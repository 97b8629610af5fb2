/** At most so many characters (code points), the last of which is `…` where something was cut. */
export function truncateCharacters(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** At most so many bytes of UTF-8, cut between characters; `note` is put where something was cut. */
export function truncateBytes(text: string, most: number, note = '…'): string {
  if (Buffer.byteLength(text) <= most) return text;
  const room = most - Buffer.byteLength(note);
  // A character that was cut in halves decodes to U+FFFD at the end.
  const kept = Buffer.from(text)
    .subarray(0, room)
    .toString()
    .replace(/\ufffd+$/, '');
  return kept + note;
}
