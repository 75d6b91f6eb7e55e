import type { JSX } from "preact";
import type { PtychonautError } from "../../src/errors.ts";
import { shownPlace } from "../worker/scanPlaces.ts";
import { Words } from "./words.tsx";

const details = ["where", "expected", "got", "fix"] as const;
const words = { where: "in", expected: "expected", got: "got", fix: "to do" } as const;

/** An error where it belongs, in the library's words. Text stays text, whatever a file is called. */
export function Trouble({ error }: { readonly error: PtychonautError }): JSX.Element {
  return (
    <div class="note bad" role="alert">
      <strong>{error.what}</strong>
      <dl>
        {details.map((name) =>
          error.details[name] === undefined ? null : (
            <>
              <dt>{words[name]}</dt>
              <dd>
                {name === "fix" ? (
                  <Words text={error.details.fix ?? ""} />
                ) : name === "where" ? (
                  shownPlace(error.details.where ?? "")
                ) : (
                  error.details[name]
                )}
              </dd>
            </>
          ),
        )}
      </dl>
    </div>
  );
}
