import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Field } from "../../parts/field.tsx";
import { openAddresses } from "../../state/addressed.ts";
import { opening } from "../../state/session.ts";

/** A file that the server has which the page is from. */
export function ByAddress(): JSX.Element {
  const address = useSignal("");
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        void openAddresses([address.value.trim()]);
      }}
    >
      <Field label="Or a file on this server, by its address">
        {(id) => (
          <input
            id={id}
            type="text"
            required
            placeholder="scans/scan.cxi"
            value={address.value}
            onInput={(event) => {
              address.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
      <button type="submit" disabled={opening.value !== undefined}>
        Open<span class="hidden"> the address</span>
      </button>
    </form>
  );
}
