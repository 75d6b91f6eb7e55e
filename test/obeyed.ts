/** Code points in a text that a terminal obeys instead of showing them, beside line feeds and tabs. */
export function obeyed(text: string): string[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
    .filter((code) => {
      const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
      const direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
      return (control && code !== 9 && code !== 10) || direction;
    })
    .map((code) => code.toString(16));
}
