/** Names of header fields to look for: compared byte by byte, since a string for each field of each message would cost most of a FETCH. */
export class FieldNames {
  /** In lower case, by their length. */
  readonly #ofLength: ({ readonly name: string; readonly bytes: Uint8Array }[] | undefined)[] = [];

  constructor(names: readonly string[]) {
    for (const name of names) {
      const bytes = Buffer.from(name, 'utf8');
      for (let i = 0; i < bytes.length; i++) bytes[i] = lowerCase(bytes[i]!);
      (this.#ofLength[bytes.length] ??= []).push({ name: bytes.toString('utf8'), bytes });
    }
  }

  /** Whether the name that these bytes are is among them; the case of ASCII letters does not matter. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    return this.find(bytes, start, end) !== undefined;
  }

  /** The name that these bytes are, in lower case, where it is among them. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    for (const candidate of this.#ofLength[end - start] ?? none)
      if (isSame(candidate.bytes, bytes, start)) return candidate.name;
    return undefined;
  }
}

const none = [] as const;
const lowerCase = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

function isSame(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (lowerCase(bytes[start + i]!) !== name[i]) return false;
  return true;
}

const known = new WeakMap<readonly string[], FieldNames>();

/** Made once for a list, which must not change: a command asks for the same fields of every message. */
export function fieldNames(names: readonly string[]): FieldNames {
  let made = known.get(names);
  if (made === undefined) known.set(names, (made = new FieldNames(names)));
  return made;
}
