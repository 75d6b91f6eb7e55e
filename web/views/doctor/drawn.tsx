import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

interface DrawnProps {
  readonly title: string;
  readonly svg: string | undefined;
  /** Frames that the figure marks. */
  readonly outlying: readonly number[] | undefined;
}

/** Frames that are named to those who do not see the figure. */
const NAMED = 20;

/** A figure that the library draws, as it would into a file. */
export function Drawn({ title, svg, outlying = [] }: DrawnProps): JSX.Element | null {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (svg === undefined) return;
    const made = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  if (svg === undefined || address === undefined) return null;
  const marked =
    outlying.length === 0 ? "no frame stands out" : `frames that stand out: ${outlying.slice(0, NAMED).join(", ")}`;
  return (
    <div class="panel fields">
      <h2>{title}</h2>
      <img class="drawn" src={address} alt={`${title}; ${marked}${outlying.length > NAMED ? " and others" : ""}`} />
    </div>
  );
}
