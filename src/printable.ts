/**
 * Text for a terminal. Names, paths, dtypes and messages come from files and servers, and a terminal obeys what stands in
 * them: control characters (C0, C1, delete), which move the cursor, change the title or hide what was said, and marks that
 * turn the direction of writing. They become `\u001b`, which JSON reads as what it was.
 */
export const printable = (text: string): string => text.replace(unprintable, escaped);

/** The same in a place that is one line: line breaks and tabs are escaped as well. */
export const printableLine = (text: string): string => printable(text).replace(/[\n\t]/g, escaped);

// Cc without tab and line feed; line and paragraph separators; directional marks, overrides and isolates; byte order marks;
// halves of surrogate pairs.
const unprintable = /(?![\t\n])\p{Cc}|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A count of things, in words that agree: 1 epoch, 2 epochs. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
