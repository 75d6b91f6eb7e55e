import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SharedEntry } from "../../../src/runs/sharedEntry.ts";
import { Trouble } from "../../parts/trouble.tsx";
import { sharedFile } from "../../state/served.ts";
import { asError } from "../../state/session.ts";

/** Sequences by which a terminal colours what it shows, and moves its cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const FOR_TERMINALS = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** What is shown at most, of the end; the file has it all. */
const MOST_LETTERS = 100_000;

interface Known {
  readonly file: string | undefined;
  /** Bytes that were read, to the end of a line. */
  readonly bytes: number;
  readonly text: string;
}

const nothing: Known = { file: undefined, bytes: 0, text: "" };

/** What a run says, as it says it: of the file that is added to only what was added is asked for. */
export function SharedLog({ entry, name }: { readonly entry: SharedEntry; readonly name: string }): JSX.Element {
  const file = entry.files.find((each) => each.name === name);
  const known = useRef(nothing);
  const asking = useRef(Promise.resolve());
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    if (file === undefined) return;
    // One after the other, so that no line comes twice.
    asking.current = asking.current.then(async () => {
      const identity = file.stamp.split(" ")[1];
      const before = known.current.file === identity && known.current.bytes <= file.bytes ? known.current : nothing;
      if (before.file !== undefined && before.bytes === file.bytes) return;
      try {
        const bytes = new Uint8Array(await (await sharedFile(entry, name, before.bytes)).arrayBuffer());
        const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
        const all = before.text + new TextDecoder().decode(whole);
        known.current = { file: identity, bytes: before.bytes + whole.length, text: all.slice(-MOST_LETTERS) };
        setText(known.current.text);
        setError(undefined);
      } catch (cause) {
        setError(cause);
      }
    });
  }, [file?.stamp]);
  const shown = useRef<HTMLPreElement>(null);
  // Who reads the last line sees the next one too; who has scrolled back is left there.
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (shown.current !== null && atEnd.current) shown.current.scrollTop = shown.current.scrollHeight;
  }, [text]);
  return (
    <div class="panel">
      <h2>Log{name.includes("/") ? ` of ${name.slice(0, name.lastIndexOf("/"))}` : ""}</h2>
      {error === undefined ? null : <Trouble error={asError(error)} />}
      <pre
        class="log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        tabIndex={0}
        ref={shown}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollTop + clientHeight >= scrollHeight - 4;
        }}
      >
        {text.replace(FOR_TERMINALS, "")}
      </pre>
    </div>
  );
}
