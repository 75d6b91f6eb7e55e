import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

interface CopiedTextProps {
  readonly label: string;
  readonly text: string;
}

/** A text that is to be taken elsewhere, with a button that copies it. */
export function CopiedText({ label, text }: CopiedTextProps): JSX.Element {
  const shown = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("copied");
    } catch {
      // Browsers keep the clipboard from pages that are not secure: then the keyboard can take it.
      if (shown.current !== null) getSelection()?.selectAllChildren(shown.current);
      setCopied("selected: the browser lets this page copy nothing, press Ctrl+C");
    }
  };
  return (
    <div class="fields">
      <h2>{label}</h2>
      <section aria-label={label}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
        <pre ref={shown} tabIndex={0}>
          {text}
        </pre>
      </section>
      <div class="row">
        <button type="button" disabled={text === ""} onClick={copy}>
          Copy
        </button>
        <span class="soft small" aria-live="polite">
          {copied}
        </span>
      </div>
    </div>
  );
}
