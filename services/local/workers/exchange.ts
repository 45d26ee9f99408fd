import type { News } from './news.ts';
import { Outbox } from './outbox.ts';

/** What one process has open, by the counts' name and key. */
type Held = Map<string, Parameters<Outbox['count']>>;

/**
 * Where the news of all processes of a server meet: what one tells, the others are told. It keeps what each has open, so that one who comes
 * later learns it, and what one had open that has ended is open no more.
 */
export class Exchange {
  readonly #members = new Map<number, { readonly outbox: Outbox; readonly held: Held }>();

  /** A process takes part; it is told what the others have open. */
  join(member: number, send: (news: News, sent: () => void) => void): void {
    this.leave(member);
    const outbox = new Outbox(send);
    for (const { held } of this.#members.values())
      for (const [name, key, count] of held.values()) outbox.count(name, key, count);
    this.#members.set(member, { outbox, held: new Map() });
  }

  /** A process has news. */
  tell(member: number, news: News): void {
    const from = this.#members.get(member);
    if (from === undefined) return;
    for (const [name, key, change] of news.counts) {
      const entry = `${name}\0${key}`;
      const count = (from.held.get(entry)?.[2] ?? 0) + change;
      if (count === 0) from.held.delete(entry);
      else from.held.set(entry, [name, key, count]);
    }
    for (const [other, { outbox }] of this.#members) if (other !== member) outbox.add(news);
  }

  /** A process has ended. */
  leave(member: number): void {
    const from = this.#members.get(member);
    if (!this.#members.delete(member) || from === undefined) return;
    for (const { outbox } of this.#members.values())
      for (const [name, key, count] of from.held.values()) outbox.count(name, key, -count);
  }
}
