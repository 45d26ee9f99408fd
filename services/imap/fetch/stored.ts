import type { Slice } from '../../../shared/engine/frame.ts';
import { ObjectGone } from '../../../shared/engine/message-index.ts';
import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { AnswerColumn } from '../../../shared/engine/segment.ts';
import type { BodySectionItem, FetchItem } from '../../../shared/imap/fetch-items.ts';
import { bodyName } from '../../../shared/imap/responses/fetch.ts';
import {
  type StructureItem,
  wantedFields,
  writeFields,
  writeStructure,
} from '../../../shared/imap/stored-answers.ts';
import type { ResponseWriter } from '../../../shared/imap/writer.ts';

/** Writes some of a command's items from what the store keeps of them, ready to be sent. */
export interface StoredForm {
  readonly column: AnswerColumn;
  write(w: ResponseWriter, slice: Slice): void;
}

/** What is kept of one message, one for each of the command's forms. */
export type Stored = readonly Slice[];

/** How items that are answered from records are answered without them; undefined where one of them cannot be. */
export function storedForms(items: readonly FetchItem[]): readonly StoredForm[] | undefined {
  const forms: StoredForm[] = [];
  for (let i = 0; i < items.length; ) {
    const run: StructureItem[] = [];
    for (let item = items[i]; item?.item === 'envelope' || item?.item === 'bodyStructure'; item = items[++i])
      run.push(item.item);
    if (run.length > 0) {
      forms.push({
        column: 'structures',
        write: (w, { bytes, from }) => writeStructure(w, bytes, from, run),
      });
      continue;
    }
    const form = fieldsForm(items[i++]!);
    if (form === undefined) return undefined;
    forms.push(form);
  }
  return forms;
}

function fieldsForm(item: FetchItem): StoredForm | undefined {
  if (item.item !== 'body' || !isFields(item)) return undefined;
  const { of } = item.section;
  const wanted = of.kind === 'fields' && of.which === 'only' ? wantedFields(of.names) : undefined;
  if (wanted === undefined) return undefined;
  const name = bodyName(item);
  return { column: 'fields', write: (w, { bytes, from }) => writeFields(w, bytes, from, name, wanted) };
}

const isFields = ({ section, partial }: BodySectionItem): boolean =>
  section.part.length === 0 && partial === undefined;

/** What is kept of some messages; undefined for those of which only the record is there. */
export async function readStored(
  messages: MessageReader,
  forms: readonly StoredForm[],
  numbers: readonly number[],
): Promise<readonly (Stored | undefined)[]> {
  try {
    const columns = await Promise.all(forms.map(({ column }) => messages.answers(numbers, column)));
    return numbers.map((_, i) => {
      const stored: Slice[] = [];
      for (const slices of columns) {
        const slice = slices[i];
        if (slice === undefined) return undefined;
        stored.push(slice);
      }
      return stored;
    });
  } catch (cause) {
    // Which messages are gone is found out from their records.
    if (!(cause instanceof ObjectGone)) throw cause;
    return numbers.map(() => undefined);
  }
}

export function writeStored(w: ResponseWriter, forms: readonly StoredForm[], stored: Stored): void {
  for (let i = 0; i < forms.length; i++) forms[i]!.write(w, stored[i]!);
}
