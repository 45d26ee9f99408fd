/** What an SMTP command is refused with (RFC 5321 §4.2, RFC 3463). The text is for people; a cause never stands in it. */
export class SmtpReply extends Error {
  /** Read by smtp-server. */
  readonly responseCode: number;
  readonly enhancedCode: string;

  constructor(responseCode: number, enhancedCode: string, text: string) {
    super(`${enhancedCode} ${text}`);
    this.name = 'SmtpReply';
    this.responseCode = responseCode;
    this.enhancedCode = enhancedCode;
  }

  /** Try again later, rather than never again. */
  get temporary(): boolean {
    return this.responseCode < 500;
  }
}

export const tryLater = (): SmtpReply => new SmtpReply(451, '4.3.0', 'Please try again later');
export const mailboxFull = (): SmtpReply => new SmtpReply(552, '5.2.2', 'The mailbox is full');
