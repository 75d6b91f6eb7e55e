import { snakeCase } from "../../config/names.ts";
import type { NamedCommand } from "./command.ts";
import type { Flag } from "./flags.ts";

/** Shells that completion is written for, and the script of each. */
export const completionScripts: Readonly<Record<string, (commands: readonly NamedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const shown = ({ flags }: NamedCommand): readonly Flag[] =>
  flags.filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined);

/** The spellings that a flag is offered in. */
const spellings = ({ name, kind, default: initial }: Flag): readonly string[] =>
  kind === "boolean" && initial === true
    ? [`--${snakeCase(name)}`, `--no_${snakeCase(name)}`]
    : [`--${snakeCase(name)}`];

/** Words that may follow a flag; none where they are free. */
const valuesOf = ({ choices = [], words = [] }: Flag): readonly string[] => [...choices, ...words];

/** `COMMAND --flag` and the words that may follow. */
const valueCases = (commands: readonly NamedCommand[]): readonly (readonly [string, readonly string[]])[] =>
  commands.flatMap((command) =>
    shown(command)
      .filter((flag) => flag.kind !== "boolean" && valuesOf(flag).length > 0)
      .map((flag) => [`${command.name} --${snakeCase(flag.name)}`, valuesOf(flag)] as const),
  );

function bashScript(commands: readonly NamedCommand[]): string {
  const options = commands.map(
    (command) => `    ${command.name}) words="${shown(command).flatMap(spellings).join(" ")}" ;;`,
  );
  const values = valueCases(commands).map(([key, words]) => `    "${key}") words="${words.join(" ")}" ;;`);
  return `# Completion of ptychonaut for bash: source <(ptychonaut completion bash)
_ptychonaut() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(" ")}"
  else
    case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
    esac
    if [ -z "$words" ] && [[ "$current" == -* ]]; then
      case "$command" in
${options.map((line) => `  ${line}`).join("\n")}
      esac
    fi
  fi
  # Without words, files are offered.
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _ptychonaut ptychonaut
`;
}

/** Text within single quotes of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const firstSentence = (text: string): string => /^.*?[.;:](?=\s|$)/.exec(text)?.[0].slice(0, -1) ?? text;

function zshScript(commands: readonly NamedCommand[]): string {
  const described = (name: string, text: string): string =>
    quoted(`${name.replaceAll(":", "\\:")}:${firstSentence(text)}`);
  const options = commands.map((command) => {
    const list = shown(command).flatMap((flag) => spellings(flag).map((name) => described(name, flag.description)));
    return `      (${command.name}) options=(${list.join(" ")}) ;;`;
  });
  const values = valueCases(commands).map(([key, words]) => `    ("${key}") compadd -- ${words.join(" ")}; return ;;`);
  return `#compdef ptychonaut
# Completion of ptychonaut for zsh: source <(ptychonaut completion zsh)
_ptychonaut() {
  local -a names options
  if (( CURRENT == 2 )); then
    names=(${commands.map(({ name, summary }) => described(name, summary)).join(" ")})
    _describe command names
    return
  fi
  case "\${words[2]} \${words[CURRENT-1]}" in
${values.join("\n")}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    case "\${words[2]}" in
${options.join("\n")}
    esac
    _describe -o option options
  else
    _files
  fi
}
compdef _ptychonaut ptychonaut
`;
}

function fishScript(commands: readonly NamedCommand[]): string {
  const names = commands.map(
    ({ name, summary }) =>
      `complete -c ptychonaut -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(firstSentence(summary))}`,
  );
  const options = commands.flatMap((command) =>
    shown(command).flatMap((flag) =>
      spellings(flag).map((spelling) => {
        const values = flag.kind === "boolean" ? [] : valuesOf(flag);
        const takes =
          flag.kind === "boolean" ? "" : values.length > 0 ? ` -x -a ${fishQuoted(values.join(" "))}` : " -r";
        const where = `-n '__fish_seen_subcommand_from ${command.name}'`;
        return `complete -c ptychonaut ${where} -l ${spelling.slice(2)}${takes} -d ${fishQuoted(firstSentence(flag.description))}`;
      }),
    ),
  );
  return `# Completion of ptychonaut for fish: ptychonaut completion fish | source\n${[...names, ...options].join("\n")}\n`;
}

const fishQuoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
