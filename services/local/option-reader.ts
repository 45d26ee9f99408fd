import type { OptionValues } from 'commander';
import { err, ok, type Result } from '../../shared/result.ts';

export interface ServeOption {
  /** As on the command line, without the dashes. */
  readonly name: string;
  /** What stands for the value in the help; undefined for a switch. */
  readonly value: string | undefined;
  readonly description: string;
  /** What holds where nothing is given, as it would be written; undefined for none. */
  readonly fallback: string | undefined;
}

/** `tls-cert` is `RESTANTE_TLS_CERT` in the environment. */
export const environmentName = (name: string): string =>
  `RESTANTE_${name.toUpperCase().replaceAll('-', '_')}`;

/** A value as it was written, and where: what a complaint has to name. */
interface Given {
  readonly text: string;
  readonly from: string;
}

/** The error says what is wrong with the value, without the option's name. */
export type Parsed<T> = Result<T, string>;

export type Environment = Readonly<Record<string, string | undefined>>;

export const quoted = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

export function parseSwitch(text: string): Parsed<boolean> {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return ok(true);
  if (['', '0', 'false', 'no', 'off'].includes(text.toLowerCase())) return ok(false);
  return err(`${quoted(text)} is not yes or no`);
}

/** Options as commander found them, then the environment, then the defaults; gathers every complaint, one line each. */
export class OptionReader {
  readonly complaints: string[] = [];
  readonly #given = new Map<string, Given>();

  constructor(known: readonly ServeOption[], options: OptionValues, environment: Environment) {
    for (const option of known) {
      const found = find(option, options, environment);
      if (found) this.#given.set(option.name, found);
    }
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The option or variable that gave it. */
  from(name: string): string | undefined {
    return this.#given.get(name)?.from;
  }

  complain(name: string, what: string): void {
    this.complaints.push(`${this.from(name) ?? `--${name}`}: ${what}`);
  }

  /** `otherwise` where nothing is given, and where it is wrong and complained of. */
  read<T>(name: string, parse: (text: string) => Parsed<T>, otherwise: T): T {
    const value = this.#given.get(name);
    if (value === undefined) return otherwise;
    const parsed = parse(value.text.trim());
    if (parsed.ok) return parsed.value;
    this.complain(name, parsed.error);
    return otherwise;
  }
}

function find(option: ServeOption, options: OptionValues, environment: Environment): Given | undefined {
  const text = fromCommandLine(option, options);
  if (text !== undefined) return { text, from: `--${option.name}` };
  const variable = environmentName(option.name);
  const inEnvironment = environment[variable];
  // An empty variable is how a shell or a unit file says "not set".
  if (inEnvironment !== undefined && inEnvironment !== '') return { text: inEnvironment, from: variable };
  return option.fallback === undefined ? undefined : { text: option.fallback, from: `--${option.name}` };
}

/** commander's name of an option, and what its value says: `--no-demo` is `demo: false`. */
function fromCommandLine({ name, value }: ServeOption, options: OptionValues): string | undefined {
  const positive = name.replace(/^no-/, '');
  const held = options[positive.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())];
  if (value !== undefined) return typeof held === 'string' ? held : undefined;
  return held === (positive === name) ? 'true' : undefined;
}
