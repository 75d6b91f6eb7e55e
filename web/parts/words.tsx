import type { JSX } from "preact";

/** A text of the library, in which settings stand between backticks. */
export function Words({ text }: { readonly text: string }): JSX.Element {
  return <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}
