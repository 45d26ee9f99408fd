import type { SessionHandler } from '../dispatch.ts';

/** STARTTLS, RFC 9051 §6.2.1. What the client sent in plain behind it is thrown away unseen, here and in the connection. */
export const startTls: SessionHandler<'startTls', 'notAuthenticated'> = async (session, _state, { tag }) => {
  const { connection, input, service } = session;
  if (connection.secure) return { condition: 'BAD', text: 'TLS is active already' };
  if (service.tls === undefined) return { condition: 'NO', text: 'TLS is not available' };
  await session.flush();
  input.reader.discardBuffered();
  await connection.startTls(service.tls, `${tag} OK Begin TLS\r\n`);
  return { condition: 'answered' };
};
