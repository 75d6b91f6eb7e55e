import { PtychonautError } from "../errors.ts";

/** What is said of a scan that comes with a page. */
export interface SampleNote {
  readonly title: string;
  /** Who measured it, and where it was published. */
  readonly source: string;
  readonly licence: string;
  /** What is to be seen in it. */
  readonly about?: string;
}

/** A scan that comes with a page. */
export interface SampleEntry extends SampleNote {
  /** Its address, from the page. */
  readonly address: string;
  readonly bytes: number;
}

const needed = ["title", "source", "licence"] as const;

/** @throws PtychonautError "data" where something is not said, or is no text, or is unknown */
export function sampleNote(json: unknown, where: string): SampleNote {
  const said = typeof json === "object" && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
  const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";
  const missing = needed.filter((name) => !isText(said[name]));
  const strange = Object.keys(said).filter((name) => name !== "about" && !needed.some((one) => one === name));
  if (missing.length > 0 || strange.length > 0 || (said["about"] !== undefined && !isText(said["about"])))
    throw new PtychonautError("data", "a sample is not described", {
      where,
      expected: "title, source and licence, and about where there is more to say: texts",
      got: [
        ...(missing.length === 0 ? [] : [`no ${missing.join(", ")}`]),
        ...(strange.length === 0 ? [] : [`also ${strange.join(", ")}`]),
        ...(missing.length + strange.length === 0 ? ["about that is no text"] : []),
      ].join("; "),
    });
  const { title, source, licence, about } = said as Readonly<Record<string, string>>;
  return { title, source, licence, ...(about === undefined ? {} : { about }) };
}
