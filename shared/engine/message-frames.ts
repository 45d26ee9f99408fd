import type { BlobKey, MailboxId } from '../ids.ts';
import type { ByteRange } from '../ports/blob-store.ts';
import { ClusterNumbers, type CopyPlace } from './cluster-numbers.ts';
import type { Frame } from './frame.ts';
import { type FramePlace, FrameReader, type ObjectCache } from './frame-reader.ts';
import { ObjectGone } from './object-gone.ts';
import type { Cluster, Column, SettledMessages } from './segment.ts';
import { placeIn, Reading, segmentOf } from './segment-places.ts';

/** What was found of some messages, one for each number. */
export interface FoundFrames {
  /** Undefined for messages that were left out, and where there is no such column. */
  readonly frames: readonly (Frame | undefined)[];
  /** Each message's place in its frame. */
  readonly items: Uint32Array;
}

/** A request looks for copies from this part of the bytes on that make a mailbox worth having them. */
const requestShare = 8;

/** Finds the frames of settled messages: in their segments, or in copies that their mailbox has together (see `Cluster`). */
export class MessageFrames {
  readonly #reader: FrameReader;
  readonly #numbers: ClusterNumbers;
  readonly #scatteredBytes: number;
  #settled: SettledMessages;

  constructor(
    settled: SettledMessages,
    cache: ObjectCache,
    read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>,
    scatteredBytes: number,
  ) {
    this.#settled = settled;
    this.#reader = new FrameReader(cache, read);
    this.#numbers = new ClusterNumbers(cache, read);
    this.#scatteredBytes = scatteredBytes;
  }

  settle(settled: SettledMessages): void {
    this.#settled = settled;
  }

  /** `leftOut`: whose frames are not wanted. `of`: the mailbox that all of them are in, where that is known. */
  async find(
    numbers: readonly number[],
    column: Column,
    leftOut: (no: number) => boolean,
    of: MailboxId | undefined,
  ): Promise<FoundFrames> {
    const { segments } = this.#settled;
    const cluster = of && this.#settled.clusters.find(({ mailbox }) => mailbox === of);
    let place: FramePlace | undefined;
    const places = numbers.map((no) => {
      if (leftOut(no)) return undefined;
      // Neighbours are mostly in one frame.
      if (place === undefined || no < place.first || no >= place.next)
        place = placeIn(segmentOf(segments, no), no, column);
      return place;
    });
    const inSegments = async () => found(numbers, places, await this.#reader.frames(places));
    if (cluster === undefined || !this.#isScattered(places)) return inSegments();
    try {
      return await this.#inCopies(cluster, numbers, column, places);
    } catch (cause) {
      // Copies can be done without.
      if (cause instanceof ObjectGone) return inSegments();
      throw cause;
    }
  }

  #isScattered(places: readonly (FramePlace | undefined)[]): boolean {
    const reading = new Reading();
    for (const place of places) if (place !== undefined) reading.add(place);
    return reading.isScattered(this.#scatteredBytes / requestShare);
  }

  async #inCopies(
    cluster: Cluster,
    numbers: readonly number[],
    column: Column,
    places: readonly (FramePlace | undefined)[],
  ): Promise<FoundFrames> {
    const copies = await this.#numbers.copies(cluster, numbers, column);
    const chosen = places.map((place, i) => place && (copies[i]?.place ?? place));
    return found(numbers, chosen, await this.#reader.frames(chosen), copies);
  }
}

function found(
  numbers: readonly number[],
  places: readonly (FramePlace | undefined)[],
  frames: readonly (Frame | undefined)[],
  copies?: readonly (CopyPlace | undefined)[],
): FoundFrames {
  const items = new Uint32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const place = places[i];
    if (place !== undefined) items[i] = (copies?.[i]?.at ?? numbers[i]!) - place.first;
  }
  return { frames, items };
}
