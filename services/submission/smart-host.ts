import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { withAsciiDomain } from '../../shared/directory/address.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { noTurn, RelayTurns } from './relay-turns.ts';

/** The server that takes mail for everybody else. */
export interface SmartHost {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS, which is required where there is a password. */
  readonly implicitTls: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

export interface RelayRequest {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly eightBit: boolean;
  /** Its octets, each time from the start. At hand: they are read at the relay's pace, and nobody is waited for who may be slow. If it throws, nothing is sent. */
  readonly message: () => AsyncIterable<Uint8Array>;
}

export type RelayFailure =
  /** It will not have this message, or this sender. `code` is RFC 3463's, where it gave one. */
  | { readonly kind: 'refused'; readonly code: string | undefined }
  /** Not now: it cannot be reached, does not let us in, or says so. `busy`: it has had too much at once, and the next message fares no better. */
  | { readonly kind: 'unavailable'; readonly cause: unknown; readonly busy?: boolean };

/** A recipient that it would not have. */
export interface Rejection {
  readonly recipient: string;
  /** RFC 3463's, where it gave one. */
  readonly code: string | undefined;
  /** 'later': what it says now may be mended by time. */
  readonly again: 'never' | 'later';
}

/** Sent, except to those. */
export interface Relayed {
  readonly rejected: readonly Rejection[];
}

export interface Relay {
  /** Whether it takes mail from anybody, or only where the envelope and From name domains of this installation. */
  readonly senders: 'any' | 'own';
  send(request: RelayRequest): Promise<Result<Relayed, RelayFailure>>;
}

export interface RelayOptions {
  /** This server's name, for EHLO. */
  readonly hostname: string;
  /** Authorities to trust besides the usual ones, PEM. */
  readonly ca?: string | Uint8Array;
  /** Messages sent at once; what comes on top waits, at most `waiting` of them. */
  readonly connections?: number;
  readonly waiting?: number;
}

/** Recipients that it will not have now are tried again for so long, as long as it takes others meanwhile, ms. */
const patience = 60_000;

interface Reply {
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
}

const codeOf = ({ response = '' }: Reply): string | undefined =>
  /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];

/** A reply of 5xx to the message itself is for ever; one to EHLO or AUTH is our own trouble with the smart host. */
function failureOf(cause: unknown): RelayFailure {
  const reply = cause as Reply & { readonly command?: string };
  const { responseCode, command } = reply;
  const ofMessage = command !== undefined && ['MAIL FROM', 'RCPT TO', 'DATA'].includes(command);
  if (responseCode === undefined || responseCode < 500 || !ofMessage) return { kind: 'unavailable', cause };
  return { kind: 'refused', code: codeOf(reply) };
}

/** Of RCPT's refusals. */
const rejection = (reply: Reply & { readonly recipient?: string | undefined }): Rejection => ({
  recipient: reply.recipient ?? '',
  code: codeOf(reply),
  again: (reply.responseCode ?? 0) < 500 ? 'later' : 'never',
});

/**
 * Sends to all of them, in as many transactions as it takes: a server that takes so many recipients at once tells the others to come again (RFC
 * 5321 §4.5.3.1.10). Those that have it are in no second one. Throws what the first one throws.
 */
async function inTransactions(
  recipients: readonly string[],
  transact: (recipients: readonly string[]) => Promise<readonly Rejection[]>,
): Promise<readonly Rejection[]> {
  const endsAt = Date.now() + patience;
  const never: Rejection[] = [];
  for (let rejected = await transact(recipients); ; ) {
    never.push(...rejected.filter(({ again }) => again === 'never'));
    const later = rejected.filter(({ again }) => again === 'later');
    if (later.length === 0 || Date.now() >= endsAt) return [...never, ...later];
    try {
      rejected = await transact(later.map(({ recipient }) => recipient));
    } catch (cause) {
      const failure = failureOf(cause);
      if (failure.kind === 'unavailable') return [...never, ...later];
      const { code } = failure;
      return [...never, ...later.map(({ recipient }) => ({ recipient, code, again: 'never' as const }))];
    }
  }
}

/** Each message has a connection of its own, from its first octet to the smart host's answer. */
export function createRelay(smartHost: SmartHost, options: RelayOptions): Relay {
  const { connections = 20, waiting } = options;
  const turns = new RelayTurns(connections, waiting);

  const connect = () =>
    new SMTPConnection({
      host: smartHost.host,
      port: smartHost.port,
      name: options.hostname,
      secure: smartHost.implicitTls,
      requireTLS: !smartHost.implicitTls && smartHost.credentials !== undefined,
      // Without a password to protect, any TLS is better than none.
      tls: {
        rejectUnauthorized: smartHost.implicitTls || smartHost.credentials !== undefined,
        ...(options.ca === undefined ? {} : { ca: Buffer.from(options.ca) }),
      },
      opportunisticTLS: smartHost.credentials === undefined,
      connectionTimeout: 30_000,
      greetingTimeout: 30_000,
      socketTimeout: 5 * 60_000,
    });

  async function transact(connection: SMTPConnection, request: RelayRequest): Promise<Relayed> {
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => undefined);
    connection.on('error', broken.reject);
    const step = <T>(run: (callback: (cause: unknown, value?: T) => void) => void) =>
      Promise.race([
        broken.promise,
        new Promise<T>((resolve, reject) =>
          run((cause, value) => (cause ? reject(cause) : resolve(value as T))),
        ),
      ]);
    await step((callback) => connection.connect(callback));
    const { credentials } = smartHost;
    if (credentials !== undefined)
      await step((callback) =>
        connection.login({ credentials: { user: credentials.user, pass: credentials.password } }, callback),
      );
    const from = request.sender === '' ? (false as const) : withAsciiDomain(request.sender);
    const rejected = await inTransactions(request.recipients.map(withAsciiDomain), async (to) => {
      const envelope = { from, to: [...to], use8BitMime: request.eightBit };
      const stream = Readable.from(request.message(), { objectMode: false });
      const { rejectedErrors = [] } = await step<SMTPConnection.SentMessageInfo>((callback) =>
        connection.send(envelope, stream, callback),
      )
        .catch((cause) => {
          // What broke off in the middle of a message must not be taken for its end, nor a QUIT for a part of it.
          if (failureOf(cause).kind === 'unavailable') connection.close();
          throw cause;
        })
        .finally(() => stream.destroy());
      return rejectedErrors.map(rejection);
    });
    return { rejected };
  }

  async function relay(request: RelayRequest): Promise<Result<Relayed, RelayFailure>> {
    const connection = connect();
    try {
      const relayed = await transact(connection, request);
      connection.quit();
      return ok(relayed);
    } catch (cause) {
      connection.close();
      return err(failureOf(cause));
    }
  }

  return {
    senders: 'any',
    async send(request) {
      return (await turns.take(() => relay(request))) ?? err(noTurn);
    },
  };
}
