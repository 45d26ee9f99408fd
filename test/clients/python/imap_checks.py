"""imaplib."""

import datetime
import email
import email.policy
import imaplib
import re
import ssl
import time

from server import TIMEOUT, Checks, answer, delivered, equal, refused

all_checks = check = Checks()


def literal(data):
    """The one literal in a FETCH answer."""
    found = [item[1] for item in data if isinstance(item, tuple)]
    equal(len(found), 1, "literals")
    return found[0]


def flags(client, uid):
    data = answer(client.uid("FETCH", uid, "(FLAGS)"))
    return {flag.decode() for flag in imaplib.ParseFlags(data[0])}


def numbers(data):
    return [int(number) for number in data[0].split()]


@check
def certificates(server):
    """imaplib: a certificate that it cannot trust ends the connection; the host's address is as good as its name"""
    strict = ssl.create_default_context(cadata=None)
    connect = lambda: imaplib.IMAP4_SSL(server.host, server.ports["imaps"], ssl_context=strict, timeout=TIMEOUT)
    refused(ssl.SSLCertVerificationError, connect, "an unknown authority")
    imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=server.tls, timeout=TIMEOUT).logout()


@check
def sign_in(server):
    """imaplib: LOGIN needs TLS and the password; AUTHENTICATE PLAIN after STARTTLS"""
    account = server.accounts[0]
    client = imaplib.IMAP4(server.host, server.ports["imap"], timeout=TIMEOUT)
    assert "LOGINDISABLED" in client.capabilities, client.capabilities
    refused(imaplib.IMAP4.error, lambda: client.login(account["address"], account["password"]), "LOGIN without TLS")
    answer(client.starttls(ssl_context=server.tls))
    assert "LOGINDISABLED" not in client.capabilities, client.capabilities
    refused(imaplib.IMAP4.error, lambda: client.login(account["address"], "no"), "a wrong password")
    answer(client.authenticate("PLAIN", lambda _: f"\0{account['address']}\0{account['password']}".encode()))
    equal(client.state, "AUTH", "state")
    client.logout()


@check
def bytes_and_sizes(server):
    """imaplib: every message has its octets and its RFC822.SIZE, in one FETCH and in partial ones; PEEK sets no flag"""
    with server.imap(mailbox="INBOX", readonly=True) as client:
        data = answer(client.fetch("1:*", "(UID RFC822.SIZE FLAGS BODY.PEEK[])"))
        messages = [item for item in data if isinstance(item, tuple)]
        equal(len(messages), len(server.samples), "messages")
        for (name, sent), (head, body) in zip(server.samples, messages):
            delivered(body, sent, name)
            equal(int(re.search(rb"RFC822\.SIZE (\d+)", head)[1]), len(body), f"{name}: RFC822.SIZE")
            assert b"\\Seen" not in head, head
        large = messages[-1][1]
        pieces = []
        for start in range(0, len(large), 300_000):
            pieces.append(literal(answer(client.fetch(str(len(messages)), f"(BODY.PEEK[]<{start}.300000>)"))))
        equal(b"".join(pieces), large, "pieces")


@check
def parsed(server):
    """imaplib: BODY[n] of an attachment is what the email package makes of the whole message"""
    with server.imap(mailbox="INBOX", readonly=True) as client:
        for at, (name, sent) in enumerate(server.samples, 1):
            message = email.message_from_bytes(sent, policy=email.policy.SMTP)
            if not message.is_multipart():
                continue
            raw = email.message_from_bytes(sent)
            for number, part in enumerate(message.iter_parts(), 1):
                fetched = literal(answer(client.fetch(str(at), f"(BODY.PEEK[{number}])")))
                mime = literal(answer(client.fetch(str(at), f"(BODY.PEEK[{number}.MIME])")))
                whole = email.message_from_bytes(mime + fetched, policy=email.policy.SMTP)
                what = f"{name}, part {number}"
                equal(whole.get_content_type(), part.get_content_type(), what)
                equal(whole.get_payload(decode=True), part.get_payload(decode=True), what)
                equal(fetched.count(b"\n"), raw.get_payload()[number - 1].get_payload().count("\n"), f"{what}: lines")


