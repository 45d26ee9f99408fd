/**
 * Marks of passwords that were verified lately (shared/directory/remembered-passwords.ts), kept where several machines find them. Comfort: what is
 * lost costs a slow hash. A mark is a keyed hash, the key is kept elsewhere.
 */
export interface PasswordMarks {
  /** For how many milliseconds it is still remembered; 0 where it is not, or cannot be asked in a moment. Never rejects. */
  remainingMs(mark: string): Promise<number>;
  /** Best effort, and never throws. */
  remember(mark: string, forMs: number): void;
}
