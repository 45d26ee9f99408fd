import { type AccountId, objectKey } from '../ids.ts';
import { encodeNumbers } from './cluster-numbers.ts';
import type { EngineParts } from './engine.ts';
import { decodeFrame, type Frame } from './frame.ts';
import { yieldToSessions } from './pace.ts';
import {
  answerColumns,
  type ClusterPart,
  type Column,
  columnOf,
  type FrameColumn,
  frameEnd,
  type SegmentRef,
} from './segment.ts';
import { SegmentBuilder, smallFrame } from './segment-builder.ts';

/** A part that is rewritten with more in it. */
export interface OldPart {
  readonly copies: SegmentRef;
  readonly numbers: Uint32Array;
  /** The object. */
  readonly bytes: Uint8Array;
}

type Parts = Pick<EngineParts, 'blobs' | 'entropy' | 'giveUp'>;

/** Writes parts of a cluster: messages in order of arrival, from records and from an older part. */
export class ClusterBuilder {
  readonly parts: ClusterPart[] = [];
  readonly #account: AccountId;
  readonly #with: Parts;
  readonly #partBytes: number;
  #builder = new SegmentBuilder(0, 'withAnswers');
  /** What is in it. */
  #numbers: number[] = [];
  #old: OldColumn[] = [];

  constructor(account: AccountId, parts: Parts, partBytes: number) {
    this.#account = account;
    this.#with = parts;
    this.#partBytes = partBytes;
  }

  /** Leaves a part as it is. */
  async keep(part: ClusterPart): Promise<void> {
    await this.end();
    this.parts.push(part);
  }

  /** What comes next is put among a part's messages, until `endOld`. */
  beginOld(old: OldPart): void {
    this.#old = (['records', ...answerColumns] as const).map((column) => new OldColumn(old, column));
  }

  async endOld(): Promise<void> {
    await this.#copyBelow(Number.POSITIVE_INFINITY);
    this.#old = [];
  }

  async #copyBelow(no: number): Promise<void> {
    for (const column of this.#old)
      await column.copyBelow(no, this.#builder, this.#numbers, this.#with.giveUp);
  }

  /** Takes in a message: its number is above those before it. */
  async add(no: number, record: Uint8Array): Promise<void> {
    await this.#copyBelow(no);
    // Here all columns have come to the same message.
    if (this.#builder.bytes >= this.#partBytes) await this.end();
    await this.#builder.addMessage(record);
    this.#numbers.push(no);
  }

  /** Ends the part that is being written: what comes next is another's. */
  async end(): Promise<void> {
    const numbers = this.#numbers;
    if (numbers.length === 0) return;
    this.#builder.addIds(encodeNumbers(numbers), numbers.length);
    const { ref, bytes } = await this.#builder.finish(objectKey(this.#account, 'h', this.#with.entropy));
    await this.#with.blobs.put(ref.key, bytes);
    this.parts.push({ first: numbers[0]!, last: numbers.at(-1)!, copies: ref });
    this.#builder = new SegmentBuilder(0, 'withAnswers');
    this.#numbers = [];
  }
}

/** One column of an older part, copied from front to back: frames as they are where nothing comes between. */
class OldColumn {
  readonly #old: OldPart;
  readonly #name: Column;
  readonly #column: FrameColumn;
  #frame = 0;
  /** Place of the next message in the part. */
  #at = 0;
  #open: Frame | undefined;

  constructor(old: OldPart, name: Column) {
    this.#old = old;
    this.#name = name;
    this.#column = columnOf(old.copies, name)!;
  }

  /** Copies what is below a number; of records, the numbers are noted too. */
  async copyBelow(no: number, builder: SegmentBuilder, copied: number[], giveUp: AbortSignal): Promise<void> {
    const { numbers, bytes } = this.#old;
    const { frames } = this.#column;
    for (; this.#at < numbers.length && numbers[this.#at]! < no; ) {
      const { first, offset } = frames[this.#frame]!;
      const next = frames[this.#frame + 1]?.first ?? numbers.length;
      const packed = bytes.subarray(offset, frameEnd(this.#column, this.#frame));
      const from = this.#at;
      if (from === first && numbers[next - 1]! < no && packed.length >= smallFrame) {
        await builder.addFrame(this.#name, packed, next - first);
        this.#at = next;
      } else {
        this.#open ??= decodeFrame(packed);
        while (this.#at < next && numbers[this.#at]! < no)
          await builder.add(this.#name, this.#open.item(this.#at++ - first)!);
      }
      if (this.#name === 'records') for (const each of numbers.subarray(from, this.#at)) copied.push(each);
      if (this.#at === next) {
        this.#frame++;
        this.#open = undefined;
      }
      await yieldToSessions(giveUp);
    }
  }
}