@check
def appended(server):
    """imaplib: APPEND keeps octets, flags, keywords and date; UIDPLUS tells the UID"""
    sent = server.samples[0][1]
    with server.imap() as client:
        when = datetime.datetime(2020, 2, 29, 23, 34, 56, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))
        data = answer(client.append("Drafts", "(\\Draft \\Flagged $Todo)", when, sent))
        uid = re.search(rb"APPENDUID \d+ (\d+)", data[0])[1].decode()
        equal(numbers(answer(client.select("Drafts"))), [1], "messages")
        equal(flags(client, uid) - {"\\Recent"}, {"\\Draft", "\\Flagged", "$Todo"}, "flags")
        dated = answer(client.uid("FETCH", uid, "(INTERNALDATE)"))[0]
        equal(time.mktime(imaplib.Internaldate2tuple(dated)), when.timestamp(), "date")
        equal(literal(answer(client.uid("FETCH", uid, "(BODY.PEEK[])"))), sent, "octets")


@check
def changed(server):
    """imaplib: STORE, SEARCH, COPY, MOVE and EXPUNGE, and another session sees them"""
    with server.imap(mailbox="Drafts") as client, server.imap(mailbox="Drafts") as other:
        for name, sent in server.samples[:4]:
            answer(client.append("Drafts", None, None, sent))
        answer(client.noop())
        answer(client.store("2:3", "+FLAGS", "(\\Answered Work)"))
        answer(client.store("3", "-FLAGS", "(Work)"))
        equal(numbers(answer(client.search(None, "KEYWORD", "work"))), [2], "KEYWORD")
        equal(numbers(answer(client.search(None, "ANSWERED"))), [2, 3], "ANSWERED")
        answer(client.fetch("5", "(BODY[])"))
        equal(numbers(answer(client.search(None, "SEEN"))), [5], "SEEN")
        client.literal = "日本語".encode()
        equal(numbers(answer(client.search("UTF-8", "TEXT"))), [4, 5], "TEXT")
        answer(client.copy("1:2", "Archive"))
        answer(client.uid("MOVE", "4", "Trash"))
        answer(client.store("1", "+FLAGS.SILENT", "\\Deleted"))
        # imaplib hands out what MOVE expunged together with what EXPUNGE does.
        equal(answer(client.expunge()), [b"4", b"1"], "EXPUNGE")
        equal(numbers(answer(client.uid("SEARCH", "ALL"))), [2, 3, 5], "UIDs")
        answer(other.noop())
        equal(numbers(answer(other.uid("SEARCH", "ALL"))), [2, 3, 5], "UIDs in the other session")
        equal(flags(other, "2") - {"\\Recent"}, {"\\Answered", "Work"}, "flags in the other session")
        equal(numbers(answer(client.select("Archive"))), [2], "messages in Archive")
        equal(literal(answer(client.fetch("2", "(BODY.PEEK[])"))), server.samples[0][1], "octets of the copy")
        equal(numbers(answer(client.select("Trash"))), [1], "messages in Trash")
        equal(literal(answer(client.fetch("1", "(BODY.PEEK[])"))), server.samples[2][1], "octets of what was moved")


@check
def mailboxes(server):
    """imaplib: mailboxes are made, subscribed, renamed, counted and removed; names that are not ASCII"""
    with server.imap() as client:
        name = '"Entw&APw-rfe"'  # Entwürfe, in modified UTF-7.
        answer(client.create(name))
        answer(client.subscribe(name))
        assert any(b"Entw&APw-rfe" in line for line in answer(client.lsub())), "LSUB"
        equal(client.rename(name, '"Entw&APw-rfe/alt"')[0], "NO", "RENAME below itself")
        old = '"Alt/Entw&APw-rfe"'
        answer(client.rename(name, old))
        listed = answer(client.list('""', '"Alt*"'))
        assert any(b"Alt/Entw&APw-rfe" in line for line in listed), listed
        answer(client.append(old, "(\\Seen)", None, server.samples[0][1]))
        status = answer(client.status(old, "(MESSAGES UNSEEN UIDNEXT)"))[0]
        equal(re.search(rb"\((.*)\)", status)[1], b"MESSAGES 1 UNSEEN 0 UIDNEXT 2", "STATUS")
        answer(client.delete(old))
        equal(client.status(old, "(MESSAGES)")[0], "NO", "STATUS of what is gone")
        equal(answer(client.namespace()), [b'(("" "/")) NIL NIL'], "NAMESPACE")
        answer(client.getquotaroot("INBOX"))


@check
def ordered(server):
    """imaplib: SORT and THREAD"""
    with server.imap(mailbox="INBOX", readonly=True) as client:
        by_size = numbers(answer(client.sort("(SIZE)", "UTF-8", "ALL")))
        sizes = [len(sent) for _, sent in server.samples]
        equal([sizes[number - 1] for number in by_size], sorted(sizes), "sizes in order")
        threads = answer(client.thread("REFERENCES", "UTF-8", "ALL"))[0]
        equal(sorted(int(n) for n in re.findall(rb"\d+", threads)), sorted(by_size), "messages in threads")
