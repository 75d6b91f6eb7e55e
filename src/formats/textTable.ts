import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { heldArray, type ListedArray, listedArrays, words } from "./listedArrays.ts";
import type { NpyArray } from "./npy.ts";
import { isPlainText } from "./signatures.ts";

/** Positions and the like; more numbers belong into a file of arrays. */
const MOST_BYTES = 2 ** 30;
const PIECE = 2 ** 16;

const LINE_END = /\r\n|\n|\r/;
const comment = /^\s*(#|%|\/\/|!)/;
/** A field that is longer is no number, and a longer line no line of names: patterns are not tried on them. */
const [LONGEST_FIELD, LONGEST_NAMES] = [64, 4096];
const number = /^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$|^[+-]?(nan|inf|infinity)$/i;
const isNumber = (field: string): boolean => field.length <= LONGEST_FIELD && number.test(field);

const decimalComma = /^[+-]?\d+,\d+$/;

/** Whether a file starts like a table of numbers: one of its first two lines that are no comments is a row of them. */
export function isTextTable(head: Uint8Array, { name }: { readonly name: string }): boolean {
  const text = new TextDecoder("latin1").decode(head).replace(/^\xef\xbb\xbf/, "");
  if (!isPlainText(text)) return false;
  const lines = text.split(LINE_END).filter((line) => line.trim() !== "" && !comment.test(line));
  if (lines.length === 0) return /\.(csv|tsv|txt|dat)$/i.test(name) && text.trim() !== "";
  return lines.slice(0, 2).some((line) => fieldsOf(line).every((field) => isNumber(field) || decimalComma.test(field)));
}

/**
 * Opens a table of numbers in text: rows are lines, columns are separated by semicolons, commas, or white space. Comments
 * start with #, %, ! or two slashes; a line of names may stand before the numbers, as a comment too, with units in
 * brackets: `x (um), y (um)`.
 *
 * Keys: `table` (row, column), float64, with the attribute `columns` where these have names; each of these is a key of its
 * own then, with the attribute `units` where that is said. The file's attribute `comments` has the others.
 * @throws PtychonautError "data" with the line: not a number, another number of columns
 */
export function openTextTable(source: ByteSource, where: string): ArrayFile {
  if (source.size > MOST_BYTES)
    throw new PtychonautError("data", "a text file of this size is not read", {
      where,
      expected: `at most ${MOST_BYTES} bytes`,
      got: `${source.size} bytes`,
      fix: "save its numbers as an NPY or an NPZ, for instance with numpy.save",
    });
  const { values, columns, names, comments } = parsed(source, where);
  const rows = columns === 0 ? 0 : values.length / columns;
  if (rows === 0)
    throw new PtychonautError("data", "a text file without numbers", { where, expected: "a table of them" });
  const arrays = new Map<string, ListedArray>();
  const table: NpyArray = { shape: [rows, columns], dtype: "float64", data: values };
  arrays.set("table", heldArray(table, names.length === 0 ? {} : { columns: words(...names.map(({ name }) => name)) }));
  for (const [column, { name, unit }] of names.entries()) {
    if (arrays.has(name)) continue;
    const data = Float64Array.from({ length: rows }, (_, row) => values[row * columns + column]);
    arrays.set(
      name,
      heldArray({ shape: [rows], dtype: "float64", data }, unit === undefined ? {} : { units: words(unit) }),
    );
  }
  const attributes = comments.length === 0 ? {} : { comments: words(...comments) };
  return listedArrays({ container: "text", arrays, attributes, where });
}

interface Name {
  readonly name: string;
  readonly unit: string | undefined;
}

interface Table {
  readonly values: Float64Array;
  readonly columns: number;
  /** Of all columns, or none. */
  readonly names: readonly Name[];
  readonly comments: readonly string[];
}

/** Comments that are kept. */
const MOST_COMMENTS = 100;

function parsed(source: ByteSource, where: string): Table {
  let values = new Float64Array(1024);
  let [count, columns, line] = [0, 0, 0];
  let heading: string | undefined;
  const comments: string[] = [];
  for (const text of linesOf(source, where)) {
    line++;
    if (text.trim() === "") continue;
    if (comment.test(text)) {
      if (comments.length < MOST_COMMENTS) comments.push(text.replace(comment, "").trim());
      continue;
    }
    const fields = fieldsOf(text);
    const wrong = fields.findIndex((field) => !isNumber(field));
    if (wrong >= 0 && columns === 0 && heading === undefined) {
      heading = text;
      continue;
    }
    if (wrong >= 0) throw notANumber(fields[wrong], `${where}: line ${line}`);
    columns ||= fields.length;
    if (fields.length !== columns)
      throw new PtychonautError("data", "a row with another number of columns", {
        where: `${where}: line ${line}`,
        expected: `${columns}, as in the rows before it`,
        got: `${fields.length}`,
      });
    if (count + columns > values.length) {
      const larger = new Float64Array(Math.max(2 * values.length, count + columns));
      larger.set(values);
      values = larger;
    }
    for (const field of fields) values[count++] = numberOf(field);
  }
  // Names in a comment are those of its last line that has as many words as there are columns.
  const candidates = (heading === undefined ? [...comments].reverse() : [heading]).filter(
    ({ length }) => length <= LONGEST_NAMES,
  );
  const named = candidates.map(namesOf).find((names) => names.length === columns && areNames(names));
  if (heading !== undefined && named === undefined) {
    checkDecimals(heading, columns, where);
    comments.push(heading.trim());
  }
  return { values: values.subarray(0, count), columns, names: named ?? [], comments };
}

const areNames = (names: readonly Name[]): boolean =>
  names.every(({ name }) => name !== "" && !isNumber(name)) &&
  new Set(names.map(({ name }) => name)).size === names.length;

const numberOf = (field: string): number => {
  if (/inf/i.test(field)) return field.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(field.replace(/d/i, "e"));
};

function notANumber(field: string, where: string): PtychonautError {
  const decimal = field.length <= LONGEST_FIELD && decimalComma.test(field);
  return new PtychonautError("data", "a field of the table is no number", {
    where,
    got: `"${field.slice(0, 40)}"`,
    expected: decimal ? "a decimal point, not a comma" : "numbers in all columns",
    ...(decimal ? { fix: DECIMAL_POINTS } : {}),
  });
}

const DECIMAL_POINTS = "save the table with decimal points";

/**
 * Numbers whose marks were taken for separators are twice as many as their names.
 * @throws PtychonautError "data" then
 */
function checkDecimals(heading: string, columns: number, where: string): void {
  const names = namesOf(heading);
  if (names.length < 2 || columns !== 2 * names.length || !heading.includes(",") || heading.includes(";")) return;
  throw new PtychonautError("data", "a table with twice as many columns as names", {
    where,
    expected: `${names.length} columns: ${names.map(({ name }) => name).join(", ")}`,
    got: `${columns}, as where commas stand for decimal points and between columns`,
    fix: DECIMAL_POINTS,
  });
}

/**
 * By semicolons, else by commas, else by white space; this also where commas are decimal marks, which are not read. A
 * separator at the end is none, and quotes about a field are no part of it.
 */
function fieldsOf(line: string): string[] {
  const text = line.trim();
  const words = text.split(/\s+/);
  const marks = words.length > 1 && words.every((word) => isNumber(word) || decimalComma.test(word));
  const separator = text.includes(";") ? ";" : text.includes(",") && !marks ? "," : /\s+/;
  const fields = text.split(separator).map((field) => field.trim().replace(/^"([^"]*)"$/, "$1"));
  return fields.length > 1 && fields.at(-1) === "" ? fields.slice(0, -1) : fields;
}

function namesOf(line: string): Name[] {
  // A unit belongs to the name before it, whatever separates names.
  return fieldsOf(line.replace(/\s+(?=[([])/g, "")).map((field) => {
    const text = field.replace(/^["']|["']$/g, "");
    const match = /^(.*?)\s*[([]([^()[\]]*)[)\]]$/.exec(text);
    return match === null ? { name: text, unit: undefined } : { name: match[1], unit: match[2] };
  });
}

/** No line of a table is longer. */
const LONGEST = 2 ** 20;

function* linesOf(source: ByteSource, where: string): Generator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = new Uint8Array(0);
  for (let at = 0; at < source.size; at += PIECE) {
    const piece = source.read(at, Math.min(PIECE, source.size - at));
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    // A carriage return at the end may be half of a line's end.
    const end = 1 + Math.max(bytes.lastIndexOf(0x0a), bytes.lastIndexOf(0x0d, bytes.length - 2));
    rest = bytes.slice(end);
    if (rest.length > LONGEST)
      throw new PtychonautError("data", "a text file with endless lines is no table", { where });
    if (end > 0) yield* decoder.decode(bytes.subarray(0, end)).split(LINE_END).slice(0, -1);
  }
  if (rest.length > 0) yield* decoder.decode(rest).split(LINE_END);
}
