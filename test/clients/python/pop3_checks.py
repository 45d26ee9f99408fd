"""poplib."""

import poplib
import ssl

from server import TIMEOUT, Checks, delivered, equal, refused

all_checks = check = Checks()


def whole(lines):
    return b"".join(line + b"\r\n" for line in lines)


def unique_ids(server):
    """Tried again while another session has the maildrop: it is let go when the server sees that a connection is gone."""
    for _ in range(200):
        try:
            with server.pop3() as client:
                return [line.split()[1] for line in client.uidl()[1]]
        except poplib.error_proto as refusal:
            if b"[IN-USE]" not in refusal.args[0]:
                raise
    raise AssertionError("the maildrop stays in use")


@check
def certificates(server):
    """poplib: a certificate that it cannot trust ends the connection"""
    strict = ssl.create_default_context()
    connect = lambda: poplib.POP3_SSL(server.host, server.ports["pop3s"], context=strict, timeout=TIMEOUT)
    refused(ssl.SSLCertVerificationError, connect, "an unknown authority")


@check
def sign_in(server):
    """poplib: USER needs TLS and PASS the password; STLS"""
    account = server.accounts[0]
    client = poplib.POP3(server.host, server.ports["pop3"], timeout=TIMEOUT)
    assert "STLS" in client.capa() and "USER" not in client.capa(), client.capa()
    refused(poplib.error_proto, lambda: client.user(account["address"]), "USER without TLS")
    client.stls(context=server.tls)
    assert "USER" in client.capa(), client.capa()
    client.user(account["address"])
    refusal = refused(poplib.error_proto, lambda: client.pass_("no"), "a wrong password")
    assert b"[AUTH]" in refusal.args[0], refusal
    client.user(account["address"])
    client.pass_(account["password"])
    equal(client.stat()[0], len(server.samples), "messages")
    client.quit()


@check
def bytes_and_sizes(server):
    """poplib: every message has its octets, its size in LIST and STAT, and its top"""
    with server.pop3() as client:
        sizes = [int(line.split()[1]) for line in client.list()[1]]
        equal(client.stat(), (len(server.samples), sum(sizes)), "STAT")
        for number, (name, sent) in enumerate(server.samples, 1):
            message = whole(client.retr(number)[1])
            delivered(message, sent, name)
            equal(sizes[number - 1], len(message), f"{name}: size")
            header, body = message.split(b"\r\n\r\n", 1)
            equal(whole(client.top(number, 0)[1]), header + b"\r\n\r\n", f"{name}: TOP 0")
            first = b"".join(body.splitlines(keepends=True)[:2])
            equal(whole(client.top(number, 2)[1]), header + b"\r\n\r\n" + first, f"{name}: TOP 2")
            equal(whole(client.top(number, 999999)[1]), message, f"{name}: TOP of all")


@check
def exclusive(server):
    """poplib: one session at a time"""
    with server.pop3():
        second = poplib.POP3_SSL(server.host, server.ports["pop3s"], context=server.tls, timeout=TIMEOUT)
        second.user(server.accounts[0]["address"])
        refusal = refused(
            poplib.error_proto, lambda: second.pass_(server.accounts[0]["password"]), "a second session"
        )
        assert b"[IN-USE]" in refusal.args[0], refusal
        second.quit()


@check
def deleted(server):
    """poplib: DELE counts at QUIT, not after RSET or a lost connection; unique ids stay, and IMAP agrees"""
    with server.imap() as client:
        for _, sent in server.samples[:4]:
            client.append("INBOX", None, None, sent)
    with server.pop3() as client:
        before = dict(line.split() for line in client.uidl()[1])
        client.dele(1)
        refused(poplib.error_proto, lambda: client.retr(1), "a deleted message")
        equal(client.stat()[0], len(before) - 1, "STAT without it")
        client.rset()
        equal(client.stat()[0], len(before), "STAT after RSET")
        client.dele(2)
    lost = poplib.POP3_SSL(server.host, server.ports["pop3s"], context=server.tls, timeout=TIMEOUT)
    lost.user(server.accounts[0]["address"])
    lost.pass_(server.accounts[0]["password"])
    lost.dele(1)
    lost.close()
    with server.imap(mailbox="INBOX") as client:
        kind, data = client.search(None, "ALL")
        equal(len(data[0].split()), len(before) - 1, "messages by IMAP")
    after = unique_ids(server)
    expected = [uid for number, uid in sorted(before.items(), key=lambda item: int(item[0])) if number != b"2"]
    equal(after, expected, "unique ids")
