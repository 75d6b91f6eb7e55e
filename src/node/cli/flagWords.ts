/** What `setting` of errors.ts writes. */
const mark = /`([A-Za-z][A-Za-z0-9_]*)(?:=([^`]+))?`/g;

/** A text of the core as the command line says it: settings are flags. */
export function withFlags(text: string): string {
  return text.replace(mark, (_, name: string, value: string | undefined) => {
    if (value === "false") return `--no_${name}`;
    return value === undefined || value === "true" ? `--${name}` : `--${name} ${value}`;
  });
}
